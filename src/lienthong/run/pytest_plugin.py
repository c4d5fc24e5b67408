"""Runs the tests on a real PostgreSQL and in a directory of their own.

Loaded by `-p lienthong.run.pytest_plugin`, before Django reads its settings. The server starts when
the first test asks for the database, so tests of `core` never wait for it. It is the embedded one,
or the one named by LIENTHONG_TEST_DATABASE_URL (a role that may create databases).

Tests connect as a role that is no superuser, so that row security binds them as it binds the pages.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

TEST_ROLE = "lienthong_test"
TEMPLATE = "lienthong_test_template"
UNSAFE_BUT_FAST = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "64MB",
}

_DIRECTORY = Path(tempfile.mkdtemp(prefix="lienthong-test-"))
os.environ["LIENTHONG_DATA_DIR"] = str(_DIRECTORY / "data")
os.environ["LIENTHONG_NODE"] = "test"
os.environ["LIENTHONG_DATABASE_URL"] = f"postgresql://{TEST_ROLE}@/lienthong?host={_DIRECTORY}/none"
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lienthong.run.settings")
(_DIRECTORY / "data").mkdir()


def _scaffold() -> None:
    """Until every context exists: run the tests of those that do. Goes with the last one."""
    import sys  # noqa: PLC0415
    import types  # noqa: PLC0415
    import warnings  # noqa: PLC0415

    from lienthong.run import settings  # noqa: PLC0415

    order = (
        "directory outbox files accounts pki journal exchange.hub exchange.access_point documents"
    )
    paths = [argument for argument in sys.argv[1:] if argument.startswith(("src/", "/"))]
    names = order.split()
    reach = [
        index
        for index, name in enumerate(names)
        for path in paths
        if f"apps/{name.replace('.', '/')}" in path
        or ("apps/exchange" in path and name.startswith("exchange"))
    ]
    if paths and not any("tests/test_main" in path or "/web" in path for path in paths):
        keep = {f"lienthong.apps.{name}" for name in names[: max(reach, default=-1) + 1]}
        settings.INSTALLED_APPS = [
            app for app in settings.INSTALLED_APPS if "lienthong.apps" not in app or app in keep
        ]
        if "lienthong.apps.accounts" not in keep:
            settings.AUTH_USER_MODEL = "auth.User"

    def connect() -> None:
        del sys.modules["lienthong.run.wiring"]
        try:
            import lienthong.run.wiring as real  # noqa: PLC0415

            real.connect()
        except (ImportError, AttributeError) as error:
            sys.stderr.write(f"NOT WIRED YET: {error}\n")
            warnings.resetwarnings()

    stub = types.ModuleType("lienthong.run.wiring")
    stub.connect = connect  # type: ignore[attr-defined]
    sys.modules["lienthong.run.wiring"] = stub
    import lienthong.run as package  # noqa: PLC0415

    package.wiring = stub  # type: ignore[attr-defined]


_scaffold()


def pytest_configure(config: pytest.Config) -> None:
    # Registered last, so that these fixtures replace pytest-django's of the same name.
    config.pluginmanager.register(_Fixtures(), "lienthong-fixtures")


def pytest_unconfigure(config: pytest.Config) -> None:
    shutil.rmtree(_DIRECTORY, ignore_errors=True)


class _Fixtures:
    @pytest.fixture(scope="session")
    def postgres_url(self) -> Iterator[str]:
        """The URL of a running server, as a role that may create databases."""
        from lienthong.run.postgres import (  # noqa: PLC0415  only when a test wants it
            EmbeddedPostgres,
        )

        given = os.environ.get("LIENTHONG_TEST_DATABASE_URL")
        if given:
            _make_template(given)
            yield given
            return
        with EmbeddedPostgres(_DIRECTORY / "postgres", settings=UNSAFE_BUT_FAST) as server:
            _make_role(server.admin_url)
            url = server.url("postgres", TEST_ROLE)
            _make_template(url)
            yield url

    @pytest.fixture(scope="session")
    def django_db_modify_db_settings(self, postgres_url: str) -> None:
        """Point Django at the server before pytest-django makes the test database."""
        from django.conf import settings  # noqa: PLC0415  Django is set up by now
        from django.db import connections  # noqa: PLC0415

        from lienthong.run.settings import database_from_url  # noqa: PLC0415

        wanted: dict[str, Any] = database_from_url(postgres_url)
        wanted["NAME"] = "lienthong"
        database = settings.DATABASES["default"]
        database.update(wanted)
        connection = connections["default"]
        connection.settings_dict.update(wanted)
        connection.settings_dict["TEST"]["TEMPLATE"] = TEMPLATE
        _let_flush_empty_protected_tables(connection)


def _make_role(admin_url: str) -> None:
    import psycopg  # noqa: PLC0415

    with psycopg.connect(admin_url, autocommit=True) as connection:
        connection.execute(
            f"CREATE ROLE {TEST_ROLE} LOGIN CREATEDB CREATEROLE NOSUPERUSER NOBYPASSRLS"
        )


def _make_template(url: str) -> None:
    """Make the database that test databases are copied from: it has the extensions."""
    import psycopg  # noqa: PLC0415

    from lienthong.run.node import EXTENSIONS  # noqa: PLC0415
    from lienthong.run.postgres import with_database  # noqa: PLC0415

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
        original([*off, *statements, *on] if statements else statements)

    connection.ops.execute_sql_flush = execute_sql_flush
