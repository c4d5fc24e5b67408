"""Tell the sender what became of its document: each status once (DX-28)."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone

from lienthong.apps.accounts import api as accounts
from lienthong.apps.accounts.api import Actor
from lienthong.apps.documents.incoming import packets
from lienthong.apps.documents.models import Forwarding, IncomingDocument, StatusReport
from lienthong.apps.documents.rules.incoming import Medium
from lienthong.apps.exchange.access_point import api as access_point
from lienthong.core import edxml

# A sender may ask for a recall again, and is answered again.
EACH_TIME = frozenset({edxml.StatusCode.DECLINED})


def report_status(
    document: IncomingDocument,
    status: edxml.StatusCode,
    *,
    description: str = "",
    actor: Actor | None = None,
) -> None:
    """Tell the sender in the caller's transaction, unless that status was told already.

    By packet over the axis; on this node to who handed it down; who sent paper is told nothing.
    """
    if document.medium == Medium.PAPER:
        return
    told = StatusReport.objects.filter(document=document, status=status)
    if status not in EACH_TIME and told.exists():
        return
    at = timezone.now()
    outbound_id: int | None = None
    if document.medium == Medium.HANDED:
        _tell_above(document, status, description, at)
    else:
        correlation = f"{document.journal_subject}:{status.value}"
        if status in EACH_TIME:
            correlation += f":{document.recall_inbound_id}"
        outbound_id = access_point.queue_packet(
            organization=document.organization,
            packet=packets.status_of(document, status, description=description, at=at, clerk=actor),
            correlation=correlation,
        ).pk
    StatusReport.objects.create(
        organization_id=document.organization_id,
        document=document,
        status=status,
        outbound_id=outbound_id,
        at=at,
    )


def _tell_above(
    document: IncomingDocument, status: edxml.StatusCode, description: str, at: datetime
) -> None:
    above, line = document.forwarded_from_id, document.forwarding_id
    if above is None or line is None:
        raise TypeError(f"{document.pk} was handed down by nobody")
    with accounts.scope(above):
        Forwarding.objects.filter(pk=line).update(
            status=status, status_at=at, status_text=description[:500]
        )
