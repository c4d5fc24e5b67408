"""Reads of work files. Each starts from who may see them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from lienthong.apps.accounts import api as accounts
from lienthong.apps.accounts.api import Actor, Role
from lienthong.apps.documents.common.visibility import incoming_seen_by, outgoing_seen_by
from lienthong.apps.documents.dossiers import policy, retention
from lienthong.apps.documents.dossiers.problems import DossierNotFound
from lienthong.apps.documents.models import (
    Document,
    Dossier,
    DossierItem,
    DossierList,
    DossierListEntry,
    HandOver,
    IncomingDocument,
    OutgoingDocument,
)
from lienthong.apps.documents.rules.dossiers import DossierState, HandOverState, ListState
from lienthong.apps.documents.rules.outgoing import OutgoingState

FOUND_MAX = 20
_IN_IT = Count("items", filter=Q(items__removed_at=None))


def dossiers_visible_to(actor: Actor) -> QuerySet[Dossier]:
    """The files this actor sees, newest first, each with `documents`, how many are in it."""
    return (
        Dossier.objects.filter(policy.dossiers_seen_by(actor))
        .select_related("creator__person", "creator__unit", "organization")
        .annotate(documents=_IN_IT)
        .order_by("-opened_on", "-pk")
    )


def dossier(actor: Actor, pk: int) -> Dossier:
    """Return one file. Raises DossierNotFound, also when the actor may not see it."""
    found = dossiers_visible_to(actor).select_related("entry", "approved_by__person")
    one = found.filter(pk=pk).first()
    if one is None:
        raise DossierNotFound
    return one


def open_dossiers(actor: Actor) -> QuerySet[Dossier]:
    """The files into which this actor may put a document: open, one's own or of one's unit."""
    mine = Q(creator_id=actor.seat_id)
    seat = accounts.seats(actor.organization_id).filter(pk=actor.seat_id).first()
    if seat and seat.unit_id:
        mine |= Q(creator__unit_id=seat.unit_id)
    is_open = Q(state__in=[DossierState.OPEN, DossierState.PROPOSED])
    return Dossier.objects.filter(is_open & mine, organization_id=actor.organization_id)


def items(dossier: Dossier) -> QuerySet[DossierItem]:
    """What is in the file, in its order."""
    return dossier.items.filter(removed_at=None).select_related(
        "incoming__lead__person",
        "incoming__lead__unit",
        "outgoing__signatory__person",
        "outgoing__organization",
        "added_by__person",
    )


def removed(dossier: Dossier) -> QuerySet[DossierItem]:
    """What was taken out of the file, the latest first."""
    gone = dossier.items.exclude(removed_at=None)
    return gone.select_related("incoming", "outgoing", "removed_by__person").order_by("-removed_at")


def hidden_from(actor: Actor, dossier: Dossier) -> set[int]:
    """The items whose document this actor may not see.

    Who keeps the file may see all of it: they put it in, or took the file over.
    """
    if dossier.creator_id == actor.seat_id:
        return set()
    held = dossier.items.filter(removed_at=None)
    seen_in = IncomingDocument.objects.filter(incoming_seen_by(actor)).values("pk")
    seen_out = OutgoingDocument.objects.filter(outgoing_seen_by(actor)).values("pk")
    shown = held.filter(Q(incoming__in=seen_in) | Q(outgoing__in=seen_out))
    return set(held.values_list("pk", flat=True)) - set(shown.values_list("pk", flat=True))


def dossiers_of(document: Document) -> QuerySet[Dossier]:
    """The files a document is in (DX-76)."""
    column = "outgoing" if isinstance(document, OutgoingDocument) else "incoming"
    held = DossierItem.objects.filter(**{column: document}, removed_at=None)
    return Dossier.objects.filter(pk__in=held.values("dossier_id"))


def dossiers_holding(actor: Actor, document: Document) -> QuerySet[Dossier]:
    """The files a document is in, of those this actor sees."""
    return dossiers_of(document).filter(policy.dossiers_seen_by(actor))


def candidates(actor: Actor, dossier: Dossier, words: str) -> list[Document]:
    """Documents this actor may put into the file, by number, notation or subject; newest first.

    Only what has its number: a draft is no document yet (DX-77).
    """
    words = words.strip()
    if not words:
        return []
    number, _, notation = words.partition("/")
    hit = Q(subject__icontains=words) | Q(notation__icontains=words)
    if number.isdecimal() and len(number) < 9:
        exact = Q(number=int(number))
        hit |= exact & Q(notation__istartswith=notation) if notation else exact
    text_hit = Q(subject__icontains=words) | Q(notation__icontains=words) | Q(number=number)
    held = dossier.items.filter(removed_at=None)
    outgoing = (
        OutgoingDocument.objects.filter(outgoing_seen_by(actor), hit, number__isnull=False)
        .exclude(state=OutgoingState.DRAFT)
        .exclude(pk__in=held.filter(outgoing__isnull=False).values("outgoing"))
        .order_by("-issued_on")[:FOUND_MAX]
    )
    incoming = (
        IncomingDocument.objects.filter(incoming_seen_by(actor), text_hit)
        .exclude(pk__in=held.filter(incoming__isnull=False).values("incoming"))
        .order_by("-arrived_at")[:FOUND_MAX]
    )
    found: list[Document] = [*incoming, *outgoing]
    return sorted(found, key=lambda one: one.issued_on or date.min, reverse=True)[:FOUND_MAX]


# The yearly list


def lists(actor: Actor) -> QuerySet[DossierList]:
    """The yearly lists of the agency, newest first."""
    return DossierList.objects.filter(organization_id=actor.organization_id)


def issued_entries(actor: Actor, year: int) -> QuerySet[DossierListEntry]:
    """The lines of the issued list from which this actor may open a file."""
    return DossierListEntry.objects.filter(
        organization_id=actor.organization_id, list__year=year, list__state=ListState.ISSUED
    )


def entries(actor: Actor, year: int) -> QuerySet[DossierListEntry]:
    """The lines of the list of a year, each with `opened`, how many files were opened from it."""
    return (
        DossierListEntry.objects.filter(organization_id=actor.organization_id, list__year=year)
        .select_related("unit", "keeper__person")
        .annotate(opened=Count("dossiers"))
        .order_by("code", "pk")
    )


# Clocks


@dataclass(frozen=True, slots=True)
class Due:
    """What is due on a day: hand-overs late or near, and files whose keeping has ended."""

    late: Sequence[Dossier]
    soon: Sequence[Dossier]
    ended: Sequence[Dossier]


DUE_MAX = 200


def due(actor: Actor, on: date | None = None) -> Due:
    """The files of this actor's view that are due (DX-78, DX-79); at most DUE_MAX of each."""
    on = on or timezone.localdate()
    mine = dossiers_visible_to(actor)
    if not actor.roles & {Role.ARCHIVIST, Role.LEADER, Role.UNIT_HEAD}:
        mine = mine.filter(creator_id=actor.seat_id)
    waiting = to_hand_over(mine)
    remind = retention.duties(on).remind_days
    near = on + timedelta(days=remind)
    ended = mine.filter(
        state__in=[DossierState.CLOSED, DossierState.HANDED_OVER], retention_ends_on__lt=on
    )
    return Due(
        late=list(waiting.filter(due_on__lt=on).order_by("due_on")[:DUE_MAX]),
        soon=list(waiting.filter(due_on__gte=on, due_on__lte=near).order_by("due_on")[:DUE_MAX]),
        ended=list(ended.order_by("retention_ends_on")[:DUE_MAX]),
    )


def to_hand_over(dossiers: QuerySet[Dossier]) -> QuerySet[Dossier]:
    """Closed files that go to the archive (DX-78)."""
    return dossiers.filter(state=DossierState.CLOSED, due_on__isnull=False)


# Hand-overs


def ready_for_archive(actor: Actor) -> QuerySet[Dossier]:
    """The closed files this actor may hand over to the archive and that are on no open record."""
    waiting = to_hand_over(dossiers_visible_to(actor)).exclude(
        hand_overs__hand_over__state__in=[HandOverState.PREPARED, HandOverState.GIVEN]
    )
    if not actor.roles & {Role.LEADER, Role.UNIT_HEAD}:
        waiting = waiting.filter(creator_id=actor.seat_id)
    return waiting.order_by("due_on")


def hand_overs(actor: Actor) -> QuerySet[HandOver]:
    """The records this actor sees, newest first, each with `files`, how many files are on it."""
    return (
        HandOver.objects.filter(policy.hand_overs_seen_by(actor))
        .select_related("keeper__person", "giver__person", "taker__person", "organization__parent")
        .annotate(files=Count("lines"))
        .order_by("-prepared_at", "-pk")
    )


def hand_over(actor: Actor, pk: int) -> HandOver:
    """Return one record. Raises DossierNotFound, also when the actor may not see it."""
    found = hand_overs(actor).filter(pk=pk).first()
    if found is None:
        raise DossierNotFound
    return found
