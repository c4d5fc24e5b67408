"""Puts packets on record without sending them: copies of one that was really taken in.

Rows, digests, places in the log and tiles are made as the hub makes them; only the bytes are those
of the one packet. Copies have identifiers and times of their own, in order, some seconds apart.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from lienthong.apps.exchange.hub.ledger import Ledger
from lienthong.apps.exchange.hub.log_rows import entries, tile, write_step
from lienthong.core import tlog

CHUNK = 10_000
APART = timedelta(seconds=15)
"""Two million packets fill a year."""

_ID = (
    "(lpad(to_hex((extract(epoch FROM n.at) * 1000)::int8), 12, '0') || '7'"
    " || lpad(to_hex(n.n %% 4096), 3, '0') || '8' || substr(md5({salt} || n.n), 1, 15))::uuid"
)
"""A version 7 identifier of that moment (RFC 9562)."""

_NUMBERS = (
    "SELECT n, %(until)s::timestamptz - (%(total)s - n) * %(apart)s::interval AS at"
    " FROM generate_series(%(first)s::int8, %(last)s::int8) AS n"
)
_PACKETS = f"""
INSERT INTO hub_packet (id, agency_code, node_id, kind, business, sha256, size, segment, position,
    signature, door, document_id, document_key, number_key, reference, status_code, urgency,
    received_at, receipt, warnings, checks, leaf_index)
SELECT {_ID.format(salt="'p'")}, p.agency_code, p.node_id, p.kind, p.business,
    encode(sha256(n.n::text::bytea), 'hex'), p.size, p.segment, p.position, p.signature, p.door,
    p.document_id || '-' || n.n, p.document_key || '-' || n.n, p.number_key || '-' || n.n,
    p.reference, p.status_code, p.urgency, n.at, p.receipt, p.warnings, p.checks,
    %(leaf)s + n.n - %(first)s
FROM ({_NUMBERS}) AS n, (SELECT * FROM hub_packet WHERE id = %(model)s) AS p
"""  # noqa: S608 constants
_DELIVERIES = f"""
INSERT INTO hub_delivery (id, packet_id, kind, agency_code, sender_code, urgency, state, attempts,
    queued_at, next_at, fetched_at, delivered_at, acknowledgement, leaf_index)
SELECT {_ID.format(salt="'d'")}, {_ID.format(salt="'p'")}, d.kind, d.agency_code, d.sender_code,
    d.urgency, CASE WHEN %(waiting)s THEN 'QUEUED' ELSE 'DELIVERED' END,
    CASE WHEN %(waiting)s THEN 0 ELSE 1 END, n.at, n.at,
    CASE WHEN NOT %(waiting)s THEN n.at END, CASE WHEN NOT %(waiting)s THEN n.at END,
    CASE WHEN %(waiting)s THEN '' ELSE repeat('x', 800) END,
    CASE WHEN NOT %(waiting)s THEN %(leaf)s + %(count)s + n.n - %(first)s END
FROM ({_NUMBERS}) AS n,
     (SELECT * FROM hub_delivery WHERE packet_id = %(model)s LIMIT 1) AS d
"""  # noqa: S608 constants
_SEEN = """
INSERT INTO hub_cursor (name, position, at)
SELECT name, -1, %s FROM unnest(ARRAY['clocks', 'urgent']) AS name
ON CONFLICT (name) DO UPDATE SET at = excluded.at
"""


def fill(
    connection: psycopg.Connection[Any],
    data_dir: Path,
    *,
    first: int,
    last: int,
    total: int,
    waiting: bool,
    say: Callable[[str], None],
) -> None:
    """Put the copies number `first` to `last` of at most `total` on record and into the log.

    data_dir: the hub's, for its log key. waiting: they wait for their recipient; else they are
    delivered, acknowledged and in the log, and the clocks have passed them. The hub may run.
    """
    [(model, until)] = connection.execute(
        "SELECT id, received_at FROM hub_packet ORDER BY leaf_index LIMIT 1"
    ).fetchall()
    [(origin,)] = connection.execute(
        "SELECT split_part(checkpoint, E'\\n', 1) FROM hub_log_head"
    ).fetchall()
    ledger = Ledger(str(origin), _log_key(data_dir))
    connection.execute("SET synchronous_commit = off")
    connection.execute(_SEEN, [until])
    facts = {"model": model, "until": until, "total": total + 1, "apart": APART}
    for begin in range(first, last + 1, CHUNK):
        end = min(begin + CHUNK - 1, last)
        facts |= {"first": begin, "last": end, "count": end - begin + 1, "waiting": waiting}
        _fill_some(connection, ledger, facts)
        say(f"  {end} gói tin đã ghi nhận")
    connection.execute("RESET synchronous_commit")
    connection.execute("VACUUM ANALYZE hub_packet, hub_delivery, hub_tile")
    connection.execute("CHECKPOINT")


def _fill_some(connection: psycopg.Connection[Any], ledger: Ledger, facts: dict[str, Any]) -> None:
    with connection.transaction():
        [(size,)] = connection.execute("SELECT size FROM hub_log_head FOR UPDATE").fetchall()
        values = {**facts, "leaf": size}
        connection.execute(_PACKETS.encode(), values)
        connection.execute(_DELIVERIES.encode(), values)
        more = facts["count"] * (1 if facts["waiting"] else 2)
        leaves = [tlog.leaf_hash(each) for each in entries(connection, size, more)]
        step = ledger.grow(size, leaves, lambda level, index: tile(connection, level, index))
        write_step(connection, step)
    ledger.keep(step)


def _log_key(data_dir: Path) -> Ed25519PrivateKey:
    key = load_pem_private_key((data_dir / "keys" / "log.key").read_bytes(), None)
    if not isinstance(key, Ed25519PrivateKey):
        raise TypeError("the log key is no Ed25519 key")
    return key
