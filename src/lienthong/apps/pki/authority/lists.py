"""Delta lists and the newest lists of each authority (SG-R-02, SG-R-03)."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from cryptography import x509
from django.db import transaction
from django.db.models import Q

from lienthong.apps.pki import ceremony
from lienthong.apps.pki.authority import audit
from lienthong.apps.pki.authority.models import CertificateAuthority, CRLIssue, IssuedCertificate
from lienthong.apps.pki.authority.rules import KeyPurpose, Reason, Status
from lienthong.core.signing import KeySigner, crl
from lienthong.core.signing.keys import SHA256
from lienthong.core.signing.revoked import Revocation

REMOVED = x509.ReasonFlags.remove_from_crl


@transaction.atomic
def issue_delta(
    directory: Path, authority: CertificateAuthority, *, at: datetime
) -> CRLIssue | None:
    """Sign what changed since the oldest full list that is still good; its number is the newest.

    None when there is no full list before the newest one, or the delta is there already.
    """
    newest = authority.crls.filter(base_number=None).order_by("-number").first()
    if newest is None:
        return None
    base = (
        authority.crls.filter(base_number=None, next_update__gt=at, number__lt=newest.number)
        .order_by("number")
        .first()
    )
    if base is None or authority.crls.filter(number=newest.number, base_number__gt=0).exists():
        return None
    entries = _changes(authority, base.this_update)
    with ceremony.authority(directory, authority.name) as found:
        signer = KeySigner(found.key, found.certificate, found.chain)
        data = crl.build(
            signer,
            entries,
            number=newest.number,
            this_update=newest.this_update,
            next_update=newest.next_update,
            base_number=base.number,
            expired_since=authority.not_before,
        )
    signed = x509.load_der_x509_crl(data)
    audit.used(
        f"ca/{authority.name}",
        KeyPurpose.CRL,
        at=at,
        subject=f"CRL thay đổi số {newest.number} so với số {base.number}, {len(entries)} mục",
        digest=signed.fingerprint(SHA256).hex(),
    )
    return CRLIssue.objects.create(
        authority=authority,
        number=newest.number,
        base_number=base.number,
        this_update=newest.this_update,
        next_update=newest.next_update,
        entries=len(entries),
        der=data,
    )


def _changes(authority: CertificateAuthority, since: datetime) -> dict[int, Revocation]:
    rows = authority.certificates.filter(status_at__gt=since)
    return {
        int(row.serial, 16): revocation(row) or Revocation(row.not_before, REMOVED) for row in rows
    }


def revocation(row: IssuedCertificate) -> Revocation | None:
    """What OCSP and lists say of a certificate; None while it is good."""
    if row.status == Status.ACTIVE or row.status_at is None:
        return None
    reason = Reason(row.reason or Reason.UNSPECIFIED)
    return Revocation(row.status_at, reason.flag, row.invalidity_at)


def newest(authority: CertificateAuthority, *, delta: bool) -> CRLIssue | None:
    """The list to hand out."""
    wanted = ~Q(base_number=None) if delta else Q(base_number=None)
    return authority.crls.filter(wanted).order_by("-number").first()
