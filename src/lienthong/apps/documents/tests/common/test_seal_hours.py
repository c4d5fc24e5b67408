"""A seal used outside office hours is told to the leaders (SG-K-08)."""

from __future__ import annotations

from datetime import datetime

import pytest

from lienthong.apps.accounts import api as accounts
from lienthong.apps.documents.common import seal_hours
from lienthong.apps.documents.tests.conftest import Desk
from lienthong.apps.documents.tests.outgoing.test_issuing import drafted, sealed
from lienthong.apps.journal import api as journal
from lienthong.apps.notices.api import Notice
from lienthong.core.workclock import VIETNAM


@pytest.mark.parametrize(
    ("moment", "outside"),
    [
        ("2026-11-23T08:30", False),
        ("2026-11-23T12:30", False),
        ("2026-11-23T06:00", True),
        ("2026-11-23T20:00", True),
        ("2026-11-22T09:00", True),
        ("2026-09-02T09:00", True),
    ],
    ids=["morning", "noon", "early", "evening", "sunday", "national day"],
)
def test_office_hours_are_those_of_working_days(moment: str, outside: bool) -> None:
    at = datetime.fromisoformat(moment).replace(tzinfo=VIETNAM)

    assert seal_hours.is_outside(at) is outside


@pytest.mark.parametrize("hour", [9, 21])
def test_leaders_are_told_once_of_a_use_in_the_evening(ministry: Desk, hour: int) -> None:
    at = datetime(2026, 11, 23, hour, tzinfo=VIETNAM)

    with accounts.scope(ministry.organization.pk):
        for _ in range(2):
            seal_hours.tell(
                ministry.clerk,
                ministry.organization.pk,
                at=at,
                what="12/BTN-VP",
                key="a1",
                link="/van-ban/",
            )
        told = Notice.objects.filter(kind=seal_hours.OUTSIDE_HOURS.code)
        leaders = accounts.seats(ministry.organization.pk, accounts.Role.LEADER)

        reached = [one.person_id for one in told]
        assert sorted(reached) == (sorted({one.person_id for one in leaders}) if hour == 21 else [])
        assert all(ministry.clerk.name in seal_hours.OUTSIDE_HOURS.sentence(o.facts) for o in told)


@pytest.mark.usefixtures("keys")
def test_the_journal_says_whether_a_seal_was_used_outside_office_hours(
    ministry: Desk, province: Desk
) -> None:
    with accounts.scope(ministry.organization.pk):
        document = sealed(ministry, drafted(ministry, province))
        entries = journal.history(document.journal_subject)
        told = Notice.objects.filter(kind=seal_hours.OUTSIDE_HOURS.code).exists()

    assert document.sealed_at is not None
    outside = seal_hours.is_outside(document.sealed_at)
    (entry,) = [one for one in entries if one.act == "documents.sealed"]
    assert (entry.facts["outside_hours"], told) == (outside, outside)
