"""Figures of the indices, and the rows behind them.

Indices of one table and one moment are counted in one read over an index of that moment.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Count, DateField, Q, QuerySet
from django.db.models.functions import TruncMonth
from django.utils import timezone

from lienthong.apps.accounts import api as accounts
from lienthong.apps.accounts.api import Actor, Role
from lienthong.apps.directory import api as directory
from lienthong.apps.documents.common import deadlines
from lienthong.apps.documents.common.visibility import incoming_seen_by, outgoing_seen_by
from lienthong.apps.documents.models import IncomingDocument, OutgoingDocument, OutgoingRecipient
from lienthong.apps.documents.registers.definitions import Span
from lienthong.apps.documents.statistics.definitions import INDICES, Index
from lienthong.core.workclock import VIETNAM

_READERS = frozenset({Role.LEADER, Role.CLERK, Role.UNIT_HEAD, Role.ARCHIVIST})
_OVERSEERS = frozenset({Role.LEADER, Role.CLERK})


@dataclass(frozen=True, slots=True)
class Figure:
    """What an index came to. hits: None for an index that is a count."""

    base: int
    hits: int | None = None

    @property
    def percent(self) -> float | None:
        """The share in percent; None without a denominator."""
        if self.hits is None or not self.base:
            return None
        return round(100 * self.hits / self.base, 1)


@dataclass(frozen=True, slots=True)
class Delay:
    """M-06: working hours from arrival to acceptance, median and 95th percentile, of how many."""

    count: int
    median: float | None
    high: float | None


@accounts.rule("documents.statistics")
def may_read(actor: Actor, _object: None = None) -> bool:
    """Leaders, clerks, unit heads and archivists read the figures of their agency."""
    return bool(actor.roles & _READERS)


def agencies_of(actor: Actor) -> list[directory.Organization]:
    """One's own agency; for leaders and clerks those below it too, at every level (DX-109)."""
    own = directory.get(actor.organization_id)
    found = [own]
    if actor.roles & _OVERSEERS:
        level = [own.pk]
        while level:
            below = list(directory.Organization.objects.filter(parent_id__in=level, active=True))
            found += below
            level = [one.pk for one in below]
    return found


def figures(organization_ids: Sequence[int], span: Span) -> dict[str, Figure]:
    """Every index of these agencies in the period, by slug; M-06 apart in `delay`."""
    groups: dict[tuple[type, str], list[Index]] = defaultdict(list)
    for index in INDICES.values():
        groups[index.model, index.moment].append(index)
    found: dict[str, Figure] = {}
    with accounts.scope(*organization_ids):
        for indices in groups.values():
            row = _rows(indices[0], organization_ids, span).aggregate(**_counts(indices))
            found |= {one.slug: _figure(one, row) for one in indices}
    return {slug: found[slug] for slug in INDICES}


def by_agency(index: Index, organization_ids: Sequence[int], span: Span) -> Mapping[int, Figure]:
    """One index for each of these agencies."""
    with accounts.scope(*organization_ids):
        rows = _rows(index, organization_ids, span).order_by().values("organization_id")
        return {
            row["organization_id"]: _figure(index, row) for row in rows.annotate(**_counts([index]))
        }


def by_month(index: Index, organization_ids: Sequence[int], span: Span) -> Mapping[date, Figure]:
    """One index for each month of the period that has rows, by its first day."""
    month = TruncMonth(index.moment, output_field=DateField(), tzinfo=_zone(index))
    with accounts.scope(*organization_ids):
        rows = _rows(index, organization_ids, span).order_by().annotate(month=month)
        counted = rows.values("month").annotate(**_counts([index])).order_by("month")
        return {row["month"]: _figure(index, row) for row in counted}


def behind(actor: Actor, index: Index, span: Span, *, is_hit: bool | None) -> QuerySet[Any]:
    """The rows of the actor's own agency behind a figure, of documents they may see.

    is_hit: True the numerator, False the rest of the denominator, None all of it.
    """
    rows = _rows(index, [actor.organization_id], span).filter(index.base)
    if index.hit is not None and is_hit is not None:
        counted = rows.filter(index.hit)
        rows = counted if is_hit else rows.exclude(pk__in=counted.values("pk"))
    rows = rows.filter(_seen(actor, index))
    if index.model is OutgoingRecipient:
        rows = rows.select_related("document", "recipient")
    return rows.order_by(f"-{index.moment}", "pk")


def delay(organization_ids: Sequence[int], span: Span) -> Delay:
    """M-06: from arrival (01) to acceptance (03) in working hours, of what arrived in the period.

    The working time up to each day is made once from the calendar and joined to both ends.
    """
    since, until = span.moments()
    days, before, working = _clock(span.since, timezone.localdate() + timedelta(days=1))
    shifts = deadlines.calendar().shifts
    starts = [_minutes(shift.start) for shift in shifts]
    ends = [_minutes(shift.end) for shift in shifts]
    with accounts.scope(*organization_ids), connection.cursor() as cursor:
        cursor.execute(
            _DELAY,
            {
                "days": days,
                "before": before,
                "working": working,
                "starts": starts,
                "ends": ends,
                "zone": VIETNAM.key,
                "organizations": list(organization_ids),
                "since": since,
                "until": until,
            },
        )
        count, median, high = cursor.fetchone()
    return Delay(count, _hours(median), _hours(high))


_DELAY = """
WITH clock AS (
    SELECT * FROM unnest(%(days)s::date[], %(before)s::float[], %(working)s::boolean[])
        AS c(day, before, is_working)
), ends AS (
    SELECT arrived_at AT TIME ZONE %(zone)s AS a, registered_at AT TIME ZONE %(zone)s AS r
    FROM documents_incomingdocument
    WHERE organization_id = ANY(%(organizations)s)
        AND arrived_at BETWEEN %(since)s AND %(until)s AND registered_at IS NOT NULL
), passed AS (
    SELECT (cr.before + CASE WHEN cr.is_working THEN (
            SELECT coalesce(sum(greatest(0, least(extract(epoch FROM r::time) / 60, e) - s)), 0)
            FROM unnest(%(starts)s::float[], %(ends)s::float[]) AS shift(s, e)) ELSE 0 END)
        - (ca.before + CASE WHEN ca.is_working THEN (
            SELECT coalesce(sum(greatest(0, least(extract(epoch FROM a::time) / 60, e) - s)), 0)
            FROM unnest(%(starts)s::float[], %(ends)s::float[]) AS shift(s, e)) ELSE 0 END)
        AS minutes
    FROM ends JOIN clock ca ON ca.day = a::date JOIN clock cr ON cr.day = r::date
)
SELECT count(*), percentile_cont(0.5) WITHIN GROUP (ORDER BY minutes),
    percentile_cont(0.95) WITHIN GROUP (ORDER BY minutes)
FROM passed
"""


def _clock(since: date, until: date) -> tuple[list[date], list[float], list[bool]]:
    """Days, working minutes before each of them, whether it is a working day."""
    calendar = deadlines.calendar()
    length = calendar.day_length.total_seconds() / 60
    days, before, working, passed = [], [], [], 0.0
    day = since
    while day <= until:
        is_working = calendar.is_working_day(day)
        days.append(day)
        before.append(passed)
        working.append(is_working)
        passed += length if is_working else 0
        day += timedelta(days=1)
    return days, before, working


def _rows(index: Index, organization_ids: Sequence[int], span: Span) -> QuerySet[Any]:
    ends: tuple[date | datetime, date | datetime] = span.moments()
    if index.moment.endswith("_on"):
        ends = (span.since, span.until)
    wanted = {"organization_id__in": list(organization_ids), f"{index.moment}__range": ends}
    rows: QuerySet[Any] = index.model._default_manager.filter(**wanted)
    return rows


def _counts(indices: Sequence[Index]) -> dict[str, Count]:
    found: dict[str, Count] = {}
    for index in indices:
        name = _name(index)
        found[f"{name}_base"] = Count("pk", filter=index.base) if index.base else Count("pk")
        if index.hit is not None:
            found[f"{name}_hits"] = Count("pk", filter=index.base & index.hit)
    return found


def _figure(index: Index, row: Mapping[str, Any]) -> Figure:
    name = _name(index)
    return Figure(row[f"{name}_base"], row.get(f"{name}_hits"))


def _name(index: Index) -> str:
    return index.slug.replace("-", "_")


def _seen(actor: Actor, index: Index) -> Q:
    if index.model is IncomingDocument:
        return incoming_seen_by(actor)
    if index.model is OutgoingDocument:
        return outgoing_seen_by(actor)
    if index.model is OutgoingRecipient:
        seen = OutgoingDocument.objects.filter(outgoing_seen_by(actor))
        return Q(document__in=seen.values("pk"))
    return Q(organization_id=actor.organization_id)


def _zone(index: Index) -> Any:
    return None if index.moment.endswith("_on") else VIETNAM


def _minutes(at: Any) -> float:
    return float(at.hour * 60 + at.minute)


def _hours(minutes: float | None) -> float | None:
    return None if minutes is None else round(minutes / 60, 2)
