"""What is told once, to whom, and what goes out by mail through a real SMTP server."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from email import message_from_bytes
from pathlib import Path
from time import time

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from lienthong.apps.accounts import api as accounts
from lienthong.apps.accounts.api import Actor, Role, Seat
from lienthong.apps.directory import api as directory
from lienthong.apps.notices import actions, jobs, queries
from lienthong.apps.notices.models import Notice
from lienthong.apps.notices.rules import Kind, NoticeNotFound, register

LATE = Kind("test.late", "“%(what)s” đã quá hạn.", is_alarm=True)
DONE = Kind("test.done", "“%(what)s” đã xong.")
register(LATE, DONE)


def seat_of(name: str, organization: directory.Organization) -> Seat:
    person = accounts.Person.objects.create(
        username=name, full_name=f"Người {name}", email=f"{name}@co-quan.example"
    )
    return Seat.objects.create(
        person=person,
        organization=organization,
        role=Role.OFFICER,
        position="Chuyên viên",
        valid_from=date(2026, 1, 1),
    )


@pytest.fixture(autouse=True)
def _static_folder(settings: Settings, tmp_path: Path) -> None:
    settings.STATIC_ROOT = tmp_path


@pytest.fixture
def home(db: None) -> directory.Organization:
    return directory.register(name="Bộ Thử nghiệm", codes={directory.Scheme.QD20: "G90"})


@pytest.fixture
def seat(home: directory.Organization) -> Seat:
    return seat_of("an", home)


def tell(kind: Kind, *seats: Seat, key: str = "1") -> None:
    actions.tell(kind, seats, key=key, link="/chung-thu/", facts={"what": f"Việc {key}"})


def box(actor: Actor) -> list[str]:
    with accounts.scope(actor.organization_id):
        return [one.sentence for one in queries.box(actor)]


def test_a_thing_is_told_once_to_each_person(seat: Seat, home: directory.Organization) -> None:
    other = seat_of("binh", home)
    tell(LATE, seat, other, seat)
    tell(LATE, seat)
    tell(LATE, seat, key="2")

    assert box(accounts.actor_in(seat)) == ["“Việc 2” đã quá hạn.", "“Việc 1” đã quá hạn."]
    assert box(accounts.actor_in(other)) == ["“Việc 1” đã quá hạn."]


def test_nobody_reads_the_box_of_another(seat: Seat, home: directory.Organization) -> None:
    other = accounts.actor_in(seat_of("binh", home))
    tell(DONE, seat)
    with accounts.scope(home.pk):
        pk = Notice.objects.get().pk

        with pytest.raises(NoticeNotFound):
            actions.read(other, pk)
    with accounts.scope(home.pk + 1):
        assert not Notice.objects.exists()


def test_the_bell_counts_until_the_notice_is_opened(seat: Seat) -> None:
    tell(LATE, seat)
    client = Client()
    client.force_login(seat.person)
    session = client.session
    session.update({"seat": seat.pk, "seen_at": int(time()), "signed_in_at": int(time())})
    session.save()
    before = client.get("/thong-bao/").content.decode()
    with accounts.everywhere():
        pk = Notice.objects.get().pk

    opened = client.post(f"/thong-bao/{pk}")

    assert '<span class="lt-count is-alarm">1</span>' in before
    assert "“Việc 1” đã quá hạn." in before
    assert opened["Location"] == "/chung-thu/"
    assert "lt-count is-alarm" not in client.get("/thong-bao/").content.decode()
    assert client.get(f"/thong-bao/{pk}").status_code == 405


@dataclass
class Post:
    """What a mail server took, and whom it does not know."""

    port: int = 0
    letters: list[bytes] = field(default_factory=list)
    unknown: set[str] = field(default_factory=set)


@pytest.fixture
def post(settings: Settings) -> Iterator[Post]:
    """A mail server on this machine that speaks as much SMTP as a client needs."""
    found = Post()

    class Session(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.say("220 ready")
            while line := self.rfile.readline().decode().strip():
                verb = line.upper()
                if verb.startswith("RCPT"):
                    is_known = not any(one in line for one in found.unknown)
                    self.say("250 ok" if is_known else "550 no such person")
                elif verb == "DATA":
                    self.say("354 go on")
                    found.letters.append(self.letter())
                    self.say("250 taken")
                elif verb == "QUIT":
                    return self.say("221 bye")
                else:
                    self.say("250 ok")
            return None

        def letter(self) -> bytes:
            return b"".join(iter(self.rfile.readline, b".\r\n"))

        def say(self, text: str) -> None:
            self.wfile.write(f"{text}\r\n".encode())

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Session) as server:
        found.port = server.server_address[1]
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", found.port
        settings.WEB_URL = "https://bo.example"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield found
        server.shutdown()
        thread.join()


def test_each_person_gets_one_letter_about_what_is_unread(
    seat: Seat, home: directory.Organization, post: Post
) -> None:
    tell(LATE, seat)
    tell(DONE, seat, key="2")
    tell(DONE, seat_of("binh", home))

    jobs.mail()
    jobs.mail()

    assert len(post.letters) == 2
    letter = message_from_bytes(post.letters[0])
    body = letter.get_payload(decode=True)
    assert isinstance(body, bytes)
    assert letter["To"] == "an@co-quan.example"
    assert "“Việc 1” đã quá hạn." in body.decode()
    assert "https://bo.example/thong-bao/" in body.decode()


def test_an_address_the_server_does_not_know_stops_nobody_else(
    seat: Seat, home: directory.Organization, post: Post
) -> None:
    post.unknown.add("an@co-quan.example")
    tell(DONE, seat, seat_of("binh", home))

    jobs.mail()

    assert [message_from_bytes(one)["To"] for one in post.letters] == ["binh@co-quan.example"]
    with accounts.everywhere():
        assert queries.to_mail(timezone.now()).get().person_id == seat.person_id


def test_a_server_that_is_away_loses_nothing(seat: Seat, settings: Settings, post: Post) -> None:
    tell(DONE, seat)
    settings.EMAIL_PORT = 1

    with pytest.raises(OSError, match="refused"):
        jobs.mail()
    settings.EMAIL_PORT = post.port
    jobs.mail()

    assert len(post.letters) == 1


def test_old_read_and_unconfigured_send_nothing(seat: Seat, settings: Settings, post: Post) -> None:
    tell(DONE, seat, key="old")
    tell(DONE, seat, key="read")
    with accounts.everywhere():
        Notice.objects.filter(key="old").update(told_at=timezone.now() - timedelta(days=2))
        Notice.objects.filter(key="read").update(read_at=timezone.now())
    jobs.mail()
    tell(DONE, seat, key="new")
    settings.EMAIL_HOST = ""
    jobs.mail()

    assert post.letters == []
