"""What goes wrong between people, agencies and the axis: told in words, and nothing half done.

Each refusal has a code that never changes and a Vietnamese sentence where a person sees it. What
one part refuses by itself is tested next to it: unsigned and wrongly signed documents, unknown
recipients, DTD and entities, floods and replays in `apps/exchange/tests/test_hub_intake.py`, PDFs
in `core/tests/signing_cases`, packets in `core/tests/test_edxml_hostile.py`.
"""

from __future__ import annotations

import io
import select
import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from html import unescape
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pikepdf
import pytest
from django.core.wsgi import get_wsgi_application
from django.db import connection
from django.utils import timezone, translation

from lienthong.apps.accounts import api as accounts
from lienthong.apps.directory import api as directory
from lienthong.apps.documents.models import (
    IncomingDocument,
    NumberSeries,
    OutgoingDocument,
    StatusEntry,
)
from lienthong.apps.documents.outgoing import packets
from lienthong.apps.documents.rules.outgoing import OutgoingState
from lienthong.apps.documents.tests.common.test_typeset import blank
from lienthong.apps.documents.tests.conftest import PIN, Desk
from lienthong.apps.exchange.access_point import api as access_point
from lienthong.apps.exchange.access_point.service import AccessPoint, exchange_once
from lienthong.apps.exchange.hub import api as axis
from lienthong.apps.exchange.tests.node import hub_of_node
from lienthong.apps.exchange.tests.server import RunningHub
from lienthong.apps.files import api as files
from lienthong.apps.journal import api as journal
from lienthong.apps.outbox import api as outbox
from lienthong.apps.pki import api as pki
from lienthong.client import HubRefused
from lienthong.core import edxml, signing
from lienthong.core.errors import Problem

from .support.disk import Disk, small_disk
from .support.letters import approved, dispatched, sealed
from .support.offices import as_, at, carry
from .support.waiting import wait_until

MEBIBYTE = 1024 * 1024


@pytest.fixture(autouse=True)
def _vietnamese() -> Iterator[None]:
    with translation.override("vi"):
        yield


@pytest.fixture
def files_disk(data_dir: Path, node: None) -> Iterator[Disk]:
    """The disk of the agencies' file store."""
    with small_disk(data_dir / "files") as disk:
        yield disk


def words(response: Any) -> str:
    return unescape(response.content.decode())


def page_of(office: Desk, letter: OutgoingDocument) -> str:
    """What the clerk reads on the page of a letter."""
    return words(as_(office.clerk).get(f"/van-ban/di/{letter.pk}"))


def reread(office: Desk, letter: OutgoingDocument) -> OutgoingDocument:
    with at(office):
        return OutgoingDocument.objects.get(pk=letter.pk)


def outbound_of(office: Desk, letter: OutgoingDocument) -> access_point.Outbound:
    with at(office):
        return access_point.outbound(reread(office, letter).outbound_id or 0)


def arrivals(office: Desk) -> int:
    with at(office):
        return IncomingDocument.objects.count()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def assert_came_back(
    office: Desk, letter: OutgoingDocument, code: str, sentence: str
) -> OutgoingDocument:
    """The axis took nothing, and the clerk has the letter again with code and sentence."""
    letter = reread(office, letter)
    assert letter.state == OutgoingState.SEALED
    assert letter.refusal is not None
    assert letter.refusal["code"] == code
    page = page_of(office, letter)
    assert code in page
    assert sentence in page
    return letter


# -- the axis is away, the clock is wrong ---------------------------------------------------------


def test_a_letter_waits_while_the_axis_is_down_and_leaves_by_itself_when_it_is_back(
    road: None, ministry: Desk, province: Desk, tmp_path: Path
) -> None:
    port = free_port()
    letter = dispatched(ministry, province)
    point = AccessPoint(base_url=f"http://127.0.0.1:{port}", poll_s=1)
    point.start()
    try:
        wait_until(lambda: access_point.hub_state().problem is not None)
        waiting = page_of(ministry, letter)

        with hub_of_node(tmp_path / "hub", port):
            wait_until(lambda: outbound_of(ministry, letter).state == "ACCEPTED")
            wait_until(lambda: access_point.hub_state().reachable)
    finally:
        point.stop()
    outbox.run_pending()

    assert "Đang chờ gửi tới trục liên thông" in waiting
    assert "client.hub_unreachable" in waiting
    assert "Không kết nối được tới trục liên thông; hệ thống sẽ tự gửi lại." in waiting
    assert "Đã gửi" not in waiting
    assert "Đang chờ gửi" not in page_of(ministry, letter)
    assert reread(ministry, letter).hub_packet_id is not None


def test_a_clock_that_is_off_by_ten_minutes_stops_sending_until_it_is_right_again(
    hub: RunningHub, ministry: Desk, province: Desk
) -> None:
    """DX-18: the agency sees that its clock is off, and by how much; the axis refuses it too."""
    off = timedelta(minutes=10)
    letter = dispatched(ministry, province)
    seen: set[str] = set()

    def both_were_seen() -> bool:
        problem = access_point.hub_state().problem or {}
        seen.add(str(problem.get("facts", {}).get("hub_code", problem.get("code"))))
        return {"access_point.clock_offset", "signing.request_clock_skew"} <= seen

    point = AccessPoint(clock=lambda: datetime.now(UTC) + off, poll_s=1)
    point.start()
    try:
        wait_until(both_were_seen)
        state, waiting = access_point.hub_state(), page_of(ministry, letter)
        nothing_sent = not axis.Packet.objects.exists()
        off = timedelta()
        wait_until(lambda: outbound_of(ministry, letter).state == "ACCEPTED")
    finally:
        point.stop()

    assert nothing_sent
    assert abs((state.clock_offset_s or 0) - 600) < 3
    assert state.problem is not None
    assert "lệch" in state.problem["text"]
    assert "lệch" in waiting
    assert "Đang chờ gửi tới trục liên thông" in waiting


def test_a_loop_of_the_access_point_does_not_keep_a_dead_connection(road: None) -> None:
    """The database was away for a moment; the next round works, and nobody starts anything."""
    point = AccessPoint()

    def ask(question: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(question)

    try:
        cut_off = point._try("ask", partial(ask, "SELECT pg_terminate_backend(pg_backend_pid())"))
        again = point._try("ask", partial(ask, "SELECT 1"))
    finally:
        point.stop()

    assert not cut_off
    assert again


# -- the same again, and something else under the same name --------------------------------------


def test_a_packet_sent_twice_is_one_document(
    hub: RunningHub, ministry: Desk, province: Desk
) -> None:
    """An access point restored from a backup sends again: the first receipt, and nothing else."""
    letter = dispatched(ministry, province)
    carry()
    first = outbound_of(ministry, letter)
    assert first.receipt is not None

    with accounts.everywhere():
        access_point.Outbound.objects.filter(pk=first.pk).update(
            state="QUEUED", receipt=None, hub_packet_id=None, next_at=timezone.now()
        )
    carry()

    again = outbound_of(ministry, letter)
    assert again.receipt is not None
    assert again.receipt["receipt"] == first.receipt["receipt"]
    assert axis.Packet.objects.filter(kind="edoc").count() == 1
    assert arrivals(province) == 1
    with at(ministry):
        assert [entry.status for entry in StatusEntry.objects.all()] == ["01"]


def test_another_packet_with_the_same_document_id_comes_back_to_the_clerk(
    hub: RunningHub, ministry: Desk, province: Desk
) -> None:
    """V-19: an older program of the ministry has used that number already."""
    letter = sealed(ministry, province)
    with at(ministry):
        earlier = packet_of(ministry, letter, subject="Một việc khác")
        access_point.queue_packet(
            organization=ministry.organization, packet=earlier, correlation=f"outgoing:{uuid4()}"
        )
    carry()

    as_(ministry.clerk).post(f"/van-ban/di/{letter.pk}/phat-hanh")
    carry()

    sentence = f"Mã văn bản {letter.document_id} (hoặc số, ký hiệu trong năm) đã được dùng"
    assert_came_back(ministry, letter, "hub.document_id_used", sentence)
    assert axis.Packet.objects.filter(kind="edoc").count() == 1
    assert arrivals(province) == 1


def packet_of(ministry: Desk, letter: OutgoingDocument, **other: Any) -> edxml.DocumentPacket:
    packet = packets.packet_of(
        letter, pdf=files.get(letter.sealed_sha256), at=timezone.now(), clerk=ministry.clerk
    )
    return replace(packet, **other)


# -- who may not, and what is not what it says ----------------------------------------------------


def test_a_recipient_locked_on_the_way_is_told_and_may_be_tried_again(
    hub: RunningHub, ministry: Desk, province: Desk
) -> None:
    letter = dispatched(ministry, province)
    directory.lock(province.organization)
    hub.refresh()

    carry()

    sentence = "đang bị tạm khoá trên trục liên thông"
    letter = assert_came_back(ministry, letter, "hub.recipient_locked", sentence)
    assert not axis.Packet.objects.exists()
    clerk = as_(ministry.clerk)
    refused = clerk.post(f"/van-ban/di/{letter.pk}/phat-hanh")
    assert refused.status_code == 422
    assert "documents.packet_refused_here" in words(refused)
    directory.unlock(province.organization)
    hub.refresh()
    clerk.post(f"/van-ban/di/{letter.pk}/phat-hanh")
    carry()
    assert arrivals(province) == 1


def test_a_packet_signed_with_the_certificate_of_another_agency_is_refused(
    hub: RunningHub, ministry: Desk, province: Desk
) -> None:
    """SG §4.3: a key mixed up at the ministry's node; with its own key back, the letter goes."""
    service = pki.Key.objects.filter(kind=pki.KeyKind.SERVICE, is_current=True)
    own = service.get(organization_id=ministry.organization.pk)
    others = service.get(organization_id=province.organization.pk)
    exchange_paths(own, others)
    letter = dispatched(ministry, province)

    carry()

    sentence = "Chữ ký số của gói tin không hợp lệ"
    letter = assert_came_back(ministry, letter, "hub.packet_signature_invalid", sentence)
    assert not axis.Packet.objects.exists()
    exchange_paths(own, others)
    as_(ministry.clerk).post(f"/van-ban/di/{letter.pk}/phat-hanh")
    carry()
    assert arrivals(province) == 1


def exchange_paths(one: pki.Key, other: pki.Key) -> None:
    paths = other.path, one.path
    for key, path in ((one, "between"), (other, paths[1]), (one, paths[0])):
        key.path = path
        key.save(update_fields=["path"])


def test_a_byte_changed_on_the_disk_of_the_sender_never_leaves_it(
    hub: RunningHub, ministry: Desk, province: Desk
) -> None:
    letter = dispatched(ministry, province)
    path = files.open_path(outbound_of(ministry, letter).packet_sha256)
    whole = path.read_bytes()
    path.write_bytes(changed(whole))

    with pytest.raises(files.FileDamaged):
        exchange_once()

    waiting = page_of(ministry, letter)
    assert "files.damaged" in waiting
    assert "Tệp trong kho lưu trữ đã bị hỏng. Vui lòng báo quản trị hệ thống." in waiting
    assert not axis.Packet.objects.exists()
    path.write_bytes(whole)
    send_now()
    carry()
    assert arrivals(province) == 1


def test_a_byte_changed_in_a_sealed_document_stops_its_dispatch(
    hub: RunningHub, ministry: Desk, province: Desk
) -> None:
    """DX-08: both signatures are verified once more; another file under its name does not help."""
    letter = sealed(ministry, province)
    other = files.put(changed(files.get(letter.sealed_sha256))).sha256
    with at(ministry):
        OutgoingDocument.objects.filter(pk=letter.pk).update(sealed_sha256=other)

    refused = as_(ministry.clerk).post(f"/van-ban/di/{letter.pk}/phat-hanh")

    assert refused.status_code == 409
    assert "documents.signature_not_confirmed" in words(refused)
    assert "chưa được xác nhận hợp lệ" in words(refused)
    assert reread(ministry, letter).state == OutgoingState.SEALED
    with at(ministry):
        assert not access_point.Outbound.objects.exists()


def changed(data: bytes) -> bytes:
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]


def send_now() -> None:
    """What was put off is due now."""
    with accounts.everywhere():
        access_point.Outbound.objects.filter(state="QUEUED").update(next_at=timezone.now())


# -- more than there is room for ------------------------------------------------------------------


class Untouched(io.RawIOBase):
    """A body that notes whether anybody read it."""

    was_read = False

    def read(self, size: int = -1) -> bytes:
        self.was_read = True
        return b""


@pytest.mark.parametrize(
    ("declared", "status", "code", "sentence"),
    [
        (
            {"CONTENT_LENGTH": str(200 * MEBIBYTE)},
            "413",
            "web.upload_too_large",
            "dung lượng 200 MB, vượt mức cho phép 100 MB",
        ),
        (
            {"HTTP_TRANSFER_ENCODING": "chunked"},
            "411",
            "web.length_missing",
            "không khai báo dung lượng",
        ),
    ],
)
def test_an_upload_of_200_mb_is_refused_by_the_page_before_it_is_read(
    ministry: Desk, declared: dict[str, str], status: str, code: str, sentence: str
) -> None:
    body = Untouched()
    client = as_(ministry.officer)
    cookies = "; ".join(f"{name}={one.value}" for name, one in client.cookies.items())
    answered: list[str] = []
    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/van-ban/di/soan",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "CONTENT_TYPE": "multipart/form-data; boundary=x",
        "HTTP_COOKIE": cookies,
        "wsgi.input": body,
        "wsgi.url_scheme": "http",
        **declared,
    }

    def start(status: str, *_: object) -> Callable[[bytes], object]:
        answered.append(status)
        return len

    page = b"".join(get_wsgi_application()(environ, start)).decode()

    assert answered[0].startswith(status)
    assert code in page
    assert sentence in unescape(page)
    assert not body.was_read
    with at(ministry):
        assert not OutgoingDocument.objects.exists()


def test_a_packet_of_200_mb_is_refused_by_the_axis_before_its_body_is_sent(
    hub: RunningHub,
) -> None:
    """The answer to the head of the request comes although not one byte of the body went out."""
    head = signed_head(hub, {"content-length": str(200 * MEBIBYTE), "expect": "100-continue"})
    with socket.create_connection(("127.0.0.1", httpx.URL(hub.url).port or 0), timeout=20) as wire:
        wire.sendall(head)
        answer = wire.recv(65536).decode()

    assert answer.startswith("HTTP/1.1 413")
    assert '"code":"hub.packet_too_large"' in answer
    assert "Gói tin lớn hơn mức cho phép" in answer
    assert nothing_kept(hub)


def test_a_packet_without_end_is_cut_off_by_the_axis_at_its_limit(hub: RunningHub) -> None:
    """Nothing declared: the axis reads to its limit, answers, and keeps no part of it."""
    limit = 8 * MEBIBYTE
    hub.hub.config = replace(hub.hub.config, packet_max_bytes=limit)
    head = signed_head(hub, {"transfer-encoding": "chunked"})
    chunk = b"100000\r\n" + bytes(MEBIBYTE) + b"\r\n"
    sent = 0
    with socket.create_connection(("127.0.0.1", httpx.URL(hub.url).port or 0), timeout=20) as wire:
        wire.sendall(head)
        while sent < 200 and not readable(wire):
            try:
                wire.sendall(chunk)
            except (BrokenPipeError, ConnectionResetError):
                break
            sent += 1
        answer = wire.recv(65536).decode()

    assert answer.startswith("HTTP/1.1 413")
    assert '"code":"hub.packet_too_large"' in answer
    assert limit // MEBIBYTE < sent < 100
    assert nothing_kept(hub)


def readable(wire: socket.socket) -> bool:
    return bool(select.select([wire], [], [], 0)[0])


def signed_head(hub: RunningHub, headers: dict[str, str]) -> bytes:
    """The head of a request that this node signed, for a body that never comes."""
    covered = {"packet-signature": ":AAAA:", "packet-kind": "edoc"}
    signed = signing.sign_request(
        "POST",
        "/v1/packets",
        bytes(32),
        covered,
        key_id=pki.node_key_id(),
        signer=pki.node_signer(),
        at=datetime.now(UTC),
        nonce="large",
    )
    lines = [f"{name}: {value}" for name, value in (covered | signed | headers).items()]
    return "\r\n".join(["POST /v1/packets HTTP/1.1", "host: axis", *lines, "", ""]).encode()


def nothing_kept(hub: RunningHub) -> bool:
    large = hub.hub.config.data_dir / "segments" / "large"
    return not axis.Packet.objects.exists() and not list(large.glob("receiving-*"))


def test_a_full_disk_at_the_agency_takes_no_draft_and_no_number(
    files_disk: Disk, road: None, ministry: Desk, province: Desk
) -> None:
    letter = approved(ministry, province)
    officer, leader = as_(ministry.officer), as_(ministry.deputy)
    files_disk.fill()

    composed = officer.post("/van-ban/di/soan", form(ministry, province, subject="Văn bản khác"))
    signed = leader.post(f"/van-ban/di/{letter.pk}/ky", {"pin": PIN})

    for refused in (composed, signed):
        assert refused.status_code == 507
        assert "files.storage_full" in words(refused)
        assert "Kho lưu trữ của hệ thống đã đầy. Tệp chưa được lưu" in words(refused)
    with at(ministry):
        assert OutgoingDocument.objects.count() == 1
        assert reread(ministry, letter).state == OutgoingState.AWAITING_SIGNATURE
        assert not NumberSeries.objects.filter(last__gt=0).exists()
    files_disk.free()
    assert leader.post(f"/van-ban/di/{letter.pk}/ky", {"pin": PIN}).status_code == 302
    assert reread(ministry, letter).number == 1


def test_a_full_disk_at_the_receiver_leaves_the_packet_with_the_axis(
    files_disk: Disk, hub: RunningHub, ministry: Desk, province: Desk
) -> None:
    """Stored first, acknowledged after: what could not be stored comes again."""
    letter = dispatched(ministry, province)
    send_without_receiving()
    # Both agencies of this test have one store; the receiver's does not hold the packet yet.
    files.open_path(outbound_of(ministry, letter).packet_sha256).unlink()
    files_disk.fill()

    _, received = exchange_once()

    delivery = axis.Delivery.objects.get()
    assert received == 0
    assert delivery.state != axis.DeliveryState.DELIVERED
    with at(province):
        assert not access_point.Inbound.objects.exists()
    files_disk.free()
    axis.Delivery.objects.update(
        next_at=timezone.now()
    )  # as if the time of the hand-out had passed
    carry()
    assert arrivals(province) == 1
    assert axis.Delivery.objects.get(pk=delivery.pk).state == axis.DeliveryState.DELIVERED


def send_without_receiving() -> None:
    point = AccessPoint()
    try:
        with accounts.everywhere():
            assert point.sender.send_due() == 1
    finally:
        point.stop()


def test_a_full_disk_at_the_axis_keeps_the_letter_with_its_sender(
    road: None, ministry: Desk, province: Desk, tmp_path: Path
) -> None:
    segments = tmp_path / "hub" / "segments"
    with small_disk(segments) as disk, hub_of_node(tmp_path / "hub"):
        letter = dispatched(ministry, province)
        disk.fill()

        with pytest.raises(HubRefused):
            exchange_once()

        waiting = page_of(ministry, letter)
        assert "hub.storage_full" in waiting
        assert "Trục liên thông hết dung lượng lưu trữ; gói tin chưa được nhận." in waiting
        assert reread(ministry, letter).state == OutgoingState.DISPATCHED
        assert not axis.Packet.objects.exists()
        assert not axis.Delivery.objects.exists()
        disk.free()
        send_now()
        carry()

    assert reread(ministry, letter).hub_packet_id is not None
    assert arrivals(province) == 1


# -- files and words that may not travel -----------------------------------------------------------


def encrypted() -> bytes:
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(blank())) as pdf:
        pdf.save(out, encryption=pikepdf.Encryption(owner="chu", user="khach"))
    return out.getvalue()


def broken() -> bytes:
    whole = blank()
    return whole[: len(whole) * 2 // 3]


def with_script() -> bytes:
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(blank())) as pdf:
        pdf.Root.OpenAction = pikepdf.Dictionary(
            S=pikepdf.Name.JavaScript, JS=pikepdf.String("app.alert(1)")
        )
        pdf.save(out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (lambda: b"PK\x03\x04 a word document", signing.PdfNotPdf),
        (encrypted, signing.PdfEncrypted),
        (broken, signing.PdfBroken),
        (with_script, signing.PdfActiveContent),
    ],
    ids=["not a PDF", "encrypted", "broken", "with a script"],
)
def test_a_file_that_cannot_be_signed_is_refused_where_it_is_uploaded(
    ministry: Desk,
    province: Desk,
    data_dir: Path,
    make: Callable[[], bytes],
    problem: type[Problem],
) -> None:
    upload = io.BytesIO(make())
    upload.name = "cong-van.pdf"
    sent = form(ministry, province, source="upload", body="", pdf=upload)

    before = kept_files(data_dir)

    refused = as_(ministry.officer).post("/van-ban/di/soan", sent)

    assert refused.status_code == 422
    assert problem.code in words(refused)
    assert problem.text.partition("(")[0].strip() in words(refused)
    assert nothing_drafted(ministry)
    assert kept_files(data_dir) == before


@pytest.mark.parametrize(
    "where",
    [{"subject": "TỐI MẬT: Kế hoạch năm 2026"}, {"body": "Độ mật: MẬT\n\nNội dung./."}],
    ids=["in the subject", "on the page"],
)
def test_a_mark_of_state_secrecy_is_refused_where_it_is_written(
    ministry: Desk, province: Desk, data_dir: Path, where: dict[str, str]
) -> None:
    """DX-02, V-29: what is secret is not kept here either."""
    before = kept_files(data_dir)

    refused = as_(ministry.officer).post("/van-ban/di/soan", form(ministry, province, **where))

    assert refused.status_code == 422
    assert "documents.secrecy_marked" in words(refused)
    assert "Văn bản có dấu hiệu bí mật nhà nước" in words(refused)
    assert nothing_drafted(ministry)
    assert kept_files(data_dir) == before


def kept_files(data_dir: Path) -> set[Path]:
    return {path for path in (data_dir / "files").rglob("*") if path.is_file()}


def form(ministry: Desk, province: Desk, **other: Any) -> dict[str, Any]:
    """What an officer posts from the page of a new document."""
    return {
        "source": "form",
        "type_code": "18",
        "subject": "Góp ý dự thảo Quy chế",
        "urgency": "0",
        "recipients": [str(province.organization.pk)],
        "reviewer": str(ministry.unit_head.seat_id),
        "signatory": str(ministry.deputy.seat_id),
        "body": "Bộ đề nghị Quý Ủy ban góp ý./.",
        **other,
    }


def nothing_drafted(office: Desk) -> bool:
    with at(office):
        entries = journal.Entry.objects.filter(act__startswith="documents.")
        return not OutgoingDocument.objects.exists() and not entries.exists()
