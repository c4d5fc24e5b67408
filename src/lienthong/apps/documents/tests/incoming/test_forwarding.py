"""A document is handed down to agencies on the node; its states come back, its recall goes down."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.utils import timezone

from lienthong.apps.accounts import api as accounts
from lienthong.apps.directory import api as directory
from lienthong.apps.documents import actions
from lienthong.apps.documents.common import sheets
from lienthong.apps.documents.models import Forwarding, IncomingDocument, StatusReport
from lienthong.apps.documents.problems import DocumentRecalled, ForwardUnsuitable
from lienthong.apps.documents.rules.incoming import IncomingState
from lienthong.apps.documents.tests.conftest import Desk, make_desk
from lienthong.apps.documents.tests.incoming.rows import paper_in


@pytest.fixture
def department(ministry: Desk) -> Desk:
    """A department of the ministry with a desk on the same node."""
    desk = make_desk(
        name="Cục Thử nghiệm",
        short_name="CTN",
        code="G90.05",
        code102="000.00.05.G90",
        place="Hà Nội",
        key="ctn",
    )
    desk.organization.parent = ministry.organization
    desk.organization.save()
    return desk


@pytest.fixture(autouse=True)
def _in_the_ministry(ministry: Desk) -> Iterator[None]:
    with accounts.scope(ministry.organization.pk):
        yield


def below(department: Desk) -> IncomingDocument:
    return IncomingDocument.objects.select_related("organization").get(
        organization=department.organization
    )


def test_a_document_handed_down_is_registered_below_and_its_states_come_back(
    ministry: Desk, department: Desk
) -> None:
    """DX-22, DX-28 between agencies of one node; each has its own book (DX-23)."""
    document = paper_in(ministry)

    actions.forward(
        ministry.leader, document, [department.organization.pk], "Xử lý theo thẩm quyền"
    )
    with accounts.scope(department.organization.pk):
        copy = below(department)
        arrived = copy.state
        actions.accept(department.clerk, copy)
        actions.assign(department.leader, copy, department.officer.seat_id)
        actions.start_work(department.officer, copy)
        actions.finish(department.officer, copy, "Đã xong", dossier_title="Hồ sơ")
        told = list(StatusReport.objects.filter(document=copy).values_list("status", "outbound_id"))

    line = Forwarding.objects.get()
    assert arrived == IncomingState.ARRIVED
    assert copy.subject == document.subject
    assert copy.forwarded_from == ministry.organization
    assert told == [(code, None) for code in ("01", "03", "04", "05", "06")]
    assert (line.status, line.to) == ("06", department.organization)


def test_only_agencies_below_with_a_desk_here_get_it_and_once(
    ministry: Desk, province: Desk, department: Desk
) -> None:
    document = paper_in(ministry)
    empty = directory.register(name="Cục Không bàn", short_name="CKB", codes={})
    empty.parent = ministry.organization
    empty.save()

    for other in (province.organization, empty):
        with pytest.raises(ForwardUnsuitable):
            actions.forward(ministry.clerk, document, [department.organization.pk, other.pk])
    assert not Forwarding.objects.exists()

    actions.forward(ministry.clerk, document, [department.organization.pk])
    with pytest.raises(ForwardUnsuitable):
        actions.forward(ministry.clerk, document, [department.organization.pk])


def test_a_refusal_below_comes_back_with_its_reason(ministry: Desk, department: Desk) -> None:
    """DX-21."""
    actions.forward(ministry.leader, paper_in(ministry), [department.organization.pk])
    with accounts.scope(department.organization.pk):
        actions.refuse(department.clerk, below(department), "WRONG_RECEIVER", "Thuộc Vụ Pháp chế")

    line = Forwarding.objects.get()
    assert (line.status, line.status_text) == (
        "02",
        "Gửi nhầm nơi nhận: Thuộc Vụ Pháp chế",
    )


def test_a_recall_follows_the_copies_that_were_handed_down(
    ministry: Desk, department: Desk
) -> None:
    """DX-37, DX-40: nobody reads it any more, above or below; number and digests stay."""
    document = paper_in(
        ministry, recall_asked_at=timezone.now(), recall_reason="Sai", pdf_sha256="a" * 64
    )
    actions.forward(ministry.leader, document, [department.organization.pk])

    recalled = actions.agree_recall(ministry.clerk, document)

    assert (recalled.state, recalled.arrival_number) == (IncomingState.RECALLED, 1)
    with pytest.raises(DocumentRecalled):
        sheets.pdf(recalled)
    with accounts.scope(department.organization.pk):
        copy = below(department)
        assert copy.state == IncomingState.RECALLED
        assert copy.pdf_sha256 == "a" * 64
    assert Forwarding.objects.get().status == "15"


def test_a_recall_is_declined_with_a_reason_that_the_leaders_hear(ministry: Desk) -> None:
    """DX-41."""
    document = paper_in(ministry, recall_asked_at=timezone.now())

    with pytest.raises(accounts.Forbidden):
        actions.decline_recall(ministry.leader, document, "Đã thi hành")
    declined = actions.decline_recall(ministry.clerk, document, "Đã thi hành")

    assert declined.state == IncomingState.REGISTERED
    with pytest.raises(accounts.Forbidden):
        actions.agree_recall(ministry.clerk, document)
