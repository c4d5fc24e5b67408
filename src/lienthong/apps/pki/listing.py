"""The trust list at this node: fetched by a job, believed by its pinned operator, kept (SG 3.8).

Verification never waits for a download: it uses the last good list, whose services end by
themselves when the list expires. Every outcome is noted, so that people see a list that is late.
"""

from __future__ import annotations

import logging
from datetime import datetime

from django.conf import settings
from django.db import transaction

from lienthong.apps.pki import outside, trusted
from lienthong.apps.pki.authority import publishing, registry
from lienthong.apps.pki.authority.rules import AuthorityOffline
from lienthong.apps.pki.models import TrustListCheck
from lienthong.apps.pki.rules import TrustListUnreachable
from lienthong.core.errors import Problem
from lienthong.core.signing import trust_list_in_use
from lienthong.core.signing.trust_list import ListState, TrustList

logger = logging.getLogger(__name__)


def refresh(*, at: datetime) -> TrustListCheck | None:
    """Fetch the published list and use it when it may be believed; what came of it.

    None where there is nothing to do: no address to ask, or no operator pinned.
    """
    if not trusted.trust().operators:
        return None
    try:
        data = _published()
        if data is None:
            return None
        if trusted.take_list(data, at=at):
            logger.info("a newer trust list is in use")
    except Problem as problem:
        logger.warning("the trust list in use stays: %s", problem.sentence)
        return _note(at, problem)
    return _note(at, None)


def in_use(*, at: datetime) -> TrustList | None:
    """The list that this node goes by; None without one."""
    return trust_list_in_use.in_use(trusted.trust(), at=at)


def _published() -> bytes | None:
    """The list where the authorities are kept, else from their services. Raises
    TrustListUnreachable."""
    try:
        return publishing.published(registry.authority_directory())
    except AuthorityOffline:
        pass
    if not settings.PKI_URL:
        return None
    try:
        return outside.fetch_trust_list()
    except OSError as error:
        raise TrustListUnreachable(detail=str(error)[:160]) from error


@transaction.atomic
def _note(at: datetime, problem: Problem | None) -> TrustListCheck:
    """One row for a stretch of equal outcomes. An alarm for a list that ends soon (SG 3.8)."""
    try:
        found = in_use(at=at)
    except Problem:  # the clock went back, which the note tells
        found = None
    if found is not None and found.state_at(at) is not ListState.CURRENT:
        label, until = found.state_at(at).label, found.next_update.isoformat()
        logger.error("the trust list in use: %s, its end is %s", label, until)
    facts = {
        "code": problem.code if problem else "",
        "detail": problem.sentence[:500] if problem else "",
        "sequence": found.sequence if found else None,
        "sha256": found.sha256 if found else "",
        "issued_at": found.issued_at if found else None,
        "next_update": found.next_update if found else None,
    }
    last = TrustListCheck.objects.select_for_update().order_by("-pk").first()
    if last is not None and all(getattr(last, name) == value for name, value in facts.items()):
        last.last_at = at
        last.save(update_fields=["last_at"])
        return last
    return TrustListCheck.objects.create(first_at=at, last_at=at, **facts)
