"""The embedded PostgreSQL starts and stops for root and for an ordinary user."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from django.db import connection

from lienthong.run import postgres
from lienthong.run.postgres import NOBODY, EmbeddedPostgres, Identity, with_database

FAST = {"fsync": "off", "shared_buffers": "16MB"}


@pytest.fixture
def directory() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="lt-pg-") as found:
        yield Path(found)


def _answer(server: EmbeddedPostgres, sql: str) -> str:
    with psycopg.connect(server.admin_url) as session:
        row = session.execute(sql.encode()).fetchone()
    assert row
    return str(row[0])


@pytest.mark.django_db
def test_the_tests_run_on_postgresql_as_a_role_bound_by_row_security() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user")
        above_the_rules = cursor.fetchone()[0]
        cursor.execute("SELECT extname FROM pg_extension")
        extensions = {row[0] for row in cursor.fetchall()}

    assert not above_the_rules
    assert {"pg_trgm", "unaccent", "citext", "pgcrypto"} <= extensions


def test_it_starts_keeps_its_data_and_stops(directory: Path) -> None:
    with EmbeddedPostgres(directory / "pg", settings=FAST) as server:
        first = server.pid
        assert _answer(server, "SHOW server_encoding") == "UTF8"
        assert _answer(server, "SELECT datcollate FROM pg_database LIMIT 1") == "C.UTF-8"
        with psycopg.connect(server.admin_url) as session:
            session.execute("CREATE TABLE kept (name text)")
        assert (server.socket_directory.stat().st_mode & 0o777) == 0o700

    with EmbeddedPostgres(directory / "pg", settings=FAST) as server:
        assert server.pid != first
        assert _answer(server, "SELECT count(*) FROM kept") == "0"

    assert not Path(f"/proc/{first}").exists()


def test_it_starts_again_at_once_after_kill_9(directory: Path) -> None:
    first = EmbeddedPostgres(directory / "pg", settings=FAST)
    first.start()
    assert first.pid
    os.kill(first.pid, signal.SIGKILL)
    first.stop()

    with EmbeddedPostgres(directory / "pg", settings=FAST) as second:
        assert _answer(second, "SELECT 1") == "1"


def test_a_second_server_on_the_same_data_is_refused(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "RETRY_WITHIN_S", 0.1)
    with EmbeddedPostgres(directory / "pg", settings=FAST) as first:
        second = EmbeddedPostgres(directory / "pg", settings=FAST)

        with pytest.raises(postgres.PostgresRunning) as refused:
            second.start()

        assert refused.value.facts["pid"] == str(first.pid)
        assert _answer(first, "SELECT 1") == "1"


def test_a_lock_left_by_a_dead_server_does_not_block(directory: Path) -> None:
    with EmbeddedPostgres(directory / "pg", settings=FAST) as server:
        pass
    (server.data / "postmaster.pid").write_text(f"{os.getpid()}\n{server.data}\n0\n")

    with EmbeddedPostgres(directory / "pg", settings=FAST) as server:
        assert _answer(server, "SELECT 1") == "1"


def test_a_path_too_long_for_a_socket_gets_a_short_one(directory: Path) -> None:
    with EmbeddedPostgres(directory / ("d" * 120) / "pg", settings=FAST) as server:
        assert server.socket_directory.parent == Path("/tmp")  # noqa: S108
        assert (server.socket_directory.stat().st_mode & 0o777) == 0o700
        assert _answer(server, "SELECT 1") == "1"
    server.socket_directory.rmdir()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become someone else")
def test_root_without_user_namespaces_runs_it_as_nobody(directory: Path) -> None:
    with EmbeddedPostgres(directory / "pg", settings=FAST, identity=Identity.nobody()) as server:
        assert Path(f"/proc/{server.pid}").stat().st_uid == NOBODY
        assert _answer(server, "SELECT 1") == "1"


def _python_for_nobody() -> str | None:
    """A Python that the user 65534 can start: ours may live in root's home."""
    for python in (sys.executable, "/usr/bin/python3"):
        try:
            if _as_nobody([python, "-c", "import psycopg, lienthong.run.postgres"]).returncode == 0:
                return python
        except OSError:  # not allowed to reach it, or not there
            continue
    return None


def _as_nobody(command: list[str]) -> subprocess.CompletedProcess[str]:
    paths = [path for path in sys.path if path] + [str(Path(postgres.__file__).parents[2])]
    return subprocess.run(
        command,
        user=NOBODY,
        group=NOBODY,
        extra_groups=[],
        env={"PYTHONPATH": ":".join(paths), "PATH": "/usr/bin:/bin"},
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become someone else")
def test_an_ordinary_user_runs_it(directory: Path) -> None:
    python = _python_for_nobody()
    if python is None:
        pytest.skip("no Python here that an ordinary user may start")
    os.chown(directory, NOBODY, NOBODY)
    program = (
        "import os, psycopg, sys; from pathlib import Path;"
        "from lienthong.run.postgres import EmbeddedPostgres;"
        "server = EmbeddedPostgres(Path(sys.argv[1])); server.start();"
        "print(os.geteuid(), psycopg.connect(server.admin_url).execute('SELECT 42').fetchone()[0]);"
        "server.stop()"
    )

    done = _as_nobody([python, "-W", "ignore", "-c", program, str(directory / "pg")])

    assert done.stdout.split() == [str(NOBODY), "42"], done.stderr


def test_the_server_ends_when_its_parent_is_killed(directory: Path) -> None:
    program = (
        "import os, sys; from pathlib import Path;"
        "from lienthong.run.postgres import EmbeddedPostgres;"
        "server = EmbeddedPostgres(Path(sys.argv[1])); server.start();"
        "print(server.pid, flush=True); os.kill(os.getpid(), 9)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(directory / "pg")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert int(done.stdout) > 0

    # The next start waits until the orphan has gone.
    with EmbeddedPostgres(directory / "pg", settings=FAST) as server:
        assert _answer(server, "SELECT 1") == "1"


def test_binaries_named_by_the_operator_come_first(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIENTHONG_PG_BIN", str(directory))

    with pytest.raises(postgres.PostgresMissing):
        postgres.find_binaries()


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgresql://boss:x@db:5432/postgres", "postgresql://an:p%40ss@db:5432/bo"),
        ("postgresql://boss@/postgres?host=/run/a", "postgresql://an:p%40ss@/bo?host=/run/a"),
    ],
)
def test_a_url_is_pointed_at_another_database_and_role(url: str, expected: str) -> None:
    assert with_database(url, "bo", "an", "p@ss") == expected
