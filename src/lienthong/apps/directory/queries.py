"""Reads of the directory. Every node may read all of it: codes and names are public."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db.models import Q, QuerySet
from django.utils import timezone

from lienthong.apps.directory import rules
from lienthong.apps.directory.models import Organization, OrganizationCode, Succession, Unit

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


def snapshot() -> tuple[Entry, ...]:
    """The whole directory as it stands today, for checks that must not ask the database."""
    today = timezone.localdate()
    return tuple(
        Entry(
            id=organization.pk,
            code=organization.code,
            codes=frozenset(organization.codes_on(today).values()),
            name=organization.name,
            active=organization.active,
            locked=organization.locked,
            email=organization.email,
        )
        for organization in Organization.objects.prefetch_related("codes")
    )


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
