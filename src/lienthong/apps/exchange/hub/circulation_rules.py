"""Where a document stands at one receiver, and what reports and requests do to it. Pure.

The moves are those of the packet format §9.1 (`edxml.after`); here a pending request keeps the
state to go back to, which reports of the work go on moving. DX-34, DX-36, DX-41.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from lienthong.core.edxml import BusinessKind, DeliveryState, StatusCode, after
from lienthong.core.edxml.states import PENDING, TERMINAL


class Ask(StrEnum):
    """What the sender asks of a receiver who has the document."""

    RECALL = "recall"
    UPDATE = "update"
    REPLACEMENT = "replacement"


ASK_OF = {
    BusinessKind.RECALL: Ask.RECALL,
    BusinessKind.UPDATE: Ask.UPDATE,
    BusinessKind.REPLACEMENT: Ask.REPLACEMENT,
}


class Duty(StrEnum):
    """A status packet that the axis owes on somebody's behalf."""

    NONE = ""
    AGREE = "AGREE"
    TAKE_BACK = "TAKE_BACK"


class EventKind(StrEnum):
    """What happened on the axis besides packets and acknowledgements; each enters the log."""

    DEAD = "DEAD"
    REQUEUED = "REQUEUED"
    WITHDRAWN = "WITHDRAWN"
    ASKED = "ASKED"
    AGREED = "AGREED"
    DECLINED = "DECLINED"
    PROPAGATED = "PROPAGATED"
    LATE = "LATE"
    ESCALATED = "ESCALATED"


@dataclass(frozen=True, slots=True)
class Place:
    """The state at one receiver. before: where a refused request leads back to."""

    state: DeliveryState = DeliveryState.SENT
    before: DeliveryState | None = None
    ask: Ask | None = None

    @property
    def is_pending(self) -> bool:
        return self.state in PENDING


def asked(place: Place, ask: Ask) -> Place:
    """After the sender asked. A recall overtakes an update; else the first request stands."""
    if place.state in TERMINAL or place.state is DeliveryState.RECALL_PENDING:
        return place
    if ask is Ask.RECALL:
        before = place.before if place.is_pending else place.state
        return Place(DeliveryState.RECALL_PENDING, before, ask)
    if place.is_pending:
        return place
    return Place(DeliveryState.UPDATE_PENDING, place.state, ask)


def reported(place: Place, status: StatusCode) -> Place:
    """After a status of the receiver, or the sender's 13. What may not move it leaves it so."""
    if status is StatusCode.TAKE_BACK:
        return asked(place, Ask.RECALL)
    if place.is_pending and status not in {StatusCode.AGREED, StatusCode.DECLINED}:
        return replace(place, before=after(place.before or DeliveryState.SENT, status))
    state = after(place.state, status, before_request=place.before)
    return Place(state) if place.is_pending else replace(place, state=state)
