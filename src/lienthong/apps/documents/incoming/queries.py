"""What the pages of incoming documents show. Each read starts from who may see the rows."""

from __future__ import annotations

import uuid

from django.db.models import Q, QuerySet

from lienthong.apps.accounts.api import Actor, Seat
from lienthong.apps.documents.common import visibility
from lienthong.apps.documents.common.seats import with_roles
from lienthong.apps.documents.incoming import policy
from lienthong.apps.documents.models import IncomingDocument
from lienthong.apps.documents.problems import DocumentNotFound, FileNotFound
from lienthong.apps.files import api as files


def incoming_visible_to(actor: Actor) -> QuerySet[IncomingDocument]:
    """The incoming documents this actor may see, newest first."""
    return IncomingDocument.objects.filter(visibility.incoming_seen_by(actor)).select_related(
        "organization", "lead__person", "lead__unit", "dossier", "duplicate_of"
    )


def incoming(actor: Actor, pk: uuid.UUID | str) -> IncomingDocument:
    """Return one incoming document. Raises DocumentNotFound, also when the actor may not see it."""
    found = incoming_visible_to(actor).filter(pk=pk).first()
    if found is None:
        raise DocumentNotFound
    return found


def duplicates_of(document: IncomingDocument) -> QuerySet[IncomingDocument]:
    """Other incoming documents that seem to be the same one (DX-29).

    Two keys: the document identifier; or issuing agency, number, notation and year.
    """
    same_id = Q(document_id=document.document_id) & ~Q(document_id="")
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
    """Return name, content type and bytes of a file of the packet. Raises FileNotFound."""
    found = document.attachments.filter(position=position).first()
    if found is None:
        raise FileNotFound
    return found.name, found.content_type, files.get(found.sha256)
