"""Urgency lanes: what is handed out next, how long its receiver has, and when it is given up.

Pure. The lanes are data (`data/delivery.toml`): DX-10 demands that urgent documents go first; a
share is kept for every other lane, so that a flood of urgent ones cannot stop the rest.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import UUID

from .problems import DeliveryPlanWrong

DEFAULT_FILE = Path(__file__).parent / "data" / "delivery.toml"
URGENCIES = frozenset(range(5))


@dataclass(frozen=True, slots=True)
class Lane:
    """One lane. share: percent it is sure of. retry_s: seconds after each hand-out."""

    name: str
    urgencies: frozenset[int]
    share: int
    retry_s: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A delivery that may be handed out. attempts: how often it was before."""

    id: UUID
    urgency: int
    attempts: int


@dataclass(frozen=True, slots=True)
class Plan:
    """The lanes, the most urgent first."""

    lanes: tuple[Lane, ...]

    def lane(self, urgency: int) -> Lane:
        """The lane of an urgency; one that is in no list travels in the last lane."""
        return next((lane for lane in self.lanes if urgency in lane.urgencies), self.lanes[-1])

    def is_spent(self, candidate: Candidate) -> bool:
        """Whether it was handed out as often as its schedule allows: a dead letter."""
        return candidate.attempts >= len(self.lane(candidate.urgency).retry_s)

    def lease_s(self, candidate: Candidate) -> int:
        """How long the receiver has to acknowledge it, once it is handed out now."""
        schedule = self.lane(candidate.urgency).retry_s
        return schedule[min(candidate.attempts, len(schedule) - 1)]

    def slots(self, limit: int, turn: float) -> list[int]:
        """The hand-outs of `limit` that each lane is sure of.

        turn: a number in [0, 1), a new one each time. Shares of less than one hand-out come true
        over many turns, so that a receiver who takes one at a time gets every lane, too.
        """
        edges = [0]
        total = 0
        for lane in reversed(self.lanes):
            total += lane.share
            edges.append(math.floor(total * limit / 100 + turn))
        whole = [min(after, limit) - min(before, limit) for before, after in pairwise(edges)]
        return list(reversed(whole))

    def choose(self, candidates: Iterable[Candidate], limit: int, turn: float) -> list[Candidate]:
        """Which ones go out: each lane its share, then the most urgent; at most `limit`.

        candidates: of every lane, in the order in which the lane would give them.
        """
        waiting: dict[str, list[Candidate]] = {lane.name: [] for lane in self.lanes}
        for candidate in candidates:
            waiting[self.lane(candidate.urgency).name].append(candidate)
        taken = [
            min(sure, len(waiting[lane.name]))
            for lane, sure in zip(self.lanes, self.slots(limit, turn), strict=True)
        ]
        left = limit - sum(taken)
        for index, lane in enumerate(self.lanes):
            more = min(left, len(waiting[lane.name]) - taken[index])
            taken[index] += more
            left -= more
        return [
            candidate
            for lane, count in zip(self.lanes, taken, strict=True)
            for candidate in waiting[lane.name][:count]
        ]


def load(path: Path = DEFAULT_FILE) -> Plan:
    """Read a plan. Raises DeliveryPlanWrong with what is wrong."""
    try:
        data = tomllib.loads(path.read_text("utf-8"))
        plan = Plan(tuple(_lane(entry) for entry in data["lane"]))
    except (OSError, tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as error:
        raise DeliveryPlanWrong(reason=f"{type(error).__name__} {error}") from error
    listed = [urgency for lane in plan.lanes for urgency in lane.urgencies]
    if sorted(listed) != sorted(URGENCIES):
        raise DeliveryPlanWrong(reason="urgencies")
    if sum(lane.share for lane in plan.lanes) != 100 or any(lane.share < 1 for lane in plan.lanes):
        raise DeliveryPlanWrong(reason="share")
    if any(not lane.retry_s or min(lane.retry_s) < 1 for lane in plan.lanes):
        raise DeliveryPlanWrong(reason="retry_s")
    return plan


def _lane(entry: Mapping[str, Any]) -> Lane:
    return Lane(
        str(entry["name"]),
        frozenset(int(each) for each in entry["urgencies"]),
        int(entry["share"]),
        tuple(int(each) for each in entry["retry_s"]),
    )
