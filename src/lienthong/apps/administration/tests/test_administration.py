"""Units, people, seats, days: changed by administrators, by two where it must be, in a journal."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from lienthong.apps.accounts import api as accounts
from lienthong.apps.accounts.api import Actor, Person, Role, Seat
from lienthong.apps.administration import calendars, handover, people, rules, units
from lienthong.apps.administration.models import SeatGrant
from lienthong.apps.directory import api as directory
from lienthong.apps.directory.api import Unit, UnitMove
from lienthong.apps.journal import api as journal
from lienthong.core.workclock import VIETNAM

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()
NEXT_YEAR = TODAY + timedelta(days=365)


@pytest.fixture
def home(settings: Settings, tmp_path: Path) -> Iterator[directory.Organization]:
    settings.DATA_DIR = tmp_path
    Path(settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)
    made = directory.register(name="Sở Thử nghiệm", codes={directory.Scheme.QD20: "H99.77"})
    with accounts.scope(made.pk):
        yield made


def sit(home: directory.Organization, role: Role, name: str, unit: Unit | None = None) -> Seat:
    person = Person.objects.create_person(username=name, password=None, full_name=name)
    return Seat.objects.create(
        person=person, organization=home, role=role, unit=unit, valid_from=date(2020, 1, 1)
    )


@pytest.fixture
def admin(home: directory.Organization) -> Actor:
    return accounts.actor_in(sit(home, Role.ADMINISTRATOR, "Trần Quản Trị"))


@pytest.fixture
def office(home: directory.Organization) -> Unit:
    return directory.add_unit(organization=home, name="Văn phòng", code="VP")


@pytest.fixture
def division(home: directory.Organization, office: Unit) -> Unit:
    return directory.add_unit(organization=home, name="Phòng Tổng hợp", code="TH", parent=office)


def acts(subject: str) -> list[str]:
    return [entry.act for entry in journal.history(subject)]


# Units


def test_a_renamed_unit_is_still_known_by_its_old_name_on_old_days(
    admin: Actor, division: Unit
) -> None:
    units.decide(
        admin,
        division,
        UnitMove.RENAME,
        effective_on=TODAY,
        basis="Quyết định 12/QĐ-SNV",
        name="Phòng Hành chính",
    )

    division.refresh_from_db()
    assert division.name == "Phòng Hành chính"
    assert directory.name_on(division, TODAY - timedelta(days=1)) == "Phòng Tổng hợp"
    assert acts(f"unit:{division.pk}") == ["administration.unit_decided"]


def test_a_decision_waits_for_its_day_and_may_be_withdrawn_until_then(
    admin: Actor, home: directory.Organization, office: Unit, division: Unit
) -> None:
    day = TODAY + timedelta(days=10)
    change = units.decide(
        admin, division, UnitMove.MOVE, effective_on=day, basis="QĐ 1", target=None
    )

    assert [(node.unit, node.depth) for node in directory.unit_tree(home.pk)] == [
        (office, 0),
        (division, 1),
    ]
    assert units.carry_out_due(day - timedelta(days=1)) == 0
    assert (units.carry_out_due(day), units.carry_out_due(day)) == (1, 0)
    assert {node.depth for node in directory.unit_tree(home.pk)} == {0}
    with pytest.raises(directory.UnitChangeRefused):
        directory.withdraw(change)


def test_the_people_of_a_merged_unit_go_with_it(
    admin: Actor, home: directory.Organization, office: Unit, division: Unit
) -> None:
    seat = sit(home, Role.OFFICER, "Lê Chuyên Viên", division)

    units.decide(admin, division, UnitMove.MERGE, effective_on=TODAY, basis="QĐ 2", target=office)

    seat.refresh_from_db()
    division.refresh_from_db()
    assert (seat.unit, division.heir) == (office, office)
    assert [node.unit for node in directory.unit_tree(home.pk)] == [office]


def test_a_unit_with_people_or_units_below_is_not_abolished(
    admin: Actor, home: directory.Organization, office: Unit, division: Unit
) -> None:
    """A unit abolished with open work: what is open is told, and must be handed on first."""
    seat = sit(home, Role.OFFICER, "Lê Chuyên Viên", division)

    with pytest.raises(rules.WorkLeft) as refused:
        units.decide(admin, division, UnitMove.ABOLISH, effective_on=TODAY, basis="QĐ 3")
    assert refused.value.facts["seats"] == 1
    with pytest.raises(directory.UnitChangeRefused):
        units.decide(admin, office, UnitMove.ABOLISH, effective_on=TODAY, basis="QĐ 3")
    Seat.objects.filter(pk=seat.pk).update(valid_to=TODAY - timedelta(days=1))
    units.decide(admin, division, UnitMove.ABOLISH, effective_on=TODAY, basis="QĐ 3")
    assert [node.unit for node in directory.unit_tree(home.pk)] == [office]


def test_a_unit_does_not_move_below_itself_or_to_another_agency(
    admin: Actor, office: Unit, division: Unit
) -> None:
    other = directory.register(name="Sở Khác", codes={directory.Scheme.QD20: "H99.78"})
    elsewhere = directory.add_unit(organization=other, name="Phòng Khác")

    for target in (division, office, elsewhere):
        with pytest.raises(directory.UnitChangeRefused):
            units.decide(
                admin, office, UnitMove.MOVE, effective_on=TODAY, basis="QĐ 4", target=target
            )


# People and seats


def test_nobody_changes_their_own_rights(admin: Actor) -> None:
    """TM-X-12."""
    own = Person.objects.get(pk=admin.person_id)

    with pytest.raises(rules.OwnRights):
        people.give_seat(admin, own, role=Role.LEADER, valid_from=TODAY, valid_to=NEXT_YEAR)
    with pytest.raises(rules.OwnRights):
        people.end_seat(admin, Seat.objects.get(pk=admin.seat_id), TODAY)
    with pytest.raises(rules.OwnRights):
        people.new_password(admin, own)


def test_an_administrator_is_made_by_two_persons(
    admin: Actor, home: directory.Organization
) -> None:
    """TM-X-12: proposed by one, granted by another, for a year at most."""
    leader = accounts.actor_in(sit(home, Role.LEADER, "Lê Lãnh Đạo"))
    officer = accounts.actor_in(sit(home, Role.OFFICER, "Hồ Chuyên Viên"))
    person = Person.objects.get(pk=officer.person_id)
    grant = people.give_seat(
        admin, person, role=Role.ADMINISTRATOR, valid_from=TODAY, valid_to=NEXT_YEAR
    )

    assert isinstance(grant, SeatGrant)
    for nobody in (admin, officer):
        with pytest.raises(accounts.Forbidden):
            people.decide_grant(nobody, grant.pk, is_granted=True)
    assert not person.seats.filter(role=Role.ADMINISTRATOR).exists()
    people.decide_grant(leader, grant.pk, is_granted=True)
    assert person.seats.get(role=Role.ADMINISTRATOR).valid_to == NEXT_YEAR
    with pytest.raises(rules.GrantUnknown):
        people.decide_grant(leader, grant.pk, is_granted=True)
    assert acts(f"person:{person.pk}") == [
        "administration.seat_proposed",
        "administration.grant_decided",
        "administration.seat_given",
    ]


@pytest.mark.parametrize(
    ("role", "days"),
    [(Role.ADMINISTRATOR, 400), (Role.OFFICER, 5 * 367), (Role.OFFICER, -1)],
    ids=["administrator", "officer", "backwards"],
)
def test_every_seat_ends(admin: Actor, home: directory.Organization, role: Role, days: int) -> None:
    person = sit(home, Role.CLERK, "Vũ Văn Thư").person

    with pytest.raises(rules.SeatRefused):
        people.give_seat(
            admin, person, role=role, valid_from=TODAY, valid_to=TODAY + timedelta(days=days)
        )


def test_an_account_that_works_elsewhere_too_is_not_locked_from_here(
    admin: Actor, home: directory.Organization
) -> None:
    person = sit(home, Role.CLERK, "Vũ Văn Thư").person
    other = directory.register(name="Sở Khác", codes={directory.Scheme.QD20: "H99.78"})
    Seat.objects.create(person=person, organization=other, role=Role.CLERK, valid_from=TODAY)

    with pytest.raises(rules.PersonElsewhere):
        people.set_locked(admin, person, is_locked=True)


# Days


def test_a_day_of_the_agency_moves_its_deadlines_and_no_others(admin: Actor) -> None:
    """Days off are dated data with their basis; the country's calendar stays beneath."""
    monday = date(2027, 3, 1)
    friday = datetime(2027, 2, 26, 15, tzinfo=VIETNAM)
    before = calendars.calendar(admin.organization_id).next_working_morning_end(friday)
    calendars.set_day(admin, on=monday, is_working=False, name="Ngày truyền thống", basis="QĐ 5")

    moved = calendars.calendar(admin.organization_id).next_working_morning_end(friday)
    assert (before.date(), moved.date()) == (monday, monday + timedelta(days=1))
    assert calendars.calendar(0).next_working_morning_end(friday) == before
    calendars.unset_day(admin, monday)
    assert calendars.calendar(admin.organization_id).next_working_morning_end(friday) == before
    assert acts("day:2027-03-01") == ["administration.day_set", "administration.day_unset"]


# Pages


@pytest.fixture
def desk(client: Client, admin: Actor) -> Client:
    """The administrator's browser, with a proof of a moment ago."""
    client.force_login(Person.objects.get(pk=admin.person_id))
    now, session = int(timezone.now().timestamp()), client.session
    session.update({"seat": admin.seat_id, "seen_at": now, "signed_in_at": now, "proved_at": now})
    session.save()
    return client


def test_somebody_new_is_entered_and_found_without_accents(desk: Client, office: Unit) -> None:
    form = {
        "full_name": "Đỗ Thị Ánh Tuyết",
        "username": "tuyetdt",
        "role": "officer",
        "unit": office.pk,
        "position": "Chuyên viên chính",
        "valid_from": TODAY.isoformat(),
        "valid_to": NEXT_YEAR.isoformat(),
    }

    shown = desk.post("/quan-tri/nguoi-dung/them", form)
    again = desk.post("/quan-tri/nguoi-dung/them", form)

    assert shown.status_code == 200
    person = Person.objects.get(username="tuyetdt")
    assert person.password_is_given
    assert person.check_password(shown.context["password"])
    assert (again.status_code, "đã có người dùng" in again.content.decode()) == (422, True)
    found = desk.get("/quan-tri/nguoi-dung/", {"q": "do anh tuyet"}).content.decode()
    assert "Đỗ Thị Ánh Tuyết" in found
    assert desk.get("/quan-tri/nguoi-dung/", {"q": "khong co"}).status_code == 200


def test_every_page_of_administration_opens(desk: Client, office: Unit, division: Unit) -> None:
    person = Person.objects.get()
    pages = [
        *("don-vi/", f"don-vi/{office.pk}", "nguoi-dung/", f"nguoi-dung/{person.pk}"),
        *("nguoi-dung/them", "giao-quyen/", "uy-quyen/", "ban-giao/", "lich/?nam=2026"),
    ]

    assert [desk.get(f"/quan-tri/{page}").status_code for page in pages] == [200] * len(pages)


def test_a_refused_decision_is_shown_with_what_was_typed(
    desk: Client, office: Unit, division: Unit
) -> None:
    answer = desk.post(
        f"/quan-tri/don-vi/{office.pk}",
        {"move": "abolish", "effective_on": TODAY.isoformat(), "basis": "QĐ 9"},
    )

    assert answer.status_code == 422
    assert "còn đơn vị trực thuộc" in answer.content.decode()
    assert "QĐ 9" in answer.content.decode()


def test_a_change_asks_for_a_fresh_proof_and_other_roles_are_refused(
    desk: Client, client: Client, home: directory.Organization
) -> None:
    """TM-X-07, TM-X-10."""
    session = desk.session
    session["proved_at"] -= 600
    session.save()
    assert desk.post("/quan-tri/don-vi/", {"name": "A"})["Location"].startswith(
        "/tai-khoan/xac-nhan"
    )

    clerk = sit(home, Role.CLERK, "Vũ Văn Thư")
    client.force_login(clerk.person)
    now, session = int(timezone.now().timestamp()), client.session
    session.update({"seat": clerk.pk, "seen_at": now, "signed_in_at": now, "proved_at": now})
    session.save()
    for page in ("don-vi/", "nguoi-dung/", "uy-quyen/", "ban-giao/", "lich/", "giao-quyen/"):
        assert client.get(f"/quan-tri/{page}").status_code == 403


def test_a_leader_lets_somebody_act_and_takes_it_back(
    client: Client, home: directory.Organization
) -> None:
    leader, deputy = sit(home, Role.LEADER, "Lê Lãnh Đạo"), sit(home, Role.UNIT_HEAD, "Hồ Phó")
    client.force_login(leader.person)
    now, session = int(timezone.now().timestamp()), client.session
    session.update({"seat": leader.pk, "seen_at": now, "signed_in_at": now, "proved_at": now})
    session.save()
    form = {
        "giver": leader.pk,
        "holder": deputy.pk,
        "kind": "absence",
        "powers": ["direct"],
        "valid_from": TODAY.isoformat(),
        "valid_to": (TODAY + timedelta(days=7)).isoformat(),
        "basis": "Giấy ủy quyền số 3",
    }

    assert client.post("/quan-tri/uy-quyen/", form).status_code == 302
    [made] = accounts.in_force(TODAY)
    assert client.post("/quan-tri/uy-quyen/", form | {"giver": deputy.pk}).status_code == 422
    client.post(f"/quan-tri/uy-quyen/{made.pk}/thu-hoi")
    assert not accounts.in_force(TODAY).exists()
    assert acts(f"seat:{leader.pk}") == [
        "administration.delegated",
        "administration.delegation_revoked",
    ]


# Hand-over


def test_work_goes_to_somebody_who_is_there(admin: Actor, home: directory.Organization) -> None:
    gone = sit(home, Role.LEADER, "Lê Lãnh Đạo")
    Seat.objects.filter(pk=gone.pk).update(valid_to=TODAY - timedelta(days=1))
    gone.refresh_from_db()

    with pytest.raises(rules.HandOverRefused):
        handover.hand_over(admin, sit(home, Role.LEADER, "Hồ Mới"), gone)
    assert handover.left_behind(home.pk) == []
