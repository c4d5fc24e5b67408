"""kill -9, anywhere, while 500 documents travel: nothing acknowledged is lost, nothing is doubled.

Real processes of three nodes on a real PostgreSQL. When each falls is random with a fixed seed,
counted in documents that have been acknowledged; what each is doing at that instant differs from
run to run, and the claim has to hold in each.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from lienthong.apps.pki import api as pki
from lienthong.core.signing.authority import make_ec_key
from lienthong.run.demo import country as countries
from lienthong.run.demo.nation import Nation, build
from lienthong.run.postgres import EmbeddedPostgres

from .support.evidence import Evidence
from .support.waiting import wait_until

DOCUMENTS = 500
SEED = 20260302
FIRST_PORT = 21080
FILL = Path(__file__).parent / "support" / "fill_outbox.py"

HUB = "truc-hub"
SENDER, RECEIVER = "bo-access_point", "tinh-access_point"
SENDER_WORKER, RECEIVER_WORKER = "bo-worker", "tinh-worker"
DATABASE = "PostgreSQL"

# Workers fall early: what a dead one was doing is put back after its heartbeat has been silent.
# The sender falls after the database: what it was sending then is free again at once. The receiver
# does not: it has to find its way back by itself.
VICTIMS = (
    RECEIVER_WORKER, HUB, SENDER, SENDER_WORKER, RECEIVER, HUB, DATABASE, SENDER, HUB, HUB,
)  # fmt: skip


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
def test_nothing_acknowledged_is_lost_and_nothing_is_doubled_when_processes_are_killed(
    nation: Nation, server: EmbeddedPostgres
) -> None:
    evidence = Evidence(nation)
    chance = random.Random(SEED)  # noqa: S311  instants, not secrets
    instants = sorted(chance.sample(range(5, DOCUMENTS - 20), len(VICTIMS)))
    seen: list[int] = []

    with queueing_documents(nation) as program:
        for victim, sent in zip(VICTIMS, instants, strict=True):
            wait_until(partial(evidence.has_receipts, sent), within_s=120, every_s=0.25)
            time.sleep(chance.uniform(0, 0.5))
            if victim == DATABASE:
                assert program.wait(120) == 0  # it does not come back by itself
            kill(victim, nation, server)
            seen.append(evidence.check_acknowledged_is_kept(datetime.now(UTC)))
            keep_running(nation)
    settle(nation, evidence)
    for child in nation.supervisor.children.values():
        child.kill()  # also the last word is what databases and disks say

    assert seen == sorted(seen)
    # The sender holds a receipt for each document; each verifies, and the axis has what it is for.
    held = evidence.check_acknowledged_is_kept(datetime.now(UTC))
    assert held >= DOCUMENTS
    assert evidence.receipts() == DOCUMENTS
    # One log, of which every checkpoint that was given out is an earlier state; no body is damaged.
    assert evidence.check_log().size == evidence.count("truc", "hub_packet")
    evidence.check_bytes()
    # Each document is once at the axis and once on the desk of the province.
    assert evidence.count("truc", "hub_packet", "kind = 'edoc'") == DOCUMENTS
    left = {each.document_id for each in evidence.acknowledged("bo")}
    arrived = [
        row[0]
        for row in evidence.rows("tinh", "SELECT document_id FROM documents_incomingdocument")
    ]
    assert len(arrived) == DOCUMENTS
    assert set(arrived) == left
    assert evidence.count("tinh", "access_point_inbound") == DOCUMENTS
    delivered = "state = 'DELIVERED' AND agency_code = 'H99'"
    assert evidence.count("truc", "hub_delivery", delivered) == DOCUMENTS
    assert evidence.count("tinh", "procrastinate_jobs", "status = 'failed'") == 0


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


def kill(victim: str, nation: Nation, server: EmbeddedPostgres) -> None:
    """End a process as a power cut would."""
    if victim != DATABASE:
        nation.supervisor.children[victim].kill()
        return
    assert server.pid is not None
    os.kill(server.pid, signal.SIGKILL)
    server.stop()
    server.start()


def keep_running(nation: Nation) -> None:
    """Start again what is not running, as the supervisor of a node does."""
    for child in nation.supervisor.children.values():
        if not child.is_running:
            child.restart()


def settle(nation: Nation, evidence: Evidence) -> None:
    """Wait until every document has been received, acknowledged and put on the clerk's desk."""

    def is_done() -> bool:
        keep_running(nation)
        return (
            evidence.receipts() >= DOCUMENTS
            and evidence.count("tinh", "access_point_inbound", "state = 'ACKED'") >= DOCUMENTS
            and evidence.count("tinh", "documents_incomingdocument") >= DOCUMENTS
        )

    wait_until(is_done, within_s=240, every_s=0.5)
