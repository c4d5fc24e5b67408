"""Other software reads and acts with a token, as its seat may and its scopes allow."""

from __future__ import annotations

import json
import re
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import get_resolver
from django.utils import timezone
from pytest_django import Settings

from lienthong.apps.accounts import api as accounts
from lienthong.apps.accounts.api import Actor
from lienthong.apps.documents.models import ApiToken, IncomingAttachment, IncomingDocument
from lienthong.apps.documents.rest import openapi, tokens
from lienthong.apps.documents.search import index
from lienthong.apps.documents.tests.conftest import Desk, KeyCabinet
from lienthong.apps.documents.tests.test_pages import as_
from lienthong.apps.files import api as files
from lienthong.apps.journal import api as journal

pytestmark = pytest.mark.django_db
BASE = "/van-ban/api/v1"
ALL = tuple(tokens.SCOPES)


@pytest.fixture(autouse=True)
def _static_directory(settings: Settings) -> None:
    Path(settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)


class Software:
    """A program with a token."""

    def __init__(self, desk: Desk, seat: Actor, scopes: tuple[str, ...] = ALL) -> None:
        with accounts.scope(desk.organization.pk):
            self.token, self.secret = tokens.make(
                desk.administrator,
                name="Một cửa",
                seat_id=seat.seat_id,
                scopes=scopes,
                ends_on=timezone.localdate() + timedelta(days=30),
            )
        self._client = Client()

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        headers = {"Authorization": f"Bearer {self.secret}"} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        return self._client.generic(
            method,
            BASE + path,
            "" if body is None else json.dumps(body),
            content_type="application/json",
            headers=headers,
        )


def arrive(desk: Desk, number: int = 1, **fields: Any) -> IncomingDocument:
    now = timezone.now()
    usual = {
        "inbound_id": 7_000_000 + number,
        "document_id": f"H90,{number}",
        "sender_code": "H90",
        "sender_name": "Ủy ban nhân dân tỉnh Đồng Xanh",
        "number": str(number),
        "notation": "UBND-VP",
        "issued_on": now.date(),
        "type_name": "Công văn",
        "subject": f"Về việc số {number}",
        "arrived_at": now - timedelta(minutes=number),
        "register_by": now,
        "legal_value": "equivalent",
    }
    with accounts.scope(desk.organization.pk):
        made = IncomingDocument.objects.create(organization=desk.organization, **(usual | fields))
        index.refresh("incoming", [made.pk])
    return made


def draft_body(desk: Desk, to: Desk) -> dict[str, Any]:
    return {
        "type_code": 18,
        "subject": "Cung cấp số liệu",
        "recipients": [to.organization.code],
        "form": {"addressee": "", "body": "Kính đề nghị.", "places": [], "bases": []},
        "signatory_seat": desk.deputy.seat_id,
        "reviewer_seat": desk.unit_head.seat_id,
    }


def test_a_list_goes_on_where_the_page_before_ended(ministry: Desk) -> None:
    software = Software(ministry, ministry.clerk)
    for number in range(1, 6):
        arrive(ministry, number)

    seen: list[str] = []
    after = ""
    while True:
        page = software.ask("GET", f"/incoming?limit=2&after={after}").json()
        seen += [one["subject"] for one in page["items"]]
        if not page["next"]:
            break
        after = page["next"].replace("+", "%2B")

    assert seen == [f"Về việc số {number}" for number in range(1, 6)]


def test_a_document_is_registered_once_however_often_it_is_asked(
    keys: KeyCabinet, ministry: Desk, province: Desk
) -> None:
    software = Software(ministry, ministry.clerk)
    path = f"/incoming/{arrive(ministry).pk}"
    etag = software.ask("GET", path).headers["ETag"]

    first = software.ask("POST", f"{path}/register", Idempotency_Key="k1", If_Match=etag)
    again = software.ask("POST", f"{path}/register", Idempotency_Key="k1", If_Match=etag)
    other_key = software.ask("POST", f"{path}/register", Idempotency_Key="k2")

    assert (first.status_code, first.json()["arrival_number"]) == (200, 1)
    assert (again.status_code, again.content) == (200, first.content)
    assert again.headers["ETag"] == first.headers["ETag"] != etag
    assert (other_key.status_code, other_key.json()["code"]) == (409, "documents.move_not_allowed")


def test_a_stale_version_is_refused_and_changes_nothing(ministry: Desk) -> None:
    software = Software(ministry, ministry.clerk)
    made = arrive(ministry)

    answer = software.ask("POST", f"/incoming/{made.pk}/register", If_Match='"old"')

    assert (answer.status_code, answer.json()["code"]) == (412, "documents.version_changed")
    with accounts.scope(ministry.organization.pk):
        made.refresh_from_db()
    assert made.state == "arrived"


def test_a_key_belongs_to_one_request(ministry: Desk, province: Desk) -> None:
    software = Software(ministry, ministry.officer)
    body = draft_body(ministry, province)

    made = software.ask("POST", "/outgoing", body, Idempotency_Key="k")
    other = software.ask("POST", "/outgoing", body | {"subject": "Khác"}, Idempotency_Key="k")

    assert made.status_code == 201
    assert (other.status_code, other.json()["code"]) == (
        422,
        "documents.idempotency_key_reused",
    )


def test_a_draft_is_made_changed_and_submitted(ministry: Desk, province: Desk) -> None:
    software = Software(ministry, ministry.officer)
    body = draft_body(ministry, province)
    made = software.ask("POST", "/outgoing", body)
    path = f"/outgoing/{made.json()['id']}"

    blind = software.ask("PUT", path, body | {"subject": "Mới"})
    changed = software.ask("PUT", path, body | {"subject": "Mới"}, If_Match=made.headers["ETag"])
    submitted = software.ask("POST", f"{path}/submit", If_Match=changed.headers["ETag"])

    assert blind.status_code == 428
    assert changed.json()["subject"] == "Mới"
    assert submitted.json()["state"] == "in_review"
    assert submitted.json()["deliveries"][0]["recipient"]["code"] == province.organization.code
    part = software.ask("GET", f"{path}/file", Range="bytes=0-3")
    assert (part.status_code, part.content) == (206, b"%PDF")


@pytest.mark.parametrize(
    ("asked", "status", "content"),
    [
        ("bytes=2-4", 206, b"234"),
        ("bytes=7-", 206, b"789"),
        ("bytes=-2", 206, b"89"),
        ("bytes=5-99", 206, b"56789"),
        ("bytes=10-", 416, None),
        ("lines=1-2", 200, b"0123456789"),
    ],
)
def test_a_range_of_a_file(ministry: Desk, asked: str, status: int, content: bytes | None) -> None:
    made = arrive(ministry)
    with accounts.scope(ministry.organization.pk):
        IncomingAttachment.objects.create(
            organization=ministry.organization, document=made, position=1, name="a.txt",
            content_type="text/html", sha256=files.put(b"0123456789").sha256, size=10,
        )  # fmt: skip

    answer = Software(ministry, ministry.clerk).ask(
        "GET", f"/incoming/{made.pk}/files/1", Range=asked
    )

    assert answer.status_code == status
    assert content is None or answer.content == content
    assert content is None or answer.headers["Content-Disposition"] == "attachment"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"lead_seat": "x"},
        {"lead_seat": 1, "supporting_seats": ["a"]},
        {"lead_seat": 1, "due_on": "31/31/2026"},
        {"lead_seat": 1, "other": 1},
        [1],
    ],
)
def test_a_wrong_body_is_refused_with_its_field(ministry: Desk, body: Any) -> None:
    software = Software(ministry, ministry.leader)
    made = arrive(ministry, state="registered", arrival_number=1)

    answer = software.ask("POST", f"/incoming/{made.pk}/direct", body)

    assert (answer.status_code, answer.json()["code"]) == (422, "documents.body_invalid")
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_a_token_does_what_its_seat_may_and_no_more(ministry: Desk, province: Desk) -> None:
    made = arrive(ministry)

    unseen = Software(ministry, ministry.officer).ask("GET", f"/incoming/{made.pk}")
    elsewhere = Software(province, province.clerk).ask("GET", f"/incoming/{made.pk}")
    no_scope = Software(ministry, ministry.clerk, ("documents.read",)).ask(
        "POST", f"/incoming/{made.pk}/register"
    )

    assert (unseen.status_code, elsewhere.status_code) == (404, 404)
    assert (no_scope.status_code, no_scope.json()["code"]) == (403, "documents.scope_missing")


def test_search_by_token_finds_what_the_seat_sees(ministry: Desk) -> None:
    arrive(ministry, 12)

    found = Software(ministry, ministry.clerk).ask("GET", "/search?q=ve viec so:12").json()
    unseen = Software(ministry, ministry.officer).ask("GET", "/search?q=ve viec").json()

    assert [one["subject"] for one in found["items"]] == ["Về việc số 12"]
    assert unseen["items"] == []


@pytest.mark.parametrize("end", ["revoked", "ended", "seat left", "unknown", "none"])
def test_a_token_that_ended_opens_nothing(ministry: Desk, end: str) -> None:
    software = Software(ministry, ministry.clerk)
    with accounts.scope(ministry.organization.pk):
        if end == "revoked":
            tokens.revoke(ministry.administrator, software.token.pk)
        elif end == "ended":
            ApiToken.objects.filter(pk=software.token.pk).update(ends_on=date(2020, 1, 1))
        elif end == "seat left":
            accounts.Seat.objects.filter(pk=ministry.clerk.seat_id).update(
                valid_to=timezone.localdate() - timedelta(days=1)
            )
    if end in {"unknown", "none"}:
        software.secret = "lt_unknown" if end == "unknown" else ""

    answer = software.ask("GET", "/incoming")

    assert (answer.status_code, answer.json()["code"]) == (401, "documents.token_invalid")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_requests_of_a_token_are_limited(ministry: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "A_MINUTE_MAX", 0)

    answer = Software(ministry, ministry.clerk).ask("GET", "/incoming")

    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "10")


def test_the_administrator_makes_a_token_which_is_shown_once(ministry: Desk) -> None:
    browser = as_(ministry.administrator)
    form = {
        "name": "Một cửa",
        "seat": ministry.clerk.seat_id,
        "scopes": ["documents.read"],
        "ends_on": (timezone.localdate() + timedelta(days=9)).isoformat(),
    }

    shown = browser.post("/van-ban/ket-noi/ma", form).content.decode()
    listed = browser.get("/van-ban/ket-noi/").content.decode()

    secret = re.search(r"lt_[\w-]{40,}", shown)
    assert secret
    assert secret.group() not in listed
    assert "Một cửa" in listed
    with accounts.scope(ministry.organization.pk):
        token = ApiToken.objects.get()
        assert token.digest == tokens.digest(secret.group())
        assert journal.history(f"api_token:{token.pk}")[0].act == "documents.token_made"
    assert as_(ministry.clerk).get("/van-ban/ket-noi/").status_code == 403


def test_every_address_is_described_with_its_methods() -> None:
    served = {
        re.sub(r"<\w+:pk>", "{id}", re.sub(r"<\w+:position>", "{position}", str(one.pattern)))
        for one in get_resolver("lienthong.apps.documents.rest.urls").url_patterns
    }

    described = {f"api/v1{path}" for path in openapi.PATHS}

    assert {one for one in served if one.startswith("api/v1/")} - {"api/v1/openapi.json"} == (
        described
    )
    told = Client().get(f"{BASE}/openapi.json").json()
    assert told["openapi"] == "3.1.0"
    scopes = {
        scope
        for path in openapi.PATHS.values()
        for act in path.values()
        for scope in act["security"][0]["token"]
    }
    assert scopes == set(tokens.SCOPES)
