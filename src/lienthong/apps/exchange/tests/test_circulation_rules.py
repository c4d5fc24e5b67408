"""Every report and request in every state: which moves are made, and that no other is (§9.1)."""

from __future__ import annotations

import pytest

from lienthong.apps.exchange.hub.circulation_rules import Ask, Place, asked, reported
from lienthong.core.edxml import DeliveryState as S
from lienthong.core.edxml import StatusCode

ORDER = (S.SENT, S.ARRIVED, S.ACCEPTED, S.ASSIGNED, S.PROCESSING, S.COMPLETED)
CODES = ("01", "03", "04", "05", "06")
REACHED = dict(zip(CODES, ORDER[1:], strict=True))
REPORTS = ("01", "02", "03", "04", "05", "06", "13", "15", "16", "")


def expected(state: S, code: str) -> S:
    """The table of the packet format, read aloud. A pending request came in ACCEPTED."""
    if state in {S.REJECTED, S.RECALLED}:
        return state
    if code == "13":
        return S.RECALL_PENDING
    if state in {S.RECALL_PENDING, S.UPDATE_PENDING}:
        agreed = S.RECALLED if state is S.RECALL_PENDING else S.ACCEPTED
        return {"15": agreed, "16": S.ACCEPTED}.get(code, state)
    if code == "02":
        return S.REJECTED if state in {S.SENT, S.ARRIVED} else state
    ahead = code in REACHED and ORDER.index(REACHED[code]) > ORDER.index(state)
    return REACHED[code] if ahead else state


@pytest.mark.parametrize("state", list(S))
@pytest.mark.parametrize("code", REPORTS)
def test_a_report_makes_the_move_of_the_table_and_no_other(state: S, code: str) -> None:
    pending = state in {S.RECALL_PENDING, S.UPDATE_PENDING}
    ask = Ask.RECALL if state is S.RECALL_PENDING else Ask.UPDATE
    place = Place(state, S.ACCEPTED, ask) if pending else Place(state)

    assert reported(place, StatusCode(code)).state is expected(state, code)


@pytest.mark.parametrize("ask", list(Ask))
@pytest.mark.parametrize("state", list(S))
def test_a_request_is_asked_of_whoever_still_has_the_document(state: S, ask: Ask) -> None:
    pending = state in {S.RECALL_PENDING, S.UPDATE_PENDING}
    place = Place(state, S.ARRIVED, Ask.UPDATE) if pending else Place(state)

    moved = asked(place, ask)

    if state in {S.REJECTED, S.RECALLED, S.RECALL_PENDING}:
        assert moved == place
    elif ask is Ask.RECALL:
        assert moved == Place(S.RECALL_PENDING, S.ARRIVED if pending else state, ask)
    elif pending:
        assert moved == place
    else:
        assert moved == Place(S.UPDATE_PENDING, state, ask)


def test_work_that_goes_on_while_a_request_waits_is_where_a_refusal_leads_back_to() -> None:
    place = asked(Place(S.ACCEPTED), Ask.RECALL)

    place = reported(place, StatusCode.PROCESSING)
    assert place == Place(S.RECALL_PENDING, S.PROCESSING, Ask.RECALL)

    assert reported(place, StatusCode.DECLINED) == Place(S.PROCESSING)
    assert reported(place, StatusCode.AGREED) == Place(S.RECALLED)
