"""Until when something must be done, in working time (exchange rules, part J)."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from functools import cache

from lienthong.core.workclock import VIETNAM, WorkCalendar, vietnam

# DX-10, DX-25: "at once" is measured as a quarter of an hour.
AT_ONCE = timedelta(minutes=15)


@cache
def calendar() -> WorkCalendar:
    """Vietnam's working calendar."""
    return vietnam()


def send_by(signed_at: datetime, *, is_urgent: bool) -> datetime:
    """DX-09: the noon of the next working day; DX-10: at once when urgent."""
    if is_urgent:
        return signed_at + AT_ONCE
    return calendar().next_working_morning_end(signed_at)


def register_by(arrived_at: datetime, *, is_urgent: bool) -> datetime:
    """DX-24: the end of the next working day; DX-25: at once when urgent."""
    if is_urgent:
        return arrived_at + AT_ONCE
    return end_of_day(next_working_day(arrived_at.astimezone(VIETNAM).date()))


def settle_by(on: date) -> datetime:
    """The end of the working hours of the day that the leader set."""
    return end_of_day(on)


def next_working_day(on: date) -> date:
    """The first working day after `on`."""
    following = on + timedelta(days=1)
    while not calendar().is_working_day(following):
        following += timedelta(days=1)
    return following


def end_of_day(on: date) -> datetime:
    """When the working hours of that day end."""
    return datetime.combine(on, time(17), VIETNAM)
