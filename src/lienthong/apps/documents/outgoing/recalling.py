"""Ask a document back, from all who got it or from one (DX-36), and hear what the axis says.

A recall is a packet of its own. Whether a recipient gave the document back is told by its status 15
or 16, which `answers.take_status` takes as any other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from lienthong.apps.accounts import api as accounts
from lienthong.apps.accounts.api import Actor
from lienthong.apps.documents.common import deadlines
from lienthong.apps.documents.common.parties import organization_of
from lienthong.apps.documents.common.text import bounded
from lienthong.apps.documents.models import OutgoingDocument, OutgoingRecipient, RecallRequest
from lienthong.apps.documents.outgoing import packets
from lienthong.apps.documents.outgoing.drafting import REASON_MAX, locked, record
from lienthong.apps.documents.problems import FieldMissing, RecallNotPossible
from lienthong.apps.documents.rules import delivery
from lienthong.apps.documents.rules.delivery import Delivery
from lienthong.apps.documents.rules.outgoing import OutgoingMove, OutgoingState, after_outgoing
from lienthong.apps.exchange.access_point import api as access_point
from lienthong.core import edxml

MARK = "recall"


@transaction.atomic
def recall(
    actor: Actor,
    document: OutgoingDocument,
    recipients: Sequence[int],
    reason: str,
    *,
    at: datetime | None = None,
) -> RecallRequest:
    """Queue the recall to these recipients (ids of organizations) and mark their deliveries.

    Raises FieldMissing without recipient or reason, RecallNotPossible for one who never got it,
    refused it, or was asked already; then nobody is asked.
    """
    at = at or timezone.now()
    document = locked(document)
    accounts.check(actor, "documents.recall", document)
    after_outgoing(OutgoingState(document.state), OutgoingMove.RECALL)
    request = RecallRequest.objects.create(
        organization_id=document.organization_id,
        document=document,
        reason=bounded(reason, "lý do thu hồi", REASON_MAX),
        asked_by_id=actor.seat_id,
        asked_at=at,
        answer_by=deadlines.answer_by(at),
    )
    rows = _asked(document, recipients, request)
    outbound = access_point.queue_packet(
        organization=document.organization,
        packet=_packet(document, rows, request, actor),
        correlation=f"{document.journal_subject}:{MARK}:{request.pk}",
    )
    request.outbound_id = outbound.pk
    request.save(update_fields=["outbound_id"])
    codes = [row.recipient.code for row in rows]
    record(actor, document, "documents.recalled", {"reason": request.reason, "recipients": codes})
    return request


def recallable(document: OutgoingDocument) -> list[OutgoingRecipient]:
    """The recipients that may still be asked."""
    rows = document.recipients.select_related("recipient")
    return [row for row in rows if delivery.request_recall(_progress(row)).moved]


def request_of(correlation: str) -> RecallRequest | None:
    """The recall that a packet of ours carried, locked; None for any other packet."""
    kind, _, rest = correlation.partition(":")
    _document, _, tail = rest.partition(":")
    mark, _, key = tail.partition(":")
    if kind != "outgoing" or mark != MARK or not key.isdecimal():
        return None
    found = RecallRequest.objects.select_for_update(of=("self",)).select_related("document")
    return found.filter(pk=int(key)).first()


def refused_by_axis(request: RecallRequest, refusal: dict[str, str]) -> None:
    """The axis did not take the recall: the deliveries are what they were. Safe to repeat."""
    if request.refusal is not None:
        return
    request.refusal = refusal
    request.save(update_fields=["refusal"])
    for row in request.recipients.select_for_update():
        if row.delivery == Delivery.RECALL_PENDING:
            row.delivery, row.delivery_before = row.delivery_before, ""
            row.save(update_fields=["delivery", "delivery_before"])
    record(None, request.document, "documents.recall_refused", refusal)


def _asked(
    document: OutgoingDocument, recipients: Sequence[int], request: RecallRequest
) -> list[OutgoingRecipient]:
    wanted = set(recipients)
    rows = [
        row
        for row in document.recipients.select_for_update(of=("self",))
        .select_related("recipient__parent")
        .prefetch_related("recipient__codes")
        if row.recipient_id in wanted
    ]
    if not rows or len(rows) != len(wanted):
        raise FieldMissing(field="nơi nhận cần thu hồi")
    for row in rows:
        step = delivery.request_recall(_progress(row))
        if not step.moved:
            state = str(Delivery(row.delivery).label)
            raise RecallNotPossible(recipient=row.recipient.name, state=state)
        row.delivery = step.progress.state
        row.delivery_before = step.progress.before or ""
        row.recall = request
        row.save(update_fields=["delivery", "delivery_before", "recall"])
    return rows


def _progress(row: OutgoingRecipient) -> delivery.Progress:
    before = Delivery(row.delivery_before) if row.delivery_before else None
    return delivery.Progress(Delivery(row.delivery), before)


def _packet(
    document: OutgoingDocument,
    rows: Sequence[OutgoingRecipient],
    request: RecallRequest,
    actor: Actor,
) -> edxml.DocumentPacket:
    """The recall as the exchange wants it: the document's own facts, without its files."""
    whole = packets.packet_of(document, pdf=b"", at=request.asked_at, clerk=actor)
    business = edxml.Business(
        kind=edxml.BusinessKind.RECALL,
        reason=request.reason,
        document_id=document.document_id,
        staff=whole.business.staff,
    )
    receivers = tuple(organization_of(row.recipient) for row in rows)
    return replace(whole, receivers=receivers, attachments=(), business=business)
