"""Signing in and out, and whether a session is still good (TM-X-04).

The steps of signing in: the password (`begin`), then a second factor for those who have one
(`wait_for_factor`, `awaited`), then (`enter`) a session under a
new id with a record that its owner sees.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.contrib import auth
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from lienthong.apps.accounts import devices, queries, rules, throttle
from lienthong.apps.accounts.events import SeatTaken, SignedIn, SignInFailed
from lienthong.apps.accounts.models import (
    Authenticator,
    Delegation,
    Person,
    Seat,
    SessionRecord,
    normal_username,
)
from lienthong.apps.accounts.policy import Actor
from lienthong.apps.accounts.rules import Factor, Role, SecondFactor
from lienthong.apps.outbox import api as outbox

# How stale the time of the last request may get before the session is written again.
SEEN_EVERY_S = 30


@dataclass(frozen=True, slots=True)
class Standing:
    """From where a session acts: a seat of one's own, or another's by delegation."""

    seat: Seat
    delegation: Delegation | None = None

    def actor(self) -> Actor:
        """Who acts."""
        if self.delegation is None:
            return queries.actor_in(self.seat)
        return queries.actor_standing_in(self.delegation)


def begin(request: HttpRequest, *, username: str, password: str) -> Seat | None:
    """Take the password. Begin a session, or answer None when a second factor must follow.

    Raises SignInThrottled, SignInRefused, NoSeat.
    """
    attempt = throttle.begin(username, throttle.address_of(request))
    person = auth.authenticate(request, username=username, password=password)
    if not isinstance(person, Person):
        _publish_failure(attempt)
        raise rules.SignInRefused
    if not Authenticator.objects.filter(person=person).exists():
        return enter(request, person, Factor.PASSWORD, attempt)
    throttle.forgive(attempt)
    wait_for_factor(request, person)
    return None


def wait_for_factor(request: HttpRequest, person: Person) -> None:
    """Keep in a new session that this person still owes a second factor. Raises NoSeat."""
    first_seat(person)
    request.session.flush()
    request.session["step"] = {"person": person.pk, "at": _now_s()}


def awaited(request: HttpRequest) -> Person:
    """Whose second factor this session waits for. Raises StepExpired."""
    step = request.session.get("step")
    if not step or _now_s() - step["at"] > rules.STEP_MAX.total_seconds():
        raise rules.StepExpired
    person = Person.objects.filter(pk=step["person"], is_active=True).first()
    if person is None:
        raise rules.StepExpired
    return person


@transaction.atomic
def enter(request: HttpRequest, person: Person, factor: Factor, attempt: throttle.Try) -> Seat:
    """Begin a session with a new id, in the first seat the person holds today. Raises NoSeat."""
    seat = first_seat(person)
    throttle.succeed(attempt, person)
    # Django keeps the id when the same person signs in again; a new session never keeps one.
    request.session.flush()
    auth.login(request, person, backend=settings.AUTHENTICATION_BACKENDS[0])
    _take(request, Standing(seat))
    now = timezone.now()
    request.session["signed_in_at"] = _now_s()
    prove(request, factor)
    _record(request, person, attempt.address)
    devices.meet(request, person, seat.organization_id, attempt.address)
    outbox.publish(SignedIn(seat.organization_id, seat.pk, attempt.address, now))
    return seat


def first_seat(person: Person) -> Seat:
    """The seat a session begins in. Raises NoSeat."""
    seat = queries.seats_of(person).first()
    if seat is None:
        raise rules.NoSeat
    return seat


def prove(request: HttpRequest, factor: Factor) -> None:
    """Note that the person of this session has just proved themself by that factor."""
    known = Factor(request.session.get("factor", Factor.PASSWORD))
    order = list(Factor)
    request.session["factor"] = max(known, factor, key=order.index).value
    request.session["proved_at"] = _now_s()


def check_fresh(request: HttpRequest) -> None:
    """Raise StepUpNeeded unless the person proved themself in the last minutes (TM-X-07)."""
    if _now_s() - request.session.get("proved_at", 0) > rules.STEP_UP_MAX.total_seconds():
        raise rules.StepUpNeeded


def lacks(request: HttpRequest, seat: Seat) -> str:
    """What must be done before any work: "password", "factor", or "" for nothing."""
    if getattr(request.user, "password_is_given", False):
        return "password"
    factor = Factor(request.session.get("factor", Factor.PASSWORD))
    asked = SecondFactor(settings.SECOND_FACTOR)
    return "" if rules.is_enough(factor, Role(seat.role), asked) else "factor"


def _publish_failure(attempt: throttle.Try) -> None:
    person = Person.objects.filter(username=normal_username(attempt.username)).first()
    outbox.publish(SignInFailed(person.pk if person else None, attempt.address, timezone.now()))


def sign_out(request: HttpRequest) -> None:
    """End the session and forget everything in it."""
    SessionRecord.objects.filter(session_key=request.session.session_key or "").delete()
    auth.logout(request)


@transaction.atomic
def switch_seat(request: HttpRequest, seat_id: int) -> Seat:
    """Act from another seat of the same person, under a new session id. Raises SeatUnknown."""
    seat = _held_seat(request, seat_id)
    if seat is None:
        raise rules.SeatUnknown
    _move(request, Standing(seat))
    return seat


@transaction.atomic
def stand_in(request: HttpRequest, delegation_id: int) -> Seat:
    """Act from the seat of whoever delegated to this person. Raises SeatUnknown."""
    delegation = _held_delegation(request, delegation_id)
    if delegation is None:
        raise rules.SeatUnknown
    _move(request, Standing(delegation.giver, delegation))
    return delegation.giver


def _move(request: HttpRequest, standing: Standing) -> None:
    before = request.session.session_key
    request.session.cycle_key()
    SessionRecord.objects.filter(session_key=before).update(session_key=request.session.session_key)
    _take(request, standing)
    address, seat = throttle.address_of(request), standing.seat
    by = standing.delegation.holder_id if standing.delegation else None
    outbox.publish(SeatTaken(seat.organization_id, seat.pk, address, timezone.now(), by))


def _take(request: HttpRequest, standing: Standing) -> None:
    request.session["seat"] = standing.seat.pk
    request.session["delegation"] = standing.delegation.pk if standing.delegation else None
    request.session["seen_at"] = _now_s()


def _record(request: HttpRequest, person: Person, address: str) -> None:
    now = timezone.now()
    SessionRecord.objects.create(
        session_key=str(request.session.session_key),
        person=person,
        address=address,
        device=devices.name_of(request),
        begun_at=now,
        seen_at=now,
    )


def standing_of(request: HttpRequest) -> Standing | None:
    """From where this request acts, or None without a good session.

    A session that rested too long, grew too old, or whose seat, delegation or account ended is over
    at once.
    """
    if not request.user.is_authenticated:
        if auth.SESSION_KEY in request.session:
            # The account ended; opening it again must not open this session again.
            sign_out(request)
        return None
    standing = _standing(request)
    if standing is None or not _is_fresh(request, standing.seat):
        sign_out(request)
        return None
    now = _now_s()
    if now - request.session["seen_at"] >= SEEN_EVERY_S:
        request.session["seen_at"] = now
        SessionRecord.objects.filter(session_key=request.session.session_key).update(
            seen_at=timezone.now()
        )
    return standing


def _standing(request: HttpRequest) -> Standing | None:
    if (delegation_id := request.session.get("delegation")) is not None:
        delegation = _held_delegation(request, delegation_id)
        return Standing(delegation.giver, delegation) if delegation else None
    seat = _held_seat(request, request.session.get("seat"))
    return Standing(seat) if seat else None


def _held_seat(request: HttpRequest, seat_id: int | None) -> Seat | None:
    if not isinstance(request.user, Person) or seat_id is None:
        return None
    return queries.seats_of(request.user).filter(pk=seat_id).first()


def _held_delegation(request: HttpRequest, delegation_id: int) -> Delegation | None:
    if not isinstance(request.user, Person):
        return None
    return queries.delegations_held(request.user).filter(pk=delegation_id).first()


def _is_fresh(request: HttpRequest, seat: Seat) -> bool:
    now = _now_s()
    rested = timedelta(seconds=now - request.session.get("seen_at", 0))
    age = timedelta(seconds=now - request.session.get("signed_in_at", 0))
    roles = frozenset({Role(seat.role)})
    return rested <= rules.idle_max(roles) and age <= rules.SESSION_MAX


def _now_s() -> int:
    return int(timezone.now().timestamp())
