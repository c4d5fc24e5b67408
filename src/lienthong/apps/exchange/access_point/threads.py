"""Threads that use the database: in scope of the whole node, leaving no connection behind."""

from __future__ import annotations

import functools
import logging
import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any, ParamSpec, TypeVar

from django.db import close_old_connections, connection

from lienthong.apps.accounts import api as accounts

logger = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")


def database_thread(call: Callable[P, T]) -> Callable[P, T]:
    """Run `call` for every organization of the node and give its connection back."""

    @functools.wraps(call)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        close_old_connections()
        try:
            with accounts.everywhere():
                return call(*args, **kwargs)
        finally:
            connection.close()

    return run


class Aside:
    """Work that takes long, such as a large packet, one after the other, so that what is short
    and urgent does not wait behind it."""

    def __init__(self, name: str) -> None:
        self._pool = ThreadPoolExecutor(1, name)
        self._lock = threading.Lock()
        self._under_way: dict[Hashable, Future[Any]] = {}

    def begin(self, key: Hashable, call: Callable[[], object]) -> None:
        """Do `call` later; nothing when the work of this key waits or runs already."""
        with self._lock:
            if key not in self._under_way:
                self._under_way[key] = self._pool.submit(self._run, key, call)

    def finish(self) -> None:
        """Return when everything begun has ended."""
        with self._lock:
            running = list(self._under_way.values())
        wait(running)

    def close(self) -> None:
        self._pool.shutdown(cancel_futures=True)

    def _run(self, key: Hashable, call: Callable[[], object]) -> None:
        try:
            call()
        except Exception:
            logger.exception("work aside failed: %s", key)
        finally:
            with self._lock:
                self._under_way.pop(key, None)
