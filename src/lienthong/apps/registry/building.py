"""The entry of an agency, made from the directory: codes with their days, keys, successors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from lienthong.apps.directory import api as directory
from lienthong.apps.registry.models import NodeKey
from lienthong.apps.registry.rules import written

AT_ONCE = 5000


def entries_of(ids: Sequence[int]) -> Iterator[tuple[str, str]]:
    """(key, body) of each of these organizations; body "" for one that is no longer there."""
    for start in range(0, len(ids), AT_ONCE):
        yield from _some(ids[start : start + AT_ONCE])


def _some(ids: Sequence[int]) -> Iterator[tuple[str, str]]:
    keys = {each.organization_id: each for each in NodeKey.objects.filter(pk__in=ids)}
    heirs: dict[int, list[dict[str, Any]]] = {}
    for step in directory.Succession.objects.filter(predecessor_id__in=ids):
        heirs.setdefault(step.predecessor_id, []).append(
            {
                "successor": str(step.successor_id),
                "effective_on": step.effective_on.isoformat(),
                "basis": step.basis,
            }
        )
    found = directory.Organization.objects.filter(pk__in=ids).prefetch_related("codes")
    bodies = {each.pk: _body(each, keys.get(each.pk), heirs.get(each.pk, [])) for each in found}
    for pk in ids:
        yield str(pk), bodies.get(pk, "")


def _body(
    organization: directory.Organization, key: NodeKey | None, heirs: list[dict[str, Any]]
) -> str:
    entry: dict[str, Any] = {
        "key": str(organization.pk),
        "name": organization.name,
        "short_name": organization.short_name,
        "kind": organization.kind,
        "parent": str(organization.parent_id) if organization.parent_id else None,
        "place": organization.place,
        "email": organization.email,
        "active": organization.active,
        "locked": organization.locked,
        "codes": [
            {
                "scheme": each.scheme,
                "value": each.value,
                "valid_from": each.valid_from.isoformat(),
                "valid_to": _day(each.valid_to),
            }
            for each in sorted(
                organization.codes.all(), key=lambda code: (code.scheme, code.valid_from)
            )
        ],
        "successors": sorted(heirs, key=lambda step: (step["effective_on"], step["successor"])),
    }
    if key is not None:
        entry["node"] = {"id": key.node_id, "certificate": key.certificate}
    return written(entry)


def _day(value: date | None) -> str | None:
    return value.isoformat() if value else None
