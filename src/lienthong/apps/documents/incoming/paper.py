"""Documents that come on paper: scanned, and registered in the same series (DX-23, D30 Art. 22)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from lienthong.apps.accounts import api as accounts
from lienthong.apps.accounts.api import Actor
from lienthong.apps.directory import api as directory
from lienthong.apps.documents.common import deadlines
from lienthong.apps.documents.common.text import bounded
from lienthong.apps.documents.incoming import scans
from lienthong.apps.documents.incoming.acting import TEXT_MAX, record
from lienthong.apps.documents.incoming.queries import duplicates_of
from lienthong.apps.documents.incoming.registering import enter_in_register
from lienthong.apps.documents.models import IncomingAttachment, IncomingDocument
from lienthong.apps.documents.problems import DateInFuture, DatesOutOfOrder, UrgencyUnknown
from lienthong.apps.documents.rules import LegalValue, UrgencyLevel
from lienthong.apps.documents.rules.incoming import IncomingState, Medium
from lienthong.apps.files import api as files


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """What the clerk reads off the paper. `sender_code` is empty for senders without a code."""

    sender_name: str
    number: str
    notation: str
    issued_on: date
    type_name: str
    subject: str
    sender_code: str = ""
    signer_name: str = ""
    signer_position: str = ""
    urgency: int = 0
    arrived_on: date | None = None
    due_on: date | None = None


@transaction.atomic
def register_paper(actor: Actor, paper: Paper, *, pdf: bytes, filename: str) -> IncomingDocument:
    """Keep the scan and give the paper its arrival number, in one go.

    The paper stays the original: a scan only informs. Raises DateInFuture, DatesOutOfOrder,
    UrgencyUnknown, FieldMissing, and signing.Pdf… when the file is no PDF that can be shown.
    """
    accounts.check(actor, "documents.register_paper")
    now, today = timezone.now(), timezone.localdate()
    arrived_on = paper.arrived_on or today
    _check_days(paper, arrived_on, today)
    if paper.urgency not in UrgencyLevel.values:
        raise UrgencyUnknown(urgency=paper.urgency)
    found = scans.check(pdf, max_bytes=settings.DOCUMENT_SIZE_MAX_BYTES)
    arrived_at = now if arrived_on == today else deadlines.calendar().opening(arrived_on)
    document = IncomingDocument(
        organization=directory.get(actor.organization_id),
        state=IncomingState.REGISTERED,
        medium=Medium.PAPER,
        sender_code=bounded(paper.sender_code, "mã cơ quan gửi", 35, required=False),
        sender_name=bounded(paper.sender_name, "cơ quan gửi", 200),
        number=bounded(paper.number, "số", 20),
        notation=bounded(paper.notation, "ký hiệu", 30),
        issued_on=paper.issued_on,
        type_name=bounded(paper.type_name, "loại văn bản", 100),
        subject=bounded(" ".join(paper.subject.split()), "trích yếu", TEXT_MAX),
        urgency=paper.urgency,
        due_on=paper.due_on,
        signer_name=bounded(paper.signer_name, "người ký", 100, required=False),
        signer_position=bounded(paper.signer_position, "chức vụ người ký", 200, required=False),
        page_amount=found.pages,
        pdf_sha256=files.put(pdf).sha256,
        report={"scan": found.to_json(), "checked_at": now.isoformat()},
        legal_value=LegalValue.INFORMATION_ONLY,
        arrived_at=arrived_at,
        register_by=deadlines.register_by(arrived_at, is_urgent=paper.urgency > 0),
    )
    document.duplicate_of = duplicates_of(document).order_by("arrived_at").first()
    enter_in_register(document, now)
    document.save()
    IncomingAttachment.objects.create(
        organization_id=document.organization_id,
        document=document,
        position=1,
        name=filename.replace("\\", "/").rsplit("/", 1)[-1][-255:] or "ban-quet.pdf",
        content_type="application/pdf",
        sha256=document.pdf_sha256,
        size=len(pdf),
    )
    facts = {"arrival": document.arrival_number, "pdf_sha256": document.pdf_sha256}
    record(actor, document, "documents.paper_registered", facts)
    return document


def _check_days(paper: Paper, arrived_on: date, today: date) -> None:
    for field, on in (("Ngày văn bản", paper.issued_on), ("Ngày đến", arrived_on)):
        if on > today:
            raise DateInFuture(field=field, on=f"{on:%d/%m/%Y}")
    if arrived_on < paper.issued_on:
        raise DatesOutOfOrder(
            arrived_on=f"{arrived_on:%d/%m/%Y}", issued_on=f"{paper.issued_on:%d/%m/%Y}"
        )
