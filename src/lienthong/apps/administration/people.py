"""People of an agency: entering them, their seats, locking, giving a new password."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import date
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from lienthong.apps.accounts import api as accounts
from lienthong.apps.accounts.api import Actor, Person, Role, Seat
from lienthong.apps.administration import rules
from lienthong.apps.administration.models import SeatGrant
from lienthong.apps.directory import api as directory
from lienthong.apps.journal import api as journal

PASSWORD_BYTES = 12  # 16 characters


def people(organization_id: int, text: str = "") -> QuerySet[Person]:
    """Those who hold or held a seat at the agency, found with or without accents."""
    found = Person.objects.filter(seats__organization_id=organization_id)
    for word in directory.plain(text).split():
        found = found.filter(Q(search_text__contains=word) | Q(seats__position__icontains=word))
    return found.distinct()


def person(organization_id: int, pk: int) -> Person:
    """One of them. Raises PersonUnknown."""
    found = people(organization_id).filter(pk=pk).first()
    if found is None:
        raise rules.PersonUnknown
    return found


@transaction.atomic
def enter(
    actor: Actor, *, username: str, full_name: str, email: str, seat: Mapping[str, Any]
) -> tuple[Person, str]:
    """Enter somebody with a first seat. Returns them and a password that they must change.

    Raises UsernameTaken, SeatRefused, OwnRights.
    """
    accounts.check(actor, "administration.manage")
    name = accounts.normal_username(username)
    if Person.objects.filter(username=name).exists():
        raise rules.UsernameTaken(username=name)
    password = secrets.token_urlsafe(PASSWORD_BYTES)
    found = Person.objects.create_person(username=name, password=password, full_name=full_name)
    found.email, found.password_is_given = email, True
    found.save(update_fields=["email", "password_is_given"])
    _note(actor, "person_entered", found, {"username": name})
    give_seat(actor, found, **seat)
    return found, password


@transaction.atomic
def give_seat(
    actor: Actor,
    found: Person,
    *,
    role: Role,
    valid_from: date,
    valid_to: date,
    unit: directory.Unit | None = None,
    position: str = "",
    competence: str = "",
    assists: Seat | None = None,
) -> Seat | SeatGrant:
    """Give a seat; for roles of two persons propose it. Raises OwnRights, SeatRefused."""
    accounts.check(actor, "administration.manage")
    _check_another(actor, found)
    rules.check_seat_days(role, valid_from, valid_to)
    if role not in rules.GIVEN_HERE:
        raise rules.SeatRefused(reason="vai trò này không do cơ quan giao.")
    if (role is Role.ASSISTANT) != (assists is not None):
        raise rules.SeatRefused(reason="thư ký, trợ lý cần nêu lãnh đạo được giúp việc.")
    if role in rules.TWO_PERSON_ROLES:
        grant = SeatGrant(
            organization_id=actor.organization_id,
            person=found,
            role=role,
            position=position,
            valid_from=valid_from,
            valid_to=valid_to,
            proposed_by_id=actor.seat_id,
        )
        return _propose(actor, grant)
    return _seat(
        actor,
        Seat(
            person=found,
            organization_id=actor.organization_id,
            role=role,
            unit=unit,
            position=position,
            competence=competence,
            assists=assists,
            valid_from=valid_from,
            valid_to=valid_to,
        ),
    )


def _seat(actor: Actor, seat: Seat) -> Seat:
    try:
        with transaction.atomic():
            seat.save()
    except IntegrityError as error:
        raise rules.SeatRefused(
            reason="người này đã giữ vai trò đó trong thời gian này."
        ) from error
    facts = {"seat": seat.pk, "role": seat.role, "from": seat.valid_from, "to": seat.valid_to}
    _note(actor, "seat_given", seat.person, facts)
    return seat


def _propose(actor: Actor, grant: SeatGrant) -> SeatGrant:
    grant.save()
    facts = {"grant": grant.pk, "role": grant.role, "to": grant.valid_to}
    _note(actor, "seat_proposed", grant.person, facts)
    return grant


def waiting_grants(organization_id: int) -> QuerySet[SeatGrant]:
    """Proposals that nobody decided yet."""
    return SeatGrant.objects.filter(
        organization_id=organization_id, is_granted=None
    ).select_related("person", "proposed_by__person")


@transaction.atomic
def decide_grant(actor: Actor, pk: int, *, is_granted: bool) -> None:
    """Grant or refuse a proposal, as the second person. Raises GrantUnknown, Forbidden."""
    grant = waiting_grants(actor.organization_id).select_for_update(of=("self",)).filter(pk=pk)
    found = grant.first()
    if found is None:
        raise rules.GrantUnknown
    accounts.check(actor, "administration.grant", found)
    found.decided_by_id, found.decided_at = actor.seat_id, timezone.now()
    found.is_granted = is_granted
    found.save(update_fields=["decided_by", "decided_at", "is_granted"])
    _note(actor, "grant_decided", found.person, {"grant": pk, "granted": is_granted})
    if is_granted:
        _seat(
            actor,
            Seat(
                person=found.person,
                organization_id=found.organization_id,
                role=found.role,
                position=found.position,
                valid_from=found.valid_from,
                valid_to=found.valid_to,
            ),
        )


@transaction.atomic
def end_seat(actor: Actor, seat: Seat, last_day: date) -> None:
    """End a seat with that day. Raises OwnRights, SeatRefused."""
    accounts.check(actor, "administration.manage", seat)
    _check_another(actor, seat.person)
    if last_day < seat.valid_from or (seat.valid_to is not None and last_day > seat.valid_to):
        raise rules.SeatRefused(reason="ngày cuối phải nằm trong thời hạn của vị trí.")
    Seat.objects.filter(pk=seat.pk).update(valid_to=last_day)
    _note(actor, "seat_ended", seat.person, {"seat": seat.pk, "last_day": last_day})


@transaction.atomic
def set_locked(actor: Actor, found: Person, *, is_locked: bool) -> None:
    """Lock or unlock an account; a locked one is out at its next request."""
    _check_account(actor, found)
    Person.objects.filter(pk=found.pk).update(is_active=not is_locked)
    if is_locked:
        accounts.end_sessions(found)
    _note(actor, "person_locked" if is_locked else "person_unlocked", found, {})


@transaction.atomic
def new_password(actor: Actor, found: Person) -> str:
    """Give a password that must be changed, and end every session. It is shown once."""
    _check_account(actor, found)
    password = secrets.token_urlsafe(PASSWORD_BYTES)
    found.set_password(password)
    found.password_is_given = True
    found.save(update_fields=["password", "password_is_given"])
    accounts.end_sessions(found)
    _note(actor, "password_given", found, {})
    return password


@transaction.atomic
def forget_factors(actor: Actor, found: Person) -> None:
    """Forget the second factors of somebody who lost them, and end every session."""
    _check_account(actor, found)
    accounts.reset_proofs(found)
    accounts.end_sessions(found)
    _note(actor, "factors_reset", found, {})


def _check_account(actor: Actor, found: Person) -> None:
    """Raise unless the whole account is this administrator's business."""
    accounts.check(actor, "administration.manage")
    _check_another(actor, found)
    if accounts.seats_of(found).exclude(organization_id=actor.organization_id).exists():
        raise rules.PersonElsewhere


def _check_another(actor: Actor, found: Person) -> None:
    if found.pk == actor.person_id:
        raise rules.OwnRights


def _note(actor: Actor, act: str, found: Person, facts: Mapping[str, Any]) -> None:
    journal.record(
        organization_id=actor.organization_id,
        act=f"administration.{act}",
        subject=f"person:{found.pk}",
        actor=actor,
        facts=facts,
    )
