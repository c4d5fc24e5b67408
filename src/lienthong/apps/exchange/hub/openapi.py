"""The hand-kept description of the native door. `tests/test_openapi.py` holds it to the routes."""

from __future__ import annotations

from typing import Any

DESCRIPTION: dict[str, Any] = {}
