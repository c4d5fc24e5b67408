"""What the worker does for administration, on a schedule."""

from __future__ import annotations

from django.utils import timezone

from lienthong.apps.administration import units
from lienthong.apps.outbox import api as outbox


@outbox.job("administration.change_units", schedule="5 17 * * *")
def change_units() -> None:
    """Carry out decisions about units on their day: five past midnight in Vietnam."""
    units.carry_out_due(timezone.localdate())
