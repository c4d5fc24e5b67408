"""Code lists and the states of a delivery. Packet format §§7, 9.1."""

from __future__ import annotations

from datetime import date

import pytest

from lienthong.core.edxml import (
    DeliveryState,
    StatusCode,
    Urgency,
    after,
    document_type,
    document_types,
)
from lienthong.core.edxml.lists import all_document_types, resolve
from lienthong.core.edxml.states import FORWARD, TERMINAL, objection

S = DeliveryState


def test_the_list_of_types_is_the_annex() -> None:
    assert sum(one.group == 1 for one in document_types()) == 13
    assert sum(one.group == 2 for one in document_types()) == 26
    assert len({(one.group, one.code) for one in document_types()}) == 39
    letter = document_type(2, 18)
    assert letter is not None
    assert (letter.name, letter.abbreviation) == ("Công văn", "")
    assert document_type(2, 27) is None


def test_the_decree_has_29_types_of_which_five_have_no_code() -> None:
    decree = [one for one in all_document_types() if one.group == 2]
    without_annex_only = [
        one for one in decree if one.name not in {"Bản cam kết", "Giấy chứng nhận"}
    ]

    assert len(without_annex_only) == 29
    assert sum(one.code == 0 for one in decree) == 5


def test_every_type_is_dated_and_says_its_source() -> None:
    for one in all_document_types():
        assert one.basis
        assert one.valid_on(date(2025, 3, 3))
        assert not one.valid_on(date(2000, 1, 1))


@pytest.mark.parametrize(
    ("group", "code", "name", "found"),
    [
        (2, 18, "Công văn", (2, 18)),
        (2, 18, "công  VĂN", (2, 18)),
        (2, 2, "Quyết định", (2, 2)),
        (1, 8, "Quyết định", (1, 8)),
        (2, 18, "", (2, 18)),
        (2, 0, "Giấy mời", (2, 25)),
        (1, 0, "Công văn", (2, 18)),
        (18, 0, "Công văn", (2, 18)),
        (71, 0, "Báo cáo", (2, 14)),
        (2, 0, "Thư công", (2, 0)),
        (2, 0, "Quyết định", (2, 2)),
        (2, 0, "Giấy lạ", None),
        (71, 0, "", None),
    ],
)
def test_a_type_is_resolved_by_code_then_by_name(
    group: int, code: int, name: str, found: tuple[int, int] | None
) -> None:
    one = resolve(group, code, name)

    assert (one and (one.group, one.code)) == found


def test_every_code_has_a_vietnamese_label() -> None:
    assert Urgency.EXPRESS_TIMED.label == "Hỏa tốc hẹn giờ"
    assert StatusCode.ACCEPTED.label == "Đã tiếp nhận"
    assert all(one.label for one in StatusCode)
    assert all(one.label for one in Urgency)


@pytest.mark.parametrize(
    ("state", "status", "then"),
    [
        (S.SENT, "01", S.ARRIVED),
        (S.ARRIVED, "03", S.ACCEPTED),
        (S.ARRIVED, "02", S.REJECTED),
        (S.SENT, "02", S.REJECTED),
        (S.ACCEPTED, "02", S.ACCEPTED),
        (S.ARRIVED, "05", S.PROCESSING),
        (S.ACCEPTED, "06", S.COMPLETED),
        (S.PROCESSING, "03", S.PROCESSING),
        (S.COMPLETED, "13", S.RECALL_PENDING),
        (S.RECALL_PENDING, "15", S.RECALLED),
        (S.RECALL_PENDING, "16", S.PROCESSING),
        (S.RECALL_PENDING, "06", S.RECALL_PENDING),
        (S.UPDATE_PENDING, "15", S.PROCESSING),
        (S.UPDATE_PENDING, "16", S.PROCESSING),
        (S.ACCEPTED, "15", S.ACCEPTED),
        (S.ACCEPTED, "16", S.ACCEPTED),
        (S.REJECTED, "03", S.REJECTED),
        (S.RECALLED, "13", S.RECALLED),
    ],
)
def test_a_status_moves_the_state(state: DeliveryState, status: str, then: DeliveryState) -> None:
    assert after(state, StatusCode(status), before_request=S.PROCESSING) is then


@pytest.mark.parametrize("state", list(DeliveryState))
@pytest.mark.parametrize("status", list(StatusCode))
def test_no_pair_of_state_and_status_is_left_undecided(
    state: DeliveryState, status: StatusCode
) -> None:
    then = after(state, status)

    assert then in set(DeliveryState)
    assert then is state if state in TERMINAL or status is StatusCode.UNKNOWN else True
    if then is not state and state in FORWARD and then in FORWARD:
        assert FORWARD.index(then) > FORWARD.index(state)
        assert objection(state, status) == ""


def test_an_odd_status_is_explained() -> None:
    assert "tiếp nhận" in objection(S.ACCEPTED, StatusCode.REFUSED)
    assert "lùi" in objection(S.PROCESSING, StatusCode.ACCEPTED)
    assert objection(S.REJECTED, StatusCode.ACCEPTED)
