"""What became of a document, as a packet for its sender."""

from __future__ import annotations

from datetime import datetime

from lienthong.apps.accounts.api import Actor
from lienthong.apps.documents.common.parties import organization_of
from lienthong.apps.documents.models import IncomingDocument
from lienthong.core import edxml


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
