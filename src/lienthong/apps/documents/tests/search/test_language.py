"""What people type into the box, read."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lienthong.apps.documents.search.language import Query, days_of, parse

TODAY = date(2026, 11, 22)


def read(typed: str) -> Query:
    return parse(typed, TODAY)


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        ("Kế hoạch", "(('ke')) & (('hoach'))"),
        ('"kế hoạch đầu tư"', "(('ke' <-> 'hoach' <-> 'dau' <-> 'tu'))"),
        ("đất OR rừng", "(('dat') | ('rung'))"),
        ("đất hoặc rừng cây", "(('dat') | ('rung')) & (('cay'))"),
        ("đất -rừng", "(('dat')) & !('rung')"),
        ("quy*", "(('quy':*))"),
        ("12/QĐ-UBND", "(('12' <-> 'qd' <-> 'ubnd'))"),
        ("so:012", "(('so:12'))"),
        ('co-quan:"Sở Y tế"', "(('so':C <-> 'y':C <-> 'te':C))"),
        ("trích-yếu:đất", "(('dat':A))"),
        ("", ""),
        ("'); DROP TABLE x --", "(('drop')) & (('table')) & (('x'))"),
    ],
)
def test_words_and_operators_become_a_tsquery(typed: str, wanted: str) -> None:
    assert read(typed).tsquery == wanted


def test_filters_are_no_words() -> None:
    query = read("han:qua-han nhom:den tu:5/2/2026 den:3/2026 khan:hoa-toc trang-thai:da-phan-cong")

    assert query == Query(
        kind="incoming",
        since=date(2026, 2, 5),
        until=date(2026, 3, 31),
        due="qua-han",
        state="da-phan-cong",
        urgency=3,
    )


def test_a_field_that_says_nothing_is_told_and_searched_as_words() -> None:
    query = read("tu:hôm-nào mục:đất")

    assert query.puzzles == ("tu:hôm-nào", "mục:đất")
    assert "'muc'" in query.tsquery


@pytest.mark.parametrize(
    ("value", "first", "last"),
    [
        ("05/02/2026", (2026, 2, 5), (2026, 2, 5)),
        ("2026-02-05", (2026, 2, 5), (2026, 2, 5)),
        ("2/2024", (2024, 2, 1), (2024, 2, 29)),
        ("12/2026", (2026, 12, 1), (2026, 12, 31)),
        ("2026", (2026, 1, 1), (2026, 12, 31)),
    ],
)
def test_a_day_a_month_and_a_year(
    value: str, first: tuple[int, int, int], last: tuple[int, int, int]
) -> None:
    assert days_of(value) == (date(*first), date(*last))


@pytest.mark.parametrize("value", ["31/02/2026", "0/2026", "hôm qua", "13/2026", "0000"])
def test_what_is_no_day_is_none(value: str) -> None:
    assert days_of(value) is None


@given(st.text(max_size=80))
@settings(max_examples=40)
def test_whatever_is_typed_is_read(typed: str) -> None:
    query = read(typed)

    assert query.tsquery.count("(") == query.tsquery.count(")")
