"""Threads that use the database: in scope of the whole node, leaving no connection behind."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from django.db import close_old_connections, connection

from lienthong.apps.accounts import api as accounts

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
