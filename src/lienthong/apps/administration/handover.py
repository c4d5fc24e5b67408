"""Work that names a seat, and handing it to another: contexts that keep such work register here.

A leader leaves in the middle, an officer retires, a unit ends: what waits for a seat that nobody
acts from any more waits for nobody (DX-82).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from lienthong.apps.accounts import api as accounts
from lienthong.apps.accounts.api import Actor, Seat
from lienthong.apps.administration import rules
from lienthong.apps.journal import api as journal

# How many open pieces of work name each of these seats of an organization.
Counting = Callable[[int, Iterable[int]], Mapping[int, int]]
# Hand the open work of one seat on to another; how many pieces.
HandingOn = Callable[[Actor, Seat, Seat], int]


@dataclass(frozen=True, slots=True)
class Work:
    """A kind of work that names seats."""

    count: Counting
    hand_on: HandingOn


_kinds: dict[str, Work] = {}


def register_work(context: str, count: Counting, hand_on: HandingOn) -> None:
    """Let a context say which work names seats, and how it goes to others. Safe to call again."""
    _kinds[context] = Work(count, hand_on)


def open_work(organization_id: int, seat_ids: Iterable[int]) -> dict[int, int]:
    """How much open work names each of these seats; seats without any are left out."""
    wanted, found = list(seat_ids), dict[int, int]()
    for work in _kinds.values():
        for seat_id, number in work.count(organization_id, wanted).items():
            found[seat_id] = found.get(seat_id, 0) + number
    return {seat_id: number for seat_id, number in found.items() if number}


def left_behind(organization_id: int) -> list[tuple[Seat, int]]:
    """Seats that nobody acts from any more, with the work that still names them."""
    seats = {seat.pk: seat for seat in accounts.vacant_seats(organization_id)}
    found = open_work(organization_id, seats)
    return [(seats[pk], number) for pk, number in sorted(found.items())]


@transaction.atomic
def hand_over(actor: Actor, giver: Seat, taker: Seat) -> int:
    """Hand all open work of a seat on to another. Raises Forbidden, HandOverRefused."""
    accounts.check(actor, "administration.manage", giver)
    is_held = taker.person.is_active and taker.is_held_on(timezone.localdate())
    if giver.organization_id != taker.organization_id or giver.pk == taker.pk or not is_held:
        raise rules.HandOverRefused
    number = sum(work.hand_on(actor, giver, taker) for work in _kinds.values())
    journal.record(
        organization_id=actor.organization_id,
        act="administration.handed_over",
        subject=f"seat:{giver.pk}",
        actor=actor,
        facts={"to_seat": taker.pk, "to": taker.person.full_name, "pieces": number},
    )
    return number
