"""The figures of a bench of signatures: one JSON object, or a table for people."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import click

from .target import REFERENCE, Speeds, Target
from .windows import Cost

_COLUMNS = (
    "case", "per_core_second", "median_ms", "ratio_pyhanko", "share_of_limit", "scaled_target",
    "met",
)  # fmt: skip
_ROW = "{:34}{:>16}{:>12}{:>14}{:>15}{:>15}{:>6}"


def case(
    name: str, ours: Cost, pyhanko: Cost | None = None, limit: Cost | None = None
) -> dict[str, Any]:
    """One line. Rates are of the best windows; medians stand beside them."""
    found: dict[str, Any] = {
        "case": name,
        "per_core_second": round(ours.per_second, 1),
        "best_ms": round(ours.best_ms, 4),
        "median_ms": round(ours.median_ms, 4),
    }
    if pyhanko is not None:
        found["pyhanko_per_core_second"] = round(pyhanko.per_second, 2)
        found["ratio_pyhanko"] = round(ours.per_second / pyhanko.per_second, 1)
    if limit is not None:
        found["limit_per_core_second"] = round(limit.per_second, 1)
        found["share_of_limit"] = round(ours.per_second / limit.per_second, 4)
    return found


def with_targets(
    cases: Sequence[dict[str, Any]], targets: Mapping[str, Target], machine: Speeds
) -> list[dict[str, Any]]:
    """The cases with what is asked of them: as written, scaled to this machine, and whether met."""
    found = []
    for one in cases:
        target = targets.get(one["case"])
        if target is None:
            found.append(one)
            continue
        scaled = target.on(machine)
        asked = {
            "target": target.per_second,
            "scaled_target": round(scaled, 1),
            "met": one["per_core_second"] >= scaled,
        }
        found.append({**one, **asked})
    return found


def headline(
    bench: str,
    cases: Sequence[dict[str, Any]],
    *,
    file_bytes: int,
    openssl: dict[str, dict[str, float]],
    machine: Speeds,
) -> dict[str, Any]:
    """All cases; the first one, 170 KB PAdES-B with RSA-3072, also at the top."""
    first = {name: value for name, value in cases[0].items() if name != "case"}
    return {
        "bench": bench,
        **first,
        "file_bytes": file_bytes,
        "cases": list(cases),
        "openssl_speed": openssl,
        "speeds": machine.to_json(),
        "reference_speeds": REFERENCE.to_json(),
    }


def emit(found: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False))
        return
    click.echo(_ROW.format(*_COLUMNS))
    for one in found["cases"]:
        click.echo(_ROW.format(*(_cell(one.get(name, "")) for name in _COLUMNS)))
    click.echo(f"scaled by {found['speeds']}, asked for on {found['reference_speeds']}")
    for name, rates in found["openssl_speed"].items():
        click.echo(f"openssl speed {name}: {rates}")


def _cell(value: object) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)
