"""How an entry is written down for hashing, and what a broken chain is. No rows here."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from lienthong.core.errors import Problem
from lienthong.core.signing import canonical_json

FORMAT = "lienthong-journal-1"
LOG = "journal"
SEAL_SECRET = "journal"  # noqa: S105  the name of a file
INTEGER_MAX = 2**53 - 1
TEXT_MAX = 10_000


class ChainBroken(Problem):
    """An entry was changed, removed or put in: the first place where the chain does not hold."""

    code = "journal.chain_broken"
    status = 500
    text = "Nhật ký “{stream}” không còn toàn vẹn từ dòng số {sequence}."


class ReadingsChanged(Problem):
    """The log of readings is not what the chain says it was."""

    code = "journal.readings_changed"
    status = 500
    text = "Nhật ký lượt xem không còn khớp với dòng nhật ký số {sequence}."


def stream_of(organization_id: int | None) -> str:
    """The name of the chain of an organization, or of the node itself."""
    return "node" if organization_id is None else f"organization:{organization_id}"


def clean(value: Any) -> Any:  # noqa: PLR0911  one line for each kind of value
    """Return facts as JSON that hashes the same when it is read back. Raises TypeError.

    Whole numbers, texts, truth values, lists and objects only: fractions differ between writers of
    JSON. Signs that PostgreSQL or JSON cannot hold become U+FFFD; long texts are cut (TM-A-07).
    """
    match value:
        case None | bool():
            return value
        case int() if abs(value) <= INTEGER_MAX:
            return value
        case int():
            return str(value)
        case str():
            return _clean_text(value)
        case date():
            return moment(value) if isinstance(value, datetime) else value.isoformat()
        case UUID():
            return str(value)
        case Mapping():
            return {_clean_text(str(key)): clean(item) for key, item in value.items()}
        case list() | tuple() | set() | frozenset():
            return [clean(item) for item in (sorted(value) if _is_set(value) else value)]
        case _:
            raise TypeError(f"a fact of the journal cannot be {type(value).__name__}")


def _is_set(value: Any) -> bool:
    return isinstance(value, (set, frozenset))


def _clean_text(text: str) -> str:
    if len(text) > TEXT_MAX:
        text = text[:TEXT_MAX] + "…"
    return "".join(
        "\ufffd" if sign == "\0" or "\ud800" <= sign <= "\udfff" else sign for sign in text
    )


def moment(at: datetime) -> str:
    """The time of an entry as it is hashed: UTC with microseconds."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def digest(content: Mapping[str, Any]) -> str:
    """The hash of an entry over its canonical form (RFC 8785)."""
    return hashlib.sha256(canonical_json(content)).hexdigest()


def seal(entry_hash: str, secret: bytes) -> str:
    """What only this node's software can write beside an entry: its hash under the node's secret.

    Who has the database alone can compute hashes and chains, but no seals.
    """
    return hmac.new(secret, entry_hash.encode(), hashlib.sha256).hexdigest()


def log_entry(stream: str, sequence: int, entry_hash: str) -> bytes:
    """The entry of the node's journal log: a digest, so that it may be read by everybody."""
    found = digest({"stream": stream, "sequence": sequence, "hash": entry_hash})
    return f'{{"kind":"journal","row":"{found}","v":1}}'.encode()
