"""Disks that are full or fail, databases that go away: nothing half done, nothing acknowledged."""

from __future__ import annotations

import errno
import hashlib
import os
import resource
import signal
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from django.db import connection

from lienthong.apps.exchange.hub import segments as segments_module
from lienthong.apps.exchange.hub.config import stop_process
from lienthong.apps.exchange.hub.models import Delivery, LogHead, Packet
from lienthong.apps.exchange.hub.problems import ContentDamaged, HubStorageFull
from lienthong.apps.exchange.hub.segments import HEADER, Place, Segments, SyncFailed

from .country import Country, document
from .server import Caller, RunningHub, hub_config, running


def digest_of(body: bytes) -> bytes:
    return hashlib.sha256(body).digest()


@pytest.fixture
def segments(tmp_path: Path) -> Iterator[Segments]:
    found = Segments(tmp_path / "segments", max_bytes=10_000)
    yield found
    found.close()


def append(segments: Segments, *bodies: bytes) -> list[Place]:
    places = segments.append([(body, digest_of(body)) for body in bodies])
    segments.sync()
    return places


def test_what_was_appended_is_read_again(segments: Segments) -> None:
    bodies = [b"one", b"", os.urandom(5000)]

    places = append(segments, *bodies)

    for place, body in zip(places, bodies, strict=True):
        assert segments.read(place, uuid.uuid4(), len(body), digest_of(body).hex()) == body


def test_a_full_segment_is_followed_by_the_next(segments: Segments) -> None:
    [first] = append(segments, bytes(12_000))
    [second] = append(segments, b"two")

    assert (first.segment, second.segment) == (1, 2)


def test_a_restart_goes_on_where_the_last_process_ended(segments: Segments, tmp_path: Path) -> None:
    [first] = append(segments, b"one")
    segments.close()

    again = Segments(tmp_path / "segments", max_bytes=10_000)
    [second] = append(again, b"two")
    again.close()

    assert second == Place(first.segment, first.position + 3 + HEADER.size)


def test_two_writers_never_share_a_segment(segments: Segments, tmp_path: Path) -> None:
    other = Segments(tmp_path / "segments", max_bytes=10_000)

    [first], [second] = append(segments, b"one"), append(other, b"two")
    other.close()

    assert first.segment != second.segment


def test_nothing_is_appended_after_a_torn_record(segments: Segments, tmp_path: Path) -> None:
    [first] = append(segments, b"one")
    segments.close()
    path = tmp_path / "segments" / f"{first.segment:08d}.seg"
    with path.open("ab") as file:
        file.write(HEADER.pack(segments_module.MAGIC, 500, bytes(32)) + b"torn")

    again = Segments(tmp_path / "segments", max_bytes=10_000)
    [second] = append(again, b"two")
    again.close()

    assert second.segment == first.segment + 1


def test_damaged_bytes_are_not_handed_out(segments: Segments, tmp_path: Path) -> None:
    [place] = append(segments, b"content")
    path = tmp_path / "segments" / f"{place.segment:08d}.seg"
    with path.open("r+b") as file:
        file.seek(place.position)
        file.write(b"C")

    with pytest.raises(ContentDamaged):
        segments.read(place, uuid.uuid4(), 7, digest_of(b"content").hex())
    assert [good for _, _, _, good in segments.records(place.segment)] == [False]


@contextmanager
def files_limited_to(size: int) -> Iterator[None]:
    """Let the kernel refuse to grow any file of this process beyond a size: a disk that is full.

    Only for the length of a block: pytest's own output may go to a file, too.
    """
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


def test_a_full_disk_leaves_the_segment_as_it_was(segments: Segments, tmp_path: Path) -> None:
    [first] = append(segments, b"one")
    path = tmp_path / "segments" / f"{first.segment:08d}.seg"
    size = path.stat().st_size

    with files_limited_to(4096), pytest.raises(HubStorageFull):
        append(segments, bytes(1000), bytes(9000))

    assert path.stat().st_size == size
    [second] = append(segments, b"two")
    assert second.position == size + HEADER.size


def test_a_full_disk_is_told_and_the_hub_goes_on_when_there_is_room(
    land: Country, hub: RunningHub, ministry: Caller
) -> None:
    packet = document(land.ministry, land.province)

    with files_limited_to(4096):
        refused = ministry.post(packet)

    assert (refused.status_code, refused.json()["code"]) == (507, "hub.storage_full")
    assert not Packet.objects.exists()
    assert ministry.post(packet).status_code == 201
    assert Packet.objects.count() == Delivery.objects.count() == LogHead.objects.get().size == 1


@contextmanager
def database_failing(sqlstate: str) -> Iterator[None]:
    """PostgreSQL itself fails with this error in the middle of a batch, at the log's tiles."""
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION made_to_fail() RETURNS trigger LANGUAGE plpgsql AS"
            f" $$ BEGIN RAISE EXCEPTION 'made to fail' USING ERRCODE = '{sqlstate}'; END $$;"
            "CREATE TRIGGER made_to_fail BEFORE INSERT ON hub_tile"
            " FOR EACH ROW EXECUTE FUNCTION made_to_fail()"
        )
        try:
            yield
        finally:
            cursor.execute("DROP TRIGGER made_to_fail ON hub_tile; DROP FUNCTION made_to_fail()")


def test_a_full_database_is_told_and_leaves_nothing(
    land: Country, hub: RunningHub, ministry: Caller
) -> None:
    packet = document(land.ministry, land.province)
    with database_failing("53100"):
        refused = ministry.post(packet)

    assert (refused.status_code, refused.json()["code"]) == (507, "hub.storage_full")
    assert not Packet.objects.exists()
    again = ministry.post(packet)
    assert again.status_code == 201
    assert again.json()["log"]["index"] == 0


def test_a_database_that_goes_away_during_a_batch_loses_nothing(
    land: Country, hub: RunningHub, ministry: Caller
) -> None:
    packet = document(land.ministry, land.province)
    with database_failing("57P01"):
        refused = ministry.post(packet)

    assert (refused.status_code, refused.json()["code"]) == (503, "hub.store_failed")
    assert ministry.post(packet).status_code == 201


def test_when_fsync_fails_the_hub_stops_instead_of_acknowledging(
    land: Country, registered: Country, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped = []
    config = replace(hub_config(land, tmp_path), stop=lambda: stopped.append(True))
    with running(config) as hub, Caller(hub.url, land.ministry) as ministry:
        ministry.post(document(land.ministry, land.province))
        monkeypatch.setattr(os, "fdatasync", raising(OSError(errno.EIO, "I/O error")))
        answer = ministry.post(document(land.ministry, land.province))
        monkeypatch.undo()

    assert stopped == [True]
    assert answer.status_code == 503
    assert Packet.objects.count() == 1


def test_stopping_ends_the_process_without_another_answer() -> None:
    child = os.fork()
    if child == 0:
        stop_process()
        os._exit(0)

    _, status = os.waitpid(child, 0)

    assert os.WTERMSIG(status) == signal.SIGKILL


def test_a_failed_fsync_of_a_large_body_is_a_failure_too(
    segments: Segments, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = segments.temporary()
    temporary.write_bytes(b"large")
    monkeypatch.setattr(os, "fsync", raising(OSError(errno.EIO, "I/O error")))

    with pytest.raises(SyncFailed):
        segments.keep_own_file(temporary, uuid.uuid4())


def test_a_restart_serves_what_was_taken_in_and_removes_what_was_not(
    land: Country, registered: Country, tmp_path: Path
) -> None:
    config = hub_config(land, tmp_path)
    packet = document(land.ministry, land.province)
    with running(config) as hub, Caller(hub.url, land.ministry) as ministry:
        first = ministry.post(packet).json()
    half = tmp_path / "segments" / "large" / "receiving-half"
    half.write_bytes(b"half a body")

    with running(config) as hub, Caller(hub.url, land.ministry) as ministry:
        again = ministry.post(packet)
        with Caller(hub.url, land.province) as province:
            [delivery] = province.inbox()

    assert again.status_code == 200
    assert again.json()["receipt"] == first["receipt"]
    assert delivery["packet_id"] == first["packet_id"]
    assert not half.exists()


def raising(error: Exception) -> Callable[..., None]:
    def call(*_: object, **__: object) -> None:
        raise error

    return call
