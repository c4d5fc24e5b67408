"""Issue certificates with their keys, register certificates, revoke."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from django.conf import settings
from django.db import transaction

from lienthong.apps.accounts import api as accounts
from lienthong.apps.directory import api as directory_api
from lienthong.apps.pki import ceremony, keyfiles, trusted
from lienthong.apps.pki.models import Certificate, Key
from lienthong.apps.pki.queries import NODE_FILE, RECEIPT_FILE
from lienthong.apps.pki.rules import KeyKind, KeyPlace
from lienthong.apps.pki.signers import HeldKey
from lienthong.core.signing import KeySigner, Trust, common_name
from lienthong.core.signing.authority import (
    Profile,
    Subject,
    make_ec_key,
    make_key,
)
from lienthong.core.signing.keys import PrivateKey

AUTHORITY_POINTER = "authority.txt"


def issue_person(
    directory: Path,
    *,
    person_id: int,
    organization_id: int,
    position: str,
    pin: str,
    at: datetime,
    unit: str = "",
    key: PrivateKey | None = None,
) -> Certificate:
    """Make and certify an officer's personal key (RSA-3072 unless given), opened by `pin`."""
    person = accounts.Person.objects.get(pk=person_id)
    organization = directory_api.get(organization_id)
    subject = Subject(
        person.full_name,
        organization=organization.name,
        organization_code=organization.code,
        unit=unit,
        title=position,
        serial=f"CB:VN-{organization.code}-{person_id}",
        place=organization.place,
    )
    signer = _certified(directory, Profile.PERSON, subject, key or make_key(), at)
    name = f"persons/{person_id}-{_short(signer)}.p12"
    keyfiles.write_secret(keyfiles.keys_directory() / name, signer.to_pkcs12(pin))
    return _record_key(KeyKind.PERSON, name, signer, organization_id, person_id)


def issue_agency(directory: Path, *, organization_id: int, pin: str, at: datetime) -> Certificate:
    """Make and certify an agency's seal key (RSA-3072), opened by `pin`."""
    organization = directory_api.get(organization_id)
    signer = _certified(directory, Profile.AGENCY, _agency(organization), make_key(), at)
    name = f"agencies/{organization_id}-{_short(signer)}.p12"
    keyfiles.write_secret(keyfiles.keys_directory() / name, signer.to_pkcs12(pin))
    return _record_key(KeyKind.AGENCY, name, signer, organization_id)


def issue_service(directory: Path, *, organization_id: int, at: datetime) -> Certificate:
    """Make and certify the key by which this node signs an agency's packets (P-256)."""
    organization = directory_api.get(organization_id)
    subject = Subject(
        f"Dịch vụ liên thông - {organization.code}",
        organization=organization.name,
        organization_code=organization.code,
        place=organization.place,
        uri=f"urn:lienthong:service:{organization.code}",
    )
    signer = _certified(directory, Profile.SERVICE, subject, make_ec_key(), at)
    name = f"services/{organization_id}-{_short(signer)}.p12"
    keyfiles.write_machine_key(name, signer)
    return _record_key(KeyKind.SERVICE, name, signer, organization_id)


def issue_node(directory: Path, *, at: datetime, organization_id: int | None = None) -> Certificate:
    """Make and certify the key that signs this node's requests (P-256)."""
    return _issue_machine(
        directory, Profile.NODE, KeyKind.NODE, NODE_FILE, at=at, organization_id=organization_id
    )


def issue_receipt(
    directory: Path, *, at: datetime, organization_id: int | None = None
) -> Certificate:
    """Make and certify the key that signs the axis' receipts (P-256)."""
    return _issue_machine(
        directory,
        Profile.RECEIPT,
        KeyKind.RECEIPT,
        RECEIPT_FILE,
        at=at,
        organization_id=organization_id,
    )


def make_log_key(directory: Path) -> None:
    """Make the key of this node's log and publish its public half with the trust."""
    ceremony.publish_log_key(directory, keyfiles.make_log_key().public_key())


def keep_authority(directory: Path) -> None:
    """Remember that the national authorities are in `directory`, so that CRLs are renewed here."""
    pointer = keyfiles.keys_directory() / AUTHORITY_POINTER
    keyfiles.write_secret(pointer, str(directory.resolve()).encode())


def renew_crls(*, at: datetime) -> bool:
    """Issue the CRLs that are due, where the authorities are kept. Whether any changed."""
    try:
        pointer = (keyfiles.keys_directory() / AUTHORITY_POINTER).read_text(encoding="utf-8")
    except FileNotFoundError:
        return False
    ceremony.refresh_crls(Path(pointer), at=at)
    return trusted.take_bundle(Trust.from_directory(Path(pointer) / "trust").bundle())


@transaction.atomic
def register_certificate(
    kind: KeyKind,
    certificate: x509.Certificate,
    *,
    organization_id: int | None = None,
    person_id: int | None = None,
) -> Certificate:
    """Record a certificate; the same one again gives the same row."""
    found, _ = Certificate.objects.get_or_create(
        sha256=certificate.fingerprint(hashes.SHA256()).hex(),
        defaults={
            "kind": kind,
            "serial": f"{certificate.serial_number:X}",
            "subject": common_name(certificate),
            "issuer": certificate.issuer.rfc4514_string(),
            "not_before": certificate.not_valid_before_utc,
            "not_after": certificate.not_valid_after_utc,
            "pem": certificate.public_bytes(Encoding.PEM).decode("ascii"),
            "organization_id": organization_id,
            "person_id": person_id,
        },
    )
    return found


@transaction.atomic
def revoke(
    directory: Path,
    certificate: Certificate,
    *,
    at: datetime,
    reason: x509.ReasonFlags = x509.ReasonFlags.unspecified,
) -> None:
    """Revoke a certificate and publish the new CRL; its key signs nothing more here."""
    parsed = x509.load_pem_x509_certificate(certificate.pem.encode())
    ceremony.revoke(directory, parsed, at=at, reason=reason)
    mark_revoked(certificate, at=at)


def mark_revoked(certificate: Certificate, *, at: datetime) -> None:
    """Note here that a certificate is revoked.

    A person's or a seal's key stays the one in use, so that its holder hears why it signs nothing;
    a key that the node opens by itself is out of use.
    """
    certificate.revoked_at = at
    certificate.save(update_fields=["revoked_at"])
    machine = Key.objects.filter(certificate=certificate, kind=KeyKind.SERVICE)
    machine.update(is_current=False)


def _certified(
    directory: Path, profile: Profile, subject: Subject, key: PrivateKey, at: datetime
) -> KeySigner:
    people = profile in {Profile.PERSON, Profile.AGENCY}
    name = ceremony.PEOPLE if people else ceremony.SERVICES
    certificate, chain = ceremony.issue(
        directory, name, profile, subject, key.public_key(), at=at - ceremony.BACKDATED
    )
    return KeySigner(key, certificate, chain)


def _issue_machine(
    directory: Path,
    profile: Profile,
    kind: KeyKind,
    file: str,
    *,
    at: datetime,
    organization_id: int | None,
) -> Certificate:
    subject = Subject(
        str(settings.NODE_NAME),
        organization=str(settings.NODE_TITLE),
        uri=f"urn:lienthong:{kind.value}:{settings.NODE_NAME}",
    )
    signer = _certified(directory, profile, subject, make_ec_key(), at)
    keyfiles.write_machine_key(file, signer)
    return _record_key(kind, file, signer, organization_id)


def _agency(organization: directory_api.Organization) -> Subject:
    parent = organization.parent
    return Subject(
        organization.name,
        organization=parent.name if parent else "",
        organization_code=organization.code,
        place=organization.place,
    )


def install_key(
    kind: KeyKind,
    signer: KeySigner,
    pin: str,
    *,
    organization_id: int,
    person_id: int | None = None,
) -> Certificate:
    """Keep a certified key of a holder under `pin`; it takes the place of the holder's last one.

    A service's key is opened by the node itself, so its PIN is not kept.
    """
    folder = {KeyKind.PERSON: "persons", KeyKind.AGENCY: "agencies", KeyKind.SERVICE: "services"}
    name = f"{folder[kind]}/{person_id or organization_id}-{_short(signer)}.p12"
    if kind is KeyKind.SERVICE:
        keyfiles.write_machine_key(name, signer)
    else:
        keyfiles.write_secret(keyfiles.keys_directory() / name, signer.to_pkcs12(pin))
    return _record_key(kind, name, signer, organization_id, person_id)


def install_held_key(
    key: HeldKey, *, organization_id: int, person_id: int | None = None
) -> Certificate:
    """Note that a holder's key lies elsewhere; it takes the place of the holder's last one."""
    return _record(key, organization_id, person_id)


def _record_key(
    kind: KeyKind,
    path: str,
    signer: KeySigner,
    organization_id: int | None = None,
    person_id: int | None = None,
) -> Certificate:
    """The rows of a new key in a file, which holds its issuers too."""
    return _record(
        HeldKey(kind, KeyPlace.FILE, "", path, signer.certificate), organization_id, person_id
    )


@transaction.atomic
def _record(key: HeldKey, organization_id: int | None, person_id: int | None) -> Certificate:
    """The rows of a new key; it takes the place of the holder's last one."""
    certificate = register_certificate(
        key.kind, key.certificate, organization_id=organization_id, person_id=person_id
    )
    holder = {"person_id": person_id} if person_id else {"organization_id": organization_id}
    earlier = Key.objects.filter(kind=key.kind, **holder)
    earlier.filter(place=key.place, device=key.device, path=key.path).exclude(path="").delete()
    earlier.update(is_current=False)
    Key.objects.create(
        kind=key.kind,
        place=key.place,
        device=key.device,
        path=key.path,
        chain="".join(one.public_bytes(Encoding.PEM).decode("ascii") for one in key.chain),
        certificate=certificate,
        organization_id=organization_id,
        person_id=person_id,
    )
    return certificate


def _short(signer: KeySigner) -> str:
    return signer.certificate.fingerprint(hashes.SHA256()).hex()[:8]
