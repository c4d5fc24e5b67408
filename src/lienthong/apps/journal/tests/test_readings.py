"""Every look is written down, bound into the chain, read by auditors alone (TM-A-08, DX-113)."""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta
from pathlib import Path

import psycopg
import pytest
from django.db import connection, transaction
from django.db.utils import InternalError, ProgrammingError
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from lienthong.apps.accounts import api as accounts
from lienthong.apps.directory import api as directory
from lienthong.apps.journal import api, reading
from lienthong.apps.journal.models import Reading

pytestmark = pytest.mark.django_db
PAPER = "incoming:0b6e"


@pytest.fixture
def ministry(settings: Settings, tmp_path: Path) -> directory.Organization:
    settings.DATA_DIR = tmp_path
    Path(settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)
    return directory.register(name="Bộ Thử nghiệm", codes={directory.Scheme.QD20: "G99"})


def sit(home: directory.Organization, role: accounts.Role, name: str) -> accounts.Seat:
    person = accounts.Person.objects.create_person(username=name, password=None, full_name=name)
    return accounts.Seat.objects.create(
        person=person, organization=home, role=role, valid_from=date(2020, 1, 1)
    )


@pytest.fixture
def officer(ministry: directory.Organization) -> accounts.Seat:
    return sit(ministry, accounts.Role.OFFICER, "Nguyễn Thị Đọc")


@pytest.fixture
def auditor(client: Client, ministry: directory.Organization) -> Client:
    seat = sit(ministry, accounts.Role.AUDITOR, "Trần Giám Sát")
    client.force_login(seat.person)
    now, session = int(timezone.now().timestamp()), client.session
    session.update({"seat": seat.pk, "seen_at": now, "signed_in_at": now, "proved_at": now})
    session.save()
    return client


def look(seat: accounts.Seat, subject: str = PAPER, part: str = "") -> None:
    with accounts.scope(seat.organization_id):
        api.note_reading(accounts.actor_in(seat), subject, part)


def begin_chain(seat: accounts.Seat) -> None:
    with accounts.scope(seat.organization_id), transaction.atomic():
        api.record(organization_id=seat.organization_id, act="test.begun", subject=PAPER)


def test_ten_looks_are_ten_rows_and_one_entry_of_the_chain(
    officer: accounts.Seat, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin_chain(officer)
    for number in range(10):
        look(officer, part=f"trang {number}")

    assert api.bind() == 0  # they settle first
    monkeypatch.setattr(reading, "SETTLED_AFTER", timedelta(0))
    assert (api.bind(), api.bind()) == (10, 0)
    look(officer)
    assert api.bind() == 1

    with accounts.scope(officer.organization_id):
        assert api.check_readings(officer.organization_id) == 11
        assert api.check_chain(officer.organization_id) == 3


@pytest.mark.parametrize(
    "forge",
    [
        "UPDATE journal_reading SET actor_name = 'Ai khác'",
        "DELETE FROM journal_reading WHERE part = 'b'",
    ],
)
def test_a_look_cannot_be_changed_and_who_forces_it_is_found(
    officer: accounts.Seat, monkeypatch: pytest.MonkeyPatch, forge: str
) -> None:
    """TM-A-03, and TM-A-05 for whoever owns the table."""
    monkeypatch.setattr(reading, "SETTLED_AFTER", timedelta(0))
    begin_chain(officer)
    for part in "abc":
        look(officer, part=part)
    api.bind()

    with accounts.scope(officer.organization_id), connection.cursor() as cursor:
        with pytest.raises((InternalError, ProgrammingError, psycopg.Error)), transaction.atomic():
            cursor.execute(forge)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE journal_reading DISABLE TRIGGER USER")
        cursor.execute(forge)
        cursor.execute("ALTER TABLE journal_reading ENABLE TRIGGER USER")
        with pytest.raises(api.ReadingsChanged):
            api.check_readings(officer.organization_id)


def test_another_organization_sees_no_look(officer: accounts.Seat) -> None:
    """TM-X-11."""
    look(officer)

    with accounts.scope(officer.organization_id + 1):
        assert not Reading.objects.exists()


def test_whoever_stands_in_is_named_with_whom_they_stand_in_for(
    officer: accounts.Seat, ministry: directory.Organization
) -> None:
    leader = sit(ministry, accounts.Role.LEADER, "Lê Lãnh Đạo")
    today = timezone.localdate()
    made = accounts.delegate(
        giver=leader,
        holder=officer,
        kind=accounts.DelegationKind.ABSENCE,
        powers=[accounts.Power.VIEW],
        valid_from=today,
        valid_to=today,
        basis="Giấy ủy quyền",
        entered_by=leader,
    )
    actor = accounts.actor_standing_in(made)
    with accounts.scope(ministry.pk), transaction.atomic():
        api.note_reading(actor, PAPER)
        entry = api.record(organization_id=ministry.pk, act="test.done", subject=PAPER, actor=actor)
        [seen] = api.readings(PAPER)

    assert (seen.actor_name, seen.stands_in_for) == ("Nguyễn Thị Đọc", "Lê Lãnh Đạo")
    assert entry.actor_name == "Nguyễn Thị Đọc"
    assert entry.facts == {"stands_in_for": "Lê Lãnh Đạo", "delegation": made.pk}


def test_an_auditor_finds_looks_and_acts_without_accents(
    auditor: Client, officer: accounts.Seat
) -> None:
    begin_chain(officer)
    look(officer, part="=HYPERLINK(1)")

    acts = auditor.get("/lich-su/", {"q": "begun"}).content.decode()
    looks = auditor.get("/lich-su/", {"q": "nguyen doc", "kind": "xem"}).content.decode()
    nothing = auditor.get("/lich-su/", {"q": "khongco", "kind": "xem"}).content.decode()
    whole = auditor.get("/lich-su/doi-tuong", {"ma": PAPER}).content.decode()

    assert "test.begun" in acts
    assert "Nguyễn Thị Đọc" in looks
    assert "Không tìm thấy gì" in nothing
    assert "test.begun" in whole
    assert "Nguyễn Thị Đọc" in whole


def test_what_an_auditor_takes_out_is_written_down_and_holds_no_formula(
    auditor: Client, officer: accounts.Seat
) -> None:
    """TM-R-E, TM-X-07."""
    look(officer, part="=HYPERLINK(1)")

    answer = auditor.post("/lich-su/xuat", {"kind": "xem"})

    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert rows[1][-1] == "'=HYPERLINK(1)"
    with accounts.scope(officer.organization_id):
        [entry] = api.history(f"journal:{officer.organization_id}")
    assert (entry.act, entry.facts["rows"]) == ("journal.exported", 1)
    session = auditor.session
    session["proved_at"] -= 600
    session.save()
    assert auditor.post("/lich-su/xuat")["Location"].startswith("/tai-khoan/xac-nhan")


@pytest.mark.parametrize("path", ["/lich-su/", "/lich-su/doi-tuong"])
def test_nobody_else_reads_the_journal(client: Client, officer: accounts.Seat, path: str) -> None:
    client.force_login(officer.person)
    now, session = int(timezone.now().timestamp()), client.session
    session.update({"seat": officer.pk, "seen_at": now, "signed_in_at": now})
    session.save()

    assert client.get(path).status_code == 403
