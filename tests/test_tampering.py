# ruff: noqa: S608  the attacks are SQL
"""Whoever has the whole database and no key is found by a witness, whatever is done (TM-A-05).

Every attack is plain SQL by the owner of the tables, triggers switched off. Then one round of the
schedule runs as the worker would run it, over real HTTP, and must raise an incident.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from django.conf import settings as django_settings
from django.db import connection, transaction

from lienthong.apps.accounts import api as accounts
from lienthong.apps.evidence import api as evidence
from lienthong.apps.evidence.models import Incident
from lienthong.apps.evidence.rules import AUDIT_EVERY
from lienthong.apps.exchange.access_point import api as access_point
from lienthong.apps.exchange.access_point.service import AccessPoint, exchange_once
from lienthong.apps.exchange.access_point.threads import database_thread
from lienthong.apps.exchange.hub.evidence import anchor
from lienthong.apps.exchange.hub.ledger import Ledger
from lienthong.apps.exchange.tests.node import Node, build_node, hub_of_node
from lienthong.apps.exchange.tests.server import RunningHub
from lienthong.apps.journal import api as journal
from lienthong.apps.journal.actions import hash_of
from lienthong.apps.journal.models import Entry
from lienthong.apps.outbox import api as outbox
from lienthong.core import tlog

TABLES = (
    "hub_packet",
    "hub_delivery",
    "hub_tile",
    "hub_log_head",
    "journal_entry",
    "journal_head",
    "journal_leaf",
    "evidence_ownhead",
    "evidence_owntile",
)
SEEN = ("evidence_watched", "evidence_standing", "evidence_witnessedhead", "evidence_incident")
FOUND_WITHIN_S = 600


@pytest.fixture(scope="module")
def authorities(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("authorities")


@pytest.fixture
def node(
    authorities: Path,
    tmp_path: Path,
    transactional_db: None,
    settings: object,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Node]:
    monkeypatch.setattr("lienthong.apps.outbox.queue._handlers", {})
    events = (
        access_point.PacketArrived,
        access_point.StatusArrived,
        access_point.PacketReceipted,
        access_point.PacketRefused,
    )
    outbox.subscribe(dict.fromkeys(events, (look,)))
    settings.DATA_DIR = tmp_path  # type: ignore[attr-defined]
    settings.HUB_URL = "http://127.0.0.1:9"  # type: ignore[attr-defined]
    with accounts.everywhere():
        yield build_node(authorities)


def look(_event: object) -> None:
    """Answers every event."""


@dataclass
class Site:
    """A hub with its journal, and a witness that watches both of its logs."""

    node: Node
    hub: RunningHub
    sent: int = 0

    def exchange(self, count: int, *, fetch: bool = True) -> None:
        for _ in range(count):
            self.sent += 1
            packet = self.node.document(f"{self.sent:02}")
            access_point.queue_packet(
                organization=self.node.ministry, packet=packet, correlation="outgoing:1"
            )
        if fetch:
            exchange_once(base_url=self.hub.url)

    def write(self, count: int) -> None:
        with transaction.atomic():
            for number in range(count):
                journal.record(
                    organization_id=self.node.ministry.pk,
                    act="documents.registered",
                    subject=f"incoming:{number}",
                    facts={"số đến": number},
                )

    def round(self) -> None:
        """What the schedules of the hub's process and of the workers do in two minutes."""
        config = self.hub.hub.config
        anchor(self.hub.hub, Ledger(config.log_origin, config.log_key))
        for work in (journal.anchor, evidence.submit_all, evidence.watch_all):
            try:
                work()
            except evidence.LogTampered:
                evidence.raise_incident("own", "tampered", "the log was not continued")


@pytest.fixture
def site(node: Node, tmp_path: Path) -> Iterator[Site]:
    with hub_of_node(tmp_path / "hub") as hub:
        found = Site(node, hub)
        evidence.add_witness(str(evidence.own_key()), f"{hub.url}/v1/witness")
        for name, url in (("exchange", f"{hub.url}/v1/log"), ("journal", "")):
            key = str(evidence.source(name).key())
            evidence.watch(key, url or f"{hub.url}/v1/logs/journal")
        yield found


def run(sql: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


@pytest.fixture
def triggers_off() -> Iterator[None]:
    """As the owner of the tables can have it."""
    switch = "ALTER TABLE journal_entry {0} TRIGGER USER; ALTER TABLE journal_head {0} TRIGGER USER"
    run(switch.format("DISABLE"))
    yield
    run(switch.format("ENABLE"))


def copy(prefix: str, tables: tuple[str, ...]) -> None:
    run(
        "".join(
            f"DROP TABLE IF EXISTS {prefix}_{each};CREATE TABLE {prefix}_{each} AS TABLE {each};"
            for each in tables
        )
    )


def put_back(prefix: str, tables: tuple[str, ...]) -> None:
    """What a restore from a dump does."""
    run("SET CONSTRAINTS ALL DEFERRED;" + "".join(f"DELETE FROM {t};" for t in reversed(tables)))
    with accounts.everywhere():
        run("".join(f"INSERT INTO {each} SELECT * FROM {prefix}_{each};" for each in tables))


def drop(prefix: str, tables: tuple[str, ...]) -> None:
    run("".join(f"DROP TABLE {prefix}_{each};" for each in tables))


PACKET = "WHERE leaf_index = 1"
DELIVERED = "WHERE id = (SELECT id FROM hub_delivery WHERE leaf_index IS NOT NULL LIMIT 1)"
WAITING = "WHERE state <> 'DELIVERED'"
CHAIN = "WHERE stream <> 'node' AND sequence"
COLUMNS = (
    "agency_code, node_id, kind, business, sha256, size, segment, position, signature, door,"
    " document_id, document_key, number_key, reference, status_code, urgency, received_at, receipt,"
    " warnings, checks"
)

FORGED = COLUMNS.replace("sha256", "md5(sha256)").replace("_key", "_key || '.'")
EMPTY_LOG = "DELETE FROM evidence_owntile; DELETE FROM evidence_ownhead; DELETE FROM journal_leaf;"

SQL: dict[str, str] = {
    "packet: document id edited": f"UPDATE hub_packet SET document_id = 'x' {PACKET}",
    "packet: sender edited": f"UPDATE hub_packet SET agency_code = 'H99' {PACKET}",
    "packet: digest of the content edited": f"UPDATE hub_packet SET sha256 = repeat('0', 64)"
    f" {PACKET}",
    "packet: back-dated": f"UPDATE hub_packet SET received_at = received_at - interval '1 day'"
    f" {PACKET}",
    "packet: result of the checks edited": f"UPDATE hub_packet SET checks = '[]' {PACKET}",
    "packet: signature replaced": f"UPDATE hub_packet SET signature = 'x' {PACKET}",
    "receipt: edited": f"UPDATE hub_packet SET receipt = receipt || 'A' {PACKET}",
    "receipt: another packet's": "UPDATE hub_packet SET receipt ="
    f" (SELECT receipt FROM hub_packet WHERE leaf_index = 0) {PACKET}",
    "packet: deleted": "DELETE FROM hub_delivery WHERE packet_id ="
    f" (SELECT id FROM hub_packet {PACKET}); DELETE FROM hub_packet {PACKET}",
    "packets: two change places": "UPDATE hub_packet SET leaf_index = -1 WHERE leaf_index = 0;"
    "UPDATE hub_packet SET leaf_index = 0 WHERE leaf_index = 1;"
    "UPDATE hub_packet SET leaf_index = 1 WHERE leaf_index = -1",
    "packet: inserted": f"INSERT INTO hub_packet (id, leaf_index, {COLUMNS})"
    f" SELECT gen_random_uuid(), 1000, {FORGED} FROM hub_packet {PACKET}",
    "delivery: recipient added": "INSERT INTO hub_delivery"
    " (id, packet_id, agency_code, urgency, state, attempts, next_at, acknowledgement)"
    f" SELECT gen_random_uuid(), id, 'G99', 0, 'QUEUED', 0, now(), '' FROM hub_packet {PACKET}",
    "delivery: sent elsewhere": f"UPDATE hub_delivery SET agency_code = 'G99' {WAITING}",
    "delivery: deleted while it waits": f"DELETE FROM hub_delivery {WAITING}",
    "delivery: deleted": f"DELETE FROM hub_delivery {DELIVERED}",
    "delivery: acknowledgement edited": "UPDATE hub_delivery SET acknowledgement = 'x'"
    f" {DELIVERED}",
    "delivery: time of acknowledgement edited": "UPDATE hub_delivery SET"
    f" delivered_at = delivered_at + interval '1 second' {DELIVERED}",
    "delivery: never happened": "UPDATE hub_delivery SET state = 'QUEUED', delivered_at = NULL,"
    f" acknowledgement = '', leaf_index = NULL {DELIVERED}",
    "delivery: acknowledgement invented": "UPDATE hub_delivery SET state = 'DELIVERED',"
    f" delivered_at = now(), acknowledgement = 'x.y.z' {WAITING}",
    "log: tile edited": "UPDATE hub_tile SET hashes = overlay(hashes PLACING '\\x00'::bytea"
    " FROM 5) WHERE level = 0",
    "log: tile deleted": "DELETE FROM hub_tile",
    "log: head put back alone": "UPDATE hub_log_head h SET size = o.size, root = o.root,"
    " checkpoint = o.checkpoint FROM old_hub_log_head o WHERE o.name = h.name",
    "log: head signed by nobody": "UPDATE hub_log_head SET"
    " checkpoint = replace(checkpoint, E'\\n' || size || E'\\n', E'\\n' || size + 1 || E'\\n')",
    "log: head emptied": "UPDATE hub_log_head SET size = 0, root = '', checkpoint = ''",
    "journal: act edited": f"UPDATE journal_entry SET act = 'documents.refused' {CHAIN} = 2",
    "journal: facts edited": f"UPDATE journal_entry SET facts = '{{}}' {CHAIN} = 2",
    "journal: actor edited": f"UPDATE journal_entry SET actor_name = 'Ai' {CHAIN} = 1",
    "journal: back-dated": f"UPDATE journal_entry SET at = at - interval '1 hour' {CHAIN} = 3",
    "journal: entry deleted": f"DELETE FROM journal_entry {CHAIN} = 2",
    "journal: end cut off, head moved back": f"DELETE FROM journal_entry {CHAIN} > 3;"
    " UPDATE journal_head h SET sequence = 3, hash = (SELECT hash FROM journal_entry e"
    " WHERE e.stream = h.stream AND e.sequence = 3) WHERE stream <> 'node'",
    "journal: entry deleted with its place": f"DELETE FROM journal_leaf {CHAIN} = 2;"
    f" DELETE FROM journal_entry {CHAIN} = 2",
    "journal: places deleted": "DELETE FROM journal_leaf",
    "journal: emptied": "DELETE FROM journal_leaf; DELETE FROM journal_entry;"
    " DELETE FROM journal_head",
    "journal: log put back": "UPDATE evidence_ownhead h SET size = o.size,"
    " checkpoint = o.checkpoint FROM old_evidence_ownhead o",
}


def insert_entry(site: Site) -> None:
    """A forged act at the end of a chain, every hash right."""
    with accounts.everywhere(), transaction.atomic():
        last = Entry.objects.filter(organization=site.node.ministry).latest("sequence")
        forged = Entry.objects.get(pk=last.pk)
        forged.pk, forged.sequence, forged.previous_hash = None, last.sequence + 1, last.hash
        forged.act, forged.hash = "documents.forged", ""
        forged.hash = hash_of(forged)
        forged.save(force_insert=True)
        run(
            f"UPDATE journal_head SET sequence = {forged.sequence}, hash = '{forged.hash}'"
            f" WHERE stream = '{forged.stream}'"
        )


def rebuild_chain(site: Site) -> None:
    """Change the second entry and compute every hash after it anew, the head's too."""
    with accounts.everywhere(), transaction.atomic():
        previous = ""
        chain = Entry.objects.filter(organization=site.node.ministry).order_by("sequence")
        for entry in chain:
            entry.act = "documents.forged" if entry.sequence == 2 else entry.act
            entry.previous_hash = previous
            entry.hash = previous = hash_of(entry)
            entry.save()
        run(f"UPDATE journal_head SET hash = '{previous}' WHERE stream = '{entry.stream}'")


def begin_anew(site: Site) -> None:
    """Let the log take over a forged past, as it takes over what was written before it began."""
    rebuild_chain(site)
    run("UPDATE journal_entry SET seal = '';" + EMPTY_LOG)


def roll_back(_site: Site) -> None:
    put_back("old", TABLES)


def roll_back_and_go_on(site: Site) -> None:
    put_back("old", TABLES)
    site.sent += 50
    site.exchange(4)
    site.write(6)


def statement(sql: str) -> Callable[[Site], None]:
    def attack(_site: Site) -> None:
        run(sql)

    return attack


ATTACKS: dict[str, Callable[[Site], None]] = {
    **{name: statement(sql) for name, sql in SQL.items()},
    "journal: act inserted, every hash right": insert_entry,
    "journal: whole chain rebuilt, every hash right": rebuild_chain,
    "journal: chain rebuilt, log begun anew": begin_anew,
    "database: put back": roll_back,
    "database: put back, then used": roll_back_and_go_on,
}


SHORT = {
    name: ATTACKS[name]
    for name in (
        "packet: back-dated",
        "receipt: edited",
        "packet: deleted",
        "packet: inserted",
        "delivery: recipient added",
        "delivery: never happened",
        "delivery: acknowledgement invented",
        "log: head put back alone",
        "journal: act inserted, every hash right",
        "journal: whole chain rebuilt, every hash right",
        "database: put back, then used",
    )
}


@pytest.mark.parametrize(
    "attacks", [SHORT, pytest.param(ATTACKS, marks=pytest.mark.whole)], ids=["short", "whole"]
)
def test_every_attack_on_the_rows_is_found_within_ten_minutes(
    site: Site,
    triggers_off: None,
    attacks: dict[str, Callable[[Site], None]],
    request: pytest.FixtureRequest,
    capsys: pytest.CaptureFixture[str],
) -> None:
    if attacks is ATTACKS and "whole" not in str(request.config.getoption("markexpr")):
        pytest.skip("every attack: pytest -m whole")
    site.exchange(2)
    site.write(3)
    site.round()
    copy("old", TABLES)
    site.exchange(1)
    site.exchange(1, fetch=False)
    send_only(site)
    site.write(2)
    site.round()
    site.round()
    assert list(Incident.objects.values_list("kind", "text")) == []
    copy("good", TABLES + SEEN)
    missed, slowest = [], 0.0
    for name, attack in attacks.items():
        attack(site)
        began = time.monotonic()
        site.round()
        took = time.monotonic() - began + AUDIT_EVERY.total_seconds()
        slowest = max(slowest, took)
        if not Incident.objects.exists() or took > FOUND_WITHIN_S:
            missed.append(name)
        put_back("good", TABLES + SEEN)
    site.round()
    still_good = not Incident.objects.exists()
    drop("old", TABLES)
    drop("good", TABLES + SEEN)

    with capsys.disabled():
        line = f"{len(attacks)} attacks, {len(attacks) - len(missed)} found"
        sys.stdout.write(f"\ntampering: {line}, the latest after {slowest:.0f} s\n")
    assert missed == []
    assert still_good


def send_only(site: Site) -> None:
    """Send what waits; its recipient does not fetch it yet."""
    point = AccessPoint(base_url=site.hub.url)
    try:
        database_thread(point.sender.send_due)()
    finally:
        point.stop()


def test_the_log_is_served_as_the_standard_says(site: Site) -> None:
    """C2SP tlog-tiles: paths, types, caching, compression, entries that hash to their tile."""
    site.write(300)
    journal.anchor()
    evidence.submit_all()
    base = f"{site.hub.url}/v1/logs/journal"
    with httpx.Client(trust_env=False) as http:
        note = http.get(f"{base}/checkpoint")
        size = int(note.text.split("\n")[1])
        full = http.get(f"{base}/tile/0/000")
        part = http.get(f"{base}/tile/0/001.p/{size - 256}")
        entries = http.get(f"{base}/tile/entries/000")
        refused = [
            http.get(f"{base}/{path}").status_code
            for path in ("tile/0/001", "tile/0/002.p/1", "tile/entries/001", "tile/0/0", "x")
        ]

    assert note.headers["content-type"] == "text/plain; charset=utf-8"
    assert "max-age=2" in note.headers["cache-control"]
    assert (len(full.content), len(part.content)) == (8192, 32 * (size - 256))
    assert "immutable" in full.headers["cache-control"]
    assert full.headers["content-type"] == "application/octet-stream"
    assert entries.headers["content-encoding"] == "gzip"
    hashes = [tlog.leaf_hash(each) for each in tlog.split_bundle(entries.content)]
    assert b"".join(hashes) == full.content
    assert refused == [404] * 5
    own = evidence.own_key()
    [seen] = tlog.cosignatures(note.text, {own.name: own.public_key})
    assert seen.witness == f"{django_settings.NODE_NAME}/witness"
