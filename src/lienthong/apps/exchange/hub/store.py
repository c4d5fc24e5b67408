"""The rows of the axis. The only module of the hot path that knows the database.

Two pools: one that commits durably, for what is acknowledged; one that does not wait for the disk,
for hand-outs whose loss only means that they are done again.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

import orjson
import psycopg
from psycopg import errors
from psycopg.rows import TupleRow
from psycopg_pool import ConnectionPool, PoolTimeout

from lienthong.core import tlog

from .entries import PACKET_FACTS, entry_of_packet
from .ledger import Head, Ledger, ReadTile, Step
from .log_rows import Genuine, anchor, entries, write_step
from .problems import DocumentIdUsed, HubStorageFull, HubStoreFailed
from .rules import LOG_NAME, DeliveryState, new_id
from .segments import Place

Connection = psycopg.Connection[TupleRow]

STATEMENT_TIMEOUT_MS = 15_000
CONNECT_WITHIN_S = 10.0


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
    warnings: str
    checks: str
    recipients: tuple[str, ...]
    entry: bytes = field(init=False)

    def __post_init__(self) -> None:
        facts = [str(self.id), *(getattr(self, name) for name in PACKET_FACTS[1:])]
        entry = entry_of_packet(
            facts,
            signature=self.signature,
            received_at=self.received_at,
            receipt=self.receipt,
            warnings=orjson.loads(self.warnings),
            checks=orjson.loads(self.checks),
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
    """Who sent a document and who gets it."""

    sender: str
    recipients: frozenset[str]


_PACKET_COLUMNS = (
    ("id", "uuid"),
    ("agency_code", "text"),
    ("node_id", "text"),
    ("kind", "text"),
    ("business", "int2"),
    ("sha256", "text"),
    ("size", "int8"),
    ("segment", "int4"),
    ("position", "int8"),
    ("signature", "bytea"),
    ("door", "text"),
    ("document_id", "text"),
    ("document_key", "text"),
    ("number_key", "text"),
    ("reference", "text"),
    ("status_code", "text"),
    ("urgency", "int2"),
    ("received_at", "timestamptz"),
    ("receipt", "text"),
    ("warnings", "jsonb"),
    ("checks", "jsonb"),
    ("leaf_index", "int8"),
)
_INSERT_PACKETS = (
    f"INSERT INTO hub_packet ({', '.join(name for name, _ in _PACKET_COLUMNS)})"  # noqa: S608 constants
    f" SELECT * FROM unnest({', '.join(f'%s::{kind}[]' for _, kind in _PACKET_COLUMNS)})"
    " ON CONFLICT DO NOTHING RETURNING id"
)
_INSERT_DELIVERIES = (
    "INSERT INTO hub_delivery (id, packet_id, agency_code, sender_code, urgency, state, attempts,"
    " queued_at, next_at, acknowledgement) SELECT d.id, d.packet_id, d.agency_code, d.sender_code,"
    " d.urgency, 'QUEUED', 0, d.at, d.at, ''"
    " FROM unnest(%s::uuid[], %s::uuid[], %s::text[], %s::text[], %s::int2[], %s::timestamptz[])"
    " AS d (id, packet_id, agency_code, sender_code, urgency, at)"
)
_SELECT_PACKET = (
    "SELECT p.id, p.agency_code, p.node_id, p.kind, p.sha256, p.size, p.segment, p.position,"
    " p.signature, p.document_id, p.received_at, p.receipt, p.warnings, p.leaf_index,"
    " ARRAY(SELECT d.agency_code || ' ' || d.state FROM hub_delivery d WHERE d.packet_id = p.id"
    " ORDER BY d.id) FROM hub_packet p WHERE "
)


class _Refused(Exception):  # noqa: N818  named for the fact; never leaves this module
    """Some packets of a group stand against rows that are there."""

    def __init__(self, packets: list[NewPacket]) -> None:
        super().__init__(len(packets))
        self.packets = packets


class Store:
    """The database of the hub. Every method blocks; call them in a thread."""

    def __init__(self, conninfo: str, *, pool_max: int = 6) -> None:
        def durable(connection: Connection) -> None:
            _configure(connection, "on")

        def relaxed(connection: Connection) -> None:
            _configure(connection, "off")

        arguments: dict[str, Any] = {
            "min_size": 1,
            "open": False,
            "timeout": CONNECT_WITHIN_S,
            "check": ConnectionPool.check_connection,
        }
        self._durable = ConnectionPool(conninfo, configure=durable, max_size=3, **arguments)
        self._relaxed = ConnectionPool(conninfo, configure=relaxed, max_size=pool_max, **arguments)

    def open(self) -> None:
        self._durable.open(wait=True)
        self._relaxed.open(wait=True)

    def close(self) -> None:
        self._durable.close()
        self._relaxed.close()

    # -- taking in ------------------------------------------------------------------------------

    def keep(self, packets: Sequence[NewPacket], ledger: Ledger) -> Batch:
        """Keep a batch: packets, deliveries, leaves and the new head, in one transaction.

        A packet whose bytes are known already, or whose document id is used, is answered from the
        rows that are there; the unique constraints decide, so two senders at once cannot both win.
        Raises HubStorageFull, HubStoreFailed, psycopg.DataError; then nothing of the batch is kept.
        """
        outcomes: dict[uuid.UUID, Outcome] = {}
        step: Step | None = None
        groups = [list(packets)]
        with self._connection(self._durable) as connection:
            while groups:
                group = groups.pop(0)
                refused, grown = self._try(connection, group, ledger, outcomes)
                step = grown or step
                for packet in refused:
                    if (found := self._conflict(connection, packet)) is not None:
                        outcomes[packet.id] = found
                again = [each for each in refused if each.id not in outcomes]
                if again == group:  # the one that stood in its way has gone meanwhile
                    raise HubStoreFailed
                if refused and len(refused) < len(group):
                    groups.append([each for each in group if each not in refused])
                # Of two equal packets in a batch the second finds nothing until the first is in.
                groups.extend([each] for each in again)
        return Batch([outcomes[each.id] for each in packets], step)

    def _try(
        self,
        connection: Connection,
        packets: Sequence[NewPacket],
        ledger: Ledger,
        outcomes: dict[uuid.UUID, Outcome],
    ) -> tuple[list[NewPacket], Step | None]:
        """Insert the group whole, or nothing of it; return those that stood in the way."""
        try:
            with connection.transaction():
                step = self._insert(connection, packets, ledger)
        except _Refused as error:
            return error.packets, None
        ledger.keep(step)
        for index, packet in enumerate(packets, step.before):
            outcomes[packet.id] = Kept(packet, index)
        return [], step

    def _insert(self, connection: Connection, packets: Sequence[NewPacket], ledger: Ledger) -> Step:
        """The statements of one transaction. Raises _Refused, which undoes it."""
        head = connection.execute(
            "SELECT size FROM hub_log_head WHERE name = %s FOR UPDATE", [LOG_NAME]
        ).fetchone()
        size = int(head[0]) if head else self._first_head(connection)
        new = {row[0] for row in connection.execute(_INSERT_PACKETS, _columns(packets, size))}
        if len(new) < len(packets):
            raise _Refused([each for each in packets if each.id not in new])
        connection.execute(_INSERT_DELIVERIES, _deliveries(packets))
        leaves = [tlog.leaf_hash(each.entry) for each in packets]
        step = ledger.grow(size, leaves, _reader(connection))
        write_step(connection, step)
        return step

    def _first_head(self, connection: Connection) -> int:
        connection.execute(
            "INSERT INTO hub_log_head (name, size, root, checkpoint) VALUES (%s, 0, '', '')"
            " ON CONFLICT DO NOTHING",
            [LOG_NAME],
        )
        row = connection.execute(
            "SELECT size FROM hub_log_head WHERE name = %s FOR UPDATE", [LOG_NAME]
        ).fetchone()
        return int(row[0]) if row else 0

    def _conflict(
        self, connection: Connection, packet: NewPacket
    ) -> StoredPacket | DocumentIdUsed | None:
        same = self._one(
            connection, "p.agency_code = %s AND p.sha256 = %s", packet.agency_code, packet.sha256
        )
        if same is not None:
            return same
        used = connection.execute(
            "SELECT 1 FROM hub_packet WHERE agency_code = %s"
            " AND (document_key = %s OR number_key = %s) LIMIT 1",
            [packet.agency_code, packet.document_key, packet.number_key],
        ).fetchone()
        return DocumentIdUsed(document_id=packet.document_id) if used else None

    # -- reading --------------------------------------------------------------------------------

    def find_same(self, node_id: str, sha256: str) -> StoredPacket | None:
        """The packet with these bytes that this node sent before."""
        return self._find("p.node_id = %s AND p.sha256 = %s", node_id, sha256)

    def find(self, packet_id: uuid.UUID, codes: Sequence[str]) -> StoredPacket | None:
        """The packet, when one of the agencies sent it or gets it."""
        return self._find(
            "p.id = %s AND (p.agency_code = ANY(%s) OR EXISTS (SELECT 1 FROM hub_delivery d"
            " WHERE d.packet_id = p.id AND d.agency_code = ANY(%s)))",
            packet_id,
            list(codes),
            list(codes),
        )

    def of_delivery(self, delivery_id: uuid.UUID, codes: Sequence[str]) -> StoredPacket | None:
        """The packet of a delivery to one of the agencies."""
        return self._find(
            "p.id = (SELECT d.packet_id FROM hub_delivery d"
            " WHERE d.id = %s AND d.agency_code = ANY(%s))",
            delivery_id,
            list(codes),
        )

    def recipient_of(self, delivery_id: uuid.UUID) -> str:
        """The agency a delivery is for, or an empty text."""
        with self._connection(self._relaxed) as connection:
            row = connection.execute(
                "SELECT agency_code FROM hub_delivery WHERE id = %s", [delivery_id]
            ).fetchone()
        return str(row[0]) if row else ""

    def parties(self, document_id: str) -> Parties | None:
        """Who sent the document and who gets it, over all packets that carried it."""
        with self._connection(self._relaxed) as connection:
            rows = connection.execute(
                "SELECT p.agency_code, d.agency_code FROM hub_packet p"
                " JOIN hub_delivery d ON d.packet_id = p.id"
                " WHERE p.document_id = %s AND p.kind = 'edoc'",
                [document_id],
            ).fetchall()
        return Parties(rows[0][0], frozenset(row[1] for row in rows)) if rows else None

    def head(self, ledger: Ledger) -> Head:
        """The newest checkpoint."""
        with self._connection(self._relaxed) as connection:
            row = connection.execute(
                "SELECT size, root, checkpoint FROM hub_log_head WHERE name = %s", [LOG_NAME]
            ).fetchone()
        if row is None or not row[0]:
            return ledger.empty()
        return Head(int(row[0]), bytes(row[1]), str(row[2]))

    def tile(self, level: int, index: int) -> bytes:
        """The hashes of a tile, as many as there are."""
        with self._connection(self._relaxed) as connection:
            return _reader(connection)(level, index)

    def entries(self, first: int, count: int) -> list[bytes]:
        """The entries of the log from `first` on, as the rows say today."""
        with self._connection(self._relaxed) as connection:
            return entries(connection, first, count)

    def anchor(self, ledger: Ledger, is_genuine: Genuine) -> int:
        """Let acknowledged deliveries enter the log; how many did."""
        with self._connection(self._durable) as connection:
            return anchor(connection, ledger, is_genuine)

    # -- handing out ----------------------------------------------------------------------------

    def acknowledge(self, delivery_id: uuid.UUID, receipt: str) -> str:
        """Mark a delivery delivered; the first acknowledgement stays. Return the one kept."""
        with self._connection(self._durable) as connection:
            connection.execute(
                "UPDATE hub_delivery SET state = %s, delivered_at = now(), acknowledgement = %s"
                " WHERE id = %s AND state NOT IN ('DELIVERED', 'WITHDRAWN')",
                [DeliveryState.DELIVERED, receipt, delivery_id],
            )
            row = connection.execute(
                "SELECT acknowledgement FROM hub_delivery WHERE id = %s", [delivery_id]
            ).fetchone()
        return str(row[0]) if row else ""

    def backlog(self) -> Mapping[str, int]:
        """How much waits, for the metrics: deliveries under way, and those given up on."""
        with self._connection(self._relaxed) as connection:
            row = connection.execute(
                "SELECT (SELECT count(*) FROM hub_delivery WHERE state IN ('QUEUED', 'FETCHED')),"
                " (SELECT count(*) FROM hub_delivery WHERE state IN ('FAILED', 'DEAD'))"
            ).fetchone()
        waiting, dead = row or (0, 0)
        return {"waiting": int(waiting), "dead_letters": int(dead)}

    # -- for the other door ---------------------------------------------------------------------

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection for reads and for hand-outs that may be done again."""
        with self._connection(self._relaxed) as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A connection whose commits are on disk when they return."""
        with self._connection(self._durable) as connection:
            yield connection

    # -- nodes and refusals ---------------------------------------------------------------------

    def nodes(self) -> list[NodeRow]:
        """The active nodes and their agencies."""
        with self._connection(self._relaxed) as connection:
            rows = connection.execute(
                "SELECT n.node_id, n.name, n.certificate, ARRAY(SELECT o.agency_code FROM"
                " hub_node_organization o WHERE o.node_id = n.node_id), n.door, n.sealed_secret,"
                " n.profile, n.fresh_time FROM hub_node n WHERE n.active"
            ).fetchall()
        return [
            NodeRow(row[0], row[1], row[2], tuple(row[3]), row[4], bytes(row[5]), row[6], row[7])
            for row in rows
        ]

    def touch(self, seen: Mapping[str, datetime]) -> None:
        """Note when each node was last heard of."""
        with self._connection(self._relaxed) as connection:
            connection.execute(
                "UPDATE hub_node n SET last_seen_at = s.at"
                " FROM unnest(%s::text[], %s::timestamptz[]) AS s (node_id, at)"
                " WHERE n.node_id = s.node_id",
                [list(seen), list(seen.values())],
            )

    def note_refusal(
        self, *, node_id: str, agency_code: str, code: str, text: str, sha256: str
    ) -> None:
        """Remember that a packet was refused, for the operator. Never its content (V-29)."""
        with self._connection(self._relaxed) as connection:
            connection.execute(
                "INSERT INTO hub_refusal (at, node_id, agency_code, code, text, sha256)"
                " VALUES (now(), %s, %s, %s, %s, %s)",
                [node_id, agency_code, code, text, sha256],
            )

    # -- inside ---------------------------------------------------------------------------------

    @contextmanager
    def _connection(self, pool: ConnectionPool) -> Iterator[Connection]:
        """A connection of the pool; what the database says about itself becomes a Problem."""
        try:
            with pool.connection() as connection:
                yield connection
        except errors.DiskFull as error:
            raise HubStorageFull from error
        except (psycopg.OperationalError, PoolTimeout) as error:
            raise HubStoreFailed from error

    def _find(self, where: str, *values: Any) -> StoredPacket | None:
        with self._connection(self._relaxed) as connection:
            return self._one(connection, where, *values)

    def _one(self, connection: Connection, where: str, *values: Any) -> StoredPacket | None:
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
            recipients=tuple(
                (code, state) for code, _, state in (s.partition(" ") for s in states)
            ),
        )


def _configure(connection: Connection, synchronous_commit: str) -> None:
    connection.autocommit = True
    connection.execute(
        "SELECT set_config('synchronous_commit', %s, false),"
        " set_config('statement_timeout', %s, false)",
        [synchronous_commit, str(STATEMENT_TIMEOUT_MS)],
    )


def _reader(connection: Connection) -> ReadTile:
    def read(level: int, index: int) -> bytes:
        row = connection.execute(
            "SELECT hashes FROM hub_tile WHERE level = %s AND number = %s",
            [level, index],
            binary=True,
        ).fetchone()
        return bytes(row[0]) if row else b""

    return read


def _columns(packets: Sequence[NewPacket], size: int) -> list[list[Any]]:
    rows = [
        (
            *(each.id, each.agency_code, each.node_id, each.kind, each.business, each.sha256),
            *(each.size, each.place.segment, each.place.position, each.signature),
            *(each.door, each.document_id, each.document_key, each.number_key, each.reference),
            *(each.status_code, each.urgency, each.received_at, each.receipt),
            *(each.warnings, each.checks, index),
        )
        for index, each in enumerate(packets, size)
    ]
    return [list(column) for column in zip(*rows, strict=True)]


def _deliveries(packets: Sequence[NewPacket]) -> list[list[Any]]:
    rows = [
        (new_id(), each.id, code, each.agency_code, each.urgency, each.received_at)
        for each in packets
        for code in each.recipients
    ]
    return [list(column) for column in zip(*rows, strict=True)]
