"""Who is in charge: directions, one below the other, taken back or handed on (D30 Art. 23)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from django.db import transaction
from django.utils import timezone

from lienthong.apps.accounts import api as accounts
from lienthong.apps.accounts.api import Actor
from lienthong.apps.documents.common import deadlines
from lienthong.apps.documents.common.text import bounded
from lienthong.apps.documents.incoming import policy, telling
from lienthong.apps.documents.incoming.acting import LONG_TEXT_MAX, TEXT_MAX, done, locked, suitable
from lienthong.apps.documents.incoming.holding import standing_direction
from lienthong.apps.documents.models import Direction, IncomingDocument, Support
from lienthong.apps.documents.problems import DueInPast
from lienthong.apps.documents.rules.follow_up import Stage
from lienthong.apps.documents.rules.incoming import IncomingMove, IncomingState, after_incoming


@transaction.atomic
def assign(  # noqa: PLR0917  the fields of a direction, in the order of the form
    actor: Actor,
    document: IncomingDocument,
    lead_seat_id: int,
    supporting_seat_ids: Sequence[int] = (),
    directive: str = "",
    due_on: date | None = None,
) -> IncomingDocument:
    """Give the document to exactly one lead, with supporters, a directive and a deadline (DX-26).

    A unit head who leads passes it on below in the same way. Without `due_on` the deadline that
    stands holds, else the sender's. Raises SeatUnsuitable, DueInPast.
    """
    document = locked(document)
    accounts.check(actor, "documents.assign", document)
    document.state = after_incoming(IncomingState(document.state), IncomingMove.ASSIGN)
    if due_on is not None and due_on < timezone.localdate():
        raise DueInPast(due_on=f"{due_on:%d/%m/%Y}")
    organization_id = document.organization_id
    (lead,) = suitable(organization_id, [lead_seat_id], policy.WORKERS, "người chủ trì")
    others = [seat_id for seat_id in supporting_seat_ids if seat_id != lead_seat_id]
    supporting = suitable(organization_id, others, policy.WORKERS, "người phối hợp")
    settle_on = due_on or document.due_on
    direction = Direction(
        organization_id=organization_id,
        document=document,
        by_id=actor.seat_id,
        lead=lead,
        supporting=[seat.pk for seat in supporting],
        text=bounded(directive, "ý kiến chỉ đạo", LONG_TEXT_MAX, required=False),
        due_at=document.due_at,
        at=timezone.now(),
    )
    if due_on or direction.due_at is None:
        direction.due_at = deadlines.settle_by(settle_on) if settle_on else None
    direction.save()
    _hold(document, direction)
    facts = {
        "lead_seat": lead_seat_id,
        "lead": lead.person.full_name,
        "supporting_seats": direction.supporting,
        "directive": direction.text,
        "due_at": direction.due_at.isoformat() if direction.due_at else None,
    }
    done(actor, document, "documents.assigned", facts, lead.unit.name if lead.unit else "")
    telling.assigned(document, lead, supporting)
    return document


@transaction.atomic
def take_back(actor: Actor, document: IncomingDocument) -> IncomingDocument:
    """Take back one's own direction before work begins: the one before it holds again, if any."""
    document = locked(document)
    accounts.check(actor, "documents.take_back", document)
    wanted = after_incoming(IncomingState(document.state), IncomingMove.TAKE_BACK)
    now = timezone.now()
    direction = standing_direction(document)
    if direction is not None:
        direction.taken_back_at = now
        direction.save(update_fields=["taken_back_at"])
        telling.taken_back(document, direction.lead)
    before = standing_direction(document)
    if before is not None:
        _hold(document, before)
    else:
        document.state = wanted
        document.lead, document.directive = None, ""
        document.due_at, document.assigned_at = None, None
        document.save(update_fields=["state", "lead", "directive", "due_at", "assigned_at"])
        document.supports.all().delete()
    done(actor, document, "documents.taken_back", {})
    return document


@transaction.atomic
def hand_over(
    actor: Actor, document: IncomingDocument, seat_id: int, reason: str
) -> IncomingDocument:
    """Give work that has begun, or that nobody holds any more, to another lead.

    Deadline, supporters and everything written so far stay. Raises SeatUnsuitable.
    """
    document = locked(document)
    accounts.check(actor, "documents.hand_over", document)
    document.state = after_incoming(IncomingState(document.state), IncomingMove.HAND_OVER)
    organization_id = document.organization_id
    (seat,) = suitable(organization_id, [seat_id], policy.WORKERS, "người chủ trì")
    kept = list(document.supports.exclude(seat=seat).values_list("seat_id", flat=True))
    direction = Direction.objects.create(
        organization_id=organization_id,
        document=document,
        by_id=actor.seat_id,
        lead=seat,
        supporting=kept,
        text=bounded(reason, "lý do giao người khác", TEXT_MAX),
        due_at=document.due_at,
        at=timezone.now(),
    )
    before = document.lead.person.full_name if document.lead else ""
    directive = document.directive
    _hold(document, direction)
    document.directive = directive
    document.save(update_fields=["directive"])
    facts = {"from": before, "to": seat.person.full_name, "reason": direction.text}
    done(actor, document, "documents.handed_over", facts)
    telling.assigned(document, seat, [])
    return document


def _hold(document: IncomingDocument, direction: Direction) -> None:
    """Put the direction in force: lead, supporters, deadline."""
    document.lead = direction.lead
    document.directive = direction.text
    document.assigned_at = direction.at
    document.due_at = direction.due_at
    document.reminded = Stage.QUIET  # nobody hears twice of the same deadline, see `telling.tell`
    document.save(update_fields=["state", "lead", "directive", "assigned_at", "due_at", "reminded"])
    document.supports.all().delete()
    Support.objects.bulk_create(
        Support(organization_id=document.organization_id, document=document, seat_id=seat_id)
        for seat_id in direction.supporting
    )
