"""A node's database: the owner makes the tables, the application role is bound by row security."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from lienthong.run import node as nodes
from lienthong.run.node import NodeConfig
from lienthong.run.postgres import EmbeddedPostgres


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[NodeConfig, NodeConfig]]:
    """A node prepared twice, as a second start does."""
    directory = tmp_path_factory.mktemp("node")
    node = NodeConfig(name="thu", kind="agency", title="Thử", data_dir=directory / "thu")
    with EmbeddedPostgres(directory / "pg", settings={"fsync": "off"}) as server:
        first = nodes.prepare_database(node, server)
        yield first, nodes.prepare_database(node, server)


def _rows(url: str, query: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(query.encode()).fetchall()


def test_preparing_again_changes_nothing(prepared: tuple[NodeConfig, NodeConfig]) -> None:
    first, second = prepared

    assert first == second


def test_the_application_role_cannot_step_over_row_security(
    prepared: tuple[NodeConfig, NodeConfig],
) -> None:
    node, _ = prepared

    facts = _rows(
        node.database_url,
        "SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb FROM pg_roles"
        " WHERE rolname = current_user",
    )
    owned = _rows(
        node.database_url, "SELECT tablename FROM pg_tables WHERE tableowner = current_user"
    )

    assert facts == [(False, False, False, False)]
    assert owned == []


def test_the_application_role_works_with_rows_and_makes_no_tables(
    prepared: tuple[NodeConfig, NodeConfig],
) -> None:
    node, _ = prepared

    with psycopg.connect(node.database_url) as connection:
        connection.execute("SELECT * FROM directory_organization")
        connection.execute("DELETE FROM django_session")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("CREATE TABLE mine (a int)")
    for statement in (
        "ALTER TABLE directory_organization DISABLE ROW LEVEL SECURITY",
        "TRUNCATE directory_organization",
        "DELETE FROM django_migrations",
    ):
        with (
            psycopg.connect(node.database_url) as connection,
            pytest.raises(psycopg.errors.InsufficientPrivilege),
        ):
            connection.execute(statement)


def test_what_is_append_only_stays_so_by_right_too(
    prepared: tuple[NodeConfig, NodeConfig],
) -> None:
    node, _ = prepared

    for statement in ("UPDATE journal_entry SET act = ''", "DELETE FROM journal_entry"):
        with (
            psycopg.connect(node.database_url) as connection,
            pytest.raises(psycopg.errors.InsufficientPrivilege),
        ):
            connection.execute(statement.encode())


def test_the_extensions_are_there(prepared: tuple[NodeConfig, NodeConfig]) -> None:
    node, _ = prepared

    found = {str(row[0]) for row in _rows(node.database_url, "SELECT extname FROM pg_extension")}

    assert set(nodes.EXTENSIONS) <= found


def test_secrets_are_readable_by_their_owner_only(
    prepared: tuple[NodeConfig, NodeConfig],
) -> None:
    node, _ = prepared

    secrets = [node.secret_key_file, *(node.data_dir / "database").iterdir()]
    assert len(secrets) == 3
    assert {path.stat().st_mode & 0o777 for path in secrets} == {0o600}


def test_a_nodes_environment_holds_no_setting_of_another_node(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIENTHONG_SOMETHING", "of another node")
    monkeypatch.setenv("LIENTHONG_LOG_LEVEL", "DEBUG")
    node = NodeConfig(
        name="bo", kind="agency", title="Bộ", data_dir=tmp_path, database_url="postgresql://x@/y"
    )

    found = node.environment()

    assert "LIENTHONG_SOMETHING" not in found
    assert found["LIENTHONG_LOG_LEVEL"] == "DEBUG"
    assert found["LIENTHONG_NODE"] == "bo"
    assert found["PATH"] == os.environ["PATH"]
