"""What the machine itself asks for one packet: the least that any hub must do.

CPU time of this process (and of PostgreSQL for the row), so that it compares with the hub's figure.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psycopg
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from .processes import cpu_s

PACKET_BYTES = 204_800
BATCH = 64
ROW_BYTES = 1024
ROUNDS = 1200


@dataclass(frozen=True)
class Floor:
    """CPU milliseconds for one packet of 200 KB. `fdatasync_wall_ms` is beside it, not in it."""

    sha256_ms: float
    rsa_2048_verify_ms: float
    append_fdatasync_ms: float
    row_1kb_ms: float
    fdatasync_wall_ms: float

    @property
    def total_ms(self) -> float:
        return self.sha256_ms + self.rsa_2048_verify_ms + self.append_fdatasync_ms + self.row_1kb_ms


def measure(directory: Path, database_url: str, postgres_pid: int) -> Floor:
    """Measure each part alone, a few hundred times."""
    body = os.urandom(PACKET_BYTES)
    append, wall = _append(directory / "floor.seg", body)
    return Floor(
        sha256_ms=_cpu_ms(lambda: hashlib.sha256(body).digest(), ROUNDS),
        rsa_2048_verify_ms=_rsa_verify(),
        append_fdatasync_ms=append,
        row_1kb_ms=_rows(database_url, postgres_pid),
        fdatasync_wall_ms=wall,
    )


def _cpu_ms(call: Callable[[], object], rounds: int) -> float:
    call()
    began = time.process_time()
    for _ in range(rounds):
        call()
    return (time.process_time() - began) / rounds * 1000


def _rsa_verify() -> float:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pss = padding.PSS(padding.MGF1(hashes.SHA256()), salt_length=32)
    signature = key.sign(b"packet", pss, hashes.SHA256())
    public = key.public_key()
    return _cpu_ms(lambda: public.verify(signature, b"packet", pss, hashes.SHA256()), ROUNDS)


def _append(path: Path, body: bytes) -> tuple[float, float]:
    """CPU and wall milliseconds of appending a packet with its share of one fdatasync for 64."""
    rounds = 8
    with path.open("wb", buffering=0) as file:
        began_cpu, began = time.process_time(), time.perf_counter()
        for _ in range(rounds):
            for _ in range(BATCH):
                file.write(body)
            os.fdatasync(file.fileno())
        cpu, wall = time.process_time() - began_cpu, time.perf_counter() - began
    path.unlink()
    packets = rounds * BATCH
    return cpu / packets * 1000, wall / packets * 1000


def _rows(database_url: str, postgres_pid: int) -> float:
    """CPU milliseconds, here and in PostgreSQL, of one row of 1 KB inserted in groups of 64."""
    rounds = 60
    rows = [(os.urandom(ROW_BYTES // 2).hex(),) for _ in range(BATCH)]
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("DROP TABLE IF EXISTS bench_floor")
        connection.execute("CREATE TABLE bench_floor (id bigserial PRIMARY KEY, body text)")
        statement = "INSERT INTO bench_floor (body) SELECT * FROM unnest(%s::text[])"
        values = [row[0] for row in rows]
        connection.execute(statement, [values])
        began = time.process_time() + cpu_s(postgres_pid)
        for _ in range(rounds):
            connection.execute(statement, [values])
        took = time.process_time() + cpu_s(postgres_pid) - began
        connection.execute("DROP TABLE bench_floor")
    return took / (rounds * BATCH) * 1000
