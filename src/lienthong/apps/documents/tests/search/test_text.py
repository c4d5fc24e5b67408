"""Words as they are searched."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lienthong.apps.documents.search import excerpts, text

VIETNAMESE = st.text("aăâbcdđeêghiklmnoôơpqrstuưvxyàảãáạằỷỹộợứ ĐÀƯỚỆ0123456789/-.", max_size=40)


@given(VIETNAMESE)
def test_composed_and_decomposed_letters_are_the_same_words(written: str) -> None:
    assert text.words(unicodedata.normalize("NFD", written)) == text.words(written)


@given(st.text(max_size=60))
def test_a_place_in_the_folded_text_is_a_place_in_the_text(written: str) -> None:
    assert len(text.fold(written)) == len(text.composed(written))


@given(st.text(max_size=60), st.frozensets(st.sampled_from(["a", "van", "1"])))
def test_marking_loses_and_adds_no_letter(written: str, wanted: frozenset[str]) -> None:
    pieces = excerpts.marked(written, wanted)

    assert "".join(piece.text for piece in pieces) == text.composed(written)


def test_words_have_no_accents_and_numbers_no_leading_zeros() -> None:
    assert text.words("Số 02/QĐ-UBND, Đường 30/4") == ["so", "2", "qd", "ubnd", "duong", "30", "4"]


def test_a_phrase_does_not_reach_from_one_field_into_the_next() -> None:
    assert text.vector([("A", "kế hoạch"), ("C", "đầu tư")], ["so:12"]) == (
        "'ke':1A 'hoach':2A 'dau':13C 'tu':14C 'so:12'"
    )


@pytest.mark.parametrize("typed", ["hoahc", "hoch", "hoaach", "hoacb", "hoachj"])
def test_one_slip_of_the_finger_is_near(typed: str) -> None:
    assert "hoach" in text.near(typed)


def test_a_word_that_is_no_word_is_left_out() -> None:
    assert text.words("a" * 61 + " b") == ["b"]


def test_an_excerpt_shows_where_the_words_stand_together() -> None:
    full = "Kế toán. " + "x " * 400 + "về kế hoạch đầu tư công " + "y " * 400

    shown = excerpts.excerpt(full, frozenset({"ke", "hoach", "dau", "tu"}))

    assert [piece.text for piece in shown if piece.is_hit] == ["kế hoạch đầu tư"]
    assert sum(len(piece.text) for piece in shown) < 300


def test_no_excerpt_without_a_wanted_word() -> None:
    assert excerpts.excerpt("không có gì", frozenset({"ke"})) == []
