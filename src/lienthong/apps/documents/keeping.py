"""Evidence of what arrives, kept beside it (SG-E-02 to SG-E-06).

What could not be decided when it came is asked again, and is never taken for valid (SG-V-10).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from lienthong.apps.directory import api as directory
from lienthong.apps.documents import checks, evidence
from lienthong.apps.documents.models import IncomingDocument
from lienthong.apps.documents.rules import IncomingState, LegalValue
from lienthong.apps.files import api as files
from lienthong.apps.journal import api as journal
from lienthong.apps.pki import api as pki
from lienthong.core import signing
from lienthong.core.signing import pdf_longterm

ASKED_AGAIN_FOR = timedelta(days=7)


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
