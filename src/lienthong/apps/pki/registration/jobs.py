"""Work of registration done later: ask the authority again, remind, watch personnel events."""

from __future__ import annotations

import logging
from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from lienthong.apps.accounts import api as accounts
from lienthong.apps.accounts.api import Role
from lienthong.apps.outbox import api as outbox
from lienthong.apps.pki.authority import watch
from lienthong.apps.pki.contract import CONFIRM_HOLD_WITHIN
from lienthong.apps.pki.models import Certificate, CertificateRequest, RenewalReminder
from lienthong.apps.pki.registration import (
    bulk,
    emergency,
    queries,
    sending,
    status_requests,
    tables,
    telling,
)
from lienthong.apps.pki.registration.events import CertificateEnds
from lienthong.apps.pki.registration.rules import REMIND_DAYS, Ground, RequestState
from lienthong.apps.pki.registration.writing import record
from lienthong.apps.pki.rules import KeyKind
from lienthong.core.errors import Problem

log = logging.getLogger(__name__)
SEND_AT_ONCE = 500


@outbox.job("pki.send_requests", schedule="* * * * *")
def send_requests() -> None:
    """Hand approved requests to the authority. What cannot be handed over now waits a minute."""
    with accounts.everywhere():
        waiting = CertificateRequest.objects.filter(state=RequestState.APPROVED)
        for request in waiting.order_by("-is_emergency", "approved_at")[:SEND_AT_ONCE]:
            try:
                sending.send(request)
            except Problem as problem:
                log.warning("request %s stays approved: %s", request.pk, problem.code)
                if problem.status == 503:
                    return


@outbox.job("pki.enter_table")
def enter_table(table_id: int, organization_id: int) -> None:
    """Make requests of the rows of a table."""
    tables.enter(table_id)


@outbox.job("pki.approve_table")
def approve_table(table_id: int, organization_id: int) -> None:
    """Carry out a registrar's signature over a whole table."""
    bulk.carry_out(table_id)


@outbox.job("pki.send_confirmations", schedule="* * * * *")
def send_confirmations() -> None:
    """Hand second signatures under emergency holds to the authority."""
    with accounts.everywhere():
        waiting = CertificateRequest.objects.filter(
            state=RequestState.DONE, confirmation_sent_at=None
        ).exclude(confirmation="")
        for request in waiting.order_by("second_at"):
            try:
                emergency.send_confirmation(request)
            except Problem as problem:
                log.warning("confirmation of %s waits: %s", request.pk, problem.code)


@outbox.job("pki.watch_holds", schedule="*/15 * * * *")
def watch_holds() -> None:
    """Escalate emergency holds that nobody confirmed within a day, again each day (SG 4.1)."""
    now = timezone.now()
    told_before = Q(escalated_at=None) | Q(escalated_at__lte=now - CONFIRM_HOLD_WITHIN)
    with accounts.everywhere():
        overdue = queries.late(now).filter(queries.AWAITS_SECOND, told_before)
        for request in overdue:
            with transaction.atomic():
                CertificateRequest.objects.filter(pk=request.pk).update(escalated_at=now)
                record(request, "hold_overdue", None)
                telling.hold_overdue(request, at=now)
        watch.holds(at=now)


@outbox.job("pki.tell_late", schedule="20 * * * *")
def tell_late() -> None:
    """Alarm those for whom requests wait past the legal time, once a day (SG 4.1)."""
    now = timezone.now()
    with accounts.everywhere():
        for request in queries.late(now).exclude(queries.AWAITS_SECOND).iterator():
            telling.late(request, at=now)


@outbox.job("pki.remind", schedule="0 1 * * *")
def remind() -> None:
    """Tell 90, 75 and 61 days before a certificate in use ends; each once (SG 4.1)."""
    now = timezone.now()
    with accounts.everywhere():
        for days in REMIND_DAYS:
            ending = Certificate.objects.filter(
                key__is_current=True,
                revoked_at=None,
                not_after__gt=now,
                not_after__lte=now + timedelta(days=days),
                organization__isnull=False,
            ).exclude(reminders__days__lte=days)
            for certificate in ending:
                _remind(certificate, days)


@transaction.atomic
def _remind(certificate: Certificate, days: int) -> None:
    RenewalReminder.objects.get_or_create(certificate=certificate, days=days)
    telling.ends(certificate, days)
    outbox.publish(
        CertificateEnds(
            organization_id=certificate.organization_id or 0,
            person_id=certificate.person_id,
            certificate_sha256=certificate.sha256,
            holder=certificate.subject,
            days=days,
            at=timezone.now(),
        )
    )


@outbox.job("pki.watch_seats", schedule="*/30 * * * *")
def watch_seats() -> None:
    """Propose to revoke the certificates of people who hold no seat there any more (SG 4.2)."""
    with accounts.everywhere():
        used = Certificate.objects.filter(
            kind=KeyKind.PERSON, key__is_current=True, revoked_at=None, not_after__gt=timezone.now()
        )
        for certificate in used.select_related("organization"):
            if certificate.organization is None:
                continue
            seats = accounts.seats(certificate.organization_id or 0)
            if not seats.filter(person_id=certificate.person_id or 0).exists():
                _propose(certificate)


def _propose(certificate: Certificate) -> None:
    """In the name of the registering agency's own seat that nobody acts from: its clerk or leader,
    so that its registrar is the second person.
    """
    try:
        authority = queries.authority_of(certificate.organization)  # type: ignore[arg-type]
    except Problem:
        return
    others = accounts.seats(authority.pk).exclude(role=Role.REGISTRAR)
    seat = others.filter(role=Role.LEADER).first() or others.first()
    if seat is None:
        return
    status_requests.propose_revocation(
        certificate,
        seat_id=seat.pk,
        ground=Ground.MOVED,
        reason="Người được cấp không còn giữ vị trí công tác nào tại cơ quan.",
        at=timezone.now(),
    )
