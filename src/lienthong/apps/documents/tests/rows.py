"""Documents as rows, without the road they came: for tests of what is done with many of them."""

from __future__ import annotations

import itertools
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any

from django.utils import timezone

from lienthong.apps.documents.models import IncomingDocument, OutgoingDocument, OutgoingRecipient
from lienthong.apps.documents.rules import LegalValue
from lienthong.apps.documents.rules.incoming import IncomingState
from lienthong.apps.documents.rules.outgoing import OutgoingState, Source
from lienthong.apps.documents.tests.common.test_typeset import blank
from lienthong.apps.documents.tests.conftest import Desk
from lienthong.apps.files import api as files

_counter = itertools.count(1)


@cache
def _pdf(pages: int) -> bytes:
    return blank(pages=pages)


def pdf_sha256(pages: int = 1) -> str:
    """The digest of a stored PDF with so many empty pages."""
    return files.put(_pdf(pages)).sha256


def incoming_row(desk: Desk, **other: Any) -> IncomingDocument:
    """A document that arrived, was registered and is done, unless `other` says so."""
    number = next(_counter)
    at = other.pop("arrived_at", timezone.now() - timedelta(hours=1))
    state = other.get("state", IncomingState.COMPLETED)
    fields: dict[str, Any] = {
        "inbound_id": number,
        "document_id": f"000.00.00.G90.{number}",
        "sender_code": "G90",
        "sender_name": "Bộ Thử nghiệm",
        "number": str(number),
        "notation": "BTN-CCN",
        "issued_on": timezone.localdate(at),
        "type_name": "Công văn",
        "subject": f"Văn bản đến thứ {number}",
        "signer_name": "Hoàng Phó",
        "signer_position": "Phó Bộ trưởng",
        "page_amount": 1,
        "packet_sha256": "0" * 64,
        "pdf_sha256": pdf_sha256(),
        "legal_value": LegalValue.EQUIVALENT,
        "arrived_at": at,
        "register_by": at + timedelta(days=1),
        "state": state,
    }
    if state not in {IncomingState.ARRIVED, IncomingState.REFUSED}:
        fields |= {"arrival_number": number, "registered_at": at + timedelta(minutes=10)}
    if state in {IncomingState.ASSIGNED, IncomingState.PROCESSING, IncomingState.COMPLETED}:
        fields |= {"lead_id": desk.officer.seat_id, "assigned_at": at + timedelta(minutes=20)}
    if state == IncomingState.COMPLETED:
        fields["completed_at"] = at + timedelta(minutes=30)
    return IncomingDocument.objects.create(organization=desk.organization, **(fields | other))


def outgoing_row(desk: Desk, *recipients: Desk, **other: Any) -> OutgoingDocument:
    """A document that was dispatched, unless `other` says so."""
    number = next(_counter)
    at: datetime = other.pop("signed_at", timezone.now() - timedelta(hours=1))
    state = other.get("state", OutgoingState.DISPATCHED)
    on: date = timezone.localdate(at)
    fields: dict[str, Any] = {
        "state": state,
        "source": Source.UPLOAD,
        "type_name": "Công văn",
        "subject": f"Văn bản đi thứ {number}",
        "drafter_id": desk.officer.seat_id,
        "reviewer_id": desk.unit_head.seat_id,
        "signatory_id": desk.leader.seat_id,
        "draft_sha256": pdf_sha256(2),
        "page_amount": 2,
    }
    if state not in {OutgoingState.DRAFT, OutgoingState.IN_REVIEW}:
        fields |= {
            "signed_sha256": fields["draft_sha256"],
            "sealed_sha256": fields["draft_sha256"],
            "number": number,
            "notation": "BTN-CCN",
            "issued_on": on,
            "document_id": f"000.00.00.G90.{on.year}.{number}",
            "signed_at": at,
            "sealed_at": at,
            "send_by": at + timedelta(days=1),
        }
    if state == OutgoingState.DISPATCHED:
        fields["dispatched_at"] = at + timedelta(minutes=5)
    document = OutgoingDocument.objects.create(organization=desk.organization, **(fields | other))
    OutgoingRecipient.objects.bulk_create(
        [
            OutgoingRecipient(
                organization=desk.organization,
                document=document,
                position=position,
                recipient=to.organization,
            )
            for position, to in enumerate(recipients, start=1)
        ]
    )
    return document
