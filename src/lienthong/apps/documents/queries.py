"""What the desk shows. Each read starts from who may see the rows."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from lienthong.apps.accounts import api as accounts
from lienthong.apps.accounts.api import Actor, Role, Seat
from lienthong.apps.documents import policy, typeset
from lienthong.apps.documents.models import (
    Dossier,
    IncomingDocument,
    OutgoingDocument,
    StatusEntry,
    StatusReport,
)
from lienthong.apps.documents.policy import Document, available_actions
from lienthong.apps.documents.problems import DocumentNotFound, FileNotFound
from lienthong.apps.documents.rules import IncomingState, OutgoingState
from lienthong.apps.exchange.access_point import api as access_point
from lienthong.apps.files import api as files
from lienthong.apps.journal import api as journal
from lienthong.core import edxml

__all__ = [
    "Desk",
    "Event",
    "available_actions",
    "counts",
    "desk",
    "document_types",
    "dossiers",
    "duplicates_of",
    "incoming",
    "incoming_visible_to",
    "officers",
    "outgoing",
    "outgoing_visible_to",
    "page_png",
    "pdf",
    "receipt",
    "reviewers",
    "sent_packet",
    "sent_signature",
    "signatories",
    "timeline",
    "waiting",
]

ADMINISTRATIVE = 2
DESK_SHOWS = 50
PILES = (
    "to_register",
    "to_direct",
    "to_work",
    "to_draft",
    "to_review",
    "to_sign",
    "to_seal",
    "to_dispatch",
    "overdue",
)


@dataclass(frozen=True, slots=True)
class Desk:
    """What waits for one person, in the order it should be done: urgent first, then the oldest."""

    to_register: Sequence[IncomingDocument] = ()
    to_direct: Sequence[IncomingDocument] = ()
    to_work: Sequence[IncomingDocument] = ()
    to_draft: Sequence[OutgoingDocument] = ()
    to_review: Sequence[OutgoingDocument] = ()
    to_sign: Sequence[OutgoingDocument] = ()
    to_seal: Sequence[OutgoingDocument] = ()
    to_dispatch: Sequence[OutgoingDocument] = ()
    overdue: Sequence[Document] = ()
    counts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Event:
    """One line of a document's history. `kind` is the journal's act, or "status.01" and so on."""

    at: datetime
    text: str
    who: str
    detail: str
    kind: str


# What an act is called where a person reads it.
def _act_texts() -> Mapping[str, str]:
    return {
        "documents.drafted": _("Soạn dự thảo"),
        "documents.draft_changed": _("Sửa dự thảo"),
        "documents.submitted": _("Trình duyệt"),
        "documents.approved": _("Duyệt, chuyển trình ký"),
        "documents.returned": _("Trả lại người soạn thảo"),
        "documents.signed": _("Cấp số và ký số"),
        "documents.sealed": _("Ký số của cơ quan (đóng dấu)"),
        "documents.copied": _("Làm bản sao điện tử"),
        "documents.stamped": _("Bổ sung dấu thời gian"),
        "documents.evidence_kept": _("Thu thập hồ sơ chứng cứ"),
        "documents.dispatched": _("Phát hành, chuyển vào hàng đợi gửi"),
        "documents.receipted": _("Trục liên thông xác nhận đã nhận gói tin"),
        "documents.dispatch_refused": _("Trục liên thông từ chối gói tin"),
        "documents.status_received": _("Nhận trạng thái"),
        "documents.arrived": _("Văn bản đến, đã kiểm tra chữ ký số"),
        "documents.registered": _("Tiếp nhận, vào sổ văn bản đến"),
        "documents.refused": _("Từ chối tiếp nhận"),
        "documents.assigned": _("Phân công xử lý"),
        "documents.started": _("Bắt đầu xử lý"),
        "documents.finished": _("Hoàn thành, lập hồ sơ"),
        "documents.status_refused": _("Trục liên thông từ chối gói trạng thái"),
    }


def desk(actor: Actor) -> Desk:
    """Return what waits for this actor, by role and name; what is late stands in `overdue` alone.

    A pile shows its first DESK_SHOWS documents and one more when there are more.
    """
    mine_in = incoming_visible_to(actor).order_by("-urgency", "arrived_at")
    mine_out = outgoing_visible_to(actor).order_by("-urgency", "created_at")
    found = counts(actor)
    rows: dict[str, list[Any]] = {}
    overdue: list[Document] = []
    for mine, piles, late in (
        (mine_in, _incoming_piles(actor), _late_incoming()),
        (mine_out, _outgoing_piles(actor), _late_outgoing()),
    ):
        for name, pile in piles.items():
            if found[name]:
                rows[name] = list(mine.filter(pile).exclude(late)[: DESK_SHOWS + 1])
        if found["overdue"]:
            overdue += mine.filter(_any(piles), late)[:DESK_SHOWS]
    return Desk(**rows, overdue=overdue, counts=found)


def counts(actor: Actor) -> dict[str, int]:
    """How much waits for this actor in each pile, and how much of it is late: two cheap reads."""
    found = dict.fromkeys(PILES, 0)
    visible_in = IncomingDocument.objects.filter(policy.incoming_seen_by(actor))
    visible_out = OutgoingDocument.objects.filter(policy.outgoing_seen_by(actor))
    for visible, piles, late in (
        (visible_in, _incoming_piles(actor), _late_incoming()),
        (visible_out, _outgoing_piles(actor), _late_outgoing()),
    ):
        by_pile = {name: Count("pk", filter=pile) for name, pile in piles.items()}
        row = visible.filter(_any(piles)).aggregate(**by_pile, late=Count("pk", filter=late))
        found["overdue"] += row.pop("late")
        found |= row
    return found


def _incoming_piles(actor: Actor) -> dict[str, Q]:
    """Which incoming documents wait for this actor, by pile."""
    working = [IncomingState.ASSIGNED, IncomingState.PROCESSING]
    piles = {"to_work": Q(lead_id=actor.seat_id, state__in=working)}
    if Role.CLERK in actor.roles:
        piles["to_register"] = Q(state=IncomingState.ARRIVED)
    if actor.roles & {Role.LEADER, Role.UNIT_HEAD}:
        piles["to_direct"] = Q(state=IncomingState.REGISTERED)
    return piles


def _outgoing_piles(actor: Actor) -> dict[str, Q]:
    """Which outgoing documents wait for this actor, by pile."""
    seat = actor.seat_id
    piles = {
        "to_draft": Q(drafter_id=seat, state=OutgoingState.DRAFT),
        "to_review": Q(reviewer_id=seat, state=OutgoingState.IN_REVIEW),
        "to_sign": Q(signatory_id=seat, state=OutgoingState.AWAITING_SIGNATURE),
    }
    if Role.CLERK in actor.roles:
        piles["to_seal"] = Q(state=OutgoingState.SIGNED)
        piles["to_dispatch"] = Q(state=OutgoingState.SEALED)
    return piles


def _late_incoming() -> Q:
    now = timezone.now()
    waiting = Q(state__in=[IncomingState.ARRIVED, IncomingState.REGISTERED])
    working = Q(state__in=[IncomingState.ASSIGNED, IncomingState.PROCESSING])
    has_due = Q(due_at__isnull=False)  # said aloud, so that its opposite is no NULL
    return waiting & Q(register_by__lt=now) | working & has_due & Q(due_at__lt=now)


def _late_outgoing() -> Q:
    waiting = Q(state__in=[OutgoingState.SIGNED, OutgoingState.SEALED], send_by__isnull=False)
    return waiting & Q(send_by__lt=timezone.now())


def _any(piles: Mapping[str, Q]) -> Q:
    return reduce(or_, piles.values())


def incoming_visible_to(actor: Actor) -> QuerySet[IncomingDocument]:
    """The incoming documents this actor may see, newest first."""
    return IncomingDocument.objects.filter(policy.incoming_seen_by(actor)).select_related(
        "organization", "lead__person", "lead__unit", "dossier", "duplicate_of"
    )


def outgoing_visible_to(actor: Actor) -> QuerySet[OutgoingDocument]:
    """The outgoing documents this actor may see, newest first."""
    return (
        OutgoingDocument.objects.filter(policy.outgoing_seen_by(actor))
        .select_related(
            "organization",
            "drafter__person",
            "drafter__unit",
            "reviewer__person",
            "signatory__person",
        )
        .prefetch_related("recipients__recipient")
    )


def incoming(actor: Actor, pk: uuid.UUID | str) -> IncomingDocument:
    """Return one incoming document. Raises DocumentNotFound, also when the actor may not see it."""
    found = incoming_visible_to(actor).filter(pk=pk).first()
    if found is None:
        raise DocumentNotFound
    return found


def outgoing(actor: Actor, pk: uuid.UUID | str) -> OutgoingDocument:
    """Return one outgoing document. Raises DocumentNotFound, also when the actor may not see it."""
    found = outgoing_visible_to(actor).filter(pk=pk).first()
    if found is None:
        raise DocumentNotFound
    return found


def duplicates_of(document: IncomingDocument) -> QuerySet[IncomingDocument]:
    """Other incoming documents that seem to be the same one (DX-29).

    Two keys: the document identifier; or issuing agency, number, notation and year.
    """
    same_id = Q(document_id=document.document_id) & ~Q(document_id="")
    same_reference = Q(
        sender_code=document.sender_code,
        number=document.number,
        notation=document.notation,
        issued_on__year=document.issued_on.year,
    )
    return IncomingDocument.objects.filter(
        same_id | same_reference, organization_id=document.organization_id
    ).exclude(pk=document.pk)


def timeline(document: Document) -> list[Event]:
    """Return the history of a document, oldest first: acts, and statuses sent or received."""
    texts = _act_texts()
    events = [
        Event(
            at=entry.at,
            text=texts.get(entry.act, entry.act),
            who=entry.actor_name,
            detail=_detail(entry.act, entry.facts),
            kind=entry.act,
        )
        for entry in journal.history(document.journal_subject)
        if entry.act != "documents.status_received"
    ]
    if isinstance(document, OutgoingDocument):
        entries = StatusEntry.objects.filter(recipient__document=document)
        events += [
            Event(
                at=entry.reported_at,
                text=entry.get_status_display(),
                who=entry.recipient.recipient.name,
                detail=" ".join(part for part in (entry.description, entry.warning) if part),
                kind=f"status.{entry.status}",
            )
            for entry in entries.select_related("recipient__recipient")
        ]
    else:
        events += [
            Event(
                at=report.at,
                text=_("Đã báo cho nơi gửi: {status}").format(status=report.get_status_display()),
                who="",
                detail="",
                kind=f"status.{report.status}",
            )
            for report in StatusReport.objects.filter(document=document)
        ]
    return sorted(events, key=lambda event: event.at)


def signatories(organization_id: int) -> list[Seat]:
    """Seats that may be named as signatory, in Vietnamese order of names."""
    return _seats(organization_id, policy.SIGNATORIES)


def reviewers(organization_id: int) -> list[Seat]:
    """Seats that may be named as reviewer."""
    return _seats(organization_id, policy.REVIEWERS)


def officers(organization_id: int) -> list[Seat]:
    """Seats that may be given a document to work on."""
    return _seats(organization_id, policy.WORKERS)


def document_types() -> tuple[edxml.DocumentType, ...]:
    """The administrative types that a desk issues today."""
    today = timezone.localdate()
    return tuple(
        known
        for known in edxml.document_types()
        if known.group == ADMINISTRATIVE and known.valid_on(today)
    )


def dossiers(actor: Actor) -> QuerySet[Dossier]:
    """The open dossiers of the actor's organization."""
    return Dossier.objects.filter(organization_id=actor.organization_id, closed_on=None)


def pdf(document: Document) -> bytes:
    """Return the newest file of the document. Raises FileNotFound when it has none."""
    if not document.pdf_sha256:
        raise FileNotFound
    return files.get(document.pdf_sha256)


def page_png(document: Document, page: int, width: int = 1000) -> bytes:
    """Return a picture of one page, counted from 1. Raises FileNotFound."""
    try:
        return typeset.page_png(pdf(document), page - 1, width)
    except IndexError:
        raise FileNotFound from None


def page_count(document: Document) -> int:
    """How many pages the newest file has, 0 without a file."""
    return typeset.page_count(pdf(document)) if document.pdf_sha256 else 0


def copy_file(document: Document, pk: int) -> tuple[str, bytes]:
    """Return file name and bytes of an electronic copy. Raises FileNotFound."""
    found = document.copies.filter(pk=pk).first()
    if found is None:
        raise FileNotFound
    name = f"{found.kind.replace('_', '-')}-{document.reference}.pdf".replace("/", "-")
    return name, files.get(found.sha256)


def attachment(document: IncomingDocument, position: int) -> tuple[str, str, bytes]:
    """Return name, content type and bytes of a file of the packet. Raises FileNotFound."""
    found = document.attachments.filter(position=position).first()
    if found is None:
        raise FileNotFound
    return found.name, found.content_type, files.get(found.sha256)


def _seats(organization_id: int, roles: frozenset[Role]) -> list[Seat]:
    return list(accounts.seats(organization_id).filter(role__in=roles))


# The one fact of an entry that a person wants to read, by act.
_DETAIL = {
    "documents.approved": "comment",
    "documents.returned": "reason",
    "documents.signed": "reference",
    "documents.copied": "kind",
    "documents.refused": "text",
    "documents.dispatch_refused": "text",
    "documents.status_refused": "text",
    "documents.assigned": "directive",
}


def _detail(act: str, facts: Mapping[str, Any]) -> str:
    if act == "documents.registered":
        return _("Số đến {number}").format(number=facts.get("arrival", "?"))
    if act == "documents.finished":
        return _("Hồ sơ {code}").format(code=facts.get("dossier", "?"))
    return str(facts.get(_DETAIL.get(act, ""), ""))


def sent_packet(document: OutgoingDocument) -> bytes:
    """The packet as it is, or was, sent. Raises FileNotFound before dispatch."""
    if document.outbound_id is None:
        raise FileNotFound
    return access_point.outbound_bytes(document.outbound_id)


def sent_signature(document: OutgoingDocument) -> bytes:
    """The detached signature beside the packet. Raises FileNotFound before dispatch."""
    if document.outbound_id is None:
        raise FileNotFound
    return bytes(access_point.outbound(document.outbound_id).signature)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A dispatched document that the axis has not taken yet, and what stands in its way."""

    since: datetime
    code: str
    text: str


def waiting(document: OutgoingDocument) -> Waiting | None:
    """Why a dispatched document is still here; None for any other."""
    if document.outbound_id is None or document.state != OutgoingState.DISPATCHED:
        return None
    outbound = access_point.outbound(document.outbound_id)
    if outbound.state not in {
        access_point.OutboundState.QUEUED,
        access_point.OutboundState.SENDING,
    }:
        return None
    link = access_point.hub_state()
    found = [outbound.problem, link.problem]  # without a link, its own tells of an earlier try
    problem: Mapping[str, str] = next(
        filter(None, found if link.reachable else reversed(found)), {}
    )
    return Waiting(outbound.queued_at, problem.get("code", ""), problem.get("text", ""))


def receipt(document: OutgoingDocument) -> dict[str, Any]:
    """The axis's receipt with its inclusion proof: what `lienthong verify` proves, and no more.

    Raises FileNotFound while there is none.
    """
    found = access_point.receipt(document.outbound_id) if document.outbound_id else None
    if found is None:
        raise FileNotFound
    return {"receipt": found["receipt"], "log": found["log"]}
