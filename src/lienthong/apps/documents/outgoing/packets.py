"""Our documents and statuses as packets of the exchange."""

from __future__ import annotations

import unicodedata
from datetime import datetime

from django.utils import timezone

from lienthong.apps.accounts.api import Actor
from lienthong.apps.documents.common.parties import organization_of
from lienthong.apps.documents.models import OutgoingDocument
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


def filename_of(document: OutgoingDocument) -> str:
    """Return a file name of plain letters from number and notation: "07-BTN-CNTT.pdf"."""
    name = f"{document.number_text}-{document.notation}" if document.number else "du-thao"
    plain = unicodedata.normalize("NFD", name.replace("Đ", "D").replace("đ", "d"))
    kept = "".join(
        letter for letter in plain if letter.isascii() and (letter.isalnum() or letter == "-")
    )
    return f"{kept}.pdf"
