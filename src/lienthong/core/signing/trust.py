"""Trust: the roots believed in, the authorities between, and the lists of revoked certificates.

Loaded once and never changed; a new list makes a new Trust with another `epoch`, which is how
cached results know that they are old (SG 11.2).
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from lienthong.core.signing.problems import TrustInvalid

BUNDLE_SIZE_MAX_BYTES = 20 * 1024 * 1024
FILES_MAX = 2000


@dataclass(frozen=True, eq=False)
class Trust:
    """What a verifier believes. `keys` are bare public keys by name, such as the log's."""

    anchors: tuple[x509.Certificate, ...]
    intermediates: tuple[x509.Certificate, ...] = ()
    crls: tuple[x509.CertificateRevocationList, ...] = ()
    keys: Mapping[str, Ed25519PublicKey] = field(default_factory=dict)

    @classmethod
    def from_directory(cls, path: Path) -> Trust:
        """Load anchors/*.pem, intermediates/*.pem, crls/*.crl, keys/*.pub. Raises TrustInvalid."""
        files = {
            str(file.relative_to(path)): file.read_bytes()
            for folder in ("anchors", "intermediates", "crls", "keys")
            for file in sorted((path / folder).glob("*"))
            if file.is_file() and not file.name.startswith(".")
        }
        return cls.from_files(files)

    @classmethod
    def from_files(cls, files: Mapping[str, bytes]) -> Trust:
        """As `from_directory`, from names and contents. Raises TrustInvalid."""
        try:
            trust = cls(
                anchors=tuple(_certificates(files, "anchors/")),
                intermediates=tuple(_certificates(files, "intermediates/")),
                crls=tuple(_crls(files)),
                keys=dict(_keys(files)),
            )
        except ValueError as error:
            raise TrustInvalid(detail=str(error)[:160]) from error
        if not trust.anchors:
            raise TrustInvalid(detail="không có chứng thư gốc nào")
        return trust

    @classmethod
    def from_bundle(cls, data: bytes) -> Trust:
        """Read what `bundle` wrote. Raises TrustInvalid."""
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                entries = archive.infolist()
                if (
                    len(entries) > FILES_MAX
                    or sum(entry.file_size for entry in entries) > BUNDLE_SIZE_MAX_BYTES
                ):
                    raise TrustInvalid(detail="tệp quá lớn")
                return cls.from_files({entry.filename: archive.read(entry) for entry in entries})
        except zipfile.BadZipFile as error:
            raise TrustInvalid(detail="không phải tệp ZIP") from error

    def files(self) -> dict[str, bytes]:
        """Names and contents, as `save` writes them."""
        found: dict[str, bytes] = {}
        for folder, certificates in (
            ("anchors", self.anchors),
            ("intermediates", self.intermediates),
        ):
            for certificate in certificates:
                name = certificate.fingerprint(HASH).hex()[:24]
                found[f"{folder}/{name}.pem"] = certificate.public_bytes(Encoding.PEM)
        for crl in self.crls:
            name = (
                hashlib.sha256(crl.issuer.public_bytes()).hexdigest()[:12] + _issuer_key(crl)[:12]
            )
            found[f"crls/{name}.crl"] = crl.public_bytes(Encoding.DER)
        for label, key in self.keys.items():
            pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
            found[f"keys/{label}.pub"] = pem
        return found

    def save(self, path: Path) -> None:
        """Write the files under `path`; files of an earlier state that are not ours now go away."""
        files = self.files()
        for name, content in files.items():
            target = path / name
            target.parent.mkdir(parents=True, exist_ok=True)
            if target.exists() and target.read_bytes() == content:
                continue
            fresh = target.with_name(f".{target.name}.new")
            fresh.write_bytes(content)
            fresh.replace(target)
        for folder in ("anchors", "intermediates", "crls"):
            for file in (path / folder).glob("*"):
                if f"{folder}/{file.name}" not in files:
                    file.unlink()

    def bundle(self) -> bytes:
        """Everything as one ZIP file; the same Trust gives the same bytes."""
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in sorted(self.files().items()):
                entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
                entry.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(entry, content)
        return buffer.getvalue()

    def with_crls(self, crls: Iterable[x509.CertificateRevocationList]) -> Trust:
        """This trust with newer lists in place of those of the same issuer key."""
        newest = {_issuer_key(crl): crl for crl in self.crls}
        for crl in crls:
            known = newest.get(_issuer_key(crl))
            if known is None or crl_number(known) <= crl_number(crl):
                newest[_issuer_key(crl)] = crl
        return replace(self, crls=tuple(newest.values()))

    @cached_property
    def epoch(self) -> str:
        """A digest of everything inside: another list, another epoch."""
        digest = hashlib.sha256()
        for name, content in sorted(self.files().items()):
            digest.update(name.encode() + hashlib.sha256(content).digest())
        return digest.hexdigest()[:16]

    @cached_property
    def anchor_fingerprints(self) -> frozenset[str]:
        """SHA-256 of each root, for comparing with pinned values."""
        return frozenset(anchor.fingerprint(HASH).hex() for anchor in self.anchors)

    @cached_property
    def known(self) -> frozenset[x509.Certificate]:
        """Roots and the authorities between."""
        return frozenset((*self.anchors, *self.intermediates))

    @cached_property
    def lists(self) -> Mapping[bytes, tuple[x509.CertificateRevocationList, ...]]:
        """The CRLs by the DER of their issuer's name, newest first."""
        found: dict[bytes, list[x509.CertificateRevocationList]] = {}
        for crl in sorted(self.crls, key=lambda one: one.last_update_utc, reverse=True):
            found.setdefault(crl.issuer.public_bytes(), []).append(crl)
        return {name: tuple(crls) for name, crls in found.items()}


HASH = hashes.SHA256()


def crl_number(crl: x509.CertificateRevocationList) -> int:
    """The cRLNumber, 0 when there is none."""
    try:
        return crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number
    except x509.ExtensionNotFound:
        return 0


def _issuer_key(crl: x509.CertificateRevocationList) -> str:
    """The key that signs this list, told by its AKI: two keys of one name stay apart."""
    try:
        found = crl.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value
    except x509.ExtensionNotFound:
        return hashlib.sha256(crl.issuer.public_bytes()).hexdigest()
    return (found.key_identifier or b"").hex()


def _certificates(files: Mapping[str, bytes], prefix: str) -> Iterator[x509.Certificate]:
    for name, content in sorted(files.items()):
        if name.startswith(prefix) and name.endswith(".pem"):
            yield from x509.load_pem_x509_certificates(content)


def _crls(files: Mapping[str, bytes]) -> Iterator[x509.CertificateRevocationList]:
    for name, content in sorted(files.items()):
        if name.startswith("crls/") and name.endswith(".crl"):
            if content.startswith(b"-----BEGIN"):
                yield x509.load_pem_x509_crl(content)
            else:
                yield x509.load_der_x509_crl(content)


def _keys(files: Mapping[str, bytes]) -> Iterator[tuple[str, Ed25519PublicKey]]:
    for name, content in sorted(files.items()):
        if name.startswith("keys/") and name.endswith(".pub"):
            key = serialization.load_pem_public_key(content)
            if isinstance(key, Ed25519PublicKey):
                yield name.removeprefix("keys/").removesuffix(".pub"), key
