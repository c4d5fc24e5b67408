"""Wait for what other threads and processes do."""

from __future__ import annotations

import time
from collections.abc import Callable


def wait_until(holds: Callable[[], bool], *, within_s: float = 40, every_s: float = 0.1) -> None:
    """Look again until something holds. Fails after `within_s`."""
    until = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < until, f"did not come to hold within {within_s:.0f} s"
        time.sleep(every_s)
