"""Writes of the access point. One function is one transaction; all are safe to repeat."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from lienthong.apps.directory import api as directory
from lienthong.apps.files import api as files
from lienthong.apps.outbox import api as outbox
from lienthong.apps.pki import api as pki
from lienthong.client import Accepted, Delivery
from lienthong.core import edxml, signing

from .events import PacketArrived, PacketReceipted, PacketRefused, StatusArrived
from .models import HubLink, Inbound, Outbound
from .rules import SEND_LEASE_S, InboundState, Kind, OutboundState, retry_after

CHANNEL = "access_point_outbound"

_UNDER_WAY = [OutboundState.QUEUED, OutboundState.SENDING]


def queue_packet(
    *, organization: directory.Organization, packet: edxml.Packet, correlation: str
) -> Outbound:
    """Encode, sign and queue a packet in the caller's transaction.

    It leaves when that transaction has committed. `correlation` names what it is about; the events
    of this packet bring it back. Raises StorageFull, and what the encoder and the key refuse.
    """
    now = timezone.now()
    raw = edxml.encode(packet)
    signature = signing.sign_detached(raw, signer=pki.service_signer(organization.pk), at=now)
    stored = files.put(raw)
    return _queue(organization, packet, stored.sha256, signature, correlation)


def _queue(
    organization: directory.Organization,
    packet: edxml.Packet,
    sha256: str,
    signature: bytes,
    correlation: str,
) -> Outbound:
    if isinstance(packet, edxml.StatusPacket):
        kind, urgency, document_id = Kind.STATUS, 0, packet.response_for.document_id
    else:
        kind, urgency, document_id = Kind.EDOC, int(packet.urgency), packet.document_id
    with transaction.atomic():
        outbound = Outbound.objects.create(
            organization=organization,
            kind=kind,
            urgency=urgency,
            document_id=document_id,
            correlation=correlation,
            packet_sha256=sha256,
            signature=signature,
            next_at=timezone.now(),
        )
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_notify(%s, '')", [CHANNEL])
    return outbound


def queue_file(*, organization: directory.Organization, path: Path, correlation: str) -> Outbound:
    """Queue a document packet that lies encoded in a file of its own; the file is then gone.

    For packets too large for memory; else as `queue_packet`. Raises PacketInvalid for no packet.
    """
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    largest = edxml.Limits(
        packet_bytes=settings.LARGE_PACKET_SIZE_MAX_BYTES,
        attachment_bytes=settings.LARGE_PACKET_SIZE_MAX_BYTES,
        decoded_bytes=settings.LARGE_PACKET_SIZE_MAX_BYTES,
    )
    reading = edxml.read_file(path, limits=largest)
    if reading.packet is None:
        raise edxml.PacketInvalid(reading.findings)
    signer = pki.service_signer(organization.pk)
    digest = signing.SHA256Digest(bytes.fromhex(sha256))
    signature = signing.sign_detached(digest, signer=signer, at=timezone.now())
    files.take(path, sha256)
    return _queue(organization, reading.packet, sha256, signature, correlation)


@transaction.atomic
def claim_outbound(limit: int) -> list[Outbound]:
    """Take packets that are due, urgent ones first, for the time of one try.

    Packets about one document leave in the order in which they were queued.
    """
    now = timezone.now()
    before = Outbound.objects.filter(
        organization=OuterRef("organization"),
        document_id=OuterRef("document_id"),
        id__lt=OuterRef("id"),
        state__in=_UNDER_WAY,
    )
    due = (
        Outbound.objects.select_for_update(skip_locked=True, of=("self",))
        .filter(~Exists(before), state__in=_UNDER_WAY, next_at__lte=now)
        .order_by("-urgency", "id")[:limit]
    )
    claimed = list(due)
    for outbound in claimed:
        outbound.state = OutboundState.SENDING
        outbound.attempts += 1
        outbound.next_at = now + timedelta(seconds=SEND_LEASE_S)
    Outbound.objects.bulk_update(claimed, ["state", "attempts", "next_at"])
    return claimed


def release_outbound() -> int:
    """Queue again what an earlier process of this node was sending when it ended."""
    return Outbound.objects.filter(state=OutboundState.SENDING).update(
        state=OutboundState.QUEUED, next_at=timezone.now()
    )


def hurry_outbound() -> int:
    """The axis is back: what waits because of its absence is due now."""
    waiting = Q(state=OutboundState.QUEUED, next_at__gt=timezone.now(), attempts__gt=0)
    return Outbound.objects.filter(waiting).update(next_at=timezone.now())


@transaction.atomic
def note_accepted(outbound_id: int, answer: Accepted) -> None:
    """The axis has the packet, and its receipt was verified. Tell who asked."""
    outbound = Outbound.objects.select_for_update().get(pk=outbound_id)
    if outbound.state in {OutboundState.ACCEPTED, OutboundState.REFUSED}:
        return
    outbound.state = OutboundState.ACCEPTED
    outbound.accepted_at = timezone.now()
    outbound.hub_packet_id = UUID(answer["packet_id"])
    outbound.receipt = answer
    outbound.problem = None
    outbound.save(update_fields=["state", "accepted_at", "hub_packet_id", "receipt", "problem"])
    outbox.publish(
        PacketReceipted(
            organization_id=outbound.organization_id,
            outbound_id=outbound.pk,
            correlation=outbound.correlation,
            hub_packet_id=str(outbound.hub_packet_id),
        )
    )


@transaction.atomic
def note_refused(outbound_id: int, problem: dict[str, Any]) -> None:
    """The axis refused the packet for good. Tell who asked."""
    outbound = Outbound.objects.select_for_update().get(pk=outbound_id)
    if outbound.state in {OutboundState.ACCEPTED, OutboundState.REFUSED}:
        return
    outbound.state = OutboundState.REFUSED
    outbound.problem = problem
    outbound.save(update_fields=["state", "problem"])
    outbox.publish(
        PacketRefused(
            organization_id=outbound.organization_id,
            outbound_id=outbound.pk,
            correlation=outbound.correlation,
            code=str(problem.get("code", "")),
            text=str(problem.get("text", "")),
        )
    )


def note_delay(outbound: Outbound, problem: dict[str, Any]) -> None:
    """The packet could not be handed over now; it is tried again."""
    Outbound.objects.filter(pk=outbound.pk, state=OutboundState.SENDING).update(
        state=OutboundState.QUEUED,
        problem=problem,
        next_at=timezone.now() + retry_after(outbound.attempts),
    )


@transaction.atomic
def store_arrival(
    *,
    organization: directory.Organization,
    delivery: Delivery,
    signature: bytes,
    report: signing.SignatureReport,
) -> Inbound:
    """Keep a packet and tell the contexts above, once; a second call finds the first row.

    Its bytes are in the file store already.
    """
    inbound, is_new = Inbound.objects.get_or_create(
        hub_packet_id=UUID(delivery["packet_id"]),
        organization=organization,
        defaults={
            "delivery_id": UUID(delivery["delivery_id"]),
            "kind": delivery["kind"],
            "urgency": delivery["urgency"],
            "sender_code": delivery["sender"],
            "recipient_code": delivery["recipient"],
            "packet_sha256": delivery["sha256"],
            "signature": signature,
            "report": report.to_json(),
            "received_at": timezone.now(),
        },
    )
    if is_new:
        arrived = StatusArrived if inbound.kind == Kind.STATUS else PacketArrived
        outbox.publish(arrived(organization_id=organization.pk, inbound_id=inbound.pk))
    return inbound


def note_acknowledged(inbound: Inbound, acknowledgement: str) -> None:
    """The axis has our signed acknowledgement."""
    Inbound.objects.filter(pk=inbound.pk, state=InboundState.STORED).update(
        state=InboundState.ACKED,
        acknowledged_at=timezone.now(),
        acknowledgement=acknowledgement,
    )


def note_hub(
    *, reachable: bool, clock_offset_s: float | None = None, problem: dict[str, Any] | None = None
) -> bool:
    """Remember what was seen of the axis. True when it came back after an absence."""
    values: dict[str, Any] = {"reachable": reachable, "problem": problem}
    if reachable:
        values["last_seen_at"] = timezone.now()
    if clock_offset_s is not None:
        values["clock_offset_s"] = clock_offset_s
    with transaction.atomic():
        before = HubLink.objects.select_for_update().filter(pk=1).first()
        HubLink.objects.update_or_create(pk=1, defaults=values)
    return reachable and before is not None and not before.reachable
