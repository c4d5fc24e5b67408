"""CPU time of operations, measured side by side: what disturbs one disturbs the others alike."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median

ROUNDS = 7
WINDOW_S = 0.12

Operation = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU milliseconds of one operation: the best and the median of its windows."""

    best_ms: float
    median_ms: float

    @property
    def per_second(self) -> float:
        """Operations for each second of one core, by the best window."""
        return 1000 / self.best_ms


def measure(
    operations: Mapping[str, Operation], *, rounds: int = ROUNDS, window_s: float = WINDOW_S
) -> dict[str, Cost]:
    """Measure all of them in turns, `rounds` times a window of about `window_s` each."""
    counts = {name: _count(call, window_s) for name, call in operations.items()}
    seen: dict[str, list[float]] = {name: [] for name in operations}
    for _ in range(rounds):
        for name, call in operations.items():
            seen[name].append(_window(call, counts[name]))
    return {name: Cost(min(each), median(each)) for name, each in seen.items()}


def _count(call: Operation, window_s: float) -> int:
    """How many calls fill a window; the first call is not counted, it may have to import."""
    call()
    return max(1, round(window_s * 1000 / max(_window(call, 1), 0.001)))


def _window(call: Operation, count: int) -> float:
    began = time.process_time()
    for _ in range(count):
        call()
    return (time.process_time() - began) * 1000 / count
