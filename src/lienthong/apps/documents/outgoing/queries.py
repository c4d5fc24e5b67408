"""What the pages of outgoing documents show. Each read starts from who may see the rows."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from lienthong.apps.accounts.api import Actor, Seat
from lienthong.apps.documents.common import visibility
from lienthong.apps.documents.common.seats import with_roles
from lienthong.apps.documents.models import (
    IncomingDocument,
    OutgoingDocument,
    OutgoingRecipient,
)
from lienthong.apps.documents.outgoing import policy
from lienthong.apps.documents.problems import DocumentNotFound, FileNotFound
from lienthong.apps.documents.rules.outgoing import OutgoingState
from lienthong.apps.exchange.access_point import api as access_point
from lienthong.core import edxml

ADMINISTRATIVE = 2


def outgoing_visible_to(actor: Actor) -> QuerySet[OutgoingDocument]:
    """The outgoing documents this actor may see, newest first."""
    return (
        OutgoingDocument.objects.filter(visibility.outgoing_seen_by(actor))
        .select_related(
            "organization",
            "drafter__person",
            "drafter__unit",
            "reviewer__person",
            "form_reviewer__person",
            "signatory__person",
        )
        .prefetch_related("recipients__recipient")
    )


def deliveries(document: OutgoingDocument) -> QuerySet[OutgoingRecipient]:
    """Each recipient, how far the document got there, and what was asked back."""
    rows = document.recipients.select_related("recipient", "recall")
    return rows.prefetch_related("entries")


def awaiting_signature_of(actor: Actor) -> QuerySet[OutgoingDocument]:
    """What waits for this person's own signature: urgent first, then the oldest."""
    mine = outgoing_visible_to(actor).filter(
        signatory_id=actor.seat_id, state=OutgoingState.AWAITING_SIGNATURE
    )
    return mine.order_by("-urgency", "created_at")


def outgoing(actor: Actor, pk: uuid.UUID | str) -> OutgoingDocument:
    """Return one outgoing document. Raises DocumentNotFound, also when the actor may not see it."""
    found = outgoing_visible_to(actor).filter(pk=pk).first()
    if found is None:
        raise DocumentNotFound
    return found


def signatories(organization_id: int) -> list[Seat]:
    """Seats that may be named as signatory, in Vietnamese order of names."""
    return with_roles(organization_id, policy.SIGNATORIES)


def reviewers(organization_id: int) -> list[Seat]:
    """Seats that may be named as reviewer."""
    return with_roles(organization_id, policy.REVIEWERS)


def document_types() -> tuple[edxml.DocumentType, ...]:
    """The administrative types that a desk issues today."""
    today = timezone.localdate()
    return tuple(
        known
        for known in edxml.document_types()
        if known.group == ADMINISTRATIVE and known.valid_on(today)
    )


def sent_packet(document: OutgoingDocument) -> bytes:
    """The packet as it is, or was, sent. Raises FileNotFound before dispatch."""
    if document.outbound_id is None:
        raise FileNotFound
    return access_point.outbound_bytes(document.outbound_id)


def sent_signature(document: OutgoingDocument) -> bytes:
    """The detached signature beside the packet. Raises FileNotFound before dispatch."""
    if document.outbound_id is None:
        raise FileNotFound
    return bytes(access_point.outbound(document.outbound_id).signature)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A dispatched document that the axis has not taken yet, and what stands in its way."""

    since: datetime
    code: str
    text: str


def waiting(document: OutgoingDocument) -> Waiting | None:
    """Why a dispatched document is still here; None for any other."""
    if document.outbound_id is None or document.state != OutgoingState.DISPATCHED:
        return None
    outbound = access_point.outbound(document.outbound_id)
    if outbound.state not in {
        access_point.OutboundState.QUEUED,
        access_point.OutboundState.SENDING,
    }:
        return None
    link = access_point.hub_state()
    found = [outbound.problem, link.problem]  # without a link, its own tells of an earlier try
    problem: Mapping[str, str] = next(
        filter(None, found if link.reachable else reversed(found)), {}
    )
    return Waiting(outbound.queued_at, problem.get("code", ""), problem.get("text", ""))


def receipt(document: OutgoingDocument) -> dict[str, Any]:
    """The axis's receipt with its inclusion proof: what `lienthong verify` proves, and no more.

    Raises FileNotFound while there is none.
    """
    found = access_point.receipt(document.outbound_id) if document.outbound_id else None
    if found is None:
        raise FileNotFound
    return {"receipt": found["receipt"], "log": found["log"]}


def answered_by(actor: Actor, document: OutgoingDocument) -> QuerySet[IncomingDocument]:
    """The documents that this one answers, as far as the actor may see them (DX-39)."""
    return IncomingDocument.objects.filter(
        visibility.incoming_seen_by(actor), replies__outgoing=document
    ).order_by("pk")
