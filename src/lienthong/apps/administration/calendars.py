"""The working days of an agency: Viet Nam's calendar, and what this agency does otherwise."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from django.db import transaction

from lienthong.apps.accounts import api as accounts
from lienthong.apps.accounts.api import Actor
from lienthong.apps.administration.models import SpecialDay
from lienthong.apps.journal import api as journal
from lienthong.core.workclock import SpecialDay as DayOfClock
from lienthong.core.workclock import WorkCalendar, vietnam


def calendar(organization_id: int) -> WorkCalendar:
    """The calendar by which this agency's deadlines run: one read."""
    base = vietnam()
    own = list(SpecialDay.objects.filter(organization_id=organization_id))
    if not own:
        return base
    off, work = dict(base.days_off), dict(base.make_up_days)
    for each in own:
        put, taken = (work, off) if each.is_working else (off, work)
        taken.pop(each.on, None)
        put[each.on] = DayOfClock(each.on, each.name, each.basis)
    return replace(base, days_off=off, make_up_days=work)


def days_of(organization_id: int, year: int) -> list[tuple[DayOfClock, bool, SpecialDay | None]]:
    """The special days of a year in order: the day, whether it is worked, our own row if any."""
    own = {
        day.on: day
        for day in SpecialDay.objects.filter(organization_id=organization_id, on__year=year)
    }
    used = calendar(organization_id)
    found = [
        (day, is_working, own.get(day.on))
        for is_working, days in ((False, used.days_off), (True, used.make_up_days))
        for day in days.values()
        if day.on.year == year
    ]
    return sorted(found, key=lambda each: each[0].on)


@transaction.atomic
def set_day(actor: Actor, *, on: date, is_working: bool, name: str, basis: str) -> SpecialDay:
    """Say that a day is off, or worked; said again, the last word holds."""
    accounts.check(actor, "administration.manage")
    day, _ = SpecialDay.objects.update_or_create(
        organization_id=actor.organization_id,
        on=on,
        defaults={"is_working": is_working, "name": name, "basis": basis},
    )
    _note(actor, "day_set", on, {"is_working": is_working, "name": name, "basis": basis})
    return day


@transaction.atomic
def unset_day(actor: Actor, on: date) -> None:
    """Let the calendar of the country hold again for that day."""
    accounts.check(actor, "administration.manage")
    own = SpecialDay.objects.filter(organization_id=actor.organization_id, on=on)
    if own.delete()[0]:
        _note(actor, "day_unset", on, {})


def _note(actor: Actor, act: str, on: date, facts: dict[str, str | bool]) -> None:
    journal.record(
        organization_id=actor.organization_id,
        act=f"administration.{act}",
        subject=f"day:{on.isoformat()}",
        actor=actor,
        facts=facts,
    )
