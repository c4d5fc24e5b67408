"""Words and marks of the components."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from django.template import Context, Template
from django.utils import timezone

from lienthong.core.workclock import VIETNAM
from lienthong.web.templatetags import web

NOW = datetime(2026, 3, 2, 14, 0, tzinfo=VIETNAM)


@pytest.fixture(autouse=True)
def _fixed_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    real = timezone.localtime
    monkeypatch.setattr(
        "django.utils.timezone.localtime", lambda value=None: real(value) if value else NOW
    )


def shown(source: str, **context: object) -> str:
    return Template("{% load web %}" + source).render(Context(context)).strip()


@pytest.mark.parametrize(
    ("due", "words", "kind"),
    [
        (NOW + timedelta(minutes=40), "còn 40 phút", "warn"),
        (NOW + timedelta(hours=3), "còn 3 giờ", "warn"),
        (NOW + timedelta(days=1, hours=6), "hạn ngày mai", "warn"),
        (NOW + timedelta(days=6), "còn 6 ngày", "calm"),
        (NOW - timedelta(minutes=5), "quá hạn 5 phút", "bad"),
        (NOW - timedelta(hours=30), "quá hạn 1 ngày", "bad"),
        (date(2026, 3, 2), "hạn hôm nay", "warn"),
        (date(2026, 2, 27), "quá hạn 3 ngày", "bad"),
    ],
)
def test_a_due_time_is_told_in_plain_words(due: date | datetime, words: str, kind: str) -> None:
    found = web.due(due)

    assert found["words"] == words
    assert found["kind"] == kind


def test_what_is_done_is_late_no_more() -> None:
    assert web.due(NOW - timedelta(days=9), done=True)["words"] == ""


@pytest.mark.parametrize(
    ("at", "words"),
    [
        (NOW - timedelta(seconds=5), "vừa xong"),
        (NOW - timedelta(minutes=12), "12 phút trước"),
        (NOW - timedelta(hours=5), "09:00 hôm nay"),
        (NOW - timedelta(hours=20), "18:00 hôm qua"),
        (NOW - timedelta(days=3), "27/02/2026"),
    ],
)
def test_a_moment_is_told_by_how_long_ago_it_was(at: datetime, words: str) -> None:
    assert f">{words}</time>" in web.ago(at)


def test_sizes_read_as_people_write_them() -> None:
    assert [web.size(n) for n in (0, 900, 184_320, 2_600_000)] == [
        "0 B",
        "900 B",
        "180 KB",
        "2,5 MB",
    ]


def test_text_from_outside_is_escaped() -> None:
    evil = "<b>Bộ</b>"

    assert "<b>" not in shown('{% badge text "calm" %}', text=evil)
    assert "<b>" not in shown("{% empty text %}", text=evil)


def test_an_icon_is_silent_unless_it_has_a_name() -> None:
    assert 'aria-hidden="true"' in shown('{% icon "pen" %}')
    assert 'aria-label="Đạt"' in shown('{% icon "pen" "Đạt" %}')


def test_initials_are_of_the_first_and_the_last_name() -> None:
    assert [web.initials(n) for n in ("Nguyễn Thị Hoa", "Hoa", "")] == ["NH", "H", ""]


def test_english_is_compiled_and_whole() -> None:
    """Every text of a page has its English, and the compiled file is the one of these texts."""
    folder = Path(web.__file__).parents[1] / "locale" / "en" / "LC_MESSAGES"
    source = (folder / "django.po").read_text(encoding="utf-8")

    assert (folder / "django.mo").stat().st_size > 10_000
    assert source.count('\nmsgstr ""\n\n') == 0
