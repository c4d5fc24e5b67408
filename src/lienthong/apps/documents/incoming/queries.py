"""What the pages of incoming documents show. Each read starts from who may see the rows."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from lienthong.apps.accounts import api as accounts
from lienthong.apps.accounts.api import Actor, Role, Seat
from lienthong.apps.documents.common import sheets, visibility
from lienthong.apps.documents.common.seats import with_roles
from lienthong.apps.documents.incoming import policy
from lienthong.apps.documents.models import (
    Direction,
    ExtensionRequest,
    Forwarding,
    IncomingDocument,
    OpinionRequest,
    OutgoingDocument,
    ProgressNote,
    Reply,
)
from lienthong.apps.documents.outgoing.queries import outgoing_visible_to
from lienthong.apps.documents.problems import DocumentNotFound, FileNotFound
from lienthong.apps.files import api as files

SUGGESTED = 5
REPLIES_OFFERED = 50


def incoming_visible_to(actor: Actor) -> QuerySet[IncomingDocument]:
    """The incoming documents this actor may see, newest first."""
    return IncomingDocument.objects.filter(visibility.incoming_seen_by(actor)).select_related(
        "organization",
        "lead__person",
        "lead__unit",
        "submitted_to__person",
        "forwarded_from",
        "dossier",
        "duplicate_of",
    )


def incoming(actor: Actor, pk: uuid.UUID | str) -> IncomingDocument:
    """Return one incoming document. Raises DocumentNotFound, also when the actor may not see it."""
    found = incoming_visible_to(actor).filter(pk=pk).first()
    if found is None:
        raise DocumentNotFound
    return found


def incoming_as_seen(actor: Actor, pk: uuid.UUID | str, version: str) -> IncomingDocument:
    """Return the document for an act on it, with the version that the form was made from.

    A form that names none acts on whatever is there. Raises DocumentNotFound.
    """
    found = incoming(actor, pk)
    found.seen_version = int(version) if version.isdecimal() else None
    return found


def suggested_leads(actor: Actor, document: IncomingDocument) -> list[Seat]:
    """Whom this director is likely to name: the people of the unit that has the work, else those
    they named last, else the heads of units."""
    held = accounts.seats(actor.organization_id).filter(role__in=policy.WORKERS)
    if document.lead_id == actor.seat_id and document.lead and document.lead.unit_id:
        own = held.filter(unit_id=document.lead.unit_id).exclude(pk=actor.seat_id)
        return list(own[:SUGGESTED])
    lately = Direction.objects.filter(by_id=actor.seat_id).order_by("-at")
    ids = list(dict.fromkeys(lately.values_list("lead_id", flat=True)[: 10 * SUGGESTED]))
    known = {seat.pk: seat for seat in held.filter(pk__in=ids[:SUGGESTED])}
    found = [known[pk] for pk in ids if pk in known]
    if len(found) < SUGGESTED:
        heads = held.filter(role=Role.UNIT_HEAD).exclude(pk__in=known)
        found += heads.exclude(pk=actor.seat_id)[: SUGGESTED - len(found)]
    return found


def directors(organization_id: int) -> list[Seat]:
    """Seats before which a document may be put."""
    return with_roles(organization_id, policy.DIRECTORS)


def advisers(actor: Actor) -> list[Seat]:
    """Seats that may be asked for an opinion."""
    seats = with_roles(actor.organization_id, policy.ADVISERS)
    return [seat for seat in seats if seat.pk != actor.seat_id]


def reply_choices(actor: Actor) -> list[OutgoingDocument]:
    """What may be named as the reply: the newest of our documents that this person sees."""
    return list(outgoing_visible_to(actor).order_by("-created_at")[:REPLIES_OFFERED])


def duplicates_of(document: IncomingDocument) -> QuerySet[IncomingDocument]:
    """Other incoming documents that seem to be the same one (DX-29).

    Two keys: the document identifier; or issuing agency, number, notation and year.
    """
    same_id = Q(pk=None)
    if document.document_id:
        same_id = Q(document_id=document.document_id)
    same_reference = Q(
        sender_code=document.sender_code,
        number=document.number,
        notation=document.notation,
        issued_on__year=document.issued_on.year,
    )
    return IncomingDocument.objects.filter(
        same_id | same_reference, organization_id=document.organization_id
    ).exclude(pk=document.pk)


def officers(organization_id: int) -> list[Seat]:
    """Seats that may be given a document to work on."""
    return with_roles(organization_id, policy.WORKERS)


def attachment(document: IncomingDocument, position: int) -> tuple[str, str, bytes]:
    """Return name, content type and bytes of a file of the packet.

    Raises FileNotFound, DocumentRecalled.
    """
    sheets.check_readable(document)
    found = document.attachments.filter(position=position).first()
    if found is None:
        raise FileNotFound
    return found.name, found.content_type, files.get(found.sha256)


@dataclass(frozen=True, slots=True)
class Slip:
    """Phiếu giải quyết: who directed whom, and what was written down since (D30 Annex IV)."""

    directions: Sequence[Direction]
    notes: Sequence[ProgressNote]
    opinions: Sequence[OpinionRequest]
    extensions: Sequence[ExtensionRequest]
    replies: Sequence[Reply]
    forwardings: Sequence[Forwarding]


def slip(document: IncomingDocument) -> Slip:
    """The handling slip of a document: six reads, whatever its length."""
    return Slip(
        list(document.directions.select_related("by__person", "lead__person", "lead__unit")),
        list(document.notes.select_related("by__person")),
        list(document.opinions.select_related("by__person", "asked__person", "asked__unit")),
        list(document.extensions.select_related("by__person", "decided_by__person")),
        list(document.replies.select_related("outgoing")),
        list(document.forwardings.select_related("to")),
    )
