"""What waits for one person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Count, Q
from django.utils import timezone

from lienthong.apps.accounts.api import Actor, Role
from lienthong.apps.documents.common import visibility
from lienthong.apps.documents.incoming import policy as incoming_policy
from lienthong.apps.documents.incoming.queries import incoming_visible_to
from lienthong.apps.documents.models import Document, IncomingDocument, OutgoingDocument
from lienthong.apps.documents.outgoing import policy as outgoing_policy
from lienthong.apps.documents.outgoing.queries import outgoing_visible_to
from lienthong.apps.documents.rules.incoming import IncomingState
from lienthong.apps.documents.rules.outgoing import OutgoingState

DESK_SHOWS = 50
PILES = (
    "to_register",
    "to_direct",
    "to_work",
    "to_draft",
    "to_review",
    "to_review_form",
    "to_sign",
    "to_seal",
    "to_dispatch",
    "overdue",
)


@dataclass(frozen=True, slots=True)
class Desk:
    """What waits for one person, in the order it should be done: urgent first, then the oldest."""

    to_register: Sequence[IncomingDocument] = ()
    to_direct: Sequence[IncomingDocument] = ()
    to_work: Sequence[IncomingDocument] = ()
    to_draft: Sequence[OutgoingDocument] = ()
    to_review: Sequence[OutgoingDocument] = ()
    to_review_form: Sequence[OutgoingDocument] = ()
    to_sign: Sequence[OutgoingDocument] = ()
    to_seal: Sequence[OutgoingDocument] = ()
    to_dispatch: Sequence[OutgoingDocument] = ()
    overdue: Sequence[Document] = ()
    counts: Mapping[str, int] = field(default_factory=dict)


def desk(actor: Actor) -> Desk:
    """Return what waits for this actor, by role and name; what is late stands in `overdue` alone.

    A pile shows its first DESK_SHOWS documents and one more when there are more.
    """
    mine_in = incoming_visible_to(actor).order_by("-urgency", "arrived_at")
    mine_out = outgoing_visible_to(actor).order_by("-urgency", "created_at")
    found = counts(actor)
    rows: dict[str, list[Any]] = {}
    overdue: list[Document] = []
    for mine, piles, late in (
        (mine_in, _incoming_piles(actor), _late_incoming()),
        (mine_out, _outgoing_piles(actor), _late_outgoing()),
    ):
        for name, pile in piles.items():
            if found[name]:
                rows[name] = list(mine.filter(pile).exclude(late)[: DESK_SHOWS + 1])
        if found["overdue"]:
            overdue += mine.filter(_any(piles), late)[:DESK_SHOWS]
    return Desk(**rows, overdue=overdue, counts=found)


def counts(actor: Actor) -> dict[str, int]:
    """How much waits for this actor in each pile, and how much of it is late: two cheap reads."""
    found = dict.fromkeys(PILES, 0)
    visible_in = IncomingDocument.objects.filter(visibility.incoming_seen_by(actor))
    visible_out = OutgoingDocument.objects.filter(visibility.outgoing_seen_by(actor))
    for visible, piles, late in (
        (visible_in, _incoming_piles(actor), _late_incoming()),
        (visible_out, _outgoing_piles(actor), _late_outgoing()),
    ):
        by_pile = {name: Count("pk", filter=pile) for name, pile in piles.items()}
        row = visible.filter(_any(piles)).aggregate(**by_pile, late=Count("pk", filter=late))
        found["overdue"] += row.pop("late")
        found |= row
    return found


def _incoming_piles(actor: Actor) -> dict[str, Q]:
    """Which incoming documents wait for this actor, by pile."""
    working = [IncomingState.ASSIGNED, IncomingState.PROCESSING]
    piles = {"to_work": Q(lead_id=actor.seat_id, state__in=working)}
    if Role.CLERK in actor.roles:
        piles["to_register"] = Q(state=IncomingState.ARRIVED)
    if actor.roles & {Role.LEADER, Role.UNIT_HEAD}:
        mine = Q(submitted_to=None) | Q(submitted_to_id=actor.seat_id)
        piles["to_direct"] = Q(state=IncomingState.REGISTERED) & mine
    return piles


def _outgoing_piles(actor: Actor) -> dict[str, Q]:
    """Which outgoing documents wait for this actor, by pile."""
    seat = actor.seat_id
    piles = {
        "to_draft": Q(drafter_id=seat, state=OutgoingState.DRAFT),
        "to_review": Q(reviewer_id=seat, state=OutgoingState.IN_REVIEW),
        "to_sign": Q(signatory_id=seat, state=OutgoingState.AWAITING_SIGNATURE),
    }
    form_waits = Q(state=OutgoingState.IN_FORM_REVIEW) & ~(
        Q(drafter__person_id=actor.person_id) | Q(reviewer__person_id=actor.person_id)
    )
    if Role.UNIT_HEAD in actor.roles:
        piles["to_review_form"] = form_waits & Q(drafter__role=Role.CLERK)
    if Role.CLERK in actor.roles:
        piles["to_review_form"] = form_waits
        piles["to_seal"] = Q(state=OutgoingState.SIGNED)
        piles["to_dispatch"] = Q(state=OutgoingState.SEALED)
    return piles


def _late_incoming() -> Q:
    now = timezone.now()
    waiting = Q(state__in=[IncomingState.ARRIVED, IncomingState.REGISTERED])
    working = Q(state__in=[IncomingState.ASSIGNED, IncomingState.PROCESSING])
    has_due = Q(due_at__isnull=False)  # said aloud, so that its opposite is no NULL
    return waiting & Q(register_by__lt=now) | working & has_due & Q(due_at__lt=now)


def _late_outgoing() -> Q:
    waiting = Q(state__in=[OutgoingState.SIGNED, OutgoingState.SEALED], send_by__isnull=False)
    return waiting & Q(send_by__lt=timezone.now())


def _any(piles: Mapping[str, Q]) -> Q:
    return reduce(or_, piles.values())


def available_actions(actor: Actor, document: Document) -> list[str]:
    """What this actor may do to this document now."""
    if isinstance(document, OutgoingDocument):
        return outgoing_policy.available_actions(actor, document)
    return incoming_policy.available_actions(actor, document)
