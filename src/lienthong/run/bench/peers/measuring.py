"""Runs each peer as a server of one process, sends it signed messages, counts verified receipts.

The rules are the same for all: 200 KB of payload, RSA-2048, SHA-256, CPU of the server's whole
process tree with PostgreSQL where it uses one, and only receipts that the client verified count.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import NameOID

from lienthong.run.bench.processes import cpu_s
from lienthong.run.postgres import EmbeddedPostgres
from lienthong.run.supervisor import Ports, Supervisor

from .environments import PeerNotPrepared, made, run

PROGRAMS = Path(__file__).parent / "programs"
MESSAGES = 100
WARM_UP = 10
CONNECTIONS = 8
DATABASE = "peer_pyas2"


@dataclass(frozen=True)
class Peer:
    """A peer: what to install, what serves, what sends, and what it keeps."""

    name: str
    requirements: tuple[str, ...]
    server: str
    client: str
    path: str
    keeps: str
    has_database: bool = False


@dataclass(frozen=True)
class Measured:
    """cpu_ms: of the server's process tree for each message whose receipt was verified."""

    name: str
    cpu_ms: float
    per_core_second: float
    receipts_verified: int
    keeps: str


PEERS = (
    Peer(
        "pyas2lib",
        ("pyas2lib==1.4.4", "gunicorn==27.0.1"),
        "as2_server",
        "as2_client.py",
        "/",
        "nothing; chains are not checked",
    ),
    Peer(
        "django-pyas2",
        ("django-pyas2==1.2.3", "django>=5.2,<5.3", "psycopg[binary]==3.3.9", "gunicorn==27.0.1"),
        "django_server",
        "as2_client.py",
        "/pyas2/as2receive",
        "message and MDN in PostgreSQL and files, no fsync of the files",
        has_database=True,
    ),
    Peer(
        "as4",
        ("as4==0.2.0", "gunicorn==27.0.1"),
        "as4_server",
        "as4_client.py",
        "/as4",
        "nothing; certificates are pinned",
    ),
)


def measure(
    directory: Path, postgres: EmbeddedPostgres, *, say: Callable[[str], None]
) -> list[Measured]:
    """Measure every peer in `directory`. One that cannot be prepared is named and left out."""
    directory.mkdir(parents=True, exist_ok=True)
    _make_keys(directory)
    found = []
    for peer in PEERS:
        say(f"Đo phần mềm so sánh {peer.name} …")
        try:
            found.append(_measure(peer, directory, postgres))
        except PeerNotPrepared as problem:
            say(problem.sentence)
    return found


def _measure(peer: Peer, directory: Path, postgres: EmbeddedPostgres) -> Measured:
    python = made(directory / peer.name, peer.requirements)
    environment = {"LANG": "C.UTF-8", "PYTHONPATH": f"{PROGRAMS}:{directory}"}
    database = _make_database(postgres) if peer.has_database else {}
    place = f"from pathlib import Path\nHERE = Path({str(directory)!r})\nDATABASE = {database!r}\n"
    (directory / "place.py").write_text(place, encoding="utf-8")
    roots = []
    if peer.has_database:
        run(peer.name, [str(python), str(PROGRAMS / f"{peer.server}.py")], environment)
        roots.append(postgres.pid or 0)
    port = Ports(say=lambda _: None).take(18600, peer.name)
    command = [
        *(str(python), "-m", "gunicorn", f"{peer.server}:application"),
        *("--worker-class", "gthread", "--threads", "2", "--keep-alive", "30"),
        *("--bind", f"127.0.0.1:{port}", "--log-level", "error", "--no-control-socket"),
    ]
    with Supervisor(directory / "logs", say=lambda _: None) as supervisor:
        server = supervisor.start(peer.name, command, environment=environment)
        client = [str(python), str(PROGRAMS / peer.client), str(port)]
        _send(peer, client, WARM_UP, environment, lambda: 0.0)
        return _send(peer, client, MESSAGES, environment, lambda: cpu_s(server.pid, *roots))


def _send(
    peer: Peer,
    client: list[str],
    count: int,
    environment: dict[str, str],
    used: Callable[[], float],
) -> Measured:
    with _started([*client, str(count), str(CONNECTIONS), peer.path], environment) as process:
        assert process.stdin is not None and process.stdout is not None  # noqa: S101, PT018  pipes
        if process.stdout.readline() != "ready\n":
            raise PeerNotPrepared(peer=peer.name, reason="máy gửi không khởi động được")
        before = used()
        process.stdin.write("go\n")
        process.stdin.flush()
        if process.stdout.readline() != "sent\n":
            raise PeerNotPrepared(peer=peer.name, reason="máy gửi dừng giữa chừng")
        seconds = used() - before
        verified = int(json.loads(process.stdout.readline() or "{}").get("verified", 0))
    if verified != count:
        reason = f"chỉ {verified} trong {count} biên nhận kiểm được"
        raise PeerNotPrepared(peer=peer.name, reason=reason)
    cpu_ms = seconds / verified * 1000
    per_second = 1000 / cpu_ms if cpu_ms else 0.0
    return Measured(peer.name, round(cpu_ms, 3), round(per_second, 1), verified, peer.keeps)


@contextmanager
def _started(command: list[str], environment: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def _make_database(postgres: EmbeddedPostgres) -> dict[str, str]:
    with psycopg.connect(postgres.url("postgres", "postgres"), autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {DATABASE}")
        connection.execute(f"CREATE DATABASE {DATABASE}")
        host = connection.info.host
    return {
        "NAME": DATABASE,
        "HOST": host,
        "USER": "postgres",
    }


def _make_keys(directory: Path) -> None:
    """RSA-2048 keys with certificates of their own for both ends."""
    for end in ("client", "server"):
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"PTE-{end}")])
        now = datetime.now(UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=30))
            .sign(key, hashes.SHA256())
        )
        locked = serialization.BestAvailableEncryption(b"bench")
        packed = pkcs12.serialize_key_and_certificates(end.encode(), key, certificate, None, locked)
        (directory / f"{end}.p12").write_bytes(packed)
        pem = certificate.public_bytes(serialization.Encoding.PEM)
        (directory / f"{end}.pem").write_bytes(pem)
