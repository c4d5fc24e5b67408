"""The operator finds agencies without accents, locks them, and keeps the paper lists."""

from __future__ import annotations

from datetime import date
from html import unescape
from pathlib import Path
from time import time

import pytest
from django.test import Client
from pytest_django import Settings

from lienthong.apps.accounts import api as accounts
from lienthong.apps.accounts.api import Role
from lienthong.apps.directory import api as directory
from lienthong.apps.evidence import api as evidence
from lienthong.apps.registry import api


@pytest.fixture(autouse=True)
def _static_directory(settings: Settings) -> None:
    Path(settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)


@pytest.fixture
def axis(db: None) -> directory.Organization:
    return directory.register(name="Đơn vị vận hành trục", codes={directory.Scheme.QD20: "G14.99"})


def signed_in(organization: directory.Organization, role: Role) -> Client:
    person = accounts.Person.objects.create(username=f"nguoi.{role}", full_name="Vũ Thành Trung")
    seat = accounts.Seat.objects.create(
        person=person, organization=organization, role=role, valid_from=date(2026, 1, 1)
    )
    client = Client()
    client.force_login(person)
    session = client.session
    session.update({"seat": seat.pk, "seen_at": int(time()), "signed_in_at": int(time())})
    session.save()
    return client


@pytest.fixture
def operator(axis: directory.Organization) -> Client:
    return signed_in(axis, Role.AXIS_OPERATOR)


def text_of(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return unescape(answer.content.decode())


def test_an_agency_is_found_without_accents(operator: Client) -> None:
    directory.register(name="UBND tỉnh Minh Họa", codes={directory.Scheme.QD20: "H99"})

    assert "UBND tỉnh Minh Họa" in text_of(operator, "/danh-ba/?q=minh+hoa")
    assert "UBND tỉnh Minh Họa" in text_of(operator, "/danh-ba/?q=h99")
    assert "Không tìm thấy" in text_of(operator, "/danh-ba/?q=xyz")


def test_an_agency_is_locked_and_unlocked(operator: Client, axis: directory.Organization) -> None:
    operator.post(f"/danh-ba/co-quan/{axis.pk}/khoa")
    assert "Mở khóa gửi nhận" in text_of(operator, f"/danh-ba/co-quan/{axis.pk}")

    operator.post(f"/danh-ba/co-quan/{axis.pk}/khoa")
    assert "Tạm khóa gửi nhận" in text_of(operator, f"/danh-ba/co-quan/{axis.pk}")


def test_a_type_enters_a_paper_list(operator: Client) -> None:
    entered = {"kind": "with", "type_code": "3", "basis": "QĐ 1", "valid_from": "2026-01-01"}
    refused = operator.post("/danh-ba/ban-giay", entered | {"valid_to": "2025-01-01"})
    assert refused.status_code == 422

    assert operator.post("/danh-ba/ban-giay", entered).status_code == 302
    assert api.paper_types(frozenset({"H99"})) == frozenset({3})
    assert "QĐ 1" in text_of(operator, "/danh-ba/ban-giay")


def test_an_incident_is_shown_until_it_is_closed_with_words(operator: Client) -> None:
    incident = evidence.raise_incident("truc/exchange-log", "forked", "Nhật ký rẽ nhánh.")
    address = f"/nhat-ky/su-co/{incident.pk}/ket-thuc"

    operator.post(address, {"explanation": ""})
    assert evidence.open_count() == 1
    assert "Nhật ký rẽ nhánh." in text_of(operator, "/nhat-ky/")
    operator.post(address, {"explanation": "Khôi phục từ bản sao lưu."})
    assert evidence.open_count() == 0
    assert "Khôi phục từ bản sao lưu." in text_of(operator, "/nhat-ky/")


def test_a_clerk_sees_neither(axis: directory.Organization) -> None:
    clerk = signed_in(axis, Role.CLERK)

    for path in ("/danh-ba/", "/danh-ba/ban-giay", "/nhat-ky/"):
        assert clerk.get(path).status_code == 403
