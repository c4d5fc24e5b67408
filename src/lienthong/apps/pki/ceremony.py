"""The national authorities in a directory: two roots, three sub-authorities, cross-certificates.

    ca/<name>/key.pem certificate.pem state.json     one authority
    trust/                                           what everybody loads (see core.signing.Trust)

Keys in files are for demonstration and tests; a real authority keeps them in a module (SG 3.1).
"""

from __future__ import annotations

import fcntl
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from lienthong.apps.pki.keyfiles import write_secret
from lienthong.apps.pki.rules import AuthorityMissing
from lienthong.core.signing import Trust
from lienthong.core.signing.authority import (
    GOVERNMENT_POLICIES,
    PUBLIC_POLICIES,
    Authority,
    make_key,
)
from lienthong.core.signing.keys import PrivateKey

GOVERNMENT_ROOT, NATIONAL_ROOT = "government-root", "national-root"
PEOPLE, SERVICES, PUBLIC = "government-a", "government-b", "public-1"
NAMES = {
    GOVERNMENT_ROOT: "Gốc chứng thực chuyên dùng công vụ (trình diễn)",
    NATIONAL_ROOT: "Gốc chứng thực điện tử quốc gia (trình diễn)",
    PEOPLE: "CA công vụ A - cá nhân, cơ quan (trình diễn)",
    SERVICES: "CA công vụ B - dịch vụ, thiết bị (trình diễn)",
    PUBLIC: "CA công cộng 1 (trình diễn)",
}
SUB_CRL_LIFETIME = timedelta(days=2)  # SG-R-02
ROOT_CRL_LIFETIME = timedelta(days=90)  # a root signs in ceremonies only
BACKDATED = timedelta(hours=1)  # so that clocks slightly behind accept what was just issued
KeyMaker = Callable[[], PrivateKey]


def make_national_pki(
    directory: Path,
    *,
    at: datetime,
    root_key: KeyMaker = lambda: make_key(4096),
    sub_key: KeyMaker = lambda: make_key(3072),
) -> None:
    """Make both hierarchies (SG 3.1) and the trust directory. Does nothing where they exist."""
    if (directory / "trust" / "anchors").is_dir():
        return
    start = at - BACKDATED
    with ThreadPoolExecutor(max_workers=2) as pool:
        made = [pool.submit(maker) for maker in (root_key, root_key, sub_key, sub_key, sub_key)]
        keys = [future.result() for future in made]
    government = Authority.root(NAMES[GOVERNMENT_ROOT], key=keys[0], at=start, years=20)
    national = Authority.root(NAMES[NATIONAL_ROOT], key=keys[1], at=start, years=25)
    found = {
        GOVERNMENT_ROOT: government,
        NATIONAL_ROOT: national,
        PEOPLE: government.sub_authority(NAMES[PEOPLE], key=keys[2], at=start),
        SERVICES: government.sub_authority(NAMES[SERVICES], key=keys[3], at=start),
        PUBLIC: national.sub_authority(
            NAMES[PUBLIC], key=keys[4], at=start, policies=PUBLIC_POLICIES
        ),
    }
    crosses = (
        national.cross_certify(government.certificate, at=start, policies=GOVERNMENT_POLICIES),
        government.cross_certify(national.certificate, at=start, policies=PUBLIC_POLICIES),
    )
    crls = [authority.crl(at=start, lifetime=_lifetime(name)) for name, authority in found.items()]
    for name, authority in found.items():
        _write(directory / "ca" / name, authority)
    subs = tuple(found[name].certificate for name in (PEOPLE, SERVICES, PUBLIC))
    anchors = (government.certificate, national.certificate)
    Trust(anchors, (*subs, *crosses), tuple(crls)).save(directory / "trust")


@contextmanager
def authority(directory: Path, name: str) -> Iterator[Authority]:
    """One authority, locked while used; its state is written back. Raises AuthorityMissing."""
    folder = directory / "ca" / name
    if not (folder / "key.pem").exists():
        raise AuthorityMissing(name=name)
    with (folder / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        found = _read(folder)
        yield found
        _write_state(folder, found)


def refresh_crls(directory: Path, *, at: datetime, force: bool = False) -> bool:
    """Issue new CRLs where half of the life of the last has passed. Whether any was issued."""
    trust = Trust.from_directory(directory / "trust")
    fresh = []
    for name in NAMES:
        with authority(directory, name) as found:
            lists = trust.lists.get(found.certificate.subject.public_bytes(), ())
            lifetime = _lifetime(name)
            if force or not lists or at - lists[0].last_update_utc > lifetime / 2:
                fresh.append(found.crl(at=at, lifetime=lifetime))
    if fresh:
        trust.with_crls(fresh).save(directory / "trust")
    return bool(fresh)


def revoke(
    directory: Path,
    certificate: x509.Certificate,
    *,
    at: datetime,
    reason: x509.ReasonFlags = x509.ReasonFlags.unspecified,
) -> None:
    """Revoke a certificate of any authority here and publish its CRL at once (SG-R-02).

    Raises AuthorityMissing when none of them issued it.
    """
    for name in NAMES:
        with authority(directory, name) as found:
            if found.certificate.subject != certificate.issuer:
                continue
            found.revoke(certificate, at=at, reason=reason)
            crl = found.crl(at=at, lifetime=_lifetime(name))
        trust = Trust.from_directory(directory / "trust")
        trust.with_crls([crl]).save(directory / "trust")
        return
    raise AuthorityMissing(name=certificate.issuer.rfc4514_string())


def publish_log_key(directory: Path, key: Ed25519PublicKey) -> None:
    """Put the public key of the axis' log among what everybody loads."""
    trust = Trust.from_directory(directory / "trust")
    with_key = Trust(trust.anchors, trust.intermediates, trust.crls, {**trust.keys, "log": key})
    with_key.save(directory / "trust")


def _lifetime(name: str) -> timedelta:
    return ROOT_CRL_LIFETIME if name in {GOVERNMENT_ROOT, NATIONAL_ROOT} else SUB_CRL_LIFETIME


def _write(folder: Path, found: Authority) -> None:
    pem = found.key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    write_secret(folder / "key.pem", pem)
    chain = b"".join(one.public_bytes(serialization.Encoding.PEM) for one in found.chain)
    own = found.certificate.public_bytes(serialization.Encoding.PEM)
    (folder / "certificate.pem").write_bytes(own)
    (folder / "chain.pem").write_bytes(chain)
    _write_state(folder, found)


def _write_state(folder: Path, found: Authority) -> None:
    state = {
        "crl_number": found.crl_number,
        "revoked": {
            f"{serial:x}": [when.isoformat(), reason.name]
            for serial, (when, reason) in found.revoked.items()
        },
    }
    write_secret(folder / "state.json", json.dumps(state, indent=1).encode())


def _read(folder: Path) -> Authority:
    pem = (folder / "key.pem").read_bytes()
    key = serialization.load_pem_private_key(pem, None, unsafe_skip_rsa_key_validation=True)
    if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        raise TypeError("an authority has an RSA or EC key")
    state = json.loads((folder / "state.json").read_text(encoding="utf-8"))
    chain_pem = (folder / "chain.pem").read_bytes()
    return Authority(
        key,
        x509.load_pem_x509_certificate((folder / "certificate.pem").read_bytes()),
        tuple(x509.load_pem_x509_certificates(chain_pem)) if chain_pem else (),
        revoked={
            int(serial, 16): (datetime.fromisoformat(when), x509.ReasonFlags[reason])
            for serial, (when, reason) in state["revoked"].items()
        },
        crl_number=state["crl_number"],
    )
