"""A document goes from leader to unit head to officer; each step of the work leaves a trace."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import timezone

from lienthong.apps.accounts import api as accounts
from lienthong.apps.documents import actions
from lienthong.apps.documents.common import deadlines, history
from lienthong.apps.documents.incoming import holding, queries
from lienthong.apps.documents.incoming.replies import reply_dispatched
from lienthong.apps.documents.models import OutgoingDocument, ProgressNote, Reply
from lienthong.apps.documents.outgoing.queries import answered_by
from lienthong.apps.documents.problems import (
    AskedAlready,
    ChangedMeanwhile,
    DueInPast,
    ExtensionNotLater,
    FieldMissing,
    ReplyUnsuitable,
    SeatUnsuitable,
)
from lienthong.apps.documents.rules import MoveNotAllowed
from lienthong.apps.documents.rules.incoming import IncomingState
from lienthong.apps.documents.rules.outgoing import OutgoingState
from lienthong.apps.documents.tests.conftest import Desk
from lienthong.apps.documents.tests.incoming.rows import paper_in
from lienthong.apps.documents.tests.test_policy import outgoing_in
from lienthong.apps.journal import api as journal
from lienthong.apps.notices import api as notices


@pytest.fixture(autouse=True)
def _in_the_ministry(ministry: Desk) -> Iterator[None]:
    with accounts.scope(ministry.organization.pk):
        yield


def told(actor: accounts.Actor) -> list[str]:
    """The kinds of notice this person has, oldest first."""
    mine = notices.Notice.objects.filter(person_id=actor.person_id)
    return [one.kind for one in mine.order_by("pk")]


def test_a_document_is_put_before_one_leader_and_leaves_the_others_alone(ministry: Desk) -> None:
    """DX-25: submitted to who decides, or directly to the head of the unit in charge."""
    document = paper_in(ministry)

    actions.submit(ministry.clerk, document, ministry.unit_head.seat_id, "Thuộc phần việc của Cục")

    assert told(ministry.unit_head) == ["documents.submitted_to_you"]
    seen = {
        name
        for name, actor in ministry.actors.items()
        if accounts.can(actor, "documents.view", document)
    }
    assert seen == {"clerk", "leader", "deputy", "archivist", "unit_head"}


def test_a_direction_goes_from_leader_to_unit_head_to_officer(ministry: Desk) -> None:
    """DX-26: each step names one lead; the deadline of the first holds until another is set."""
    due_on = timezone.localdate() + timedelta(days=9)
    document = paper_in(ministry)

    actions.assign(
        ministry.leader, document, ministry.unit_head.seat_id, (), "Tham mưu trả lời", due_on
    )
    passed_on = actions.assign(
        ministry.unit_head, document, ministry.officer.seat_id, [ministry.colleague.seat_id]
    )

    steps = queries.slip(passed_on).directions
    assert [(step.by_id, step.lead_id) for step in steps] == [
        (ministry.leader.seat_id, ministry.unit_head.seat_id),
        (ministry.unit_head.seat_id, ministry.officer.seat_id),
    ]
    assert passed_on.due_at == deadlines.settle_by(due_on)
    assert [seat.pk for seat in passed_on.supporting.all()] == [ministry.colleague.seat_id]
    assert told(ministry.officer) == ["documents.assigned_to_you"]
    assert told(ministry.colleague) == ["documents.support_asked"]


def test_a_direction_is_taken_back_step_by_step_before_work_begins(ministry: Desk) -> None:
    document = paper_in(ministry)
    actions.assign(ministry.leader, document, ministry.unit_head.seat_id, (), "Xử lý")
    actions.assign(ministry.unit_head, document, ministry.officer.seat_id)

    with pytest.raises(accounts.Forbidden):
        actions.take_back(ministry.leader, document)
    once = actions.take_back(ministry.unit_head, document)
    twice = actions.take_back(ministry.leader, document)

    assert (once.state, once.lead_id) == (IncomingState.ASSIGNED, ministry.unit_head.seat_id)
    assert (twice.state, twice.lead, twice.due_at) == (IncomingState.REGISTERED, None, None)
    assert "documents.taken_back_from_you" in told(ministry.officer)


def test_work_that_has_begun_is_not_taken_back(ministry: Desk) -> None:
    document = paper_in(ministry, IncomingState.ASSIGNED)
    actions.start_work(ministry.officer, document)

    with pytest.raises(MoveNotAllowed):
        actions.take_back(ministry.leader, document)


def test_lead_and_supporters_write_down_how_far_they_are(ministry: Desk) -> None:
    """DX-32: the progress stands in the tracking list."""
    document = paper_in(ministry, IncomingState.PROCESSING)

    actions.note_progress(ministry.officer, document, "Đã xin số liệu")

    assert [note.text for note in ProgressNote.objects.all()] == ["Đã xin số liệu"]
    with pytest.raises(accounts.Forbidden):
        actions.note_progress(ministry.colleague, document, "Tôi không phối hợp việc này")
    with pytest.raises(FieldMissing):
        actions.note_progress(ministry.officer, document, "  ")


def test_a_colleague_of_another_unit_is_asked_and_answers_once(ministry: Desk) -> None:
    """DX-26: cooperation leaves question and answer on the slip, and shows the document."""
    document = paper_in(ministry, IncomingState.PROCESSING)
    assert not accounts.can(ministry.colleague, "documents.view", document)

    actions.ask_opinion(ministry.officer, document, [ministry.colleague.seat_id], "Có đúng luật?")
    with pytest.raises(AskedAlready):
        actions.ask_opinion(ministry.officer, document, [ministry.colleague.seat_id], "Và…")
    actions.give_opinion(ministry.colleague, document, "Đúng luật.")

    (opinion,) = queries.slip(document).opinions
    assert opinion.answer == "Đúng luật."
    assert accounts.can(ministry.colleague, "documents.view", document)
    assert told(ministry.colleague) == ["documents.opinion_asked"]
    assert told(ministry.officer) == ["documents.opinion_given"]
    with pytest.raises(accounts.Forbidden):
        actions.give_opinion(ministry.colleague, document, "Thêm nữa")


def test_an_extension_moves_the_deadline_only_when_it_is_granted(ministry: Desk) -> None:
    """D30 Art. 24: the deadline is the leader's, who decides; never who asked."""
    today = timezone.localdate()
    due_at = deadlines.settle_by(today + timedelta(days=1))
    document = paper_in(ministry, IncomingState.PROCESSING, due_at=due_at)
    wanted = today + timedelta(days=10)

    actions.ask_extension(ministry.officer, document, wanted, "Chờ số liệu của tỉnh")
    with pytest.raises(accounts.Forbidden):
        actions.ask_extension(ministry.officer, document, wanted, "Hỏi lần nữa")
    with pytest.raises(accounts.Forbidden):
        actions.decide_extension(ministry.officer, document, True)
    with pytest.raises(FieldMissing):
        actions.decide_extension(ministry.leader, document, False)
    granted = actions.decide_extension(ministry.leader, document, True)

    assert granted.due_at == deadlines.settle_by(wanted)
    assert holding.open_extension(document) is None
    assert told(ministry.leader) == ["documents.extension_asked"]
    assert told(ministry.officer) == ["documents.extension_granted"]


def test_an_extension_leads_to_a_later_day(ministry: Desk) -> None:
    due_at = deadlines.settle_by(timezone.localdate() + timedelta(days=5))
    document = paper_in(ministry, IncomingState.PROCESSING, due_at=due_at)

    with pytest.raises(ExtensionNotLater):
        actions.ask_extension(ministry.officer, document, timezone.localdate(due_at), "Lý do")
    assert not holding.open_extension(document)


def outgoing_of(ministry: Desk, state: OutgoingState = OutgoingState.SEALED) -> OutgoingDocument:
    return outgoing_in(ministry, state)


def test_the_dispatch_of_a_reply_finishes_what_it_answers(ministry: Desk) -> None:
    """DX-39, DX-28: the link is seen from both ends; the work closes by itself."""
    document = paper_in(ministry, IncomingState.ASSIGNED)
    reply = outgoing_of(ministry)

    linked = actions.link_reply(ministry.officer, document, reply.pk)
    reply_dispatched(reply)
    reply_dispatched(reply)

    document.refresh_from_db()
    assert linked.state == IncomingState.PROCESSING
    assert document.state == IncomingState.COMPLETED
    assert reply.reference in document.result_note
    assert list(answered_by(ministry.officer, reply)) == [document]
    acts = [entry.act for entry in journal.history(document.journal_subject)]
    assert acts.count("documents.finished") == 1


def test_a_reply_that_does_not_close_only_advances_the_work(ministry: Desk) -> None:
    document = paper_in(ministry, IncomingState.PROCESSING)
    reply = outgoing_of(ministry)
    actions.link_reply(ministry.officer, document, reply.pk, closes=False)

    reply_dispatched(reply)

    document.refresh_from_db()
    assert document.state == IncomingState.PROCESSING


def test_a_document_one_may_not_see_is_no_reply(ministry: Desk) -> None:
    document = paper_in(ministry, IncomingState.PROCESSING)
    strange = outgoing_of(ministry, OutgoingState.DRAFT)
    OutgoingDocument.objects.filter(pk=strange.pk).update(drafter=ministry.colleague.seat_id)

    with pytest.raises(ReplyUnsuitable):
        actions.link_reply(ministry.officer, document, strange.pk)
    assert not Reply.objects.exists()


def test_finished_work_is_opened_again_by_right(ministry: Desk) -> None:
    document = paper_in(ministry, IncomingState.COMPLETED)

    with pytest.raises(accounts.Forbidden):
        actions.reopen(ministry.officer, document, "Thiếu phụ lục")
    opened = actions.reopen(ministry.unit_head, document, "Thiếu phụ lục")

    assert (opened.state, opened.completed_at) == (IncomingState.PROCESSING, None)
    assert told(ministry.officer) == ["documents.reopened_for_you"]


def test_what_needs_no_work_is_filed_by_who_would_direct_it(ministry: Desk) -> None:
    document = paper_in(ministry)

    filed = actions.file_away(ministry.leader, document, "Để biết, lưu")

    assert (filed.state, filed.lead_id) == (IncomingState.COMPLETED, ministry.leader.seat_id)


@pytest.mark.parametrize("who", ["clerk", "leader", "archivist"])
def test_only_who_does_such_work_is_put_in_charge(ministry: Desk, who: str) -> None:
    """DX-26."""
    document = paper_in(ministry)

    with pytest.raises(SeatUnsuitable):
        actions.assign(ministry.leader, document, ministry.actors[who].seat_id)


def test_a_deadline_of_yesterday_is_refused_and_nothing_is_done(ministry: Desk) -> None:
    """DX-26."""
    document = paper_in(ministry)
    yesterday = timezone.localdate() - timedelta(days=1)

    with pytest.raises(DueInPast):
        actions.assign(ministry.leader, document, ministry.officer.seat_id, (), "", yesterday)

    document.refresh_from_db()
    assert document.state == IncomingState.REGISTERED
    assert not queries.slip(document).directions


def test_the_second_of_two_clerks_is_told_what_the_first_did(ministry: Desk) -> None:
    """DX-23: one number, whoever presses; the other hears who, when and what."""
    document = paper_in(ministry, IncomingState.ARRIVED)
    first = queries.incoming_as_seen(ministry.clerk, document.pk, "1")
    second = queries.incoming_as_seen(ministry.clerk, document.pk, "1")

    actions.accept(ministry.clerk, first)
    with pytest.raises(ChangedMeanwhile) as refused:
        actions.refuse(ministry.clerk, second, "OTHER", "Nhầm")

    document.refresh_from_db()
    assert document.state == IncomingState.REGISTERED
    assert refused.value.facts["who"] == ministry.clerk.name
    assert refused.value.facts["what"] == history.act_text("documents.registered")


def test_words_typed_in_pieces_are_kept_composed(ministry: Desk) -> None:
    """A directive whose letters came decomposed, as some keyboards send them, is kept as one."""
    document = paper_in(ministry)
    decomposed = "Tham mu\u031bu tra\u0309 lo\u031b\u0300i"

    directed = actions.assign(ministry.leader, document, ministry.officer.seat_id, (), decomposed)

    assert directed.directive == "Tham mưu trả lời"
