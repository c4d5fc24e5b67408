"""Time-stamps and validation data of our documents: at the signature, or later by a job.

A person signs B-T, the agency's signature is completed to B-LT (SG 5.1). Where no time-stamp could
be had the document stays B-B, is marked, and gets one later: in the file while it lies here, beside
it once it was sent (`keeping.keep_sent`).
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from lienthong.apps.documents import checks
from lienthong.apps.documents.models import OutgoingDocument
from lienthong.apps.documents.rules import OutgoingState
from lienthong.apps.files import api as files
from lienthong.apps.journal import api as journal
from lienthong.apps.pki import api as pki
from lienthong.core import signing
from lienthong.core.signing import pdf_longterm
from lienthong.core.signing.poe import PoeKind

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
    found = pdf_longterm.collect(pdf, trust=pki.trust(), at=at, fetch=pki.fetch)
    return pdf_longterm.add_validation_data(pdf, found) if found else pdf


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
