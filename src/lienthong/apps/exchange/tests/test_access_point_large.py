"""Large packets from access point to access point: in pieces, continued, beside the others."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from lienthong.apps.exchange.access_point import api
from lienthong.apps.exchange.access_point.service import AccessPoint, exchange_once
from lienthong.apps.exchange.hub.models import Delivery, Packet
from lienthong.apps.files import api as files
from lienthong.client import HubClient, HubUnreachable
from lienthong.core import edxml

from .country import plain_pdf
from .node import Node
from .server import RunningHub
from .test_access_point import authorities, events, hub, node, queue

__all__ = ["authorities", "hub", "node"]

MEBIBYTE = 1024 * 1024
ATTACHMENT = 64 * MEBIBYTE


def queue_large(node: Node, folder: Path, size: int) -> api.Outbound:
    """Queue a packet with an annex of `size` bytes, made in files."""
    main, annex, packet = folder / "main.pdf", folder / "annex.pdf", folder / "packet.edxml"
    main.write_bytes(node.pdf)
    with annex.open("wb") as file:
        file.write(plain_pdf("Phu luc"))
        file.truncate(size)
    pdf = "application/pdf"
    attached = (
        edxml.StoredFile("van-ban", "van-ban.pdf", pdf, "Văn bản", main),
        edxml.StoredFile("phu-luc", "phu-luc.pdf", pdf, "Phụ lục", annex),
    )
    edxml.write_file(node.document("77", attachments=()), attached, packet)
    annex.unlink()
    return api.queue_file(organization=node.ministry, path=packet, correlation="outgoing:77")


class Line:
    """The requests of the client, counted; cut after the n-th of a kind."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked: list[str] = []
        self.cut: tuple[str, int] | None = None
        ask = HubClient._call

        def call(client: HubClient, method: str, target: str, **rest: Any) -> httpx.Response:
            what = re.sub(r"[0-9a-f-]{36,64}", "*", f"{method} {target}")
            what = re.sub(r"/\d+$", "/n", what)
            self.asked.append(what)
            if self.cut and what == self.cut[0] and self.asked.count(what) > self.cut[1]:
                raise HubUnreachable
            return ask(client, method, target, **rest)

        monkeypatch.setattr(HubClient, "_call", call)


@pytest.fixture
def line(monkeypatch: pytest.MonkeyPatch) -> Line:
    return Line(monkeypatch)


CHUNK, PIECE = "PUT /v1/uploads/*/n", "GET /v1/deliveries/*/packet"


def test_a_large_packet_goes_on_where_it_was_cut_at_both_ends(
    node: Node, hub: RunningHub, tmp_path: Path, line: Line
) -> None:
    outbound = queue_large(node, tmp_path, 30 * MEBIBYTE)  # in base64 eleven chunks
    line.cut = (CHUNK, 3)
    exchange_once()
    outbound.refresh_from_db()
    assert outbound.state == api.OutboundState.QUEUED
    sent_before = line.asked.count(CHUNK) - 1

    api.Outbound.objects.update(next_at=outbound.queued_at)
    line.cut = (PIECE, 2)
    exchange_once(wait=2)
    fetched_before = line.asked.count(PIECE) - 1
    assert Packet.objects.count() == 1
    assert not api.Inbound.objects.exists()

    Delivery.objects.update(next_at=outbound.queued_at)
    line.cut = None
    exchange_once(wait=2)

    outbound.refresh_from_db()
    assert outbound.state == api.OutboundState.ACCEPTED
    assert (sent_before, line.asked.count(CHUNK)) == (3, 3 + 1 + 8)
    assert (fetched_before, line.asked.count(PIECE)) == (2, 2 + 1 + 19)
    inbound = api.Inbound.objects.get()
    assert inbound.state == api.InboundState.ACKED
    files.check(inbound.packet_sha256)
    assert events() == ["PacketReceipted", "PacketArrived"]


def test_what_is_short_does_not_wait_for_what_is_large(
    node: Node, hub: RunningHub, tmp_path: Path, line: Line
) -> None:
    large = queue_large(node, tmp_path, 10 * MEBIBYTE)
    small = queue(node, node.document("02"))
    point = AccessPoint()
    try:
        point.sender._large.begin("held", small.refresh_from_db)
        assert point.sender.send_due() == 1
        small.refresh_from_db()
        assert small.state == api.OutboundState.ACCEPTED
        point.sender.finish()
    finally:
        point.stop()

    large.refresh_from_db()
    assert large.state == api.OutboundState.ACCEPTED


def peak_of(work: Callable[[], object]) -> int:
    """How far the memory of this process rises during the work, in bytes."""
    Path("/proc/self/clear_refs").write_text("5")
    before = _status("VmRSS")
    work()
    return _status("VmHWM") - before


def _status(name: str) -> int:
    found = re.search(rf"{name}:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found is not None
    return int(found[1]) * 1024


@pytest.mark.skipif(not os.access("/proc/self/clear_refs", os.W_OK), reason="needs Linux's /proc")
def test_an_attachment_of_64_mb_travels_without_being_in_memory(
    node: Node, hub: RunningHub, tmp_path: Path
) -> None:
    outbound = queue_large(node, tmp_path, ATTACHMENT)

    risen = peak_of(lambda: exchange_once(wait=2))

    outbound.refresh_from_db()
    assert outbound.state == api.OutboundState.ACCEPTED
    assert api.Inbound.objects.get().state == api.InboundState.ACKED
    # Hub and both ends are one process here, each with a few chunks; the packet has 86 MiB.
    assert risen < 2 * ATTACHMENT
