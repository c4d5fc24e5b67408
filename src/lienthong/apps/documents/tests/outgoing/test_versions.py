"""Each save of a draft is a version; nobody overwrites what another saved without being told."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import pytest

from lienthong.apps.accounts import api as accounts
from lienthong.apps.documents import actions
from lienthong.apps.documents.models import DraftComment, OutgoingDocument
from lienthong.apps.documents.outgoing import versions
from lienthong.apps.documents.problems import DraftChanged, FieldMissing, VersionNotFound
from lienthong.apps.documents.tests.conftest import Desk
from lienthong.apps.documents.tests.outgoing.test_issuing import BODY, drafted, header
from lienthong.apps.documents.tests.test_pages import as_, text_of
from lienthong.apps.documents.tests.test_pages import header as typed


@pytest.fixture(autouse=True)
def in_the_ministry(ministry: Desk) -> Iterator[None]:
    with accounts.scope(ministry.organization.pk):
        yield


def test_each_save_is_a_version_that_says_who_and_what(ministry: Desk, province: Desk) -> None:
    document = drafted(ministry, province)
    actions.update_draft(ministry.officer, document, subject="việc khác", urgency=1)

    first, second = document.versions.all()
    changes = {change.label: list(change.lines) for change in versions.compare(first, second)}

    assert [one.number for one in (first, second)] == [1, 2]
    assert second.saved_by_id == ministry.officer.seat_id
    assert set(changes) == {"trích yếu", "độ khẩn"}
    assert changes["trích yếu"] == [
        "- phối hợp triển khai liên thông văn bản",
        "+ việc khác",
    ]


def test_an_old_version_is_brought_back_as_a_new_one(ministry: Desk, province: Desk) -> None:
    document = drafted(ministry, province)
    actions.update_draft(ministry.officer, document, subject="việc khác", form={"body": "Khác."})

    restored = actions.restore(ministry.officer, document, 1)
    with pytest.raises(VersionNotFound):
        actions.restore(ministry.officer, document, 9)

    assert (restored.version, restored.form["body"]) == (3, BODY)
    contents = [one.content for one in document.versions.all()]
    assert contents[2] == contents[0]


def test_the_second_of_two_on_one_draft_is_told_what_changed(
    ministry: Desk, province: Desk
) -> None:
    """Two windows on one draft: nothing is written, and saving again is knowingly done."""
    document = drafted(ministry, province)
    actions.update_draft(ministry.officer, document, subject="của người thứ nhất", seen=1)

    with pytest.raises(DraftChanged, match="trích yếu"):
        actions.update_draft(ministry.officer, document, subject="của người thứ hai", seen=1)
    page = as_(ministry.officer)
    answer = typed(ministry, province, subject="của người thứ hai", seen="1")
    told = page.post(f"/van-ban/di/{document.pk}/sua", answer)
    again = page.post(f"/van-ban/di/{document.pk}/sua", answer | {"seen": "2"})

    assert told.status_code == 422
    assert "khác ở: trích yếu" in text_of(told)
    assert 'name="seen" value="2"' in text_of(told)
    assert again.status_code == 302
    assert OutgoingDocument.objects.get().subject == "của người thứ hai"


def test_a_double_click_makes_one_draft_and_going_back_loses_no_words(
    ministry: Desk, province: Desk
) -> None:
    page, ticket = as_(ministry.officer), str(uuid4())
    answer = typed(ministry, province, ticket=ticket)

    first = page.post("/van-ban/di/soan", answer)
    second = page.post("/van-ban/di/soan", answer)
    changed = page.post("/van-ban/di/soan", answer | {"subject": "Sửa sau khi quay lại"})

    assert first["Location"] == second["Location"]
    assert changed.status_code == 409
    assert OutgoingDocument.objects.count() == 1
    assert OutgoingDocument.objects.get().version == 1


def test_who_sees_a_draft_comments_on_its_version(ministry: Desk, province: Desk) -> None:
    """Script in the text stays text."""
    document = drafted(ministry, province)
    head, page = as_(ministry.unit_head), f"/van-ban/di/{document.pk}"

    done = head.post(f"{page}/y-kien", {"comment": "<script>alert(1)</script> Bổ sung căn cứ"})
    shown = head.get(page)
    with pytest.raises(FieldMissing):
        actions.comment(ministry.officer, document, "  ")
    with pytest.raises(accounts.Forbidden):
        actions.comment(ministry.colleague, document, "Không thấy được")

    assert done.status_code == 302
    assert b"&lt;script&gt;alert(1)&lt;/script&gt;" in shown.content
    assert DraftComment.objects.get().version == 1


def test_the_page_of_versions_shows_what_each_changed(ministry: Desk, province: Desk) -> None:
    document = actions.draft_from_form(
        ministry.officer, form={"body": BODY}, **header(ministry, province)
    )
    actions.update_draft(ministry.officer, document, subject="việc khác")
    officer, page = as_(ministry.officer), f"/van-ban/di/{document.pk}/phien-ban"

    shown = text_of(officer.get(page))
    restored = officer.post(f"{page}/1/khoi-phuc")

    assert "<ins>việc khác</ins>" in shown
    assert restored.status_code == 302
    assert officer.get(f"{page}?so=77").status_code == 404
