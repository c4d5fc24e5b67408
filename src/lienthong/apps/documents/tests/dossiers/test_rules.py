"""When a work file may be closed, and how its clocks run."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lienthong.apps.documents.dossiers import retention
from lienthong.apps.documents.dossiers.problems import KeptTooLong, RetentionUnknown
from lienthong.apps.documents.rules import dossiers as rules
from lienthong.apps.documents.rules.dossiers import (
    Content,
    DossierKind,
    DossierMove,
    DossierMoveNotAllowed,
    DossierState,
)

TODAY = date(2026, 3, 2)
LETTER = Content("Công văn 01/BTN", "01/BTN", TODAY, pages=2, sha256="a" * 64)
PERIODS = [one.label for one in retention.periods(TODAY)]


def against(
    *contents: Content, code: str = "01/VP", title: str = "Hồ sơ", kept: str = "10 năm"
) -> str:
    found = rules.objections(code=code, title=title, retention=kept, contents=contents)
    return " ".join(one.text for one in found if one.is_grave)


def test_a_file_that_is_complete_may_be_closed() -> None:
    assert rules.objections(code="01", title="A", retention="5 năm", contents=[LETTER]) == []


@pytest.mark.parametrize(
    ("document", "why"),
    [
        (replace(LETTER, is_draft=True), "dự thảo"),
        (replace(LETTER, is_settled=False), "chưa xong"),
        (replace(LETTER, has_number=False), "Thiếu số"),
        (replace(LETTER, on=None), "ngày văn bản"),
    ],
    ids=["a draft", "open work", "no number", "no date"],
)
def test_a_file_waits_for_what_is_not_in_order(document: Content, why: str) -> None:
    """DX-77: settled, without drafts, with number and date."""
    assert why in against(LETTER, document)


def test_a_file_needs_code_title_retention_and_a_document() -> None:
    """DX-77."""
    why = against(code=" ", title="", kept="")

    assert [word in why for word in ("ký hiệu", "tiêu đề", "bảo quản", "chưa có văn bản")] == [
        True
    ] * 4


def test_the_same_text_twice_is_pointed_out_but_does_not_stop() -> None:
    """DX-77: duplicates are for the keeper to take out."""
    again = replace(LETTER, name="Bản thứ hai")

    found = rules.objections(code="1", title="A", retention="5 năm", contents=[LETTER, again])

    assert [(one.document, one.is_grave) for one in found] == [("Bản thứ hai", False)]


def test_a_file_that_waits_for_approval_is_filled_but_not_closed() -> None:
    """DX-75: work does not wait for the approval of a file outside the list."""
    assert rules.after(DossierState.PROPOSED, DossierMove.FILL) is DossierState.PROPOSED
    with pytest.raises(DossierMoveNotAllowed):
        rules.after(DossierState.PROPOSED, DossierMove.CLOSE)


@given(st.sampled_from(DossierMove))
def test_nothing_happens_to_a_file_in_the_archive(move: DossierMove) -> None:
    """DX-80: what the archive took over stays as it is."""
    with pytest.raises(DossierMoveNotAllowed):
        rules.after(DossierState.HANDED_OVER, move)


@pytest.mark.parametrize(
    ("kind", "due"),
    [(DossierKind.ORDINARY, date(2027, 3, 2)), (DossierKind.CONSTRUCTION, date(2026, 6, 2))],
)
def test_a_file_goes_to_the_archive_in_time(kind: DossierKind, due: date) -> None:
    """DX-78: one year after the end, three months after the settlement of a construction."""
    kept = retention.period("20 năm", TODAY)

    assert retention.hand_over_by(kind, kept, TODAY) == due


@pytest.mark.parametrize("label", PERIODS)
def test_only_files_of_five_years_and_more_go_to_the_archive(label: str) -> None:
    """DX-78."""
    kept = retention.period(label, TODAY)

    due = retention.hand_over_by(DossierKind.ORDINARY, kept, TODAY)

    assert (due is None) == (label == "2 năm")


def test_a_reminder_comes_thirty_days_ahead() -> None:
    """DX-79."""
    assert retention.remind_from(date(2026, 12, 31)) == date(2026, 12, 1)


def test_a_file_is_kept_back_two_years_at_most() -> None:
    """DX-78."""
    retention.check_keep_longer(date(2024, 2, 29), date(2026, 2, 28))

    with pytest.raises(KeptTooLong):
        retention.check_keep_longer(date(2024, 2, 29), date(2026, 3, 1))
    with pytest.raises(KeptTooLong):
        retention.check_keep_longer(TODAY, TODAY)


@given(st.dates(date(2020, 3, 5), date(2090, 1, 1)), st.sampled_from(PERIODS))
def test_keeping_ends_with_a_year_and_never_too_early(ended_on: date, label: str) -> None:
    kept = retention.period(label, ended_on)

    ends = retention.ends_on(kept, ended_on)

    if kept.years is None:
        assert ends is None
    else:
        assert ends is not None
        assert (ends.month, ends.day) == (12, 31)
        assert ends - ended_on >= timedelta(days=365 * kept.years)


def test_a_period_outside_the_list_is_refused() -> None:
    with pytest.raises(RetentionUnknown):
        retention.period("3 tuần", TODAY)
    with pytest.raises(RetentionUnknown):
        retention.period("20 năm", date(2020, 3, 4))
