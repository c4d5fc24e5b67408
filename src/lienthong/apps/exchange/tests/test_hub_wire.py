"""What comes over the wire by halves, twice, ambiguously, or not at all (TM-H-D, TM-X-52)."""

from __future__ import annotations

import base64
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from lienthong.apps.exchange.hub.models import Packet
from lienthong.apps.exchange.hub.wire import GuardedProtocol
from lienthong.core import edxml, signing

from .country import Country, document
from .server import Caller, RunningHub, hub_config, running

IDLE = 200


@pytest.fixture
def hub(registered: Country, tmp_path: Path) -> Iterator[RunningHub]:
    """A hub that waits one second for a body."""
    with running(hub_config(registered, tmp_path, body_within_s=1.0)) as found:
        yield found


@contextmanager
def connected(hub: RunningHub) -> Iterator[socket.socket]:
    parts = urlsplit(hub.url)
    with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=10) as line:
        yield line


def head(caller: Caller, raw: bytes, *more: str, length: int | None = None) -> bytes:
    """The head of a signed request that hands `raw` over. more: further header lines."""
    signature = signing.sign_detached(raw, signer=caller.agency.service, at=datetime.now(UTC))
    covered = {
        "packet-signature": f":{base64.b64encode(signature).decode()}:",
        "packet-kind": "edoc",
    }
    headers = caller.signed("POST", "/v1/packets", raw, covered)
    if length is None:
        length = len(raw)
    if length >= 0:
        headers["content-length"] = str(length)
    lines = [f"{name}: {value}" for name, value in ({"host": "hub"} | headers).items()]
    return "\r\n".join(["POST /v1/packets HTTP/1.1", *lines, *more, "", ""]).encode()


def answer_of(line: socket.socket) -> bytes:
    """Everything the hub says until it closes or has nothing more to say for a moment."""
    line.settimeout(3)
    found = b""
    try:
        while piece := line.recv(65536):
            found += piece
            line.settimeout(0.3)
    except (TimeoutError, ConnectionError):
        pass
    return found


@pytest.fixture
def packet(land: Country) -> bytes:
    return edxml.encode(document(land.ministry, land.province))


def nothing_is_left(hub: RunningHub) -> bool:
    return not Packet.objects.exists() and not list(
        hub.hub.config.data_dir.glob("segments/large/receiving-*")
    )


def test_a_hub_without_room_says_so_before_it_reads_the_body(
    hub: RunningHub, ministry: Caller, packet: bytes
) -> None:
    for number in range(hub.hub.config.waiting_max):
        hub.hub.admission.enter(f"other-{number}", 1)

    with connected(hub) as line:
        line.sendall(head(ministry, packet, "expect: 100-continue"))
        answer = answer_of(line)

    assert answer.startswith(b"HTTP/1.1 503 ")
    assert b"\r\nretry-after: " in answer.lower()
    assert b"100 Continue" not in answer


def test_a_body_cut_anywhere_leaves_nothing(
    hub: RunningHub,
    ministry: Caller,
    packet: bytes,
    wait_until: Callable[[Callable[[], bool]], None],
) -> None:
    large = edxml.Attachment.of("lon.pdf", b"%PDF-1.7\n".ljust(5_000_000), content_id="att-2")
    long = packet.ljust(len(packet) + large.data.count(b" "))
    for raw, cuts in ((packet, (0, 1, len(packet) // 2, len(packet) - 1)), (long, (4_300_000,))):
        for cut in cuts:
            with connected(hub) as line:
                line.sendall(head(ministry, raw) + raw[:cut])

    wait_until(lambda: hub.hub.admission.taken == 0 and nothing_is_left(hub))
    assert ministry.post(packet).status_code == 201


def test_a_slow_body_is_given_up_and_the_place_is_free_again(
    hub: RunningHub, ministry: Caller, packet: bytes
) -> None:
    with connected(hub) as line:
        line.sendall(head(ministry, packet) + packet[:100])
        answer = answer_of(line)

    assert answer.startswith(b"HTTP/1.1 503 ")
    assert hub.hub.admission.taken == 0
    assert nothing_is_left(hub)


def test_a_body_of_another_length_than_declared_is_not_taken(
    hub: RunningHub, ministry: Caller, packet: bytes
) -> None:
    found = []
    for length in (len(packet) - 5, len(packet) + 5):
        with connected(hub) as line:
            line.sendall(head(ministry, packet, length=length) + packet)
            found.append(answer_of(line).split(b"\r\n", 1)[0])

    # What is too much begins no request; what is missing is waited for.
    assert found == [b"HTTP/1.1 400 Bad Request", b"HTTP/1.1 503 Service Unavailable"]
    assert nothing_is_left(hub)


AMBIGUOUS = {
    "length and chunks": ("transfer-encoding: chunked",),
    "two lengths": ("content-length: 5",),
    "an unknown coding": ("transfer-encoding: xchunked",),
    "chunks twice": ("transfer-encoding: chunked, chunked",),
    "a space before the colon": ("transfer-encoding : chunked",),
    "a folded line": ("x-one: a", " transfer-encoding: chunked"),
    "a bare carriage return": ("x-one: a\rtransfer-encoding: chunked",),
    "the kind twice": ("packet-kind: status",),
    "the digest twice": ("content-digest: sha-256=:AAAA:",),
}


def test_a_request_that_two_readers_would_end_at_different_places_is_refused(
    hub: RunningHub, ministry: Caller, packet: bytes
) -> None:
    smuggled = b"GET /health HTTP/1.1\r\nhost: hub\r\n\r\n"
    for name, more in AMBIGUOUS.items():
        with connected(hub) as line:
            line.sendall(head(ministry, packet, *more) + b"0\r\n\r\n" + smuggled)
            answer = answer_of(line)
        status = answer.split(b" ", 2)[1:2]
        assert status in ([], [b"400"], [b"422"], [b"503"]), (name, answer[:200])
        assert b'"status":"ok"' not in answer, name

    assert nothing_is_left(hub)


def test_what_a_signature_or_a_body_depends_on_is_said_once(
    hub: RunningHub, ministry: Caller, packet: bytes
) -> None:
    for more in ("packet-kind: edoc", "content-digest: sha-256=:AAAA:", "signature: lt=:AAAA:"):
        with connected(hub) as line:
            line.sendall(head(ministry, packet, more) + packet)
            answer = answer_of(line)
        assert answer.startswith(b"HTTP/1.1 400 "), more
        assert b"hub.header_missing" in answer

    assert nothing_is_left(hub)


def test_a_request_sent_again_word_for_word_is_refused(
    hub: RunningHub, ministry: Caller, packet: bytes
) -> None:
    request = head(ministry, packet) + packet
    found = []
    for _ in range(2):
        with connected(hub) as line:
            line.sendall(request)
            found.append(answer_of(line).split(b" ", 2)[1])

    assert found == [b"201", b"401"]
    assert Packet.objects.count() == 1


def test_silent_connections_hold_nobody_up_and_are_closed(
    hub: RunningHub,
    ministry: Caller,
    packet: bytes,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(GuardedProtocol, "headers_within_s", 3.0)
    with ExitStack() as stack:
        lines = [stack.enter_context(connected(hub)) for _ in range(IDLE)]
        lines[0].sendall(b"POST /v1/packets HTTP/1.1\r\nhost: h")

        assert ministry.post(packet).status_code == 201

        time.sleep(3)
        assert all(answer_of(line) == b"" for line in lines[:3])
    assert len(hub.server.server_state.connections) <= 3


def test_headers_without_end_are_cut_off(hub: RunningHub) -> None:
    def endless(line: socket.socket) -> None:
        line.sendall(b"GET /health HTTP/1.1\r\nhost: hub\r\n")
        for _ in range(200):
            line.sendall(b"x-long: " + b"a" * 4000 + b"\r\n")
            time.sleep(0.001)

    with connected(hub) as line, pytest.raises(ConnectionError):
        endless(line)
