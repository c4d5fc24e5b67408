"""Requests about a certificate that others hold: a registrar asks, a personnel event proposes."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from lienthong.apps.accounts import api as accounts
from lienthong.apps.accounts.api import Actor, Person
from lienthong.apps.directory import api as directory
from lienthong.apps.pki import deadlines
from lienthong.apps.pki.contract import CLOCK, OFFICER_PREFIX, RequestKind, SubjectKind
from lienthong.apps.pki.models import Certificate, CertificateRequest
from lienthong.apps.pki.registration import mapping, queries, rules
from lienthong.apps.pki.registration.asking import Wish, check_fit, check_free, submit
from lienthong.apps.pki.registration.rules import COMPROMISED, Ground, RequestState
from lienthong.apps.pki.registration.writing import record
from lienthong.apps.pki.rules import KeyKind


@transaction.atomic
def ask_about(actor: Actor, certificate: Certificate, wish: Wish) -> CertificateRequest:
    """A registrar asks about a certificate of an agency below; another person approves."""
    accounts.check(actor, "pki.register")
    organization = directory.get(certificate.organization_id or 0)
    if organization.pk not in queries.subtree(directory.get(actor.organization_id)):
        raise rules.CertificateUnknownHere
    check_fit(certificate, wish.kind, at=timezone.now())
    request = CertificateRequest(
        organization=organization,
        authority=directory.get(actor.organization_id),
        kind=wish.kind,
        profile=SubjectKind(certificate.kind),
        person_id=certificate.person_id,
        subject=_subject_of_certificate(certificate),
        certificate=certificate,
        ground=wish.ground,
        reason=wish.reason[:500],
        invalidity_at=wish.invalidity_at if wish.ground in COMPROMISED else None,
        entered_by_id=actor.seat_id,
        confirmed_by_id=actor.seat_id if organization.pk != actor.organization_id else None,
    )
    check_free(request)
    request.save()
    record(request, "entered", actor)
    return submit(actor, request)


@transaction.atomic
def propose_revocation(
    certificate: Certificate, *, seat_id: int, ground: Ground, reason: str, at: datetime
) -> CertificateRequest | None:
    """A request to revoke, in the name of a registrar's seat, for another person to approve.

    Used when a personnel event makes a certificate unfit (SG 4.2). None when one is under way.
    """
    if queries.open_requests(certificate).filter(kind=RequestKind.REVOKE).exists():
        return None
    organization = directory.get(certificate.organization_id or 0)
    request = CertificateRequest(
        organization=organization,
        authority=queries.authority_of(organization),
        kind=RequestKind.REVOKE,
        profile=SubjectKind(certificate.kind),
        person_id=certificate.person_id,
        subject=_subject_of_certificate(certificate),
        certificate=certificate,
        ground=ground,
        reason=reason[:500],
        entered_by_id=seat_id,
        state=RequestState.SUBMITTED,
        submitted_at=at,
    )
    rule = deadlines.rule_for(CLOCK[RequestKind.REVOKE], at)
    request.due_at, request.target_at, request.basis = rule.due(at), rule.target(at), rule.basis
    request.save()
    record(request, "proposed", None, reason)
    return request


def _subject_of_certificate(certificate: Certificate) -> dict[str, str]:
    organization = directory.get(certificate.organization_id or 0)
    if certificate.kind == KeyKind.AGENCY:
        return mapping.agency_subject(organization)
    if certificate.kind == KeyKind.SERVICE:
        return mapping.service_subject(organization)
    person = Person.objects.get(pk=certificate.person_id or 0)
    code = mapping.officer_code(organization, person.pk)
    return {
        "common_name": person.full_name,
        "organization": organization.name,
        "organization_code": organization.code,
        "serial": f"{OFFICER_PREFIX}{code}",
    }
