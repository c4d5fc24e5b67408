"""Wakes the long polls of this process when something has come for their agencies."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Collection, Iterable


class Bell:
    """Who waits for which agency. A poll of another process finds news by asking again."""

    def __init__(self) -> None:
        self._waiting: defaultdict[str, set[asyncio.Event]] = defaultdict(set)

    def ring(self, codes: Iterable[str]) -> None:
        for code in codes:
            for event in self._waiting.get(code, ()):
                event.set()

    def listen(self, codes: Collection[str]) -> asyncio.Event:
        """Begin to listen; `leave` ends it."""
        event = asyncio.Event()
        for code in codes:
            self._waiting[code].add(event)
        return event

    def leave(self, codes: Collection[str], event: asyncio.Event) -> None:
        for code in codes:
            self._waiting[code].discard(event)
            if not self._waiting[code]:
                del self._waiting[code]

    def ring_all(self) -> None:
        """End every wait: the hub is closing."""
        for events in list(self._waiting.values()):
            for event in events:
                event.set()
