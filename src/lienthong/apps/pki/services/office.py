"""What the services answer from: statuses, responders, lists and keys, kept in memory and fresh.

`Office.refresh` reads what changed; it runs every second and after each registration, so a status
that changes anywhere on the node is answered within a second (SG-R-02). Blocking; for threads.
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7
from django.db import connection
from django.db.models import Max, Q

from lienthong.apps.pki import ceremony
from lienthong.apps.pki.authority import audit, ledger, lists, registry
from lienthong.apps.pki.authority.models import (
    CertificateAuthority,
    CRLIssue,
    IssuedCertificate,
)
from lienthong.apps.pki.authority.rules import TIMESTAMP_LOG, KeyPurpose
from lienthong.apps.pki.rules import AuthorityMissing
from lienthong.core.signing import Trust
from lienthong.core.signing.authority import (
    POLICY_GOVERNMENT_TSA,
    POLICY_NATIONAL_TSA,
    SOFTWARE_KEY,
)
from lienthong.core.signing.canonical import canonical_json
from lienthong.core.signing.keys import PublicKey
from lienthong.core.signing.ocsp import Responder
from lienthong.core.signing.revoked import Revocation
from lienthong.core.signing.tsp import TimestampAuthority
from lienthong.core.signing.x509_names import raw_fields

logger = logging.getLogger(__name__)
TSA_POLICIES = {"government": POLICY_GOVERNMENT_TSA, "national": POLICY_NATIONAL_TSA}
AUDIT_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class NodeKey:
    """The key that signs a node's requests, and the codes of the agencies it speaks for."""

    public_key: PublicKey
    codes: frozenset[str]


Nodes = Callable[[], Mapping[str, NodeKey]]


@dataclass(slots=True)
class Desk:
    """One authority as the services see it."""

    name: str
    key_id: str
    pk: int
    statuses: dict[int, Revocation | None]
    responder: Responder
    responder_sha256: bytes
    issuers: tuple[bytes, str]  # the answer at its caIssuers address, and the media type
    full: bytes = b""
    delta: bytes = b""


@dataclass
class Clock:
    """A second clock: the database's, carried forward by this machine's monotonic one (SG 3.7)."""

    at: datetime | None = None
    read: float = 0.0

    def set(self, at: datetime) -> None:
        self.at, self.read = at, time.monotonic()

    def now(self) -> datetime | None:
        if self.at is None:
            return None
        return self.at + timedelta(seconds=time.monotonic() - self.read)


@dataclass
class Office:
    """The parts of one process of services. `refresh` before anything is asked."""

    directory: Path
    nodes_of: Nodes
    desks: dict[str, Desk] = field(default_factory=dict)  # by key identifier
    by_key_hash: dict[bytes, Desk] = field(default_factory=dict)
    stampers: dict[str, TimestampAuthority] = field(default_factory=dict)
    nodes: Mapping[str, NodeKey] = field(default_factory=dict)
    clock: Clock = field(default_factory=Clock)
    uses: Counter[tuple[str, KeyPurpose]] = field(default_factory=Counter)
    _seen: tuple[int, int] = (0, 0)
    _last_list: int = 0
    _audited: float = field(default_factory=time.monotonic)

    def refresh(self) -> None:
        """Take in what changed on disk and in rows."""
        now = datetime.now(UTC)
        registry.sync(self.directory, at=now)
        if not self.desks:
            self._open()
        self.nodes = self.nodes_of()
        self._take_statuses()
        self._take_lists()
        self._take_responders()
        with connection.cursor() as cursor:
            cursor.execute("SELECT clock_timestamp()")
            self.clock.set(cursor.fetchone()[0])
        if time.monotonic() - self._audited > AUDIT_EVERY.total_seconds():
            self.write_audit()

    def _open(self) -> None:
        trust = Trust.from_directory(self.directory / "trust")
        for row in CertificateAuthority.objects.all():
            desk = _desk(self.directory, row, trust)
            self.desks[row.key_id] = desk
            own = x509.load_pem_x509_certificate(row.pem.encode("ascii"))
            bits = raw_fields(own).key_bits
            for digest in ("sha1", "sha256"):
                key = hashlib.new(digest, bits, usedforsecurity=False).digest()
                self.by_key_hash[key] = desk
        for name, policy in TSA_POLICIES.items():
            try:
                signer = ceremony.service_signer(self.directory, f"tsa/{name}")
            except AuthorityMissing:
                continue
            self.stampers[name] = TimestampAuthority(signer, f"{policy}.{SOFTWARE_KEY}")

    def _take_statuses(self) -> None:
        """Rows that are new or changed since the last look.

        Every change of a status signs a list, so a new list means: read all that is not active,
        and what was released. A hold that became a revocation keeps its time, and is among these.
        """
        last_pk, last_list = self._seen
        pk: int = IssuedCertificate.objects.aggregate(pk=Max("pk"))["pk"] or 0
        signed: int = CRLIssue.objects.aggregate(pk=Max("pk"))["pk"] or 0
        if (pk, signed) == self._seen:
            return
        changed = Q(pk__gt=last_pk)
        if signed != last_list:
            changed |= ~Q(status_at=None)
        by_pk = {desk.pk: desk for desk in self.desks.values()}
        for row in IssuedCertificate.objects.filter(changed).iterator(chunk_size=5000):
            by_pk[row.authority_id].statuses[int(row.serial, 16)] = lists.revocation(row)
        self._seen = (pk, signed)

    def _take_lists(self) -> None:
        last: int = CRLIssue.objects.aggregate(pk=Max("pk"))["pk"] or 0
        if last == self._last_list:
            return
        self._last_list = last
        for row in CertificateAuthority.objects.all():
            desk = self.desks[row.key_id]
            full, delta = lists.newest(row, delta=False), lists.newest(row, delta=True)
            desk.full = bytes(full.der) if full else b""
            desk.delta = bytes(delta.der) if delta and _is_current(delta, full) else b""

    def _take_responders(self) -> None:
        """A responder's certificate lives ninety days; a new one is taken without a restart."""
        for desk in self.desks.values():
            path = self.directory / "ocsp" / desk.name / "certificate.pem"
            if hashlib.sha256(path.read_bytes()).digest() != desk.responder_sha256:
                row = CertificateAuthority.objects.get(pk=desk.pk)
                desk.responder, desk.responder_sha256 = _responder(
                    self.directory, row, desk.statuses
                )

    def write_audit(self) -> None:
        """One row for each key and purpose used since the last time (SG-K-09)."""
        uses, self.uses = self.uses, Counter()
        self._audited = time.monotonic()
        for (key, purpose), count in uses.items():
            audit.used(
                key, purpose, at=datetime.now(UTC), subject=f"{count} câu trả lời", count=count
            )

    def log_tokens(self, tokens: Iterable[bytes]) -> None:
        """Make the digest of each time-stamp token a leaf of its log (SG 3.7)."""
        entries = [
            canonical_json({"version": 1, "token": hashlib.sha256(token).hexdigest()})
            for token in tokens
        ]
        ledger.append(TIMESTAMP_LOG, entries)


def _is_current(delta: CRLIssue, full: CRLIssue | None) -> bool:
    return full is not None and delta.number == full.number


def _desk(directory: Path, row: CertificateAuthority, trust: Trust) -> Desk:
    statuses: dict[int, Revocation | None] = {}
    responder, sha256 = _responder(directory, row, statuses)
    own = x509.load_pem_x509_certificate(row.pem.encode("ascii"))
    return Desk(row.name, row.key_id, row.pk, statuses, responder, sha256, _issuers(own, trust))


def _responder(
    directory: Path, row: CertificateAuthority, statuses: Mapping[int, Revocation | None]
) -> tuple[Responder, bytes]:
    signer = ceremony.service_signer(directory, f"ocsp/{row.name}")
    own = x509.load_pem_x509_certificate(row.pem.encode("ascii"))
    written = (directory / "ocsp" / row.name / "certificate.pem").read_bytes()
    responder = Responder(
        own, signer, statuses, archive_cutoff=row.not_before, nonce_signer=signer.unchecked
    )
    return responder, hashlib.sha256(written).digest()


def _issuers(own: x509.Certificate, trust: Trust) -> tuple[bytes, str]:
    """The authority's certificate; with its cross-certificates as certs-only CMS (SG 3.5)."""
    crosses = [
        one
        for one in trust.intermediates
        if one.subject == own.subject and one.public_key() == own.public_key() and one != own
    ]
    if not crosses:
        return own.public_bytes(Encoding.DER), "application/pkix-cert"
    data = pkcs7.serialize_certificates([own, *crosses], Encoding.DER)
    return data, "application/pkcs7-mime"
