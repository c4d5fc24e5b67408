"""One act on many documents: each is a transaction of its own, what cannot be done is told."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from lienthong.apps.accounts import api as accounts
from lienthong.apps.accounts.api import Actor
from lienthong.apps.documents.incoming import queries
from lienthong.apps.documents.incoming.directing import assign, hand_over
from lienthong.apps.documents.incoming.registering import accept, submit
from lienthong.apps.documents.models import IncomingDocument
from lienthong.apps.documents.problems import NeedsLook
from lienthong.apps.documents.rules import LegalValue
from lienthong.apps.documents.rules.incoming import IN_WORK
from lienthong.core.errors import Problem

AT_ONCE_MAX = 200

Act = Callable[[IncomingDocument], IncomingDocument]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a choice: those that were done, and why the others were not."""

    done: tuple[IncomingDocument, ...]
    left: tuple[tuple[IncomingDocument, Problem], ...]


def accept_many(actor: Actor, chosen: Sequence[UUID]) -> Outcome:
    """Register those whose checks leave no question, in the order in which they came (DX-20).

    One with a signature in doubt, or that seems to be a duplicate (DX-29), is looked at alone.
    """

    def act(document: IncomingDocument) -> IncomingDocument:
        if document.legal_value != LegalValue.EQUIVALENT or document.duplicate_of_id:
            raise NeedsLook
        return accept(actor, document)

    return _each(actor, chosen, act)


def submit_many(actor: Actor, chosen: Sequence[UUID], seat_id: int) -> Outcome:
    """Put those chosen before one leader (DX-25)."""
    return _each(actor, chosen, lambda document: submit(actor, document, seat_id))


def direct_many(
    actor: Actor,
    chosen: Sequence[UUID],
    lead_seat_id: int,
    directive: str = "",
    due_on: date | None = None,
) -> Outcome:
    """Give those chosen to one lead, with one directive and one deadline (DX-26)."""
    return _each(
        actor,
        chosen,
        lambda document: assign(actor, document, lead_seat_id, (), directive, due_on),
    )


def hand_over_all(actor: Actor, from_seat_id: int, to_seat_id: int, reason: str) -> Outcome:
    """Give everything open that one seat leads to another."""
    led = queries.incoming_visible_to(actor).filter(lead_id=from_seat_id, state__in=IN_WORK)
    chosen = list(led.values_list("pk", flat=True)[:AT_ONCE_MAX])
    return _each(actor, chosen, lambda document: hand_over(actor, document, to_seat_id, reason))


def _each(actor: Actor, chosen: Iterable[UUID], act: Act) -> Outcome:
    """Act on each document that this person sees; those they do not see are as if not chosen."""
    wanted = list(dict.fromkeys(chosen))[:AT_ONCE_MAX]
    documents = queries.incoming_visible_to(actor).filter(pk__in=wanted).order_by("arrived_at")
    done: list[IncomingDocument] = []
    left: list[tuple[IncomingDocument, Problem]] = []
    for document in documents:
        try:
            done.append(act(document))
        except accounts.NotSignedIn:
            raise
        except Problem as problem:
            left.append((document, problem))
    return Outcome(tuple(done), tuple(left))
