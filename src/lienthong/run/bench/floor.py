"""What the machine itself asks for one packet: the least any hub must do, and what our form adds.

CPU time of this process (and of PostgreSQL for the row), so that it compares with the hub's figure.
Each part is measured alone, in the library that is fastest at it, with nothing around it.
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import partial
from pathlib import Path

import psycopg
import pybase64
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from .processes import cpu_s

PACKET_BYTES = 204_800
PDF_BYTES = PACKET_BYTES * 3 // 4
PDF_SIGNATURES = 2
BATCH = 64
ROW_BYTES = 1024
ROUNDS = 600
_TAG = re.compile(rb"<([^<>]*)>")


@dataclass(frozen=True)
class Physical:
    """CPU milliseconds for one message of 200 KB, whatever its form: SHA-256, one RSA-2048
    verification, and the share of a batch of 64 in fdatasync, rows and one Ed25519 signature."""

    receive_ms: float
    sha256_ms: float
    rsa_2048_verify_ms: float
    append_fdatasync_ms: float
    row_1kb_ms: float
    batch_signature_ms: float


@dataclass(frozen=True)
class Form:
    """What our packets add, in CPU milliseconds: base64 of the document, one search for the tags,
    and the signatures that are really there. The packet's own signature (P-256) is over the SHA-256
    of `Physical` and takes the place of RSA-2048; the request's is P-256 too; each of the
    document's two is a hash over nearly all of it and RSA-3072."""

    base64_ms: float
    xml_scan_ms: float
    p256_verify_twice_ms: float
    document_hash_twice_ms: float
    rsa_3072_verify_twice_ms: float


@dataclass(frozen=True)
class Floor:
    """Both, and the wall clock of one share of fdatasync, which is in neither."""

    physical: Physical
    form: Form
    fdatasync_wall_ms: float

    @property
    def physical_ms(self) -> float:
        return _sum(self.physical)

    @property
    def full_ms(self) -> float:
        """All that is really done for a packet of ours."""
        return self.physical_ms - self.physical.rsa_2048_verify_ms + _sum(self.form)


def _sum(part: Physical | Form) -> float:
    return sum(float(getattr(part, each.name)) for each in fields(part))


def measure(directory: Path, database_url: str, postgres_pid: int) -> Floor:
    """Measure each part alone, a few hundred times."""
    body = os.urandom(PACKET_BYTES)
    append, wall = _append(directory / "floor.seg", body)
    document = body[:PDF_BYTES]
    encoded = base64.b64encode(document)
    packet = b"<a>" + b"<b>text</b>" * 200 + encoded + b"</a>"
    key = Ed25519PrivateKey.generate()
    physical = Physical(
        receive_ms=_receive(body),
        sha256_ms=_cpu_ms(lambda: hashlib.sha256(body).digest()),
        rsa_2048_verify_ms=_rsa_verify(2048),
        append_fdatasync_ms=append,
        row_1kb_ms=_rows(database_url, postgres_pid),
        batch_signature_ms=_cpu_ms(lambda: key.sign(b"checkpoint")) / BATCH,
    )
    form = Form(
        base64_ms=_cpu_ms(lambda: pybase64.b64decode(encoded, validate=True)),
        xml_scan_ms=_cpu_ms(lambda: _TAG.findall(packet)),
        p256_verify_twice_ms=2 * _p256_verify(),
        document_hash_twice_ms=PDF_SIGNATURES * _cpu_ms(lambda: hashlib.sha256(document).digest()),
        rsa_3072_verify_twice_ms=PDF_SIGNATURES * _rsa_verify(3072),
    )
    return Floor(physical, form, wall)


def _cpu_ms(call: Callable[[], object]) -> float:
    call()
    began = time.process_time()
    for _ in range(ROUNDS):
        call()
    return (time.process_time() - began) / ROUNDS * 1000


def _receive(body: bytes) -> float:
    """Reading a body from a connection of this machine into one buffer."""
    ours, theirs = socket.socketpair()
    with ours, theirs:

        def send() -> None:
            for _ in range(ROUNDS):
                theirs.sendall(body)

        sender = threading.Thread(target=send)
        sender.start()
        buffer = bytearray(len(body))
        began = time.thread_time()
        for _ in range(ROUNDS):
            view = memoryview(buffer)
            while view:
                view = view[ours.recv_into(view) :]
        took = time.thread_time() - began
        sender.join()
    return took / ROUNDS * 1000


def _rsa_verify(bits: int) -> float:
    key = rsa.generate_private_key(public_exponent=65537, key_size=bits)
    pss = padding.PSS(padding.MGF1(hashes.SHA256()), salt_length=32)
    signature = key.sign(b"packet", pss, hashes.SHA256())
    return _cpu_ms(partial(key.public_key().verify, signature, b"packet", pss, hashes.SHA256()))


def _p256_verify() -> float:
    key = ec.generate_private_key(ec.SECP256R1())
    scheme = ec.ECDSA(hashes.SHA256())
    signature = key.sign(b"packet", scheme)
    return _cpu_ms(partial(key.public_key().verify, signature, b"packet", scheme))


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
