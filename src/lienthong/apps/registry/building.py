"""The entry of an agency, made from the directory: codes with their days, keys, successors."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from django.db.models.expressions import RawSQL

from lienthong.apps.directory import api as directory
from lienthong.apps.registry.models import NodeKey
from lienthong.apps.registry.rules import written

Many = dict[int, list[dict[str, Any]]]

_COLUMNS = ("pk", "name", "short_name", "kind", "parent_id", "place", "email", "active", "locked")


def entries_of(ids: Sequence[int]) -> Iterator[tuple[str, str]]:
    """(key, body) of each of these organizations; body "" for one that is no longer there.

    Four statements, and plain columns in place of objects: a country has 120 000 agencies.
    """
    these = RawSQL("SELECT unnest(%s::int8[])", [list(ids)])
    keys = {each.organization_id: each for each in NodeKey.objects.filter(pk__in=these)}
    codes, heirs = _codes(these), _heirs(these)
    rows = directory.Organization.objects.filter(pk__in=these).order_by().values(*_COLUMNS)
    bodies = {
        row["pk"]: _body(row, keys.get(row["pk"]), codes[row["pk"]], heirs[row["pk"]])
        for row in rows
    }
    for pk in ids:
        yield str(pk), bodies.get(pk, "")


def _codes(these: RawSQL) -> Many:
    """The codes of each organization, by scheme and first day."""
    found: Many = defaultdict(list)
    rows = directory.OrganizationCode.objects.filter(organization_id__in=these).order_by(
        "scheme", "valid_from"
    )
    for pk, scheme, value, start, end in rows.values_list(
        "organization_id", "scheme", "value", "valid_from", "valid_to"
    ):
        days = {"valid_from": start.isoformat(), "valid_to": _day(end)}
        found[pk].append({"scheme": scheme, "value": value, **days})
    return found


def _heirs(these: RawSQL) -> Many:
    """Who took over from each organization, in the order of days."""
    found: Many = defaultdict(list)
    for step in directory.Succession.objects.filter(predecessor_id__in=these):
        found[step.predecessor_id].append(
            {
                "successor": str(step.successor_id),
                "effective_on": step.effective_on.isoformat(),
                "basis": step.basis,
            }
        )
    for steps in found.values():
        steps.sort(key=lambda step: (step["effective_on"], step["successor"]))
    return found


def _body(
    row: dict[str, Any],
    key: NodeKey | None,
    codes: list[dict[str, Any]],
    heirs: list[dict[str, Any]],
) -> str:
    entry = dict(row)
    entry["key"] = str(entry.pop("pk"))
    parent = entry.pop("parent_id")
    entry |= {"parent": str(parent) if parent else None, "codes": codes, "successors": heirs}
    if key is not None:
        entry["node"] = {"id": key.node_id, "certificate": key.certificate}
    return written(entry)


def _day(value: date | None) -> str | None:
    return value.isoformat() if value else None
