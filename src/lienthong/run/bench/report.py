"""The figures of a bench of signatures: one JSON object, or a table for people."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import click

from .windows import Cost

_COLUMNS = ("case", "per_core_second", "median_ms", "ratio_pyhanko", "share_of_limit")


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


def headline(
    bench: str,
    cases: Sequence[dict[str, Any]],
    *,
    file_bytes: int,
    openssl: dict[str, dict[str, float]],
) -> dict[str, Any]:
    """All cases; the first one, 170 KB PAdES-B with RSA-3072, also at the top."""
    first = {name: value for name, value in cases[0].items() if name != "case"}
    return {
        "bench": bench,
        **first,
        "file_bytes": file_bytes,
        "cases": list(cases),
        "openssl_speed": openssl,
    }


def emit(found: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False))
        return
    click.echo("{:34}{:>16}{:>12}{:>14}{:>15}".format(*_COLUMNS))
    for one in found["cases"]:
        click.echo(
            "{:34}{:>16}{:>12}{:>14}{:>15}".format(*(str(one.get(name, "")) for name in _COLUMNS))
        )
    for name, rates in found["openssl_speed"].items():
        click.echo(f"openssl speed {name}: {rates}")
