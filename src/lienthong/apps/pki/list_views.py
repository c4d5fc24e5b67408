"""The page of the trust list that this node goes by: services, history, what came (SG-S-08)."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from lienthong.apps.accounts import api as accounts
from lienthong.apps.pki import listing
from lienthong.apps.pki.models import TrustListCheck

CHECKS_SHOWN = 20


@require_safe
def trust_list(request: HttpRequest) -> HttpResponse:
    """Danh sách tin cậy: for everybody who works here."""
    accounts.actor_of(request)
    now = timezone.now()
    found = listing.in_use(at=now)
    checks = list(TrustListCheck.objects.all()[:CHECKS_SHOWN])
    context = {
        "trust_list": found,
        "services": found.services if found else (),
        "last": checks[0] if checks else None,
        "checks": checks,
        "now": now,
    }
    return render(request, "pki/trust_list.html", context)
