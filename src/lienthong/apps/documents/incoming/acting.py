"""What every act on an incoming document has in common: the lock, the record, the status."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils import timezone

from lienthong.apps.accounts import api as accounts
from lienthong.apps.accounts.api import Actor, Role, Seat
from lienthong.apps.documents.common.history import act_text
from lienthong.apps.documents.incoming.reporting import report_status
from lienthong.apps.documents.models import IncomingDocument
from lienthong.apps.documents.problems import ChangedMeanwhile, DocumentNotFound, SeatUnsuitable
from lienthong.apps.documents.rules.incoming import STATUS_OF, IncomingState
from lienthong.apps.journal import api as journal

TEXT_MAX = 500
LONG_TEXT_MAX = 2000


def locked(document: IncomingDocument) -> IncomingDocument:
    """Return the row as it is now, locked until the transaction ends.

    Raises DocumentNotFound, and ChangedMeanwhile when the person saw an earlier version.
    """
    found = (
        IncomingDocument.objects.select_for_update(of=("self",))
        .select_related("organization__parent", "lead__person", "lead__unit")
        .filter(pk=document.pk)
        .first()
    )
    if found is None:
        raise DocumentNotFound
    if document.seen_version not in {None, found.version}:
        raise _changed(found)
    return found


def done(
    actor: Actor | None,
    document: IncomingDocument,
    act: str,
    facts: Mapping[str, Any],
    told: str = "",
) -> None:
    """Journal the act, count the version up, and tell the sender the state that was reached.

    The sender is told each state once (DX-28); `told` is a remark beside it.
    """
    record(actor, document, act, facts)
    status = STATUS_OF[IncomingState(document.state)]
    report_status(document, status, description=told, actor=actor)


def record(
    actor: Actor | None, document: IncomingDocument, act: str, facts: Mapping[str, Any]
) -> None:
    """Journal the act and count the version up."""
    document.version += 1
    document.save(update_fields=["version"])
    journal.record(
        organization_id=document.organization_id,
        act=act,
        subject=document.journal_subject,
        actor=actor,
        facts=facts,
    )


def suitable(
    organization_id: int, seat_ids: Iterable[int], roles: frozenset[Role], purpose: str
) -> list[Seat]:
    """Return the seats, in the order given, each once, held today with one of `roles`.

    Raises SeatUnsuitable when one is not.
    """
    wanted = list(dict.fromkeys(seat_ids))
    held = accounts.seats(organization_id).filter(pk__in=wanted, role__in=roles)
    found = {seat.pk: seat for seat in held}
    if len(found) < len(wanted):
        raise SeatUnsuitable(purpose=purpose)
    return [found[seat_id] for seat_id in wanted]


def _changed(document: IncomingDocument) -> ChangedMeanwhile:
    last = journal.history(document.journal_subject)[-1:]
    return ChangedMeanwhile(
        who=last[0].actor_name or "hệ thống" if last else "?",
        at=f"{timezone.localtime(last[0].at):%H:%M %d/%m/%Y}" if last else "?",
        what=act_text(last[0].act) if last else "?",
    )
