"""Reads: signers by holder."""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone

from lienthong.apps.pki import keyfiles
from lienthong.apps.pki.models import Certificate, Key
from lienthong.apps.pki.rules import KeyKind, KeyMissing
from lienthong.apps.pki.usable import check_usable
from lienthong.core.signing import DigestSigner

NODE_FILE = "node.p12"
RECEIPT_FILE = "receipt.p12"


def person_signer(person_id: int, pin: str) -> DigestSigner:
    """The personal key of an officer, when it may be used now, whatever time is claimed (SG-S-03).

    Raises KeyMissing, CertificateNotUsable, CertificateStatusUnknown, signing.KeyPasswordWrong.
    """
    key = _current(KeyKind.PERSON, person_id=person_id)
    check_usable(key.certificate, at=timezone.now())
    return keyfiles.open_with_pin(key.path, pin, KeyKind.PERSON, key.certificate.subject)


def seal_signer(organization_id: int, pin: str) -> DigestSigner:
    """The seal key of an agency, when it may be used now. Raises as `person_signer`."""
    key = _current(KeyKind.AGENCY, organization_id=organization_id)
    check_usable(key.certificate, at=timezone.now())
    return keyfiles.open_with_pin(key.path, pin, KeyKind.AGENCY, key.certificate.subject)


def service_signer(organization_id: int) -> DigestSigner:
    """The key by which this node signs packets for an agency (P-256). Raises KeyMissing."""
    key = _current(KeyKind.SERVICE, organization_id=organization_id)
    return keyfiles.open_machine_key(key.path, KeyKind.SERVICE, key.certificate.subject)


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
