"""Every pair of state and move, and the delivery to one recipient as the sender knows it."""

from __future__ import annotations

from datetime import date
from itertools import product

import pytest

from lienthong.apps.documents import rules
from lienthong.apps.documents.rules import MoveNotAllowed, delivery, incoming, outgoing
from lienthong.apps.documents.rules.delivery import Delivery, Progress
from lienthong.apps.documents.rules.incoming import IncomingMove, IncomingState
from lienthong.apps.documents.rules.outgoing import OutgoingMove, OutgoingState
from lienthong.core.edxml import StatusCode

S, M = OutgoingState, OutgoingMove
# Written out once more, by hand: (from, move, to).
OUTGOING = {
    (S.DRAFT, M.EDIT, S.DRAFT),
    (S.DRAFT, M.SUBMIT, S.IN_REVIEW),
    (S.IN_REVIEW, M.APPROVE, S.IN_FORM_REVIEW),
    (S.IN_REVIEW, M.RETURN, S.DRAFT),
    (S.IN_FORM_REVIEW, M.APPROVE_FORM, S.AWAITING_SIGNATURE),
    (S.IN_FORM_REVIEW, M.RETURN, S.DRAFT),
    (S.AWAITING_SIGNATURE, M.SIGN, S.SIGNED),
    (S.AWAITING_SIGNATURE, M.RETURN, S.DRAFT),
    (S.SIGNED, M.SEAL, S.SEALED),
    (S.SEALED, M.DISPATCH, S.DISPATCHED),
    (S.DISPATCHED, M.RECALL, S.DISPATCHED),
    (S.DISPATCHED, M.BOUNCE, S.SEALED),
}
R, N = IncomingState, IncomingMove
INCOMING = {
    (R.ARRIVED, N.ACCEPT, R.REGISTERED),
    (R.ARRIVED, N.REFUSE, R.REFUSED),
    (R.REGISTERED, N.SUBMIT, R.REGISTERED),
    (R.REGISTERED, N.ASSIGN, R.ASSIGNED),
    (R.REGISTERED, N.FILE, R.COMPLETED),
    (R.REGISTERED, N.FORWARD, R.REGISTERED),
    (R.ASSIGNED, N.ASSIGN, R.ASSIGNED),
    (R.ASSIGNED, N.TAKE_BACK, R.REGISTERED),
    (R.ASSIGNED, N.START, R.PROCESSING),
    (R.ASSIGNED, N.FORWARD, R.ASSIGNED),
    (R.PROCESSING, N.FORWARD, R.PROCESSING),
    (R.PROCESSING, N.FINISH, R.COMPLETED),
    (R.COMPLETED, N.REOPEN, R.PROCESSING),
}
BESIDE = (
    N.NOTE,
    N.ASK_OPINION,
    N.GIVE_OPINION,
    N.ASK_EXTENSION,
    N.DECIDE_EXTENSION,
    N.ANSWER_BY,
    N.HAND_OVER,
)
INCOMING |= {(state, move, state) for state in (R.ASSIGNED, R.PROCESSING) for move in BESIDE}
KEPT = (R.ARRIVED, R.REGISTERED, R.ASSIGNED, R.PROCESSING, R.COMPLETED)
INCOMING |= {(state, N.AGREE_RECALL, R.RECALLED) for state in KEPT}
INCOMING |= {(state, N.DECLINE_RECALL, state) for state in KEPT}


@pytest.mark.parametrize(("state", "move"), list(product(OutgoingState, OutgoingMove)))
def test_an_outgoing_document_moves_only_as_the_table_says(
    state: OutgoingState, move: OutgoingMove
) -> None:
    allowed = [to for source, by, to in OUTGOING if (source, by) == (state, move)]

    if allowed:
        assert outgoing.after_outgoing(state, move) == allowed[0]
    else:
        with pytest.raises(MoveNotAllowed):
            outgoing.after_outgoing(state, move)


@pytest.mark.parametrize(("state", "move"), list(product(IncomingState, IncomingMove)))
def test_an_incoming_document_moves_only_as_the_table_says(
    state: IncomingState, move: IncomingMove
) -> None:
    allowed = [to for source, by, to in INCOMING if (source, by) == (state, move)]

    if allowed:
        assert incoming.after_incoming(state, move) == allowed[0]
    else:
        with pytest.raises(MoveNotAllowed):
            incoming.after_incoming(state, move)


def test_nothing_is_sent_before_both_signatures_are_made() -> None:
    """DX-08: DISPATCHED is reached from SEALED only, SEALED (first) from SIGNED only."""
    assert {
        source
        for (source, by), to in outgoing.OUTGOING.items()
        if to is S.DISPATCHED and by is not M.RECALL
    } == {S.SEALED}
    assert outgoing.OUTGOING[S.SIGNED, M.SEAL] is S.SEALED
    assert (S.DRAFT, M.SIGN) not in outgoing.OUTGOING


def test_nobody_is_charged_with_an_unregistered_document() -> None:
    """DX-30."""
    with pytest.raises(MoveNotAllowed):
        incoming.after_incoming(R.ARRIVED, N.ASSIGN)


def test_every_incoming_state_has_the_status_that_the_sender_is_told() -> None:
    assert {state: code.value for state, code in incoming.STATUS_OF.items()} == {
        R.ARRIVED: "01",
        R.REFUSED: "02",
        R.REGISTERED: "03",
        R.ASSIGNED: "04",
        R.PROCESSING: "05",
        R.COMPLETED: "06",
        R.RECALLED: "15",
    }


D, C = Delivery, StatusCode
FORWARD = [D.SENT, D.ARRIVED, D.ACCEPTED, D.ASSIGNED, D.PROCESSING, D.COMPLETED]
FORWARD_CODES = [C.ARRIVED, C.ACCEPTED, C.ASSIGNED, C.PROCESSING, C.COMPLETED]


@pytest.mark.parametrize(("state", "code"), list(product(FORWARD, FORWARD_CODES)))
def test_a_status_moves_a_delivery_forward_or_not_at_all(state: Delivery, code: StatusCode) -> None:
    """§9.1: forward jumps are allowed; a lower code is history only."""
    here, there = FORWARD.index(state), FORWARD_CODES.index(code) + 1

    step = delivery.take_status(Progress(state), code)

    assert step.progress.state is FORWARD[max(here, there)]
    assert step.moved is (there > here)


@pytest.mark.parametrize("state", FORWARD)
def test_a_refusal_counts_before_acceptance_only(state: Delivery) -> None:
    step = delivery.take_status(Progress(state), C.REFUSED)

    if state in {D.SENT, D.ARRIVED}:
        assert step.progress.state is D.REJECTED
    else:
        assert step.progress.state is state
        assert step.warning


@pytest.mark.parametrize(("state", "code"), list(product([D.REJECTED, D.RECALLED], StatusCode)))
def test_nothing_moves_a_delivery_that_has_ended(state: Delivery, code: StatusCode) -> None:
    step = delivery.take_status(Progress(state), code)

    assert step.progress == Progress(state)
    assert not step.moved


@pytest.mark.parametrize("state", FORWARD)
@pytest.mark.parametrize("code", [C.AGREED, C.DECLINED])
def test_an_answer_without_a_request_is_a_warning(state: Delivery, code: StatusCode) -> None:
    step = delivery.take_status(Progress(state), code)

    assert not step.moved
    assert step.warning


@pytest.mark.parametrize("state", FORWARD[1:])
def test_a_recall_ends_the_delivery_or_leaves_it_as_it_was(state: Delivery) -> None:
    asked = delivery.request_recall(Progress(state)).progress

    agreed = delivery.take_status(asked, C.AGREED)
    declined = delivery.take_status(asked, C.DECLINED)

    assert asked == Progress(D.RECALL_PENDING, state)
    assert agreed.progress == Progress(D.RECALLED)
    assert declined.progress == Progress(state)


@pytest.mark.parametrize("state", FORWARD)
@pytest.mark.parametrize("code", [C.AGREED, C.DECLINED])
def test_an_update_returns_to_the_state_before(state: Delivery, code: StatusCode) -> None:
    asked = delivery.request_update(Progress(state)).progress

    assert delivery.take_status(asked, code).progress == Progress(state)


def test_work_reported_during_a_recall_is_where_a_declined_recall_returns_to() -> None:
    asked = delivery.request_recall(Progress(D.ACCEPTED)).progress

    worked = delivery.take_status(asked, C.PROCESSING).progress
    declined = delivery.take_status(worked, C.DECLINED).progress

    assert worked.state is D.RECALL_PENDING
    assert declined == Progress(D.PROCESSING)


@pytest.mark.parametrize(
    ("on", "words"),
    [
        (date(2026, 2, 5), "ngày 05 tháng 02 năm 2026"),
        (date(2026, 1, 31), "ngày 31 tháng 01 năm 2026"),
        (date(2026, 3, 9), "ngày 09 tháng 3 năm 2026"),
        (date(2026, 11, 21), "ngày 21 tháng 11 năm 2026"),
    ],
)
def test_a_date_is_written_as_decree_30_writes_it(on: date, words: str) -> None:
    """F-08: a zero before days below 10, and before months 1 and 2 only."""
    assert rules.date_words(on) == words


def test_a_number_below_ten_has_a_leading_zero() -> None:
    """F-07."""
    assert [rules.number_text(number) for number in (1, 9, 10, 1234)] == ["01", "09", "10", "1234"]
