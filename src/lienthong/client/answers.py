"""The axis's answers as they are on the wire (`/openapi.json` of a running hub)."""

from __future__ import annotations

from typing import Any, Literal, TypedDict

DeliveryState = Literal["QUEUED", "FETCHED", "DELIVERED", "FAILED", "DEAD", "WITHDRAWN"]


class RecipientState(TypedDict):
    """How far the packet is on its way to one agency."""

    code: str
    state: DeliveryState


class LogProof(TypedDict):
    """Where a receipt's entry stands in the log: the leaf's index in a tree of `size` leaves.

    proof: base64 hashes, leaf to root. checkpoint: a signed note (C2SP tlog-checkpoint).
    """

    index: int
    size: int
    proof: list[str]
    checkpoint: str


class Accepted(TypedDict):
    """A packet is durable. `received_at` is ISO 8601; `receipt` a compact JWS (SG 5.4)."""

    packet_id: str
    sha256: str
    received_at: str
    recipients: list[RecipientState]
    warnings: list[dict[str, Any]]
    receipt: str
    log: LogProof


class PacketState(TypedDict):
    """What the sender may know of a packet later."""

    packet_id: str
    sha256: str
    received_at: str
    recipients: list[RecipientState]


class Delivery(TypedDict):
    """A packet that waits for one agency of this node."""

    delivery_id: str
    packet_id: str
    sha256: str
    size: int
    kind: str
    sender: str
    recipient: str
    urgency: int
    received_at: str


ByteRange = TypedDict("ByteRange", {"from": int, "to": int})
"""Bytes of a packet, from `from` to before `to`."""


class UploadState(TypedDict):
    """How far a packet that comes in chunks is."""

    sha256: str
    size: int
    chunk_bytes: int
    missing: list[ByteRange]
    expires_at: str
