"""What every write of registration is made of: the locked row, who may ask, the step told."""

from __future__ import annotations

import hashlib

from django.utils import timezone

from lienthong.apps.accounts import api as accounts
from lienthong.apps.accounts.api import Actor
from lienthong.apps.outbox import api as outbox
from lienthong.apps.pki import keyfiles
from lienthong.apps.pki.models import CertificateRequest, RequestStep
from lienthong.apps.pki.registration import telling
from lienthong.apps.pki.registration.events import RequestActed
from lienthong.apps.pki.rules import KeyPlace
from lienthong.apps.pki.signers import About


def locked(request: CertificateRequest) -> CertificateRequest:
    return (
        CertificateRequest.objects.select_for_update(of=("self",))
        .select_related(
            "organization",
            "authority",
            "certificate",
            "issued",
            "entered_by__person",
            "approved_by__person",
        )
        .get(pk=request.pk)
    )


def check_asks(actor: Actor, request: CertificateRequest) -> None:
    """One's own agency by the usual rule; a registrar also for the agencies below."""
    if request.organization_id == actor.organization_id:
        accounts.check(actor, "pki.request", request)
    else:
        accounts.check(actor, "pki.register", request.at_authority)


def pending_key(request: CertificateRequest) -> str:
    return f"pending/{request.pk}.pem"


def is_made_here(request: CertificateRequest) -> bool:
    """Whether the holder's key is where it will stay, so that nothing is to be handed over."""
    if request.key_place != KeyPlace.FILE:
        return request.table_id is None
    return (keyfiles.keys_directory() / pending_key(request)).exists()


def about(actor: Actor, request: CertificateRequest, act: str) -> About:
    """What is shown where a key is used for the request."""
    facts = {act: str(request.get_kind_display()), "Người được cấp": request.holder}
    document = hashlib.sha256(f"{request.pk}\n{request.csr}".encode()).digest()
    return About(by=str(actor.person_id), document=document, facts=lambda: facts)


def record(
    request: CertificateRequest, act: str, actor: Actor | None, detail: str = ""
) -> RequestStep:
    """Write the step with the request, and tell whoever wants to know, such as the journal."""
    seat_id = actor.seat_id if actor else None
    step = RequestStep.objects.create(
        request=request,
        organization=request.organization,
        authority=request.authority,
        act=str(act),
        seat_id=seat_id,
        detail=detail[:500],
        at=timezone.now(),
    )
    outbox.publish(
        RequestActed(
            organization_id=request.organization_id,
            request_id=request.pk,
            act=str(act),
            seat_id=seat_id,
            detail=detail[:500],
            at=step.at,
        )
    )
    telling.acted(request, str(act), detail)
    return step
