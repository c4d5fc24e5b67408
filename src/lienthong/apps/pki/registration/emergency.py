"""Holds that cannot wait for two persons: one acts at once, another confirms within a day."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from lienthong.apps.accounts.api import Actor
from lienthong.apps.pki.contract import CONFIRM_HOLD_WITHIN, RequestKind
from lienthong.apps.pki.models import Certificate, CertificateRequest
from lienthong.apps.pki.registration.asking import Wish, enter, submit
from lienthong.apps.pki.registration.rules import Ground


@transaction.atomic
def report_loss(
    actor: Actor, certificate_id: int, *, ground: Ground, reason: str, at: datetime | None = None
) -> CertificateRequest:
    """Emergency hold by the holder: at once on this node, at the authority once a registrar, the
    second person, confirms; that must be within 24 hours (SG 4.1, SG-D-06).
    """
    at = at or timezone.now()
    wish = Wish(
        RequestKind.HOLD, certificate_id=certificate_id, ground=ground, reason=reason,
        invalidity_at=at,
    )  # fmt: skip
    request = submit(actor, enter(actor, wish), at=at)
    request.is_emergency = True
    request.due_at = request.second_by_at = at + CONFIRM_HOLD_WITHIN
    request.save(update_fields=["is_emergency", "due_at", "second_by_at"])
    Certificate.objects.filter(pk=certificate_id, held_at=None).update(held_at=at)
    return request
