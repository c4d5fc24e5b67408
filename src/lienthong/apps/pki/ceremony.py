"""The national authorities in a directory: two roots, their sub-authorities, cross-certificates.

    ca/<name>/key.pem certificate.pem chain.pem state.json issued.jsonl     one authority
    ocsp/<name>/  tsa/<branch>/  operator/  key.pem certificate.pem chain.pem  keys of services
    trust/                                     what everybody loads (see core.signing.Trust)

Keys in files are for demonstration and tests; a real authority keeps them in a module (SG 3.1). Of
an authority whose key is kept off-line the directory has everything but `key.pem`.
"""

from __future__ import annotations

import base64
import fcntl
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from lienthong.apps.pki.keyfiles import write_secret
from lienthong.apps.pki.operator_key import make_operator_key
from lienthong.apps.pki.rules import AuthorityMissing
from lienthong.core.signing import KeySigner, Trust
from lienthong.core.signing.authority import (
    BASE_URL,
    EQUAL_POLICIES,
    GOVERNMENT_POLICIES,
    POLICY_NATIONAL_TSA,
    PUBLIC_POLICIES,
    Authority,
    KeyLevel,
    Profile,
    Subject,
    make_ec_key,
    make_key,
)
from lienthong.core.signing.keys import PrivateKey, PublicKey

GOVERNMENT_ROOT, NATIONAL_ROOT = "government-root", "national-root"
PEOPLE, SERVICES, PUBLIC = "government-a", "government-b", "public-1"
PUBLIC_2, NATIONAL_TSA = "public-2", "national-tsa"
ROOTS = frozenset({GOVERNMENT_ROOT, NATIONAL_ROOT})
NAMES = {
    GOVERNMENT_ROOT: "Gốc chứng thực chuyên dùng công vụ (trình diễn)",
    NATIONAL_ROOT: "Gốc chứng thực điện tử quốc gia (trình diễn)",
    PEOPLE: "CA công vụ A - cá nhân, cơ quan (trình diễn)",
    SERVICES: "CA công vụ B - dịch vụ, thiết bị (trình diễn)",
    PUBLIC: "CA công cộng 1 (trình diễn)",
    PUBLIC_2: "CA công cộng 2 (trình diễn)",
    NATIONAL_TSA: "CA dấu thời gian quốc gia (trình diễn)",
}
# Sub-authorities: under which root, and the policies they may issue by.
SUBS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    PEOPLE: (GOVERNMENT_ROOT, GOVERNMENT_POLICIES),
    SERVICES: (GOVERNMENT_ROOT, GOVERNMENT_POLICIES),
    PUBLIC: (NATIONAL_ROOT, PUBLIC_POLICIES),
    PUBLIC_2: (NATIONAL_ROOT, PUBLIC_POLICIES),
    NATIONAL_TSA: (NATIONAL_ROOT, (POLICY_NATIONAL_TSA,)),
}
# Time-stamp authorities: who certifies them, under which profile and name (SG 3.1).
TSAS: Mapping[str, tuple[str, Profile, str]] = {
    "government": (GOVERNMENT_ROOT, Profile.TSA, "Dấu thời gian công vụ (trình diễn)"),
    "national": (NATIONAL_TSA, Profile.NATIONAL_TSA, "Dấu thời gian quốc gia (trình diễn)"),
}
SUB_CRL_LIFETIME = timedelta(days=2)  # SG-R-02
ROOT_CRL_LIFETIME = timedelta(days=90)  # a root signs in ceremonies only
BACKDATED = timedelta(hours=1)  # so that clocks slightly behind accept what was just issued
RESPONDER_RENEWED_BEFORE = timedelta(days=30)
OPERATOR = "operator"
KeyMaker = Callable[[], PrivateKey]


@dataclass(frozen=True, slots=True)
class Issued:
    """One line of an authority's list of what it issued. `request`: the registration, if any."""

    certificate: x509.Certificate
    profile: Profile
    request: str


def make_p384_key() -> ec.EllipticCurvePrivateKey:
    """A new P-384 key, for authorities (SG 9)."""
    return ec.generate_private_key(ec.SECP384R1())


def make_national_pki(
    directory: Path,
    *,
    at: datetime,
    root_key: KeyMaker = lambda: make_key(4096),
    sub_key: KeyMaker = lambda: make_key(3072),
    second_key: KeyMaker = make_p384_key,
    base_url: str = BASE_URL,
    names_responder: bool = True,
) -> None:
    """Make both hierarchies (SG 3.1) and the trust directory. Does nothing where they exist.

    sub_key: of the three authorities that issue most; second_key: of the others. base_url: where
    the services of status and lists answer, as it will stand in every certificate.
    names_responder: see Authority.
    """
    if (directory / "trust" / "anchors").is_dir():
        return
    start = at - BACKDATED
    makers = [root_key, root_key, *(sub_key if n in _MOST else second_key for n in SUBS)]
    with ThreadPoolExecutor(max_workers=2) as pool:
        keys = dict(
            zip((GOVERNMENT_ROOT, NATIONAL_ROOT, *SUBS), pool.map(_call, makers), strict=True)
        )
    found = {
        name: Authority.root(
            NAMES[name],
            key=keys[name],
            at=start,
            years=years,
            base_url=base_url,
            names_responder=names_responder,
        )
        for name, years in ((GOVERNMENT_ROOT, 20), (NATIONAL_ROOT, 25))
    }
    for name, (root, policies) in SUBS.items():
        found[name] = found[root].sub_authority(
            NAMES[name], key=keys[name], at=start, policies=policies
        )
    crosses = cross_certificates(found[GOVERNMENT_ROOT], found[NATIONAL_ROOT], at=start)
    crls = [one.crl(at=start, lifetime=crl_lifetime(name)) for name, one in found.items()]
    for name, one in found.items():
        _write(directory / "ca" / name, one)
    for name in TSAS:
        make_tsa(directory, name, at=start)
    for name in NAMES:
        make_responder(directory, name, at=start)
    subs = tuple(found[name].certificate for name in SUBS)
    anchors = (found[GOVERNMENT_ROOT].certificate, found[NATIONAL_ROOT].certificate)
    Trust(anchors, (*subs, *crosses), tuple(crls)).save(directory / "trust")
    operator(directory, at=at)


_MOST = frozenset({PEOPLE, SERVICES, PUBLIC})


def _call(maker: KeyMaker) -> PrivateKey:
    return maker()


def cross_certificates(
    government: Authority, national: Authority, *, at: datetime
) -> tuple[x509.Certificate, x509.Certificate]:
    """The national root certifies the government's, and the reverse (SG 3.5)."""
    return (
        national.cross_certify(
            government.certificate,
            at=at,
            policies=GOVERNMENT_POLICIES,
            mappings=[(national_, official) for official, national_ in EQUAL_POLICIES],
        ),
        government.cross_certify(
            national.certificate, at=at, policies=PUBLIC_POLICIES, mappings=EQUAL_POLICIES
        ),
    )


def operator(directory: Path, *, at: datetime) -> KeySigner:
    """The key of whoever runs the trust list: made when missing, and pinned in `trust/`, from which
    every node starts."""
    try:
        found = service_signer(directory, OPERATOR)
    except AuthorityMissing:
        found = make_operator_key(directory / OPERATOR, start=at - BACKDATED)
    if found.certificate not in Trust.from_directory(directory / "trust").operators:
        publish(
            directory,
            lambda trust: replace(trust, operators=(*trust.operators, found.certificate)),
        )
    return found


def make_tsa(directory: Path, name: str, *, at: datetime) -> None:
    """A new key for a time-stamp authority; the last one is overwritten (SG 3.7)."""
    issuer, profile, title = TSAS[name]
    subject = Subject(title, organization=NAMES[issuer])
    _make_service(directory, f"tsa/{name}", issuer, profile=profile, subject=subject, at=at)


def make_responder(directory: Path, name: str, *, at: datetime) -> None:
    """A new key for the OCSP responder of one authority (SG-R-01)."""
    subject = Subject(f"OCSP {name}", organization=NAMES[name])
    _make_service(directory, f"ocsp/{name}", name, profile=Profile.OCSP, subject=subject, at=at)


def renew_responders(directory: Path, *, at: datetime) -> list[str]:
    """Give a new key to each responder near its end whose authority is here. The names of those."""
    renewed = []
    for name in NAMES:
        if not (directory / "ca" / name / "key.pem").exists():
            continue
        end = service_signer(directory, f"ocsp/{name}").certificate.not_valid_after_utc
        if end - at < RESPONDER_RENEWED_BEFORE:
            make_responder(directory, name, at=at)
            renewed.append(name)
    return renewed


def _make_service(
    directory: Path, path: str, issuer: str, *, profile: Profile, subject: Subject, at: datetime
) -> None:
    key = make_ec_key()
    certificate, chain = issue(directory, issuer, profile, subject, key.public_key(), at=at)
    folder = directory / path
    write_secret(folder / "key.pem", private_pem(key))
    (folder / "certificate.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "chain.pem").write_bytes(_pem(chain))


def service_signer(directory: Path, path: str) -> KeySigner:
    """The key of "ocsp/<authority>" or "tsa/<branch>". Raises AuthorityMissing."""
    folder = directory / path
    try:
        pem = (folder / "key.pem").read_bytes()
    except FileNotFoundError as error:
        raise AuthorityMissing(name=path) from error
    certificate = x509.load_pem_x509_certificate((folder / "certificate.pem").read_bytes())
    return KeySigner(_private_key(pem), certificate, _chain(folder))


def issue(
    directory: Path,
    name: str,
    profile: Profile,
    subject: Subject,
    public_key: PublicKey,
    *,
    at: datetime,
    lifetime: timedelta | None = None,
    until: datetime | None = None,
    level: KeyLevel = KeyLevel.SOFTWARE,
    request: str = "",
) -> tuple[x509.Certificate, tuple[x509.Certificate, ...]]:
    """Issue a certificate and note it on disk before it leaves this function.

    Returns the certificate and its issuers without the root. Raises AuthorityMissing,
    CertificateProfileBroken.
    """
    with authority(directory, name) as found:
        start = max(at, found.certificate.not_valid_before_utc)
        certificate = found.issue(
            profile,
            subject,
            public_key,
            at=start,
            lifetime=lifetime,
            until=until,
            level=level,
        )
        _note(directory / "ca" / name, certificate, profile, request)
        return certificate, found.chain


def issued(directory: Path, name: str) -> Iterator[Issued]:
    """Everything an authority issued, oldest first. A line cut off by a crash is not there."""
    try:
        lines = (directory / "ca" / name / ISSUED).read_bytes().splitlines()
    except FileNotFoundError:
        return
    for line in lines:
        try:
            facts = json.loads(line)
        except ValueError:  # the machine stopped while it was written; it was never handed out
            continue
        certificate = x509.load_der_x509_certificate(base64.b64decode(facts["certificate"]))
        yield Issued(certificate, Profile(facts["profile"]), facts["request"])


ISSUED = "issued.jsonl"


def _note(folder: Path, certificate: x509.Certificate, profile: Profile, request: str) -> None:
    der = certificate.public_bytes(serialization.Encoding.DER)
    facts = {
        "certificate": base64.b64encode(der).decode(),
        "profile": profile.value,
        "request": request,
        "sha256": certificate.fingerprint(hashes.SHA256()).hex(),
    }
    with (folder / ISSUED).open("ab") as file:
        file.write(b"\n" if file.tell() and not _ends_with_line(folder / ISSUED) else b"")
        file.write(json.dumps(facts, sort_keys=True).encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())


def _ends_with_line(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"


@contextmanager
def authority(directory: Path, name: str) -> Iterator[Authority]:
    """One authority, locked while used; its state is written back. Raises AuthorityMissing."""
    folder = directory / "ca" / name
    if not (folder / "key.pem").exists():
        raise AuthorityMissing(name=name)
    with (folder / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        found = _read(folder)
        before = _state(found)
        yield found
        if _state(found) != before:
            _write_state(folder, found)


@contextmanager
def borrowed(directory: Path, name: str, found: Authority) -> Iterator[None]:
    """Let an authority whose key is kept off-line act here, and take its key away again."""
    write_authority(directory, name, found)
    try:
        yield
    finally:
        (directory / "ca" / name / "key.pem").unlink()


def write_authority(directory: Path, name: str, found: Authority) -> None:
    """Put an authority with its key into the directory."""
    _write(directory / "ca" / name, found)


def keep_state(directory: Path, name: str, found: Authority) -> None:
    """Write down the number of the last list and what was revoked."""
    _write_state(directory / "ca" / name, found)


def refresh_crls(directory: Path, *, at: datetime, force: bool = False) -> bool:
    """Issue new CRLs where half of the life of the last has passed. Whether any was issued."""
    trust = Trust.from_directory(directory / "trust")
    fresh = []
    for name in NAMES:
        if not (directory / "ca" / name / "key.pem").exists():  # its key is kept off-line
            continue
        with authority(directory, name) as found:
            lists = trust.lists.get(found.certificate.subject.public_bytes(), ())
            lifetime = crl_lifetime(name)
            if force or not lists or at - lists[0].last_update_utc > lifetime / 2:
                fresh.append(found.crl(at=at, lifetime=lifetime))
    if fresh:
        publish(directory, lambda trust: trust.with_crls(fresh))
    return bool(fresh)


def revoke(
    directory: Path,
    certificate: x509.Certificate,
    *,
    at: datetime,
    reason: x509.ReasonFlags = x509.ReasonFlags.unspecified,
    invalidity_at: datetime | None = None,
) -> x509.CertificateRevocationList:
    """Revoke a certificate of any authority here and publish its CRL at once (SG-R-02).

    A hold is a revocation for the reason certificate_hold (SG-R-04). Raises AuthorityMissing when
    none of them issued it.
    """
    name = name_of_issuer(directory, certificate)
    with authority(directory, name) as found:
        found.revoke(certificate, at=at, reason=reason, invalidity_at=invalidity_at)
        crl = found.crl(at=at, lifetime=crl_lifetime(name))
    publish(directory, lambda trust: trust.with_crls([crl]))
    return crl


def release(
    directory: Path, certificate: x509.Certificate, *, at: datetime
) -> x509.CertificateRevocationList:
    """End a hold and publish the list without it. Raises AuthorityMissing."""
    name = name_of_issuer(directory, certificate)
    with authority(directory, name) as found:
        found.release(certificate)
        crl = found.crl(at=at, lifetime=crl_lifetime(name))
    publish(directory, lambda trust: trust.with_crls([crl]))
    return crl


def name_of_issuer(directory: Path, certificate: x509.Certificate) -> str:
    """Which authority here issued it, by its key. Raises AuthorityMissing."""
    key_id = certificate.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value
    for name in NAMES:
        path = directory / "ca" / name / "certificate.pem"
        if not path.exists():
            continue
        own = x509.load_pem_x509_certificate(path.read_bytes())
        found = own.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
        if found.digest == key_id.key_identifier and own.subject == certificate.issuer:
            return name
    raise AuthorityMissing(name=certificate.issuer.rfc4514_string())


def publish(directory: Path, change: Callable[[Trust], Trust]) -> None:
    """Change what everybody loads, one change at a time."""
    folder = directory / "trust"
    with (directory / "trust.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        change(Trust.from_directory(folder)).save(folder)


def publish_log_key(directory: Path, key: Ed25519PublicKey) -> None:
    """Put the public key of the axis' log among what everybody loads."""
    publish_keys(directory, {"log": key})


def publish_keys(directory: Path, keys: Mapping[str, Ed25519PublicKey]) -> None:
    """Put bare public keys, such as those of witnesses, among what everybody loads."""
    publish(directory, lambda trust: replace(trust, keys={**trust.keys, **keys}))


def crl_lifetime(name: str) -> timedelta:
    """How long a CRL of that authority lives: two days, of a root ninety."""
    return ROOT_CRL_LIFETIME if name in ROOTS else SUB_CRL_LIFETIME


def _write(folder: Path, found: Authority) -> None:
    write_secret(folder / "key.pem", private_pem(found.key))
    (folder / "certificate.pem").write_bytes(_pem([found.certificate]))
    (folder / "chain.pem").write_bytes(_pem(found.chain))
    _write_state(folder, found)


def _write_state(folder: Path, found: Authority) -> None:
    write_secret(folder / "state.json", json.dumps(_state(found), indent=1).encode())


def _state(found: Authority) -> dict[str, object]:
    return {
        "base_url": found.base_url,
        "names_responder": found.names_responder,
        "crl_number": found.crl_number,
        "revoked": {
            f"{serial:x}": [when.isoformat(), reason.name]
            for serial, (when, reason) in found.revoked.items()
        },
        "invalidity": {
            f"{serial:x}": since.isoformat() for serial, since in found.invalidity.items()
        },
    }


def _read(folder: Path) -> Authority:
    state = json.loads((folder / "state.json").read_text(encoding="utf-8"))
    return Authority(
        _private_key((folder / "key.pem").read_bytes()),
        x509.load_pem_x509_certificate((folder / "certificate.pem").read_bytes()),
        _chain(folder),
        base_url=state.get("base_url", BASE_URL),
        names_responder=state.get("names_responder", True),
        revoked={
            int(serial, 16): (datetime.fromisoformat(when), x509.ReasonFlags[reason])
            for serial, (when, reason) in state["revoked"].items()
        },
        crl_number=state["crl_number"],
        invalidity={
            int(serial, 16): datetime.fromisoformat(since)
            for serial, since in state.get("invalidity", {}).items()
        },
    )


def _private_key(pem: bytes) -> PrivateKey:
    key = serialization.load_pem_private_key(pem, None, unsafe_skip_rsa_key_validation=True)
    if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        raise TypeError("an authority has an RSA or EC key")
    return key


def private_pem(key: PrivateKey) -> bytes:
    """The key as PKCS#8 in PEM, bare; for files that only this account reads."""
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _pem(certificates: Iterable[x509.Certificate]) -> bytes:
    return b"".join(one.public_bytes(serialization.Encoding.PEM) for one in certificates)


def _chain(folder: Path) -> tuple[x509.Certificate, ...]:
    pem = (folder / "chain.pem").read_bytes()
    return tuple(x509.load_pem_x509_certificates(pem)) if pem else ()
