"""Holds that cannot wait for two persons: one acts at once, another confirms within a day.

SG 4.1, SG-D-06. The holder reports a loss; or a registrar holds a certificate of the subtree, by
the own signature, here and at the authority. Nobody's silence releases a hold: what is not
confirmed in time is escalated (`jobs.watch_holds`).
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from lienthong.apps.accounts import api as accounts
from lienthong.apps.accounts.api import Actor, Seat
from lienthong.apps.directory import api as directory
from lienthong.apps.pki import queries as keys
from lienthong.apps.pki.contract import CONFIRM_HOLD_WITHIN, REGISTRATION_TYPE, RequestKind
from lienthong.apps.pki.models import Certificate, CertificateRequest
from lienthong.apps.pki.registration import client, mapping, policy, rules, telling
from lienthong.apps.pki.registration.asking import Wish, enter, submit
from lienthong.apps.pki.registration.deciding import mandate_of, sign
from lienthong.apps.pki.registration.rules import Ground, Move, RequestState
from lienthong.apps.pki.registration.status_requests import ask_about
from lienthong.apps.pki.registration.writing import locked, record
from lienthong.core import signing


@transaction.atomic
def report_loss(
    actor: Actor, certificate_id: int, *, ground: Ground, reason: str, at: datetime | None = None
) -> CertificateRequest:
    """Emergency hold by the holder: at once on this node, at the authority once a registrar, the
    second person, confirms; that must be within 24 hours.
    """
    at = at or timezone.now()
    wish = _wish(ground, reason, at, certificate_id)
    request = _held_here(submit(actor, enter(actor, wish), at=at), at)
    telling.held(request, actor.name)
    return request


def hold_at_once(
    actor: Actor,
    certificate: Certificate,
    *,
    ground: Ground,
    reason: str,
    pin: str,
    at: datetime | None = None,
) -> CertificateRequest:
    """Emergency hold by one registrar alone, of any certificate in the subtree. `send` tells the
    authority at once; another person confirms within 24 hours.

    When the authority cannot be reached the key is held on this node, and the next registrar's
    approval is the confirmation. Raises Forbidden, KeyPasswordWrong, CertificateStateUnfit,
    CertificateUnknownHere, RequestOpenAlready; then nothing changed.
    """
    at = at or timezone.now()
    accounts.check(actor, "pki.register")
    signer = keys.person_signer(actor.person_id, pin)
    mandate = _mandate_if_known(actor)
    with transaction.atomic():
        wish = _wish(ground, reason, at, certificate.pk)
        request = _held_here(ask_about(actor, certificate, wish), at)
        if mandate:
            request.state = rules.after(RequestState(request.state), Move.HOLD)
            sign(actor, request, signer, mandate, at=at)
        record(request, Move.HOLD, actor, reason)
        telling.held(request, actor.name)
    return request


def confirm(
    actor: Actor, request: CertificateRequest, pin: str, *, at: datetime | None = None
) -> CertificateRequest:
    """A second registrar stands by a hold that another one made alone, with the own signature.

    Raises HoldNotOpen, AboutOneself, Forbidden, KeyPasswordWrong, MandateMissing,
    AuthorityUnreachable; then nothing changed.
    """
    at = at or timezone.now()
    _check_second(actor, request)
    mandate = mandate_of(request.authority)
    signer = keys.person_signer(actor.person_id, pin)
    with transaction.atomic():
        request = locked(request)
        _check_second(actor, request)
        seat = Seat.objects.select_related("organization").get(pk=actor.seat_id)
        body = mapping.confirmation(request, mandate=mandate, approver=seat, at=at)
        request.confirmation = signing.sign_jws(body, key=signer, at=at, typ=REGISTRATION_TYPE)
        request.second_by_id, request.second_at = actor.seat_id, at
        request.save()
        record(request, Move.SECOND, actor)
    return request


def send_confirmation(request: CertificateRequest) -> CertificateRequest:
    """Hand a second registrar's signature to the authority. Safe to repeat.

    Raises AuthorityUnreachable, AuthorityAnswerWrong: it is sent again. A refusal opens the hold
    for another second person, with the reason.
    """
    refusal: rules.AuthorityRefused | None = None
    try:
        client.send(request.confirmation)
    except rules.AuthorityRefused as refused:
        refusal = refused
    with transaction.atomic():
        request = locked(request)
        if refusal is None:
            request.confirmation_sent_at = timezone.now()
        else:
            request.second_by_id, request.second_at, request.confirmation = None, None, ""
            request.refusal = dict(refusal.facts)
            record(request, Move.REFUSE, None, str(refusal.facts.get("reason", "")))
        request.save()
    return request


def _wish(ground: Ground, reason: str, at: datetime, certificate_id: int) -> Wish:
    return Wish(
        RequestKind.HOLD,
        certificate_id=certificate_id,
        ground=ground,
        reason=reason,
        invalidity_at=at,
    )


def _held_here(request: CertificateRequest, at: datetime) -> CertificateRequest:
    """The key signs nothing on this node from now on, and the clock of the second person runs."""
    request.is_emergency = True
    request.due_at = request.second_by_at = at + CONFIRM_HOLD_WITHIN
    request.save(update_fields=["is_emergency", "due_at", "second_by_at"])
    held = Certificate.objects.filter(pk=request.certificate_id or 0, held_at=None)
    held.update(held_at=at)
    return locked(request)


def _mandate_if_known(actor: Actor) -> str:
    try:
        return mandate_of(directory.get(actor.organization_id))
    except (rules.AuthorityUnreachable, rules.MandateMissing):
        return ""


def _check_second(actor: Actor, request: CertificateRequest) -> None:
    accounts.check(actor, "pki.register", request.at_authority)
    if request.approved_by is None or not request.token or not request.awaits_second:
        raise rules.HoldNotOpen
    if not policy.may_be_second(actor, request):
        raise rules.AboutOneself
