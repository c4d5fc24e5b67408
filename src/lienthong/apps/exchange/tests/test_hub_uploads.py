"""Packets in chunks, and handed out in ranges: continued after anything, checked at the end."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from lienthong.apps.exchange.hub.models import Packet
from lienthong.core import edxml, signing

from .country import Agency, Country, document, ministry_pdf, plain_pdf
from .server import Caller, RunningHub, hub_config, running

Connect = Callable[[Agency], Caller]
CHUNK = 64 * 1024


def packet_of(land: Country, extra_bytes: int = 200_000) -> bytes:
    """A packet with an annex of this size, so that it makes several chunks."""
    main = edxml.Attachment.of("van-ban.pdf", ministry_pdf())
    annex = plain_pdf("Phu luc").ljust(extra_bytes)
    extra = edxml.Attachment.of("phu-luc.pdf", annex, content_id="att-2")
    return edxml.encode(document(land.ministry, land.province, attachments=(main, extra)))


class Sender:
    """Sends `raw` in chunks by hand."""

    def __init__(self, caller: Caller, raw: bytes) -> None:
        self.caller = caller
        self.raw = raw
        self.sha256 = hashlib.sha256(raw).hexdigest()

    def begin(self, **other: Any) -> httpx.Response:
        wanted = {"sha256": self.sha256, "size": len(self.raw)} | other
        return self.caller.call("POST", "/v1/uploads", json.dumps(wanted).encode())

    def put(self, offset: int, chunk: bytes | None = None) -> httpx.Response:
        chunk = self.raw[offset : offset + CHUNK] if chunk is None else chunk
        return self.caller.call("PUT", f"/v1/uploads/{self.sha256}/{offset}", chunk)

    def state(self) -> httpx.Response:
        return self.caller.call("GET", f"/v1/uploads/{self.sha256}")

    def finish(self, signature: bytes | None = None) -> httpx.Response:
        if signature is None:
            signature = signing.sign_detached(
                self.raw, signer=self.caller.agency.service, at=datetime.now(UTC)
            )
        target = f"/v1/uploads/{self.sha256}/packet"
        covered = {
            "packet-signature": f":{base64.b64encode(signature).decode()}:",
            "packet-kind": "edoc",
        }
        headers = self.caller.signed("POST", target, b"", covered)
        return self.caller.http.post(self.caller.url + target, headers=headers)

    def send_all(self) -> None:
        for offset in range(0, len(self.raw), CHUNK):
            assert self.put(offset).status_code == 200


@pytest.fixture
def sender(land: Country, hub: RunningHub, ministry: Caller) -> Sender:
    hub.hub.uploads.chunk_bytes = CHUNK
    return Sender(ministry, packet_of(land))


def test_a_packet_in_chunks_is_answered_like_one_in_one_piece(
    sender: Sender, ministry: Caller, province: Caller
) -> None:
    assert sender.begin().status_code == 201
    sender.send_all()

    answer = sender.finish()

    assert answer.status_code == 201, answer.text
    assert answer.json()["sha256"] == sender.sha256
    [delivery] = province.inbox()
    got = province.call("GET", f"/v1/deliveries/{delivery['delivery_id']}/packet")
    assert got.content == sender.raw
    assert sender.state().json()["code"] == "hub.upload_not_found"
    again = ministry.post(sender.raw)
    assert (again.status_code, again.json()["receipt"]) == (200, answer.json()["receipt"])


def test_chunks_come_in_any_order_and_again(sender: Sender) -> None:
    sender.begin()
    sender.put(2 * CHUNK)
    sender.put(0)
    sender.put(0)

    state = sender.begin()

    assert state.status_code == 200
    assert state.json()["missing"] == [
        {"from": CHUNK, "to": 2 * CHUNK},
        {"from": 3 * CHUNK, "to": len(sender.raw)},
    ]
    refused = sender.finish().json()
    assert (refused["code"], refused["facts"]["offset"]) == ("hub.upload_incomplete", CHUNK)


def test_an_upload_goes_on_after_the_hub_has_been_stopped(
    land: Country, registered: Country, tmp_path: Path
) -> None:
    raw = packet_of(land)
    with running(hub_config(registered, tmp_path)) as first:
        first.hub.uploads.chunk_bytes = CHUNK
        with Caller(first.url, land.ministry) as caller:
            Sender(caller, raw).begin()
            Sender(caller, raw).put(CHUNK)
    with running(hub_config(registered, tmp_path)) as second:
        second.hub.uploads.chunk_bytes = CHUNK
        with Caller(second.url, land.ministry) as caller:
            sender = Sender(caller, raw)
            missing = sender.state().json()["missing"]
            for each in missing:
                for offset in range(each["from"], each["to"], CHUNK):
                    sender.put(offset)
            answer = sender.finish()

    assert missing[0] == {"from": 0, "to": CHUNK}
    assert answer.status_code == 201, answer.text


def test_a_chunk_at_a_wrong_place_or_of_a_wrong_length_is_refused(sender: Sender) -> None:
    sender.begin()

    found = [
        sender.put(offset, bytes(length)).json()["code"]
        for offset, length in ((1, CHUNK), (0, CHUNK - 1), (64 * CHUNK, 10), (0, CHUNK + 1))
    ]

    assert found == ["hub.chunk_wrong"] * 3 + ["hub.packet_too_large"]
    assert sender.state().json()["missing"] == [{"from": 0, "to": len(sender.raw)}]


def test_a_chunk_that_the_disk_has_spoiled_is_asked_for_again(
    sender: Sender, hub: RunningHub
) -> None:
    sender.begin()
    sender.send_all()
    [body] = hub.hub.config.data_dir.glob("uploads/*/*/body")
    with body.open("r+b") as file:
        file.seek(CHUNK + 5)
        file.write(b"???")

    refused = sender.finish().json()
    sender.put(refused["facts"]["offset"])
    answer = sender.finish()

    assert (refused["code"], refused["facts"]["offset"]) == ("hub.upload_incomplete", CHUNK)
    assert answer.status_code == 201, answer.text


def test_what_was_put_together_from_the_wrong_chunks_is_refused(sender: Sender) -> None:
    sender.begin()
    for offset in range(0, len(sender.raw), CHUNK):
        sender.put(offset, bytes(len(sender.raw[offset : offset + CHUNK])))

    refused = sender.finish()

    assert refused.json()["code"] == "hub.digest_mismatch"
    assert sender.state().status_code == 404
    assert not Packet.objects.exists()


def test_a_node_finds_its_own_uploads_only(land: Country, sender: Sender, caller: Connect) -> None:
    sender.begin()
    other = Sender(caller(land.other), sender.raw)

    assert other.state().json()["code"] == "hub.upload_not_found"
    assert other.put(0).json()["code"] == "hub.upload_not_found"
    assert other.finish().json()["code"] == "hub.upload_not_found"


def test_an_upload_that_cannot_be_is_not_begun(sender: Sender) -> None:
    wanted: tuple[tuple[dict[str, Any], str], ...] = (
        ({"size": 1 << 40}, "hub.packet_too_large"),
        ({"size": 0}, "hub.header_missing"),
        ({"size": "9"}, "hub.header_missing"),
        ({"sha256": None}, "hub.header_missing"),
        ({"sha256": "../../x"}, "hub.upload_not_found"),
    )

    for change, code in wanted:
        assert sender.begin(**change).json()["code"] == code


def test_a_node_with_too_many_uploads_waits(sender: Sender) -> None:
    for number in range(16):
        assert sender.begin(sha256=f"{number:064x}").status_code == 201

    answer = sender.begin()

    assert (answer.status_code, answer.json()["code"]) == (503, "hub.busy")
    assert answer.headers["retry-after"]


def test_a_packet_that_is_refused_leaves_no_upload(sender: Sender, hub: RunningHub) -> None:
    sender.begin()
    sender.send_all()

    refused = sender.finish(signature=b"\x30\x00")

    assert refused.json()["code"] == "hub.packet_signature_invalid"
    assert list(hub.hub.config.data_dir.glob("uploads/*/*")) == []


def test_a_packet_is_handed_out_in_ranges(
    land: Country, ministry: Caller, province: Caller
) -> None:
    raw = packet_of(land)
    ministry.post(raw)
    [delivery] = province.inbox()
    target = f"/v1/deliveries/{delivery['delivery_id']}/packet"

    def piece(text: str) -> httpx.Response:
        headers = province.signed("GET", target) | {"range": text}
        return province.http.get(province.url + target, headers=headers)

    middle, tail, behind = piece("bytes=100-199"), piece("bytes=1000-"), piece("bytes=9999999-")

    assert (middle.status_code, middle.content) == (206, raw[100:200])
    assert middle.headers["content-range"] == f"bytes 100-199/{len(raw)}"
    assert tail.content == raw[1000:]
    assert behind.json()["code"] == "hub.range_not_satisfiable"
    assert piece("bytes=5-1").status_code == 416
    assert piece("lines=1-2").content == raw  # a unit that is not known asks for the whole


def test_of_a_large_packet_that_the_disk_has_spoiled_the_end_is_kept_back(
    land: Country, ministry: Caller, province: Caller, hub: RunningHub
) -> None:
    raw = packet_of(land, 5_000_000)
    assert ministry.post(raw).status_code == 201
    [delivery] = province.inbox()
    target = f"/v1/deliveries/{delivery['delivery_id']}/packet"
    whole = province.call("GET", target).content
    [file] = hub.hub.config.data_dir.glob("segments/large/*/*")
    with file.open("r+b") as body:
        body.seek(1000)
        body.write(b"?")

    with pytest.raises(httpx.RemoteProtocolError):
        province.call("GET", target)

    assert whole == raw
