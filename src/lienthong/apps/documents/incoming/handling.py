"""What the receiving agency does with a document: accept or refuse, assign, work, finish.

Every step is one transaction with its journal entry and its status to the sender (DX-28).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from lienthong.apps.accounts import api as accounts
from lienthong.apps.accounts.api import Actor, Seat
from lienthong.apps.documents.common import deadlines, numbering
from lienthong.apps.documents.common.text import bounded
from lienthong.apps.documents.dossiers import keeping as filing
from lienthong.apps.documents.incoming import policy
from lienthong.apps.documents.incoming.reporting import report_status
from lienthong.apps.documents.models import IncomingDocument, Support
from lienthong.apps.documents.problems import (
    DocumentNotFound,
    DueInPast,
    FieldMissing,
    SeatUnsuitable,
)
from lienthong.apps.documents.rules import number_text
from lienthong.apps.documents.rules.incoming import (
    STATUS_OF,
    IncomingMove,
    IncomingState,
    RefusalReason,
    after_incoming,
)
from lienthong.apps.journal import api as journal

TEXT_MAX = 500
DIRECTIVE_MAX = 2000
NOTE_MAX = 2000


@transaction.atomic
def accept(
    actor: Actor, document: IncomingDocument, *, at: datetime | None = None
) -> IncomingDocument:
    """Register the document: it gets its arrival number (DX-23), the sender status 03."""
    at = at or timezone.now()
    document = locked(document)
    accounts.check(actor, "documents.accept", document)
    document.state = after_incoming(IncomingState(document.state), IncomingMove.ACCEPT)
    on = timezone.localdate(at)
    document.arrival_number = numbering.take(document.organization_id, numbering.Series.ARRIVAL, on)
    document.registered_at = at
    document.save(update_fields=["state", "arrival_number", "registered_at"])
    told = f"Số đến {number_text(document.arrival_number)}, ngày {on:%d/%m/%Y}"
    _done(actor, document, "documents.registered", {"arrival": document.arrival_number}, told)
    return document


@transaction.atomic
def refuse(
    actor: Actor, document: IncomingDocument, reason_code: str, text: str
) -> IncomingDocument:
    """Send the document back with a reason of the closed list and a text (DX-21, status 02)."""
    document = locked(document)
    accounts.check(actor, "documents.refuse", document)
    document.state = after_incoming(IncomingState(document.state), IncomingMove.REFUSE)
    if reason_code not in RefusalReason.values:
        raise FieldMissing(field="lý do từ chối")
    document.refusal_reason = reason_code
    document.refusal_text = bounded(text, "giải thích lý do từ chối", TEXT_MAX)
    document.save(update_fields=["state", "refusal_reason", "refusal_text"])
    told = f"{RefusalReason(reason_code).label}: {document.refusal_text}"
    _done(actor, document, "documents.refused", {"reason": reason_code, "text": text}, told)
    return document


@transaction.atomic
def assign(  # noqa: PLR0917  the fields of a direction, in the order of the form
    actor: Actor,
    document: IncomingDocument,
    lead_seat_id: int,
    supporting_seat_ids: Sequence[int] = (),
    directive: str = "",
    due_on: date | None = None,
) -> IncomingDocument:
    """Give the document to exactly one lead, with supporters, a directive and a deadline (DX-26).

    Without `due_on` the sender's deadline holds, if it gave one. Raises SeatUnsuitable, DueInPast.
    """
    document = locked(document)
    accounts.check(actor, "documents.assign", document)
    document.state = after_incoming(IncomingState(document.state), IncomingMove.ASSIGN)
    if due_on is not None and due_on < timezone.localdate():
        raise DueInPast(due_on=f"{due_on:%d/%m/%Y}")
    document.lead = _worker(document, lead_seat_id, "người chủ trì")
    document.directive = bounded(directive, "ý kiến chỉ đạo", DIRECTIVE_MAX, required=False)
    settle_on = due_on or document.due_on
    document.due_at = deadlines.settle_by(settle_on) if settle_on else None
    document.assigned_at = timezone.now()
    document.save(update_fields=["state", "lead", "directive", "due_at", "assigned_at"])
    document.supports.all().delete()
    for seat_id in dict.fromkeys(supporting_seat_ids):
        if seat_id != lead_seat_id:
            seat = _worker(document, seat_id, "người phối hợp")
            Support.objects.create(
                organization_id=document.organization_id, document=document, seat=seat
            )
    facts = {
        "lead_seat": lead_seat_id,
        "supporting_seats": list(supporting_seat_ids),
        "directive": document.directive,
        "due_at": document.due_at.isoformat() if document.due_at else None,
    }
    unit = document.lead.unit
    _done(actor, document, "documents.assigned", facts, unit.name if unit else "")
    return document


@transaction.atomic
def start_work(actor: Actor, document: IncomingDocument) -> IncomingDocument:
    """The lead begins (status 05)."""
    document = locked(document)
    accounts.check(actor, "documents.work", document)
    document.state = after_incoming(IncomingState(document.state), IncomingMove.START)
    document.started_at = timezone.now()
    document.save(update_fields=["state", "started_at"])
    _done(actor, document, "documents.started", {}, "")
    return document


@transaction.atomic
def finish(
    actor: Actor,
    document: IncomingDocument,
    note: str,
    dossier_id: int | None = None,
    dossier_title: str = "",
) -> IncomingDocument:
    """Close the work with a note and file the document in a dossier (DX-76, status 06).

    The dossier is an open one of the actor's unit, or a new one with `dossier_title` (DX-75).
    """
    document = locked(document)
    accounts.check(actor, "documents.work", document)
    document.state = after_incoming(IncomingState(document.state), IncomingMove.FINISH)
    document.result_note = bounded(note, "kết quả xử lý", NOTE_MAX)
    document.dossier = filing.file_finished(actor, document, dossier_id, dossier_title)
    document.completed_at = timezone.now()
    document.save(update_fields=["state", "result_note", "dossier", "completed_at"])
    facts = {"note": document.result_note, "dossier": document.dossier.code}
    _done(actor, document, "documents.finished", facts, "")
    return document


def locked(document: IncomingDocument) -> IncomingDocument:
    """Return the row as it is now, locked until the transaction ends. Raises DocumentNotFound."""
    found = (
        IncomingDocument.objects.select_for_update(of=("self",))
        .select_related("organization__parent")
        .filter(pk=document.pk)
        .first()
    )
    if found is None:
        raise DocumentNotFound
    return found


def _done(
    actor: Actor, document: IncomingDocument, act: str, facts: Mapping[str, Any], told: str
) -> None:
    """Journal the act and tell the sender the status of the state that was reached."""
    journal.record(
        organization_id=document.organization_id,
        act=act,
        subject=document.journal_subject,
        actor=actor,
        facts=facts,
    )
    status = STATUS_OF[IncomingState(document.state)]
    report_status(document, status, description=told, actor=actor)


def _worker(document: IncomingDocument, seat_id: int, purpose: str) -> Seat:
    seats = accounts.seats(document.organization_id)
    seat = seats.filter(pk=seat_id, role__in=policy.WORKERS).first()
    if seat is None:
        raise SeatUnsuitable(purpose=purpose)
    return seat
