"""What other contexts use of the access point."""

from .actions import queue_file, queue_packet
from .events import PacketArrived, PacketReceipted, PacketRefused, StatusArrived
from .models import Inbound, Outbound
from .queries import (
    HubState,
    ReceivedPacket,
    hub_state,
    inbound,
    outbound,
    outbound_bytes,
    receipt,
)
from .rules import InboundState, OutboundState

__all__ = [
    "HubState",
    "Inbound",
    "InboundState",
    "Outbound",
    "OutboundState",
    "PacketArrived",
    "PacketReceipted",
    "PacketRefused",
    "ReceivedPacket",
    "StatusArrived",
    "hub_state",
    "inbound",
    "outbound",
    "outbound_bytes",
    "queue_file",
    "queue_packet",
    "receipt",
]
