"""Signing in and out, and whether a session is still good (TM-X-04)."""

from __future__ import annotations

from datetime import timedelta

from django.contrib import auth
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from lienthong.apps.accounts import queries, rules, throttle
from lienthong.apps.accounts.events import SeatTaken, SignedIn, SignInFailed
from lienthong.apps.accounts.models import Person, Seat, normal_username
from lienthong.apps.accounts.rules import Role
from lienthong.apps.outbox import api as outbox

# How stale the time of the last request may get before the session is written again.
SEEN_EVERY_S = 30


def sign_in(request: HttpRequest, *, username: str, password: str) -> Seat:
    """Begin a session with a new id, in the first seat the person holds today.

    Raises SignInThrottled, SignInRefused, NoSeat.
    """
    attempt = throttle.begin(username, throttle.address_of(request))
    person = auth.authenticate(request, username=username, password=password)
    if not isinstance(person, Person):
        _publish_failure(attempt)
        raise rules.SignInRefused
    seat = queries.seats_of(person).first()
    if seat is None:
        raise rules.NoSeat
    with transaction.atomic():
        throttle.succeed(attempt, person)
        # Django keeps the id when the same person signs in again; a new session never keeps one.
        request.session.flush()
        auth.login(request, person)
        _take(request, seat)
        request.session["signed_in_at"] = _now_s()
        outbox.publish(SignedIn(seat.organization_id, seat.pk, attempt.address, timezone.now()))
    return seat


def _publish_failure(attempt: throttle.Try) -> None:
    person = Person.objects.filter(username=normal_username(attempt.username)).first()
    outbox.publish(SignInFailed(person.pk if person else None, attempt.address, timezone.now()))


def sign_out(request: HttpRequest) -> None:
    """End the session and forget everything in it."""
    auth.logout(request)


@transaction.atomic
def switch_seat(request: HttpRequest, seat_id: int) -> Seat:
    """Act from another seat of the same person, under a new session id. Raises SeatUnknown."""
    seat = _held_seat(request, seat_id)
    if seat is None:
        raise rules.SeatUnknown
    request.session.cycle_key()
    _take(request, seat)
    address = throttle.address_of(request)
    outbox.publish(SeatTaken(seat.organization_id, seat.pk, address, timezone.now()))
    return seat


def _take(request: HttpRequest, seat: Seat) -> None:
    request.session["seat"] = seat.pk
    request.session["seen_at"] = _now_s()


def seat_of(request: HttpRequest) -> Seat | None:
    """The seat this request acts from, or None without a good session.

    A session that rested too long, grew too old, or whose seat or account ended is over at once.
    """
    if not request.user.is_authenticated:
        if auth.SESSION_KEY in request.session:
            # The account ended; opening it again must not open this session again.
            auth.logout(request)
        return None
    seat = _held_seat(request, request.session.get("seat"))
    if seat is None or not _is_fresh(request, seat):
        auth.logout(request)
        return None
    now = _now_s()
    if now - request.session["seen_at"] >= SEEN_EVERY_S:
        request.session["seen_at"] = now
    return seat


def _held_seat(request: HttpRequest, seat_id: int | None) -> Seat | None:
    if not isinstance(request.user, Person) or seat_id is None:
        return None
    return queries.seats_of(request.user).filter(pk=seat_id).first()


def _is_fresh(request: HttpRequest, seat: Seat) -> bool:
    now = _now_s()
    rested = timedelta(seconds=now - request.session.get("seen_at", 0))
    age = timedelta(seconds=now - request.session.get("signed_in_at", 0))
    roles = frozenset({Role(seat.role)})
    return rested <= rules.idle_max(roles) and age <= rules.SESSION_MAX


def _now_s() -> int:
    return int(timezone.now().timestamp())
