"""How long a restart takes with many packets on record.

One packet is really taken in; its row is copied with ids, digests and places of its own, the log is
grown over the copies, and everything is killed. The time runs from the start of PostgreSQL until
the hub has acknowledged one more packet.
"""

from __future__ import annotations

import time
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from lienthong.apps.exchange.hub.ledger import Ledger
from lienthong.apps.exchange.hub.log_rows import entries, tile, write_step
from lienthong.core import tlog

from .books import examine
from .figures import Figures
from .traffic import Traffic
from .world import DATABASE, HUBS, World, world

HUB = HUBS[0]
RESTART_WITHIN_S = 5.0
SETTLE_WITHIN_S = 120.0
LEAVES_AT_ONCE = 5000

_COPY_PACKETS = """
INSERT INTO hub_packet (id, agency_code, node_id, kind, business, sha256, size, segment, position,
    signature, door, document_id, document_key, number_key, reference, status_code, urgency,
    received_at, receipt, warnings, checks, leaf_index)
SELECT gen_random_uuid(), agency_code, node_id, kind, business,
    encode(sha256(n::text::bytea), 'hex'), size, segment, position, signature, door,
    document_id || '-' || n, document_key || '-' || n, number_key || '-' || n, reference,
    status_code, urgency, received_at, receipt, warnings, checks, n
FROM hub_packet, generate_series(1, %s) AS n
"""
_COPY_DELIVERIES = """
INSERT INTO hub_delivery (id, packet_id, agency_code, sender_code, urgency, state, attempts,
    queued_at, next_at, acknowledgement)
SELECT gen_random_uuid(), p.id, d.agency_code, d.sender_code, d.urgency, 'QUEUED', 0, d.queued_at,
    d.next_at, ''
FROM hub_packet p CROSS JOIN hub_delivery d
WHERE p.leaf_index > 0
"""


def drill(directory: Path, *, records: int) -> Figures:
    """Restart on `records` packets. A slow restart is told, and loses nothing."""
    with world(directory, packets=2) as here:
        with Traffic(here, (HUB,)) as traffic:
            here.start_hub(HUB)
            traffic.hand_over(1)
            traffic.settle(SETTLE_WITHIN_S)
            here.kill(HUB)
            _copy(here, records)
            _grow_log(here)
            with here.connection() as connection:
                connection.execute("CHECKPOINT")
            here.kill(DATABASE)
            began = time.monotonic()
            here.restart(DATABASE, HUB)
            answered_s = time.monotonic() - began
            traffic.hand_over(2)
            traffic.settle(SETTLE_WITHIN_S)
            took = time.monotonic() - began
            here.kill(HUB)
            kept = here.count("hub_packet")
            books = examine(here, traffic.acknowledged, whole=False)
        return Figures.of(
            "restart",
            books,
            rounds=1,
            restarts=[took],
            facts={
                "on_record": kept,
                "answered_s": round(answered_s, 2),
                "answered_when_empty_s": round(here.restarts[0], 2),
                "within_5_s": took <= RESTART_WITHIN_S,
            },
        )


def _copy(here: World, records: int) -> None:
    """Put copies of the one packet on record, each waiting for its recipient."""
    with here.connection() as connection:
        connection.execute(_COPY_PACKETS, [records])
        connection.execute(_COPY_DELIVERIES)
        connection.execute("ANALYZE")


def _grow_log(here: World) -> None:
    """Let the copies enter the log, as the hub itself lets packets enter it."""
    key = load_pem_private_key((here.node.data_dir / "keys" / "log.key").read_bytes(), None)
    if not isinstance(key, Ed25519PrivateKey):
        raise TypeError("the log key is no Ed25519 key")
    records = here.count("hub_packet")
    with here.connection() as connection:
        [(size, note)] = connection.execute("SELECT size, checkpoint FROM hub_log_head").fetchall()
        ledger = Ledger(str(note).split("\n", 1)[0], key)
        while size < records:
            some = entries(connection, size, min(LEAVES_AT_ONCE, records - size))
            leaves = [tlog.leaf_hash(each) for each in some]
            step = ledger.grow(size, leaves, lambda level, index: tile(connection, level, index))
            write_step(connection, step)
            ledger.keep(step)
            size = step.head.size
