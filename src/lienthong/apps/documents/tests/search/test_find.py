"""Search finds what stands in a document, for those who may see it, and for nobody else."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import typst
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from lienthong.apps.accounts import api as accounts
from lienthong.apps.accounts.api import Actor
from lienthong.apps.documents.common import visibility
from lienthong.apps.documents.models import IncomingDocument, SearchEntry, Support
from lienthong.apps.documents.search import find, index, language, reading
from lienthong.apps.documents.tests.conftest import Desk
from lienthong.apps.documents.tests.test_pages import as_
from lienthong.apps.files import api as files

pytestmark = pytest.mark.django_db
_numbers = itertools.count(1)
Enter = Callable[..., IncomingDocument]


@pytest.fixture(autouse=True)
def _static_directory(settings: Settings) -> None:
    Path(settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)


@pytest.fixture
def enter(ministry: Desk) -> Enter:
    """Enters an incoming document of the ministry, registered and given to the officer."""

    def make(subject: str, **fields: Any) -> IncomingDocument:
        number = next(_numbers)
        now = timezone.now() - timedelta(days=fields.pop("days_ago", 0))
        usual = {
            "organization": ministry.organization,
            "state": "assigned",
            "lead_id": ministry.officer.seat_id,
            "inbound_id": 5_000_000 + number,
            "document_id": f"H90,{number}",
            "sender_code": "H90",
            "sender_name": "Sở Y tế tỉnh Đồng Xanh",
            "number": str(number),
            "notation": "SYT-VP",
            "issued_on": now.date(),
            "type_name": "Công văn",
            "arrival_number": number,
            "arrived_at": now,
            "register_by": now,
            "legal_value": "equivalent",
        }
        organization = fields.get("organization", ministry.organization)
        with accounts.scope(organization.pk):
            made = IncomingDocument.objects.create(subject=subject, **(usual | fields))
            index.refresh("incoming", [made.pk])
        return made

    return make


def ask(actor: Actor, typed: str) -> list[str]:
    with accounts.scope(actor.organization_id):
        query = language.parse(typed, timezone.localdate())
        return [str(one.subject) for one in find.find(actor, query).documents]


def test_words_are_found_without_accents_and_newest_first(ministry: Desk, enter: Enter) -> None:
    enter("Kế hoạch phòng chống thiên tai", days_ago=9)
    enter("Thiên tai và kế hoạch năm sau")
    enter("Báo cáo tài chính")

    assert ask(ministry.clerk, "thien tai ke hoach") == [
        "Thiên tai và kế hoạch năm sau",
        "Kế hoạch phòng chống thiên tai",
    ]


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ('"phòng chống thiên tai"', ["A"]),
        ("phong OR tai -thien", ["B"]),
        ("co-quan:y-tế trich-yeu:phòng", ["A"]),
        ("trich-yeu:y", []),
        ("so-den:77", ["B"]),
        ("ky-hieu:syt-vp nguoi:trần", ["A"]),
        ("tài*", ["A", "B"]),
        ("han:qua-han", ["A"]),
        ("trang-thai:hoan-thanh", ["B"]),
        ("den:2020", []),
        ("khan:khan", ["B"]),
    ],
)
def test_operators(ministry: Desk, enter: Enter, typed: str, found: list[str]) -> None:
    late = timezone.now() - timedelta(days=2)
    enter("A phòng chống thiên tai", due_at=late)
    done = {"state": "completed", "completed_at": late, "lead_id": ministry.colleague.seat_id}
    enter("B phân tích tài chính", arrival_number=77, due_at=late, urgency=1, **done)

    assert sorted(one[0] for one in ask(ministry.clerk, typed)) == found


@pytest.mark.parametrize("typed", ["kế hoahc", "ke hoacj", "kee hoach", "kế hoặch"])
def test_a_typing_error_is_forgiven(ministry: Desk, enter: Enter, typed: str) -> None:
    enter("Kế hoạch đầu tư")

    assert ask(ministry.clerk, typed) == ["Kế hoạch đầu tư"]


def test_a_slip_that_is_a_word_itself_is_forgiven_when_nothing_answers(
    ministry: Desk, enter: Enter
) -> None:
    enter("Kế hoạch đầu tư")
    enter("Dân cư")

    assert ask(ministry.clerk, "kế hoạch dân tư") == ["Kế hoạch đầu tư"]
    assert ask(ministry.clerk, "dân") == ["Dân cư"]


@pytest.mark.parametrize("few", [find.FEW, 0])
def test_each_person_finds_exactly_what_they_may_see(
    ministry: Desk, enter: Enter, monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    """Both roads give the same answer: among what one sees, and by words."""
    monkeypatch.setattr(find, "FEW", few)
    monkeypatch.setattr(find, "RECENT", 2)
    monkeypatch.setattr(find, "AT_ONCE", 2)
    enter("Đất số một")
    enter("Đất số hai", lead_id=ministry.colleague.seat_id)
    third = enter("Đất số ba", lead_id=ministry.colleague.seat_id)
    enter("Đất số bốn", state="arrived", arrival_number=None, lead_id=None)
    with accounts.scope(ministry.organization.pk):
        Support.objects.create(
            organization=ministry.organization, document=third, seat_id=ministry.officer.seat_id
        )

    for actor in ministry.actors.values():
        with accounts.scope(ministry.organization.pk):
            seen = visibility.incoming_seen_by(actor)
            allowed = set(IncomingDocument.objects.filter(seen).values_list("subject", flat=True))
        assert set(ask(actor, "dat so")) == allowed


def test_another_organization_finds_nothing(ministry: Desk, province: Desk, enter: Enter) -> None:
    enter("Đất của Bộ")

    assert ask(province.clerk, "dat") == []
    with accounts.scope(province.organization.pk), connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM documents_search(%s, 'dat', '1900-01-01', '2100-01-01', '2100-01-01',"
            " 'ffffffff-ffff-ffff-ffff-ffffffffffff', 100, 100)",
            [ministry.organization.pk],
        )
        assert cursor.fetchall() == []


def test_the_text_of_a_pdf_is_read_once_and_found(
    ministry: Desk, enter: Enter, monkeypatch: pytest.MonkeyPatch
) -> None:
    pdf = typst.compile("Loài sao la trong rừng sâu".encode())
    made = enter("Công văn thường", pdf_sha256=files.put(pdf).sha256)

    assert ask(ministry.clerk, '"sao la trong rừng"') == ["Công văn thường"]

    monkeypatch.setattr(reading, "text_of", lambda *_: pytest.fail("read again"))
    with accounts.scope(ministry.organization.pk):
        index.refresh("incoming", [made.pk])
    assert ask(ministry.clerk, "noi-dung:sao") == ["Công văn thường"]


def test_a_broken_pdf_has_no_text(enter: Enter) -> None:
    made = enter("Tệp hỏng", pdf_sha256=files.put(b"%PDF-1.7 broken").sha256)

    with accounts.scope(made.organization_id):
        assert SearchEntry.objects.get(pk=made.pk).text == ""


def test_results_go_on_after_a_page(
    ministry: Desk, enter: Enter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(find, "PAGE_SIZE", 2)
    for number in range(5):
        enter(f"Đất {number}", days_ago=number // 2)
    query = language.parse("đất", timezone.localdate())

    with accounts.scope(ministry.organization.pk):
        seen: list[str] = []
        found = find.find(ministry.clerk, query)
        seen += [one.subject for one in found.documents]
        while found.after is not None:
            found = find.find(ministry.clerk, query, found.after)
            seen += [one.subject for one in found.documents]

    assert sorted(seen) == [f"Đất {number}" for number in range(5)]


def test_entries_that_an_upgrade_left_behind_are_made(enter: Enter) -> None:
    made = enter("Đất")
    with accounts.scope(made.organization_id):
        SearchEntry.objects.filter(pk=made.pk).update(made_by=0)

        assert list(index.behind("incoming")) == [made]


def test_a_page_of_results_costs_a_fixed_number_of_questions(
    ministry: Desk, enter: Enter, django_assert_max_num_queries: Any
) -> None:
    for number in range(12):
        enter(f"Đất {number}")

    query = language.parse("đất", timezone.localdate())
    with accounts.scope(ministry.organization.pk), django_assert_max_num_queries(5):
        found = find.find(ministry.clerk, query).documents
        leads = [one.lead for one in found if isinstance(one, IncomingDocument)]
        assert [one.person.full_name for one in leads if one] == [ministry.officer.name] * 12


def test_the_page_shows_why_a_document_was_found_and_keeps_a_search(
    ministry: Desk, enter: Enter
) -> None:
    client = as_(ministry.clerk)
    enter("Về <script>đất</script> rừng")

    page = client.get("/van-ban/tim/", {"q": "đất rừng"}).content.decode()
    client.post("/van-ban/tim/luu", {"name": "Đất đai", "query": "đất rừng"})

    assert "<mark>đất</mark>" in page
    assert "<script>đất" not in page
    kept = client.get("/van-ban/tim/").content.decode()
    assert "Đất đai" in kept
    assert "Đất đai" not in as_(ministry.officer).get("/van-ban/tim/").content.decode()
