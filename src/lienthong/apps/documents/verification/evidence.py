"""What the desk knows about the signatures on a document, and the file that proves it elsewhere."""

from __future__ import annotations

import json
from datetime import datetime

from lienthong.apps.documents.common import sheets
from lienthong.apps.documents.common.parties import agency_codes
from lienthong.apps.documents.incoming.arriving import codes_of
from lienthong.apps.documents.models import Document, IncomingDocument, OutgoingDocument
from lienthong.apps.documents.outgoing import queries
from lienthong.apps.documents.problems import FileNotFound
from lienthong.apps.documents.verification import cards, report_view
from lienthong.apps.documents.verification.report_view import ReportView
from lienthong.apps.exchange.access_point import api as access_point
from lienthong.apps.files import api as files
from lienthong.apps.pki import api as pki
from lienthong.core import edxml, signing
from lienthong.core.signing import evidence_file
from lienthong.core.signing.evidence import NO_EVIDENCE, Evidence
from lienthong.core.signing.evidence_file import Contents


def incoming_report(document: IncomingDocument) -> ReportView | None:
    """What was found when the document came; None when it has no signed file."""
    found = cards.verification(document.report)
    if found.document is None:
        return None
    return report_view.of_document(found.document, name=document.reference, packet=found.packet)


def outgoing_report(document: OutgoingDocument, at: datetime) -> signing.DocumentReport:
    """The newest file checked at the time `at`. Raises FileNotFound."""
    return signing.verify_pdf(sheets.pdf(document), trust=pki.trust(), at=at)


def incoming_file(
    document: IncomingDocument, at: datetime, collected: Evidence = NO_EVIDENCE
) -> bytes:
    """The evidence file of an incoming document: the one that was kept, else one sealed now by its
    organization's service key, with what was `collected` about it.

    Raises FileNotFound, DocumentRecalled, KeyMissing, PacketNotReadable.
    """
    sheets.check_readable(document)
    if document.inbound_id is None:
        raise FileNotFound
    if document.evidence_sha256:
        return files.get(document.evidence_sha256)
    received = access_point.inbound(document.inbound_id)
    packet = received.packet
    codes = codes_of(packet) if isinstance(packet, edxml.DocumentPacket) else set[str]()
    contents = Contents(
        report={"document": document.report.get("document"), "packet": None},
        checked_at=datetime.fromisoformat(document.report["checked_at"]),
        document=sheets.pdf(document) if document.pdf_sha256 else None,
        packet=received.raw,
        packet_signature=received.signature,
        evidence=collected,
        agency_codes=frozenset(codes),
        signer_name=document.signer_name or None,
        facts=_facts(document),
    )
    return _built(contents, document, at)


def outgoing_file(document: OutgoingDocument, at: datetime) -> bytes:
    """The evidence file of an outgoing document: the one that was kept, else one sealed now.

    Raises FileNotFound, KeyMissing.
    """
    if document.evidence_sha256:
        return files.get(document.evidence_sha256)
    return sealed_outgoing(document, at)


def sealed_outgoing(
    document: OutgoingDocument,
    at: datetime,
    collected: Evidence = NO_EVIDENCE,
    *,
    timestamp_required: bool = False,
) -> bytes:
    """The evidence file of an outgoing document, sealed now by its organization's service key, with
    what was `collected` about it; packet and receipt too, once it was sent.

    Raises FileNotFound, KeyMissing and, when a time-stamp is required, TimestampNotMade.
    """
    report = outgoing_report(document, at)
    is_sent = document.outbound_id is not None
    contents = Contents(
        report={"document": report.to_json(), "packet": None},
        checked_at=at,
        document=sheets.pdf(document),
        packet=queries.sent_packet(document) if is_sent else None,
        packet_signature=queries.sent_signature(document) if is_sent else None,
        receipts=_receipts(document),
        evidence=collected,
        agency_codes=frozenset(agency_codes(document.organization)),
        signer_name=document.signatory.person.full_name,
        facts=_facts(document),
    )
    return _built(contents, document, at, timestamp_required=timestamp_required)


def _receipts(document: OutgoingDocument) -> tuple[bytes, ...]:
    try:
        found = queries.receipt(document)
    except FileNotFound:
        return ()
    return (json.dumps(found, ensure_ascii=False).encode(),)


def _facts(document: Document) -> dict[str, str]:
    return {
        "reference": document.reference,
        "subject": document.subject,
        "document_id": document.document_id,
        "kept_by": document.organization.name,
    }


def _built(
    contents: Contents, document: Document, at: datetime, *, timestamp_required: bool = False
) -> bytes:
    signer = pki.service_signer(document.organization_id)
    return evidence_file.build(
        contents,
        signer=signer,
        trust=pki.trust(),
        at=at,
        timestamp=pki.timestamp_source(),
        timestamp_required=timestamp_required,
    )
