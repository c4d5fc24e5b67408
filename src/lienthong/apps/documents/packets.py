"""Our documents and statuses as packets of the exchange."""

from __future__ import annotations

import unicodedata
from datetime import datetime

from django.utils import timezone

from lienthong.apps.accounts.api import Actor
from lienthong.apps.directory import api as directory
from lienthong.apps.documents.models import IncomingDocument, OutgoingDocument
from lienthong.core import edxml

ADMINISTRATIVE = 2  # edXML specification §7.1: group 2
CONTENT_ID = "van-ban"


def packet_of(
    document: OutgoingDocument,
    *,
    pdf: bytes,
    at: datetime | None = None,
    clerk: Actor | None = None,
) -> edxml.DocumentPacket:
    """Return the packet that carries the document with `pdf` as its main file.

    Number and date are those of the document; a draft has none yet and gets today's date.
    """
    at = at or timezone.now()
    organization = document.organization
    signatory = document.signatory
    rows = document.recipients.select_related("recipient").prefetch_related("recipient__codes")
    return edxml.DocumentPacket(
        sender=organization_of(organization),
        receivers=tuple(organization_of(row.recipient) for row in rows),
        document_id=document.document_id,
        number=document.number_text,
        notation=document.notation,
        place=organization.place,
        promulgated_on=document.issued_on or timezone.localdate(at),
        type_group=ADMINISTRATIVE,
        type_detail=document.type_code,
        type_name=document.type_name,
        subject=document.subject,
        content=document.subject,
        signer=edxml.Signer(
            competence=" ".join(signatory.competence.split()),
            position=signatory.position,
            full_name=signatory.person.full_name,
        ),
        due_on=document.due_on,
        to_places=tuple(document.form.get("places", ())),
        urgency=edxml.Urgency(document.urgency),
        page_amount=document.page_amount,
        promulgation_amount=1,
        trace=(edxml.TraceEntry(code=organization.code, at=at),),
        business=edxml.Business(
            kind=edxml.BusinessKind.NEW,
            reason="Văn bản mới",
            document_id=document.document_id,
            staff=edxml.Staff(department="Văn thư", staff=clerk.name) if clerk else None,
        ),
        attachments=(
            edxml.Attachment(
                content_id=CONTENT_ID,
                name=filename_of(document),
                content_type="application/pdf",
                description=document.subject,
                data=pdf,
            ),
        ),
    )


def status_of(
    document: IncomingDocument,
    status: edxml.StatusCode,
    *,
    description: str,
    at: datetime,
    clerk: Actor | None = None,
) -> edxml.StatusPacket:
    """Return the packet that tells the sender of `document` what became of it."""
    return edxml.StatusPacket(
        sender=organization_of(document.organization),
        response_for=edxml.ResponseFor(
            code=document.sender_code,
            reference=document.reference,
            promulgated_on=document.issued_on,
            document_id=document.document_id,
        ),
        status=status,
        description=description[:500],
        at=at,
        staff=edxml.Staff(staff=clerk.name) if clerk else None,
    )


def organization_of(organization: directory.Organization) -> edxml.Organization:
    """Return the agency as a packet names it."""
    return edxml.Organization(
        code=organization.code,
        name=organization.name,
        in_charge=organization.parent.name if organization.parent else "",
        address=organization.place,
        email=organization.email,
    )


def filename_of(document: OutgoingDocument) -> str:
    """Return a file name of plain letters from number and notation: "07-BTN-CNTT.pdf"."""
    name = f"{document.number_text}-{document.notation}" if document.number else "du-thao"
    plain = unicodedata.normalize("NFD", name.replace("Đ", "D").replace("đ", "d"))
    kept = "".join(
        letter for letter in plain if letter.isascii() and (letter.isalnum() or letter == "-")
    )
    return f"{kept}.pdf"
