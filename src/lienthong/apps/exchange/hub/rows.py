"""What a packet's rows hold, as they are written and as they are read again."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

import psycopg
from psycopg.rows import TupleRow

from .entries import PACKET_FACTS, entry_of_packet
from .ledger import Step
from .problems import DocumentIdUsed
from .segments import Place

Connection = psycopg.Connection[TupleRow]

_SELECT_PACKET = (
    "SELECT p.id, p.agency_code, p.node_id, p.kind, p.sha256, p.size, p.segment, p.position,"
    " p.signature, p.document_id, p.received_at, p.receipt, p.warnings, p.leaf_index,"
    " ARRAY(SELECT d.agency_code || ' ' || d.state FROM hub_delivery d WHERE d.packet_id = p.id"
    " ORDER BY d.id) FROM hub_packet p WHERE "
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPacket:
    """A checked packet, durable in a segment, ready for its rows."""

    id: uuid.UUID
    agency_code: str
    node_id: str
    kind: str
    business: int
    sha256: str
    size: int
    place: Place
    signature: bytes
    door: str
    document_id: str
    document_key: str | None
    number_key: str | None
    reference: str
    status_code: str
    urgency: int
    received_at: datetime
    receipt: str
    warnings: Any
    checks: Any
    recipients: tuple[str, ...]
    entry: bytes = field(init=False)

    def __post_init__(self) -> None:
        facts = [str(self.id), *(getattr(self, name) for name in PACKET_FACTS[1:])]
        entry = entry_of_packet(
            facts,
            signature=self.signature,
            received_at=self.received_at,
            receipt=self.receipt,
            warnings=self.warnings,
            checks=self.checks,
            recipients=self.recipients,
        )
        object.__setattr__(self, "entry", entry)


@dataclass(frozen=True, slots=True)
class StoredPacket:
    """A packet as the answer to its sender needs it."""

    id: uuid.UUID
    agency_code: str
    node_id: str
    kind: str
    sha256: str
    size: int
    place: Place
    signature: bytes
    document_id: str
    received_at: datetime
    receipt: str
    warnings: Any
    leaf_index: int
    recipients: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Kept:
    """A packet that is now ours."""

    packet: NewPacket
    leaf_index: int


Outcome = Kept | StoredPacket | DocumentIdUsed


@dataclass(frozen=True, slots=True)
class Batch:
    """What became of a batch. `step` is None when nothing new entered the log."""

    outcomes: list[Outcome]
    step: Step | None


@dataclass(frozen=True, slots=True)
class NodeRow:
    node_id: str
    name: str
    certificate: str
    codes: tuple[str, ...]
    door: str = "native"
    sealed_secret: bytes = b""
    profile: str = ""
    fresh_time: bool = False


@dataclass(frozen=True, slots=True)
class Parties:
    """Who sent a document, who gets it, and where it stands there by the statuses so far."""

    sender: str
    recipients: frozenset[str]
    states: Mapping[str, str] = field(default_factory=dict)


def find_one(connection: Connection, where: str, *values: Any) -> StoredPacket | None:
    """The first packet that `where` holds for, an SQL condition over hub_packet p."""
    query = cast("Any", _SELECT_PACKET + where + " ORDER BY p.id LIMIT 1")
    row = connection.execute(query, values).fetchone()
    if row is None:
        return None
    (packet_id, agency, node, kind, sha256, size, segment, position) = row[:8]
    (signature, document_id, received_at, receipt, warnings, leaf_index, states) = row[8:]
    return StoredPacket(
        id=packet_id,
        agency_code=agency,
        node_id=node,
        kind=kind,
        sha256=sha256,
        size=size,
        place=Place(segment, position),
        signature=bytes(signature),
        document_id=document_id,
        received_at=received_at,
        receipt=receipt,
        warnings=warnings,
        leaf_index=leaf_index,
        recipients=tuple((code, state) for code, _, state in (s.partition(" ") for s in states)),
    )
