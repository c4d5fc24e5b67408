"""The operator's pages, on rows as the hub writes them."""

from __future__ import annotations

from datetime import date, timedelta
from html import unescape
from pathlib import Path
from time import time
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from lienthong.apps.accounts import api as accounts
from lienthong.apps.accounts.api import Role
from lienthong.apps.directory import api as directory
from lienthong.apps.exchange.hub.models import (
    Circulation,
    Delivery,
    Event,
    Lateness,
    LogHead,
    Node,
    NodeOrganization,
    Packet,
    Refusal,
)
from lienthong.apps.exchange.hub.rules import DeliveryState, Kind

PAGES = [
    "/truc/goi-tin/",
    "/truc/hang-doi/",
    "/truc/cham-han/",
    "/truc/don-vi/",
    "/truc/he-thong/",
]


@pytest.fixture(autouse=True)
def _static_directory(settings: Settings) -> None:
    Path(settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)


@pytest.fixture
def axis(db: None) -> directory.Organization:
    return directory.register(name="Đơn vị vận hành trục", codes={directory.Scheme.QD20: "G14.99"})


def seated(
    organization: directory.Organization, role: Role, assists: accounts.Seat | None = None
) -> accounts.Seat:
    person = accounts.Person.objects.create(username=f"nguoi.{role}", full_name="Vũ Thành Trung")
    return accounts.Seat.objects.create(
        person=person,
        organization=organization,
        role=role,
        assists=assists,
        valid_from=date(2026, 1, 1),
    )


def signed_in(organization: directory.Organization, role: Role) -> Client:
    leader = seated(organization, Role.LEADER) if role is Role.ASSISTANT else None
    seat = seated(organization, role, leader)
    client = Client()
    client.force_login(seat.person)
    session = client.session
    session.update({"seat": seat.pk, "seen_at": int(time()), "signed_in_at": int(time())})
    session.save()
    return client


@pytest.fixture
def operator(axis: directory.Organization) -> Client:
    return signed_in(axis, Role.AXIS_OPERATOR)


def packet(index: int = 0, **other: Any) -> Packet:
    values: dict[str, Any] = {
        "agency_code": "G99",
        "node_id": "bo",
        "kind": Kind.EDOC,
        "sha256": f"{index:064x}",
        "size": 190_000,
        "segment": 1,
        "position": 0,
        "signature": b"",
        "document_id": "G99,2026/03/02,12/BTN",
        "reference": "12/BTN",
        "received_at": timezone.now() - timedelta(minutes=index),
        "receipt": "eyJ.eyJ.sig",
        "checks": [{"check": "packet_signature", "ok": True, "signer": "Bộ Thử nghiệm"}],
        "warnings": [{"rule": "V-31", "text": "Ngày văn bản đã lâu."}],
        "leaf_index": index,
    }
    return Packet.objects.create(**values | other)


def delivery(of: Packet, code: str, state: DeliveryState, attempts: int = 1) -> Delivery:
    return Delivery.objects.create(
        packet=of, agency_code=code, state=state, attempts=attempts, next_at=timezone.now()
    )


def shown(client: Client, path: str) -> str:
    response = client.get(path)
    assert response.status_code == 200
    return unescape(response.content.decode())


@pytest.mark.parametrize("path", [*PAGES, "/truc/goi-tin/00000000-0000-7000-8000-000000000000"])
@pytest.mark.parametrize("role", [role for role in Role if role is not Role.AXIS_OPERATOR])
def test_only_the_operator_sees_the_axis(
    axis: directory.Organization, role: Role, path: str
) -> None:
    assert signed_in(axis, role).get(path).status_code == 403


@pytest.mark.parametrize("path", PAGES)
def test_an_empty_axis_says_what_will_come(operator: Client, path: str) -> None:
    assert "lt-empty" in shown(operator, path) or "Đơn vị vận hành trục" in shown(operator, path)


def test_a_packet_shows_its_checks_its_receipt_and_where_it_got(operator: Client) -> None:
    directory.register(name="Bộ Thử nghiệm", codes={directory.Scheme.QD20: "G99"})
    document = packet(leaf_index=41)
    delivery(document, "H99", DeliveryState.DELIVERED)
    delivery(document, "H98", DeliveryState.QUEUED)
    status = packet(1, kind=Kind.STATUS, status_code="03", agency_code="H99")

    listed = shown(operator, "/truc/goi-tin/")
    page = shown(operator, f"/truc/goi-tin/{document.pk}")

    assert "Đã giao 1/2" in listed
    assert "Trạng thái 03: đã tiếp nhận" in listed
    for words in ("Bộ Thử nghiệm", "eyJ.eyJ.sig", "V-31", "41", document.sha256, "Trong hàng đợi"):
        assert words in page
    assert f"/truc/goi-tin/{status.pk}" in page


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?kind=status", {"03"}),
        ("?state=waiting", {"12/BTN"}),
        ("?q=17/BTN", {"03"}),
        ("?kind=nothing&trang=99", {"03", "12/BTN"}),
    ],
)
def test_packets_are_narrowed(operator: Client, query: str, expected: set[str]) -> None:
    delivery(packet(), "H99", DeliveryState.QUEUED)
    status = packet(1, kind=Kind.STATUS, status_code="03", reference="17/BTN")
    delivery(status, "G99", DeliveryState.DELIVERED)

    page = shown(operator, f"/truc/goi-tin/{query}")

    found = {
        words for words in ("12/BTN", "03") if f"Trạng thái {words}" in page or f" {words}<" in page
    }
    assert found == expected


def test_a_queue_shows_who_waits_longest_and_what_is_stuck(operator: Client) -> None:
    NodeOrganization.objects.create(
        agency_code="H99", node=Node.objects.create(node_id="tinh", name="Tỉnh", certificate="-")
    )
    delivery(packet(0), "H99", DeliveryState.DEAD, attempts=13)
    earlier = delivery(packet(30), "H98", DeliveryState.QUEUED)
    Delivery.objects.filter(pk=earlier.pk).update(queued_at=earlier.packet.received_at)
    Refusal.objects.create(node_id="tinh", code="hub.packet_too_large", text="Gói tin quá lớn.")

    page = shown(operator, "/truc/hang-doi/")

    assert page.index("H98") < page.index("H99")
    assert "is-late" in page
    assert "chưa từng kết nối" in page
    assert "Chưa đăng ký" in page
    assert "Gói tin quá lớn." in page


def test_dead_letters_are_queued_again_one_or_all_of_a_recipient(operator: Client) -> None:
    one, other = (delivery(packet(i), "H99", DeliveryState.DEAD, attempts=13) for i in (0, 1))
    elsewhere = delivery(packet(2), "H98", DeliveryState.FAILED, attempts=2)
    under_way = delivery(packet(3), "H99", DeliveryState.FETCHED, attempts=2)

    single = operator.post("/truc/hang-doi/giao-lai", {"delivery": one.pk})
    nothing = operator.post("/truc/hang-doi/giao-lai", {"delivery": under_way.pk})
    empty = operator.post("/truc/hang-doi/giao-lai", {"delivery": "x"})
    every = operator.post("/truc/hang-doi/giao-lai", {"agency": "H99"})

    assert [each.status_code for each in (single, nothing, empty, every)] == [302, 404, 404, 302]
    for each in (one, other, elsewhere, under_way):
        each.refresh_from_db()
    assert (one.state, one.attempts, other.state) == ("QUEUED", 0, "QUEUED")
    assert (elsewhere.state, under_way.attempts) == ("FAILED", 2)
    page = shown(operator, "/truc/hang-doi/")
    assert "Đã đưa lại 1 lượt chuyển vào hàng đợi." in page
    assert "Nơi nhận báo lỗi" in page


def test_only_the_operator_queues_again(axis: directory.Organization) -> None:
    clerk = signed_in(axis, Role.CLERK)

    assert clerk.post("/truc/hang-doi/giao-lai", {"agency": "H99"}).status_code == 403


def test_lateness_and_the_state_at_each_receiver_are_shown(operator: Client) -> None:
    document, now = packet(), timezone.now()
    Circulation.objects.create(
        document_id=document.document_id,
        sender_code="G99",
        recipient_code="H99",
        state="recall_pending",
        ask="recall",
        reason="Gửi nhầm nơi nhận",
        answer_by=now,
        changed_at=now,
    )
    Event.objects.create(
        at=now, kind="ESCALATED", document_id=document.document_id, agency_code="H99"
    )
    Lateness.objects.create(
        rule="DX-36",
        subject_id="1",
        document_id=document.document_id,
        agency_code="H99",
        other_code="G99",
        started_at=now,
        due_at=now,
        raised_at=now,
    )

    page, late = shown(operator, f"/truc/goi-tin/{document.pk}"), shown(operator, "/truc/cham-han/")

    for words in ("Chờ trả lời thu hồi", "Gửi nhầm nơi nhận", "Báo văn phòng hai bên"):
        assert words in page
    assert "Trả lời yêu cầu thu hồi, cập nhật" in late
    assert "Còn chờ" in late


def test_participants_are_agencies_with_their_nodes(operator: Client) -> None:
    ministry = directory.register(name="Bộ Thử nghiệm", codes={directory.Scheme.QD20: "G99"})
    directory.lock(ministry)
    LogHead.objects.create(name="exchange", size=3)

    page = shown(operator, "/truc/don-vi/")

    assert "Bộ Thử nghiệm" in page
    assert "Tạm khóa" in page
