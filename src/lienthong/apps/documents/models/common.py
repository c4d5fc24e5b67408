"""What the tables have in common."""

from __future__ import annotations

from lienthong.core.edxml import StatusCode

STATUS_CHOICES = [(status.value, status.label) for status in StatusCode]
