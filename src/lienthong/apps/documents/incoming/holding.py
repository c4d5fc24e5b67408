"""Who holds a document now, and what waits for an answer on it."""

from __future__ import annotations

from lienthong.apps.documents.models import (
    Direction,
    ExtensionRequest,
    IncomingDocument,
    OpinionRequest,
)


def standing_direction(document: IncomingDocument) -> Direction | None:
    """The direction in force: the last that was not taken back."""
    standing = document.directions.filter(taken_back_at=None).select_related("lead__person", "by")
    return standing.order_by("at", "id").last()


def director_of(document: IncomingDocument) -> int | None:
    """The seat that gave the direction in force."""
    found = standing_direction(document)
    return found.by_id if found else None


def open_extension(document: IncomingDocument) -> ExtensionRequest | None:
    """The extension that waits for its decision."""
    return document.extensions.filter(decided_at=None).first()


def open_question(document: IncomingDocument, seat_id: int) -> OpinionRequest | None:
    """The question to this seat that waits for its answer."""
    return document.opinions.filter(asked_id=seat_id, answered_at=None).first()
