"""Clocks of the axis: they raise what is late, once each, and record when it ended after all.

DX-09, DX-10: a document is sent by the next working morning, an urgent one at once (a finding of
the intake, and of deliveries not fetched); DX-22: notice of receipt on the day; DX-36: answer to a
recall by the next working day.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from psycopg.rows import dict_row

from . import deadlines
from .circulation_rules import EventKind
from .events import note
from .rows import Connection
from .store import Store

STEP = 500

_RAISE = (
    "INSERT INTO hub_lateness (rule, subject_id, document_id, agency_code, other_code, started_at,"
    " due_at, raised_at, ended_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)"
    " ON CONFLICT DO NOTHING RETURNING id"
)
_CURSORS = ("clocks", "urgent")
_LOCK = (
    "INSERT INTO hub_cursor (name, position) SELECT unnest(%s::text[]), -1 ON CONFLICT DO NOTHING",
    "SELECT name, coalesce(at, 'epoch'::timestamptz) FROM hub_cursor WHERE name = ANY(%s)"
    " ORDER BY name FOR UPDATE SKIP LOCKED",
)
_MOVE = "UPDATE hub_cursor SET at = %s WHERE name = %s"
_DELIVERED = """
SELECT d.id::text, d.delivered_at, d.agency_code, p.agency_code, p.document_id,
       EXISTS (SELECT 1 FROM hub_circulation c WHERE c.document_id = p.document_id
               AND c.sender_code = p.agency_code AND c.recipient_code = d.agency_code
               AND coalesce(nullif(c.before, ''), c.state) <> 'sent')
FROM hub_delivery d JOIN hub_packet p ON p.id = d.packet_id
WHERE d.delivered_at > %s AND d.delivered_at < %s AND p.kind = 'edoc' AND p.business IN (0, 3)
ORDER BY d.delivered_at LIMIT %s
"""
_URGENT = """
SELECT d.id::text, d.queued_at, d.agency_code, d.sender_code, p.document_id
FROM hub_delivery d JOIN hub_packet p ON p.id = d.packet_id
WHERE d.urgency > 0 AND d.state IN ('QUEUED', 'FETCHED')
  AND d.queued_at >= %s AND d.queued_at < %s
  AND NOT EXISTS (SELECT 1 FROM hub_lateness l WHERE l.rule = 'DX-10' AND l.subject_id = d.id::text)
ORDER BY d.queued_at LIMIT %s
"""
_URGENT_ENDED = """
UPDATE hub_lateness l SET ended_at = d.delivered_at FROM hub_delivery d
WHERE l.rule = 'DX-10' AND l.ended_at IS NULL AND l.subject_id = d.id::text
  AND d.urgency > 0 AND d.delivered_at >= %s
"""
_UNANSWERED = """
SELECT c.id || ' ' || extract(epoch FROM c.asked_at), c.asked_at, c.recipient_code,
       c.sender_code, c.document_id, c.answer_by
FROM hub_circulation c
WHERE c.answer_by IS NOT NULL AND c.answered_at IS NULL AND c.answer_by < %s
  AND NOT EXISTS (SELECT 1 FROM hub_lateness l
                  WHERE l.rule = 'DX-36'
                    AND l.subject_id = c.id || ' ' || extract(epoch FROM c.asked_at))
ORDER BY c.answer_by LIMIT %s
"""
_END = (
    "UPDATE hub_lateness SET ended_at = %s WHERE rule = %s AND document_id = %s"
    " AND agency_code = %s AND ended_at IS NULL"
)
_LISTED = """
SELECT rule, document_id, agency_code AS agency, other_code AS waiting, started_at, due_at,
       raised_at, ended_at
FROM hub_lateness WHERE agency_code = ANY(%(codes)s) OR other_code = ANY(%(codes)s)
ORDER BY raised_at DESC LIMIT %(limit)s
"""


class Sent(Protocol):
    """A packet of which the intake may have found that it was sent late."""

    @property
    def id(self) -> str: ...
    @property
    def agency_code(self) -> str: ...
    @property
    def document_id(self) -> str: ...
    @property
    def received_at(self) -> datetime: ...
    @property
    def warnings(self) -> Sequence[dict[str, Any]]: ...


def note_late_sending(connection: Connection, row: Sent) -> None:
    """DX-09, DX-10: what the intake found is recorded; it ended as the packet came in."""
    for warning in row.warnings:
        if warning.get("late"):
            _late(
                connection,
                warning["rule"],
                row.id,
                document=row.document_id,
                parties=(row.agency_code, ""),
                times=(warning["started_at"], warning["due_at"], row.received_at),
                ended_at=row.received_at,
            )


def sweep(store: Store, now: datetime) -> int:
    """Raise what has become late by `now`. Return how many; 0 also when another process does."""
    raised = 0
    while True:
        with store.writing() as connection, connection.transaction():
            connection.execute(_LOCK[0], [list(_CURSORS)])
            cursors = dict(connection.execute(_LOCK[1], [list(_CURSORS)]).fetchall())
            if len(cursors) < len(_CURSORS):
                return raised
            connection.execute(_URGENT_ENDED, [cursors["clocks"]])
            steps = (
                _without_notice(connection, cursors["clocks"], now),
                _urgent(connection, cursors["urgent"], now),
                _unanswered(connection, now),
            )
        raised += sum(step.raised for step in steps)
        if not any(step.is_full for step in steps):
            return raised


@dataclass(frozen=True, slots=True)
class _Taken:
    """What one step of a clock did; is_full: there may be more."""

    raised: int
    is_full: bool


def _without_notice(connection: Connection, since: datetime, now: datetime) -> _Taken:
    """DX-22. Due times grow with the times of delivery: the first that is not due ends the walk."""
    raised, is_full = 0, True
    rows = connection.execute(_DELIVERED, [since, now, STEP]).fetchall()
    for delivery, at, agency, sender, document, noticed in rows:
        due = deadlines.notice_by(at)
        if due >= now:
            is_full = False
            break
        since = at
        if not noticed:
            raised += _late(
                connection,
                "DX-22",
                delivery,
                document=document,
                parties=(agency, sender),
                times=(at, due, now),
            )
    connection.execute(_MOVE, [since, "clocks"])
    return _Taken(raised, is_full and len(rows) == STEP)


def _urgent(connection: Connection, since: datetime, now: datetime) -> _Taken:
    """DX-10. What was queued before `since` has been looked at: its turn comes once."""
    before: datetime = now - deadlines.AT_ONCE
    raised = 0
    rows = connection.execute(_URGENT, [since, before, STEP]).fetchall()
    for delivery, at, agency, sender, document in rows:
        times = (at, at + deadlines.AT_ONCE, now)
        raised += _late(
            connection, "DX-10", delivery, document=document, parties=(agency, sender), times=times
        )
    if rows:
        connection.execute(_MOVE, [rows[-1][1], "urgent"])
    return _Taken(raised, len(rows) == STEP)


def _unanswered(connection: Connection, now: datetime) -> _Taken:
    """DX-36: both offices hear of a recall that nobody answers."""
    raised = 0
    rows = connection.execute(_UNANSWERED, [now, STEP]).fetchall()
    for subject, at, agency, sender, document, due in rows:
        is_new = _late(
            connection,
            "DX-36",
            subject,
            document=document,
            parties=(agency, sender),
            times=(at, due, now),
        )
        if is_new:
            raised += 1
            note(
                connection,
                EventKind.ESCALATED,
                document_id=document,
                agency_code=agency,
                other_code=sender,
                facts={"rule": "DX-36", "answer_by": due},
            )
    return _Taken(raised, len(rows) == STEP)


def _late(
    connection: Connection,
    rule: str,
    subject: str,
    *,
    document: str,
    parties: tuple[str, str],
    times: tuple[datetime | str, datetime | str, datetime],
    ended_at: datetime | None = None,
) -> int:
    """Record a clock that ran out. parties: late, waiting. times: start, due, raised."""
    values = [rule, subject, document, *parties, *times, ended_at]
    if connection.execute(_RAISE, values).fetchone() is None:
        return 0
    agency, other = parties
    note(
        connection,
        EventKind.LATE,
        document_id=document,
        agency_code=agency,
        other_code=other,
        facts={"rule": rule, "due_at": str(times[1])},
    )
    return 1


def end(connection: Connection, rule: str, document: str, agency: str, at: datetime) -> None:
    """What a clock waited for has happened."""
    connection.execute(_END, [at, rule, document, agency])


def listed(store: Store, codes: Sequence[str], limit: int = 500) -> list[dict[str, Any]]:
    """What is or was late of these agencies, or towards them, the newest first."""
    with store.reading() as connection:
        cursor = connection.cursor(row_factory=dict_row)
        return cursor.execute(_LISTED, {"codes": list(codes), "limit": limit}).fetchall()
