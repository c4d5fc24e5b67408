"""Successions as data: who was merged into whom, from which day, on which basis.

The files name agencies by their names; codes come from the national catalogue and are never in
them. `data/successions-2025.toml` holds the ministries of 01/03/2025 and the provinces of
01/07/2025.
"""

from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path
from typing import Any

from django.db import transaction

from lienthong.apps.directory import api as directory
from lienthong.core.errors import Problem

DATA = Path(__file__).with_name("data") / "successions-2025.toml"


class SuccessionsInvalid(Problem):
    """The file does not say who was merged into whom."""

    code = "registry.successions_invalid"
    status = 422
    text = "Tệp kế thừa {file} không hợp lệ: {reason}."


@transaction.atomic
def load_successions(file: Path = DATA) -> tuple[int, list[str]]:
    """Record the successions of agencies that are in the directory. Safe to repeat.

    Returns how many, and the names that the directory does not have. Raises SuccessionsInvalid.
    """
    steps = _steps(file)
    names = {name for old, new, _, _ in steps for name in (old, new)}
    wanted = {directory.composed(name): name for name in names}
    found = {each.name: each for each in directory.Organization.objects.filter(name__in=wanted)}
    done = 0
    for old, new, on, basis in steps:
        predecessor, successor = found.get(old), found.get(new)
        if predecessor is not None and successor is not None:
            directory.succeed(
                predecessor=predecessor, successor=successor, effective_on=on, basis=basis
            )
            done += 1
    return done, sorted(name for name in wanted if name not in found)


def _steps(file: Path) -> list[tuple[str, str, date, str]]:
    try:
        facts: dict[str, Any] = tomllib.loads(file.read_text(encoding="utf-8"))
        return [
            (
                directory.composed(old),
                directory.composed(merger["successor"]),
                act["effective_on"],
                str(act["basis"]),
            )
            for act in facts["acts"]
            for merger in act["mergers"]
            for old in merger["predecessors"]
        ]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise SuccessionsInvalid(file=file.name, reason=type(error).__name__) from error
