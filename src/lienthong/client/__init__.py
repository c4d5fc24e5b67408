"""A client of the axis's native door, for software of agencies: signed requests, typed answers.

`HubClient` sends packets, fetches and acknowledges deliveries; `check_receipt` tells whether the
axis's answer proves that a packet was taken in. Synchronous; one client may serve several threads.
Packets are written by `lienthong.core.edxml`, keys are those of `lienthong.core.signing`.
"""

from lienthong.client.answers import Accepted, Delivery, LogProof, PacketState, RecipientState
from lienthong.client.hub import Fetched, HubClient
from lienthong.client.problems import (
    HubRefused,
    HubUnreachable,
    PacketDamaged,
    ReceiptNotTrusted,
)
from lienthong.client.receipts import check_receipt

__all__ = [
    "Accepted",
    "Delivery",
    "Fetched",
    "HubClient",
    "HubRefused",
    "HubUnreachable",
    "LogProof",
    "PacketDamaged",
    "PacketState",
    "ReceiptNotTrusted",
    "RecipientState",
    "check_receipt",
]
