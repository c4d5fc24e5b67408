"""When somebody is reminded of a deadline, and who (DX-32, part J). Working time, no clock here."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import IntEnum

from lienthong.core.workclock import WorkCalendar

WARNED_BEFORE_DAYS = 1
ESCALATED_AFTER_DAYS = 1
HEAD_TOLD_AFTER_DAYS = 3
# A stretch of days off is never longer: nothing due later can be due within a working day.
LOOKS_AHEAD = timedelta(days=21)


class Stage(IntEnum):
    """How loudly a deadline speaks. Each stage is told once for one deadline."""

    QUIET = 0
    SOON = 1  # to the lead and who supports
    OVERDUE = 2  # also to the head of the unit
    ESCALATED = 3  # also to who gave the direction
    LEADERS = 4  # to every leader of the agency


def stage_of(due_at: datetime, now: datetime, calendar: WorkCalendar) -> Stage:
    """Return the stage of a deadline at `now`. Both are aware; days are working days."""
    day = calendar.day_length
    if now < calendar.subtract(due_at, WARNED_BEFORE_DAYS * day):
        return Stage.QUIET
    if now < due_at:
        return Stage.SOON
    if now < calendar.add(due_at, ESCALATED_AFTER_DAYS * day):
        return Stage.OVERDUE
    if now < calendar.add(due_at, HEAD_TOLD_AFTER_DAYS * day):
        return Stage.ESCALATED
    return Stage.LEADERS
