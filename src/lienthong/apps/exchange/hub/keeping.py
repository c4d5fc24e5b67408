"""Keeps a batch: packets, deliveries, tiles and the new head of the log, all or nothing.

One statement does it when this process was the last to grow the log: it names the size it found,
and does nothing when another process has grown the log since. Then, and for some batches after
that, the batch goes by the lock on the head's row instead. The rows travel as JSON: making arrays
of texts costs the hub more than everything else about a batch.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any, cast

import orjson
import pybase64
from psycopg import errors

from lienthong.core import tlog

from .ledger import Ledger, Step
from .log_rows import tile
from .problems import DocumentIdUsed, HubStoreFailed
from .rows import Batch, Connection, Kept, NewPacket, Outcome, StoredPacket, find_one
from .rules import LOG_NAME, new_id

LOCKED_AFTER_A_MISS = 32
"""Batches that go by the lock after another process grew the log."""

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
    ("signature", "text"),
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


def _value(name: str) -> str:
    return "decode(p.signature, 'base64')" if name == "signature" else f"p.{name}"


_KEEP = f"""
WITH grown AS (
  UPDATE hub_log_head SET size = %(size)s, root = %(root)s, checkpoint = %(checkpoint)s,
         signed_at = now()
  WHERE name = %(log)s AND size = %(before)s RETURNING name
), packet AS (
  INSERT INTO hub_packet ({", ".join(name for name, _ in _PACKET_COLUMNS)})
  SELECT {", ".join(_value(name) for name, _ in _PACKET_COLUMNS)}
  FROM grown, json_to_recordset(%(packets)s::json)
       AS p({", ".join(f"{name} {kind}" for name, kind in _PACKET_COLUMNS)})
), delivery AS (
  INSERT INTO hub_delivery (id, packet_id, kind, agency_code, sender_code, urgency, state,
                            attempts, queued_at, next_at, acknowledgement)
  SELECT d.id, d.packet_id, d.kind, d.agency_code, d.sender_code, d.urgency, 'QUEUED', 0, d.at,
         d.at, ''
  FROM grown, json_to_recordset(%(deliveries)s::json)
       AS d(id uuid, packet_id uuid, kind text, agency_code text, sender_code text, urgency int2,
            at timestamptz)
), changed AS (
  INSERT INTO hub_tile (level, number, hashes)
  SELECT t.level, t.number, decode(t.hashes, 'base64')
  FROM grown, json_to_recordset(%(tiles)s::json) AS t(level int2, number int8, hashes text)
  ON CONFLICT (level, number) DO UPDATE SET hashes = excluded.hashes
)
SELECT count(*) FROM grown
"""  # noqa: S608 constants


class Keeper:
    """Writes the batches of one process, from one thread."""

    def __init__(self) -> None:
        self._by_lock = 0

    def keep(self, connection: Connection, packets: Sequence[NewPacket], ledger: Ledger) -> Batch:
        """Keep a batch. See `Store.keep`."""
        outcomes: dict[uuid.UUID, Outcome] = {}
        step: Step | None = None
        groups = [list(packets)]
        while groups:
            group = groups.pop(0)
            try:
                step = self._write(connection, group, ledger)
            except errors.UniqueViolation:
                groups += self._without_known(connection, group, outcomes)
                continue
            for index, packet in enumerate(group, step.before):
                outcomes[packet.id] = Kept(packet, index)
        return Batch([outcomes[each.id] for each in packets], step)

    def _write(self, connection: Connection, group: Sequence[NewPacket], ledger: Ledger) -> Step:
        """Write the group whole. Raises UniqueViolation, and then nothing of it is written."""
        if not self._by_lock:
            step = _step(connection, group, ledger, ledger.size)
            if _execute(connection, group, step):
                ledger.keep(step)
                return step
            self._by_lock = LOCKED_AFTER_A_MISS
        self._by_lock -= 1
        with connection.transaction():
            step = _step(connection, group, ledger, _locked_size(connection))
            if not _execute(connection, group, step):
                raise HubStoreFailed
        ledger.keep(step)
        return step

    def _without_known(
        self,
        connection: Connection,
        group: Sequence[NewPacket],
        outcomes: dict[uuid.UUID, Outcome],
    ) -> list[list[NewPacket]]:
        """Answer those of the group that are there already; return what is still to be written.

        When none is there, two of the group stand in each other's way: each then goes alone.
        """
        left = []
        for packet in group:
            found = _conflict(connection, packet)
            if found is None:
                left.append(packet)
            else:
                outcomes[packet.id] = found
        if len(left) < len(group):
            return [left] if left else []
        if len(group) == 1:  # the one that stood in its way has gone meanwhile
            raise HubStoreFailed
        return [[each] for each in group]


def _step(connection: Connection, group: Sequence[NewPacket], ledger: Ledger, size: int) -> Step:
    leaves = [tlog.leaf_hash(each.entry) for each in group]
    return ledger.grow(size, leaves, lambda level, index: tile(connection, level, index))


def _execute(connection: Connection, group: Sequence[NewPacket], step: Step) -> bool:
    """Whether the log still had the size that the step grows from; only then is it written."""
    row = connection.execute(
        cast("Any", _KEEP),
        {
            "log": LOG_NAME,
            "before": step.before,
            "size": step.head.size,
            "root": step.head.root,
            "checkpoint": step.head.checkpoint,
            "packets": _json(
                [_packet(each, index) for index, each in enumerate(group, step.before)]
            ),
            "deliveries": _json([one for each in group for one in _deliveries(each)]),
            "tiles": _json(
                [
                    {"level": level, "number": number, "hashes": _base64(hashes)}
                    for (level, number), hashes in step.changed.items()
                ]
            ),
        },
    ).fetchone()
    return row is not None and row[0] == 1


def _packet(packet: NewPacket, leaf_index: int) -> dict[str, Any]:
    row = {name: getattr(packet, name, None) for name, _ in _PACKET_COLUMNS}
    row["segment"], row["position"] = packet.place.segment, packet.place.position
    row["signature"] = _base64(packet.signature)
    row["leaf_index"] = leaf_index
    return row


def _deliveries(packet: NewPacket) -> list[dict[str, Any]]:
    return [
        {
            "id": new_id(),
            "packet_id": packet.id,
            "kind": packet.kind,
            "agency_code": code,
            "sender_code": packet.agency_code,
            "urgency": packet.urgency,
            "at": packet.received_at,
        }
        for code in packet.recipients
    ]


def _json(rows: Sequence[dict[str, Any]]) -> str:
    return orjson.dumps(rows).decode()


def _base64(data: bytes) -> str:
    text: str = pybase64.b64encode_as_string(data)
    return text


def _locked_size(connection: Connection) -> int:
    """The size of the log, which nobody else grows until this transaction ends."""
    for _ in range(2):
        row = connection.execute(
            "SELECT size FROM hub_log_head WHERE name = %s FOR UPDATE", [LOG_NAME]
        ).fetchone()
        if row is not None:
            return int(row[0])
        connection.execute(
            "INSERT INTO hub_log_head (name, size, root, checkpoint) VALUES (%s, 0, '', '')"
            " ON CONFLICT DO NOTHING",
            [LOG_NAME],
        )
    raise HubStoreFailed


def _conflict(connection: Connection, packet: NewPacket) -> StoredPacket | DocumentIdUsed | None:
    """What stands in the packet's way. Its own bytes are looked for last: another process may be
    keeping them just now, and whoever sends a packet twice is told of the packet, not of its id."""
    used = connection.execute(
        "SELECT 1 FROM hub_packet WHERE agency_code = %s"
        " AND (document_key = %s OR number_key = %s) LIMIT 1",
        [packet.agency_code, packet.document_key, packet.number_key],
    ).fetchone()
    same = find_one(
        connection, "p.agency_code = %s AND p.sha256 = %s", packet.agency_code, packet.sha256
    )
    if same is not None:
        return same
    return DocumentIdUsed(document_id=packet.document_id) if used else None
