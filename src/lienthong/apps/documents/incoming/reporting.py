"""Tell the sender what became of its document: each status once (DX-28)."""

from __future__ import annotations

from django.utils import timezone

from lienthong.apps.accounts.api import Actor
from lienthong.apps.documents.incoming import packets
from lienthong.apps.documents.models import IncomingDocument, StatusReport
from lienthong.apps.exchange.access_point import api as access_point
from lienthong.core import edxml


def report_status(
    document: IncomingDocument,
    status: edxml.StatusCode,
    *,
    description: str = "",
    actor: Actor | None = None,
) -> None:
    """Queue the status packet in the caller's transaction, unless that status was told already."""
    if StatusReport.objects.filter(document=document, status=status).exists():
        return
    at = timezone.now()
    outbound = access_point.queue_packet(
        organization=document.organization,
        packet=packets.status_of(document, status, description=description, at=at, clerk=actor),
        correlation=f"{document.journal_subject}:{status.value}",
    )
    StatusReport.objects.create(
        organization_id=document.organization_id,
        document=document,
        status=status,
        outbound_id=outbound.pk,
        at=at,
    )
