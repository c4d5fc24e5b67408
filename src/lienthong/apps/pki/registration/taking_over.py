"""Take a certificate over: the device is handed out, its holder signs with the new key (SG 4.3)."""

from __future__ import annotations

from datetime import datetime

from cryptography import x509
from django.db import transaction
from django.utils import timezone

from lienthong.apps.accounts import api as accounts
from lienthong.apps.accounts.api import Actor
from lienthong.apps.pki import keyfiles
from lienthong.apps.pki.actions import install_held_key, install_key
from lienthong.apps.pki.contract import RequestKind
from lienthong.apps.pki.models import Certificate, CertificateRequest
from lienthong.apps.pki.registration import mapping, queries, rules
from lienthong.apps.pki.registration.rules import Ground, Move, RequestState
from lienthong.apps.pki.registration.status_requests import propose_revocation
from lienthong.apps.pki.registration.writing import about, locked, pending_key, record
from lienthong.apps.pki.rules import KeyPlace
from lienthong.apps.pki.signers import Consent, HeldKey, SigningAct
from lienthong.core import signing
from lienthong.core.signing import agent


@transaction.atomic
def deliver(actor: Actor, request: CertificateRequest, device_serial: str) -> CertificateRequest:
    """Hand the device over to its holder; its serial number is written down (SG 4.3)."""
    request = locked(request)
    accounts.check(actor, "pki.register", request.at_authority)
    request.state = rules.after(RequestState(request.state), Move.DELIVER)
    request.device_serial = device_serial[:64]
    request.save(update_fields=["state", "device_serial"])
    record(request, Move.DELIVER, actor, device_serial)
    return request


@transaction.atomic
def accept(
    actor: Actor,
    request: CertificateRequest,
    consent: Consent | str,
    *,
    at: datetime | None = None,
) -> CertificateRequest:
    """Sign the handing-over slip with the new key, and use that key from now on (SG 4.3).

    Raises KeyPasswordWrong, KeyMissing and what the place of the key refuses with; then the key in
    use stays the one before.
    """
    at, consent = at or timezone.now(), Consent.of(consent)
    request = _taken(actor, request)
    organization_id, person_id = request.organization_id, request.person_id
    if request.key_place == KeyPlace.FILE:
        signer = _new_signer(request, consent.pin)
        accepted = _accepted(actor, request, signer, at)
        kind = mapping.KEY_KINDS[request.profile]
        install_key(kind, signer, consent.pin, organization_id=organization_id, person_id=person_id)
        return accepted
    act = _accepting(actor, request)
    accepted = act.signed(consent, at=at)
    install_held_key(act.key, organization_id=organization_id, person_id=person_id)
    return accepted


@transaction.atomic
def ask_acceptance(actor: Actor, request: CertificateRequest) -> agent.Pending:
    """What the agent beside the holder's browser is to sign with the new key."""
    return _accepting(actor, _taken(actor, request)).ask(at=timezone.now())


def _taken(actor: Actor, request: CertificateRequest) -> CertificateRequest:
    request = locked(request)
    accounts.check(actor, "pki.accept", request)
    request.state = rules.after(RequestState(request.state), Move.ACCEPT)
    return request


def _accepting(actor: Actor, request: CertificateRequest) -> SigningAct[CertificateRequest]:
    certificate, chain = _issued(request)
    key = HeldKey(
        mapping.KEY_KINDS[request.profile],
        KeyPlace(request.key_place),
        request.key_device,
        request.key_path,
        certificate,
        tuple(chain),
    )

    def work(signer: signing.DigestSigner, at: datetime) -> CertificateRequest:
        return _accepted(actor, request, signer, at)

    return SigningAct(key, work, about(actor, request, "Nhận chứng thư"))


def _accepted(
    actor: Actor, request: CertificateRequest, signer: signing.DigestSigner, at: datetime
) -> CertificateRequest:
    sha256 = request.issued.sha256 if request.issued else ""
    body = mapping.slip(request, sha256, at)
    request.slip = signing.sign_jws(body, key=signer, at=at, typ=mapping.SLIP_TYPE)
    request.accepted_at = at
    _supersede(request, at)
    request.save()
    record(request, Move.ACCEPT, actor)
    if request.kind == RequestKind.CHANGE and request.certificate:
        _propose_revocation(request)
    transaction.on_commit(lambda: keyfiles.forget_pending_key(pending_key(request)))
    return request


def _new_signer(request: CertificateRequest, pin: str) -> signing.KeySigner:
    key = keyfiles.open_pending_key(pending_key(request), pin)
    return signing.KeySigner(key, *_issued(request))


def _issued(
    request: CertificateRequest,
) -> tuple[x509.Certificate, list[x509.Certificate]]:
    if request.issued is None:
        raise rules.CertificateUnknownHere
    certificate = x509.load_pem_x509_certificate(request.issued.pem.encode("ascii"))
    chain = x509.load_pem_x509_certificates(request.chain.encode("ascii")) if request.chain else []
    return certificate, chain


def _supersede(request: CertificateRequest, at: datetime) -> None:
    """Mark the certificate whose place the new one takes; it stays valid for what it signed."""
    key = queries.current_key(
        mapping.KEY_KINDS[request.profile],
        person_id=request.person_id,
        organization_id=request.organization_id,
    )
    if key is not None and key.certificate_id != request.issued_id:
        Certificate.objects.filter(pk=key.certificate_id, superseded_at=None).update(
            superseded_at=at
        )


def _propose_revocation(request: CertificateRequest) -> None:
    """SG 4.1: the old certificate is revoked after the new one was taken over."""
    if request.certificate is not None:
        propose_revocation(
            request.certificate,
            seat_id=request.entered_by_id,
            ground=Ground.OTHER,
            reason="Thay đổi nội dung: đã có chứng thư mới.",
            at=timezone.now(),
        )
