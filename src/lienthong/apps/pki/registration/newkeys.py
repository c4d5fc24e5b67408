"""Make a holder's key where it will stay, with its request for a certificate (SG-K-01, SG 4.3)."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from lienthong.apps.pki import devices, keyfiles
from lienthong.apps.pki.contract import RequestKind, SubjectKind
from lienthong.apps.pki.models import CertificateRequest
from lienthong.apps.pki.registration import mapping, rules
from lienthong.apps.pki.registration.writing import pending_key
from lienthong.apps.pki.rules import KeyInBrowser, KeyPlace
from lienthong.apps.pki.signers import Consent
from lienthong.core.signing.authority import make_certificate_request, make_ec_key, make_key
from lienthong.core.signing.csc import RemoteSigningRefused, StepUp
from lienthong.core.signing.csr import make_csr
from lienthong.core.signing.pkcs11 import KeyType
from lienthong.core.signing.profiles import subject_name

KEY_ID_BYTES = 16


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key without a certificate. path: as in models.Key; csr: PKCS#10 in DER."""

    path: str
    csr: bytes


def make(request: CertificateRequest, consent: Consent, *, credential: str = "") -> NewKey:
    """Make the key at `request.key_place`. RSA-3072 for persons and seals, P-256 for services; at a
    remote service the key is there already, as `credential` or the only one, and proves itself.

    Raises PinTooWeak for a file, KeyInBrowser, and what the device or the service refuses with.
    """
    place = KeyPlace(request.key_place)
    if place is KeyPlace.FILE:
        return _in_file(request, consent)
    if place is KeyPlace.TOKEN:
        return _in_device(request, consent)
    if place is KeyPlace.REMOTE:
        return _at_service(request, consent, credential)
    raise KeyInBrowser(holder=request.holder)


def _in_file(request: CertificateRequest, consent: Consent) -> NewKey:
    rules.check_pin(consent.pin)
    key = make_ec_key() if request.profile == SubjectKind.SERVICE else make_key()
    keyfiles.make_pending_key(pending_key(request), key, consent.pin)
    return NewKey("", make_certificate_request(key, mapping.subject_of(request)))


def _in_device(request: CertificateRequest, consent: Consent) -> NewKey:
    key_id = secrets.token_bytes(KEY_ID_BYTES)
    kind = KeyType.P256 if request.profile == SubjectKind.SERVICE else KeyType.RSA3072
    label = f"{request.holder} | {request.get_profile_display()}"
    with devices.opened_token(request.key_device, consent.pin) as token:
        token.generate(kind, key_id=key_id, label=label)
        csr = token.request(subject_name(mapping.subject_of(request)), key_id=key_id)
    return NewKey(key_id.hex(), csr)


def _at_service(request: CertificateRequest, consent: Consent, wanted: str) -> NewKey:
    service = devices.remote(request.key_device)
    known = service.credentials()
    path = wanted or (known[0] if len(known) == 1 else "")
    if path not in known:
        raise RemoteSigningRefused(error="credential")
    credential = service.credential(path)
    given = {"PIN": consent.pin, "OTP": consent.otp}
    line = f"{RequestKind(request.kind).label}: {request.holder}"
    step_up = StepUp([line], {name: given.get(name, "") for name in credential.factors})
    csr = make_csr(
        subject_name(mapping.subject_of(request)),
        credential.public_key,
        lambda digest: service.sign(credential, [digest], step_up)[0],
    )
    return NewKey(path, csr)
