"""The register follows the directory of authorities: what is on disk becomes rows, once.

The directory is where keys, serials and revocations are first made durable; rows are made from it,
so a crash between the two is healed by the next `sync`, and so are certificates that a ceremony or
another node's installation issued into the same directory.
"""

from __future__ import annotations

import unicodedata
import warnings
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from uuid import UUID

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from django.conf import settings
from django.db import transaction

from lienthong.apps.directory import api as directory_api
from lienthong.apps.pki import ceremony, keyfiles, trusted
from lienthong.apps.pki.authority import audit, ledger
from lienthong.apps.pki.authority.models import (
    CertificateAuthority,
    CRLIssue,
    IssuedCertificate,
)
from lienthong.apps.pki.authority.rules import (
    CERTIFICATE_LOG,
    AuthorityKind,
    AuthorityOffline,
    ClockInThePast,
    KeyPurpose,
    Reason,
    Status,
)
from lienthong.core.signing import Trust
from lienthong.core.signing.authority import Profile, key_identifier
from lienthong.core.signing.canonical import canonical_json

AUTHORITY_POINTER = "authority.txt"
_seen: dict[Path, tuple[tuple[str, int, int], ...]] = {}


def authority_directory() -> Path:
    """Where this node keeps the authorities. Raises AuthorityOffline elsewhere."""
    try:
        pointer = keyfiles.keys_directory() / AUTHORITY_POINTER
        return Path(pointer.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise AuthorityOffline(name=str(settings.NODE_NAME)) from error


def sync(directory: Path, *, at: datetime) -> int:
    """Take into rows what the directory has that they have not; return how many certificates.

    Cheap when no file changed since this process looked last.
    """
    stamp = _stamp(directory)
    if _seen.get(directory) == stamp:
        return 0
    with transaction.atomic():
        authorities = _authorities(directory)
        fresh = sum(_certificates(directory, row, at) for row in authorities.values())
        for name, row in authorities.items():
            _statuses(directory, row, name, at)
        _lists(directory, authorities.values())
    _seen[directory] = stamp
    return fresh


def forget() -> None:
    """Look at every file again at the next `sync`: the database was exchanged under us."""
    _seen.clear()


def _stamp(directory: Path) -> tuple[tuple[str, int, int], ...]:
    found = []
    for pattern in ("ca/*/issued.jsonl", "ca/*/state.json", "trust/crls/*.crl"):
        for path in sorted(directory.glob(pattern)):
            stat = path.stat()
            found.append((str(path), stat.st_mtime_ns, stat.st_size))
    return tuple(found)


def _authorities(directory: Path) -> dict[str, CertificateAuthority]:
    known = {row.name: row for row in CertificateAuthority.objects.select_for_update()}
    for name, title in ceremony.NAMES.items():
        folder = directory / "ca" / name
        if name in known or not (folder / "certificate.pem").exists():
            continue
        own = x509.load_pem_x509_certificate((folder / "certificate.pem").read_bytes())
        known[name] = CertificateAuthority.objects.create(
            name=name,
            title=title,
            kind=AuthorityKind.ROOT if name in ceremony.ROOTS else AuthorityKind.SUB,
            key_id=key_identifier(own),
            sha256=own.fingerprint(hashes.SHA256()).hex(),
            pem=own.public_bytes(Encoding.PEM).decode("ascii"),
            not_before=own.not_valid_before_utc,
            not_after=own.not_valid_after_utc,
            online=(folder / "key.pem").exists(),
        )
    return known


def _certificates(directory: Path, row: CertificateAuthority, at: datetime) -> int:
    known = set(row.certificates.values_list("sha256", flat=True))
    fresh = [
        one
        for one in ceremony.issued(directory, row.name)
        if one.certificate.fingerprint(hashes.SHA256()).hex() not in known
    ]
    first = ledger.append(CERTIFICATE_LOG, [log_entry(one.certificate) for one in fresh])
    rows = [
        certificate_row(row, one.certificate, one.profile, request=one.request, log_index=index)
        for index, one in enumerate(fresh, first)
    ]
    for each in rows:
        each.issued_at = each.not_before
    IssuedCertificate.objects.bulk_create(rows)
    if rows:
        audit.used(
            f"ca/{row.name}",
            KeyPurpose.ISSUE,
            at=at,
            subject=f"{len(rows)} chứng thư cấp khi dựng hệ thống",
            count=len(rows),
        )
    return len(rows)


def certificate_row(
    authority: CertificateAuthority,
    certificate: x509.Certificate,
    profile: Profile,
    *,
    request: str = "",
    log_index: int | None = None,
) -> IssuedCertificate:
    """The row of a certificate, not yet saved."""
    texts = name_texts(certificate)
    names = {
        "subject": texts.get(NameOID.COMMON_NAME, ""),
        "organization": texts.get(NameOID.ORGANIZATION_NAME, ""),
        "organization_code": texts.get(NameOID.ORGANIZATION_IDENTIFIER, "").removeprefix("GO:VN-"),
        "holder": texts.get(NameOID.SERIAL_NUMBER, ""),
    }
    serial = f"{certificate.serial_number:X}"
    words = " ".join(texts.values())
    return IssuedCertificate(
        authority=authority,
        serial=serial,
        sha256=certificate.fingerprint(hashes.SHA256()).hex(),
        profile=profile.value,
        search_text=f"{directory_api.plain(words)} {serial.lower()}",
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
        pem=certificate.public_bytes(Encoding.PEM).decode("ascii"),
        request_id=UUID(request) if request else None,
        log_index=log_index,
        **{name: value[:250] for name, value in names.items()},
    )


def name_texts(certificate: x509.Certificate) -> dict[x509.ObjectIdentifier, str]:
    """The attributes of the subject by kind, in NFC."""
    with warnings.catch_warnings():  # the library counts the 64 characters of X.520 in bytes
        warnings.simplefilter("ignore", UserWarning)
        return {
            one.oid: unicodedata.normalize("NFC", str(one.value)) for one in certificate.subject
        }


def log_entry(certificate: x509.Certificate) -> bytes:
    """The leaf of a certificate: digests only, no personal data (SG 5.5)."""
    return canonical_json(
        {
            "version": 1,
            "certificate": certificate.fingerprint(hashes.SHA256()).hex(),
            "issuer": key_of_issuer(certificate),
            "not_before": certificate.not_valid_before_utc.isoformat(),
            "not_after": certificate.not_valid_after_utc.isoformat(),
        }
    )


def key_of_issuer(certificate: x509.Certificate) -> str:
    """The identifier of the key that signed it, hexadecimal."""
    found = certificate.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value
    return (found.key_identifier or b"").hex()


def _statuses(directory: Path, row: CertificateAuthority, name: str, at: datetime) -> None:
    """Revocations, holds and releases that were written to the directory by others."""
    if not row.online:
        return
    with ceremony.authority(directory, name) as found:
        revoked, invalidity = dict(found.revoked), dict(found.invalidity)
    listed = {f"{serial:X}": (serial, *facts) for serial, facts in revoked.items()}
    for each in row.certificates.filter(serial__in=listed):
        serial, when, reason = listed[each.serial]
        status = Status.ON_HOLD if reason is x509.ReasonFlags.certificate_hold else Status.REVOKED
        if (each.status, each.status_at) != (status, when):
            each.status, each.status_at = status, when
            each.reason = reason.name if reason.name in Reason.values else Reason.UNSPECIFIED
            each.invalidity_at = invalidity.get(serial)
            each.save(update_fields=["status", "status_at", "reason", "invalidity_at"])
    for each in row.certificates.filter(status=Status.ON_HOLD).exclude(serial__in=listed):
        each.status, each.status_at, each.reason = Status.ACTIVE, at, ""
        each.save(update_fields=["status", "status_at", "reason"])


def _lists(directory: Path, authorities: Iterable[CertificateAuthority]) -> None:
    by_key = {row.key_id: row for row in authorities}
    for crl in Trust.from_directory(directory / "trust").crls:
        key = crl.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value
        row = by_key.get((key.key_identifier or b"").hex()[:16])
        if row is not None:
            keep_list(row, crl)


def keep_list(row: CertificateAuthority, crl: x509.CertificateRevocationList) -> None:
    """Keep a signed list; the one of a number that is known changes nothing (SG-R-03)."""
    number = crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number
    if number <= row.crl_number or crl.next_update_utc is None:
        return
    CRLIssue.objects.get_or_create(
        authority=row,
        number=number,
        base_number=None,
        defaults={
            "this_update": crl.last_update_utc,
            "next_update": crl.next_update_utc,
            "entries": len(crl),
            "der": crl.public_bytes(Encoding.DER),
        },
    )
    audit.used(
        f"ca/{row.name}",
        KeyPurpose.CRL,
        at=crl.last_update_utc,
        subject=f"CRL số {number}, {len(crl)} mục",
        digest=crl.fingerprint(hashes.SHA256()).hex(),
    )
    row.crl_number = number
    row.last_signed_at = max(row.last_signed_at or crl.last_update_utc, crl.last_update_utc)
    row.save(update_fields=["crl_number", "last_signed_at"])


def check_clock(row: CertificateAuthority, at: datetime) -> None:
    """Raise ClockInThePast when the authority has signed something at a later time than `at`."""
    if row.last_signed_at is not None and at < row.last_signed_at:
        raise ClockInThePast(last=row.last_signed_at.isoformat(timespec="seconds"))


def take_lists(directory: Path) -> None:
    """Let this node's own trust, and so the bundle that agencies fetch, have the newest lists."""
    trusted.take_bundle(Trust.from_directory(directory / "trust").bundle())
