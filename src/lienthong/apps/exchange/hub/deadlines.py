"""Until when something must have happened on the axis, in working time (exchange rules, part J)."""

from __future__ import annotations

from datetime import datetime, timedelta

from lienthong.core.workclock import VIETNAM, vietnam

AT_ONCE = timedelta(minutes=15)
"""DX-10, DX-25: "at once" is measured as a quarter of an hour."""


def send_by(signed_at: datetime, *, is_urgent: bool) -> datetime:
    """DX-09: the noon of the next working day after signing; DX-10: at once when urgent."""
    return signed_at + AT_ONCE if is_urgent else vietnam().next_working_morning_end(signed_at)


def notice_by(delivered_at: datetime) -> datetime:
    """DX-22: the close of the day it came on; of the next working day when that one is over."""
    calendar = vietnam()
    on = delivered_at.astimezone(VIETNAM).date()
    if calendar.is_working_day(on) and delivered_at < calendar.close(on):
        return calendar.close(on)
    return calendar.close(calendar.working_day_after(on))


def answer_by(asked_at: datetime) -> datetime:
    """DX-36: the close of the next working day after a recall or an update was asked for."""
    calendar = vietnam()
    return calendar.close(calendar.working_day_after(asked_at.astimezone(VIETNAM).date()))


def sent_late(signed_at: datetime, received_at: datetime, *, is_urgent: bool) -> datetime | None:
    """The time until which it should have been sent, when that had passed; else None.

    The calendar is not asked about what was sent within twelve hours of its signature.
    """
    if not is_urgent and received_at - signed_at < timedelta(hours=12):
        return None
    due = send_by(signed_at, is_urgent=is_urgent)
    return due if received_at > due else None
