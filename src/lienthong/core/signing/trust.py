"""Trust: the roots believed in, the authorities between, and what is known of revocations.

Loaded once and never changed; a new list makes a new Trust with another `epoch`, which is how
cached results know that they are old (SG 11.2).

A national trust list adds services with their history (TS 119 612): an authority counts as
trusted at the time in question by that history (SG 3.8), so a withdrawal never changes what was
signed, with proof, before it (SG-X-02).
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from lienthong.core.signing.problems import TrustInvalid
from lienthong.core.signing.x509_names import fingerprint, raw_fields, subject_key

BUNDLE_SIZE_MAX_BYTES = 20 * 1024 * 1024
FILES_MAX = 2000
FOLDERS = ("anchors", "intermediates", "crls", "ocsps", "keys", "operators", "pivots")
SERVICES = "services.json"
TRUST_LIST = "trust-list.xml"
LIST_NUMBER = "trust-list-number.txt"  # of the list that `SERVICES` was made from

CA_SERVICE, TSA_SERVICE, OCSP_SERVICE, CRL_SERVICE = "CA/PKC", "TSA", "OCSP", "CRL"


@dataclass(frozen=True, slots=True)
class ServiceStatus:
    """From `since` (aware) on the service is granted, or withdrawn."""

    since: datetime
    granted: bool


@dataclass(frozen=True, slots=True)
class TrustedService:
    """A service of a trust list: whose certificate, what kind, and its history.

    kind: CA_SERVICE, TSA_SERVICE, OCSP_SERVICE or CRL_SERVICE. statuses: in any order.
    """

    certificate: x509.Certificate
    kind: str
    statuses: tuple[ServiceStatus, ...]
    name: str = ""
    provider: str = ""

    @property
    def sha256(self) -> str:
        """The fingerprint of its certificate, in hexadecimal."""
        return self.certificate.fingerprint(HASH).hex()

    def granted_at(self, at: datetime) -> bool:
        """Whether its history grants it at `at`: not before its first status."""
        begun = [one for one in self.statuses if one.since <= at]
        return bool(begun) and max(begun, key=lambda one: one.since).granted

    def next_change(self, at: datetime) -> datetime | None:
        """The first moment after `at` at which its status may be another."""
        return min((one.since for one in self.statuses if one.since > at), default=None)

    def last_change(self, at: datetime) -> datetime | None:
        """The last moment up to `at` at which its status changed."""
        return max((one.since for one in self.statuses if one.since <= at), default=None)

    def to_json(self) -> dict[str, Any]:
        return {
            "certificate": base64.b64encode(self.certificate.public_bytes(Encoding.DER)).decode(),
            "kind": self.kind,
            "name": self.name,
            "provider": self.provider,
            "statuses": [[one.since.isoformat(), one.granted] for one in self.statuses],
        }

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> TrustedService:
        """Read what `to_json` wrote. Raises ValueError, KeyError or TypeError."""
        statuses = []
        for since, granted in found["statuses"]:
            moment = datetime.fromisoformat(since)
            if moment.tzinfo is None or not isinstance(granted, bool):
                raise ValueError("a status has a time with its zone, and true or false")
            statuses.append(ServiceStatus(moment, granted))
        return cls(
            x509.load_der_x509_certificate(base64.b64decode(found["certificate"], validate=True)),
            str(found["kind"]),
            tuple(statuses),
            str(found.get("name", "")),
            str(found.get("provider", "")),
        )


@dataclass(frozen=True, eq=False)
class Trust:
    """What a verifier believes. `keys` are bare public keys by name, such as the log's.

    ocsps: OCSP answers in DER; like the CRLs they are checked before they are used.
    operators: the certificates pinned for whoever signs the trust list. trust_list: the list in use
    as its signed bytes, b"" without one; `services` are what it says. pivots: earlier lists, oldest
    first, that lead from a pinned operator to the one who signed `trust_list`. list_number: the
    TSLSequenceNumber of the list that `services` were made from, for reports (SG 7.8).
    """

    anchors: tuple[x509.Certificate, ...]
    intermediates: tuple[x509.Certificate, ...] = ()
    crls: tuple[x509.CertificateRevocationList, ...] = ()
    keys: Mapping[str, Ed25519PublicKey] = field(default_factory=dict)
    ocsps: tuple[bytes, ...] = ()
    services: tuple[TrustedService, ...] = ()
    operators: tuple[x509.Certificate, ...] = ()
    trust_list: bytes = b""
    pivots: tuple[bytes, ...] = ()
    list_number: int | None = None

    @classmethod
    def from_directory(cls, path: Path) -> Trust:
        """Load anchors/*.pem, intermediates/*.pem, crls/*.crl, ocsps/*.der, keys/*.pub,
        operators/*.pem, pivots/*.xml, services.json, trust-list.xml and the number of the list that
        the services come from. Raises TrustInvalid.

        The services are those of services.json: a folder that came from elsewhere is asked by
        `trust_list_in_use.applied` what its list says.
        """
        files = {
            str(file.relative_to(path)): file.read_bytes()
            for folder in FOLDERS
            for file in sorted((path / folder).glob("*"))
            if file.is_file() and not file.name.startswith(".")
        }
        for name in (SERVICES, TRUST_LIST, LIST_NUMBER):
            if (path / name).is_file():
                files[name] = (path / name).read_bytes()
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
                ocsps=tuple(_contents(files, "ocsps/", ".der")),
                services=tuple(_services(files)),
                operators=tuple(_certificates(files, "operators/")),
                trust_list=files.get(TRUST_LIST, b""),
                pivots=tuple(_contents(files, "pivots/", ".xml")),
                list_number=int(files[LIST_NUMBER]) if LIST_NUMBER in files else None,
            )
        except (ValueError, KeyError, TypeError) as error:
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
            ("operators", self.operators),
        ):
            for certificate in certificates:
                name = certificate.fingerprint(HASH).hex()[:24]
                found[f"{folder}/{name}.pem"] = certificate.public_bytes(Encoding.PEM)
        for crl in self.crls:
            issuer = hashlib.sha256(crl.issuer.public_bytes()).hexdigest()
            name = issuer[:12] + _issuer_key(crl)[:12] + _part(crl)
            found[f"crls/{name}.crl"] = crl.public_bytes(Encoding.DER)
        for answer in self.ocsps:
            found[f"ocsps/{hashlib.sha256(answer).hexdigest()[:24]}.der"] = answer
        if self.services:
            listed = [one.to_json() for one in self.services]
            found[SERVICES] = json.dumps(listed, ensure_ascii=False, indent=1).encode()
        if self.trust_list:
            found[TRUST_LIST] = self.trust_list
        if self.list_number is not None:
            found[LIST_NUMBER] = b"%d\n" % self.list_number
        for place, pivot in enumerate(self.pivots):
            found[f"pivots/{place:03}.xml"] = pivot
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
        for folder in FOLDERS:
            for file in (path / folder).glob("*") if folder != "keys" else ():
                if f"{folder}/{file.name}" not in files:
                    file.unlink()
        for name in {SERVICES, TRUST_LIST, LIST_NUMBER} - files.keys():
            (path / name).unlink(missing_ok=True)

    def bundle(self) -> bytes:
        """Everything as one ZIP file; the same Trust gives the same bytes."""
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in sorted(self.files().items()):
                entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
                entry.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(entry, content)
        return buffer.getvalue()

    def with_ocsps(self, answers: Iterable[bytes]) -> Trust:
        """This trust with these OCSP answers instead of those it had."""
        return replace(self, ocsps=tuple(dict.fromkeys(answers)))

    def with_services(self, services: Iterable[TrustedService]) -> Trust:
        """This trust with the services of a newer trust list instead of those it had."""
        return replace(self, services=tuple(services))

    def with_crls(self, crls: Iterable[x509.CertificateRevocationList]) -> Trust:
        """This trust with newer lists in place of those of the same issuer key and kind.

        A list whose number is lower than the known one's is left out (R45).
        """
        newest = {_issuer_key(crl) + _part(crl): crl for crl in self.crls}
        for crl in crls:
            key = _issuer_key(crl) + _part(crl)
            known = newest.get(key)
            if known is None or crl_number(known) <= crl_number(crl):
                newest[key] = crl
        return replace(self, crls=tuple(newest.values()))

    @cached_property
    def epoch(self) -> str:
        """A digest of everything inside: another list, another epoch."""
        digest = hashlib.sha256()
        for name, content in sorted(self.files().items()):
            digest.update(name.encode() + hashlib.sha256(content).digest())
        return digest.hexdigest()[:16]

    def services_of(self, certificate: x509.Certificate, kind: str) -> tuple[TrustedService, ...]:
        """The services of this kind with the name and key of `certificate`; a cross-certificate
        of a root is the root's too."""
        return self._services_by_key.get((kind, *_identity(certificate)), ())

    def is_withdrawn(self, certificate: x509.Certificate, at: datetime) -> bool:
        """Whether a trust list names this authority and does not grant it at `at` (R46)."""
        listed = self.services_of(certificate, CA_SERVICE)
        return bool(listed) and not any(one.granted_at(at) for one in listed)

    def anchors_at(self, at: datetime) -> tuple[x509.Certificate, ...]:
        """The pinned roots first, then the authorities that the trust list grants at `at`.

        A pinned root that the trust list withdrew by then is not among them.
        """
        if not self.services:
            return self.anchors
        pinned = [one for one in self.anchors if not self.is_withdrawn(one, at)]
        listed = [
            one.certificate
            for one in self.services
            if one.kind == CA_SERVICE and one.granted_at(at)
        ]
        return tuple(dict.fromkeys((*pinned, *listed)))

    def service_granted(
        self, certificate: x509.Certificate, kind: str, at: datetime
    ) -> bool | None:
        """Whether a trust list grants this service at `at`; None when it is in no list."""
        listed = self.services_of(certificate, kind)
        return any(one.granted_at(at) for one in listed) if listed else None

    @cached_property
    def _services_by_key(
        self,
    ) -> Mapping[tuple[str, bytes, bytes], tuple[TrustedService, ...]]:
        found: dict[tuple[str, bytes, bytes], tuple[TrustedService, ...]] = {}
        for one in self.services:
            key = (one.kind, *_identity(one.certificate))
            found[key] = (*found.get(key, ()), one)
        return found

    @cached_property
    def told_at(self) -> datetime | None:
        """The newest moment that the lists of revocation tell: it has passed."""
        return max((one.last_update_utc for one in self.crls), default=None)

    @cached_property
    def anchor_fingerprints(self) -> frozenset[str]:
        """SHA-256 of each root, for comparing with pinned values."""
        return frozenset(anchor.fingerprint(HASH).hex() for anchor in self.anchors)

    @cached_property
    def known(self) -> frozenset[x509.Certificate]:
        """Roots and the authorities between."""
        return frozenset((*self.anchors, *self.intermediates))

    @cached_property
    def known_fingerprints(self) -> frozenset[bytes]:
        """SHA-256 of each of `known`."""
        return frozenset(fingerprint(one) for one in self.known)

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


def _part(crl: x509.CertificateRevocationList) -> str:
    """Tells delta lists and lists of a part apart from the full list; nothing for that one."""
    part = ""
    for one in crl.extensions:
        if isinstance(one.value, x509.DeltaCRLIndicator):
            part += "-delta"
        elif isinstance(one.value, x509.IssuingDistributionPoint):
            part += "-" + hashlib.sha256(one.value.public_bytes()).hexdigest()[:12]
    return part


def _identity(certificate: x509.Certificate) -> tuple[bytes, bytes]:
    """Name and key: what makes two certificates those of one authority."""
    return subject_key(certificate), raw_fields(certificate).key_info


def _services(files: Mapping[str, bytes]) -> Iterator[TrustedService]:
    if SERVICES in files:
        listed = json.loads(files[SERVICES])
        if not isinstance(listed, list) or len(listed) > FILES_MAX:
            raise ValueError("services.json is no list of services")
        yield from (TrustedService.from_json(one) for one in listed)


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


def _contents(files: Mapping[str, bytes], prefix: str, ending: str) -> Iterator[bytes]:
    for name, content in sorted(files.items()):
        if name.startswith(prefix) and name.endswith(ending):
            yield content


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
