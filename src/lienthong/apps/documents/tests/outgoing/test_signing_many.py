"""A leader signs several documents with one PIN."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lienthong.apps.accounts import api as accounts
from lienthong.apps.documents import actions
from lienthong.apps.documents.models import NumberSeries, OutgoingDocument
from lienthong.apps.documents.problems import FieldMissing
from lienthong.apps.documents.rules import MoveNotAllowed
from lienthong.apps.documents.tests.conftest import PIN, Desk
from lienthong.apps.documents.tests.outgoing.test_issuing import awaiting, drafted
from lienthong.apps.documents.tests.test_pages import as_, text_of
from lienthong.core import signing

pytestmark = pytest.mark.usefixtures("keys")
PAGE = "/van-ban/di/ky-nhieu"


@pytest.fixture(autouse=True)
def in_the_ministry(ministry: Desk) -> Iterator[None]:
    with accounts.scope(ministry.organization.pk):
        yield


def test_one_that_cannot_be_signed_holds_up_no_other(ministry: Desk, province: Desk) -> None:
    """DX-70: numbers without a gap, whatever became of the one between. DX-52: a wrong PIN."""
    first, taken_back, last = (awaiting(ministry, drafted(ministry, province)) for _ in range(3))
    actions.return_draft(ministry.deputy, taken_back, "Sửa lại")

    with pytest.raises(signing.KeyPasswordWrong):
        actions.sign_many(ministry.deputy, [first, taken_back, last], "sai-ma-pin")
    with pytest.raises(FieldMissing):
        actions.sign_many(ministry.deputy, [], PIN)
    unused = not NumberSeries.objects.filter(last__gt=0).exists()
    outcomes = actions.sign_many(ministry.deputy, [first, taken_back, last], PIN)

    assert unused
    assert [one.document.number for one in outcomes] == [1, None, 2]
    assert [type(one.problem) for one in outcomes] == [type(None), MoveNotAllowed, type(None)]


def test_the_ticked_documents_are_signed_on_one_page(ministry: Desk, province: Desk) -> None:
    subjects = ["việc thứ nhất", "việc thứ hai", "việc không chọn"]
    one, two, three = (
        awaiting(ministry, drafted(ministry, province, subject=subject)) for subject in subjects
    )
    leader, officer = as_(ministry.deputy), as_(ministry.officer)

    offered = text_of(leader.get(PAGE))
    ticked = {"documents": [str(one.pk), str(two.pk)], "pin": PIN}
    done = text_of(leader.post(PAGE, ticked, follow=True))

    assert all(subject in offered for subject in subjects)
    assert done.count("Đã ký ") == 2
    assert OutgoingDocument.objects.get(pk=three.pk).state == "awaiting_signature"
    assert "Không có văn bản nào chờ ký" in text_of(officer.get(PAGE))
