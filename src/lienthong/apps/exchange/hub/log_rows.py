"""The rows behind the exchange log: the entries as they are now, and rows that are in no entry."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, cast

import orjson
import psycopg
from psycopg.rows import TupleRow, dict_row

from lienthong.core import tlog

from .entries import PACKET_FACTS, REMOVED, entry_of_delivery, entry_of_event, entry_of_packet
from .ledger import Ledger, Step
from .rules import LOG_NAME

Connection = psycopg.Connection[TupleRow]
Genuine = Callable[[str, str, str], bool]
"""Whether an agency (code) acknowledged a packet (id) with this text."""

ANCHOR_MAX = 2048
"""Acknowledgements that enter the log in one step, while packets wait for the lock."""

_PACKETS = (
    f"SELECT leaf_index, {', '.join(f'p.{name}' for name in PACKET_FACTS)},"  # noqa: S608 constants
    " p.signature, p.received_at, p.receipt, p.warnings, p.checks,"
    " ARRAY(SELECT d.agency_code FROM hub_delivery d WHERE d.packet_id = p.id) AS recipients"
    " FROM hub_packet p WHERE p.leaf_index >= %s AND p.leaf_index < %s"
)
_DELIVERY_COLUMNS = (
    "id::text, packet_id::text, agency_code, delivered_at, acknowledgement FROM hub_delivery"
)
_DELIVERIES = (
    f"SELECT leaf_index, {_DELIVERY_COLUMNS}"
    " WHERE leaf_index >= %s AND leaf_index < %s AND state = 'DELIVERED'"
)
_TO_ANCHOR = (
    f"SELECT {_DELIVERY_COLUMNS}"
    " WHERE state = 'DELIVERED' AND leaf_index IS NULL ORDER BY id LIMIT %s FOR UPDATE"
)
_EVENT_COLUMNS = "id::text, at, kind, document_id, agency_code, other_code, facts FROM hub_event"
_EVENTS = f"SELECT leaf_index, {_EVENT_COLUMNS} WHERE leaf_index >= %s AND leaf_index < %s"
_EVENTS_TO_ANCHOR = (
    f"SELECT {_EVENT_COLUMNS} WHERE leaf_index IS NULL ORDER BY id LIMIT %s FOR UPDATE"
)
_PLACE_EVENTS = (
    "UPDATE hub_event e SET leaf_index = n.leaf_index"
    " FROM unnest(%s::uuid[], %s::int8[]) AS n (id, leaf_index) WHERE e.id = n.id"
)
_PLACE = (
    "UPDATE hub_delivery d SET leaf_index = n.leaf_index"
    " FROM unnest(%s::uuid[], %s::int8[]) AS n (id, leaf_index) WHERE d.id = n.id"
)
_COUNTS = """
SELECT (SELECT size FROM hub_log_head WHERE name = %(log)s),
       (SELECT count(*) FROM hub_packet),
       (SELECT count(*) FROM hub_delivery WHERE leaf_index IS NOT NULL),
       (SELECT count(*) FROM hub_event WHERE leaf_index IS NOT NULL),
       (SELECT count(*) FROM hub_delivery WHERE state = 'DELIVERED' AND leaf_index IS NULL
        AND delivered_at < now() - interval '10 minutes')
       + (SELECT count(*) FROM hub_event WHERE leaf_index IS NULL
          AND at < now() - interval '10 minutes')
"""
_UPSERT_TILES = (
    "INSERT INTO hub_tile (level, number, hashes)"
    " SELECT * FROM unnest(%s::int2[], %s::int8[], %b::bytea[])"
    " ON CONFLICT (level, number) DO UPDATE SET hashes = excluded.hashes"
)


def entries(connection: Connection, first: int, count: int) -> list[bytes]:
    """The entries from `first` on, as the rows say today; REMOVED where no row is left."""
    found: dict[int, bytes] = {}
    cursor = connection.cursor(row_factory=dict_row)
    span = [first, first + count]
    for row in cursor.execute(cast("Any", _PACKETS), span):
        found[row["leaf_index"]] = _packet(row)
    for index, *columns in connection.execute(cast("Any", _DELIVERIES), span):
        found[index] = _delivery(columns)
    for index, *columns in connection.execute(cast("Any", _EVENTS), span):
        found[index] = _event(columns)
    return [found.get(index, REMOVED) for index in range(first, first + count)]


def head(connection: Connection) -> tuple[int, str]:
    """Size and checkpoint of the log; 0 and "" when nothing has entered it."""
    row = connection.execute(
        "SELECT size, checkpoint FROM hub_log_head WHERE name = %s", [LOG_NAME]
    ).fetchone()
    return (int(row[0]), str(row[1])) if row else (0, "")


def witnessed(connection: Connection, size: int) -> str:
    """The checkpoint of that size with cosignatures, "" when it has none."""
    row = connection.execute(
        "SELECT checkpoint FROM evidence_witnessedhead WHERE log = %s AND size = %s",
        [LOG_NAME, size],
    ).fetchone()
    return str(row[0]) if row else ""


def tile(connection: Connection, level: int, index: int) -> bytes:
    """The hashes of a tile, b"" when there is none."""
    row = connection.execute(
        "SELECT hashes FROM hub_tile WHERE level = %s AND number = %s", [level, index]
    ).fetchone()
    return bytes(row[0]) if row else b""


def _packet(row: dict[str, Any]) -> bytes:
    return entry_of_packet(
        [str(row["id"]), *(row[name] for name in PACKET_FACTS[1:])],
        signature=bytes(row["signature"]),
        received_at=row["received_at"],
        receipt=row["receipt"],
        warnings=_json(row["warnings"]),
        checks=_json(row["checks"]),
        recipients=row["recipients"],
    )


def _json(value: Any) -> Any:
    """A connection of Django hands JSON over as text."""
    return orjson.loads(value) if isinstance(value, str) else value


def _delivery(columns: Sequence[Any]) -> bytes:
    delivery_id, packet_id, agency_code, delivered_at, acknowledgement = columns
    if delivered_at is None:
        return REMOVED
    return entry_of_delivery(delivery_id, packet_id, agency_code, delivered_at, acknowledgement)


def _event(columns: Sequence[Any]) -> bytes:
    *plain, facts = columns
    return entry_of_event(*plain, facts=_json(facts))


def anchor(connection: Connection, ledger: Ledger, is_genuine: Genuine) -> int:
    """Let acknowledged deliveries and events enter the log; how many did. One transaction."""
    with connection.transaction():
        locked = connection.execute(
            "SELECT size FROM hub_log_head WHERE name = %s FOR UPDATE", [LOG_NAME]
        ).fetchone()
        found = connection.execute(cast("Any", _TO_ANCHOR), [ANCHOR_MAX])
        rows = [row for row in found if is_genuine(row[2], row[1], row[4])]
        events = connection.execute(cast("Any", _EVENTS_TO_ANCHOR), [ANCHOR_MAX]).fetchall()
        if locked is None or not (rows or events):
            return 0
        size = int(locked[0])
        written = [*(_delivery(row) for row in rows), *(_event(row) for row in events)]
        leaves = [tlog.leaf_hash(entry) for entry in written]
        step = ledger.grow(size, leaves, lambda level, index: tile(connection, level, index))
        places = list(range(size, size + len(written)))
        connection.execute(_PLACE, [[row[0] for row in rows], places[: len(rows)]])
        connection.execute(_PLACE_EVENTS, [[row[0] for row in events], places[len(rows) :]])
        write_step(connection, step)
    ledger.keep(step)
    return len(written)


def write_step(connection: Connection, step: Step) -> None:
    """Keep a growth of the log: its tiles and its new head."""
    connection.execute(
        _UPSERT_TILES,
        [
            [level for level, _ in step.changed],
            [index for _, index in step.changed],
            list(step.changed.values()),
        ],
    )
    connection.execute(
        "UPDATE hub_log_head SET size = %s, root = %s, checkpoint = %s, signed_at = now()"
        " WHERE name = %s",
        [step.head.size, step.head.root, step.head.checkpoint, LOG_NAME],
    )


def rows_outside(connection: Connection) -> dict[str, int]:
    """How the rows stand against the log: its size, and the rows with a place in it.

    `waiting`: acknowledged deliveries and events that should have entered the log by now.
    """
    row = connection.execute(_COUNTS, {"log": LOG_NAME}).fetchone() or (0,) * 5
    size, packets, deliveries, events, waiting = (int(each or 0) for each in row)
    return {"size": size, "rows": packets + deliveries + events, "waiting": waiting}
