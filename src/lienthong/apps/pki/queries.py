"""Reads: signers by holder."""

from __future__ import annotations

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone

from lienthong.apps.pki import keyfiles
from lienthong.apps.pki.models import Certificate, Key
from lienthong.apps.pki.rules import KeyKind, KeyMissing, KeyPlace
from lienthong.apps.pki.signers import HeldKey, machine_signer
from lienthong.apps.pki.usable import check_usable
from lienthong.core.signing import DigestSigner

NODE_FILE = "node.p12"
RECEIPT_FILE = "receipt.p12"


def usable_key(
    kind: KeyKind, *, person_id: int | None = None, organization_id: int | None = None
) -> HeldKey:
    """The key of an officer or of a seal, wherever it lies, when it may be used now, whatever time
    is claimed (SG-S-03). Raises KeyMissing, CertificateNotUsable, CertificateStatusUnknown.
    """
    key = _current(kind, person_id=person_id, organization_id=organization_id)
    check_usable(key.certificate, at=timezone.now())
    return held(key)


def held(key: Key) -> HeldKey:
    """The key of a row, as `signers` opens it."""
    chain = x509.load_pem_x509_certificates(key.chain.encode("ascii")) if key.chain else []
    place, certificate = KeyPlace(key.place), key.certificate.certificate
    return HeldKey(KeyKind(key.kind), place, key.device, key.path, certificate, tuple(chain))


def place_of(
    kind: KeyKind, *, person_id: int | None = None, organization_id: int | None = None
) -> Key | None:
    """The row of the current key, for pages; None without one."""
    return _of(kind, person_id, organization_id).first()


def person_signer(person_id: int, pin: str) -> DigestSigner:
    """The personal key of an officer that lies in a file. Raises as `usable_key`, KeyPasswordWrong.

    For work on the command line and in tests; pages ask `signers`, which knows every place.
    """
    return _file_signer(usable_key(KeyKind.PERSON, person_id=person_id), pin)


def seal_signer(organization_id: int, pin: str) -> DigestSigner:
    """The seal key of an agency that lies in a file. Raises as `person_signer`."""
    return _file_signer(usable_key(KeyKind.AGENCY, organization_id=organization_id), pin)


def service_signer(organization_id: int) -> DigestSigner:
    """The key by which this node signs packets for an agency (P-256), in a file or in a device that
    the node opens by itself. Raises KeyMissing, and what the device refuses with.
    """
    key = _current(KeyKind.SERVICE, organization_id=organization_id)
    if key.place == KeyPlace.FILE:
        return keyfiles.open_machine_key(key.path, KeyKind.SERVICE, key.certificate.subject)
    return machine_signer(held(key))


def node_signer() -> DigestSigner:
    """The key that signs this node's requests and acknowledgements (P-256). Raises KeyMissing."""
    return keyfiles.open_machine_key(NODE_FILE, KeyKind.NODE, settings.NODE_NAME)


def node_key_id() -> str:
    """The name by which the axis knows this node's key."""
    return str(settings.NODE_NAME)


def hub_receipt_signer() -> DigestSigner:
    """The key that signs the axis' receipts (P-256). Raises KeyMissing."""
    return keyfiles.open_machine_key(RECEIPT_FILE, KeyKind.RECEIPT, settings.NODE_NAME)


def log_key() -> Ed25519PrivateKey:
    """The key that signs the checkpoints of the axis' log. Raises KeyMissing."""
    return keyfiles.log_key()


def has_key(
    kind: KeyKind, *, person_id: int | None = None, organization_id: int | None = None
) -> bool:
    """Whether a key of that kind is kept here for that holder."""
    return _of(kind, person_id, organization_id).exists()


def certificates(*, organization_id: int | None = None) -> QuerySet[Certificate]:
    """Certificates known here, newest first; of one organization when given."""
    found = Certificate.objects.select_related("organization", "person")
    return found.filter(organization_id=organization_id) if organization_id else found


def _file_signer(key: HeldKey, pin: str) -> DigestSigner:
    if key.place is not KeyPlace.FILE:
        raise KeyMissing(kind=f"{key.kind.label} trong tệp", holder=key.holder)
    return keyfiles.open_with_pin(key.path, pin, key.kind, key.holder)


def _current(
    kind: KeyKind, *, person_id: int | None = None, organization_id: int | None = None
) -> Key:
    key = _of(kind, person_id, organization_id).first()
    if key is None:
        raise KeyMissing(kind=kind.label, holder=str(person_id or organization_id))
    return key


def _of(kind: KeyKind, person_id: int | None, organization_id: int | None) -> QuerySet[Key]:
    """The current key of a person when one is given, else of an organization."""
    found = Key.objects.select_related("certificate").filter(kind=kind, is_current=True)
    if person_id is not None:
        return found.filter(person_id=person_id)
    return found.filter(organization_id=organization_id or 0)
