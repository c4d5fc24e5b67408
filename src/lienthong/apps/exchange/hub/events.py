"""Events of the axis: written in the transaction of what happened, entering the log soon after."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson

from .circulation_rules import EventKind
from .rows import Connection
from .rules import new_id

_INSERT = (
    "INSERT INTO hub_event (id, at, kind, document_id, agency_code, other_code, facts)"
    " VALUES (%s, coalesce(%s, now()), %s, %s, %s, %s, %s::jsonb)"
)


def note(
    connection: Connection,
    kind: EventKind,
    *,
    document_id: str,
    agency_code: str,
    other_code: str = "",
    at: datetime | None = None,
    facts: Mapping[str, Any] | None = None,
) -> None:
    """Keep what happened at an agency. facts: of identifiers, codes and times; no content."""
    text = orjson.dumps(dict(facts or {}), default=str).decode()
    connection.execute(_INSERT, [new_id(), at, kind, document_id, agency_code, other_code, text])
