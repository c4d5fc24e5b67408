"""Who stands in for whom: within powers and days, under one's own name, and never to sign."""

from __future__ import annotations

from datetime import date, timedelta
from types import SimpleNamespace

import pytest
from django.test import Client
from django.utils import timezone

from lienthong.apps.accounts import api, policy
from lienthong.apps.accounts.models import Delegation, Person, Seat
from lienthong.apps.accounts.rules import Power, Role
from lienthong.apps.accounts.tests.test_second_factor import sit_down
from lienthong.apps.directory import api as directory

pytestmark = pytest.mark.django_db
TODAY = date(2026, 3, 10)


@pytest.fixture
def leader(ministry: directory.Organization) -> Seat:
    person = Person.objects.create_person(
        username="lanhdao", password=None, full_name="Lê Lãnh Đạo"
    )
    return Seat.objects.create(
        person=person,
        organization=ministry,
        role=Role.LEADER,
        position="Bộ trưởng",
        valid_from=date(2020, 1, 1),
    )


def delegate(leader: Seat, holder: Seat, **more: object) -> Delegation:
    wanted = {
        "kind": api.DelegationKind.ABSENCE,
        "powers": [Power.REVIEW],
        "valid_from": TODAY,
        "valid_to": TODAY + timedelta(days=10),
        "basis": "Giấy ủy quyền số 01",
        "entered_by": leader,
    } | more
    return api.delegate(giver=leader, holder=holder, **wanted)  # type: ignore[arg-type]


def test_the_holder_acts_from_the_seat_under_their_own_name(leader: Seat, seat: Seat) -> None:
    actor = api.actor_standing_in(delegate(leader, seat))

    assert (actor.seat_id, actor.roles) == (leader.pk, frozenset({Role.LEADER}))
    assert (actor.person_id, actor.name) == (seat.person_id, "Nguyễn Thị Văn Thư")
    assert actor.stands_in_for == "Lê Lãnh Đạo"


def test_a_power_that_was_not_given_is_refused_and_so_is_what_no_power_names(
    leader: Seat, seat: Seat, monkeypatch: pytest.MonkeyPatch
) -> None:
    """TM-D-S: nobody signs for another; TM-X-10: what is not named is refused."""
    monkeypatch.setattr(policy, "_rules", {})
    monkeypatch.setattr(policy, "_powers", {})
    for name in ("test.review", "test.assign", "test.sign"):
        api.rule(name)(lambda actor, paper: Role.LEADER in actor.roles)
    api.delegable(Power.REVIEW, "test.review")
    api.delegable(Power.DIRECT, "test.assign")
    actor = api.actor_standing_in(delegate(leader, seat))
    paper = SimpleNamespace(organization_id=leader.organization_id)

    allowed = [name for name in sorted(policy.actions()) if api.can(actor, name, paper)]

    assert allowed == ["test.review"]
    assert all(api.can(api.actor_in(leader), name, paper) for name in policy.actions())


@pytest.mark.parametrize(("days", "is_in_force"), [(-1, False), (0, True), (10, True), (11, False)])
def test_a_delegation_counts_on_its_days(
    leader: Seat, seat: Seat, days: int, *, is_in_force: bool
) -> None:
    made, on = delegate(leader, seat), TODAY + timedelta(days=days)

    assert (made in api.in_force(on)) is is_in_force
    assert made.is_in_force_on(on) is is_in_force


@pytest.mark.parametrize("end", ["giver", "holder", "revoked"])
def test_it_ends_with_either_seat_or_when_it_is_revoked(leader: Seat, seat: Seat, end: str) -> None:
    made, last = delegate(leader, seat), TODAY + timedelta(days=3)
    if end == "revoked":
        api.revoke(made, last + timedelta(days=1))
        api.revoke(made, last + timedelta(days=9))
    else:
        Seat.objects.filter(pk=leader.pk if end == "giver" else seat.pk).update(valid_to=last)
    made = Delegation.objects.get()

    for on, is_in_force in ((last, True), (last + timedelta(days=1), False)):
        assert (made in api.in_force(on)) is is_in_force
        assert made.is_in_force_on(on) is is_in_force


def test_what_breaks_a_rule_of_delegations_is_refused(
    leader: Seat, seat: Seat, province: directory.Organization
) -> None:
    """D30 Art. 13: in time and content limited; TM-X-12: every grant ends; no second hand."""
    elsewhere = Seat.objects.create(
        person=seat.person, organization=province, role=Role.OFFICER, valid_from=TODAY
    )
    refused: list[tuple[Seat, Seat, dict[str, object]]] = [
        (seat, leader, {}),  # a clerk has nothing to give
        (leader, elsewhere, {}),
        (leader, leader, {}),
        (leader, seat, {"valid_to": TODAY - timedelta(days=1)}),
        (leader, seat, {"valid_to": TODAY + timedelta(days=400)}),
        (leader, seat, {"powers": []}),
    ]
    for giver, holder, more in refused:
        with pytest.raises(api.DelegationRefused):
            delegate(giver, holder, **more)

    assert not Delegation.objects.exists()


@pytest.mark.urls("lienthong.apps.accounts.tests.urls")
def test_standing_in_is_one_choice_away_and_over_when_it_ends(
    client: Client, leader: Seat, seat: Seat
) -> None:
    today = timezone.localdate()
    made = delegate(leader, seat, valid_from=today, valid_to=today)
    sit_down(client, seat)
    before = client.session.session_key

    client.post("/tai-khoan/doi-vai", {"delegation": made.pk})

    assert client.session.session_key != before
    assert client.get("/sau-cua").json()["seat"] == leader.pk
    assert "Thay Lê Lãnh Đạo" in client.get("/tai-khoan/bao-mat").content.decode()
    api.revoke(made, today)
    assert client.get("/sau-cua").status_code == 302


@pytest.mark.urls("lienthong.apps.accounts.tests.urls")
def test_a_delegation_of_somebody_else_cannot_be_used(
    client: Client, leader: Seat, seat: Seat
) -> None:
    other = Person.objects.create_person(username="khac", password=None, full_name="Khác")
    theirs = Seat.objects.create(
        person=other, organization=seat.organization, role=Role.OFFICER, valid_from=TODAY
    )
    today = timezone.localdate()
    made = delegate(leader, theirs, valid_from=today, valid_to=today)
    sit_down(client, seat)

    assert client.post("/tai-khoan/doi-vai", {"delegation": made.pk}).status_code == 404
    assert client.get("/sau-cua").json()["seat"] == seat.pk


def test_an_assistant_names_the_leader_they_prepare_for(leader: Seat, person: Person) -> None:
    assistant = Seat.objects.create(
        person=person,
        organization=leader.organization,
        role=Role.ASSISTANT,
        assists=leader,
        valid_from=TODAY,
    )

    assert list(leader.assistants.all()) == [assistant]


def test_seats_that_nobody_acts_from_are_found(leader: Seat, seat: Seat) -> None:
    assert not api.vacant_seats(leader.organization_id, TODAY).exists()

    Seat.objects.filter(pk=leader.pk).update(valid_to=TODAY - timedelta(days=1))
    Person.objects.filter(pk=seat.person_id).update(is_active=False)

    assert set(api.vacant_seats(leader.organization_id, TODAY)) == {leader, seat}
