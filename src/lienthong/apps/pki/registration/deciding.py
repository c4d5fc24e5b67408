"""Decide on a request: confirm, return, check, approve with one's own key.

Two persons act in each request: whoever entered it, or is its subject, never approves it (SG 4.3).
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from lienthong.apps.accounts import api as accounts
from lienthong.apps.accounts.api import Actor, Seat
from lienthong.apps.directory import api as directory
from lienthong.apps.pki import queries as keys
from lienthong.apps.pki.contract import REGISTRATION_TYPE
from lienthong.apps.pki.models import Certificate, CertificateRequest
from lienthong.apps.pki.registration import client, mapping, policy, rules
from lienthong.apps.pki.registration.asking import check_whole
from lienthong.apps.pki.registration.rules import Move, RequestState
from lienthong.apps.pki.registration.writing import about, locked, record
from lienthong.apps.pki.rules import KeyKind
from lienthong.apps.pki.signers import Consent, SigningAct
from lienthong.core import signing
from lienthong.core.signing import agent


@transaction.atomic
def confirm(actor: Actor, request: CertificateRequest) -> CertificateRequest:
    """The leader of the managing agency stands behind the request (SG 4.2)."""
    request = locked(request)
    accounts.check(actor, "pki.confirm", request)
    rules.after(RequestState(request.state), Move.CONFIRM)
    request.confirmed_by_id = actor.seat_id
    request.save(update_fields=["confirmed_by"])
    record(request, Move.CONFIRM, actor)
    return request


@transaction.atomic
def return_request(actor: Actor, request: CertificateRequest, reason: str) -> CertificateRequest:
    """Give the request back to whoever asked, with what is missing."""
    request = locked(request)
    accounts.check(actor, "pki.register", request.at_authority)
    request.state = rules.after(RequestState(request.state), Move.RETURN)
    request.return_reason = reason[:500]
    request.save(update_fields=["state", "return_reason"])
    if request.is_emergency and request.certificate:
        Certificate.objects.filter(pk=request.certificate_id or 0).update(held_at=None)
    record(request, Move.RETURN, actor, reason)
    return request


@transaction.atomic
def verify(actor: Actor, request: CertificateRequest) -> CertificateRequest:
    """The registrar has checked identity and evidence. Raises ManagerNotConfirmed, AboutOneself."""
    request = locked(request)
    accounts.check(actor, "pki.register", request.at_authority)
    check_confirmed(request)
    if request.person_id == actor.person_id:
        raise rules.AboutOneself
    check_whole(request)
    request.state = rules.after(RequestState(request.state), Move.VERIFY)
    request.verified_by_id = actor.seat_id
    request.save(update_fields=["state", "verified_by"])
    record(request, Move.VERIFY, actor)
    return request


def approve(
    actor: Actor,
    request: CertificateRequest,
    consent: Consent | str,
    *,
    at: datetime | None = None,
) -> CertificateRequest:
    """Sign the request with the registrar's own key; `send` hands it over afterwards.

    Raises AboutOneself, MandateMissing, AuthorityUnreachable, KeyPasswordWrong and what the place
    of the key refuses with, CertificateNotUsable (a revoked registrar); then nothing changed.
    """
    return _approving(actor, request).signed(Consent.of(consent), at=at or timezone.now())


def ask_approval(actor: Actor, request: CertificateRequest) -> agent.Pending:
    """What the agent beside the registrar's browser is to sign."""
    return _approving(actor, request).ask(at=timezone.now())


def _approving(actor: Actor, request: CertificateRequest) -> SigningAct[CertificateRequest]:
    accounts.check(actor, "pki.register", request.at_authority)
    check_other_person(actor, request)
    rules.after(RequestState(request.state), Move.APPROVE)
    mandate = mandate_of(request.authority)
    key = keys.usable_key(KeyKind.PERSON, person_id=actor.person_id)

    def work(signer: signing.DigestSigner, at: datetime) -> CertificateRequest:
        return sign_approval(actor, request, signer, mandate, at=at)

    return SigningAct(key, work, about(actor, request, "Duyệt yêu cầu"))


@transaction.atomic
def sign_approval(
    actor: Actor,
    request: CertificateRequest,
    signer: signing.DigestSigner,
    mandate: str,
    *,
    at: datetime,
) -> CertificateRequest:
    """Approve one request with a key that is open already: alone, or as a row of a table."""
    request = locked(request)
    accounts.check(actor, "pki.register", request.at_authority)
    check_other_person(actor, request)
    request.state = rules.after(RequestState(request.state), Move.APPROVE)
    if request.is_emergency:  # its holder reported it, so the registrar is the second person
        request.second_by_id, request.second_at = actor.seat_id, at
    sign(actor, request, signer, mandate, at=at)
    record(request, Move.APPROVE, actor)
    return request


def sign(
    actor: Actor,
    request: CertificateRequest,
    signer: signing.DigestSigner,
    mandate: str,
    *,
    at: datetime,
) -> None:
    """Put the registrar's signature on a locked request whose state says so, and save it."""
    request.approved_by_id, request.approved_at, request.refusal = actor.seat_id, at, None
    seat = Seat.objects.select_related("organization").get(pk=actor.seat_id)
    body = mapping.payload(request, mandate=mandate, approver=seat, at=at)
    request.token = signing.sign_jws(body, key=signer, at=at, typ=REGISTRATION_TYPE)
    request.save()


def mandate_of(authority: directory.Organization) -> str:
    """The id of the mandate under which an agency registers. Raises MandateMissing (SG-D-01)."""
    found = client.mandates(authority.code)
    if not found:
        raise rules.MandateMissing
    return str(found[0].get("id", ""))


def check_other_person(actor: Actor, request: CertificateRequest) -> None:
    """Raise AboutOneself for whoever entered the request or is its subject (SG 4.3)."""
    if policy.is_about(actor, request):
        raise rules.AboutOneself


def check_confirmed(request: CertificateRequest) -> None:
    """Raise ManagerNotConfirmed while the direct managing agency has not spoken (SG 4.2)."""
    if request.needs_manager and request.confirmed_by_id is None:
        raise rules.ManagerNotConfirmed(agency=request.organization.name)
