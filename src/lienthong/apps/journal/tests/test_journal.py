"""The journal only grows, in one chain, and says so when somebody made it otherwise."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from lienthong.apps.accounts import api as accounts
from lienthong.apps.directory import api as directory
from lienthong.apps.journal import api, rules
from lienthong.apps.journal.models import Entry, Head
from lienthong.apps.outbox import api as outbox
from lienthong.core.signing import canonical_json


@pytest.fixture
def ministry(db: None) -> directory.Organization:
    return directory.register(name="Bộ Thử nghiệm", codes={directory.Scheme.QD20: "G99"})


def write(organization_id: int | None, count: int = 1, **more: Any) -> list[Entry]:
    with transaction.atomic():
        return [
            api.record(
                organization_id=organization_id,
                act="documents.registered",
                subject="incoming:1",
                **more,
            )
            for _ in range(count)
        ]


def run(sql: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


def test_an_entry_says_who_did_what_to_what(ministry: directory.Organization) -> None:
    person = accounts.Person.objects.create_person(
        username="lan", password=None, full_name="Lê Thị Lan"
    )
    seat = accounts.Seat.objects.create(
        person=person,
        organization=ministry,
        role=accounts.Role.CLERK,
        position="Văn thư",
        valid_from=date(2026, 1, 1),
    )
    with accounts.scope(ministry.pk):
        write(ministry.pk, actor=accounts.actor_in(seat), facts={"số đến": 7})

        [entry] = api.history("incoming:1")
        assert (entry.person_id, entry.actor_name, entry.seat_id) == (
            person.pk,
            "Lê Thị Lan",
            seat.pk,
        )
        assert (entry.actor_roles, entry.actor_position) == (["clerk"], "Văn thư")
        assert (entry.act, entry.facts) == ("documents.registered", {"số đến": 7})
        assert api.check_chain(ministry.pk) == 1


def test_entries_follow_one_another(ministry: directory.Organization) -> None:
    with accounts.scope(ministry.pk):
        entries = write(ministry.pk, 3)

        assert [entry.sequence for entry in entries] == [1, 2, 3]
        assert entries[0].previous_hash == ""
        assert [entry.previous_hash for entry in entries[1:]] == [e.hash for e in entries[:2]]
        assert api.check_chain(ministry.pk) == 3


def test_the_act_and_its_entry_stand_or_fall_together(ministry: directory.Organization) -> None:
    with accounts.scope(ministry.pk):
        write(ministry.pk)
        with pytest.raises(ZeroDivisionError):
            _write_and_fail(ministry.pk)

        assert api.check_chain(ministry.pk) == 1


@transaction.atomic
def _write_and_fail(organization_id: int) -> None:
    write(organization_id)
    raise ZeroDivisionError


@pytest.mark.django_db(transaction=True)
def test_an_entry_outside_of_a_transaction_is_refused() -> None:
    with pytest.raises(RuntimeError):
        api.record(organization_id=None, act="a.b", subject="c:1")


def test_entries_are_never_changed_removed_or_emptied(ministry: directory.Organization) -> None:
    with accounts.everywhere():
        write(ministry.pk)
        run("SET CONSTRAINTS ALL IMMEDIATE")
        for statement in (
            "UPDATE journal_entry SET act = 'x'",
            "UPDATE journal_entry SET facts = facts",
            "DELETE FROM journal_entry",
            "TRUNCATE journal_entry",
            "TRUNCATE journal_entry, journal_head CASCADE",
            "TRUNCATE directory_organization CASCADE",
            "DELETE FROM journal_head",
            "TRUNCATE journal_head",
        ):
            with pytest.raises(DatabaseError, match="append-only"):
                run(statement)
        assert api.check_chain(ministry.pk) == 1


def test_an_organization_with_a_journal_cannot_be_deleted(
    ministry: directory.Organization,
) -> None:
    with accounts.everywhere():
        write(ministry.pk)
        with pytest.raises(DatabaseError):
            run("DELETE FROM directory_organization; SET CONSTRAINTS ALL IMMEDIATE")


@pytest.mark.parametrize(
    ("tamper", "first_bad"),
    [
        ("UPDATE journal_entry SET act = 'documents.refused' WHERE sequence = 3", 3),
        ("UPDATE journal_entry SET facts = '{\"n\": 2}' WHERE sequence = 1", 1),
        ("UPDATE journal_entry SET at = at + interval '1 microsecond' WHERE sequence = 2", 2),
        ("UPDATE journal_entry SET actor_name = 'Ai' WHERE sequence = 2", 2),
        ("DELETE FROM journal_entry WHERE sequence = 2", 2),
        ("DELETE FROM journal_entry WHERE sequence = 5", 5),
        ("DELETE FROM journal_entry", 1),
        ("UPDATE journal_entry SET sequence = sequence + 10 WHERE sequence = 4", 4),
    ],
)
def test_what_the_owner_of_the_database_does_is_found(
    ministry: directory.Organization, tamper: str, first_bad: int
) -> None:
    with accounts.everywhere():
        write(ministry.pk, 5)
        run("SET CONSTRAINTS ALL IMMEDIATE")
        run(f"ALTER TABLE journal_entry DISABLE TRIGGER USER; {tamper}")

        with pytest.raises(api.ChainBroken) as found:
            api.check_chain(ministry.pk)
    assert found.value.facts["sequence"] == first_bad


def test_each_organization_sees_its_own_chain_only(ministry: directory.Organization) -> None:
    province = directory.register(name="Tỉnh Thử nghiệm", codes={})
    with accounts.everywhere():
        write(ministry.pk)
        write(province.pk)
    write(None)

    with accounts.scope(province.pk):
        assert [entry.organization_id for entry in api.history("incoming:1")] == [province.pk]
        with pytest.raises(DatabaseError, match="row-level security"):
            write(ministry.pk)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM journal_entry")
        assert cursor.fetchone() == (0,)
    assert api.check_chain(None) == 1


@pytest.mark.parametrize(
    "text",
    ["a\r\nINFO forged", "\x1b[2J", "\u202egnp.exe", "a\0b", "\ud800", "x" * 1_000_000],
    ids=["line", "escape", "direction", "null", "half a pair", "long"],
)
def test_no_text_makes_more_than_one_entry(ministry: directory.Organization, text: str) -> None:
    with accounts.scope(ministry.pk):
        write(ministry.pk, facts={"text": text, text[:10]: 1})

        assert api.check_chain(ministry.pk) == 1
        assert len(api.history("incoming:1")) == 1


facts = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.datetimes(timezones=st.just(UTC)),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(facts)
def test_facts_hash_the_same_when_they_are_read_back(value: Any) -> None:
    cleaned = rules.clean(value)

    assert canonical_json(json.loads(json.dumps(cleaned))) == canonical_json(cleaned)


def test_a_fraction_is_no_fact() -> None:
    with pytest.raises(TypeError):
        rules.clean({"share": 0.1})


@pytest.mark.django_db(transaction=True)
def test_many_writers_make_one_chain() -> None:
    organization = directory.register(name="Bộ Thử nghiệm", codes={})
    failures: list[BaseException] = []

    def writer() -> None:
        try:
            with accounts.scope(organization.pk):
                for _ in range(5):
                    write(organization.pk)
        except BaseException as error:  # shown by the assertion in the test's own thread
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=writer) for _ in range(64)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    with accounts.scope(organization.pk):
        assert api.check_chain(organization.pk) == 64 * 5
        assert Head.objects.get(organization=organization).sequence == 64 * 5


def test_the_door_is_written_down(ministry: directory.Organization) -> None:
    person = accounts.Person.objects.create_person(
        username="lan", password=None, full_name="Lê Thị Lan"
    )
    seat = accounts.Seat.objects.create(
        person=person, organization=ministry, role=accounts.Role.CLERK, valid_from=date(2026, 1, 1)
    )
    handlers: dict[type, tuple[Callable[[Any], None], ...]] = {
        accounts.SignedIn: (api.take_signed_in,),
        accounts.SeatTaken: (api.take_seat_taken,),
        accounts.SignInFailed: (api.take_sign_in_failed,),
    }
    at = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
    with outbox.only(handlers):
        outbox.publish(accounts.SignedIn(ministry.pk, seat.pk, "203.0.113.5", at))
        outbox.publish(accounts.SeatTaken(ministry.pk, seat.pk, "203.0.113.5", at))
        outbox.publish(accounts.SignInFailed(None, "198.51.100.7", at))
        outbox.run_pending()

    with accounts.everywhere():
        acts = [entry.act for entry in api.history(f"person:{person.pk}")]
        assert acts == ["accounts.signed_in", "accounts.seat_taken"]
        [failed] = api.history("person:unknown")
        assert failed.facts["address"] == "198.51.100.7"
