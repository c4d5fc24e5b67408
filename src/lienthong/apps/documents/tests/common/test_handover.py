"""A leader leaves in the middle: what names the empty seat is found and handed on (DX-82)."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.db import transaction
from django.utils import timezone
from pytest_django import Settings

from lienthong.apps.accounts import api as accounts
from lienthong.apps.accounts.api import Actor, Seat
from lienthong.apps.administration import api as administration
from lienthong.apps.documents.common import handover
from lienthong.apps.documents.models import OutgoingDocument
from lienthong.apps.documents.problems import SeatUnsuitable
from lienthong.apps.documents.rules.outgoing import OutgoingState
from lienthong.apps.documents.tests.conftest import Desk
from lienthong.apps.journal import api as journal

pytestmark = pytest.mark.django_db


@pytest.fixture
def draft(ministry: Desk, settings: Settings, tmp_path: Path) -> OutgoingDocument:
    """A draft that waits for the leader's signature."""
    settings.DATA_DIR = tmp_path
    handover.register()
    with accounts.scope(ministry.organization.pk):
        return OutgoingDocument.objects.create(
            organization=ministry.organization,
            state=OutgoingState.AWAITING_SIGNATURE,
            source="form",
            type_name="Công văn",
            subject="Báo cáo tiến độ",
            drafter_id=ministry.officer.seat_id,
            reviewer_id=ministry.unit_head.seat_id,
            signatory_id=ministry.leader.seat_id,
            draft_sha256="0" * 64,
        )


def seat_of(actor: Actor) -> Seat:
    return Seat.objects.get(pk=actor.seat_id)


def leave(actor: Actor) -> None:
    yesterday = timezone.localdate() - timedelta(days=1)
    Seat.objects.filter(pk=actor.seat_id).update(valid_to=yesterday)


def hand_on(desk: Desk, giver: Actor, taker: Actor) -> int:
    with transaction.atomic():
        return handover.hand_on(desk.administrator, seat_of(giver), seat_of(taker))


def test_a_leader_who_left_is_found_with_what_waits_for_them(
    ministry: Desk, draft: OutgoingDocument
) -> None:
    home = ministry.organization.pk
    with accounts.scope(home):
        assert administration.left_behind(home) == []
        leave(ministry.leader)
        [(seat, number)] = administration.left_behind(home)

    assert (seat.pk, number) == (ministry.leader.seat_id, 1)


def test_a_new_signatory_gets_a_draft_written_for_them(
    ministry: Desk, draft: OutgoingDocument
) -> None:
    """The signatory stands in the text: it goes back to be written again, and approved again."""
    leave(ministry.leader)
    with accounts.scope(ministry.organization.pk):
        assert hand_on(ministry, ministry.leader, ministry.deputy) == 1
        draft.refresh_from_db()
        [entry] = journal.history(draft.journal_subject)

    assert (draft.signatory_id, draft.state) == (ministry.deputy.seat_id, OutgoingState.DRAFT)
    assert draft.return_reason
    assert (entry.act, entry.facts["place"]) == ("documents.handed_on", "signatory")


def test_an_officers_drafts_go_on_where_they_are(ministry: Desk, draft: OutgoingDocument) -> None:
    with accounts.scope(ministry.organization.pk):
        assert hand_on(ministry, ministry.officer, ministry.colleague) == 1
        draft.refresh_from_db()

    assert draft.drafter_id == ministry.colleague.seat_id
    assert draft.state == OutgoingState.AWAITING_SIGNATURE


def test_who_may_not_sign_gets_nothing(ministry: Desk, draft: OutgoingDocument) -> None:
    with accounts.scope(ministry.organization.pk):
        with pytest.raises(SeatUnsuitable):
            hand_on(ministry, ministry.leader, ministry.colleague)
        draft.refresh_from_db()

    assert draft.signatory_id == ministry.leader.seat_id
