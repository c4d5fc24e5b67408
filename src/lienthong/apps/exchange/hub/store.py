"""The rows of the axis. The only module of the hot path that knows the database.

Two pools: one that commits durably, for what is acknowledged; one that does not wait for the disk,
for hand-outs whose loss only means that they are done again.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from time import monotonic
from typing import Any
from weakref import WeakKeyDictionary

import psycopg
from psycopg import errors
from psycopg_pool import ConnectionPool, PoolTimeout

from .keeping import Keeper
from .ledger import Head, Ledger
from .log_rows import Genuine, anchor, entries, tile
from .problems import HubStorageFull, HubStoreFailed
from .rows import Batch, Connection, NewPacket, NodeRow, Parties, StoredPacket, find_one
from .rules import LOG_NAME, DeliveryState

STATEMENT_TIMEOUT_MS = 15_000
CONNECT_WITHIN_S = 10.0
VANISHED = {
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "2",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "10000",
}
"""After how long PostgreSQL takes a host for gone that does not answer: eleven seconds."""
TRUSTED_FOR_S = 1.0
"""A connection used within this time is not asked first whether it still works."""


class Store:
    """The database of the hub. Every method blocks; call them in a thread."""

    def __init__(self, conninfo: str, *, pool_max: int = 6) -> None:
        def durable(connection: Connection) -> None:
            _configure(connection, "on")

        def relaxed(connection: Connection) -> None:
            _configure(connection, "off")

        self._keeper = Keeper()
        self._used: WeakKeyDictionary[Connection, float] = WeakKeyDictionary()
        arguments: dict[str, Any] = {
            "min_size": 1,
            "open": False,
            "timeout": CONNECT_WITHIN_S,
            "check": self._check,
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
        with self._connection(self._durable) as connection:
            return self._keeper.keep(connection, packets, ledger)

    # -- reading --------------------------------------------------------------------------------

    def find_same(self, codes: Sequence[str], sha256: str) -> StoredPacket | None:
        """The packet with these bytes that one of the agencies sent before."""
        return self._find("p.agency_code = ANY(%s) AND p.sha256 = %s", list(codes), sha256)

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
                " WHERE p.document_id = %s AND p.kind = 'edoc' ORDER BY p.leaf_index",
                [document_id],
            ).fetchall()
            if not rows:
                return None
            states = connection.execute(
                "SELECT recipient_code, state FROM hub_circulation WHERE document_id = %s",
                [document_id],
            ).fetchall()
        return Parties(rows[0][0], frozenset(row[1] for row in rows), dict(states))

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
            return tile(connection, level, index)

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

    def log_incidents(self) -> int:
        """Incidents about logs that wait for a person, for the metrics."""
        with self._connection(self._relaxed) as connection:
            row = connection.execute(
                "SELECT count(*) FROM evidence_incident WHERE closed_at IS NULL"
            ).fetchone()
        return int(row[0]) if row else 0

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

    def _check(self, connection: Connection) -> None:
        now = monotonic()
        if now - self._used.get(connection, 0.0) > TRUSTED_FOR_S:
            ConnectionPool.check_connection(connection)
        self._used[connection] = now

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
            return find_one(connection, where, *values)


def _configure(connection: Connection, synchronous_commit: str) -> None:
    """A session whose host may vanish: PostgreSQL ends it soon, and with it the lock on the log."""
    connection.autocommit = True
    wanted = {
        "synchronous_commit": synchronous_commit,
        "statement_timeout": str(STATEMENT_TIMEOUT_MS),
        **VANISHED,
    }
    connection.execute(
        "SELECT set_config(s.name, s.value, false)"
        " FROM unnest(%s::text[], %s::text[]) AS s (name, value)",
        [list(wanted), list(wanted.values())],
    )
