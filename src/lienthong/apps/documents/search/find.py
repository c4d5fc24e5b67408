"""Ask the entries. What a person may not see is not found: rights are part of the question.

Two roads, one answer. Who sees little (an officer; "overdue only") is searched among what they see;
who sees much is searched by words, newest first, and what they may not see drops out on the way.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import BooleanField, Q, QuerySet
from django.db.models.expressions import RawSQL
from django.utils import timezone

from lienthong.apps.accounts.api import Actor, Role
from lienthong.apps.documents.common import visibility
from lienthong.apps.documents.models import (
    Document,
    IncomingDocument,
    OutgoingDocument,
    SearchEntry,
    SearchWord,
)
from lienthong.apps.documents.rules.incoming import IncomingState
from lienthong.apps.documents.rules.outgoing import OutgoingState
from lienthong.apps.documents.search import text
from lienthong.apps.documents.search.language import Query

PAGE_SIZE = 50
FEW = 5_000  # so many documents are searched one by one
RECENT = 4_000  # of the newest entries are looked at before the index of words is asked
AT_ONCE = 400  # hits that are asked for in one round
ROUNDS_MAX = 12
WIDE = frozenset({Role.CLERK, Role.LEADER, Role.ARCHIVIST})
MEANT_MAX = 5  # words that may stand for a mistyped one
FIRST, LAST = date(1945, 9, 2), date(9999, 12, 31)
Place = tuple[date, UUID]  # where in the order of results: after this one
END: Place = (LAST, UUID(int=2**128 - 1))


@dataclass(frozen=True, slots=True)
class Found:
    """A page of results, newest first, and where the next one begins."""

    documents: Sequence[Document]
    after: Place | None
    query: Query  # as it was asked in the end
    is_forgiving: bool = False


def find(actor: Actor, query: Query, after: Place | None = None) -> Found:
    """The documents that answer `query` and that the actor may see.

    Words that stand in no document of the agency count as mistyped. When nothing answers, every
    word may be one.
    """
    mistyped = _unknown(actor, query.plain_words)
    asked = _forgiving(actor, query, mistyped) if mistyped else query
    found = _page(actor, asked, after)
    if not found.documents and after is None and query.plain_words - mistyped:
        wider = _forgiving(actor, query, query.plain_words)
        found = _page(actor, wider, None) if wider != asked else found
    return found


def _unknown(actor: Actor, words: frozenset[str]) -> frozenset[str]:
    return words - set(_known(actor, words))


def _known(actor: Actor, words: frozenset[str] | set[str]) -> list[str]:
    known = SearchWord.objects.filter(organization_id=actor.organization_id, word__in=words)
    return sorted(known.values_list("word", flat=True))


def _forgiving(actor: Actor, query: Query, mistyped: frozenset[str]) -> Query:
    """Let the agency's own words that are nearest stand for each mistyped one."""
    near = {word: text.near(word) for word in mistyped}
    known = set(_known(actor, {one for meant in near.values() for one in meant}))
    instead = {
        word: tuple(sorted(meant & known, key=lambda one: _slip(word, one))[:MEANT_MAX])
        for word, meant in near.items()
    }
    return query.forgiving({word: meant for word, meant in instead.items() if meant})


def _slip(typed: str, meant: str) -> tuple[bool, bool, str]:
    """Letters swapped first, then one too many or too few, then a wrong one."""
    return (sorted(typed) != sorted(meant), len(typed) == len(meant), meant)


def _page(actor: Actor, query: Query, after: Place | None) -> Found:
    if query.is_empty:
        return Found((), None, query)
    few = _few(actor, query)
    places = _among(few, query, after) if few is not None else _by_words(actor, query, after)
    documents: list[Document] = []
    last = after
    for place, document in _allowed(actor, query, places):
        if len(documents) == PAGE_SIZE:
            return Found(documents, last, query, _is_forgiving(query))
        documents.append(document)
        last = place
    return Found(documents, None, query, _is_forgiving(query))


def _is_forgiving(query: Query) -> bool:
    return any(term.instead for group in query.groups for term in group)


def _few(actor: Actor, query: Query) -> list[UUID] | None:
    """The keys of what the actor sees within the filters, or None when they are many."""
    if actor.roles & WIDE and not query.narrows:
        return None
    keys: list[UUID] = []
    for visible in _visible(actor, query):
        keys += visible.order_by().values_list("pk", flat=True)[: FEW + 1 - len(keys)]
        if len(keys) > FEW:
            return None
    return keys


def _visible(actor: Actor, query: Query) -> Iterator[QuerySet[Any]]:
    if query.kind != "outgoing":
        seen = IncomingDocument.objects.filter(visibility.incoming_seen_by(actor))
        yield seen.filter(_columns(query, IncomingState, "due_at__date", "completed_at"))
    if query.kind != "incoming":
        issued = OutgoingDocument.objects.filter(visibility.outgoing_seen_by(actor))
        yield issued.filter(_columns(query, OutgoingState, "send_by__date", "dispatched_at"))


def _columns(query: Query, states: Any, due: str, done: str) -> Q:
    """What is asked of columns rather than of words."""
    wanted = Q()
    if query.urgency is not None:
        wanted &= Q(urgency=query.urgency)
    if query.state:
        named = [one.value for one in states if text.exact("", str(one.label))[1:] == query.state]
        wanted &= Q(state__in=named)
    if query.due:
        today = timezone.localdate()
        wanted &= Q(**{f"{done}__isnull": True})
        wanted &= {
            "qua-han": Q(**{f"{due.removesuffix('__date')}__lt": timezone.now()}),
            "hom-nay": Q(**{due: today}),
            "7-ngay": Q(**{f"{due}__range": (today, today + timedelta(days=7))}),
        }[query.due]
    return wanted


def _among(keys: list[UUID], query: Query, after: Place | None) -> Iterator[list[Place]]:
    """The places of the entries of `keys` that answer, all at once."""
    if not keys:
        return
    entries = SearchEntry.objects.filter(pk__in=keys, day__range=_days(query))
    if query.tsquery:
        answers = RawSQL("vector @@ %s::tsquery", [query.tsquery], BooleanField())
        entries = entries.filter(answers)
    if after is not None:
        entries = entries.filter(Q(day__lt=after[0]) | Q(day=after[0], pk__lt=after[1]))
    ordered = entries.order_by("-day", "-pk").values_list("day", "pk")
    yield list(ordered[: PAGE_SIZE + 1])


def _by_words(actor: Actor, query: Query, after: Place | None) -> Iterator[list[Place]]:
    """Places by the index, newest first: the newest entries are looked at first."""
    after = after or END
    recent = RECENT
    for _ in range(ROUNDS_MAX):
        found = _ask(actor, query, after, recent)
        yield found
        is_short = len(found) < AT_ONCE
        if is_short and (not recent or not query.tsquery):
            return
        if is_short:
            recent = 0  # rare among the newest: the index knows where the others are
        after = found[-1] if found else after


def _ask(actor: Actor, query: Query, after: Place, recent: int) -> list[Place]:
    since, until = _days(query)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT day, id FROM documents_search(%s, %s::tsquery, %s, %s, %s, %s, %s, %s)",
            [
                actor.organization_id, query.tsquery or None, since, until, *after, recent, AT_ONCE,
            ],
        )  # fmt: skip
        return [(day, pk) for day, pk in cursor.fetchall()]


def _days(query: Query) -> tuple[date, date]:
    return query.since or FIRST, query.until or LAST


def _allowed(
    actor: Actor, query: Query, rounds: Iterator[list[Place]]
) -> Iterator[tuple[Place, Document]]:
    """The documents at these places that the actor may see and the filters let through."""
    for places in rounds:
        for some in _sliced(places, PAGE_SIZE + 1):
            keys = [pk for _, pk in some]
            found: dict[UUID, Document] = {}
            for visible in _visible(actor, query):
                related = ("lead__person",) if visible.model is IncomingDocument else ()
                for document in visible.select_related(*related).filter(pk__in=keys):
                    found[document.pk] = document
            yield from ((place, found[place[1]]) for place in some if place[1] in found)


def _sliced(places: Sequence[Place], size: int) -> Iterator[Sequence[Place]]:
    for at in range(0, len(places), size):
        yield places[at : at + size]
