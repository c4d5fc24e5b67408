"""What comes in from the exchange: documents, statuses, receipts, refusals. All safe to repeat.

The handlers run in the node's worker. Each sees the rows of its own organization only.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from lienthong.apps.accounts import api as accounts
from lienthong.apps.directory import api as directory
from lienthong.apps.documents.common import deadlines
from lienthong.apps.documents.common.parties import agency_codes
from lienthong.apps.documents.incoming import queries, recalling, telling
from lienthong.apps.documents.incoming.reporting import report_status
from lienthong.apps.documents.models import IncomingAttachment, IncomingDocument
from lienthong.apps.documents.rules import LegalValue, UrgencyLevel
from lienthong.apps.exchange.access_point import api as access_point
from lienthong.apps.files import api as files
from lienthong.apps.journal import api as journal
from lienthong.apps.pki import api as pki
from lienthong.core import edxml, signing

PDF = "application/pdf"

# DX-68: a claimed signing time that differs more from the receipt is worth a warning.
CLAIM_MAX = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Examined:
    """What DX-20 asks before anybody may accept: the main file and what was found about it."""

    pdf_sha256: str
    report: Mapping[str, Any]
    legal_value: LegalValue


def take_arrival(event: access_point.PacketArrived) -> None:
    """Put a document packet on the clerk's desk, checked, and tell the sender that it arrived.

    One transaction: rows, journal entry, status 01 (DX-22). A second call finds the row and ends.
    """
    with accounts.scope(event.organization_id), transaction.atomic():
        if IncomingDocument.objects.filter(inbound_id=event.inbound_id).exists():
            return
        received = access_point.inbound(event.inbound_id)
        packet = received.packet
        if not isinstance(packet, edxml.DocumentPacket):
            raise TypeError(f"inbound {event.inbound_id} is no document packet")
        if packet.business.kind in {edxml.BusinessKind.RECALL, edxml.BusinessKind.UPDATE}:
            _take_request(event, received, packet)
            return
        examined = examine(received, packet)
        document = _enter(event, received, packet, examined)
        journal.record(
            organization_id=event.organization_id,
            act="documents.arrived",
            subject=document.journal_subject,
            actor=None,
            facts=document.facts(),
        )
        telling.arrived(document)
        report_status(document, edxml.StatusCode.ARRIVED)


def examine(received: access_point.ReceivedPacket, packet: edxml.DocumentPacket) -> Examined:
    """Verify the main file with this node's trust; judge completeness and integrity (DX-20)."""
    now = timezone.now()
    main = main_file(packet)
    packet_report = received.packet_report
    packet_passed = packet_report.indication is signing.Indication.PASSED
    document_report: signing.DocumentReport | None = None
    sha256 = ""
    warnings: list[str] = []
    if main is not None:
        sha256 = files.put(main.data).sha256
        document_report = signing.check_official(
            signing.verify_document(main.data, trust=pki.trust(), at=now),
            agency_codes=codes_of(packet),
            signer_name=packet.signer.full_name if packet.signer else None,
        )
        for one in document_report.signatures:
            if one.claimed_at and abs(one.claimed_at - received.received_at) > CLAIM_MAX:
                warnings.append("Thời điểm ký khai báo lệch hơn một ngày so với lúc nhận.")
    official = document_report is not None and document_report.verdict is signing.Verdict.VALID
    complete = main is not None and packet.signer is not None and bool(packet.subject)
    intact = packet_passed and (
        document_report is None or document_report.verdict is not signing.Verdict.INVALID
    )
    return Examined(
        pdf_sha256=sha256,
        legal_value=LegalValue.EQUIVALENT if official else LegalValue.INFORMATION_ONLY,
        report={
            "document": document_report.to_json() if document_report else None,
            "packet": packet_report.to_json(),
            "parts": {
                "completeness": complete,
                "integrity": intact,
                "authenticity": official and packet_passed,
            },
            "warnings": list(dict.fromkeys(warnings)),
            "checked_at": now.isoformat(),
        },
    )


def main_file(packet: edxml.DocumentPacket) -> edxml.Attachment | None:
    """The main document of a packet: its first PDF."""
    return next((one for one in packet.attachments if one.content_type == PDF), None)


def codes_of(packet: edxml.DocumentPacket) -> set[str]:
    """Every code of the sender by our directory, and the one it gave."""
    sender = directory.find(packet.sender.code)
    return {packet.sender.code} | (agency_codes(sender) if sender else set())


def _enter(
    event: access_point.PacketArrived,
    received: access_point.ReceivedPacket,
    packet: edxml.DocumentPacket,
    examined: Examined,
) -> IncomingDocument:
    sender = directory.find(packet.sender.code)
    signer = packet.signer or edxml.Signer()
    document = IncomingDocument(
        organization_id=event.organization_id,
        inbound_id=event.inbound_id,
        document_id=packet.document_id,
        sender_code=packet.sender.code,
        # Names travel for display only; the directory is authoritative (edXML specification §3.1).
        sender_name=(sender.name if sender else packet.sender.name)[:200],
        number=packet.number[:20],
        notation=packet.notation[:30],
        issued_on=packet.promulgated_on,
        type_name=packet.type_name[:100],
        subject=packet.subject[:500],
        urgency=UrgencyLevel(int(packet.urgency)),
        due_on=packet.due_on,
        signer_name=signer.full_name[:100],
        signer_position=" ".join(f"{signer.competence} {signer.position}".split())[:200],
        page_amount=packet.page_amount,
        packet_sha256=hashlib.sha256(received.raw).hexdigest(),
        pdf_sha256=examined.pdf_sha256,
        report=examined.report,
        legal_value=examined.legal_value,
        arrived_at=received.received_at,
        register_by=_register_by(received.received_at, packet),
    )
    document.duplicate_of = queries.duplicates_of(document).order_by("arrived_at").first()
    document.save()
    main = main_file(packet)
    ordered = sorted(packet.attachments, key=lambda one: one is not main)
    for position, attachment in enumerate(ordered, start=1):
        stored = files.put(attachment.data)
        IncomingAttachment.objects.create(
            organization_id=event.organization_id,
            document=document,
            position=position,
            name=attachment.name[:255],
            content_type=attachment.content_type[:100],
            description=attachment.description[:500],
            sha256=stored.sha256,
            size=stored.size,
        )
    return document


def _register_by(arrived_at: datetime, packet: edxml.DocumentPacket) -> datetime:
    return deadlines.register_by(arrived_at, is_urgent=packet.urgency > 0)


def _take_request(
    event: access_point.PacketArrived,
    received: access_point.ReceivedPacket,
    packet: edxml.DocumentPacket,
) -> None:
    """A recall goes before the clerk, when it is of a document that this sender sent (DX-36).

    Any other, and an update, which is not carried out yet, is kept in the journal and no more.
    """
    if packet.business.kind is edxml.BusinessKind.RECALL and recalling.take_recall(
        event.organization_id,
        event.inbound_id,
        packet,
        sender_codes=codes_of(packet),
        at=received.received_at,
    ):
        return
    subject = f"inbound:{event.inbound_id}"
    if journal.history(subject):
        return
    is_recall = packet.business.kind is edxml.BusinessKind.RECALL
    act = "documents.recall_unmatched" if is_recall else "documents.operation_not_supported"
    journal.record(
        organization_id=event.organization_id,
        act=act,
        subject=subject,
        actor=None,
        facts={"operation": packet.business.kind.label, "document_id": packet.target_id},
    )
