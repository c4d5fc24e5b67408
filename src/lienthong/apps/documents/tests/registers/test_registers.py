"""The registers of D30 Annex IV: columns, rows, rights, files."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pikepdf
import pytest
from django.utils import timezone, translation
from pytest_django import Settings

from lienthong.apps.accounts import api as accounts
from lienthong.apps.documents.dossiers import keeping
from lienthong.apps.documents.dossiers.keeping import Wanted
from lienthong.apps.documents.models import Export
from lienthong.apps.documents.registers import making, slips
from lienthong.apps.documents.registers.definitions import (
    COPY_USES,
    INCOMING,
    OUTGOING,
    POSTED,
    REGISTERS,
    TRACKING,
    Register,
    Span,
)
from lienthong.apps.documents.registers.problems import RegisterUnknown, SpanWrong
from lienthong.apps.documents.rules.incoming import IncomingState
from lienthong.apps.documents.rules.outgoing import OutgoingState
from lienthong.apps.documents.rules.registers import ExportFormat, ExportState
from lienthong.apps.documents.tests.conftest import Desk
from lienthong.apps.documents.tests.rows import incoming_row, outgoing_row
from lienthong.apps.documents.tests.test_pages import as_, text_of
from lienthong.apps.outbox import api as outbox


@pytest.fixture(autouse=True)
def _at_the_ministry(settings: Settings, ministry: Desk) -> Iterator[None]:
    Path(settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)
    with translation.override("vi"), accounts.scope(ministry.organization.pk):
        yield


def around_today() -> Span:
    today = timezone.localdate()
    return Span(today - timedelta(days=2), today + timedelta(days=1))


def rows(desk_actor: accounts.Actor, register: Register) -> list[list[str]]:
    return list(making.texts(register, register.rows(desk_actor, around_today())))


@pytest.mark.parametrize(
    ("register", "columns"),
    [(OUTGOING, 10), (INCOMING, 10), (TRACKING, 7), (POSTED, 6), (COPY_USES, 9)],
    ids=["outgoing", "incoming", "tracking", "posted", "copy uses"],
)
def test_a_register_has_all_columns_of_the_decree(register: Register, columns: int) -> None:
    assert len(register.columns) == columns
    assert REGISTERS[register.name] is register


def test_the_outgoing_register_holds_what_has_a_number(ministry: Desk, province: Desk) -> None:
    """DX-70, DX-73: one line for each number, in the order of numbers."""
    second = outgoing_row(ministry, province, subject="Hai")
    outgoing_row(ministry, state=OutgoingState.DRAFT)
    third = outgoing_row(ministry, province, state=OutgoingState.SEALED)

    found = rows(ministry.clerk, OUTGOING)

    assert [row[0] for row in found] == [second.reference, third.reference]
    assert found[0][2] == "Công văn Hai"
    assert found[0][4:7] == [province.organization.name, "Văn thư; Cục Công nghệ", "1"]
    assert found[1][7:] == ["", "", "Chờ phát hành"]


def test_the_incoming_register_and_its_tracking(ministry: Desk) -> None:
    """DX-23, DX-32: what has an arrival number; progress and the number of the reply."""
    document = incoming_row(ministry, due_at=timezone.now())
    incoming_row(ministry, state=IncomingState.ARRIVED)
    wanted = Wanted(title="Trả lời", retention="10 năm")
    dossier = keeping.open_outside(ministry.officer, wanted)
    reply = outgoing_row(ministry)
    keeping.put(ministry.officer, dossier, reply)
    document.dossier = dossier
    document.save()

    [line], [tracked] = rows(ministry.clerk, INCOMING), rows(ministry.clerk, TRACKING)

    assert line[1:4] == [str(document.arrival_number), document.sender_name, document.reference]
    assert tracked[4:6] == ["Hoàn thành", reply.reference]


def test_a_register_shows_only_what_its_reader_may_see(ministry: Desk, province: Desk) -> None:
    incoming_row(ministry, lead_id=ministry.colleague.seat_id)
    with accounts.scope(province.organization.pk):
        incoming_row(province)

    assert len(rows(ministry.clerk, INCOMING)) == 1
    assert rows(ministry.unit_head, INCOMING) == []  # another unit works on it
    with pytest.raises(accounts.Forbidden):
        making.register_of(ministry.officer, "den")
    with pytest.raises(RegisterUnknown):
        making.register_of(ministry.clerk, "khong-co")


@pytest.mark.parametrize(
    "wrong",
    [Span(date(2026, 2, 1), date(2026, 1, 1)), Span(date(1990, 1, 1), date(2026, 1, 1))],
    ids=["backwards", "too long"],
)
def test_a_wrong_span_is_refused(wrong: Span) -> None:
    with pytest.raises(SpanWrong):
        making.check_span(wrong)


def test_a_short_register_is_given_at_once_in_every_format(ministry: Desk, province: Desk) -> None:
    outgoing_row(ministry, province, subject="=HYPERLINK(1)")

    made = {
        form: making.given(ministry.clerk, OUTGOING, around_today(), form) for form in ExportFormat
    }

    xlsx, pdf, csv = (
        made[form] for form in (ExportFormat.XLSX, ExportFormat.PDF, ExportFormat.CSV)
    )
    assert isinstance(xlsx, bytes)
    assert isinstance(pdf, bytes)
    assert isinstance(csv, bytes)
    with zipfile.ZipFile(io.BytesIO(xlsx)) as book:
        assert "=HYPERLINK(1)" in book.read("xl/worksheets/sheet1.xml").decode()
    with pikepdf.open(io.BytesIO(pdf)) as pages:
        assert len(pages.pages) == 1
    assert csv.decode("utf-8-sig").splitlines()[0].count(",") >= 9


def test_a_long_register_is_written_by_a_job_that_tells_how_far_it_is(
    ministry: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(making, "AT_ONCE_MAX", 1)
    for _ in range(3):
        incoming_row(ministry)
    clerk = as_(ministry.clerk)
    span = around_today()
    asked = {"format": "pdf", "since": f"{span.since}", "until": f"{span.until}"}

    page = clerk.post("/van-ban/so/den/xuat", asked)["Location"]
    before = text_of(clerk.get(page))
    outbox.run_pending()
    after = text_of(clerk.get(page))

    assert "0 / 3 dòng" in before
    assert "hx-trigger" in before
    assert "Tải về" in after
    export = Export.objects.get()
    assert (export.state, export.written) == (ExportState.DONE, 3)
    assert clerk.get(f"{page}/tai-ve").content.startswith(b"%PDF")
    assert as_(ministry.leader).get(page).status_code == 404  # another person's file


def test_the_pages_show_every_register_and_take_lines_by_hand(ministry: Desk) -> None:
    clerk = as_(ministry.clerk)
    line = {
        "posted_on": "2026-03-02",
        "reference": "15/BTN",
        "destination": "Nhà máy",
        "envelopes": "2",
    }

    answers = [clerk.get(f"/van-ban/so/{name}").status_code for name in REGISTERS]
    entered = clerk.post("/van-ban/so/buu-dien", line)
    refused = as_(ministry.leader).post("/van-ban/so/buu-dien", line)

    assert answers == [200] * 5
    assert (entered.status_code, refused.status_code) == (302, 403)
    shown = text_of(clerk.get("/van-ban/so/buu-dien", {"since": "2026-03-01"}))
    assert "Nhà máy" in shown


def test_the_slip_and_the_stamp_are_printed(ministry: Desk) -> None:
    """DX-33: the paper that goes along; the stamp is 35 × 50 mm."""
    document = incoming_row(ministry, directive="#panic() $x$", dossier=None)

    slip, stamp = slips.handling_slip(document), slips.arrival_stamp(document)

    with pikepdf.open(io.BytesIO(slip)) as pages:
        assert len(pages.pages) == 1
    with pikepdf.open(io.BytesIO(stamp)) as pages:
        box = [float(edge) for edge in pages.pages[0].mediabox]
        assert [round(edge / 72 * 25.4) for edge in box[2:]] == [50, 35]
