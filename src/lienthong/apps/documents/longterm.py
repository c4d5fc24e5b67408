"""Time-stamps and evidence of documents: at the signature, later by a job, and for what arrives.

A person signs B-T, the agency's signature is completed to B-LT (SG 5.1). Where no time-stamp could
be had the document stays B-B, is marked, and gets one before it is sent. What arrives is kept with
everything that proves it (SG-E-02 to SG-E-06); what could not be decided is asked again, and is
never taken for valid (SG-V-10).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from lienthong.apps.directory import api as directory
from lienthong.apps.documents import checks
from lienthong.apps.documents.models import IncomingDocument, OutgoingDocument
from lienthong.apps.documents.rules import IncomingState, LegalValue, OutgoingState
from lienthong.apps.exchange.access_point import api as access_point
from lienthong.apps.files import api as files
from lienthong.apps.journal import api as journal
from lienthong.apps.pki import api as pki
from lienthong.core import signing
from lienthong.core.signing import evidence_file, pdf_longterm
from lienthong.core.signing.poe import PoeKind

ASKED_AGAIN_FOR = timedelta(days=7)
UNPROVED = {"", PoeKind.CHECK.value}


def stamped_at(report: signing.DocumentReport) -> datetime | None:
    """When every signature of the file is proved to have existed; None while one is not."""
    moments = [None if one.best_kind in UNPROVED else one.best_at for one in report.signatures]
    proved = [moment for moment in moments if moment is not None]
    return max(proved) if proved and len(proved) == len(moments) else None


def with_validation_data(pdf: bytes, at: datetime) -> bytes:
    """Add what proves the signatures (B-LT); the file as it is where no authority is known."""
    if pki.timestamp_source() is None:
        return pdf
    evidence = pdf_longterm.collect(pdf, trust=pki.trust(), at=at, fetch=pki.fetch)
    return pdf_longterm.add_validation_data(pdf, evidence) if evidence else pdf


def without_timestamp() -> QuerySet[OutgoingDocument]:
    """Signed documents that still lie here and whose signatures no time-stamp proves."""
    waiting = [OutgoingState.SIGNED, OutgoingState.SEALED]
    return OutgoingDocument.objects.filter(state__in=waiting, stamped_at=None)


@transaction.atomic
def add_timestamp(pk: UUID) -> bool:
    """Give a signed or sealed document the time-stamp it lacks. Whether it has one now.

    Raises TimestampNotMade and SignatureNotConfirmed; then the file stays as it was.
    """
    source = pki.timestamp_source()
    document = without_timestamp().select_for_update(of=("self",)).filter(pk=pk).first()
    if source is None or document is None:
        return False
    at = timezone.now()
    if document.state == OutgoingState.SEALED:
        pdf = files.get(document.sealed_sha256)
        pdf = pdf_longterm.add_signature_timestamp(pdf, signing.AGENCY_FIELD, source, at=at)
        document.stamped_at = stamped_at(checks.check_both(document, pdf, at))
        document.sealed_sha256 = files.put(pdf).sha256
    else:
        pdf = files.get(document.signed_sha256)
        pdf = pdf_longterm.add_signature_timestamp(pdf, signing.PERSON_FIELD, source, at=at)
        document.stamped_at = stamped_at(checks.check_person(document, pdf, at))
        document.signed_sha256 = files.put(pdf).sha256
    document.save(update_fields=["sealed_sha256", "signed_sha256", "stamped_at"])
    journal.record(
        organization_id=document.organization_id,
        act="documents.stamped",
        subject=document.journal_subject,
        facts={"pdf_sha256": document.pdf_sha256},
    )
    return document.stamped_at is not None


def without_evidence(now: datetime) -> QuerySet[IncomingDocument]:
    """Documents that arrived lately and are not kept with their evidence yet."""
    lately = IncomingDocument.objects.filter(arrived_at__gte=now - ASKED_AGAIN_FOR)
    return lately.filter(evidence_at=None).exclude(pdf_sha256="")


@transaction.atomic
def keep_evidence(pk: UUID) -> bool:
    """Collect what proves an arrived document and keep it beside it (SG-E). Whether it is kept.

    The received bytes are never changed. A document that could not be decided when it came is
    judged again; while it still cannot be, nothing is kept and the next round asks again.
    """
    document = IncomingDocument.objects.select_for_update(of=("self",)).get(pk=pk)
    if document.evidence_at is not None or not document.pdf_sha256:
        return False
    at, pdf = timezone.now(), files.get(document.pdf_sha256)
    evidence = pdf_longterm.collect(pdf, trust=pki.trust(), at=at, fetch=pki.fetch)
    received = access_point.inbound(document.inbound_id)
    codes = _codes(document)
    report = signing.check_official(
        signing.verify_pdf(pdf, trust=pki.trust(), at=at, evidence=evidence),
        agency_codes=codes,
        signer_name=document.signer_name or None,
    )
    if report.verdict is signing.Verdict.UNKNOWN:
        return False
    _judge_again(document, report)
    contents = evidence_file.Contents(
        report=document.report,
        checked_at=at,
        document=pdf,
        evidence=evidence,
        agency_codes=frozenset(codes),
        signer_name=document.signer_name or None,
        facts={"reference": document.reference, "packet_sha256": document.packet_sha256},
    )
    signer = pki.service_signer(document.organization_id)
    made = evidence_file.build(contents, signer=signer, trust=pki.trust(), at=at)
    document.evidence_sha256, document.evidence_at = files.put(made).sha256, at
    document.save(update_fields=["report", "legal_value", "evidence_sha256", "evidence_at"])
    journal.record(
        organization_id=document.organization_id,
        act="documents.evidence_kept",
        subject=document.journal_subject,
        facts={"evidence_sha256": document.evidence_sha256, "packet": str(received.hub_packet_id)},
    )
    return True


def _codes(document: IncomingDocument) -> set[str]:
    sender = directory.find(document.sender_code)
    return {document.sender_code} | (checks.agency_codes(sender) if sender else set())


def _judge_again(document: IncomingDocument, report: signing.DocumentReport) -> None:
    """What could not be decided at arrival is decided now, while the clerk has not acted yet."""
    before = (document.report.get("document") or {}).get("verdict")
    if document.state != IncomingState.ARRIVED or before != signing.Verdict.UNKNOWN.value:
        return
    document.report = {**document.report, "document": report.to_json()}
    if report.verdict is signing.Verdict.VALID:
        document.legal_value = LegalValue.EQUIVALENT
