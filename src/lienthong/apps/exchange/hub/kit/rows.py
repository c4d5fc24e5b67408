"""The rows that the kit's methods read and change, by hand-written SQL over the hub's own store."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import orjson
from psycopg.rows import dict_row

from ..rules import DeliveryState, Kind
from ..store import Store

LIST_MAX = 2000
"""The longest list given at once; the rest follows when these are acknowledged (DX-91)."""


class Transport(StrEnum):
    """The state of a delivery in the kit's words (DX-94)."""

    INITIAL = "initial"
    PROCESSING = "processing"
    DONE = "done"
    FAIL = "fail"


WORDS: Mapping[str, tuple[Transport, str]] = {
    DeliveryState.QUEUED: (Transport.INITIAL, "Chờ nhận"),
    DeliveryState.FETCHED: (Transport.PROCESSING, "Đang nhận"),
    DeliveryState.DELIVERED: (Transport.DONE, "Đã nhận"),
    DeliveryState.FAILED: (Transport.FAIL, "Nhận lỗi"),
    DeliveryState.DEAD: (Transport.FAIL, "Không giao được"),
    DeliveryState.WITHDRAWN: (Transport.FAIL, "Đã thu hồi trước khi nhận"),
}
_STATES: Mapping[Transport, DeliveryState] = {
    Transport.PROCESSING: DeliveryState.FETCHED,
    Transport.DONE: DeliveryState.DELIVERED,
    Transport.FAIL: DeliveryState.FAILED,
}

_WAITING = """
SELECT w.id, w.kind, p.received_at, coalesce(w.fetched_at, p.received_at) AS updated_at,
       p.agency_code AS sender, w.agency_code AS recipient, w.state
FROM unnest(%(codes)s::text[]) AS c (code) CROSS JOIN LATERAL (
  SELECT d.* FROM hub_delivery d
  WHERE d.agency_code = c.code AND d.kind = %(kind)s AND d.state IN ('QUEUED', 'FETCHED')
    AND d.queued_at >= %(since)s AND d.queued_at < %(until)s
  ORDER BY d.urgency DESC, d.id LIMIT %(limit)s
) AS w JOIN hub_packet p ON p.id = w.packet_id
ORDER BY w.urgency DESC, w.id LIMIT %(limit)s
"""
"""`hub_delivery_listed` has each agency's in this order, so that a list reads what it shows."""

_SENT = """
SELECT p.kind, p.id AS packet_id, p.agency_code AS sender, p.received_at, p.reference,
       d.id, d.agency_code AS recipient, d.state, d.delivered_at, d.fetched_at
FROM unnest(%(codes)s::text[]) AS c (code) CROSS JOIN LATERAL (
  SELECT * FROM hub_packet WHERE agency_code = c.code AND kind = %(kind)s
  ORDER BY received_at DESC LIMIT %(limit)s
) AS p JOIN hub_delivery d ON d.packet_id = p.id
ORDER BY p.received_at DESC, d.id LIMIT %(limit)s
"""
_SENT_ONE = """
SELECT p.kind, p.id AS packet_id, p.agency_code AS sender, p.received_at, p.reference,
       d.id, d.agency_code AS recipient, d.state, d.delivered_at, d.fetched_at
FROM hub_packet p JOIN hub_delivery d ON d.packet_id = p.id
WHERE p.id = %(packet)s AND p.agency_code = ANY(%(codes)s) AND p.kind = %(kind)s
ORDER BY d.id LIMIT %(limit)s
"""
_MOVE = (
    "UPDATE hub_delivery SET state = w.state, fetched_at = coalesce(fetched_at, now()),"
    " delivered_at = CASE WHEN w.state = 'DELIVERED' THEN now() END,"
    " acknowledgement = CASE WHEN w.state = 'DELIVERED' THEN w.note ELSE '' END"
    " FROM (SELECT %(state)s::text AS state, %(note)s::text AS note) AS w"
    " WHERE id = %(id)s AND agency_code = ANY(%(codes)s)"
    " AND hub_delivery.state NOT IN ('DELIVERED', 'WITHDRAWN')"
)


@dataclass(frozen=True, slots=True)
class Span:
    """From when to when; None is open."""

    since: datetime | None = None
    until: datetime | None = None


def waiting(store: Store, codes: Sequence[str], kind: Kind, span: Span) -> list[dict[str, Any]]:
    """What waits for the agencies, urgent first, then oldest first (DX-91)."""
    since, until = span.since or "-infinity", span.until or "infinity"
    values = {"codes": list(codes), "kind": kind, "since": since, "until": until}
    return list(_rows(store, _WAITING, values))


def sent(
    store: Store, codes: Sequence[str], kind: Kind, packet: uuid.UUID | None
) -> list[dict[str, Any]]:
    """What the agencies sent, one row for each recipient, newest first."""
    values = {"codes": list(codes), "kind": kind, "packet": packet}
    return list(_rows(store, _SENT if packet is None else _SENT_ONE, values))


def _rows(store: Store, statement: Any, values: dict[str, Any]) -> Iterator[dict[str, Any]]:
    with store.reading() as connection:
        cursor = connection.cursor(row_factory=dict_row)
        yield from cursor.execute(statement, {**values, "limit": LIST_MAX}).fetchall()


def count(store: Store, codes: Sequence[str], kind: Kind) -> int:
    """How many deliveries of this kind wait for the agencies."""
    with store.reading() as connection:
        row = connection.execute(
            "SELECT count(*) FROM hub_delivery"
            " WHERE agency_code = ANY(%s) AND state IN ('QUEUED', 'FETCHED') AND kind = %s",
            [list(codes), kind],
        ).fetchone()
    return int(row[0]) if row else 0


def fetched(store: Store, delivery_id: uuid.UUID) -> None:
    """Note that the bytes were handed out. It stays on the list until acknowledged (DX-91)."""
    with store.reading() as connection:
        connection.execute(
            "UPDATE hub_delivery SET state = 'FETCHED', attempts = attempts + 1,"
            " fetched_at = coalesce(fetched_at, now()) WHERE id = %s"
            " AND state IN ('QUEUED', 'FETCHED')",
            [delivery_id],
        )


def move(
    store: Store, delivery_id: uuid.UUID, codes: Sequence[str], wanted: Transport, note: str
) -> bool:
    """Carry out `updateStatus`; what was done stays done (DX-92). False for a foreign id (DX-95).

    note: what is kept as the acknowledgement: which system said so.
    """
    values = {"id": delivery_id, "codes": list(codes), "state": _STATES[wanted], "note": note}
    with store.writing() as connection:
        if connection.execute(_MOVE, values).rowcount:
            return True
        known = connection.execute(
            "SELECT 1 FROM hub_delivery WHERE id = %s AND agency_code = ANY(%s)",
            [delivery_id, list(codes)],
        ).fetchone()
    return known is not None


def propose(store: Store, *, node_id: str, kind: str, code: str, facts: Mapping[str, str]) -> None:
    """Keep what a system asks about its agencies until the operator decides (DX-97)."""
    with store.writing() as connection:
        connection.execute(
            "INSERT INTO hub_agency_proposal (node_id, kind, agency_code, facts, state, asked_at)"
            " VALUES (%s, %s, %s, %s::jsonb, 'WAITING', now())"
            " ON CONFLICT (node_id, kind, agency_code) WHERE state = 'WAITING'"
            " DO UPDATE SET facts = excluded.facts",
            [node_id, kind, code, orjson.dumps(dict(facts)).decode()],
        )
