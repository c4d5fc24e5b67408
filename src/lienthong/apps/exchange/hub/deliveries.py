"""The queues of the recipients: what is handed out, given up, listed and queued again.

A flow is what one agency sends to one recipient in one urgency. The index `hub_delivery_waiting`
holds the flows apart and each in the order of its due times, so that a hand-out reads the heads of
the flows only: a million rows of one flow cost no more than one, and hold no other flow back.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from psycopg.rows import dict_row

from .circulation_rules import EventKind
from .events import note
from .lanes import Candidate, Plan
from .rows import Connection
from .store import Store

LISTED_MAX = 500

_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('hub-claim:' || %s, 0))"
"""Two hand-outs to one node come one after the other: the second sees what the first took."""

# The recursion walks the index from flow to flow ("loose index scan"); `turn` puts the flows in
# a new order each time, so that every sender gets its share when there are more of them than
# hand-outs. Rank 1 of every flow comes before rank 2 of any.
CANDIDATES = """
WITH flow AS MATERIALIZED (
  SELECT c.code, f.urgency, f.sender_code, random() AS turn
  FROM unnest(%(codes)s::text[]) AS c (code) CROSS JOIN LATERAL (
    WITH RECURSIVE walk AS (
      (SELECT urgency, sender_code FROM hub_delivery
       WHERE agency_code = c.code AND state IN ('QUEUED', 'FETCHED')
       ORDER BY urgency, sender_code LIMIT 1)
      UNION ALL
      SELECT n.urgency, n.sender_code FROM walk w CROSS JOIN LATERAL (
        SELECT d.urgency, d.sender_code FROM hub_delivery d
        WHERE d.agency_code = c.code AND d.state IN ('QUEUED', 'FETCHED')
          AND (d.urgency, d.sender_code) > (w.urgency, w.sender_code)
        ORDER BY d.urgency, d.sender_code LIMIT 1
      ) AS n
    )
    SELECT urgency, sender_code FROM walk
  ) AS f
), head AS (
  SELECT h.*, f.turn FROM flow f CROSS JOIN LATERAL (
    SELECT q.*, row_number() OVER (ORDER BY q.next_at, q.id) AS place FROM (
      SELECT id, urgency, attempts, next_at FROM hub_delivery
      WHERE agency_code = f.code AND urgency = f.urgency AND sender_code = f.sender_code
        AND state IN ('QUEUED', 'FETCHED') AND next_at <= now()
      ORDER BY next_at, id LIMIT %(limit)s
    ) AS q
  ) AS h
), ranked AS (
  SELECT id, urgency, attempts,
         row_number() OVER (PARTITION BY urgency ORDER BY place, turn) AS place
  FROM head
)
SELECT id, urgency, attempts FROM ranked WHERE place <= %(limit)s ORDER BY urgency DESC, place
"""
_HAND_OUT = """
UPDATE hub_delivery d
SET attempts = d.attempts + 1, state = 'FETCHED', fetched_at = coalesce(d.fetched_at, now()),
    next_at = now() + t.lease * interval '1 second'
FROM unnest(%s::uuid[], %s::int4[]) AS t (id, lease), hub_packet p
WHERE d.id = t.id AND d.state IN ('QUEUED', 'FETCHED') AND p.id = d.packet_id
RETURNING d.id AS delivery_id, p.id AS packet_id, p.kind, p.agency_code AS sender,
          d.agency_code AS recipient, d.urgency, p.size, p.sha256, p.received_at, d.attempts
"""
_GIVE_UP = """
WITH dead AS (
  UPDATE hub_delivery SET state = 'DEAD' WHERE id = ANY(%s) AND state IN ('QUEUED', 'FETCHED')
  RETURNING id, packet_id, agency_code, sender_code, attempts
)
SELECT dead.id, p.document_id, dead.agency_code, dead.sender_code, dead.attempts
FROM dead JOIN hub_packet p ON p.id = dead.packet_id
"""
_DEAD = """
SELECT d.id AS delivery_id, p.id AS packet_id, p.kind, d.sender_code AS sender,
       d.agency_code AS recipient, d.urgency, d.state, d.attempts, d.next_at AS given_up_at,
       p.document_id, p.reference, p.received_at
FROM hub_delivery d JOIN hub_packet p ON p.id = d.packet_id
WHERE d.state IN ('DEAD', 'FAILED')
  AND (d.agency_code = ANY(%(codes)s) OR d.sender_code = ANY(%(codes)s))
ORDER BY d.id DESC LIMIT %(limit)s
"""


def claim(store: Store, plan: Plan, codes: Sequence[str], limit: int) -> list[dict[str, Any]]:
    """Hand out up to `limit` deliveries to the node of these agencies, urgent ones first.

    Each is then away for its lease. Those whose schedule has ended become dead letters instead.
    """
    if not codes:
        return []
    with store.reading() as connection, connection.transaction():
        connection.execute(_LOCK, [min(codes)])
        while True:
            waiting = _candidates(connection, codes, limit)
            spent = [each.id for each in waiting if plan.is_spent(each)]
            if not spent:
                break
            _give_up(connection, spent)
        chosen = plan.choose(waiting, limit, random.random())  # noqa: S311  a turn, not a secret
        if not chosen:
            return []
        cursor = connection.cursor(row_factory=dict_row)
        leases = [plan.lease_s(each) for each in chosen]
        rows = cursor.execute(_HAND_OUT, [[each.id for each in chosen], leases]).fetchall()
    return sorted(rows, key=lambda row: (-row["urgency"], row["delivery_id"]))


def _candidates(connection: Connection, codes: Sequence[str], limit: int) -> list[Candidate]:
    rows = connection.execute(CANDIDATES, {"codes": list(codes), "limit": limit}).fetchall()
    return [Candidate(*row) for row in rows]


def _give_up(connection: Connection, spent: Sequence[UUID]) -> None:
    rows = connection.execute(_GIVE_UP, [list(spent)]).fetchall()
    for delivery_id, document_id, recipient, sender, attempts in rows:
        note(
            connection,
            EventKind.DEAD,
            document_id=document_id,
            agency_code=recipient,
            other_code=sender,
            facts={"delivery_id": str(delivery_id), "attempts": attempts},
        )


def dead_letters(store: Store, codes: Sequence[str]) -> list[dict[str, Any]]:
    """What could not be delivered to or from these agencies, the newest first."""
    with store.reading() as connection:
        cursor = connection.cursor(row_factory=dict_row)
        return cursor.execute(_DEAD, {"codes": list(codes), "limit": LISTED_MAX}).fetchall()
