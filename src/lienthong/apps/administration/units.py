"""Decisions about units: entered by an administrator, carried out on their day."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from lienthong.apps.accounts import api as accounts
from lienthong.apps.accounts.api import Actor, Seat
from lienthong.apps.administration import handover, rules
from lienthong.apps.directory import api as directory
from lienthong.apps.directory.api import Unit, UnitChange, UnitMove
from lienthong.apps.journal import api as journal
from lienthong.core.errors import Problem

log = logging.getLogger(__name__)


@transaction.atomic
def found_unit(actor: Actor, *, name: str, code: str, parent: Unit | None) -> Unit:
    """Enter a unit. Raises UnitChangeRefused when the notation is another's."""
    accounts.check(actor, "administration.manage")
    standing = directory.standing_units(actor.organization_id)
    if code and standing.filter(code=code).exists():
        raise directory.UnitChangeRefused(reason="ký hiệu đã được dùng cho đơn vị khác.")
    home = directory.get(actor.organization_id)
    unit = directory.add_unit(organization=home, name=name, code=code, parent=parent)
    Unit.objects.filter(pk=unit.pk).update(valid_from=timezone.localdate())
    _note(actor.organization_id, actor, "unit_founded", unit, {"name": name, "code": code})
    return unit


@transaction.atomic
def decide(
    actor: Actor,
    unit: Unit,
    move: UnitMove,
    *,
    effective_on: date,
    basis: str,
    name: str = "",
    code: str = "",
    target: Unit | None = None,
) -> UnitChange:
    """Enter a decision; one whose day has come is carried out. Raises UnitChangeRefused, WorkLeft.

    The people of a unit that is merged go with it; one that is abolished must be empty.
    """
    accounts.check(actor, "administration.manage", unit)
    is_now = effective_on <= timezone.localdate()
    if is_now:
        _prepare(unit, move, target)
    change = directory.decide(
        unit, move, effective_on=effective_on, basis=basis, name=name, code=code, target=target
    )
    facts = {"move": move.value, "effective_on": effective_on, "basis": basis, "done": is_now}
    more = {"name": name, "target": target.pk if target else None}
    _note(actor.organization_id, actor, "unit_decided", unit, facts | more)
    return change


def _prepare(unit: Unit, move: UnitMove, target: Unit | None) -> None:
    """Move the people of a merged unit; refuse to end one that has some. Raises WorkLeft."""
    seats = _seats_in(unit)
    if move is UnitMove.MERGE:
        seats.update(unit=target)
    if move is UnitMove.ABOLISH and seats.exists():
        work = handover.open_work(unit.organization_id, seats.values_list("pk", flat=True))
        raise rules.WorkLeft(seats=seats.count(), documents=sum(work.values()))


def _seats_in(unit: Unit) -> Any:
    """Seats of the unit that are held today or will be."""
    ended = Q(valid_to__lt=timezone.localdate())
    return Seat.objects.filter(unit=unit).exclude(ended)


def carry_out_due(on: date) -> int:
    """Carry out every decision whose day has come; how many. One that cannot be stays, and is told.

    For the worker, in the scope of no person.
    """
    done = 0
    for change in directory.due_changes(on):
        organization_id = change.unit.organization_id
        try:
            with accounts.scope(organization_id), transaction.atomic():
                _prepare(change.unit, UnitMove(change.move), change.target)
                directory.carry_out(change)
                facts = {"move": change.move, "effective_on": change.effective_on}
                _note(organization_id, None, "unit_changed", change.unit, facts)
                done += 1
        except Problem as refusal:
            log.warning("unit change %s waits: %s", change.pk, refusal)
    return done


def _note(
    organization_id: int, actor: Actor | None, act: str, unit: Unit, facts: Mapping[str, Any]
) -> None:
    journal.record(
        organization_id=organization_id,
        act=f"administration.{act}",
        subject=f"unit:{unit.pk}",
        actor=actor,
        facts=facts,
    )
