"""Deadlines are followed in working time, and those concerned are reminded, each once (DX-32)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from lienthong.apps.accounts import api as accounts
from lienthong.apps.accounts.api import Actor, Seat
from lienthong.apps.documents import actions
from lienthong.apps.documents.incoming import bulk, following, reminding
from lienthong.apps.documents.incoming.following import Pressing, Whose
from lienthong.apps.documents.models import IncomingDocument
from lienthong.apps.documents.rules.follow_up import Stage, stage_of
from lienthong.apps.documents.rules.incoming import IncomingState
from lienthong.apps.documents.tests.conftest import Desk
from lienthong.apps.documents.tests.incoming.rows import paper_in
from lienthong.apps.notices import api as notices
from lienthong.core.workclock import VIETNAM, vietnam

FRIDAY = datetime(2026, 3, 6, 17, 0, tzinfo=VIETNAM)  # the end of work before a weekend


@pytest.mark.parametrize(
    ("now", "stage"),
    [
        (datetime(2026, 3, 5, 16, 0, tzinfo=VIETNAM), Stage.QUIET),
        (datetime(2026, 3, 6, 8, 0, tzinfo=VIETNAM), Stage.SOON),
        (datetime(2026, 3, 8, 12, 0, tzinfo=VIETNAM), Stage.OVERDUE),  # Sunday: no day passed
        (datetime(2026, 3, 9, 17, 0, tzinfo=VIETNAM), Stage.ESCALATED),
        (datetime(2026, 3, 11, 17, 0, tzinfo=VIETNAM), Stage.LEADERS),
    ],
)
def test_a_deadline_speaks_louder_by_working_days(now: datetime, stage: Stage) -> None:
    """DX-32, part J."""
    assert stage_of(FRIDAY, now, vietnam()) is stage


MOMENTS = st.integers(0, 320 * 24 * 60).map(
    lambda minutes: datetime(2026, 1, 5, tzinfo=VIETNAM) + timedelta(minutes=minutes)
)


@given(due_at=MOMENTS, first=MOMENTS, later=st.timedeltas(timedelta(0), timedelta(days=20)))
def test_a_deadline_never_grows_quieter(
    due_at: datetime, first: datetime, later: timedelta
) -> None:
    assert stage_of(due_at, first, vietnam()) <= stage_of(due_at, first + later, vietnam())


@pytest.fixture
def _in_the_ministry(ministry: Desk) -> Iterator[None]:
    with accounts.scope(ministry.organization.pk):
        yield


pytestmark = pytest.mark.usefixtures("_in_the_ministry")


def kinds(actor: Actor) -> list[str]:
    mine = notices.Notice.objects.filter(person_id=actor.person_id).order_by("pk")
    return [one.kind.removeprefix("documents.") for one in mine]


def remind(now: datetime) -> None:
    for document in reminding.in_work(now):
        reminding.remind(document, now)


def test_the_lead_is_reminded_first_then_heads_then_who_directed_then_all_leaders(
    ministry: Desk,
) -> None:
    """DX-32."""
    paper_in(ministry, IncomingState.PROCESSING, due_at=FRIDAY)

    for day in (5, 6, 7, 8, 9, 10, 11, 12):
        remind(datetime(2026, 3, day, 10, 0, tzinfo=VIETNAM))

    assert kinds(ministry.officer) == ["due_soon", "overdue", "overdue_escalated"]
    assert kinds(ministry.unit_head) == ["overdue", "overdue_escalated"]
    assert kinds(ministry.leader) == ["overdue_escalated"]
    assert kinds(ministry.deputy) == ["overdue_escalated"]
    assert kinds(ministry.clerk) == []


def test_a_new_deadline_is_reminded_of_anew(ministry: Desk) -> None:
    due_at = timezone.now() - timedelta(days=1)
    document = paper_in(ministry, IncomingState.ASSIGNED, due_at=due_at)
    remind(timezone.now())
    wanted = timezone.localdate() + timedelta(days=30)

    actions.ask_extension(ministry.officer, document, wanted, "Chờ số liệu")
    granted = actions.decide_extension(ministry.leader, document, True)
    assert granted.due_at is not None
    remind(granted.due_at)

    assert kinds(ministry.officer).count("overdue") == 2


def test_what_waits_too_long_for_clerk_or_leader_is_told_them(ministry: Desk) -> None:
    """DX-24, DX-25."""
    late = timezone.now() - timedelta(hours=1)
    paper_in(ministry, IncomingState.ARRIVED, register_by=late)
    submitted = paper_in(ministry, register_by=late)
    actions.submit(ministry.clerk, submitted, ministry.deputy.seat_id)

    for document in reminding.unregistered(timezone.now()):
        reminding.remind_waiting(document)

    assert kinds(ministry.clerk) == ["register_overdue"]
    assert kinds(ministry.deputy) == ["submitted_to_you", "direct_overdue"]
    assert kinds(ministry.leader) == []
    assert not reminding.unregistered(timezone.now()).exists()


def test_each_circle_follows_its_own(ministry: Desk) -> None:
    """DX-32: mine, my unit's, the agency's."""
    late, now = timezone.now() - timedelta(days=3), timezone.now()
    paper_in(ministry, IncomingState.PROCESSING, due_at=late)
    paper_in(ministry, IncomingState.ASSIGNED, due_at=late, lead_id=ministry.colleague.seat_id)
    paper_in(ministry)

    def overdue(actor: Actor, whose: Whose) -> int:
        followed = following.followed(actor, whose)
        return next(
            one.count for one in following.tallies(followed, now) if one.kind is Pressing.OVERDUE
        )

    assert following.circles(ministry.officer) == [Whose.MINE]
    assert overdue(ministry.officer, Whose.MINE) == 1
    assert overdue(ministry.unit_head, Whose.UNIT) == 1
    assert overdue(ministry.other_unit_head, Whose.UNIT) == 1
    assert overdue(ministry.leader, Whose.AGENCY) == 2


def leave(actor: Actor) -> None:
    """The seat ends yesterday: the officer left, or the unit was abolished."""
    yesterday = timezone.localdate() - timedelta(days=1)
    Seat.objects.filter(pk=actor.seat_id).update(valid_to=yesterday)


def test_the_work_of_who_left_is_found_and_handed_on_whole(ministry: Desk) -> None:
    """D30 Art. 24; DX-82 for what is open."""
    first = paper_in(ministry, IncomingState.PROCESSING, due_at=FRIDAY, directive="Tham mưu")
    paper_in(ministry, IncomingState.ASSIGNED)
    leave(ministry.officer)

    ((seat, count),) = following.leavers(ministry.unit_head)
    outcome = bulk.hand_over_all(
        ministry.unit_head, seat.pk, ministry.colleague.seat_id, "Chuyển công tác"
    )

    assert (seat.pk, count) == (ministry.officer.seat_id, 2)
    assert len(outcome.done) == 2
    first.refresh_from_db()
    assert (first.lead_id, first.state) == (ministry.colleague.seat_id, IncomingState.PROCESSING)
    assert (first.due_at, first.directive) == (FRIDAY, "Tham mưu")
    assert following.leavers(ministry.unit_head) == []


def test_a_leader_who_leaves_leaves_no_document_behind(ministry: Desk) -> None:
    document = paper_in(ministry)
    actions.submit(ministry.clerk, document, ministry.deputy.seat_id)
    leave(ministry.deputy)

    found = list(reminding.without_holder())
    for one in found:
        reminding.tell_stranded(one)
    actions.submit(ministry.clerk, document, ministry.leader.seat_id)

    assert found == [document]
    assert kinds(ministry.leader) == ["stranded", "submitted_to_you"]
    assert not reminding.without_holder().exists()


def test_the_open_work_of_an_abolished_unit_is_found_by_its_seats(ministry: Desk) -> None:
    """The unit's people hold no seat any more; leaders find the work, also without a unit head."""
    paper_in(ministry, IncomingState.PROCESSING)
    leave(ministry.officer)
    leave(ministry.unit_head)

    assert [count for _, count in following.leavers(ministry.leader)] == [1]
    followed = following.followed(ministry.leader, Whose.AGENCY)
    stranded = followed.filter(following.pressing(Pressing.STRANDED, timezone.now()))
    assert stranded.count() == 1


def test_many_are_registered_at_once_but_not_those_with_a_question(ministry: Desk) -> None:
    """DX-20, DX-29: a doubtful signature or a likely duplicate is looked at alone."""
    good = [paper_in(ministry, IncomingState.ARRIVED, legal_value="equivalent") for _ in range(3)]
    doubtful = paper_in(ministry, IncomingState.ARRIVED)
    twice = paper_in(
        ministry, IncomingState.ARRIVED, legal_value="equivalent", duplicate_of=good[0]
    )

    outcome = bulk.accept_many(
        ministry.clerk, [one.pk for one in (*good, doubtful, twice, good[0])]
    )

    assert [one.pk for one in outcome.done] == [one.pk for one in good]
    assert {one.pk for one, _ in outcome.left} == {doubtful.pk, twice.pk}
    numbers = IncomingDocument.objects.filter(pk__in=[one.pk for one in good])
    assert set(numbers.values_list("arrival_number", flat=True)) == {1, 2, 3}


def test_many_are_directed_with_one_word(ministry: Desk) -> None:
    """DX-26."""
    chosen = [paper_in(ministry).pk for _ in range(2)]
    hidden = paper_in(ministry, IncomingState.ARRIVED).pk

    outcome = bulk.direct_many(
        ministry.leader, [*chosen, hidden], ministry.officer.seat_id, "Xử lý", date(2099, 1, 5)
    )

    assert {one.pk for one in outcome.done} == set(chosen)
    assert not outcome.left
