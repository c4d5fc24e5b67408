"""Runs what the queue holds: for ever in the worker process, or once here for tests and tools."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import threading
from typing import Any

from asgiref.sync import sync_to_async
from django.db import connections, transaction
from procrastinate import sql
from procrastinate.contrib.django import DjangoApp, app
from procrastinate.jobs import Job

logger = logging.getLogger(__name__)

HEARTBEAT_S = 5.0
STALLED_AFTER_S = 20.0
LOOK_FOR_STALLED_S = 10.0
POLL_S = 2.0
GRACE_S = 20.0


def run_worker(stop: threading.Event, *, concurrency: int = 4) -> None:
    """Run events, jobs and schedules until `stop` is set; running ones get GRACE_S to end.

    Rows that a killed worker left half done are put back once its heartbeat is STALLED_AFTER_S old.
    """
    asyncio.run(_work(stop, concurrency))


async def _work(stop: threading.Event, concurrency: int) -> None:
    # An app of its own: the shared one keeps Django's connection, so that what a handler publishes
    # stays in the handler's transaction.
    connector = app.connector.get_worker_connector()  # type: ignore[attr-defined]
    worker = DjangoApp(connector=connector)
    worker.tasks = app.tasks
    worker.periodic_registry = app.periodic_registry
    async with worker.open_async():
        running = asyncio.create_task(
            worker.run_worker_async(
                concurrency=concurrency,
                install_signal_handlers=False,
                fetch_job_polling_interval=POLL_S,
                shutdown_graceful_timeout=GRACE_S,
                update_heartbeat_interval=HEARTBEAT_S,
                stalled_worker_timeout=STALLED_AFTER_S,
                delete_jobs="successful",
            )
        )
        helpers = (asyncio.create_task(_watch(stop)), asyncio.create_task(_put_back(worker)))
        try:
            await asyncio.wait({running, *helpers}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (running, *helpers):
                task.cancel()
            ended = await asyncio.gather(running, *helpers, return_exceptions=True)
            # Schedules are queued over Django's connection, in the loop's one thread for it.
            await sync_to_async(connections.close_all)()
    for result in ended:
        if isinstance(result, BaseException) and not isinstance(result, asyncio.CancelledError):
            raise result


async def _watch(stop: threading.Event) -> None:
    while not await asyncio.to_thread(stop.wait, 0.2):
        pass


async def _put_back(worker: Any) -> None:
    """Give rows of workers that died to those that live."""
    while True:
        manager = worker.job_manager
        await manager.prune_stalled_workers(STALLED_AFTER_S)
        for job in await manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_AFTER_S):
            logger.warning("job %s of a dead worker is put back", job.id)
            await manager.retry_job(job)
        await asyncio.sleep(LOOK_FOR_STALLED_S)


def run_pending() -> int:
    """Run everything due now, in this thread and its transaction, and return how many succeeded.

    What handlers publish meanwhile runs too. One that fails is put off as the worker would do, the
    others go on, and the failures are raised together at the end as an ExceptionGroup.
    """
    connector: Any = app.connector
    worker_id = connector.execute_query_one(query=sql.queries["register_worker"])["worker_id"]
    done, failures = 0, []
    try:
        while job := _take(connector, worker_id):
            error = _run(connector, job)
            done += error is None
            failures += [error] if error else []
    finally:
        connector.execute_query(query=sql.queries["unregister_worker"], worker_id=worker_id)
    if failures:
        raise ExceptionGroup("some events or jobs failed and are put off", failures)
    return done


def _take(connector: Any, worker_id: int) -> Job | None:
    row = connector.execute_query_one(
        query=sql.queries["fetch_job"], queues=None, worker_id=worker_id
    )
    if row["id"] is None:
        return None
    # Django's connection hands JSON over as text.
    return Job.from_row({**row, "args": json.loads(row["args"])})


def _run(connector: Any, job: Job) -> Exception | None:
    task = app.tasks[job.task_name]
    failure: Exception | None = None
    try:
        with _savepoint_in_transaction():
            task(**job.task_kwargs)
    except Exception as error:  # as in the worker: whatever fails is a matter of this row alone
        logger.warning("job %s (%s) failed", job.id, job.task_name, exc_info=True)
        failure = error
    again = task.get_retry_exception(exception=failure, job=job) if failure else None
    if again:
        decision = again.retry_decision
        connector.execute_query(
            query=sql.queries["retry_job"],
            job_id=job.id,
            retry_at=decision.retry_at,
            new_priority=decision.priority,
            new_queue_name=decision.queue,
            new_lock=decision.lock,
        )
    else:
        connector.execute_query(
            query=sql.queries["finish_job"],
            job_id=job.id,
            status="failed" if failure else "succeeded",
            delete_job=failure is None,
        )
    return failure


def _savepoint_in_transaction() -> contextlib.AbstractContextManager[None]:
    """Keep the transaction of a test usable when a job fails in it; nothing outside of one."""
    if transaction.get_connection().in_atomic_block:
        return transaction.atomic()
    return contextlib.nullcontext()
