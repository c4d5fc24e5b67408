"""Ceremonies of a root whose key is kept off-line: made by two persons, by a script, on record.

    OFFICE/root.key            the root key, encrypted under a passphrase; never leaves this machine
    OFFICE/root.pem            its certificate
    OFFICE/transcripts/*.json  what was done, by whom, with the SHA-256 of every file; signed
    OFFICE/online/             to carry to the online node: sub-authorities, responders, lists

Nothing here talks to a database or a network; it runs on a machine that has neither.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from lienthong.apps.pki import ceremony
from lienthong.apps.pki.authority.rules import CeremonyRefused
from lienthong.apps.pki.keyfiles import write_secret
from lienthong.core.signing import KeySigner, Trust
from lienthong.core.signing.authority import (
    BASE_URL,
    EQUAL_POLICIES,
    GOVERNMENT_POLICIES,
    PUBLIC_POLICIES,
    Authority,
)
from lienthong.core.signing.canonical import canonical_json
from lienthong.core.signing.keys import PrivateKey, PublicKey, verify_digest

PASSPHRASE_LENGTH_MIN = 15
ROOT_OF = {"government": ceremony.GOVERNMENT_ROOT, "national": ceremony.NATIONAL_ROOT}
YEARS = {ceremony.GOVERNMENT_ROOT: 20, ceremony.NATIONAL_ROOT: 25}
POLICIES = {
    ceremony.GOVERNMENT_ROOT: GOVERNMENT_POLICIES,
    ceremony.NATIONAL_ROOT: PUBLIC_POLICIES,
}


@dataclass
class Rite:
    """One sitting: the steps are noted while they are done, and signed at its end."""

    office: Path
    act: str
    persons: tuple[str, ...]
    at: datetime
    steps: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        names = {" ".join(name.split()).casefold() for name in self.persons}
        if len(names) < 2 or "" in names:
            raise CeremonyRefused(detail="cần hai người khác nhau có mặt và xác nhận")

    def step(self, text: str, *files: Path) -> None:
        """Note a step and the files it made."""
        made = {
            str(path.relative_to(self.office)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in files
        }
        self.steps.append({"number": len(self.steps) + 1, "text": text, "files": made})

    def finish(self, signer: KeySigner) -> Path:
        """Sign the transcript with the root key and return its file."""
        content = {
            "version": 1,
            "act": self.act,
            "persons": list(self.persons),
            "at": self.at.astimezone(UTC).isoformat(timespec="seconds"),
            "steps": self.steps,
        }
        digest = hashlib.sha256(canonical_json(content)).digest()
        record = {
            "transcript": content,
            "signature": base64.b64encode(signer.sign_digest(digest)).decode("ascii"),
            "certificate": signer.certificate.public_bytes(Encoding.PEM).decode("ascii"),
        }
        name = f"{self.at:%Y%m%dT%H%M%S}-{self.act}.json"
        path = self.office / "transcripts" / name
        data = json.dumps(record, ensure_ascii=False, indent=1).encode()
        write_secret(path, data)
        return path


def check_transcript(path: Path, office: Path | None = None) -> dict[str, Any]:
    """The content of a transcript whose signature holds; with `office`, also its files.

    Raises CeremonyRefused.
    """
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        certificate = x509.load_pem_x509_certificate(record["certificate"].encode())
        signature = base64.b64decode(record["signature"], validate=True)
        content: dict[str, Any] = record["transcript"]
        digest = hashlib.sha256(canonical_json(content)).digest()
        verify_digest(_public(certificate), digest, signature)
    except (OSError, ValueError, KeyError, TypeError, InvalidSignature, binascii.Error) as error:
        raise CeremonyRefused(detail="biên bản không đọc được hoặc chữ ký sai") from error
    for step in content["steps"] if office else ():
        for name, sha256 in step["files"].items():
            file = (office or path) / name
            if not file.exists() or hashlib.sha256(file.read_bytes()).hexdigest() != sha256:
                raise CeremonyRefused(detail=f"tệp {name} không khớp biên bản")
    return content


def make_root(
    office: Path,
    branch: str,
    *,
    persons: Sequence[str],
    passphrase: str,
    at: datetime,
    key: PrivateKey,
    sub_key: ceremony.KeyMaker = ceremony.make_p384_key,
    base_url: str = BASE_URL,
) -> Path:
    """Make a root and its sub-authorities; return the transcript. Raises CeremonyRefused.

    branch: "government" or "national". The keys of sub-authorities, responders and time-stampers
    are for the online node; the root's stays here, encrypted.
    """
    if (office / "root.key").exists():
        raise CeremonyRefused(detail="ở đây đã có một khóa gốc")
    _check_passphrase(passphrase)
    at = at.replace(microsecond=0)
    rite = Rite(office, "goc", tuple(persons), at)
    name, online = ROOT_OF[branch], office / "online"
    root = Authority.root(
        ceremony.NAMES[name], key=key, at=at, years=YEARS[name], base_url=base_url
    )
    write_secret(office / "root.key", _encrypted(key, passphrase))
    (office / "root.pem").write_bytes(root.certificate.public_bytes(Encoding.PEM))
    rite.step("Tạo khóa gốc và chứng thư gốc", office / "root.key", office / "root.pem")
    subs = _make_subs(online, name, root, sub_key, at)
    rite.step("Cấp chứng thư cho các CA cấp dưới", *sorted((online / "ca").glob("*/*.pem")))
    with ceremony.borrowed(online, name, root):
        for tsa, (issuer, _, _) in ceremony.TSAS.items():
            if issuer == name or issuer in subs:
                ceremony.make_tsa(online, tsa, at=at)
        for one in (name, *subs):
            ceremony.make_responder(online, one, at=at)
    rite.step(
        "Cấp chứng thư cho dịch vụ OCSP và dấu thời gian",
        *sorted(online.glob("*/*/certificate.pem")),
    )
    crls = [root.crl(at=at, lifetime=ceremony.crl_lifetime(name))]
    crls += [one.crl(at=at, lifetime=ceremony.crl_lifetime(sub)) for sub, one in subs.items()]
    for sub, authority in (*subs.items(), (name, root)):
        ceremony.keep_state(online, sub, authority)
    between = tuple(one.certificate for one in subs.values())
    Trust((root.certificate,), between, tuple(crls)).save(online / "trust")
    ceremony.operator(online, at=at)
    rite.step("Ký danh sách thu hồi đầu tiên", *sorted((online / "trust" / "crls").glob("*.crl")))
    return rite.finish(KeySigner(key, root.certificate))


def _make_subs(
    online: Path, name: str, root: Authority, sub_key: ceremony.KeyMaker, at: datetime
) -> dict[str, Authority]:
    found = {}
    for sub, (parent, policies) in ceremony.SUBS.items():
        if parent == name:
            found[sub] = root.sub_authority(
                ceremony.NAMES[sub], key=sub_key(), at=at, policies=policies
            )
            ceremony.write_authority(online, sub, found[sub])
    return found


def cross_request(office: Path, *, passphrase: str, at: datetime) -> bytes:
    """What this root hands to the other one: its certificate, and that it holds the key."""
    root = _open(office, passphrase)
    content = _request_content(root.certificate, at)
    digest = hashlib.sha256(canonical_json(content)).digest()
    signature = KeySigner(root.key, root.certificate).sign_digest(digest)
    record = {"request": content, "signature": base64.b64encode(signature).decode("ascii")}
    return json.dumps(record, ensure_ascii=False, indent=1).encode()


def _request_content(certificate: x509.Certificate, at: datetime) -> dict[str, Any]:
    return {
        "version": 1,
        "certificate": certificate.public_bytes(Encoding.PEM).decode("ascii"),
        "at": at.astimezone(UTC).isoformat(timespec="seconds"),
    }


def cross_issue(
    office: Path, request: bytes, *, persons: Sequence[str], passphrase: str, at: datetime
) -> x509.Certificate:
    """Certify the other root's key. Raises CeremonyRefused when it did not ask for it itself."""
    at = at.replace(microsecond=0)
    rite = Rite(office, "cheo", tuple(persons), at)
    other = _requested(request)
    root = _open(office, passphrase)
    if other.subject == root.certificate.subject:
        raise CeremonyRefused(detail="gốc không cấp chứng thư chéo cho chính mình")
    is_government = (
        ceremony.NAMES[ceremony.GOVERNMENT_ROOT] in root.certificate.subject.rfc4514_string()
    )
    mappings = EQUAL_POLICIES if is_government else [(b, a) for a, b in EQUAL_POLICIES]
    policies = PUBLIC_POLICIES if is_government else GOVERNMENT_POLICIES
    issued = root.cross_certify(other, at=at, policies=policies, mappings=mappings)
    path = office / "online" / "cross" / f"{issued.serial_number:x}.pem"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(issued.public_bytes(Encoding.PEM))
    rite.step("Cấp chứng thư chéo cho gốc kia", path)
    rite.finish(KeySigner(root.key, root.certificate))
    return issued


def _requested(data: bytes) -> x509.Certificate:
    """The certificate of a root that asked, self-signed and in possession of its key."""
    try:
        record = json.loads(data)
        content = record["request"]
        found = x509.load_pem_x509_certificate(content["certificate"].encode())
        found.verify_directly_issued_by(found)
        digest = hashlib.sha256(canonical_json(content)).digest()
        verify_digest(_public(found), digest, base64.b64decode(record["signature"], validate=True))
    except (ValueError, KeyError, TypeError, InvalidSignature, binascii.Error) as error:
        raise CeremonyRefused(detail="yêu cầu chứng thư chéo không đúng hoặc chữ ký sai") from error
    return found


def cross_accept(office: Path, certificate: x509.Certificate, issuer: x509.Certificate) -> None:
    """Take a cross-certificate for this root into what goes online. Raises CeremonyRefused.

    issuer: the other root's certificate, known out of band.
    """
    own = x509.load_pem_x509_certificate((office / "root.pem").read_bytes())
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature) as error:
        raise CeremonyRefused(detail="chứng thư chéo không do gốc đã nêu ký") from error
    basic = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
    if certificate.subject != own.subject or certificate.public_key() != own.public_key():
        raise CeremonyRefused(detail="chứng thư chéo không dành cho khóa gốc này")
    if not basic.ca or basic.path_length != 1:
        raise CeremonyRefused(detail="chứng thư chéo phải có pathLen bằng 1")
    trust = Trust.from_directory(office / "online" / "trust")
    replace(trust, intermediates=(*trust.intermediates, certificate)).save(
        office / "online" / "trust"
    )


def roll_over(
    office: Path,
    fresh: Path,
    *,
    persons: Sequence[str],
    passphrases: tuple[str, str],
    at: datetime,
) -> tuple[x509.Certificate, x509.Certificate]:
    """Link certificates between two generations of one root: old signs new, new signs old.

    office, fresh: the old and the new root's directories. Raises CeremonyRefused (SG-K-10).
    """
    at = at.replace(microsecond=0)
    rite = Rite(fresh, "noi", tuple(persons), at)
    old, new = _open(office, passphrases[0]), _open(fresh, passphrases[1])
    if old.certificate.subject != new.certificate.subject:
        raise CeremonyRefused(detail="hai khóa không phải của cùng một gốc")
    links = old.link(new.certificate, at=at), new.link(old.certificate, at=at)
    folder = fresh / "online" / "link"
    folder.mkdir(parents=True, exist_ok=True)
    files = folder / "old-signs-new.pem", folder / "new-signs-old.pem"
    for path, link in zip(files, links, strict=True):
        path.write_bytes(link.public_bytes(Encoding.PEM))
    rite.step("Cấp chứng thư nối giữa hai thế hệ khóa gốc", *files)
    rite.finish(KeySigner(new.key, new.certificate))
    return links


def _check_passphrase(passphrase: str) -> None:
    if len(passphrase) < PASSPHRASE_LENGTH_MIN:
        raise CeremonyRefused(detail=f"cụm mật khẩu phải từ {PASSPHRASE_LENGTH_MIN} ký tự")


def _encrypted(key: PrivateKey, passphrase: str) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(passphrase.encode()),
    )


def _open(office: Path, passphrase: str) -> Authority:
    """The root with its key. Raises CeremonyRefused for a wrong passphrase or an empty office."""
    try:
        pem = (office / "root.key").read_bytes()
        certificate = x509.load_pem_x509_certificate((office / "root.pem").read_bytes())
        key = serialization.load_pem_private_key(pem, passphrase.encode())
    except OSError as error:
        raise CeremonyRefused(detail="không có khóa gốc trong thư mục") from error
    except (ValueError, TypeError) as error:
        raise CeremonyRefused(detail="cụm mật khẩu của khóa gốc không đúng") from error
    if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        raise CeremonyRefused(detail="khóa gốc không phải RSA hoặc EC")
    return Authority(key, certificate)


def _public(certificate: x509.Certificate) -> PublicKey:
    key = certificate.public_key()
    if not isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey):
        raise CeremonyRefused(detail="khóa không phải RSA hoặc EC")
    return key
