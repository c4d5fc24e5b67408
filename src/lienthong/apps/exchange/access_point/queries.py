"""Reads of the access point. Row security shows only the organizations in scope."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Min

from lienthong.apps.files import api as files
from lienthong.core import edxml, signing

from .models import HubLink, Inbound, Outbound
from .problems import PacketNotReadable
from .rules import OutboundState


@dataclass(frozen=True, slots=True)
class ReceivedPacket:
    """A packet that came in, as the contexts above see it."""

    raw: bytes
    packet: edxml.Packet
    packet_report: signing.SignatureReport
    received_at: datetime
    sender_code: str
    hub_packet_id: UUID
    signature: bytes = b""  # detached, over `raw`


@dataclass(frozen=True, slots=True)
class HubState:
    """The road to the axis, as last seen, and what waits for it."""

    reachable: bool
    last_seen: datetime | None
    clock_offset_s: float | None
    queued: int
    oldest: datetime | None
    problem: dict[str, Any] | None


def inbound(inbound_id: int) -> ReceivedPacket:
    """A stored packet, read again from its bytes. Raises PacketNotReadable, FileDamaged."""
    row = Inbound.objects.get(pk=inbound_id)
    raw = files.get(row.packet_sha256)
    reading = edxml.read(raw, profile=edxml.Profile.COMPAT)
    if reading.packet is None:
        raise PacketNotReadable
    return ReceivedPacket(
        raw=raw,
        packet=reading.packet,
        packet_report=signing.SignatureReport.from_json(row.report),
        received_at=row.received_at,
        sender_code=row.sender_code,
        hub_packet_id=row.hub_packet_id,
        signature=bytes(row.signature),
    )


def outbound(outbound_id: int) -> Outbound:
    """A packet on its way out."""
    return Outbound.objects.get(pk=outbound_id)


def outbound_bytes(outbound_id: int) -> bytes:
    """The packet as it was, or will be, sent."""
    return files.get(Outbound.objects.get(pk=outbound_id).packet_sha256)


def receipt(outbound_id: int) -> dict[str, Any] | None:
    """The answer of the axis with its receipt and proof, None until there is one."""
    return Outbound.objects.get(pk=outbound_id).receipt


def hub_state() -> HubState:
    """What this node last knew of the axis. `queued` counts the organizations in scope."""
    link = HubLink.objects.filter(pk=1).first() or HubLink()
    waiting = Outbound.objects.filter(state__in=[OutboundState.QUEUED, OutboundState.SENDING])
    return HubState(
        reachable=link.reachable,
        last_seen=link.last_seen_at,
        clock_offset_s=link.clock_offset_s,
        queued=waiting.count(),
        oldest=waiting.aggregate(oldest=Min("queued_at"))["oldest"],
        problem=link.problem,
    )
