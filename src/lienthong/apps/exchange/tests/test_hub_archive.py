"""Closed segments go to an object store, are read from there, and are missed when they are gone."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import obstore
import pytest
from django.db import connection
from django.utils import timezone
from moto.server import ThreadedMotoServer
from obstore.store import S3Store

from lienthong.apps.exchange.hub import archiving
from lienthong.apps.exchange.hub.archive import Archive, open_archive
from lienthong.apps.exchange.hub.models import ArchivedSegment, Packet
from lienthong.apps.exchange.hub.problems import ArchiveAway, ArchiveSettingsWrong
from lienthong.core import edxml

from .country import Country, document
from .server import Caller, RunningHub, hub_config, running

NEVER, AT_ONCE = timedelta(days=36500), timedelta(0)


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    """The address of an S3 interface on this machine."""
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    _, port = server.get_host_and_port()
    yield f"http://127.0.0.1:{port}"
    server.stop()


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    file = tmp_path / "archive.key"
    file.write_text("kiem-thu\nbi-mat\n", "ascii")
    return file


class Bucket:
    """A bucket of its own for a test, and the operator's hands on it."""

    def __init__(self, endpoint: str) -> None:
        self.name = f"truc-{secrets.token_hex(4)}"
        httpx.put(f"{endpoint}/{self.name}").raise_for_status()
        self._store = S3Store(
            self.name,
            endpoint=endpoint,
            region="us-east-1",
            access_key_id="kiem-thu",
            secret_access_key="bi-mat",
            client_options={"allow_http": True},
        )

    @property
    def keys(self) -> list[str]:
        return sorted(each["path"] for each in obstore.list(self._store).collect())

    def lose(self, key: str) -> None:
        obstore.delete(self._store, key)


@pytest.fixture
def bucket(s3: str) -> Bucket:
    return Bucket(s3)


@pytest.fixture
def archive(s3: str, bucket: Bucket, key_file: Path) -> Archive:
    return open_archive(f"s3://{bucket.name}/doan", s3, key_file)


@pytest.fixture
def filled(
    land: Country, registered: Country, archive: Archive, tmp_path: Path
) -> Iterator[tuple[RunningHub, Caller, list[bytes]]]:
    """A hub whose three packets lie in segments of their own, of which two are closed."""
    config = hub_config(land, tmp_path, archive=archive, segment_max_bytes=1, archive_s=3600.0)
    raws = [edxml.encode(document(land.ministry, land.province)) for _ in range(3)]
    with running(config) as hub, Caller(hub.url, land.ministry) as sender:
        for raw in raws:
            assert sender.post(raw).status_code == 201
        with Caller(hub.url, land.province) as receiver:
            yield hub, receiver, raws


def make_round(running_hub: RunningHub, archive: Archive, kept: timedelta) -> int:
    hub = running_hub.hub
    with hub.store.writing() as writing:
        return archiving.round_(writing, hub.segments, archive, hub.archive_alarm, kept)


def incidents() -> list[tuple[str, int]]:
    """Kind and segment of what waits for a person."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT kind, entry FROM evidence_incident WHERE closed_at IS NULL")
        return [(str(kind), int(entry)) for kind, entry in cursor.fetchall()]


def fetched(receiver: Caller) -> list[httpx.Response]:
    """The packets of the inbox, oldest first."""
    inbox = sorted(receiver.inbox(limit=10), key=lambda each: str(each["delivery_id"]))
    return [receiver.call("GET", f"/v1/deliveries/{each['delivery_id']}/packet") for each in inbox]


def test_closed_segments_are_copied_once_and_the_local_files_stay_their_time(
    filled: tuple[RunningHub, Caller, list[bytes]], archive: Archive, bucket: Bucket
) -> None:
    hub, _, _ = filled

    copied = [make_round(hub, archive, NEVER) for _ in range(2)]

    assert copied == [2, 0]
    assert bucket.keys == ["doan/segments/00000001.seg", "doan/segments/00000002.seg"]
    assert [each.number for each in ArchivedSegment.objects.order_by("number")] == [1, 2]
    assert all(hub.hub.segments.path(number).exists() for number in (1, 2, 3))


def test_what_is_in_the_archive_alone_is_handed_out_whole_and_in_ranges(
    filled: tuple[RunningHub, Caller, list[bytes]], archive: Archive
) -> None:
    hub, receiver, raws = filled
    make_round(hub, archive, AT_ONCE)
    make_round(hub, archive, AT_ONCE)

    answers = fetched(receiver)
    path = answers[0].request.url.path
    headers = receiver.signed("GET", path) | {"Range": "bytes=10-99"}
    part = receiver.http.get(receiver.url + path, headers=headers)

    assert [hub.hub.segments.path(number).exists() for number in (1, 2, 3)] == [False, False, True]
    assert sorted(each.content for each in answers) == sorted(raws)
    assert (part.status_code, part.content) == (206, answers[0].content[10:100])


def test_an_object_that_is_missing_is_an_incident_and_never_a_silence(
    filled: tuple[RunningHub, Caller, list[bytes]], archive: Archive, bucket: Bucket
) -> None:
    hub, receiver, _ = filled
    make_round(hub, archive, AT_ONCE)
    make_round(hub, archive, AT_ONCE)
    bucket.lose("doan/segments/00000001.seg")

    answers = fetched(receiver)
    make_round(hub, archive, AT_ONCE)

    assert sorted(each.status_code for each in answers) == [200, 200, 500]
    lost = next(each for each in answers if each.status_code == 500)
    assert lost.json()["code"] == "hub.archive_missing"
    assert incidents() == [("archive_missing", 1)]


def test_a_local_file_stays_when_its_object_is_missing(
    filled: tuple[RunningHub, Caller, list[bytes]], archive: Archive, bucket: Bucket
) -> None:
    hub, _, _ = filled
    make_round(hub, archive, NEVER)
    ArchivedSegment.objects.update(archived_at=timezone.now() - timedelta(days=1))
    bucket.lose("doan/segments/00000002.seg")

    make_round(hub, archive, timedelta(hours=1))

    assert [hub.hub.segments.path(number).exists() for number in (1, 2)] == [False, True]
    assert incidents() == [("archive_missing", 2)]


def test_a_store_that_is_away_says_nothing_about_what_it_holds(
    filled: tuple[RunningHub, Caller, list[bytes]], key_file: Path
) -> None:
    hub, _, _ = filled
    away = open_archive("s3://truc", "http://127.0.0.1:9", key_file)

    with pytest.raises(ArchiveAway):
        make_round(hub, away, AT_ONCE)

    assert not ArchivedSegment.objects.exists()
    assert incidents() == []
    assert Packet.objects.count() == 3


@pytest.mark.parametrize(
    ("url", "endpoint"),
    [("https://truc", "https://s3.example.org"), ("s3://truc", "http://s3.example.org")],
    ids=["not s3", "not TLS"],
)
def test_settings_that_cannot_be_right_are_refused(url: str, endpoint: str, key_file: Path) -> None:
    with pytest.raises(ArchiveSettingsWrong):
        open_archive(url, endpoint, key_file)
