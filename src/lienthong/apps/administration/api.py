"""What other contexts may use of administration."""

from lienthong.apps.administration.calendars import calendar
from lienthong.apps.administration.handover import left_behind, open_work, register_work

__all__ = ["calendar", "left_behind", "open_work", "register_work"]
