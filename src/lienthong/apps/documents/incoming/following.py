"""What is open and how late: one's own, one's unit's, the agency's (DX-32, D30 Art. 24)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q, QuerySet
from django.db.models.enums import TextChoices
from django.utils.translation import gettext_lazy as _

from lienthong.apps.accounts import api as accounts
from lienthong.apps.accounts.api import Actor, Role, Seat
from lienthong.apps.documents.common import deadlines
from lienthong.apps.documents.common.visibility import unit_of
from lienthong.apps.documents.incoming.queries import incoming_visible_to
from lienthong.apps.documents.models import (
    ExtensionRequest,
    IncomingDocument,
    OpinionRequest,
    Support,
)
from lienthong.apps.documents.rules.incoming import IN_WORK, OPEN, IncomingState


class Whose(TextChoices):
    """Whose work is looked at."""

    MINE = "toi", _("Của tôi")
    UNIT = "don-vi", _("Đơn vị của tôi")
    AGENCY = "co-quan", _("Toàn cơ quan")


class Pressing(TextChoices):
    """How pressing it is."""

    OVERDUE = "qua-han", _("Quá hạn")
    SOON = "sap-den-han", _("Sắp đến hạn")
    OPEN = "dang-mo", _("Đang xử lý")
    UNDIRECTED = "cho-chi-dao", _("Chờ chỉ đạo")
    ASKED = "cho-y-kien", _("Chờ ý kiến, gia hạn")
    STRANDED = "khong-nguoi-giu", _("Không còn người giữ")


# Who looks at the work of others.
WIDER = {Whose.UNIT: {Role.UNIT_HEAD}, Whose.AGENCY: {Role.LEADER, Role.CLERK, Role.ARCHIVIST}}


@dataclass(frozen=True, slots=True)
class Tally:
    """How many documents a kind has, to choose from."""

    kind: Pressing
    count: int


def circles(actor: Actor) -> list[Whose]:
    """Whose work this person may follow."""
    return [one for one in Whose if one is Whose.MINE or actor.roles & WIDER[one]]


def followed(actor: Actor, whose: Whose) -> QuerySet[IncomingDocument]:
    """The open documents of that circle, the most pressing first."""
    visible = incoming_visible_to(actor).filter(state__in=OPEN)
    if whose is Whose.UNIT:
        visible = visible.filter(_led_in(unit_of(actor)))
    elif whose is Whose.MINE:
        seat = actor.seat_id
        mine = Q(lead_id=seat) | Q(submitted_to_id=seat, state=IncomingState.REGISTERED)
        supported = Support.objects.filter(seat_id=seat).values("document_id")
        visible = visible.filter(mine | Q(pk__in=supported))
    return visible.order_by("due_at", "register_by")


def tallies(documents: QuerySet[IncomingDocument], now: datetime) -> list[Tally]:
    """How many of each kind: one read."""
    found = documents.order_by().aggregate(
        **{kind.name: Count("pk", filter=pressing(kind, now)) for kind in Pressing}
    )
    return [Tally(kind, found[kind.name]) for kind in Pressing]


def pressing(kind: Pressing, now: datetime) -> Q:
    """The documents of one kind, as a filter."""
    working = Q(state__in=IN_WORK)
    if kind is Pressing.OVERDUE:
        undirected = Q(state=IncomingState.REGISTERED, register_by__lt=now)
        return working & Q(due_at__lt=now) | undirected
    if kind is Pressing.SOON:
        calendar = deadlines.calendar()
        return working & Q(due_at__gte=now, due_at__lte=calendar.add(now, calendar.day_length))
    if kind is Pressing.UNDIRECTED:
        return Q(state=IncomingState.REGISTERED)
    if kind is Pressing.ASKED:
        questions = OpinionRequest.objects.filter(answered_at=None).values("document_id")
        extensions = ExtensionRequest.objects.filter(decided_at=None).values("document_id")
        return working & (Q(pk__in=questions) | Q(pk__in=extensions))
    if kind is Pressing.STRANDED:
        return stranded()
    return working


def stranded() -> Q:
    """Open documents whose lead, or to whom they were submitted, holds that seat no more.

    The people who left, and those of units that are no more, are found by their seats.
    """
    held = accounts.seats_held().values("pk")
    waiting = Q(state=IncomingState.REGISTERED, submitted_to__isnull=False)
    return Q(state__in=IN_WORK) & ~Q(lead_id__in=held) | waiting & ~Q(submitted_to_id__in=held)


def _led_in(unit_id: int | None) -> Q:
    return Q(pk=None) if unit_id is None else Q(lead__unit_id=unit_id)


def leavers(actor: Actor) -> list[tuple[Seat, int]]:
    """Seats no longer held that lead open work this person may hand over, with how much."""
    may = incoming_visible_to(actor).filter(stranded(), state__in=IN_WORK)
    if Role.LEADER not in actor.roles:
        may = may.filter(_led_in(unit_of(actor)))
    counted = dict(may.order_by().values_list("lead_id").annotate(count=Count("pk")))
    seats = Seat.objects.filter(pk__in=counted).select_related("person", "unit")
    return [(seat, counted[seat.pk]) for seat in seats]
