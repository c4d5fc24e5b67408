"""Until when something must be done, in working time (exchange rules, part J)."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from lienthong.apps.administration import api as administration
from lienthong.core.workclock import VIETNAM, WorkCalendar, vietnam

# DX-10, DX-25: "at once" is measured as a quarter of an hour.
AT_ONCE = timedelta(minutes=15)


def calendar(organization_id: int | None = None) -> WorkCalendar:
    """The working calendar of an agency; Vietnam's without one."""
    return vietnam() if organization_id is None else administration.calendar(organization_id)


def send_by(
    signed_at: datetime, *, is_urgent: bool, organization_id: int | None = None
) -> datetime:
    """DX-09: the noon of the next working day; DX-10: at once when urgent."""
    if is_urgent:
        return signed_at + AT_ONCE
    return calendar(organization_id).next_working_morning_end(signed_at)


def register_by(
    arrived_at: datetime, *, is_urgent: bool, organization_id: int | None = None
) -> datetime:
    """DX-24: the end of the next working day; DX-25: at once when urgent."""
    if is_urgent:
        return arrived_at + AT_ONCE
    on = arrived_at.astimezone(VIETNAM).date()
    used = calendar(organization_id)
    return used.close(used.working_day_after(on))


def answer_by(asked_at: datetime) -> datetime:
    """DX-36: a recall is answered by the end of the next working day."""
    on = asked_at.astimezone(VIETNAM).date()
    return calendar().close(calendar().working_day_after(on))


def settle_by(on: date) -> datetime:
    """The end of the working hours of the day that the leader set."""
    return calendar().close(on)
