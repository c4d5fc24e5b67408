"""Uses of a key that came to nothing are written down too (SG-K-09).

The transaction of the work is undone with everything in it. So the refusal waits beside it until
the request is over, and is told then.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from lienthong.apps.accounts import api as accounts
from lienthong.apps.outbox import api as outbox


@dataclass(frozen=True, slots=True)
class Refusal:
    """What a key was to be used for, and the code of the problem. Digests in hexadecimal."""

    certificate_sha256: str
    place: str
    document_sha256: str
    problem: str
    at: datetime = field(default_factory=timezone.now)


@dataclass(frozen=True, slots=True)
class KeyUseRefused:
    """Somebody's use of a key was refused, by the device, the service or the work itself."""

    organization_id: int
    seat_id: int
    certificate_sha256: str
    place: str
    document_sha256: str
    problem: str
    at: datetime


_waiting: ContextVar[list[Refusal] | None] = ContextVar("refused_key_uses", default=None)


def note(refusal: Refusal) -> None:
    """Keep a refusal until the request is over; outside of a request nobody signs by SigningAct."""
    waiting = _waiting.get()
    if waiting is not None:
        waiting.append(refusal)


class KeyUseMiddleware:
    """Tell the refusals of a request after its work was undone."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        waiting: list[Refusal] = []
        token = _waiting.set(waiting)
        try:
            return self.get_response(request)
        finally:
            _waiting.reset(token)
            for one in waiting:
                _tell(request, one)


def _tell(request: HttpRequest, one: Refusal) -> None:
    actor = accounts.actor_of(request)
    outbox.publish(
        KeyUseRefused(
            organization_id=actor.organization_id,
            seat_id=actor.seat_id,
            certificate_sha256=one.certificate_sha256,
            place=one.place,
            document_sha256=one.document_sha256,
            problem=one.problem,
            at=one.at,
        )
    )
