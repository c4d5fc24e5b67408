"""Events and jobs over procrastinate: a row in the caller's transaction, run later by a worker.

One event makes one row for each handler, so a handler that fails is tried again alone. A handler
runs in one transaction of its own; since the row is marked done afterwards, a crash in between runs
it again: handlers must be safe to repeat.
"""

from __future__ import annotations

import contextlib
import functools
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import Any, TypeVar, cast

from django.db import transaction
from procrastinate import BaseRetryStrategy, RetryDecision
from procrastinate.contrib.django import app
from procrastinate.jobs import Job

from lienthong.apps.outbox import codec

logger = logging.getLogger(__name__)

Handler = Callable[[Any], None]
Surround = Callable[[Mapping[str, Any]], AbstractContextManager[None]]
Function = TypeVar("Function", bound=Callable[..., None])

ATTEMPTS_MAX = 24
WAIT_FIRST_S = 1
WAIT_MAX_S = 3600

_handlers: dict[str, tuple[type, tuple[Handler, ...]]] = {}
_surrounds: dict[str, Surround] = {}


class Backoff(BaseRetryStrategy):
    """Wait 1, 2, 4, … seconds, at most an hour; after ATTEMPTS_MAX tries the row stays, failed."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        """Say when to try again, or None for never."""
        if job.attempts + 1 >= ATTEMPTS_MAX:
            return None
        return RetryDecision(retry_in={"seconds": min(WAIT_FIRST_S << job.attempts, WAIT_MAX_S)})


class HandlerUnknownError(LookupError):
    """A row names a handler that this release does not have. It is tried again, then kept."""


def subscribe(handlers: Mapping[type, tuple[Handler, ...]]) -> None:
    """Say which handlers answer which events. Safe to call again; a type is said once."""
    for event_type, answering in handlers.items():
        names = {codec.name_of(handler) for handler in answering}
        if len(names) != len(answering):
            raise ValueError(f"two handlers of {codec.name_of(event_type)} have one name")
        _handlers[codec.name_of(event_type)] = (event_type, tuple(answering))


@contextlib.contextmanager
def only(handlers: Mapping[type, tuple[Handler, ...]]) -> Iterator[None]:
    """Inside the block these handlers answer and no others: to try out one context alone."""
    before = dict(_handlers)
    _handlers.clear()
    try:
        subscribe(handlers)
        yield
    finally:
        _handlers.clear()
        _handlers.update(before)


def surround(name: str, manager: Surround) -> None:
    """Run every handler and job inside `manager(fields)`, such as the scope of its organization."""
    _surrounds[name] = manager


def publish(event: Any) -> None:
    """Let the handlers of `event` run after the caller's transaction commits, and only then."""
    name = codec.name_of(type(event))
    _, answering = _handlers.get(name, (type(event), ()))
    data = codec.encode(event)
    with transaction.atomic():
        for handler in answering:
            deliver.defer(event=name, handler=codec.name_of(handler), data=data)


@app.task(name="outbox.deliver", retry=Backoff())
def deliver(*, event: str, handler: str, data: dict[str, Any]) -> None:
    """Run one handler for one event. Raises HandlerUnknownError."""
    event_type, answering = _handlers.get(event, (None, ()))
    found = {codec.name_of(each): each for each in answering}.get(handler)
    if event_type is None or found is None:
        raise HandlerUnknownError(f"{handler} for {event}")
    with _surrounded(data), transaction.atomic():
        found(codec.decode(event_type, data))


@contextlib.contextmanager
def _surrounded(fields: Mapping[str, Any]) -> Iterator[None]:
    with contextlib.ExitStack() as stack:
        for manager in _surrounds.values():
            stack.enter_context(manager(fields))
        yield


def job(name: str, *, schedule: str | None = None) -> Callable[[Function], Function]:
    """Register the decorated function as the job `name`, run by `enqueue` or on a schedule.

    schedule: five fields of cron, in UTC, such as "*/10 * * * *". A scheduled job takes no
    arguments, and is queued once however long it waits.
    """

    def register(function: Function) -> Function:
        @functools.wraps(function)
        def run(**args: Any) -> None:
            if schedule:
                args.pop("timestamp", None)
            with _surrounded(args):
                function(**args)

        lock = name if schedule else None
        task = app.task(name=name, retry=Backoff(), queueing_lock=lock)(run)
        if schedule:
            app.periodic(cron=schedule)(cast(Any, task))
        return function

    return register


def enqueue(name: str, **args: Any) -> None:
    """Run the job `name` with these JSON values once the caller's transaction commits."""
    app.configure_task(name, allow_unknown=False).defer(**args)
