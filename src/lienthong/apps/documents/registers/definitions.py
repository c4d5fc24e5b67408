"""The registers of D30 Annex IV as data: title, columns, whose rows (G.2; DX-23, DX-32)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Prefetch, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from lienthong.apps.accounts.api import Actor
from lienthong.apps.documents.common.visibility import incoming_seen_by, outgoing_seen_by
from lienthong.apps.documents.models import (
    CopyUse,
    DossierItem,
    IncomingDocument,
    OutgoingDocument,
    PostedDocument,
)
from lienthong.apps.documents.rules import LegalValue
from lienthong.core.workclock import VIETNAM


@dataclass(frozen=True, slots=True)
class Span:
    """Days, both included."""

    since: date
    until: date

    def moments(self) -> tuple[datetime, datetime]:
        """The first moment of the first day, and the first after the last, in Viet Nam."""
        return (
            datetime.combine(self.since, datetime.min.time(), VIETNAM),
            datetime.combine(self.until, datetime.max.time(), VIETNAM),
        )


@dataclass(frozen=True, slots=True)
class Column:
    """One column. title: as the decree has it. width: in letters."""

    title: str
    width: float
    of: Callable[[Any], str]
    align: str = "left"


@dataclass(frozen=True, slots=True)
class Register:
    """rows: those of `actor` in the span, in the order of the register."""

    name: str
    title: Any
    columns: Sequence[Column]
    rows: Callable[[Actor, Span], QuerySet[Any]]


def _day(on: date | datetime | None) -> str:
    if isinstance(on, datetime):
        on = timezone.localdate(on)
    return f"{on:%d/%m/%Y}" if on else ""


def _nothing(_row: Any) -> str:
    """A column that is filled by hand on paper: signatures."""
    return ""


def _outgoing(actor: Actor, span: Span) -> QuerySet[OutgoingDocument]:
    return (
        OutgoingDocument.objects.filter(
            outgoing_seen_by(actor),
            number__isnull=False,
            issued_on__range=(span.since, span.until),
        )
        .select_related("signatory__person", "drafter__unit", "drafter__person")
        .prefetch_related("recipients__recipient")
        .order_by("issued_on", "number", "pk")
    )


def _incoming(actor: Actor, span: Span) -> QuerySet[IncomingDocument]:
    return (
        IncomingDocument.objects.filter(
            incoming_seen_by(actor),
            arrival_number__isnull=False,
            registered_at__range=span.moments(),
        )
        .select_related("lead__person", "lead__unit")
        .order_by("registered_at", "arrival_number", "pk")
    )


def _tracking(actor: Actor, span: Span) -> QuerySet[IncomingDocument]:
    answers = DossierItem.objects.filter(removed_at=None, outgoing__number__isnull=False)
    return _incoming(actor, span).prefetch_related(
        Prefetch("dossier__items", answers.select_related("outgoing"), to_attr="answers")
    )


def _posted(actor: Actor, span: Span) -> QuerySet[PostedDocument]:
    return PostedDocument.objects.filter(
        organization_id=actor.organization_id, posted_on__range=(span.since, span.until)
    ).order_by("posted_on", "pk")


def _copy_uses(actor: Actor, span: Span) -> QuerySet[CopyUse]:
    return CopyUse.objects.filter(
        organization_id=actor.organization_id, used_on__range=(span.since, span.until)
    ).order_by("used_on", "pk")


def _recipients(document: OutgoingDocument) -> str:
    return "; ".join(one.recipient.name for one in document.recipients.all())


def _keeper(document: OutgoingDocument) -> str:
    unit = document.drafter.unit
    return f"Văn thư; {unit.name}" if unit else "Văn thư"


def _in_charge(document: IncomingDocument) -> str:
    lead = document.lead
    if lead is None:
        return ""
    return ", ".join(filter(None, (lead.unit.name if lead.unit else "", lead.person.full_name)))


def _answers(document: IncomingDocument) -> str:
    dossier = document.dossier
    held = getattr(dossier, "answers", []) if dossier else []
    return "; ".join(item.outgoing.reference for item in held)


def _legal_value(document: IncomingDocument) -> str:
    is_equivalent = document.legal_value == LegalValue.EQUIVALENT
    return "" if is_equivalent else str(LegalValue(document.legal_value).label)


OUTGOING = Register(
    "di",
    _("Sổ đăng ký văn bản đi"),
    (
        Column("Số, ký hiệu văn bản", 18, lambda d: d.reference),
        Column("Ngày tháng văn bản", 12, lambda d: _day(d.issued_on), "center"),
        Column(
            "Tên loại và trích yếu nội dung văn bản", 46, lambda d: f"{d.type_name} {d.subject}"
        ),
        Column("Người ký", 20, lambda d: d.signatory.person.full_name),
        Column("Nơi nhận văn bản", 30, _recipients),
        Column("Đơn vị, người nhận bản lưu", 20, _keeper),
        Column("Số lượng bản", 8, lambda d: str(len(d.recipients.all())), "right"),
        Column("Ngày chuyển", 12, lambda d: _day(d.dispatched_at), "center"),
        Column("Ký nhận", 12, _nothing),
        Column("Ghi chú", 16, lambda d: "" if d.dispatched_at else str(d.get_state_display())),
    ),
    _outgoing,
)
INCOMING = Register(
    "den",
    _("Sổ đăng ký văn bản đến"),
    (
        Column("Ngày đến", 12, lambda d: _day(d.registered_at), "center"),
        Column("Số đến", 8, lambda d: str(d.arrival_number), "right"),
        Column("Tác giả", 24, lambda d: d.sender_name),
        Column("Số, ký hiệu văn bản", 18, lambda d: d.reference),
        Column("Ngày tháng văn bản", 12, lambda d: _day(d.issued_on), "center"),
        Column(
            "Tên loại và trích yếu nội dung văn bản", 46, lambda d: f"{d.type_name} {d.subject}"
        ),
        Column("Đơn vị hoặc người nhận", 26, _in_charge),
        Column("Ngày chuyển", 12, lambda d: _day(d.assigned_at), "center"),
        Column("Ký nhận", 12, _nothing),
        Column("Ghi chú", 16, _legal_value),
    ),
    _incoming,
)
TRACKING = Register(
    "theo-doi",
    _("Sổ theo dõi giải quyết văn bản đến"),
    (
        Column("Số đến", 8, lambda d: str(d.arrival_number), "right"),
        Column(
            "Tên loại, số và ký hiệu, ngày tháng và tác giả văn bản",
            46,
            lambda d: f"{d.type_name} {d.reference} ngày {_day(d.issued_on)} của {d.sender_name}",
        ),
        Column("Đơn vị hoặc người nhận", 26, _in_charge),
        Column("Thời hạn giải quyết", 14, lambda d: _day(d.due_at), "center"),
        Column("Tiến độ giải quyết", 18, lambda d: str(d.get_state_display())),
        Column("Số, ký hiệu văn bản trả lời", 20, _answers),
        Column("Ghi chú", 20, lambda d: d.result_note[:200]),
    ),
    _tracking,
)
POSTED = Register(
    "buu-dien",
    _("Sổ gửi văn bản đi bưu điện"),
    (
        Column("Ngày chuyển", 12, lambda d: _day(d.posted_on), "center"),
        Column("Số, ký hiệu văn bản", 20, lambda d: d.reference),
        Column("Nơi nhận văn bản", 40, lambda d: d.destination),
        Column("Số lượng bì", 10, lambda d: str(d.envelopes), "right"),
        Column("Ký nhận và dấu bưu điện", 20, _nothing),
        Column("Ghi chú", 24, lambda d: d.remarks),
    ),
    _posted,
)
COPY_USES = Register(
    "ban-luu",
    _("Sổ sử dụng bản lưu"),
    (
        Column("Ngày tháng", 12, lambda d: _day(d.used_on), "center"),
        Column("Họ và tên người sử dụng", 22, lambda d: d.user),
        Column("Số, ký hiệu, ngày tháng văn bản", 22, lambda d: d.reference),
        Column("Tên loại và trích yếu nội dung văn bản", 40, lambda d: d.subject),
        Column("Hồ sơ số", 12, lambda d: d.file_code),
        Column("Ký nhận", 12, _nothing),
        Column("Ngày trả", 12, lambda d: _day(d.returned_on), "center"),
        Column("Người cho phép sử dụng", 20, lambda d: d.permitted_by),
        Column("Ghi chú", 20, lambda d: d.remarks),
    ),
    _copy_uses,
)
REGISTERS: Mapping[str, Register] = {
    one.name: one for one in (OUTGOING, INCOMING, TRACKING, POSTED, COPY_USES)
}
