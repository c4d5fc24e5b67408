"""Reads for the officers' pages and the search service."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from django.db.models import Count, F, Q, QuerySet

from lienthong.apps.directory import api as directory_api
from lienthong.apps.pki.authority.models import (
    CertificateAuthority,
    IssuedCertificate,
    KeyUse,
    Mandate,
    ReceivedRequest,
    ServiceProposal,
    StatusProposal,
)
from lienthong.apps.pki.authority.rules import MandateState, Status
from lienthong.apps.pki.contract import ISSUING
from lienthong.core.signing.authority import Profile


@dataclass(frozen=True, slots=True)
class RegistrarFigures:
    """How one registering agency does (SG 4.1, SG-D-05).

    covered/agencies: agencies of its subtree with a valid seal certificate, of all of them.
    median_hours: from a valid file to the end. within_share: done within the legal term, percent.
    """

    code: str
    name: str
    requests: int
    covered: int
    agencies: int
    median_hours: float | None
    within_share: int | None
    refused_late: int

    @property
    def coverage(self) -> int:
        return round(100 * self.covered / self.agencies) if self.agencies else 0


def authorities() -> QuerySet[CertificateAuthority]:
    """Every authority with how many certificates it issued and how many are good."""
    return CertificateAuthority.objects.annotate(
        issued=Count("certificates"),
        active=Count("certificates", filter=Q(certificates__status=Status.ACTIVE)),
    ).order_by("pk")


def certificates(words: str = "") -> QuerySet[IssuedCertificate]:
    """Certificates that have every word in name, code, holder or serial; newest first."""
    found = IssuedCertificate.objects.select_related("authority", "mandate")
    for word in directory_api.plain(words).split():
        found = found.filter(Q(search_text__contains=word) | Q(sha256__startswith=word))
    return found


def as_json(row: IssuedCertificate) -> dict[str, Any]:
    """A certificate as the search service tells it."""
    return {
        "sha256": row.sha256,
        "serial": row.serial,
        "subject": row.subject,
        "organization_code": row.organization_code,
        "profile": row.profile,
        "status": row.status,
        "status_at": row.status_at.isoformat() if row.status_at else None,
        "not_before": row.not_before.isoformat(),
        "not_after": row.not_after.isoformat(),
        "issuer": row.authority.key_id,
    }


def history(row: IssuedCertificate) -> list[IssuedCertificate]:
    """The certificates before and after it of the same holder, oldest first."""
    first = row
    for _ in range(20):
        if first.replaces is None:
            break
        first = first.replaces
    found, level = [first], [first]
    while level and len(found) < 50:
        level = list(IssuedCertificate.objects.filter(replaces__in=level))
        found += level
    return found


def requests(*, late: bool = False, now: datetime) -> QuerySet[ReceivedRequest]:
    """Requests received, newest first; only those done or still open after their legal term."""
    found = ReceivedRequest.objects.select_related("certificate", "mandate", "confirmed_by")
    if late:
        found = found.filter(_is_late(now))
    return found


def _is_late(now: datetime) -> Q:
    unfinished = Q(confirm_before__lt=now, confirmed_at=None, certificate__status=Status.ON_HOLD)
    return Q(done_at__gt=F("due_at")) | Q(done_at=None, due_at__lt=now) | unfinished


def open_holds() -> QuerySet[ReceivedRequest]:
    """Emergency holds that wait for their second person, the most urgent first."""
    return (
        ReceivedRequest.objects.filter(confirmed_at=None, certificate__status=Status.ON_HOLD)
        .exclude(confirm_before=None)
        .select_related("certificate")
        .order_by("confirm_before")
    )


def open_proposals() -> QuerySet[StatusProposal]:
    """What officers proposed and nobody decided, oldest first."""
    return (
        StatusProposal.objects.filter(accepted=None)
        .select_related("certificate", "proposed_by")
        .order_by("proposed_at")
    )


def open_service_proposals() -> QuerySet[ServiceProposal]:
    """Changes of the trust list that wait for a second officer, oldest first."""
    return (
        ServiceProposal.objects.filter(accepted=None)
        .select_related("proposed_by")
        .order_by("proposed_at")
    )


def mandates() -> QuerySet[Mandate]:
    """Every mandate, proposals first, then newest."""
    return Mandate.objects.select_related("proposed_by", "decided_by", "ended_by").annotate(
        used=Count("requests")
    )


def key_uses() -> QuerySet[KeyUse]:
    return KeyUse.objects.order_by("-at", "-pk")


def figures(now: datetime) -> list[RegistrarFigures]:
    """The figures of every registering agency that has or had a mandate (SG-D-05)."""
    by_agency: dict[str, list[Mandate]] = {}
    for mandate in Mandate.objects.exclude(
        state__in=(MandateState.PROPOSED, MandateState.REJECTED)
    ):
        by_agency.setdefault(mandate.agency_code, []).append(mandate)
    return [_figures(code, found, now) for code, found in sorted(by_agency.items())]


def _figures(code: str, found: Iterable[Mandate], now: datetime) -> RegistrarFigures:
    roots = {mandate.root_code for mandate in found}
    codes = _subtree(roots)
    sealed = set(
        IssuedCertificate.objects.filter(
            profile=Profile.AGENCY,
            status=Status.ACTIVE,
            not_after__gt=now,
            organization_code__in=codes,
        ).values_list("organization_code", flat=True)
    )
    rows = list(ReceivedRequest.objects.filter(registrar_code=code, kind__in=ISSUING))
    took = [(row.done_at - row.file_valid_at) / timedelta(hours=1) for row in rows if row.done_at]
    within = [row for row in rows if row.done_at and row.done_at <= row.due_at]
    organization = directory_api.find(code)
    return RegistrarFigures(
        code=code,
        name=organization.name if organization else code,
        requests=len(rows),
        covered=len(sealed),
        agencies=len(codes),
        median_hours=round(median(took), 1) if took else None,
        within_share=round(100 * len(within) / len(rows)) if rows else None,
        refused_late=len(rows) - len(within),
    )


def _subtree(roots: Iterable[str]) -> set[str]:
    """The codes of the agencies at and under these roots."""
    found: dict[int, str] = {}
    level = [one for code in roots if (one := directory_api.find(code)) is not None]
    while level:
        found.update({one.pk: one.code for one in level})
        children = directory_api.Organization.objects.filter(parent__in=level, active=True)
        level = [one for one in children if one.pk not in found]
    return {code for code in found.values() if code}
