"""What no rule allows is refused (TM-X-10), and a seat counts on its days only."""

from __future__ import annotations

from datetime import date, timedelta
from types import SimpleNamespace

import pytest
from django.db import IntegrityError, transaction
from django.http import HttpRequest

from lienthong.apps.accounts import api, policy
from lienthong.apps.accounts.models import Person, Seat
from lienthong.apps.directory import api as directory

CLERK = api.Actor(1, "Lan", 10, 100, frozenset({api.Role.CLERK}), "Văn thư")
LEADER = api.Actor(2, "Minh", 10, 101, frozenset({api.Role.LEADER}), "Bộ trưởng")


@pytest.fixture(autouse=True)
def _own_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policy, "_rules", {})

    @api.rule("test.stamp")
    def stamp(actor: api.Actor, paper: object) -> bool:
        return api.Role.CLERK in actor.roles


def test_a_rule_decides_by_the_roles_of_the_seat() -> None:
    assert api.can(CLERK, "test.stamp")
    assert not api.can(LEADER, "test.stamp")
    with pytest.raises(api.Forbidden) as refused:
        api.check(LEADER, "test.stamp")
    assert refused.value.status == 403


def test_what_no_rule_names_is_refused() -> None:
    assert not api.can(LEADER, "test.never_registered")


def test_nobody_may_do_nothing() -> None:
    assert not api.can(None, "test.stamp")
    with pytest.raises(api.Forbidden):
        api.check(None, "test.stamp")


def test_what_belongs_to_another_organization_is_refused_before_its_rule_is_asked() -> None:
    assert api.can(CLERK, "test.stamp", SimpleNamespace(organization_id=10))
    assert not api.can(CLERK, "test.stamp", SimpleNamespace(organization_id=11))
    assert not api.can(CLERK, "test.stamp", SimpleNamespace(organization_id=None))


def test_an_action_has_one_rule() -> None:
    with pytest.raises(ValueError, match=r"test\.stamp"):

        @api.rule("test.stamp")
        def another(actor: api.Actor, paper: object) -> bool:
            return True


def test_a_request_without_an_actor_is_of_nobody() -> None:
    with pytest.raises(api.NotSignedIn):
        api.actor_of(HttpRequest())


def test_a_seat_is_held_from_its_first_to_its_last_day(
    person: Person, ministry: directory.Organization
) -> None:
    seat = Seat.objects.create(
        person=person,
        organization=ministry,
        role=api.Role.OFFICER,
        valid_from=date(2026, 3, 1),
        valid_to=date(2026, 3, 31),
    )
    days = [date(2026, 2, 28), date(2026, 3, 1), date(2026, 3, 31), date(2026, 4, 1)]

    assert [seat in api.seats(ministry.pk, on=day) for day in days] == [False, True, True, False]
    assert [seat.is_held_on(day) for day in days] == [False, True, True, False]
    assert list(api.seats(ministry.pk, api.Role.CLERK, on=days[1])) == []


def test_a_person_who_may_not_sign_in_holds_no_seat_to_choose(seat: Seat) -> None:
    seat.person.is_active = False
    seat.person.save()

    assert list(api.seats(seat.organization_id)) == []


def test_one_role_in_one_organization_is_not_held_twice_at_once(seat: Seat) -> None:
    def again(start: date) -> Seat:
        return Seat.objects.create(
            person=seat.person, organization=seat.organization, role=seat.role, valid_from=start
        )

    with pytest.raises(IntegrityError), transaction.atomic():
        again(date(2026, 1, 1))
    seat.valid_to = date(2025, 12, 31)
    seat.save()
    assert again(date(2026, 1, 1)).is_held_on(date(2026, 1, 1))


def test_a_seat_does_not_end_before_it_begins(seat: Seat) -> None:
    seat.valid_to = seat.valid_from - timedelta(days=1)

    with pytest.raises(IntegrityError), transaction.atomic():
        seat.save()


def test_persons_sort_by_given_name_as_vietnamese_lists_do(db: None) -> None:
    for number, name in enumerate(["Trần Văn Ánh", "Lê Thị Anh", "Đỗ Đức", "Bùi An", "Lê Dũng"]):
        Person.objects.create_person(username=f"p{number}", password=None, full_name=name)

    assert [person.full_name for person in Person.objects.all()] == [
        "Bùi An",
        "Lê Thị Anh",
        "Trần Văn Ánh",
        "Lê Dũng",
        "Đỗ Đức",
    ]
