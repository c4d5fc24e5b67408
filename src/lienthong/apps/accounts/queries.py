"""Reads of persons and seats."""

from __future__ import annotations

from datetime import date

from django.db.models import Q, QuerySet
from django.utils import timezone

from lienthong.apps.accounts.models import Delegation, Person, Seat
from lienthong.apps.accounts.policy import Actor
from lienthong.apps.accounts.rules import Power, Role


def seats(organization_id: int, role: Role | None = None, on: date | None = None) -> QuerySet[Seat]:
    """The seats of an organization held on that day, today by default, by those who may sign in."""
    found = _held(on).filter(organization_id=organization_id, person__is_active=True)
    return found.filter(role=role) if role else found


def seats_with(role: Role, on: date | None = None) -> QuerySet[Seat]:
    """The seats with a role, whatever the organization, held that day by those who may sign in."""
    return _held(on).filter(role=role, person__is_active=True)


def seats_held(on: date | None = None) -> QuerySet[Seat]:
    """Every seat held on that day, today by default, by those who may sign in."""
    return _held(on).filter(person__is_active=True)


def seats_of(person: Person, on: date | None = None) -> QuerySet[Seat]:
    """The seats a person holds on that day, today by default."""
    return _held(on).filter(person=person)


def _held(on: date | None) -> QuerySet[Seat]:
    on = on or timezone.localdate()
    return (
        Seat.objects.filter(valid_from__lte=on)
        .filter(Q(valid_to=None) | Q(valid_to__gte=on))
        .select_related("person", "organization", "unit")
    )


def delegations_held(person: Person, on: date | None = None) -> QuerySet[Delegation]:
    """The delegations by which this person may stand in for somebody on that day."""
    on = on or timezone.localdate()
    return in_force(on).filter(holder__person=person)


def in_force(on: date) -> QuerySet[Delegation]:
    """Delegations in force on that day: neither revoked nor without one of their two seats."""
    found = Delegation.objects.filter(valid_from__lte=on, valid_to__gte=on)
    found = found.filter(Q(revoked_on=None) | Q(revoked_on__gt=on))
    for side in ("giver", "holder"):
        held = Q(**{f"{side}__valid_to": None}) | Q(**{f"{side}__valid_to__gte": on})
        found = found.filter(held, **{f"{side}__valid_from__lte": on})
    return found.select_related(
        "giver__person", "giver__organization", "giver__unit", "holder__person"
    )


def vacant_seats(organization_id: int, on: date | None = None) -> QuerySet[Seat]:
    """Seats nobody acts from any more: their days are over, or their person may not sign in.

    Work that names them waits for nobody and must be handed on.
    """
    on = on or timezone.localdate()
    return Seat.objects.filter(
        Q(valid_to__lt=on) | Q(person__is_active=False), organization_id=organization_id
    ).select_related("person", "unit")


def actor_standing_in(delegation: Delegation) -> Actor:
    """The holder, acting from the giver's seat within the powers of the delegation."""
    seat, holder = delegation.giver, delegation.holder.person
    return Actor(
        person_id=holder.pk,
        name=holder.full_name,
        organization_id=seat.organization_id,
        seat_id=seat.pk,
        roles=frozenset({Role(seat.role)}),
        position=seat.position,
        delegation_id=delegation.pk,
        powers=frozenset(map(Power, delegation.powers)),
        stands_in_for=seat.person.full_name,
    )


def actor_in(seat: Seat) -> Actor:
    """The person of the seat, acting from it."""
    return Actor(
        person_id=seat.person_id,
        name=seat.person.full_name,
        organization_id=seat.organization_id,
        seat_id=seat.pk,
        roles=frozenset({Role(seat.role)}),
        position=seat.position,
    )


def actor_of_seat(seat_id: int) -> Actor:
    """The person of that seat, whether it is still held or not: to write down what they did."""
    return actor_in(Seat.objects.select_related("person").get(pk=seat_id))
