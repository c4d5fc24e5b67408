"""Evidence kept beside a document (SG-E-01 to SG-E-06): of what arrives, and of what went without a
time-stamp. The bytes that were received or sent are never changed.

What could not be decided when it came is asked again, and is never taken for valid (SG-V-10).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from lienthong.apps.directory import api as directory
from lienthong.apps.documents.common import parties
from lienthong.apps.documents.models import IncomingDocument, OutgoingDocument
from lienthong.apps.documents.rules import LegalValue
from lienthong.apps.documents.rules.incoming import IncomingState
from lienthong.apps.documents.rules.outgoing import OutgoingState
from lienthong.apps.documents.verification import evidence
from lienthong.apps.files import api as files
from lienthong.apps.journal import api as journal
from lienthong.apps.pki import api as pki
from lienthong.core import signing
from lienthong.core.signing import evidence_file, pdf_longterm
from lienthong.core.signing.poe import PoeKind

SAME_SECOND = timedelta(seconds=1)  # a seal made now must not lie in the future of its check
ASKED_AGAIN_FOR = timedelta(days=7)


def without_evidence(now: datetime) -> QuerySet[IncomingDocument]:
    """Documents that arrived lately and are not kept with their evidence yet."""
    lately = IncomingDocument.objects.filter(arrived_at__gte=now - ASKED_AGAIN_FOR)
    return lately.filter(evidence_at=None, inbound_id__isnull=False).exclude(pdf_sha256="")


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
    collected = pdf_longterm.collect(pdf, trust=pki.trust(), at=at, fetch=pki.fetch)
    report = signing.check_official(
        signing.verify_pdf(pdf, trust=pki.trust(), at=at, evidence=collected),
        agency_codes=_codes(document),
        signer_name=document.signer_name or None,
    )
    if report.verdict is signing.Verdict.UNKNOWN:
        return False
    _judge_again(document, report)
    made = evidence.incoming_file(document, at, collected)
    document.evidence_sha256, document.evidence_at = files.put(made).sha256, at
    document.save(update_fields=["report", "legal_value", "evidence_sha256", "evidence_at"])
    journal.record(
        organization_id=document.organization_id,
        act="documents.evidence_kept",
        subject=document.journal_subject,
        facts={"evidence_sha256": document.evidence_sha256},
    )
    return True


def sent_without_timestamp() -> QuerySet[OutgoingDocument]:
    """Documents that went before a time-stamp could be had, and those whose evidence was kept
    before the axis gave its receipt, which belongs in it."""
    waiting = Q(stamped_at=None) | Q(evidence_at__lt=F("receipted_at"))
    return OutgoingDocument.objects.filter(waiting, state=OutgoingState.DISPATCHED)


@transaction.atomic
def keep_sent(pk: UUID) -> bool:
    """Give a document that is under way the time-stamp it went without. Whether it has one now.

    What was sent cannot be changed any more, so the proof stands beside it (SG-E-01): the file,
    the packet, the receipt, certificates and their status, sealed under one time-stamp.
    Raises TimestampNotMade; then nothing changed and the next round asks again.
    """
    document = sent_without_timestamp().select_for_update(of=("self",)).filter(pk=pk).first()
    if document is None or pki.timestamp_source() is None:
        return False
    at, pdf = timezone.now(), files.get(document.sealed_sha256)
    collected = pdf_longterm.collect(pdf, trust=pki.trust(), at=at, fetch=pki.fetch)
    made = evidence.sealed_outgoing(document, at, collected, timestamp_required=True)
    found = evidence_file.check(made, trust=pki.trust(), at=timezone.now() + SAME_SECOND)
    seal = found.seal
    if found.verdict is not signing.Verdict.VALID or seal is None:
        return False  # nothing is proved yet; asked again
    if seal.best_kind != PoeKind.SIGNATURE_TIMESTAMP or seal.best_at is None:
        return False
    document.evidence_sha256, document.evidence_at = files.put(made).sha256, at
    document.stamped_at = document.stamped_at or seal.best_at
    document.save(update_fields=["evidence_sha256", "evidence_at", "stamped_at"])
    journal.record(
        organization_id=document.organization_id,
        act="documents.evidence_kept",
        subject=document.journal_subject,
        facts={"evidence_sha256": document.evidence_sha256},
    )
    return True


def _codes(document: IncomingDocument) -> set[str]:
    sender = directory.find(document.sender_code)
    return {document.sender_code} | (parties.agency_codes(sender) if sender else set())


def _judge_again(document: IncomingDocument, report: signing.DocumentReport) -> None:
    """What could not be decided at arrival is decided now, while the clerk has not acted yet."""
    before = (document.report.get("document") or {}).get("verdict")
    if document.state != IncomingState.ARRIVED or before != signing.Verdict.UNKNOWN.value:
        return
    document.report = {**document.report, "document": report.to_json()}
    if report.verdict is signing.Verdict.VALID:
        document.legal_value = LegalValue.EQUIVALENT
