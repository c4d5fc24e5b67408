"""The wall in the database: another organization's rows are not there (TM-X-11)."""

from __future__ import annotations

import threading

import pytest
from django.db import DatabaseError, connection, transaction

from lienthong.apps.accounts import api
from lienthong.apps.accounts import scope as wall

ROLE = "wall_test_reader"


@pytest.fixture
def _walled(db: None) -> None:
    with connection.schema_editor(atomic=True) as editor:
        editor.execute("CREATE TABLE wall_test (id int, organization_id bigint)")
        for statement in api.row_security("wall_test").sql:
            editor.execute(str(statement))
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE ROLE {ROLE} NOSUPERUSER NOBYPASSRLS ROLE current_user")
        cursor.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON wall_test TO {ROLE}")
        cursor.execute(f"SET LOCAL ROLE {ROLE}")
        with api.everywhere():
            cursor.execute("INSERT INTO wall_test VALUES (1, 10), (2, 20), (3, NULL)")


def ids() -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM wall_test ORDER BY id")
        return [row[0] for row in cursor.fetchall()]


def setting() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(current_setting('lienthong.organizations', true), '')")
        return str(cursor.fetchone()[0])


@pytest.mark.usefixtures("_walled")
def test_each_scope_shows_its_own_rows_only() -> None:
    assert ids() == []
    with api.scope(10):
        assert ids() == [1]
        with api.scope(20):
            assert ids() == [2]
        with api.everywhere():
            assert ids() == [1, 2, 3]
        with api.scope():
            assert ids() == []
        assert ids() == [1]
    with api.scope(10, 20):
        assert ids() == [1, 2]
    with api.scope(1, 2, 100):
        assert ids() == []
    assert ids() == []


@pytest.mark.usefixtures("_walled")
def test_a_connection_that_was_never_told_shows_nothing() -> None:
    with connection.cursor() as cursor:
        cursor.execute("RESET lienthong.organizations")

    assert ids() == []


@pytest.mark.usefixtures("_walled")
def test_rows_of_others_cannot_be_written_changed_or_given_away() -> None:
    with api.scope(10), connection.cursor() as cursor:
        cursor.execute("UPDATE wall_test SET id = 9 WHERE organization_id = 20")
        assert cursor.rowcount == 0
        cursor.execute("DELETE FROM wall_test WHERE organization_id = 20")
        assert cursor.rowcount == 0
        for statement in (
            "INSERT INTO wall_test VALUES (4, 20)",
            "INSERT INTO wall_test VALUES (4, NULL)",
            "UPDATE wall_test SET organization_id = 20",
        ):
            with pytest.raises(DatabaseError, match="row-level security"), transaction.atomic():
                cursor.execute(statement)
        assert ids() == [1]


@pytest.mark.usefixtures("_walled")
def test_the_scope_before_comes_back_after_a_failed_statement() -> None:
    with api.scope(10):
        with pytest.raises(DatabaseError), transaction.atomic(), api.scope(20):
            _fail()
        assert ids() == [1]
        with pytest.raises(DatabaseError), api.scope(20), transaction.atomic():
            _fail()
        assert ids() == [1]
    assert ids() == []


def _fail() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1/0")


@pytest.mark.django_db(transaction=True)
def test_a_connection_opened_inside_a_scope_is_told_of_it() -> None:
    connection.close()

    with api.scope(7):
        assert setting() == "7"
    assert setting() == ""


@pytest.mark.django_db(transaction=True)
def test_a_scope_is_of_one_thread() -> None:
    seen: list[str] = []

    def look() -> None:
        seen.append(setting())
        connection.close()

    with api.everywhere():
        other = threading.Thread(target=look)
        other.start()
        other.join()

    assert seen == [""]


@pytest.mark.django_db
def test_events_and_jobs_are_kept_to_their_organization() -> None:
    with api.everywhere():
        with wall.scope_of({"organization_id": 5}):
            assert setting() == "5"
        with wall.scope_of({"name": "no organization"}):
            assert setting() == ""


@pytest.mark.django_db
def test_the_tests_themselves_do_not_stand_above_the_wall() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user")
        assert cursor.fetchone() == (False, False)
