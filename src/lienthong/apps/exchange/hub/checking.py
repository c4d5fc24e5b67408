"""The threads that check. What comes together is handed over together, and answered together.

Waking a thread for one packet and the event loop for its result costs as much as several of its
checks, so a thread goes on while there is work. As a rule one thread works: two would only contend
for the interpreter. When a packet has waited, because one before it takes long, the next one helps.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, TypeVar

HELP_AFTER_S = 0.05

T = TypeVar("T")


class Asked(Generic[T]):
    """One check asked for, and where its result goes."""

    __slots__ = ("done", "error", "result", "work")

    def __init__(self, work: Callable[[], T], done: asyncio.Future[T]) -> None:
        self.work = work
        self.done = done
        self.result: T
        self.error: Exception | None = None

    def run(self) -> None:
        """Work, in a thread."""
        try:
            self.result = self.work()
        except Exception as error:  # the asker's, whatever it is
            self.error = error

    def tell(self) -> None:
        """Answer, in the event loop. Whoever went away is told nothing."""
        if self.done.done():
            return
        if self.error is not None:
            self.done.set_exception(self.error)
        else:
            self.done.set_result(self.result)


class Checking(Generic[T]):
    """A few threads behind one queue; used from one event loop."""

    def __init__(self, threads: int) -> None:
        self._threads = threads
        self._pool = ThreadPoolExecutor(threads, "hub-check")
        self._waiting: deque[Asked[T]] = deque()
        self._finished: deque[Asked[T]] = deque()
        self._finishing = threading.Lock()
        self._running = 0
        self._help: asyncio.TimerHandle | None = None

    async def run(self, work: Callable[[], T]) -> T:
        """Return what `work` returns, or raise what it raises."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[T] = loop.create_future()
        asked = Asked(work, done)
        self._waiting.append(asked)
        if not self._running:
            self._start(loop)
        elif self._help is None and self._running < self._threads:
            self._help = loop.call_later(HELP_AFTER_S, self._send_help, loop, asked)
        return await done

    def close(self) -> None:
        if self._help is not None:
            self._help.cancel()
        self._pool.shutdown()

    def _start(self, loop: asyncio.AbstractEventLoop) -> None:
        self._running += 1
        self._pool.submit(self._drain, loop)

    def _send_help(self, loop: asyncio.AbstractEventLoop, asked: Asked[T]) -> None:
        """Start one more thread when `asked` still waits."""
        self._help = None
        waiting = list(self._waiting)  # the threads take from it meanwhile
        if waiting and self._running < self._threads:
            if asked in waiting:
                self._start(loop)
            self._help = loop.call_later(HELP_AFTER_S, self._send_help, loop, waiting[-1])

    def _drain(self, loop: asyncio.AbstractEventLoop) -> None:
        """Work until nothing waits. In a thread.

        The event loop is called once; what is finished before it comes is answered with the first.
        """
        while (asked := self._next()) is not None:
            asked.run()
            with self._finishing:  # of two threads that finish at once, one must be the first
                self._finished.append(asked)
                is_first = len(self._finished) == 1
            if is_first:
                loop.call_soon_threadsafe(self._tell)
        loop.call_soon_threadsafe(self._ended, loop)

    def _next(self) -> Asked[T] | None:
        try:
            return self._waiting.popleft()
        except IndexError:
            return None

    def _tell(self) -> None:
        while self._finished:
            self._finished.popleft().tell()

    def _ended(self, loop: asyncio.AbstractEventLoop) -> None:
        self._tell()
        self._running -= 1
        if self._waiting and not self._running:  # it came while the last thread was ending
            self._start(loop)
