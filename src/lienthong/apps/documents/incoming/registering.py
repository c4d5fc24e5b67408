"""The clerk's part: accept or refuse what arrived, submit it to who decides (D30 Art. 21–23)."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from lienthong.apps.accounts import api as accounts
from lienthong.apps.accounts.api import Actor
from lienthong.apps.documents.common import numbering
from lienthong.apps.documents.common.text import bounded
from lienthong.apps.documents.incoming import policy, telling
from lienthong.apps.documents.incoming.acting import TEXT_MAX, done, locked, suitable
from lienthong.apps.documents.models import IncomingDocument
from lienthong.apps.documents.problems import FieldMissing
from lienthong.apps.documents.rules import number_text
from lienthong.apps.documents.rules.follow_up import Stage
from lienthong.apps.documents.rules.incoming import (
    IncomingMove,
    IncomingState,
    RefusalReason,
    after_incoming,
)


@transaction.atomic
def accept(
    actor: Actor, document: IncomingDocument, *, at: datetime | None = None
) -> IncomingDocument:
    """Register the document: it gets its arrival number (DX-23), the sender status 03."""
    at = at or timezone.now()
    document = locked(document)
    accounts.check(actor, "documents.accept", document)
    document.state = after_incoming(IncomingState(document.state), IncomingMove.ACCEPT)
    enter_in_register(document, at)
    document.save(update_fields=["state", "arrival_number", "registered_at", "reminded"])
    number = number_text(document.arrival_number or 0)
    told = f"Số đến {number}, ngày {timezone.localdate(at):%d/%m/%Y}"
    done(actor, document, "documents.registered", {"arrival": document.arrival_number}, told)
    return document


def enter_in_register(document: IncomingDocument, at: datetime) -> None:
    """Give the next number of the one series for paper and electronic documents (DX-23)."""
    on = timezone.localdate(at)
    document.arrival_number = numbering.take(document.organization_id, numbering.Series.ARRIVAL, on)
    document.registered_at = at
    document.reminded = Stage.QUIET


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
    facts = {"reason": reason_code, "text": document.refusal_text}
    done(actor, document, "documents.refused", facts, told)
    return document


@transaction.atomic
def submit(
    actor: Actor, document: IncomingDocument, seat_id: int, note: str = ""
) -> IncomingDocument:
    """Put the document before a leader, or before the head of the unit in charge (DX-25)."""
    document = locked(document)
    accounts.check(actor, "documents.submit_incoming", document)
    document.state = after_incoming(IncomingState(document.state), IncomingMove.SUBMIT)
    organization_id = document.organization_id
    (seat,) = suitable(organization_id, [seat_id], policy.DIRECTORS, "người được trình")
    document.submitted_to = seat
    document.submitted_at = timezone.now()
    document.reminded = Stage.QUIET
    document.save(update_fields=["state", "submitted_to", "submitted_at", "reminded"])
    note = bounded(note, "ý kiến trình", TEXT_MAX, required=False)
    facts = {"to": seat.person.full_name, "note": note}
    done(actor, document, "documents.submitted_to_leader", facts)
    telling.submitted(document, seat)
    return document
