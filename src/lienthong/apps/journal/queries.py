"""Reads of the journal. Row security shows an organization its own chain only."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import TypeVar

from django.db.models import Q, QuerySet

from lienthong.apps.directory.api import plain
from lienthong.apps.journal import rules
from lienthong.apps.journal.models import Entry, Head, Reading
from lienthong.core.workclock import VIETNAM

Row = TypeVar("Row", Entry, Reading)


def history(subject: str) -> list[Entry]:
    """What happened to one subject, first things first."""
    return list(Entry.objects.filter(subject=subject).order_by("at", "sequence"))


def entries(stream: str, after: int) -> list[Entry]:
    """The next entries of a chain after that sequence number."""
    return list(Entry.objects.filter(stream=stream, sequence__gt=after).order_by("sequence")[:1000])


def head(organization_id: int | None) -> Head | None:
    """Where the chain ends, or None when nothing was recorded yet."""
    return Head.objects.filter(stream=rules.stream_of(organization_id)).first()


def readings(subject: str) -> QuerySet[Reading]:
    """Who opened a subject, the last look first."""
    return Reading.objects.filter(subject=subject).order_by("-at", "-pk")


def found_entries(text: str, since: date | None, until: date | None) -> QuerySet[Entry]:
    """Entries of one's own organization that hold these words, newest first.

    Words are looked for in acts, subjects and names of persons; names also without accents.
    """
    found = _between(Entry.objects.order_by("-at", "-sequence"), since, until)
    for word in text.split():
        found = found.filter(
            Q(act__icontains=word)
            | Q(subject__icontains=word)
            | Q(person__search_text__contains=plain(word))
        )
    return found


def found_readings(text: str, since: date | None, until: date | None) -> QuerySet[Reading]:
    """Readings of one's own organization that hold these words, newest first."""
    found = _between(Reading.objects.order_by("-at", "-pk"), since, until)
    for word in text.split():
        found = found.filter(
            Q(subject__icontains=word)
            | Q(part__icontains=word)
            | Q(person__search_text__contains=plain(word))
        )
    return found


def _between(rows: QuerySet[Row], since: date | None, until: date | None) -> QuerySet[Row]:
    if since:
        rows = rows.filter(at__gte=datetime.combine(since, time.min, VIETNAM))
    if until:
        rows = rows.filter(at__lte=datetime.combine(until, time.max, VIETNAM))
    return rows
