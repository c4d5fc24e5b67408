"""Hand what was approved to the authority, and take its answer in. Safe to repeat.

`send` is no transaction: the authority is asked in between.
"""

from __future__ import annotations

import base64

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from django.db import transaction
from django.utils import timezone

from lienthong.apps.pki.actions import mark_revoked, register_certificate
from lienthong.apps.pki.contract import RequestKind
from lienthong.apps.pki.models import CertificateRequest
from lienthong.apps.pki.registration import client, mapping, rules
from lienthong.apps.pki.registration.rules import Move, RequestState
from lienthong.apps.pki.registration.writing import is_made_here, locked, record


def send(request: CertificateRequest) -> CertificateRequest:
    """Hand an approved request to the authority and take its answer in. Safe to repeat.

    Raises AuthorityUnreachable, AuthorityAnswerWrong: the request stays approved and is sent again.
    A refusal is no error here: the request goes back to the registrar with the reason.
    """
    request = CertificateRequest.objects.get(pk=request.pk)
    if request.state != RequestState.APPROVED:
        return request
    if request.kind == RequestKind.RESTORE:  # unlocking a device asks nothing of the authority
        return _take_restored(request)
    try:
        answer = client.send(request.token)
    except rules.AuthorityRefused as refusal:
        return _take_refusal(request, refusal)
    if isinstance(answer, client.Issued):
        return _take_certificate(request, answer)
    return _take_status(request, answer)


@transaction.atomic
def _take_refusal(
    request: CertificateRequest, refusal: rules.AuthorityRefused
) -> CertificateRequest:
    request = locked(request)
    request.state = rules.after(RequestState(request.state), Move.REFUSE)
    request.refusal = dict(refusal.facts)
    request.token = ""
    request.save(update_fields=["state", "refusal", "token"])
    record(request, Move.REFUSE, None, str(refusal.facts.get("reason", "")))
    return request


@transaction.atomic
def _take_certificate(request: CertificateRequest, answer: client.Issued) -> CertificateRequest:
    request = locked(request)
    state = rules.after(RequestState(request.state), Move.ISSUE)
    asked = x509.load_der_x509_csr(base64.b64decode(request.csr))
    if answer.certificate.public_key() != asked.public_key():
        raise rules.AuthorityAnswerWrong(detail="chứng thư không phải cho khóa đã đề nghị")
    request.issued = register_certificate(
        mapping.KEY_KINDS[request.profile],
        answer.certificate,
        organization_id=request.organization_id,
        person_id=request.person_id,
    )
    pem = (one.public_bytes(Encoding.PEM).decode("ascii") for one in answer.chain)
    request.chain = "".join(pem)
    request.log_proof = dict(answer.log)
    request.issued_at = timezone.now()
    request.state = state
    record(request, Move.ISSUE, None, f"{request.issued.serial[:16]}…")
    if is_made_here(request):  # nothing to carry to the holder: the key waits on this node
        request.state = rules.after(state, Move.DELIVER)
        record(request, Move.DELIVER, None)
    request.save()
    return request


@transaction.atomic
def _take_status(request: CertificateRequest, answer: client.Changed) -> CertificateRequest:
    request = locked(request)
    request.state = rules.after(RequestState(request.state), Move.EXECUTE)
    if request.certificate is None:
        raise rules.AuthorityAnswerWrong(detail="không có chứng thư nào được nói đến")
    if answer.status == "revoked":
        mark_revoked(request.certificate, at=answer.at)
    else:
        request.certificate.held_at = answer.at if answer.status == "on_hold" else None
        request.certificate.save(update_fields=["held_at"])
    request.issued_at = timezone.now()
    request.save()
    record(request, Move.EXECUTE, None, answer.status)
    return request


@transaction.atomic
def _take_restored(request: CertificateRequest) -> CertificateRequest:
    request = locked(request)
    request.state = rules.after(RequestState(request.state), Move.EXECUTE)
    request.issued_at = timezone.now()
    request.save(update_fields=["state", "issued_at"])
    record(request, Move.EXECUTE, None)
    return request
