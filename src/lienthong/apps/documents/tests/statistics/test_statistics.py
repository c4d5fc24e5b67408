"""The indices M-01 to M-13 on known rows, by month and agency, and the documents behind them."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from django.utils import translation
from pytest_django import Settings

from lienthong.apps.accounts import api as accounts
from lienthong.apps.documents.common import deadlines
from lienthong.apps.documents.models import (
    OutgoingRecipient,
    PostedDocument,
    RecallRequest,
    StatusReport,
)
from lienthong.apps.documents.registers.definitions import Span
from lienthong.apps.documents.rules import LegalValue
from lienthong.apps.documents.rules.delivery import Delivery
from lienthong.apps.documents.rules.incoming import IncomingState
from lienthong.apps.documents.rules.outgoing import OutgoingState
from lienthong.apps.documents.statistics import charts, queries
from lienthong.apps.documents.statistics.definitions import INDICES
from lienthong.apps.documents.statistics.queries import Figure
from lienthong.apps.documents.tests.conftest import Desk
from lienthong.apps.documents.tests.rows import incoming_row, outgoing_row
from lienthong.apps.documents.tests.test_pages import as_, text_of
from lienthong.core.workclock import VIETNAM

SPAN = Span(date(2026, 3, 1), date(2026, 3, 31))
MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=VIETNAM)
GOOD = {"report": {"parts": {"completeness": True, "integrity": True}, "warnings": []}}


@pytest.fixture(autouse=True)
def _at_the_ministry(settings: Settings, ministry: Desk) -> Iterator[None]:
    Path(settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)
    with translation.override("vi"), accounts.scope(ministry.organization.pk):
        yield


def shares(desk: Desk) -> dict[str, tuple[int, int | None]]:
    found = queries.figures([desk.organization.pk], SPAN)
    return {slug: (figure.base, figure.hits) for slug, figure in found.items()}


def test_incoming_documents_are_counted_by_what_happened_to_them(ministry: Desk) -> None:
    """M-01, M-03 (DX-12), M-05 (DX-22), M-08 (DX-21), M-09 (DX-14), M-10 (DX-13), M-13 (DX-32)."""
    good = incoming_row(ministry, arrived_at=MONDAY, due_at=MONDAY + timedelta(days=5), **GOOD)
    refused = incoming_row(
        ministry,
        arrived_at=MONDAY,
        state=IncomingState.REFUSED,
        legal_value=LegalValue.INFORMATION_ONLY,
        signer_name="",
    )
    late = incoming_row(ministry, arrived_at=MONDAY, due_at=MONDAY)
    incoming_row(ministry, arrived_at=MONDAY - timedelta(days=30))  # another month
    for document, at in ((good, MONDAY), (refused, MONDAY + timedelta(days=1))):
        StatusReport.objects.create(
            organization=ministry.organization,
            document=document,
            status="01",
            outbound_id=document.inbound_id,
            at=at,
        )

    found = shares(ministry)

    assert late.completed_at is not None
    assert found["m-01c"] == (3, None)
    assert found["m-03"] == (3, 2)
    assert found["m-05"] == (3, 1)
    assert found["m-08"] == (3, 1)
    assert found["m-09"] == (3, 2)
    assert found["m-10"] == (3, 1)
    assert found["m-13"] == (2, 1)


def test_outgoing_documents_and_their_deliveries_are_counted(
    ministry: Desk, province: Desk
) -> None:
    """M-01, M-02 (DX-03), M-04 (DX-09, DX-10), M-07 (DX-15), M-11 (DX-16), M-12 (DX-36)."""
    sent = outgoing_row(ministry, province, signed_at=MONDAY, due_on=date(2026, 3, 10))
    outgoing_row(ministry, province, signed_at=MONDAY, send_by=MONDAY)  # sent too late
    outgoing_row(ministry, province, signed_at=MONDAY, urgency=1)
    outgoing_row(ministry, signed_at=MONDAY, state=OutgoingState.SEALED)  # late, not sent
    outcomes = [Delivery.COMPLETED, Delivery.ARRIVED, Delivery.RECALL_PENDING]
    recipients = OutgoingRecipient.objects.order_by("pk")
    recall = RecallRequest.objects.create(
        organization=ministry.organization,
        document=sent,
        reason="Sai nội dung",
        asked_at=MONDAY,
        answer_by=MONDAY + timedelta(days=1),
        asked_by_id=ministry.clerk.seat_id,
    )
    for one, outcome in zip(recipients, outcomes, strict=True):
        one.delivery, one.status_at = outcome, MONDAY + timedelta(days=1)
        one.recall = None if outcome == Delivery.COMPLETED else recall
        one.save()
    for reference in (sent.reference, "khong/GUI"):
        PostedDocument.objects.create(
            organization=ministry.organization,
            posted_on=MONDAY.date(),
            reference=reference,
            destination="Nhà máy",
            entered_by_id=ministry.clerk.seat_id,
        )

    found = shares(ministry)

    assert found["m-01a"] == (3, None)
    assert found["m-01b"] == (3, None)
    assert found["m-02"] == (4, 3)
    assert found["m-04"] == (3, 1)
    assert found["m-04k"] == (1, 1)
    assert found["m-07"] == (1, 1)
    assert found["m-07d"] == (3, 1)
    assert found["m-08g"] == (3, 0)
    assert found["m-11"] == (2, 1)
    assert found["m-12"] == (2, 1)


def test_the_delay_of_acceptance_is_in_working_hours(ministry: Desk) -> None:
    """M-06 (DX-24): as the working calendar counts it, over nights and a weekend."""
    friday = datetime(2026, 3, 6, 16, 0, tzinfo=VIETNAM)
    ends = [MONDAY + timedelta(hours=1), friday + timedelta(days=3, hours=-6), MONDAY]
    starts = [MONDAY, friday, MONDAY]
    for start, end in zip(starts, ends, strict=True):
        incoming_row(ministry, arrived_at=start, registered_at=end)
    calendar = deadlines.calendar()
    hours = sorted(
        calendar.working_time(start, end).total_seconds() / 3600
        for start, end in zip(starts, ends, strict=True)
    )

    found = queries.delay([ministry.organization.pk], SPAN)

    assert hours[2] > hours[1] > 0
    assert (found.count, found.median) == (3, hours[1])
    assert found.high == pytest.approx(hours[1] + 0.9 * (hours[2] - hours[1]), abs=0.01)


@pytest.mark.parametrize("slug", INDICES)
def test_what_is_behind_a_figure_is_as_much_as_the_figure(ministry: Desk, slug: str) -> None:
    """DX-109: the documents are found by the same filter as their number."""
    incoming_row(ministry, arrived_at=MONDAY, due_at=MONDAY, **GOOD)
    outgoing_row(ministry, ministry, signed_at=MONDAY)
    index = INDICES[slug]

    figure = queries.figures([ministry.organization.pk], SPAN)[slug]
    parts = [
        queries.behind(ministry.clerk, index, SPAN, is_hit=is_hit).count()
        for is_hit in (None, True, False)
    ]

    hits = figure.hits if figure.hits is not None else figure.base
    assert parts == [figure.base, hits, figure.base - hits if figure.hits is not None else hits]


def test_documents_behind_a_figure_are_those_one_may_see(ministry: Desk, province: Desk) -> None:
    incoming_row(ministry, arrived_at=MONDAY, lead_id=ministry.colleague.seat_id)
    province.organization.parent = ministry.organization
    province.organization.save()
    with accounts.scope(province.organization.pk):
        incoming_row(province, arrived_at=MONDAY)
    index = INDICES["m-01c"]

    agencies = [one.pk for one in queries.agencies_of(ministry.leader)]
    whole = queries.by_agency(index, agencies, SPAN)

    assert {pk: figure.base for pk, figure in whole.items()} == dict.fromkeys(agencies, 1)
    assert queries.behind(ministry.leader, index, SPAN, is_hit=None).count() == 1
    assert queries.behind(ministry.unit_head, index, SPAN, is_hit=None).count() == 0
    assert [one.pk for one in queries.agencies_of(ministry.unit_head)] == [ministry.organization.pk]


def test_months_are_those_of_viet_nam(ministry: Desk) -> None:
    last_evening = datetime(2026, 3, 31, 23, 30, tzinfo=VIETNAM)
    incoming_row(ministry, arrived_at=last_evening)
    incoming_row(ministry, arrived_at=last_evening + timedelta(hours=1))
    span = Span(date(2026, 1, 1), date(2026, 12, 31))

    found = queries.by_month(INDICES["m-01c"], [ministry.organization.pk], span)

    assert {month: figure.base for month, figure in found.items()} == {
        date(2026, 3, 1): 1,
        date(2026, 4, 1): 1,
    }


def test_bars_stand_for_shares_and_counts() -> None:
    share, count = (
        charts.bars({date(2026, 1, 1): Figure(4, 1)}),
        charts.bars({date(2026, 1, 1): Figure(4), date(2026, 2, 1): Figure(2)}),
    )

    assert (share[0].shown, share[0].height) == ("25 %", 45.0)
    assert [bar.height for bar in count] == [180.0, 90.0]
    assert charts.bars({}) == []


def test_the_pages_show_figures_charts_and_documents(ministry: Desk) -> None:
    document = incoming_row(ministry, arrived_at=MONDAY, subject="Báo cáo quý", **GOOD)
    leader = as_(ministry.leader)
    days = {"since": "2026-03-01", "until": "2026-03-31"}

    overview = text_of(leader.get("/van-ban/thong-ke/", days))
    detail = text_of(leader.get("/van-ban/thong-ke/m-03", days | {"phan": "dat"}))
    empty = text_of(leader.get("/van-ban/thong-ke/m-03", days | {"phan": "chua"}))
    table = leader.get("/van-ban/thong-ke/xuat.xlsx", days)

    assert "Tỷ lệ ký số hợp lệ" in overview
    assert "100.0 %" in overview or "100,0 %" in overview
    assert 'role="img"' in detail
    assert "<caption" in detail
    assert document.subject in detail
    assert document.subject not in empty
    with zipfile.ZipFile(io.BytesIO(table.content)) as book:
        assert "M-13" in book.read("xl/worksheets/sheet1.xml").decode()
    assert as_(ministry.officer).get("/van-ban/thong-ke/").status_code == 403
    assert leader.get("/van-ban/thong-ke/m-99").status_code == 404
