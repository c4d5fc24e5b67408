"""Time-stamps added later to what was signed while the authority was away (SG 5.1)."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from lienthong.apps.documents.common.stamps import stamped_at
from lienthong.apps.documents.models import OutgoingDocument
from lienthong.apps.documents.outgoing import checks
from lienthong.apps.documents.rules.outgoing import OutgoingState
from lienthong.apps.files import api as files
from lienthong.apps.journal import api as journal
from lienthong.apps.pki import api as pki
from lienthong.core import signing
from lienthong.core.signing import pdf_longterm


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
