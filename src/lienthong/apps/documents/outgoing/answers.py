"""What the axis and the recipients answer to our documents. All safe to repeat.

The handlers run in the node's worker. Each sees the rows of its own organization only.
"""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.utils import timezone

from lienthong.apps.accounts import api as accounts
from lienthong.apps.directory import api as directory
from lienthong.apps.documents.models import OutgoingDocument, OutgoingRecipient, StatusEntry
from lienthong.apps.documents.outgoing import recalling
from lienthong.apps.documents.rules import delivery
from lienthong.apps.documents.rules.delivery import Delivery
from lienthong.apps.documents.rules.outgoing import OutgoingMove, OutgoingState, after_outgoing
from lienthong.apps.exchange.access_point import api as access_point
from lienthong.apps.journal import api as journal
from lienthong.core import edxml


def take_status(event: access_point.StatusArrived) -> None:
    """Note a status of one of our documents; it moves the delivery forward only (§9.1)."""
    with accounts.scope(event.organization_id), transaction.atomic():
        if StatusEntry.objects.filter(inbound_id=event.inbound_id).exists():
            return
        received = access_point.inbound(event.inbound_id)
        packet = received.packet
        if not isinstance(packet, edxml.StatusPacket):
            raise TypeError(f"inbound {event.inbound_id} is no status packet")
        row = _recipient_of(event.organization_id, packet)
        if row is None:
            _note(event, "documents.status_unmatched", f"inbound:{event.inbound_id}", packet)
            return
        moved = _move(row, packet)
        StatusEntry.objects.create(
            organization_id=event.organization_id,
            recipient=row,
            inbound_id=event.inbound_id,
            status=packet.status.value or packet.status_text[:10],
            description=packet.description[:500],
            reported_at=packet.at,
            received_at=received.received_at,
            moved=moved.moved,
            warning=moved.warning[:200],
        )
        _note(event, "documents.status_received", row.document.journal_subject, packet)


def take_receipt(event: access_point.PacketReceipted) -> None:
    """Note that the axis took our packet. A receipt of a status packet needs no note here."""
    with accounts.scope(event.organization_id), transaction.atomic():
        if recalling.request_of(event.correlation) is not None:
            return  # the recipients answer for themselves
        document = _outgoing_of(event.correlation)
        if document is None or str(document.hub_packet_id) == event.hub_packet_id:
            return
        document.hub_packet_id = UUID(event.hub_packet_id)
        document.receipted_at = timezone.now()
        document.refusal = None
        document.save(update_fields=["hub_packet_id", "receipted_at", "refusal"])
        journal.record(
            organization_id=event.organization_id,
            act="documents.receipted",
            subject=document.journal_subject,
            actor=None,
            facts={"hub_packet_id": event.hub_packet_id},
        )


def take_refusal(event: access_point.PacketRefused) -> None:
    """The axis took nothing: the document goes back to the clerk with the reason.

    For a status packet the refusal is noted with the incoming document.
    """
    with accounts.scope(event.organization_id), transaction.atomic():
        refusal = {"code": event.code, "text": event.text}
        recall = recalling.request_of(event.correlation)
        if recall is not None:
            recalling.refused_by_axis(recall, refusal)
            return
        document = _outgoing_of(event.correlation)
        if document is None:
            subject = ":".join(event.correlation.split(":")[:2])
            act = "documents.status_refused"
            if any(entry.act == act for entry in journal.history(subject)):
                return
        else:
            subject, act = document.journal_subject, "documents.dispatch_refused"
            if document.outbound_id != event.outbound_id or (
                document.state != OutgoingState.DISPATCHED
            ):
                return
            document.state = after_outgoing(OutgoingState.DISPATCHED, OutgoingMove.BOUNCE)
            document.refusal = refusal
            document.save(update_fields=["state", "refusal"])
        journal.record(
            organization_id=event.organization_id,
            act=act,
            subject=subject,
            actor=None,
            facts=refusal,
        )


def _recipient_of(organization_id: int, packet: edxml.StatusPacket) -> OutgoingRecipient | None:
    """Find the delivery that a status speaks of, by document id, else by reference (§3.2)."""
    sender = directory.find(packet.sender.code)
    if sender is None:
        return None
    mine = OutgoingRecipient.objects.select_for_update(of=("self",)).select_related("document")
    mine = mine.filter(organization_id=organization_id, recipient=sender)
    answer = packet.response_for
    if answer.document_id:
        found = mine.filter(document__document_id=answer.document_id).first()
        if found is not None:
            return found
    number, _, notation = answer.reference.partition("/")
    if not number.isdecimal() or answer.promulgated_on is None:
        return None
    return mine.filter(
        document__number=int(number),
        document__notation=notation,
        document__issued_on__year=answer.promulgated_on.year,
    ).first()


def _move(row: OutgoingRecipient, packet: edxml.StatusPacket) -> delivery.Step:
    before = Delivery(row.delivery_before) if row.delivery_before else None
    progress = delivery.Progress(Delivery(row.delivery), before)
    if packet.status is edxml.StatusCode.UNKNOWN:
        return delivery.Step(
            progress, moved=False, warning=f"Mã trạng thái lạ: {packet.status_text}"
        )
    step = delivery.take_status(progress, packet.status)
    if step.moved:
        row.delivery = step.progress.state
        row.delivery_before = step.progress.before or ""
        row.status = packet.status
        row.status_at = packet.at
        row.save(update_fields=["delivery", "delivery_before", "status", "status_at"])
    return step


def _outgoing_of(correlation: str) -> OutgoingDocument | None:
    kind, _, key = correlation.partition(":")
    if kind != "outgoing":
        return None
    return OutgoingDocument.objects.select_for_update().filter(pk=key).first()


def _note(
    event: access_point.StatusArrived, act: str, subject: str, packet: edxml.StatusPacket
) -> None:
    journal.record(
        organization_id=event.organization_id,
        act=act,
        subject=subject,
        actor=None,
        facts={
            "status": packet.status.value or packet.status_text,
            "from": packet.sender.code,
            "document_id": packet.response_for.document_id,
        },
    )
