"""Work done on a schedule."""

from __future__ import annotations

from django.utils import timezone

from lienthong.apps.outbox import api as outbox
from lienthong.apps.pki import actions, listing
from lienthong.apps.pki.authority import upkeep
from lienthong.apps.pki.registration import jobs as registration_jobs

__all__ = ["refresh_crls", "registration_jobs"]


@outbox.job("pki.refresh_crls", schedule="*/10 * * * *")
def refresh_crls() -> None:
    """Issue the CRLs that are due, where the authorities are kept; elsewhere nothing is to do.

    Agencies take the new lists from the axis' `GET /pki/bundle` (their access point calls
    `take_bundle`).
    """
    now = timezone.now()
    actions.renew_crls(at=now)
    upkeep.keep(at=now)


@outbox.job("pki.refresh_trust_list", schedule="*/10 * * * *")
def refresh_trust_list() -> None:
    """Fetch the national trust list; a withdrawal counts here within the hour (SG-X-02)."""
    listing.refresh(at=timezone.now())
