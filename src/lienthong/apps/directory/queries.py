"""Reads of the directory. Every node may read all of it: codes and names are public."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet
from django.utils import timezone

from lienthong.apps.directory import rules
from lienthong.apps.directory.models import (
    CODE_ORDER,
    Change,
    Organization,
    OrganizationCode,
    Succession,
    Unit,
    Version,
)

SEARCH_MAX = 50


@dataclass(frozen=True, slots=True)
class Entry:
    """One organization as the checks of packets need it."""

    id: int
    code: str
    codes: frozenset[str]
    name: str
    active: bool
    locked: bool
    email: str = ""


def find(code: str, on: date | None = None) -> Organization | None:
    """Return the organization that holds `code`, of any scheme, on that day (today by default)."""
    on = on or timezone.localdate()
    held = (
        OrganizationCode.objects.filter(value=code, valid_from__lte=on)
        .filter(Q(valid_to=None) | Q(valid_to__gt=on))
        .select_related("organization")
        .first()
    )
    return held.organization if held else None


def get(organization_id: int) -> Organization:
    """Return the organization with that id. Raises OrganizationUnknown."""
    found = Organization.objects.prefetch_related("codes").filter(pk=organization_id).first()
    if found is None:
        raise rules.OrganizationUnknown(organization=organization_id)
    return found


def search(text: str) -> list[Organization]:
    """Return active organizations whose name, short name or code has every word of `text`.

    Accents, case and the difference of đ and d do not matter. At most SEARCH_MAX, in Vietnamese
    order.
    """
    found = all_active()
    for word in rules.plain(text).split():
        found = found.filter(Q(search_text__contains=word) | Q(codes__value__icontains=word))
    return list(found.distinct()[:SEARCH_MAX])


def all_active() -> QuerySet[Organization]:
    """Every organization that works today, in Vietnamese order, with its codes at hand."""
    return Organization.objects.filter(active=True).prefetch_related("codes")


def version() -> int:
    """A number that grows with every change of the directory."""
    found = Version.objects.filter(pk=1).values_list("number", flat=True).first()
    return found or 0


def snapshot() -> tuple[Entry, ...]:
    """The whole directory as it stands today, for checks that must not ask the database.

    The same object until the directory changes or the day does.
    """
    state = (connection.settings_dict["NAME"], version(), timezone.localdate())
    with _taking:
        if _taken.get("state") != state:
            _taken.update(state=state, entries=_snapshot(state[2]))
        entries: tuple[Entry, ...] = _taken["entries"]
    return entries


_taking = threading.Lock()
_taken: dict[str, Any] = {}


def _snapshot(today: date) -> tuple[Entry, ...]:
    """Two statements, however many organizations there are."""
    held: dict[int, dict[str, str]] = {}
    codes = (
        OrganizationCode.objects.filter(valid_from__lte=today)
        .filter(Q(valid_to=None) | Q(valid_to__gt=today))
        .order_by("valid_from")
    )
    for organization_id, scheme, value in codes.values_list("organization_id", "scheme", "value"):
        held.setdefault(organization_id, {})[scheme] = value
    rows = Organization.objects.values_list("id", "name", "active", "locked", "email")
    return tuple(
        Entry(
            id=pk,
            code=first_code(held.get(pk, {})),
            codes=frozenset(held.get(pk, {}).values()),
            name=name,
            active=active,
            locked=locked,
            email=email,
        )
        for pk, name, active, locked, email in rows
    )


def first_code(held: Mapping[str, str]) -> str:
    """The code an organization goes by, of those it holds by scheme; "" when it holds none."""
    return next((held[scheme] for scheme in CODE_ORDER if scheme in held), "")


def successors(organization: Organization, on: date | None = None) -> list[Organization]:
    """Who answers for `organization` on that day: itself when nobody succeeded it yet.

    Follows chains of successions, so a merger after a merger leads to the last one.
    """
    on = on or timezone.localdate()
    last: dict[int, Organization] = {}
    waiting, seen = [organization], {organization.pk}
    while waiting:
        current = waiting.pop()
        steps = Succession.objects.filter(predecessor=current, effective_on__lte=on)
        heirs = [step.successor for step in steps.select_related("successor")]
        if not heirs:
            last[current.pk] = current
        waiting += [heir for heir in heirs if heir.pk not in seen]
        seen |= {heir.pk for heir in heirs}
    return sorted(last.values(), key=lambda heir: (heir.name_sort, heir.pk))


def units(organization_id: int) -> QuerySet[Unit]:
    """The units of one organization in Vietnamese order."""
    return Unit.objects.filter(organization_id=organization_id)


def take_changes(limit: int = 200_000) -> list[int]:
    """Take the ids of organizations that changed since the last time, each once.

    In the caller's transaction: what it undoes is told again.
    """
    oldest = Change.objects.order_by("pk")[:limit].values("pk")
    with connection.cursor() as cursor:
        sql, parameters = oldest.query.sql_with_params()
        cursor.execute(
            f"DELETE FROM directory_change WHERE id IN ({sql}) RETURNING organization_id",  # noqa: S608  Django's own SQL
            parameters,
        )
        return sorted({row[0] for row in cursor.fetchall()})
