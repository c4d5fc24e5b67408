"""A work file from its opening to its end, on real rows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import timezone

from lienthong.apps.accounts import api as accounts
from lienthong.apps.documents.dossiers import keeping, queries, yearly
from lienthong.apps.documents.dossiers.keeping import Wanted
from lienthong.apps.documents.dossiers.problems import (
    AlreadyInDossier,
    DossierCodeTaken,
    DossierNotFound,
    DossierNotReady,
    KeptTooLong,
    ListMissing,
    ListNotOpen,
)
from lienthong.apps.documents.dossiers.yearly import Line
from lienthong.apps.documents.models import Dossier
from lienthong.apps.documents.problems import DocumentNotFound
from lienthong.apps.documents.rules.dossiers import Access, DossierMoveNotAllowed, DossierState
from lienthong.apps.documents.rules.incoming import IncomingState
from lienthong.apps.documents.tests.conftest import Desk
from lienthong.apps.documents.tests.rows import incoming_row, outgoing_row
from lienthong.apps.journal import api as journal

WANTED = Wanted(title="Kết nối trục liên thông", retention="10 năm")


@pytest.fixture(autouse=True)
def _at_the_ministry(ministry: Desk) -> Iterator[None]:
    with accounts.scope(ministry.organization.pk):
        yield


def opened(desk: Desk, wanted: Wanted = WANTED) -> Dossier:
    return keeping.approve(desk.unit_head, keeping.open_outside(desk.officer, wanted))


def ended(desk: Desk) -> Dossier:
    dossier = opened(desk)
    keeping.put(desk.officer, dossier, outgoing_row(desk))
    return keeping.close(desk.officer, dossier)


def references(dossier: Dossier) -> list[str]:
    return [(item.incoming or item.outgoing).reference for item in queries.items(dossier)]  # type: ignore[union-attr]


def test_a_file_of_the_list_is_open_at_once_and_one_outside_it_waits(ministry: Desk) -> None:
    """DX-75: the list is approved by the head; outside it, somebody else than the keeper agrees."""
    year = timezone.localdate().year
    line = Line(code="01-CCN", title="Hồ sơ kết nối", retention="20 năm")
    entry = yearly.propose(ministry.officer, year, line)
    with pytest.raises(accounts.Forbidden):
        yearly.issue(ministry.clerk, year, "QĐ 1")
    yearly.issue(ministry.leader, year, "Quyết định 15/QĐ-BTN")

    listed = keeping.open_from_list(ministry.officer, entry)
    outside = keeping.open_outside(ministry.officer, WANTED)

    assert (listed.state, listed.code, listed.retention) == ("open", "01-CCN", "20 năm")
    assert outside.state == DossierState.PROPOSED
    with pytest.raises(accounts.Forbidden):
        keeping.approve(ministry.officer, outside)
    assert keeping.approve(ministry.unit_head, outside).state == DossierState.OPEN
    with pytest.raises(DossierCodeTaken):
        keeping.open_from_list(ministry.officer, entry)


def test_an_issued_list_stays_and_is_copied_to_the_next_year(ministry: Desk) -> None:
    """DX-75: the list of a year is made from the one before."""
    line = Line(code="01-CCN", title="Hồ sơ kết nối", retention="20 năm")
    yearly.propose(ministry.officer, 2026, line)
    yearly.issue(ministry.leader, 2026, "Quyết định 15/QĐ-BTN")

    yearly.copy(ministry.clerk, 2027)
    yearly.copy(ministry.clerk, 2027)

    assert [entry.title for entry in queries.entries(ministry.clerk, 2027)] == ["Hồ sơ kết nối"]
    with pytest.raises(ListNotOpen):
        yearly.propose(ministry.officer, 2026, line)
    with pytest.raises(ListMissing):
        yearly.copy(ministry.clerk, 2031)
    with pytest.raises(ListMissing):
        yearly.issue(ministry.leader, 2031, "Quyết định")


def test_one_document_is_in_several_files_without_copying(ministry: Desk) -> None:
    """DX-76."""
    document = incoming_row(ministry)
    one, other = opened(ministry), opened(ministry)

    keeping.put(ministry.officer, one, document)
    keeping.put(ministry.officer, other, document)

    assert set(queries.dossiers_of(document)) == {one, other}
    with pytest.raises(AlreadyInDossier):
        keeping.put(ministry.officer, one, document)


def test_the_order_in_a_file_is_the_keepers(ministry: Desk) -> None:
    """DX-76: documents stand in an order, by hand or by time."""
    today = timezone.now()
    newer, older = outgoing_row(ministry), outgoing_row(ministry, signed_at=today - timedelta(9))
    dossier = opened(ministry)
    first = keeping.put(ministry.officer, dossier, newer)
    keeping.put(ministry.officer, dossier, older)

    keeping.order_by_time(ministry.officer, dossier)
    by_time = references(dossier)
    keeping.move(ministry.officer, dossier, first.pk, -1)

    assert by_time == [older.reference, newer.reference]
    assert references(dossier) == [newer.reference, older.reference]


def test_what_is_taken_out_leaves_a_trace_and_may_come_back(ministry: Desk) -> None:
    """DX-76: who, when, why; in the file and in the journal."""
    document = incoming_row(ministry)
    dossier = opened(ministry)
    item = keeping.put(ministry.officer, dossier, document)

    keeping.take_out(ministry.officer, dossier, item.pk, "Đưa nhầm")
    keeping.put(ministry.officer, dossier, document)

    gone = queries.removed(dossier).get()
    assert (gone.removal_reason, gone.removed_by_id) == ("Đưa nhầm", ministry.officer.seat_id)
    acts = [entry.act for entry in journal.history(dossier.journal_subject)]
    assert acts[-3:] == [
        "documents.dossier_filled",
        "documents.dossier_taken_out",
        "documents.dossier_filled",
    ]


def test_nobody_files_what_they_may_not_see(ministry: Desk) -> None:
    """DX-76 within the rights on each document."""
    hidden = incoming_row(ministry, lead_id=ministry.colleague.seat_id)
    dossier = opened(ministry)

    with pytest.raises(DocumentNotFound):
        keeping.put(ministry.officer, dossier, hidden)


def test_a_file_is_closed_when_its_work_is_done_and_then_its_clocks_run(ministry: Desk) -> None:
    """DX-77, DX-78."""
    dossier = opened(ministry)
    open_work = incoming_row(ministry, state=IncomingState.PROCESSING)
    keeping.put(ministry.officer, dossier, open_work)
    with pytest.raises(DossierNotReady, match="Việc chưa xong"):
        keeping.close(ministry.officer, dossier)
    open_work.state = IncomingState.COMPLETED
    open_work.save()

    closed = keeping.close(ministry.officer, dossier)

    today = timezone.localdate()
    assert closed.state == DossierState.CLOSED
    assert closed.due_on is not None
    assert closed.due_on.year == today.year + 1
    assert closed.retention_ends_on is not None
    assert closed.retention_ends_on.year == today.year + 10
    with pytest.raises(DossierMoveNotAllowed):
        keeping.put(ministry.officer, closed, outgoing_row(ministry))


def test_a_file_ends_between_its_opening_and_today(ministry: Desk) -> None:
    """DX-77: a wrong date starts no clock."""
    dossier = opened(ministry)
    keeping.put(ministry.officer, dossier, outgoing_row(ministry))

    for wrong in (timezone.localdate() + timedelta(1), dossier.opened_on - timedelta(1)):
        with pytest.raises(DossierNotReady):
            keeping.close(ministry.officer, dossier, wrong)


def test_only_the_head_lets_a_unit_keep_a_file_longer(ministry: Desk) -> None:
    """DX-78: with written consent, two years at most."""
    dossier = ended(ministry)
    assert dossier.due_on is not None
    until = dossier.due_on + timedelta(days=700)

    with pytest.raises(accounts.Forbidden):
        keeping.keep_longer(ministry.officer, dossier, until, "CV 1")
    with pytest.raises(KeptTooLong):
        keeping.keep_longer(ministry.leader, dossier, until + timedelta(days=60), "CV 1")
    kept = keeping.keep_longer(ministry.leader, dossier, until, "Công văn 12/BTN")

    assert (kept.due_on, kept.is_kept_longer) == (until, True)


def test_what_is_due_is_listed_thirty_days_ahead(ministry: Desk) -> None:
    """DX-78, DX-79."""
    dossier = ended(ministry)
    due_on = dossier.due_on
    assert due_on is not None

    def found(days: int) -> tuple[int, int]:
        due = queries.due(ministry.officer, due_on + timedelta(days=days))
        return len(due.late), len(due.soon)

    assert [found(-31), found(-30), found(0), found(1)] == [(0, 0), (0, 1), (0, 1), (1, 0)]


def test_a_file_is_seen_by_its_keeper_and_those_above(ministry: Desk, province: Desk) -> None:
    """DX-76: rights per file; a restricted one is for its keeper, the head of the unit, leaders."""
    restricted = Wanted(title="Nhân sự", retention="Vĩnh viễn", access=Access.RESTRICTED)
    dossier = opened(ministry, restricted)

    seen_by = {
        name
        for name, actor in ministry.actors.items()
        if queries.dossiers_visible_to(actor).filter(pk=dossier.pk).exists()
    }

    assert seen_by == {"officer", "unit_head", "leader", "deputy"}
    with pytest.raises(DossierNotFound):
        queries.dossier(province.leader, dossier.pk)


def test_a_reopened_file_has_no_clock(ministry: Desk) -> None:
    """DX-77: what was closed too early is opened with a reason."""
    dossier = ended(ministry)

    again = keeping.reopen(ministry.officer, dossier, "Thiếu văn bản trả lời")

    assert (again.state, again.due_on, again.retention_ends_on) == (DossierState.OPEN, None, None)
