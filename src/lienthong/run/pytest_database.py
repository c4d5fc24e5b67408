"""The database of the tests: fixtures that replace pytest-django's, loaded by `pytest_plugin`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.db import connections

from lienthong.run.node import EXTENSIONS
from lienthong.run.postgres import EmbeddedPostgres, with_database
from lienthong.run.pytest_plugin import DIRECTORY
from lienthong.run.settings import database_from_url

TEST_ROLE = "lienthong_test"
TEMPLATE = "lienthong_test_template"
UNSAFE_BUT_FAST = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "64MB",
}


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The URL of a running server, as a role that may create databases."""
    given = os.environ.get("LIENTHONG_TEST_DATABASE_URL")
    if given:
        _make_template(given)
        yield given
        return
    with EmbeddedPostgres(DIRECTORY / "postgres", settings=UNSAFE_BUT_FAST) as server:
        _make_role(server.admin_url)
        url = server.url("postgres", TEST_ROLE)
        _make_template(url)
        yield url


@pytest.fixture(scope="session")
def django_db_modify_db_settings(postgres_url: str) -> None:
    """Point Django at the server before pytest-django makes the test database."""
    wanted: dict[str, Any] = database_from_url(postgres_url)
    wanted["NAME"] = "lienthong"
    database = settings.DATABASES["default"]
    database.update(wanted)
    connection = connections["default"]
    connection.settings_dict.update(wanted)
    connection.settings_dict["TEST"]["TEMPLATE"] = TEMPLATE
    _let_flush_empty_protected_tables(connection)


def _make_role(admin_url: str) -> None:
    with psycopg.connect(admin_url, autocommit=True) as connection:
        connection.execute(
            f"CREATE ROLE {TEST_ROLE} LOGIN CREATEDB CREATEROLE NOSUPERUSER NOBYPASSRLS"
        )


def _make_template(url: str) -> None:
    """Make the database that test databases are copied from: it has the extensions."""
    with psycopg.connect(url, autocommit=True) as connection:
        found = connection.execute(
            "SELECT 1 FROM pg_database WHERE datname = %s", [TEMPLATE]
        ).fetchone()
        if not found:
            connection.execute(
                f"CREATE DATABASE {TEMPLATE} TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8'"
            )
    with psycopg.connect(with_database(url, TEMPLATE), autocommit=True) as connection:
        for name in EXTENSIONS:
            connection.execute(f"CREATE EXTENSION IF NOT EXISTS {name}")


def _let_flush_empty_protected_tables(connection: Any) -> None:
    """Let a test's clean-up TRUNCATE tables whose triggers refuse it (the journal).

    Only the owner of a table can do this; the role of the running system is not the owner.
    """
    original = connection.ops.execute_sql_flush

    def execute_sql_flush(statements: list[str]) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT DISTINCT tgrelid::regclass::text FROM pg_trigger"
                " WHERE NOT tgisinternal AND tgtype & 32 <> 0"  # 32: fires on TRUNCATE
            )
            tables = [row[0] for row in cursor.fetchall()]
        off = [f"ALTER TABLE {table} DISABLE TRIGGER USER;" for table in tables]
        on = [f"ALTER TABLE {table} ENABLE TRIGGER USER;" for table in tables]
        # The queue's tables are not managed by Django, so its flush would leave their rows.
        queue = "TRUNCATE procrastinate_jobs CASCADE;"
        original([*off, queue, *statements, *on] if statements else statements)

    connection.ops.execute_sql_flush = execute_sql_flush
