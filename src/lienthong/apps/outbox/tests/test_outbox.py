"""Events run when and only when what they tell of was committed; what fails is tried again."""

from __future__ import annotations

import enum
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone
from procrastinate.contrib.django import app

from lienthong.apps.outbox import api, codec, queue


class Colour(enum.StrEnum):
    RED = "red"


@dataclass(frozen=True)
class Happened:
    name: str
    organization_id: int = 1


@dataclass(frozen=True)
class Followed:
    name: str


@dataclass(frozen=True)
class Everything:
    at: datetime
    on: date | None
    id: uuid.UUID
    colour: Colour
    codes: tuple[date, ...]
    facts: dict[str, int]


SEEN: list[str] = []


def first(event: Happened) -> None:
    SEEN.append(f"first {event.name}")
    if event.name == "fails in the database":
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1/0")
    if event.name.startswith("fails"):
        raise ValueError(event.name)
    if event.name == "leads on":
        api.publish(Followed("after"))


def second(event: Happened) -> None:
    SEEN.append(f"second {event.name}")


def followed(event: Followed) -> None:
    SEEN.append(f"followed {event.name}")


@api.job("outbox.test_count")
def count(*, to: int) -> None:
    SEEN.append(f"counted to {to}")


@pytest.fixture(autouse=True)
def _wired() -> Iterator[None]:
    SEEN.clear()
    with api.only({Happened: (first, second), Followed: (followed,)}):
        api.subscribe({Happened: (first, second)})
        yield


def waiting() -> list[tuple[str, int, Any]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT status, attempts, scheduled_at FROM procrastinate_jobs ORDER BY id")
        return list(cursor.fetchall())


@pytest.mark.django_db
def test_every_handler_of_an_event_runs_once() -> None:
    api.publish(Happened("now"))
    assert SEEN == []

    assert api.run_pending() == 2
    assert api.run_pending() == 0

    assert SEEN == ["first now", "second now"]
    assert waiting() == []


@pytest.mark.django_db(transaction=True)
def test_an_event_of_a_rolled_back_transaction_never_runs() -> None:
    with pytest.raises(ZeroDivisionError):
        _publish_and_fail()

    assert api.run_pending() == 0
    assert SEEN == []


@transaction.atomic
def _publish_and_fail() -> None:
    api.publish(Happened("undone"))
    raise ZeroDivisionError


@pytest.mark.django_db(transaction=True)
def test_an_event_is_not_seen_before_its_transaction_commits() -> None:
    with transaction.atomic():
        api.publish(Happened("soon"))
        elsewhere = threading.Thread(target=_run_elsewhere)
        elsewhere.start()
        elsewhere.join()
        assert SEEN == []

    api.run_pending()
    assert SEEN == ["first soon", "second soon"]


def _run_elsewhere() -> None:
    api.run_pending()
    connection.close()


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["fails", "fails in the database"])
def test_a_failing_handler_is_put_off_and_the_others_go_on(name: str) -> None:
    api.publish(Happened(name))
    api.publish(Happened("later"))

    with pytest.raises(ExceptionGroup):
        api.run_pending()

    assert SEEN[:2] == [f"first {name}", f"second {name}"]
    assert SEEN[2:] == ["first later", "second later"]
    [(status, attempts, scheduled_at)] = waiting()
    assert (status, attempts) == ("todo", 1)
    assert scheduled_at > timezone.now() - timedelta(seconds=5)


def test_waiting_doubles_up_to_an_hour_and_ends() -> None:
    waits = []
    for attempts in range(queue.ATTEMPTS_MAX - 1):
        decision = queue.Backoff().get_retry_decision(
            exception=ValueError(), job=_job_after(attempts)
        )
        assert decision is not None
        assert decision.retry_at is not None
        waits.append(round((decision.retry_at - datetime.now(UTC)).total_seconds()))

    assert waits[:5] == [1, 2, 4, 8, 16]
    assert set(waits[12:]) == {3600}
    last = _job_after(queue.ATTEMPTS_MAX - 1)
    assert queue.Backoff().get_retry_decision(exception=ValueError(), job=last) is None


def _job_after(attempts: int) -> Any:
    job = queue.deliver.configure().job
    return job.evolve(attempts=attempts)


@pytest.mark.django_db
def test_a_handler_that_a_release_lost_keeps_its_event() -> None:
    api.publish(Happened("kept"))
    api.subscribe({Happened: (second,)})

    with pytest.raises(ExceptionGroup) as failed:
        api.run_pending()

    assert failed.group_contains(queue.HandlerUnknownError)
    assert SEEN == ["second kept"]
    assert len(waiting()) == 1


@pytest.mark.django_db
def test_what_a_handler_publishes_runs_too() -> None:
    api.publish(Happened("leads on"))

    api.run_pending()

    assert SEEN == ["first leads on", "second leads on", "followed after"]


@pytest.mark.django_db
def test_an_event_without_handlers_costs_nothing() -> None:
    api.publish(Everything(timezone.now(), None, uuid.uuid4(), Colour.RED, (), {}))

    assert waiting() == []


@pytest.mark.django_db
def test_a_job_runs_with_its_arguments() -> None:
    api.enqueue("outbox.test_count", to=7)

    api.run_pending()

    assert SEEN == ["counted to 7"]


@pytest.mark.django_db
def test_handlers_and_jobs_run_inside_what_surrounds_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    inside: list[dict[str, Any]] = []

    @contextmanager
    def around(fields: Any) -> Iterator[None]:
        inside.append(dict(fields))
        yield

    monkeypatch.setattr(queue, "_surrounds", {})
    api.surround("test", around)
    api.publish(Followed("x"))
    api.enqueue("outbox.test_count", to=1)
    api.run_pending()

    assert inside == [{"name": "x"}, {"to": 1}]


def test_a_handler_is_known_by_its_context_and_name() -> None:
    assert codec.name_of(followed) == "outbox.followed"
    assert codec.name_of(api.publish) == "outbox.publish"
    with pytest.raises(ValueError, match="one name"):
        api.subscribe({Happened: (first, first)})


def test_an_event_comes_back_as_it_went() -> None:
    event = Everything(
        at=datetime(2026, 3, 2, 8, 0, 0, 123456, tzinfo=UTC),
        on=date(2026, 3, 2),
        id=uuid.uuid4(),
        colour=Colour.RED,
        codes=(date(2026, 1, 1),),
        facts={"a": 1},
    )

    assert codec.decode(Everything, codec.encode(event)) == event
    assert codec.decode(Happened, {"name": "old", "gone": 1}) == Happened("old")


@pytest.mark.parametrize("thing", [object(), Happened, "text", Happened(b"bytes")])  # type: ignore[arg-type]
def test_what_cannot_be_kept_as_json_is_refused(thing: object) -> None:
    with pytest.raises(TypeError):
        codec.encode(thing)


@pytest.fixture
def _empty_queue(transactional_db: None) -> Iterator[None]:
    """Procrastinate's tables are not among those that a test's clean-up empties."""
    yield
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_periodic_defers")
        cursor.execute("DELETE FROM procrastinate_jobs")
        cursor.execute("DELETE FROM procrastinate_workers")


@pytest.mark.usefixtures("_empty_queue")
def test_the_worker_runs_events_as_they_come_and_stops_when_told() -> None:
    stop = threading.Event()
    worker = threading.Thread(target=api.run_worker, args=(stop,))
    worker.start()
    try:
        api.publish(Happened("leads on"))
        _until(lambda: "followed after" in SEEN)
        api.publish(Happened("fails"))
        _until(lambda: SEEN.count("first fails") == 2)
    finally:
        stop.set()
        worker.join(timeout=20)

    assert not worker.is_alive()
    assert SEEN.count("second fails") == 1


@pytest.mark.usefixtures("_empty_queue")
def test_the_worker_queues_what_is_on_a_schedule_and_leaves_no_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(app.periodic_registry, "periodic_tasks", {})
    api.job("outbox.test_schedule", schedule="* * * * * */1")(lambda: SEEN.append("on time"))
    stop = threading.Event()
    worker = threading.Thread(target=api.run_worker, args=(stop,))
    worker.start()
    try:
        _until(lambda: SEEN.count("on time") > 1)
    finally:
        stop.set()
        worker.join(timeout=20)
        del app.tasks["outbox.test_schedule"]

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        assert cursor.fetchone() == (0,)


@pytest.mark.usefixtures("_empty_queue")
def test_the_worker_takes_over_what_a_dead_one_left() -> None:
    api.publish(Followed("left"))
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO procrastinate_workers (last_heartbeat) VALUES ('2020-01-01')")
        cursor.execute(
            "UPDATE procrastinate_jobs SET status = 'doing', worker_id ="
            " (SELECT max(id) FROM procrastinate_workers)"
        )
    stop = threading.Event()
    worker = threading.Thread(target=api.run_worker, args=(stop,))
    worker.start()
    try:
        _until(lambda: SEEN == ["followed left"])
    finally:
        stop.set()
        worker.join(timeout=20)


def _until(is_so: Callable[[], bool]) -> None:
    give_up_at = time.monotonic() + 20
    while not is_so():
        assert time.monotonic() < give_up_at
        time.sleep(0.05)
