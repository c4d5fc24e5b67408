"""Writes to the directory. One function is one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from lienthong.apps.directory import rules
from lienthong.apps.directory.models import (
    Change,
    Kind,
    Organization,
    OrganizationCode,
    Scheme,
    Succession,
    Unit,
)


@transaction.atomic
def register(
    *,
    name: str,
    codes: Mapping[Scheme | str, str],
    short_name: str = "",
    kind: Kind | str = Kind.OTHER,
    parent: Organization | None = None,
    place: str = "",
    email: str = "",
    valid_from: date | None = None,
) -> Organization:
    """Enter an organization with its codes. Raises CodeInvalid, CodeTaken."""
    organization = Organization.objects.create(
        name=name, short_name=short_name, kind=Kind(kind), parent=parent, place=place, email=email
    )
    for scheme, value in codes.items():
        give_code(organization, scheme=Scheme(scheme), value=value, valid_from=valid_from)
    return organization


@transaction.atomic
def give_code(
    organization: Organization, *, scheme: Scheme, value: str, valid_from: date | None = None
) -> OrganizationCode:
    """Give a code from that day on; the code of the same scheme held before ends on that day.

    Raises CodeInvalid, and CodeTaken when anyone holds the value then or later.
    """
    start = valid_from or BEGINNING
    rules.check_code(value, scheme)
    Organization.objects.select_for_update().get(pk=organization.pk)
    taken = OrganizationCode.objects.filter(value=value)
    if taken.filter(Q(valid_to=None) | Q(valid_to__gt=start)).exists():
        raise rules.CodeTaken(value=value)
    organization.codes.filter(scheme=scheme, valid_to=None, valid_from__lt=start).update(
        valid_to=start
    )
    return OrganizationCode.objects.create(
        organization=organization, scheme=scheme, value=value, valid_from=start
    )


# Codes entered without a date hold for every document of the electronic exchange (since 2015).
BEGINNING = date(2015, 1, 1)


def lock(organization: Organization) -> None:
    """Stop delivery to an organization and from it (V-23) until it is unlocked."""
    _set_locked(organization, locked=True)


def unlock(organization: Organization) -> None:
    """Let an organization exchange documents again."""
    _set_locked(organization, locked=False)


def _set_locked(organization: Organization, *, locked: bool) -> None:
    organization.locked = locked
    organization.save(update_fields=["locked"])


@transaction.atomic
def succeed(
    *,
    predecessor: Organization,
    successor: Organization,
    effective_on: date,
    basis: str,
) -> Succession:
    """Record that `successor` takes over from `predecessor` from that day. Safe to repeat.

    The codes of the predecessor end on that day, and it is inactive once the day has come.
    """
    succession, _ = Succession.objects.get_or_create(
        predecessor=predecessor,
        successor=successor,
        defaults={"effective_on": effective_on, "basis": rules.composed(basis)},
    )
    predecessor.codes.filter(valid_from__lt=effective_on).filter(
        Q(valid_to=None) | Q(valid_to__gt=effective_on)
    ).update(valid_to=effective_on)
    if effective_on <= timezone.localdate():
        predecessor.active = False
        predecessor.save(update_fields=["active"])
    return succession


def add_unit(
    *, organization: Organization, name: str, code: str = "", parent: Unit | None = None
) -> Unit:
    """Enter a unit of an organization."""
    return Unit.objects.create(organization=organization, name=name, code=code, parent=parent)


@dataclass(frozen=True, slots=True)
class NewOrganization:
    """One organization of a bulk load: its name, kind and codes by scheme, from BEGINNING on."""

    name: str
    kind: Kind
    codes: Mapping[Scheme, str]
    short_name: str = ""
    parent_code: str = ""


@transaction.atomic
def load(organizations: Iterable[NewOrganization]) -> int:
    """Enter many organizations at once; how many. Parents come before their children.

    Raises CodeInvalid, CodeTaken, OrganizationUnknown (a parent); then nothing is entered.
    """
    wanted = list(organizations)
    for each in wanted:
        for scheme, value in each.codes.items():
            rules.check_code(value, scheme)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence('directory_organization', 'id'))"
            " FROM generate_series(1, %s)",
            [len(wanted)],
        )
        ids = [row[0] for row in cursor.fetchall()]
    held = dict(OrganizationCode.objects.values_list("value", "organization_id"))
    parents, codes = [], []
    for pk, each in zip(ids, wanted, strict=True):
        parents.append(_parent(each, held))
        for scheme, value in each.codes.items():
            if value in held:
                raise rules.CodeTaken(value=value)
            held[value] = pk
            codes.append((pk, scheme.value, value, BEGINNING))
    _copy(
        "directory_organization (id, name, short_name, kind, place, email, active, locked,"
        " name_sort, search_text, parent_id)",
        (  # made while the database writes those before
            (pk, *_columns(each), parent)
            for pk, each, parent in zip(ids, wanted, parents, strict=True)
        ),
    )
    _copy("directory_organizationcode (organization_id, scheme, value, valid_from)", codes)
    return len(wanted)


def _columns(each: NewOrganization) -> tuple[object, ...]:
    name, short = rules.composed(each.name), rules.composed(each.short_name)
    search = rules.plain(f"{name} {short}")
    return (name, short, each.kind.value, "", "", True, False, rules.sort_key(name), search)


def _parent(each: NewOrganization, held: Mapping[str, int]) -> int | None:
    if not each.parent_code:
        return None
    if each.parent_code not in held:
        raise rules.OrganizationUnknown(organization=each.parent_code)
    return held[each.parent_code]


def _copy(target: str, rows: Iterable[tuple[object, ...]]) -> None:
    """Write rows by COPY, which is several times faster than inserting them."""
    with connection.cursor() as cursor, cursor.copy(f"COPY {target} FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def note_change(organization_ids: Iterable[int]) -> None:
    """Say that something about these organizations changed that stands in no row of ours."""
    Change.objects.bulk_create(Change(organization_id=pk) for pk in organization_ids)
