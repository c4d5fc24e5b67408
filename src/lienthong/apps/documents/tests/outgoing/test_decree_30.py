"""The common types by their forms of Decree 30: what is asked, and what stands on the paper."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lienthong.apps.accounts import api as accounts
from lienthong.apps.documents import actions
from lienthong.apps.documents.models import OutgoingDocument
from lienthong.apps.documents.outgoing import decree_30
from lienthong.apps.documents.outgoing.words import authority, letter_of
from lienthong.apps.documents.problems import FieldMissing
from lienthong.apps.documents.tests.common.test_typeset import page_text
from lienthong.apps.documents.tests.conftest import Desk
from lienthong.apps.documents.tests.outgoing.test_issuing import header
from lienthong.apps.documents.tests.test_pages import as_, text_of
from lienthong.apps.documents.tests.test_pages import header as typed
from lienthong.apps.files import api as files

INVITATION, MINUTES, DECISION = 25, 15, 2
INVITED = {
    "guests": "Ủy ban nhân dân tỉnh Đồng Xanh",
    "purpose": "Hội nghị triển khai liên thông văn bản",
    "time": "08 giờ 00, ngày 05 tháng 3 năm 2026",
    "venue": "Phòng họp số 1",
}


@pytest.fixture(autouse=True)
def in_the_ministry(ministry: Desk) -> Iterator[None]:
    with accounts.scope(ministry.organization.pk):
        yield


def test_eight_common_types_have_a_form_of_their_own() -> None:
    assert [one.type_code for one in decree_30.common()] == [18, 2, 16, 14, 10, 7, 25, 15]


def test_an_invitation_says_who_what_when_and_where(ministry: Desk, province: Desk) -> None:
    """D30 Annex III: an invitation is made of its fields; F-10, F-11."""
    document = actions.draft_from_form(
        ministry.officer,
        form={"fields": INVITED},
        **header(ministry, province, type_code=INVITATION),
    )

    text = page_text(files.get(document.draft_sha256))
    assert "GIẤY MỜI" in text
    assert "/GM-BTN" in text
    assert "Bộ Thử nghiệm trân trọng kính mời: Ủy ban nhân dân tỉnh Đồng Xanh" in text
    assert "Địa điểm: Phòng họp số 1./." in text
    assert "Kính gửi" not in text


def test_an_invitation_without_a_place_is_not_made(ministry: Desk, province: Desk) -> None:
    with pytest.raises(FieldMissing, match="địa điểm"):
        actions.draft_from_form(
            ministry.officer,
            form={"fields": INVITED | {"venue": " "}},
            **header(ministry, province, type_code=INVITATION),
        )


def test_a_decision_names_who_decides_and_its_bases(ministry: Desk, province: Desk) -> None:
    """F-12: bases end with ";" and the last with "."."""
    document = actions.draft_from_form(
        ministry.officer,
        form={"bases": ["Căn cứ Luật A", "Theo đề nghị của B"], "body": "Điều 1. Ban hành Quy chế"},
        **header(ministry, province, type_code=DECISION),
    )

    letter = letter_of(document)
    assert (letter.authority, letter.enacting) == ("BỘ TRƯỞNG Bộ Thử nghiệm", "QUYẾT ĐỊNH:")
    assert letter.bases == ["Căn cứ Luật A;", "Theo đề nghị của B."]
    assert "QUYẾT ĐỊNH:" in page_text(files.get(document.draft_sha256))


@pytest.mark.parametrize(
    ("capacity", "who"),
    [
        (["TM. ỦY BAN NHÂN DÂN", "Chủ tịch"], "Bộ Thử nghiệm"),
        (["KT. BỘ TRƯỞNG", "Thứ trưởng"], "BỘ TRƯỞNG Bộ Thử nghiệm"),
        (["Bộ trưởng"], "Bộ trưởng Bộ Thử nghiệm"),
        ([], "Bộ Thử nghiệm"),
    ],
    ids=["collective", "deputy", "head", "nobody"],
)
def test_who_decides_is_the_office_that_is_signed_for(capacity: list[str], who: str) -> None:
    """F-09."""
    assert authority(capacity, "Bộ Thử nghiệm") == who


def test_minutes_carry_a_second_name(ministry: Desk, province: Desk) -> None:
    fields = INVITED | {"present": "Các đơn vị", "chair": "Ông A", "secretary": "Bà Trần Thư Ký"}
    document = actions.draft_from_form(
        ministry.officer,
        form={"fields": fields},
        **header(ministry, province, type_code=MINUTES),
    )

    text = page_text(files.get(document.draft_sha256))
    assert "THƯ KÝ" in text
    assert text.count("Bà Trần Thư Ký") == 2


def test_the_page_asks_what_the_type_asks(ministry: Desk, province: Desk) -> None:
    page = as_(ministry.officer)

    shown = text_of(page.get("/van-ban/di/soan?type_code=25"))
    part = text_of(page.get("/van-ban/di/soan/theo-loai?type_code=15"))
    refused = page.post("/van-ban/di/soan", typed(ministry, province, type_code=INVITATION))

    assert "Kính mời" in shown
    assert "Thư ký (người ghi biên bản)" in part
    assert refused.status_code == 422
    assert not OutgoingDocument.objects.exists()


def test_a_preview_shows_the_pages_and_keeps_nothing(ministry: Desk, province: Desk) -> None:
    page = as_(ministry.officer)

    shown = page.post("/van-ban/di/soan/xem-thu", typed(ministry, province))
    lacking = text_of(page.post("/van-ban/di/soan/xem-thu", typed(ministry, province, body="")))

    assert b"data:image/png;base64," in shown.content
    assert "Chưa xem thử được" in lacking
    assert not OutgoingDocument.objects.exists()
