"""Until when a certificate request must be done: dated data with its legal basis (SG 4.1)."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path

from lienthong.core.workclock import VIETNAM, vietnam

FILE = Path(__file__).with_name("deadlines.toml")


@dataclass(frozen=True, slots=True)
class Deadline:
    """One rule: `days` working days by law, `target_hours` working hours as our own aim."""

    act: str
    days: int
    target_hours: int
    basis: str
    valid_from: date

    def due(self, start: datetime) -> datetime:
        """When the law wants it done; the day of `start` is not counted."""
        return vietnam().due_days(start, self.days)

    def target(self, start: datetime) -> datetime:
        """When we want it done."""
        return vietnam().due(start, self.target_hours)


@cache
def rules() -> tuple[Deadline, ...]:
    """Every rule, oldest first."""
    data = tomllib.loads(FILE.read_text(encoding="utf-8"))
    return tuple(
        sorted((Deadline(**one) for one in data["deadline"]), key=lambda rule: rule.valid_from)
    )


def rule_for(act: str, on: datetime) -> Deadline:
    """The rule for an act in force at that moment. Raises LookupError for an unknown act."""
    day = on.astimezone(VIETNAM).date()
    in_force = [rule for rule in rules() if rule.act == act and rule.valid_from <= day]
    if not in_force:
        raise LookupError(f"no deadline for {act} on {day}")
    return in_force[-1]
