"""Several hubs over one database and one data folder: one log, no packet twice, none lost."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from django.db import connection

from lienthong.apps.exchange.hub.models import Delivery, LogHead, Packet
from lienthong.core import edxml, signing, tlog

from .country import Country, document
from .server import Caller, hub_config, running

PACKETS = 6


def sent_at_once(callers: Sequence[Caller], bodies: Sequence[bytes]) -> list[dict[str, Any]]:
    """Every body by every caller, all at the same time; the answers."""
    jobs = [(caller, body) for body in bodies for caller in callers]
    with ThreadPoolExecutor(len(jobs)) as pool:
        answers = list(pool.map(lambda job: job[0].post(job[1]), jobs))
    assert {each.status_code for each in answers} <= {200, 201}
    return [each.json() for each in answers]


def test_two_hubs_write_one_log_and_keep_no_packet_twice(
    land: Country, registered: Country, tmp_path: Path
) -> None:
    config = hub_config(land, tmp_path)
    bodies = [edxml.encode(document(land.ministry, land.province)) for _ in range(PACKETS)]
    with (
        running(config) as first,
        running(config) as second,
        Caller(first.url, land.ministry) as one,
        Caller(second.url, land.ministry) as other,
    ):
        answers = sent_at_once([one, other], bodies[: PACKETS - 1])
        answers += sent_at_once([one], bodies[PACKETS - 1 :])  # alone again, after the other's

    assert len({each["packet_id"] for each in answers}) == PACKETS
    assert Packet.objects.count() == Delivery.objects.count() == PACKETS
    assert sorted(Packet.objects.values_list("leaf_index", flat=True)) == list(range(PACKETS))
    assert LogHead.objects.get().size == PACKETS
    for answer in answers:
        log = answer["log"]
        head = tlog.verify_checkpoint(
            log["checkpoint"], land.log_key.public_key(), "truc/exchange-log"
        )
        leaf = signing.receipt_leaf(log, answer["receipt"])
        proof = [base64.b64decode(each) for each in log["proof"]]
        tlog.verify_inclusion(log["index"], head.size, leaf, proof, head.root)


def test_the_head_is_never_written_over_what_another_hub_wrote(
    land: Country, registered: Country, tmp_path: Path
) -> None:
    config = hub_config(land, tmp_path)
    with (
        running(config) as first,
        running(config) as second,
        Caller(first.url, land.ministry) as one,
        Caller(second.url, land.ministry) as other,
    ):
        for caller in (one, other, one, one, other, one):
            assert caller.post(document(land.ministry, land.province)).status_code == 201

    with connection.cursor() as cursor:
        cursor.execute("SELECT hashes FROM hub_tile WHERE level = 0 AND number = 0")
        hashes = bytes(cursor.fetchone()[0])
    head = LogHead.objects.get()
    assert (head.size, len(hashes)) == (6, 6 * 32)
    assert bytes(head.root) == tlog.root(tlog.MemoryTiles({(0, 0): hashes}), 6)
