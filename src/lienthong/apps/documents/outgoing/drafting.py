"""Drafts: write, change, submit, approve, return. And the words of a draft."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from lienthong.apps.accounts import api as accounts
from lienthong.apps.accounts.api import Actor, Role, Seat
from lienthong.apps.directory import api as directory
from lienthong.apps.documents.common import typeset
from lienthong.apps.documents.common.text import bounded
from lienthong.apps.documents.models import OutgoingDocument, OutgoingRecipient
from lienthong.apps.documents.outgoing import decree_30, packets, policy, versions
from lienthong.apps.documents.outgoing.words import document_type, letter_of
from lienthong.apps.documents.problems import (
    DocumentNotFound,
    DueInPast,
    FieldMissing,
    RecipientUnavailable,
    ReviewerIsDrafter,
    SeatUnsuitable,
    SecrecyMarked,
    UrgencyUnknown,
)
from lienthong.apps.documents.rules import UrgencyLevel
from lienthong.apps.documents.rules.outgoing import (
    OutgoingMove,
    OutgoingState,
    Source,
    after_outgoing,
)
from lienthong.apps.files import api as files
from lienthong.apps.journal import api as journal
from lienthong.core import edxml, signing

SUBJECT_MAX = 500
REASON_MAX = 500
FIELD_MAX = 1000


class Unset(Enum):
    """For a field that may be emptied: "not given" is not the same as "none"."""

    UNSET = "unset"


UNSET = Unset.UNSET


@dataclass(frozen=True, slots=True)
class Header:
    """What a draft says about itself, whichever way its text came."""

    type_code: int
    subject: str
    urgency: int
    recipients: Sequence[int]
    due_on: date | None
    signatory_seat_id: int
    reviewer_seat_id: int


@transaction.atomic
def draft_from_form(
    actor: Actor,
    *,
    type_code: int,
    subject: str,
    urgency: int,
    recipients: Sequence[int],
    form: Mapping[str, Any],
    due_on: date | None = None,
    signatory_seat_id: int,
    reviewer_seat_id: int,
    ticket: UUID | None = None,
) -> OutgoingDocument:
    """Begin a document from the form of Decree 30.

    ticket: the id it is to have; sent twice (a double click) it makes one document.

    form: "addressee" (empty: the recipients' names), "body" (one paragraph a line), "places" and
    "bases" (lists of lines). Raises FieldMissing and the other problems of a draft's header.
    """
    header = Header(
        type_code, subject, urgency, recipients, due_on, signatory_seat_id, reviewer_seat_id
    )
    document = _begin(actor, header, Source.FORM, ticket)
    document.form = _clean_form(document.type_code, form)
    return _same(actor, document, recipients) or _finish_draft(
        actor, document, recipients, "documents.drafted"
    )


@transaction.atomic
def draft_from_pdf(
    actor: Actor,
    *,
    pdf: bytes,
    filename: str,
    type_code: int,
    subject: str,
    urgency: int,
    recipients: Sequence[int],
    due_on: date | None = None,
    signatory_seat_id: int,
    reviewer_seat_id: int,
    ticket: UUID | None = None,
) -> OutgoingDocument:
    """Begin a document from a finished PDF. Raises signing.Pdf… when it cannot be signed."""
    header = Header(
        type_code, subject, urgency, recipients, due_on, signatory_seat_id, reviewer_seat_id
    )
    document = _begin(actor, header, Source.UPLOAD, ticket)
    _take_pdf(document, pdf, filename)
    document.draft_sha256 = hashlib.sha256(pdf).hexdigest()
    return _same(actor, document, recipients) or _finish_draft(
        actor, document, recipients, "documents.drafted", pdf
    )


def preview(
    actor: Actor, *, recipients: Sequence[int], form: Mapping[str, Any], **header: Any
) -> typeset.Typeset:
    """How the document would look, as `draft_from_form` takes it. Nothing is kept."""
    document = _begin(actor, Header(recipients=recipients, **header), Source.FORM)
    document.form = _clean_form(document.type_code, form)
    names = [directory.get(recipient).name for recipient in recipients]
    return typeset.render_form(letter_of(document, names))


@transaction.atomic
def update_draft(
    actor: Actor,
    document: OutgoingDocument,
    *,
    type_code: int | None = None,
    subject: str | None = None,
    urgency: int | None = None,
    recipients: Sequence[int] | None = None,
    form: Mapping[str, Any] | None = None,
    pdf: bytes | None = None,
    filename: str = "",
    due_on: date | Unset | None = UNSET,
    signatory_seat_id: int | None = None,
    reviewer_seat_id: int | None = None,
    seen: int | None = None,
) -> OutgoingDocument:
    """Change one's own draft; what is not given stays. A `form` or a `pdf` replaces the text.

    `due_on` None takes the deadline away. seen: the version that the person changed; raises
    DraftChanged when another was saved since.
    """
    document = locked(document)
    accounts.check(actor, "documents.draft", document)
    after_outgoing(OutgoingState(document.state), OutgoingMove.EDIT)
    versions.check_seen(document, seen)
    kept = list(document.recipients.values_list("recipient_id", flat=True))
    header = Header(
        document.type_code if type_code is None else type_code,
        document.subject if subject is None else subject,
        document.urgency if urgency is None else urgency,
        kept if recipients is None else recipients,
        document.due_on if isinstance(due_on, Unset) else due_on,
        signatory_seat_id or document.signatory_id,
        reviewer_seat_id or document.reviewer_id,
    )
    _apply(document, header)
    if pdf is not None:
        document.source = Source.UPLOAD
        _take_pdf(document, pdf, filename)
    elif form is not None:
        document.source = Source.FORM
        document.form = _clean_form(document.type_code, form)
    return _finish_draft(actor, document, header.recipients, "documents.draft_changed", pdf)


@transaction.atomic
def restore(actor: Actor, document: OutgoingDocument, number: int) -> OutgoingDocument:
    """Make the draft what its version `number` was, as a new version. Raises VersionNotFound."""
    found = versions.version(document, number)
    old = found.content
    is_upload = old["source"] == Source.UPLOAD
    names = ("addressee", "body", "places", "bases", "fields")
    return update_draft(
        actor,
        document,
        type_code=old["type_code"],
        subject=old["subject"],
        urgency=old["urgency"],
        recipients=old["recipients"],
        due_on=date.fromisoformat(old["due_on"]) if old["due_on"] else None,
        signatory_seat_id=old["signatory"],
        reviewer_seat_id=old["reviewer"],
        pdf=files.get(found.draft_sha256) if is_upload else None,
        filename=old["filename"],
        form=None if is_upload else {name: old[name] for name in names if name in old},
    )


def locked(document: OutgoingDocument) -> OutgoingDocument:
    """Return the row as it is now, locked until the transaction ends. Raises DocumentNotFound."""
    found = (
        OutgoingDocument.objects.select_for_update(of=("self",))
        .select_related(
            "organization__parent",
            "drafter__unit",
            "drafter__person",
            "signatory__person",
            "reviewer__person",
        )
        .filter(pk=document.pk)
        .first()
    )
    if found is None:
        raise DocumentNotFound
    return found


def record(
    actor: Actor | None, document: OutgoingDocument, act: str, facts: Mapping[str, Any]
) -> None:
    """Write the act to the journal, in the caller's transaction (TM-A-01)."""
    journal.record(
        organization_id=document.organization_id,
        act=act,
        subject=document.journal_subject,
        actor=actor,
        facts=facts,
    )


def check_secrecy(packet: edxml.DocumentPacket) -> None:
    """Raise SecrecyMarked when the packet bears a mark of state secrecy (DX-02, V-29).

    A mark counts in a field, in a file's name, and as a stamp on the first page of a PDF.
    """
    pdfs = [one.data for one in packet.attachments if one.content_type == "application/pdf"]
    marks = edxml.secrecy_marks(packet, tuple(map(typeset.first_page_text, pdfs)))
    if marks:
        raise SecrecyMarked(mark=marks[0].mark)


def _begin(
    actor: Actor, header: Header, source: Source, ticket: UUID | None = None
) -> OutgoingDocument:
    accounts.check(actor, "documents.draft")
    drafter = accounts.seats(actor.organization_id).get(pk=actor.seat_id)
    document = OutgoingDocument(
        organization=directory.get(actor.organization_id), drafter=drafter, source=source
    )
    if ticket is not None:
        document.pk = ticket
    _apply(document, header)
    return document


def _same(
    actor: Actor, document: OutgoingDocument, recipients: Sequence[int]
) -> OutgoingDocument | None:
    """The draft that this very form made already; None when it is new.

    Waits for a save under the same ticket that has just begun. Raises DraftChanged when the page of
    a saved draft was gone back to and sent with other words: they are not lost in silence.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"draft:{document.pk}"]
        )
    made = OutgoingDocument.objects.filter(pk=document.pk, drafter_id=actor.seat_id).first()
    if made is None:
        return None
    kept = list(made.recipients.values_list("recipient_id", flat=True))
    if versions.content_of(made, kept) != versions.content_of(document, recipients):
        raise versions.changed_since(made, made.version)
    return made


def _apply(document: OutgoingDocument, header: Header) -> None:
    """Check the header and put it on the document."""
    document.type_code = header.type_code
    # "Quyết định (cá biệt)" is written "Quyết định" on the document.
    document.type_name = document_type(header.type_code).name.partition("(")[0].strip()
    document.subject = bounded(" ".join(header.subject.split()), "trích yếu", SUBJECT_MAX)
    if header.urgency not in UrgencyLevel.values:
        raise UrgencyUnknown(urgency=header.urgency)
    document.urgency = header.urgency
    if header.due_on and header.due_on < timezone.localdate():
        raise DueInPast(due_on=f"{header.due_on:%d/%m/%Y}")
    document.due_on = header.due_on
    organization_id = document.organization_id
    document.signatory = _seat(
        organization_id, header.signatory_seat_id, policy.SIGNATORIES, "người ký"
    )
    document.reviewer = _seat(
        organization_id, header.reviewer_seat_id, policy.REVIEWERS, "người duyệt"
    )
    if document.reviewer.person_id == document.drafter.person_id:
        raise ReviewerIsDrafter
    _check_recipients(organization_id, header.recipients)


def _seat(organization_id: int, seat_id: int, roles: frozenset[Role], purpose: str) -> Seat:
    seat = accounts.seats(organization_id).filter(pk=seat_id, role__in=roles).first()
    if seat is None:
        raise SeatUnsuitable(purpose=purpose)
    return seat


def _check_recipients(organization_id: int, recipients: Sequence[int]) -> None:
    if not recipients:
        raise FieldMissing(field="nơi nhận")
    for recipient_id in recipients:
        recipient = directory.get(recipient_id)
        reason = (
            "đó là chính cơ quan gửi"
            if recipient.pk == organization_id
            else "đã bị khóa trên trục"
            if recipient.locked
            else "đã ngừng hoạt động"
            if not recipient.active
            else ""
        )
        if reason:
            raise RecipientUnavailable(recipient=recipient.name, reason=reason)


def _clean_form(type_code: int, form: Mapping[str, Any]) -> dict[str, Any]:
    """Keep the fields of the type's form, as lines of text."""
    body = str(form.get("body", "")).strip()
    given = form.get("fields", {})
    fields = {
        field.name: bounded(
            str(given.get(field.name, "")),
            field.label.lower(),
            FIELD_MAX,
            required=field.required and "fields" in form,
        )
        for field in decree_30.template(type_code).fields
    }
    if not body and not any(fields.values()):
        raise FieldMissing(field="nội dung văn bản")
    return {
        "addressee": str(form.get("addressee", "")).strip(),
        "body": body,
        "places": _lines(form.get("places", ())),
        "bases": _lines(form.get("bases", ())),
        "fields": fields,
    }


def _lines(value: str | Sequence[str]) -> list[str]:
    lines = value.splitlines() if isinstance(value, str) else [str(line) for line in value]
    return [line.strip() for line in lines if line.strip()]


def _take_pdf(document: OutgoingDocument, pdf: bytes, filename: str) -> None:
    """Check that the PDF can carry the signatures. It is kept when the draft is finished."""
    facts = signing.check_unsigned_pdf(pdf, max_bytes=settings.DOCUMENT_SIZE_MAX_BYTES)
    person, agency = typeset.boxes_on_last_page(pdf)
    # What cannot be prepared now could not be signed later, so the person hears it now.
    signing.prepare_pdf(pdf, person=person, agency=agency, title=document.subject)
    document.page_amount = facts.pages
    document.filename = filename.replace("\\", "/").rsplit("/", 1)[-1][-255:]
    document.form = {}


def _finish_draft(
    actor: Actor,
    document: OutgoingDocument,
    recipients: Sequence[int],
    act: str,
    pdf: bytes | None = None,
) -> OutgoingDocument:
    """Write rows, check the secrecy marks, keep the file (the one given, else the preview of the
    form, else the one before), and record the act."""
    document.save()
    document.recipients.all().delete()
    OutgoingRecipient.objects.bulk_create(
        OutgoingRecipient(
            organization_id=document.organization_id,
            document=document,
            position=position,
            recipient_id=recipient_id,
        )
        for position, recipient_id in enumerate(dict.fromkeys(recipients), start=1)
    )
    if document.source == Source.FORM:
        made = typeset.render_form(letter_of(document))
        pdf, document.page_amount = made.pdf, made.pages
    elif pdf is None:
        pdf = files.get(document.draft_sha256)
    check_secrecy(packets.packet_of(document, pdf=pdf))
    document.draft_sha256 = files.put(pdf).sha256  # only now: what is secret is not kept (V-29)
    document.version += 1
    document.save(update_fields=["draft_sha256", "page_amount", "version"])
    versions.keep(actor, document, recipients)
    record(
        actor,
        document,
        act,
        {"draft_sha256": document.draft_sha256, "type": document.type_code},
    )
    return document
