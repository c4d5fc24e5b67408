"""The pages of work files, as each person sees them."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation
from pytest_django import Settings

from lienthong.apps.accounts import api as accounts
from lienthong.apps.documents.dossiers import keeping
from lienthong.apps.documents.dossiers.keeping import Wanted
from lienthong.apps.documents.models import Dossier, DossierListEntry
from lienthong.apps.documents.rules.dossiers import Access
from lienthong.apps.documents.tests.conftest import PIN, Desk, KeyCabinet
from lienthong.apps.documents.tests.rows import incoming_row, outgoing_row
from lienthong.apps.documents.tests.test_pages import as_, text_of

BASE = "/van-ban/ho-so/"
BEHIND = ["", "mo", "den-han", "danh-muc/2026", "ban-giao/", "ban-giao/lap"]


@pytest.fixture(autouse=True)
def _as_people_see_it(settings: Settings, ministry: Desk) -> Iterator[None]:
    Path(settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)
    with translation.override("vi"), accounts.scope(ministry.organization.pk):
        yield


def test_a_file_is_opened_filled_closed_and_handed_over_by_pages(
    ministry: Desk, cabinet: KeyCabinet
) -> None:
    """DX-75 to DX-80, as the keeper, the head of the unit and the archivist do it."""
    for actor in (ministry.officer, ministry.archivist):
        cabinet.person(actor, PIN)
    document = outgoing_row(ministry, subject="Báo cáo kết nối")
    officer, archivist = as_(ministry.officer), as_(ministry.archivist)

    made = officer.post(
        f"{BASE}mo",
        {
            "title": "Kết nối trục",
            "retention": "20 năm",
            "kind": "ordinary",
            "access": "normal",
        },
    )
    page = made["Location"]
    before = text_of(officer.get(page))
    as_(ministry.unit_head).post(f"{page}/duyet")
    found = text_of(officer.get(page, {"q": "bao cao"}))
    officer.post(f"{page}/them", {"document": f"outgoing:{document.pk}"})
    closed = officer.post(f"{page}/ket-thuc", {"ended_on": ""})
    dossier = Dossier.objects.get()
    choice = {"to": "archive", "dossiers": [dossier.pk], "taker": ministry.archivist.seat_id}
    record = officer.post(f"{BASE}ban-giao/lap", choice)["Location"]
    given = officer.post(f"{record}/giao", {"pin": PIN})
    taken = archivist.post(f"{record}/nhan", {"pin": PIN})

    assert "Chờ duyệt mở" in before
    assert "Hồ sơ chưa có văn bản nào." in before
    assert "Đưa vào" not in found  # a word without accents is no part of the subject
    assert [closed.status_code, given.status_code, taken.status_code] == [302, 302, 302]
    assert "Đã nộp lưu" in text_of(officer.get(page))
    assert archivist.get(f"{record}/bien-ban").content.startswith(b"%PDF")
    export = officer.get(f"{page}/xuat")
    assert "ho-so.xml" in zipfile.ZipFile(io.BytesIO(export.content)).namelist()


def test_the_yearly_list_goes_from_proposal_to_issue_by_pages(ministry: Desk) -> None:
    """DX-75."""
    year = timezone.localdate().year
    officer, leader = as_(ministry.officer), as_(ministry.leader)
    page = f"{BASE}danh-muc/{year}"
    line = {
        "code": "01-CCN",
        "title": "Hồ sơ chuyển đổi số",
        "retention": "10 năm",
        "kind": "ordinary",
        "keeper_seat_id": ministry.officer.seat_id,
    }

    assert officer.post(page, line).status_code == 302
    assert officer.post(page, line).status_code == 409
    assert leader.post(f"{page}/ban-hanh", {"basis": "QĐ 15"}).status_code == 302

    entry = DossierListEntry.objects.get()
    assert "Hồ sơ chuyển đổi số" in text_of(officer.get(f"{BASE}mo"))
    assert officer.post(f"{BASE}mo", {"entry": entry.pk}).status_code == 302
    assert "Đã mở hồ sơ" in text_of(officer.get(page))


@pytest.mark.parametrize("path", BEHIND)
def test_every_page_opens_for_every_role_of_a_desk(ministry: Desk, path: str) -> None:
    for actor in (ministry.clerk, ministry.officer, ministry.leader, ministry.archivist):
        answer = as_(actor).get(BASE + path)

        assert answer.status_code in {200, 403}
        if answer.status_code == 200:
            assert "<h1>" in text_of(answer)


def test_script_in_a_title_is_text(ministry: Desk) -> None:
    wanted = Wanted(title='<script>alert("x")</script>', retention="10 năm")
    dossier = keeping.open_outside(ministry.officer, wanted)

    shown = as_(ministry.officer).get(f"{BASE}{dossier.pk}").content.decode()

    assert "<script>alert" not in shown
    assert "&lt;script&gt;alert" in shown


def test_the_page_of_a_document_names_only_files_one_may_see(ministry: Desk) -> None:
    """DX-76: the file of a colleague's restricted case is not named."""
    document = incoming_row(ministry)
    wanted = Wanted(title="Việc riêng", retention="10 năm", access=Access.RESTRICTED)
    dossier = keeping.open_outside(ministry.officer, wanted)
    keeping.put(ministry.officer, dossier, document)

    shown = [
        wanted.title in text_of(as_(actor).get(f"/van-ban/den/{document.pk}"))
        for actor in (ministry.officer, ministry.clerk)
    ]

    assert shown == [True, False]


def test_a_list_of_files_costs_the_same_however_long(ministry: Desk) -> None:
    client = as_(ministry.officer)

    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            client.get(BASE)
        return len(seen)

    keeping.open_outside(ministry.officer, Wanted(title="Một", retention="10 năm"))
    queries()
    one = queries()
    for number in range(5):
        keeping.open_outside(ministry.officer, Wanted(title=f"Hồ sơ {number}", retention="10 năm"))

    assert queries() == one


def test_what_the_page_offers_is_what_may_be_done(ministry: Desk) -> None:
    dossier = keeping.open_outside(ministry.officer, Wanted(title="Một", retention="10 năm"))
    page = f"{BASE}{dossier.pk}"

    def acts(desk_actor: accounts.Actor) -> set[str]:
        return set(re.findall(rf'action="{page}/([\w-]+)"', text_of(as_(desk_actor).get(page))))

    assert acts(ministry.officer) == set()
    assert "duyet" in acts(ministry.unit_head)
    assert as_(ministry.officer).post(f"{page}/duyet").status_code == 403
