"""Time-stamps for tests: an authority of the test PKI behind a clock that a test moves."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from lienthong.core.signing import AGENCY_FIELD, PERSON_FIELD, KeySigner, sign_pdf, tsp
from lienthong.core.signing.authority import Authority, Profile, Subject, make_ec_key
from lienthong.core.signing.keys import SHA256
from lienthong.core.signing.ocsp import Responder
from lienthong.core.signing.problems import TimestampNotMade
from lienthong.core.signing.profiles import POLICY_GOVERNMENT_TSA
from lienthong.core.signing.revoked import Revocation
from lienthong.core.tests import signing_samples as samples
from lienthong.core.tests.pki_fixture import NOW, START, NationalPKI, test_pki

POLICY = f"{POLICY_GOVERNMENT_TSA}.3"
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
YEAR = timedelta(days=365)


@dataclass
class Desk:
    """A place where documents are signed: one PKI, one time-stamp authority, one clock."""

    pki: NationalPKI = field(default_factory=test_pki)
    now: datetime = NOW
    stamp_signer: KeySigner | None = None

    def __post_init__(self) -> None:
        if self.stamp_signer is None:
            self.stamp_signer = self.pki.issue(
                self.pki.government, Profile.TSA, Subject("Dấu thời gian công vụ (thử)")
            )
        self.authority = tsp.TimestampAuthority(self.stamp_signer, POLICY)
        self.source = tsp.LocalSource(self.authority, lambda: self.now)

    def sign(
        self, data: bytes, name: str, signer: KeySigner, source: tsp.TimestampSource | None = None
    ) -> bytes:
        """A signature at the desk's time, with a time-stamp of `source`."""
        return sign_pdf(
            data,
            field=name,
            signer=signer,
            name="Ký thử",
            reason="Ký ban hành",
            location="Hà Nội",
            at=self.now,
            timestamp=source,
        )

    def person_signed(self, signer: KeySigner | None = None) -> bytes:
        """The person's signature, B-T."""
        signer = signer or self.pki.person()
        return self.sign(samples.prepared(), PERSON_FIELD, signer, self.source)

    def official(self, person: KeySigner | None = None, agency: KeySigner | None = None) -> bytes:
        """Person, then a minute later the agency, both B-T."""
        once = self.person_signed(person)
        self.now += MINUTE
        return self.sign(once, AGENCY_FIELD, agency or self.pki.agency(), self.source)


class NoSource:
    """A time-stamp authority that nobody reaches."""

    def stamp(self, digest: bytes) -> bytes:
        raise TimestampNotMade(detail="không kết nối được")


@dataclass
class FixedSource:
    """Gives the same token whatever it is asked for."""

    token: bytes

    def stamp(self, digest: bytes) -> bytes:
        return self.token


@dataclass
class World:
    """The addresses in certificates, answered: OCSP of one authority, every CRL, every CA."""

    pki: NationalPKI
    at: datetime
    asked: list[str] = field(default_factory=list)
    silent: bool = False

    def __post_init__(self) -> None:
        signer = self.pki.issue(self.pki.people, Profile.OCSP, Subject("OCSP (thử)"))
        self.statuses: dict[int, Revocation | None] = {}
        self.responder = Responder(self.pki.people.certificate, signer, self.statuses)

    def knows(self, *signers: KeySigner) -> None:
        for one in signers:
            self.statuses[one.certificate.serial_number] = None

    def fetch(self, url: str, body: bytes | None) -> bytes | None:
        self.asked.append(url)
        if self.silent:
            return None
        if body is not None:
            return self.responder.answer(body, self.at)
        for one in self.pki.authorities:
            if url.endswith(f"/crl/{one.identifier}.crl"):
                return one.crl(at=self.at).public_bytes(Encoding.DER)
        return None


def odd_stamp_signer(
    authority: Authority, usages: list[x509.ObjectIdentifier], *, critical: bool
) -> KeySigner:
    """A certificate for time-stamps with other extended uses than it must have (R50)."""
    key = make_ec_key()
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Không đúng mẫu")])
    usage = x509.KeyUsage(True, False, False, False, False, False, False, False, False)
    issuer_key = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key())
    certificate = (
        x509.CertificateBuilder()
        .issuer_name(authority.certificate.subject)
        .subject_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(START)
        .not_valid_after(START + YEAR)
        .add_extension(usage, critical=True)
        .add_extension(issuer_key, critical=False)
        .add_extension(x509.ExtendedKeyUsage(usages), critical=critical)
        .sign(authority.key, SHA256)
    )
    return KeySigner(key, certificate, authority.chain)


STAMPING, CLIENT = ExtendedKeyUsageOID.TIME_STAMPING, ExtendedKeyUsageOID.CLIENT_AUTH
