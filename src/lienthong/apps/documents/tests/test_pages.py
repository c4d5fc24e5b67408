"""The pages of the desk as each person sees them, on real rows and real signatures."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import timedelta
from html import unescape
from time import time
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone, translation

from lienthong.apps.accounts import api as accounts
from lienthong.apps.accounts.api import Actor
from lienthong.apps.documents.desk import queries
from lienthong.apps.documents.models import IncomingDocument, OutgoingDocument
from lienthong.apps.documents.rules.incoming import IncomingState
from lienthong.apps.documents.rules.outgoing import OutgoingState
from lienthong.apps.documents.tests.common.test_typeset import blank
from lienthong.apps.documents.tests.conftest import PIN, Desk
from lienthong.apps.documents.tests.incoming.test_arriving import arrived, carry, outbound_of, sent
from lienthong.apps.documents.tests.outgoing.test_issuing import awaiting, drafted, sealed

LINK = re.compile(r'(?:href|src)="(/(?!static)[^"#]*)')
PAGES = ["/van-ban/", "/van-ban/den/", "/van-ban/di/"]


@pytest.fixture(autouse=True)
def _vietnamese() -> Iterator[None]:
    with translation.override("vi"):
        yield


def as_(actor: Actor) -> Client:
    """A browser in which this person has just signed in, in this seat."""
    client = Client()
    client.force_login(accounts.Person.objects.get(pk=actor.person_id))
    session = client.session
    session.update({"seat": actor.seat_id, "seen_at": int(time()), "signed_in_at": int(time())})
    session.save()
    return client


def text_of(response: Any) -> str:
    return unescape(response.content.decode())


def header(ministry: Desk, province: Desk, **other: Any) -> dict[str, Any]:
    return {
        "source": "form",
        "type_code": "18",
        "subject": "Đề nghị báo cáo kết quả kết nối",
        "urgency": "1",
        "recipients": [str(province.organization.pk)],
        "reviewer": str(ministry.unit_head.seat_id),
        "signatory": str(ministry.deputy.seat_id),
        "body": "Bộ đề nghị Quý cơ quan báo cáo.\n\nTrân trọng cảm ơn./.",
        **other,
    }


@pytest.fixture
def incoming(ministry: Desk, province: Desk, keys: None) -> IncomingDocument:
    document = sent(ministry, province)
    return arrived(province, carry(outbound_of(ministry, document.outbound_id), province))


def test_a_letter_goes_from_the_form_to_dispatched_by_pages(
    ministry: Desk, province: Desk, keys: None
) -> None:
    officer, head = as_(ministry.officer), as_(ministry.unit_head)
    leader, clerk = as_(ministry.deputy), as_(ministry.clerk)

    made = officer.post("/van-ban/di/soan", header(ministry, province))
    page = made["Location"]
    steps: list[tuple[Client, str, dict[str, str]]] = [
        (officer, "trinh", {}),
        (head, "duyet", {"comment": "Đồng ý"}),
        (clerk, "duyet-the-thuc", {"comment": ""}),
        (leader, "ky", {"pin": PIN}),
        (clerk, "dong-dau", {"pin": PIN}),
        (clerk, "phat-hanh", {}),
    ]
    for person, step, fields in steps:
        done = person.post(f"{page}/{step}", fields)
        assert done.status_code == 302, step
        assert person.get(done["Location"]).status_code == 200, step  # who did it sees the result
    with accounts.scope(ministry.organization.pk):
        document = OutgoingDocument.objects.get()
    assert document.state == OutgoingState.DISPATCHED
    shown = text_of(clerk.get(page))
    assert document.reference in shown
    assert "Tình hình ở nơi nhận" in shown
    assert province.organization.name in shown
    checked = text_of(clerk.get(f"{page}/chu-ky"))
    assert "Chữ ký hợp lệ" in checked
    part = text_of(clerk.get(f"{page}/chu-ky", headers={"HX-Request": "true"}))
    assert "Chữ ký hợp lệ" in part
    assert "<html" not in part
    assert "Hoàng Phó btn" in checked


def test_an_arrival_is_taken_through_by_pages(province: Desk, incoming: IncomingDocument) -> None:
    """DX-20, DX-26: the clerk sees the checks first; a direction names one lead."""
    clerk, leader, officer = as_(province.clerk), as_(province.leader), as_(province.officer)
    page = f"/van-ban/den/{incoming.pk}"

    before = text_of(clerk.get(page))
    clerk.post(f"{page}/tiep-nhan")
    direction = {
        "lead": province.officer.seat_id,
        "supporting": [province.colleague.seat_id],
        "directive": "Tham mưu trả lời",
        "due_on": (timezone.localdate() + timedelta(days=7)).isoformat(),
    }
    leader.post(f"{page}/phan-cong", direction)
    officer.post(f"{page}/bat-dau")
    officer.post(f"{page}/hoan-thanh", {"note": "Đã trả lời", "dossier_title": "Hồ sơ kết nối"})

    assert "Chữ ký hợp lệ" in before
    assert "Có giá trị pháp lý như bản giấy" in before
    after = text_of(officer.get(page))
    for words in ("Hoàn thành", "Tham mưu trả lời", "Hồ sơ kết nối", "Võ Phối Hợp dx"):
        assert words in after
    with accounts.scope(province.organization.pk):
        assert IncomingDocument.objects.get().state == IncomingState.COMPLETED


def test_every_page_opens_for_every_person(
    ministry: Desk, province: Desk, incoming: IncomingDocument
) -> None:
    """No dead link, no broken page, whoever looks: the desk is walked link by link."""
    with accounts.scope(ministry.organization.pk):
        drafted(ministry, province)
        awaiting(ministry, drafted(ministry, province))
    pictures: set[str] = set()
    broken = {
        (name, path): status
        for desk in (ministry, province)
        for name, actor in desk.actors.items()
        if name not in {"colleague", "other_unit_head"}  # the roles of others, elsewhere
        for path, status in crawl(as_(actor), pictures).items()
        if status != 200
    }

    assert broken == {}
    assert len(pictures) > 3


def crawl(client: Client, pictures: set[str]) -> dict[str, int]:
    """The status of every page that links from the first pages lead to. A picture is asked once."""
    found: dict[str, int] = {}
    waiting = list(PAGES)
    while waiting:
        path = unescape(waiting.pop())
        is_seen = path in found or path in pictures
        if ".png" in path:
            pictures.add(path)
        if is_seen:
            continue
        response = client.get(path, follow=True)
        found[path] = response.status_code
        if response["Content-Type"].startswith("text/html"):
            waiting += LINK.findall(response.content.decode())
    return found


def test_what_one_may_not_do_is_not_offered_and_refused(
    province: Desk, incoming: IncomingDocument
) -> None:
    """TM-X-10: the page and the policy say the same."""
    page = f"/van-ban/den/{incoming.pk}"
    as_(province.clerk).post(f"{page}/tiep-nhan")
    leader = as_(province.leader)

    shown, refused = text_of(leader.get(page)), leader.post(f"{page}/bat-dau")

    assert "Phân công xử lý" in shown
    assert "Bắt đầu xử lý" not in shown
    assert refused.status_code == 403
    assert "accounts.forbidden" in text_of(refused)


def test_a_document_of_another_agency_is_not_found(
    ministry: Desk, incoming: IncomingDocument
) -> None:
    """TM-X-13: an id is not a right."""
    for path in ("", "/trang/1.png", "/tep/1"):
        response = as_(ministry.clerk).get(f"/van-ban/den/{incoming.pk}{path}")

        assert response.status_code == 404
        assert incoming.subject not in text_of(response)


def test_a_move_that_is_too_late_is_told_in_words(
    province: Desk, incoming: IncomingDocument
) -> None:
    """The back button: the second acceptance changes nothing and says why."""
    clerk, page = as_(province.clerk), f"/van-ban/den/{incoming.pk}/tiep-nhan"

    first, again = clerk.post(page), clerk.post(page)

    assert first.status_code == 302
    assert again.status_code == 409
    assert "không thực hiện được thao tác" in text_of(again)


def test_a_wrong_pin_leaves_everything_as_it_was(
    ministry: Desk, province: Desk, keys: None
) -> None:
    """DX-52, and the answer fits into the page when htmx asked."""
    with accounts.scope(ministry.organization.pk):
        document = awaiting(ministry, drafted(ministry, province))
    leader = as_(ministry.deputy)

    page = f"/van-ban/di/{document.pk}"
    offered = text_of(leader.get(page))
    refused = leader.post(f"{page}/ky", {"pin": "sai"}, headers={"HX-Request": "true"})

    assert "Hoàng Phó btn" in offered  # whose key will sign
    assert refused.status_code in {400, 403, 409, 422}
    assert "<html" not in text_of(refused)
    with accounts.scope(ministry.organization.pk):
        document.refresh_from_db()
    assert document.state == OutgoingState.AWAITING_SIGNATURE
    assert document.number is None


def test_a_form_that_misses_something_comes_back_with_what_was_typed(
    ministry: Desk, province: Desk
) -> None:
    sent_in = header(ministry, province, body="", subject="Trích yếu đã gõ", recipients=[])

    response = as_(ministry.officer).post("/van-ban/di/soan", sent_in)

    shown = text_of(response)
    assert response.status_code == 422
    assert "Trích yếu đã gõ" in shown
    assert "Hãy viết nội dung văn bản." in shown
    assert shown.count('class="lt-error"') == 2


def test_a_pdf_is_taken_and_something_else_is_refused(ministry: Desk, province: Desk) -> None:
    officer = as_(ministry.officer)
    real, fake = io.BytesIO(blank(595, 842)), io.BytesIO(b"PK\x03\x04 not a pdf")
    real.name, fake.name = "cong-van.pdf", "cong-van.pdf"

    taken = officer.post(
        "/van-ban/di/soan", header(ministry, province, source="upload", body="", pdf=real)
    )
    refused = officer.post(
        "/van-ban/di/soan", header(ministry, province, source="upload", body="", pdf=fake)
    )

    assert taken.status_code == 302
    assert refused.status_code == 422
    assert "signing.pdf_" in text_of(refused)


def test_script_in_a_text_is_shown_as_text(ministry: Desk, province: Desk) -> None:
    evil = '<script>alert(1)</script>"><img src=x onerror=alert(1)>'

    page = as_(ministry.officer).post("/van-ban/di/soan", header(ministry, province, subject=evil))
    for path in (page["Location"], "/van-ban/di/", "/van-ban/", f"{page['Location']}/sua"):
        raw = as_(ministry.officer).get(path).content.decode()

        assert "<script>alert" not in raw
        assert "<img src=x" not in raw


@pytest.mark.parametrize("words", ["bao cao ket noi", "BÁO CÁO", "đề nghị báo"])
def test_a_list_is_searched_with_or_without_accents(
    ministry: Desk, province: Desk, words: str
) -> None:
    officer = as_(ministry.officer)
    officer.post("/van-ban/di/soan", header(ministry, province))
    officer.post("/van-ban/di/soan", header(ministry, province, subject="Mời họp"))

    shown = text_of(officer.get("/van-ban/di/", {"q": words}))

    assert "Đề nghị báo cáo kết quả kết nối" in shown
    assert "Mời họp" not in shown


def test_a_user_s_file_is_shown_in_a_sandbox_or_not_at_all(
    province: Desk, incoming: IncomingDocument
) -> None:
    """TM-X-31: a PDF in a sandbox, under its own name, and never sniffed."""
    response = as_(province.clerk).get(f"/van-ban/den/{incoming.pk}/tep/1")

    assert response["Content-Type"] == "application/pdf"
    assert response["Content-Disposition"].startswith("inline; filename=")
    assert response["Content-Security-Policy"].startswith("sandbox;")
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Cache-Control"] == "no-store, private"


def test_a_full_desk_shows_its_beginning_and_counts_everything(
    ministry: Desk, province: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "DESK_SHOWS", 1)
    with accounts.scope(ministry.organization.pk):
        for number in range(3):
            drafted(ministry, province, subject=f"Dự thảo thứ {number}")

    shown = text_of(as_(ministry.officer).get("/van-ban/"))

    assert 'lt-tile-number">3<' in shown
    assert re.findall(r"Dự thảo thứ \d", shown) == ["Dự thảo thứ 0"]
    assert 'href="/van-ban/di/?state=draft"' in shown


def test_the_navigation_counts_without_loading_a_document(
    ministry: Desk, province: Desk, django_assert_max_num_queries: Any
) -> None:
    """Every page carries the counts, so they must be cheap: two aggregates."""
    with accounts.scope(ministry.organization.pk):
        for _number in range(3):
            drafted(ministry, province)

        with django_assert_max_num_queries(2):
            found = queries.counts(ministry.officer)

    assert {name: count for name, count in found.items() if count} == {"to_draft": 3}


def test_the_desk_counts_what_waits_and_shows_what_is_late_first(
    province: Desk, incoming: IncomingDocument
) -> None:
    """DX-24, DX-32."""
    with accounts.scope(province.organization.pk):
        IncomingDocument.objects.update(register_by=timezone.now() - timedelta(hours=2))

    shown = text_of(as_(province.clerk).get("/van-ban/"))

    assert "quá hạn 2 giờ" in shown
    assert shown.count(incoming.subject) == 1


def test_the_desk_speaks_english_when_asked(ministry: Desk) -> None:
    clerk = as_(ministry.clerk)

    clerk.post("/ngon-ngu/", {"language": "en", "next": "/van-ban/"})
    shown = text_of(clerk.get("/van-ban/"))

    assert '<html lang="en" ' in shown
    assert "Work desk" in shown
    assert "Bàn làm việc" not in shown


def test_a_list_asks_the_database_a_fixed_number_of_questions(
    ministry: Desk, province: Desk, django_assert_max_num_queries: Any
) -> None:
    with accounts.scope(ministry.organization.pk):
        for _ in range(4):
            drafted(ministry, province)
    officer = as_(ministry.officer)
    officer.get("/van-ban/di/")

    with django_assert_max_num_queries(32):
        officer.get("/van-ban/di/")


def test_sealed_and_visible(ministry: Desk, province: Desk, keys: None) -> None:
    """DX-51: what the clerk is about to dispatch carries both signatures, and the page says so."""
    with accounts.scope(ministry.organization.pk):
        document = sealed(ministry, drafted(ministry, province))
        moves = queries.available_actions(ministry.clerk, document)

    shown = text_of(as_(ministry.clerk).get(f"/van-ban/di/{document.pk}"))

    assert moves == ["dispatch"]
    assert "Bản chính thức" in shown
