"""Follows the log: what statuses and requests do to the places of documents (format §9.1).

Packets are taken in the order of the log, each once, in the transaction that moves the cursor; so
a crash repeats nothing, and the intake waits for nothing of this. What the axis itself must do is
left as a duty, which `duties.py` carries out by packets that come by here in their turn.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol, cast

from psycopg.rows import class_row

from lienthong.core import edxml

from . import clocks, deadlines
from .circulation_rules import ASK_OF, Ask, Duty, EventKind, Place, asked, reported
from .events import note
from .rows import Connection
from .segments import Place as BodyPlace
from .store import Store

STEP = 200

_LOCK = (
    "INSERT INTO hub_cursor (name, position) VALUES ('circulation', -1) ON CONFLICT DO NOTHING",
    "SELECT position FROM hub_cursor WHERE name = 'circulation' FOR UPDATE SKIP LOCKED",
)
_NEXT = """
SELECT p.id::text, p.leaf_index, p.kind, p.business, p.agency_code, p.document_id, p.reference,
       p.status_code, p.received_at, p.size, p.sha256, p.segment, p.position, p.warnings,
       ARRAY(SELECT d.agency_code FROM hub_delivery d WHERE d.packet_id = p.id ORDER BY d.id)
         AS recipients
FROM hub_packet p
WHERE p.leaf_index > %s
  AND (p.kind = 'status' OR p.business <> 0 OR p.warnings @> '[{"late": true}]'::jsonb)
ORDER BY p.leaf_index LIMIT %s
"""
_PLACE = (
    "INSERT INTO hub_circulation (document_id, sender_code, recipient_code, reference, state,"
    " before, ask, reason, replaced_by, duty, changed_at)"
    " VALUES (%s, %s, %s, %s, 'sent', '', '', '', '', '', now()) ON CONFLICT DO NOTHING",
    "SELECT id, state, before, ask FROM hub_circulation WHERE document_id = %s"
    " AND sender_code = %s AND recipient_code = %s FOR UPDATE",
)
_MOVED = (
    "UPDATE hub_circulation SET state = %s, before = %s, ask = %s, changed_at = now(),"
    " answered_at = CASE WHEN %s THEN %s ELSE answered_at END, duty = '' WHERE id = %s"
)
_ASKED = (
    "UPDATE hub_circulation SET reason = %s, asked_at = %s, answer_by = %s, answered_at = NULL,"
    " promulgated_on = coalesce(%s, promulgated_on) WHERE id = %s"
)
_DUTY = (
    "UPDATE hub_circulation SET duty = %s, duty_until = NULL, reason = %s,"
    " promulgated_on = coalesce(%s, promulgated_on) WHERE id = %s"
)
_WITHDRAW = """
WITH own AS (
  SELECT d.id, d.state, d.fetched_at FROM hub_delivery d JOIN hub_packet p ON p.id = d.packet_id
  WHERE p.document_id = %(document)s AND p.kind = 'edoc' AND p.business <> 1
    AND p.agency_code = %(sender)s AND d.agency_code = %(recipient)s
  FOR UPDATE OF d
)
UPDATE hub_delivery d SET state = 'WITHDRAWN' FROM own
WHERE d.id = own.id AND own.state = 'QUEUED' AND own.fetched_at IS NULL
  AND NOT EXISTS (SELECT 1 FROM own o WHERE o.fetched_at IS NOT NULL)
RETURNING d.id::text
"""
_WITHDRAW_REQUEST = (
    "UPDATE hub_delivery SET state = 'WITHDRAWN' WHERE packet_id = %s AND agency_code = %s"
    " AND state = 'QUEUED' AND fetched_at IS NULL"
)
_FORWARDED = (
    "SELECT DISTINCT d.agency_code FROM hub_packet p JOIN hub_delivery d ON d.packet_id = p.id"
    " WHERE p.document_id = %s AND p.kind = 'edoc' AND p.business = 0 AND p.agency_code = %s"
)


@dataclass(frozen=True, slots=True)
class Row:
    """A packet that may move something."""

    id: str
    leaf_index: int
    kind: str
    business: int
    agency_code: str
    document_id: str
    reference: str
    status_code: str
    received_at: datetime
    size: int
    sha256: str
    segment: int
    position: int
    warnings: list[dict[str, Any]]
    recipients: list[str]

    @property
    def place(self) -> BodyPlace:
        return BodyPlace(self.segment, self.position)


class Sources(Protocol):
    """What a row alone does not say."""

    def packet(self, row: Row) -> edxml.Packet | None:
        """The packet behind a row, for the few that must be read again."""

    def code(self, text: str) -> str:
        """The code under which the axis keeps an agency named by any of its codes."""


def follow(store: Store, sources: Sources) -> int:
    """Take the packets that came since; return how many. 0 also when another process is at it."""
    with store.writing() as connection, connection.transaction():
        connection.execute(_LOCK[0])
        cursor = connection.execute(_LOCK[1]).fetchone()
        if cursor is None:
            return 0
        rows = connection.cursor(row_factory=class_row(Row)).execute(_NEXT, [cursor[0], STEP])
        taken = rows.fetchall()
        for row in taken:
            _Step(connection, row, sources).take()
        if taken:
            connection.execute(
                "UPDATE hub_cursor SET position = %s WHERE name = 'circulation'",
                [taken[-1].leaf_index],
            )
    return len(taken)


def position(store: Store) -> int:
    """The last leaf that was followed; -1 before the first."""
    with store.reading() as connection:
        row = connection.execute(
            "SELECT position FROM hub_cursor WHERE name = 'circulation'"
        ).fetchone()
    return int(row[0]) if row else -1


class _Step:
    """One packet of the log."""

    def __init__(self, connection: Connection, row: Row, sources: Sources) -> None:
        self._connection = connection
        self._row = row
        self._sources = sources

    def take(self) -> None:
        row = self._row
        clocks.note_late_sending(self._connection, row)
        if row.kind == "status":
            self._status()
        elif row.business:
            self._operation()

    # -- reports and 13 -------------------------------------------------------------------------

    def _status(self) -> None:
        row = self._row
        if not row.recipients:
            return
        status = edxml.StatusCode(row.status_code)
        if status is edxml.StatusCode.TAKE_BACK:
            packet = self._sources.packet(row)
            if isinstance(packet, edxml.StatusPacket):
                on = packet.response_for.promulgated_on
                to = row.recipients[0]
                self._ask(Ask.RECALL, row.agency_code, to, packet.description, on)
            return
        sender, recipient = row.recipients[0], row.agency_code
        key, place = self._place(row.document_id, sender, recipient)
        moved = reported(place, status)
        answered = place.is_pending and not moved.is_pending
        self._keep(key, moved, answered=answered)
        clocks.end(self._connection, "DX-22", row.document_id, recipient, row.received_at)
        if answered:
            self._answered(place, status, sender, recipient)

    def _answered(
        self, place: Place, status: edxml.StatusCode, sender: str, recipient: str
    ) -> None:
        """A refusal has no basis in the law, yet it is allowed: both offices hear of it (DX-41)."""
        row = self._row
        declined = status is edxml.StatusCode.DECLINED
        kinds = [EventKind.DECLINED, EventKind.ESCALATED] if declined else [EventKind.AGREED]
        for kind in kinds:
            self._note(kind, row.document_id, recipient, sender, ask=place.ask)
        clocks.end(self._connection, "DX-36", row.document_id, recipient, row.received_at)

    # -- recall, update, replacement ------------------------------------------------------------

    def _operation(self) -> None:
        packet = self._sources.packet(self._row)
        if not isinstance(packet, edxml.DocumentPacket):
            return
        business, sender = packet.business, self._row.agency_code
        on, reason = packet.promulgated_on, business.reason
        ask = ASK_OF.get(business.kind)
        if ask is Ask.RECALL:
            for code in self._row.recipients:
                self._ask(ask, sender, code, reason, on, document_id=packet.target_id)
        elif ask is Ask.UPDATE:
            self._update(packet)
        elif ask is Ask.REPLACEMENT:
            for target in business.replacements:
                for code in self._canonical(target.codes):
                    self._replace(sender, code, target.document_id, reason)

    def _canonical(self, codes: Sequence[str]) -> list[str]:
        """The receivers named; none named means all of this packet."""
        known = {self._sources.code(code) for code in codes}
        return [code for code in self._row.recipients if code in known or not known]

    def _update(self, packet: edxml.DocumentPacket) -> None:
        row, business = self._row, packet.business
        removed = {
            self._sources.code(each.code)
            for each in (business.update.receivers if business.update else ())
            if not each.added
        }
        for code in row.recipients:
            if code not in removed and business.document_id:
                self._ask(
                    Ask.UPDATE,
                    row.agency_code,
                    code,
                    business.reason,
                    None,
                    document_id=business.document_id,
                )
        for code in sorted(removed):
            self._take_back(
                row.agency_code, code, business.reason, packet.promulgated_on, packet.target_id
            )

    def _replace(self, sender: str, recipient: str, document_id: str, reason: str) -> None:
        self._ask(Ask.REPLACEMENT, sender, recipient, reason, None, document_id=document_id)
        self._connection.execute(
            "UPDATE hub_circulation SET replaced_by = %s WHERE document_id = %s"
            " AND sender_code = %s AND recipient_code = %s",
            [self._row.document_id, document_id, sender, recipient],
        )

    def _ask(
        self,
        ask: Ask,
        sender: str,
        recipient: str,
        reason: str,
        on: date | None,
        *,
        document_id: str = "",
    ) -> None:
        """The sender's request reached the axis: withdraw what was not fetched, else ask."""
        row, document = self._row, document_id or self._row.document_id
        key, place = self._place(document, sender, recipient)
        moved = asked(place, ask)
        if moved == place:
            return
        self._keep(key, moved, answered=False)
        due = deadlines.answer_by(row.received_at)
        self._connection.execute(_ASKED, [reason[:500], row.received_at, due, on, key])
        self._note(EventKind.ASKED, document, recipient, sender, ask=ask, answer_by=due)
        if ask is not Ask.RECALL:
            return
        if self._withdraw(document, sender, recipient):
            self._connection.execute(_WITHDRAW_REQUEST, [row.id, recipient])
            self._connection.execute(_DUTY, [Duty.AGREE, reason[:500], on, key])
        else:
            self._propagate(document, recipient, reason, on)

    def _take_back(
        self, sender: str, recipient: str, reason: str, on: date | None, document: str
    ) -> None:
        """Ask a receiver back who does not get the request itself: the axis sends a 13."""
        key, place = self._place(document, sender, recipient)
        if asked(place, Ask.RECALL) != place:
            self._connection.execute(_DUTY, [Duty.TAKE_BACK, reason[:500], on, key])

    def _withdraw(self, document: str, sender: str, recipient: str) -> bool:
        values = {"document": document, "sender": sender, "recipient": recipient}
        found = self._connection.execute(_WITHDRAW, values).fetchall()
        for (delivery,) in found:
            self._note(EventKind.WITHDRAWN, document, recipient, sender, delivery_id=delivery)
        return bool(found)

    def _propagate(self, document: str, holder: str, reason: str, on: date | None) -> None:
        """DX-40: whom the holder passed the document on to is asked as well, and so on down."""
        passed_on = self._connection.execute(_FORWARDED, [document, holder]).fetchall()
        for (code,) in passed_on:
            self._take_back(holder, code, reason, on, document)
            self._note(EventKind.PROPAGATED, document, code, holder)

    # -- rows -----------------------------------------------------------------------------------

    def _place(self, document_id: str, sender: str, recipient: str) -> tuple[int, Place]:
        key = [document_id, sender, recipient]
        self._connection.execute(_PLACE[0], [*key, self._row.reference])
        row = cast("Any", self._connection.execute(_PLACE[1], key).fetchone())
        before = edxml.DeliveryState(row[2]) if row[2] else None
        ask = Ask(row[3]) if row[3] else None
        return int(row[0]), Place(edxml.DeliveryState(row[1]), before, ask)

    def _keep(self, key: int, place: Place, *, answered: bool) -> None:
        self._connection.execute(
            _MOVED,
            [
                place.state,
                place.before or "",
                place.ask or "",
                answered,
                self._row.received_at,
                key,
            ],
        )

    def _note(self, kind: EventKind, document: str, agency: str, other: str, **facts: Any) -> None:
        note(
            self._connection,
            kind,
            document_id=document,
            agency_code=agency,
            other_code=other,
            facts={"packet_id": self._row.id, **facts},
        )
