"""Open documents that name a seat, and handing them on when its person has left (DX-82).

Who drafts, reviews or leads is changed in place. A signatory stands in the text: the draft goes
back to its drafter, who writes it for the new one, and both approvals are given again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from django.db.models import Count, Q
from django.utils.translation import gettext as _

from lienthong.apps.accounts.api import Actor, Role, Seat
from lienthong.apps.administration import api as administration
from lienthong.apps.documents.models import Document, IncomingDocument, OutgoingDocument, Support
from lienthong.apps.documents.problems import SeatUnsuitable
from lienthong.apps.documents.rules.incoming import IncomingState
from lienthong.apps.documents.rules.outgoing import OutgoingState
from lienthong.apps.journal import api as journal

UNSIGNED = [
    OutgoingState.DRAFT,
    OutgoingState.IN_REVIEW,
    OutgoingState.IN_FORM_REVIEW,
    OutgoingState.AWAITING_SIGNATURE,
]
IN_WORK = [IncomingState.ASSIGNED, IncomingState.PROCESSING]
# Until when each person of an outgoing document still has something to do, and who may be that.
OPEN = {
    "drafter": Q(state__in=UNSIGNED),
    "reviewer": Q(state__in=[OutgoingState.DRAFT, OutgoingState.IN_REVIEW]),
    "signatory": Q(state__in=UNSIGNED),
}
SUITABLE = {
    "drafter": frozenset({Role.OFFICER, Role.CLERK, Role.UNIT_HEAD, Role.LEADER, Role.ASSISTANT}),
    "reviewer": frozenset({Role.UNIT_HEAD, Role.LEADER}),
    "signatory": frozenset({Role.UNIT_HEAD, Role.LEADER}),
    "lead": frozenset({Role.OFFICER, Role.UNIT_HEAD}),
}


def count(organization_id: int, seat_ids: Iterable[int]) -> Mapping[int, int]:
    """How many open documents name each of these seats."""
    seats, found = list(seat_ids), Counter[int]()
    for name, is_open in OPEN.items():
        rows = OutgoingDocument.objects.filter(
            is_open, organization_id=organization_id, **{f"{name}__in": seats}
        )
        found.update(dict(rows.order_by().values_list(name).annotate(Count("pk"))))
    led = IncomingDocument.objects.filter(
        organization_id=organization_id, lead__in=seats, state__in=IN_WORK
    )
    found.update(dict(led.order_by().values_list("lead").annotate(Count("pk"))))
    supported = Support.objects.filter(
        seat__in=seats,
        document__organization_id=organization_id,
        document__state__in=IN_WORK,
    )
    found.update(dict(supported.order_by().values_list("seat").annotate(Count("pk"))))
    return found


def hand_on(actor: Actor, giver: Seat, taker: Seat) -> int:
    """Put the taker in the giver's place in every open document. Raises SeatUnsuitable.

    In the caller's transaction: a taker who may not have one of them gets none.
    """
    number = sum(_outgoing(actor, name, giver, taker) for name in OPEN)
    return number + _led(actor, giver, taker) + _supported(giver, taker)


def _outgoing(actor: Actor, name: str, giver: Seat, taker: Seat) -> int:
    mine = OutgoingDocument.objects.select_for_update().filter(
        OPEN[name], organization_id=giver.organization_id, **{name: giver}
    )
    found = list(mine)
    for document in found:
        _check(taker, name)
        setattr(document, name, taker)
        fields = [name]
        if name == "signatory":
            document.state = OutgoingState.DRAFT
            document.approved_at = document.form_reviewer = document.form_approved_at = None
            document.return_reason = _("Người ký đã thay đổi; hãy soạn lại để ghi đúng người ký.")
            fields += [
                *("state", "approved_at", "form_reviewer", "form_approved_at", "return_reason"),
            ]
        document.save(update_fields=fields)
        _note(actor, document, name, giver, taker)
    return len(found)


def _led(actor: Actor, giver: Seat, taker: Seat) -> int:
    mine = IncomingDocument.objects.select_for_update().filter(
        organization_id=giver.organization_id, lead=giver, state__in=IN_WORK
    )
    found = list(mine)
    for document in found:
        _check(taker, "lead")
        document.lead = taker
        document.save(update_fields=["lead"])
        Support.objects.filter(document=document, seat=taker).delete()
        _note(actor, document, "lead", giver, taker)
    return len(found)


def _supported(giver: Seat, taker: Seat) -> int:
    mine = Support.objects.filter(
        seat=giver,
        document__organization_id=giver.organization_id,
        document__state__in=IN_WORK,
    )
    number = mine.count()
    known = Support.objects.filter(seat=taker).values("document_id")
    mine.filter(Q(document_id__in=known) | Q(document__lead=taker)).delete()
    mine.update(seat=taker)
    return number


def _check(taker: Seat, name: str) -> None:
    if Role(taker.role) not in SUITABLE[name]:
        raise SeatUnsuitable(purpose=PURPOSES[name])


PURPOSES = {
    "drafter": "soạn thảo",
    "reviewer": "duyệt",
    "signatory": "ký",
    "lead": "chủ trì",
}


def _note(actor: Actor, document: Document, name: str, giver: Seat, taker: Seat) -> None:
    journal.record(
        organization_id=document.organization_id,
        act="documents.handed_on",
        subject=document.journal_subject,
        actor=actor,
        facts={
            "place": name,
            "from": giver.person.full_name,
            "from_seat": giver.pk,
            "to": taker.person.full_name,
            "to_seat": taker.pk,
        },
    )


def register() -> None:
    """Let administrators find and hand on what is open here. Safe to call again."""
    administration.register_work("documents", count, hand_on)
