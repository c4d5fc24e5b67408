"""What each row is in the exchange log. Pure: the writer and the reader of rows come to one text.

An entry holds digests over everything that the axis keeps about a packet or an acknowledged
delivery and that never changes again. It is made from the rows whenever the log is read, so who
changes, removes or adds a row afterwards no longer gives the entry that is in the tree (TM-A-05).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import orjson

from lienthong.core.signing import packet_entry

REMOVED = b""
"""Stands for an entry whose row is not there; its hash is no hash of a leaf of ours."""


def entry_of_packet(
    facts: Sequence[str | int | None],
    *,
    signature: bytes,
    received_at: datetime,
    receipt: str,
    warnings: Any,
    checks: Any,
    recipients: Iterable[str],
) -> bytes:
    """The entry of a packet. facts: its plain columns in the order of `PACKET_FACTS`.

    warnings, checks: as JSON reads them, so that the database's own form of JSON does not matter.
    """
    covered = [
        *facts,
        sha256(signature).hexdigest(),
        moment(received_at),
        sha256(receipt.encode()).hexdigest(),
        warnings,
        checks,
        sorted(recipients),
    ]
    return packet_entry(receipt, _digest(covered))


PACKET_FACTS = (
    "id",
    "agency_code",
    "node_id",
    "kind",
    "business",
    "sha256",
    "size",
    "door",
    "document_id",
    "document_key",
    "number_key",
    "reference",
    "status_code",
    "urgency",
)


def entry_of_delivery(
    delivery_id: str, packet_id: str, agency_code: str, delivered_at: datetime, receipt: str
) -> bytes:
    """The entry of a delivery that its recipient acknowledged. receipt: the acknowledgement."""
    acknowledged = sha256(receipt.encode()).hexdigest()
    covered = [delivery_id, packet_id, agency_code, moment(delivered_at), acknowledged]
    return f'{{"kind":"delivery","row":"{_digest(covered)}","v":1}}'.encode()


def entry_of_event(event_id: str, at: datetime, *texts: str, facts: Any) -> bytes:
    """The entry of an event. texts: kind, document and the two agencies. facts: as JSON reads."""
    covered = [event_id, moment(at), *texts, facts]
    return f'{{"kind":"event","row":"{_digest(covered)}","v":1}}'.encode()


def moment(at: datetime) -> str:
    """A time as it is hashed: UTC with microseconds."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def _digest(covered: Sequence[Any]) -> str:
    return sha256(orjson.dumps(covered, option=orjson.OPT_SORT_KEYS)).hexdigest()
