"""kill -9 of what puts documents on a desk: each arrives there once, and nothing is left over.

Real processes of three nodes on a real PostgreSQL. The axis, its bytes and its log under kill -9
are the battery's (`lienthong bench durability`, its tests in `run/durability`); here the workers
fall, and the receiver that hands to them.
"""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import pytest

from lienthong.apps.pki import api as pki
from lienthong.core.signing.authority import make_ec_key
from lienthong.run.demo import country as countries
from lienthong.run.demo.nation import Nation, build
from lienthong.run.postgres import EmbeddedPostgres, with_database

from .support.waiting import wait_until

DOCUMENTS = 60
SEED = 20260302
FIRST_PORT = 21080
FILL = Path(__file__).parent / "support" / "fill_outbox.py"

# A dead worker's job is put back after its heartbeat has been silent for a while: the fewer fall
# late, the sooner everything is on the desk.
VICTIMS = ("tinh-worker", "bo-worker", "tinh-access_point", "tinh-worker")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedPostgres]:
    """A server that writes durably, as in production."""
    with EmbeddedPostgres(tmp_path / "postgres") as running:
        yield running


@pytest.fixture
def nation(tmp_path: Path, server: EmbeddedPostgres) -> Iterator[Nation]:
    """Hub, ministry and province with what carries documents, each process by itself."""
    pki.make_national_pki(
        tmp_path / "pki", at=datetime.now(UTC), root_key=make_ec_key, sub_key=make_ec_key
    )
    built = build(tmp_path, countries.load(), server, port=FIRST_PORT, say=lambda _: None)
    with built.supervisor as supervisor:
        for node in built.nodes.values():
            for role in node.roles:
                if role != "web" and (node.kind, role) != ("axis", "worker"):
                    supervisor.start(
                        f"{node.name}-{role}",
                        node.command(role),
                        environment=node.environment(),
                        health_url=node.health_url(role),
                    )
        supervisor.wait_healthy()
        yield built


@pytest.mark.crash
def test_each_document_is_once_on_the_desk_when_workers_and_receiver_are_killed(
    nation: Nation,
) -> None:
    chance = random.Random(SEED)  # noqa: S311  instants, not secrets
    instants = sorted(chance.sample(range(5, DOCUMENTS - 20), len(VICTIMS)))

    with queueing_documents(nation):
        for victim, arrived in zip(VICTIMS, instants, strict=True):
            wait_until(partial(has_arrived, nation, arrived), within_s=240, every_s=0.25)
            time.sleep(chance.uniform(0, 0.5))
            nation.supervisor.children[victim].restart()
        wait_until(partial(is_done, nation), within_s=240, every_s=0.5)

    left = rows(
        nation, "bo", "SELECT document_id FROM access_point_outbound WHERE kind = 'edoc' ORDER BY 1"
    )
    on_the_desk = rows(
        nation, "tinh", "SELECT document_id FROM documents_incomingdocument ORDER BY 1"
    )
    assert len(left) == DOCUMENTS
    assert on_the_desk == left
    assert count(nation, "tinh", "access_point_inbound") == DOCUMENTS
    assert count(nation, "tinh", "procrastinate_jobs", "status = 'failed'") == 0


def rows(nation: Nation, node: str, query: str) -> list[Any]:
    """Ask a node's database as its administrator: no row security and no process between."""
    url = with_database(nation.server.admin_url, nation.nodes[node].database_name)
    with psycopg.connect(url, connect_timeout=10) as connection:
        return connection.execute(query.encode()).fetchall()


def count(nation: Nation, node: str, table: str, where: str = "true") -> int:
    found: int = rows(nation, node, f"SELECT count(*) FROM {table} WHERE {where}")[0][0]  # noqa: S608  names of the test
    return found


def has_arrived(nation: Nation, number: int) -> bool:
    return count(nation, "tinh", "access_point_inbound") >= number


def is_done(nation: Nation) -> bool:
    """Whether every document has been received, acknowledged and put on the clerk's desk."""
    return (
        count(nation, "tinh", "access_point_inbound", "state = 'ACKED'") >= DOCUMENTS
        and count(nation, "tinh", "documents_incomingdocument") >= DOCUMENTS
    )


@contextmanager
def queueing_documents(nation: Nation) -> Iterator[subprocess.Popen[bytes]]:
    """Let a program of the ministry queue its documents, while the others run."""
    ministry, province = nation.country.agency("btn"), nation.country.agency("ubnd")
    command = [
        sys.executable,
        str(FILL),
        str(DOCUMENTS),
        str(nation.directory / "accounts.json"),
        ministry.code,
        province.code,
    ]
    with subprocess.Popen(command, env=nation.nodes["bo"].environment()) as program:
        try:
            yield program
        finally:
            program.kill()
