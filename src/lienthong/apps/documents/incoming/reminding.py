"""Reminders of deadlines, each told once; run by a job of the node (DX-32, part J)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db.models import QuerySet
from django.utils import timezone

from lienthong.apps.accounts import api as accounts
from lienthong.apps.accounts.api import Role, Seat
from lienthong.apps.documents.common import deadlines
from lienthong.apps.documents.incoming import telling
from lienthong.apps.documents.incoming.following import stranded
from lienthong.apps.documents.incoming.holding import director_of
from lienthong.apps.documents.models import IncomingDocument
from lienthong.apps.documents.rules.follow_up import LOOKS_AHEAD, Stage, stage_of
from lienthong.apps.documents.rules.incoming import IN_WORK, IncomingState
from lienthong.apps.notices.api import Kind

KIND_OF: dict[Stage, Kind] = {
    Stage.SOON: telling.SOON,
    Stage.OVERDUE: telling.OVERDUE,
    Stage.ESCALATED: telling.ESCALATED,
    Stage.LEADERS: telling.ESCALATED,
}


def in_work(now: datetime) -> QuerySet[IncomingDocument]:
    """Documents in work with a deadline near or past that has more to say."""
    near = IncomingDocument.objects.filter(state__in=IN_WORK, due_at__lt=now + LOOKS_AHEAD)
    return near.exclude(reminded=Stage.LEADERS).select_related("lead__person", "lead__unit")


def remind(document: IncomingDocument, now: datetime) -> bool:
    """Tell what this deadline has come to, when it was not told yet. Whether somebody was told."""
    if document.due_at is None or document.lead is None:
        return False
    stage = stage_of(document.due_at, now, deadlines.calendar())
    if stage <= document.reminded:
        return False
    due = f"{timezone.localtime(document.due_at):%H:%M %d/%m/%Y}"
    telling.tell(
        KIND_OF[stage],
        document,
        _told(document, stage),
        key=f"{document.due_at:%Y%m%d%H%M}",
        due=due,
        lead=document.lead.person.full_name,
    )
    document.reminded = stage
    document.save(update_fields=["reminded"])
    return True


def unregistered(now: datetime) -> QuerySet[IncomingDocument]:
    """What waits for the clerk, or for a direction, longer than it may (DX-24, DX-25)."""
    waiting = [IncomingState.ARRIVED, IncomingState.REGISTERED]
    late = IncomingDocument.objects.filter(state__in=waiting, register_by__lt=now)
    return late.filter(reminded=Stage.QUIET)


def remind_waiting(document: IncomingDocument) -> None:
    """Alarm who should register or direct the document, once for each of the two."""
    organization_id = document.organization_id
    if document.state == IncomingState.ARRIVED:
        seats: Iterable[Seat] = accounts.seats(organization_id, Role.CLERK)
        telling.tell(telling.REGISTER_LATE, document, seats, key="register")
    else:
        held = accounts.seats(organization_id)
        chosen = list(held.filter(pk__in=[document.submitted_to_id or 0]))
        leaders = accounts.seats(organization_id, Role.LEADER)
        telling.tell(telling.DIRECT_LATE, document, chosen or leaders, key="direct")
    document.reminded = Stage.OVERDUE
    document.save(update_fields=["reminded"])


def without_holder() -> QuerySet[IncomingDocument]:
    """Open documents whose holder has left."""
    return IncomingDocument.objects.filter(stranded()).select_related("lead__unit")


def tell_stranded(document: IncomingDocument) -> None:
    """Tell the head of the unit and the leaders once for each seat that was left."""
    organization_id = document.organization_id
    leaders = list(accounts.seats(organization_id, Role.LEADER))
    seat_id = document.lead_id or document.submitted_to_id
    telling.tell(
        telling.STRANDED, document, [*leaders, *_heads(document)], key=f"stranded:{seat_id}"
    )


def _told(document: IncomingDocument, stage: Stage) -> list[Seat]:
    """The lead and the supporters; louder, the unit head, who directed, all leaders."""
    held = accounts.seats(document.organization_id)
    wanted = {document.lead_id, *document.supports.values_list("seat_id", flat=True)}
    if stage >= Stage.ESCALATED:
        wanted.add(director_of(document))
    seats = list(held.filter(pk__in=[one for one in wanted if one is not None]))
    if stage >= Stage.OVERDUE:
        seats += _heads(document)
    if stage >= Stage.LEADERS:
        seats += accounts.seats(document.organization_id, Role.LEADER)
    return seats


def _heads(document: IncomingDocument) -> list[Seat]:
    unit_id = document.lead.unit_id if document.lead else None
    if unit_id is None:
        return []
    heads = accounts.seats(document.organization_id, Role.UNIT_HEAD)
    return list(heads.filter(unit_id=unit_id))
