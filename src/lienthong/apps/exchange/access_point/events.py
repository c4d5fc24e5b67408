"""News of the access point for the contexts above it. `run/wiring.py` names who answers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PacketArrived:
    """A document packet is stored here and its signature has been checked."""

    organization_id: int
    inbound_id: int


@dataclass(frozen=True, slots=True)
class StatusArrived:
    """A status packet is stored here."""

    organization_id: int
    inbound_id: int


@dataclass(frozen=True, slots=True)
class PacketReceipted:
    """The axis has taken in a packet of ours and proved it."""

    organization_id: int
    outbound_id: int
    correlation: str
    hub_packet_id: str


@dataclass(frozen=True, slots=True)
class PacketRefused:
    """The axis refused a packet of ours for good."""

    organization_id: int
    outbound_id: int
    correlation: str
    code: str
    text: str
