"""What the parties of a document see of its circulation."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from psycopg.rows import dict_row

from .store import Store

_PLACES = (
    "SELECT sender_code AS sender, recipient_code AS recipient, state, before, ask, reason,"
    " asked_at, answer_by, answered_at, replaced_by FROM hub_circulation"
    " WHERE document_id = %s ORDER BY id"
)
_EVENTS = (
    "SELECT at, kind, agency_code AS agency, other_code AS other, facts, leaf_index FROM hub_event"
    " WHERE document_id = %s ORDER BY id"
)


@dataclass(frozen=True, slots=True)
class CirculationView:
    """The places of a document and the events around it, in their order."""

    document_id: str
    places: list[dict[str, Any]]
    events: list[dict[str, Any]]

    def seen_by(self, codes: Collection[str] | None) -> dict[str, Any]:
        """As JSON. codes: of a receiver, who sees what it takes part in; None sees everything."""
        return {
            "document_id": self.document_id,
            "places": [
                each
                for each in self.places
                if codes is None or each["sender"] in codes or each["recipient"] in codes
            ],
            "events": [
                each
                for each in self.events
                if codes is None or each["agency"] in codes or each["other"] in codes
            ],
        }


def of_document(store: Store, document_id: str) -> CirculationView:
    """Everything the axis knows of the circulation of a document."""
    with store.reading() as connection:
        cursor = connection.cursor(row_factory=dict_row)
        places = cursor.execute(_PLACES, [document_id]).fetchall()
        events = cursor.execute(_EVENTS, [document_id]).fetchall()
    return CirculationView(document_id, places, events)
