"""The figures of a drill: one JSON object, or lines for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from .books import Books

EXAMPLES = 5


@dataclass(frozen=True)
class Figures:
    """One drill. tried: False when this machine cannot make the fault; `reason` says why.

    as_promised: whether what the drill promises besides the books was seen (an answer, a stop).
    """

    drill: str
    tried: bool = True
    rounds: int = 0
    acknowledged: int = 0
    kept: int = 0
    lost: int = 0
    doubled: int = 0
    unproved: int = 0
    restart_s: float = 0.0
    as_promised: bool = True
    reason: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        drill: str,
        books: Books,
        *,
        rounds: int,
        restarts: Sequence[float],
        as_promised: bool = True,
        facts: Mapping[str, Any] | None = None,
    ) -> Self:
        """restarts: seconds until processes answered again; the longest is told."""
        examples = [*books.lost, *books.doubled, *books.unproved][:EXAMPLES]
        return cls(
            drill,
            rounds=rounds,
            acknowledged=books.acknowledged,
            kept=books.kept,
            lost=len(books.lost),
            doubled=len(books.doubled),
            unproved=len(books.unproved),
            restart_s=round(max(restarts, default=0.0), 2),
            as_promised=as_promised,
            reason="; ".join(examples),
            facts=facts or {},
        )

    @classmethod
    def not_tried(cls, drill: str, reason: str) -> Self:
        return cls(drill, tried=False, reason=reason)

    @property
    def good(self) -> bool:
        return not (self.lost or self.doubled or self.unproved) and self.as_promised

    def to_json(self) -> dict[str, Any]:
        if not self.tried:
            return {"drill": self.drill, "tried": False, "reason": self.reason}
        names = ("drill", "tried", "rounds", "acknowledged", "kept", "lost", "doubled", "unproved")
        found = {name: getattr(self, name) for name in names}
        found |= {"restart_s": self.restart_s, "as_promised": self.as_promised}
        return {**found, **self.facts, **({"reason": self.reason} if self.reason else {})}
