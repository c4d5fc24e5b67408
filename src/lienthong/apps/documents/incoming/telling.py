"""Who hears of what happens to an incoming document, in the app and by e-mail (DX-32)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from lienthong.apps.accounts import api as accounts
from lienthong.apps.accounts.api import Role, Seat
from lienthong.apps.documents.models import ExtensionRequest, IncomingDocument, OpinionRequest
from lienthong.apps.notices import api as notices
from lienthong.apps.notices.api import Kind

ARRIVED = Kind("documents.urgent_arrived", _("Văn bản khẩn mới đến: %(what)s"), is_alarm=True)
SUBMITTED = Kind("documents.submitted_to_you", _("Trình cho ý kiến: %(what)s"))
ASSIGNED = Kind("documents.assigned_to_you", _("Giao chủ trì: %(what)s"))
SUPPORTING = Kind("documents.support_asked", _("Giao phối hợp: %(what)s"))
TAKEN_BACK = Kind("documents.taken_back_from_you", _("Đã rút lại phân công: %(what)s"))
REOPENED = Kind("documents.reopened_for_you", _("Mở lại %(what)s: %(reason)s"))
OPINION_ASKED = Kind("documents.opinion_asked", _("%(by)s xin ý kiến về %(what)s"))
OPINION_GIVEN = Kind("documents.opinion_given", _("%(by)s đã cho ý kiến về %(what)s"))
EXTENSION_ASKED = Kind("documents.extension_asked", _("%(by)s xin gia hạn đến %(until)s: %(what)s"))
EXTENSION_GRANTED = Kind("documents.extension_granted", _("Được gia hạn đến %(until)s: %(what)s"))
EXTENSION_DENIED = Kind("documents.extension_denied", _("Không được gia hạn: %(what)s"))
RECALL_ASKED = Kind(
    "documents.recall_asked", _("Cơ quan gửi yêu cầu thu hồi %(what)s: %(reason)s"), is_alarm=True
)
RECALLED = Kind("documents.recall_done", _("Đã thu hồi, ngừng xử lý: %(what)s"), is_alarm=True)
RECALL_DECLINED = Kind(
    "documents.recall_declined", _("Văn thư đã từ chối thu hồi %(what)s: %(reason)s")
)
SOON = Kind("documents.due_soon", _("Sắp đến hạn %(due)s: %(what)s"))
OVERDUE = Kind("documents.overdue", _("Quá hạn từ %(due)s: %(what)s"), is_alarm=True)
ESCALATED = Kind(
    "documents.overdue_escalated",
    _("Quá hạn từ %(due)s, %(lead)s chưa hoàn thành: %(what)s"),
    is_alarm=True,
)
REGISTER_LATE = Kind(
    "documents.register_overdue", _("Quá hạn tiếp nhận, vào sổ: %(what)s"), is_alarm=True
)
DIRECT_LATE = Kind("documents.direct_overdue", _("Quá hạn cho ý kiến: %(what)s"), is_alarm=True)
STRANDED = Kind(
    "documents.stranded", _("Người giữ việc đã rời vị trí, cần giao lại: %(what)s"), is_alarm=True
)
notices.register(
    ARRIVED,
    SUBMITTED,
    ASSIGNED,
    SUPPORTING,
    TAKEN_BACK,
    REOPENED,
    OPINION_ASKED,
    OPINION_GIVEN,
    EXTENSION_ASKED,
    EXTENSION_GRANTED,
    EXTENSION_DENIED,
    RECALL_ASKED,
    RECALLED,
    RECALL_DECLINED,
    SOON,
    OVERDUE,
    ESCALATED,
    REGISTER_LATE,
    DIRECT_LATE,
    STRANDED,
)


def arrived(document: IncomingDocument) -> None:
    """Alarm the clerks for what is urgent; the rest they find on the desk."""
    if document.is_urgent:
        tell(ARRIVED, document, accounts.seats(document.organization_id, Role.CLERK))


def submitted(document: IncomingDocument, to: Seat) -> None:
    tell(SUBMITTED, document, [to])


def assigned(document: IncomingDocument, lead: Seat, supporting: Iterable[Seat]) -> None:
    tell(ASSIGNED, document, [lead])
    tell(SUPPORTING, document, supporting)


def taken_back(document: IncomingDocument, lead: Seat) -> None:
    tell(TAKEN_BACK, document, [lead])


def reopened(document: IncomingDocument, reason: str) -> None:
    if document.lead is not None:
        tell(REOPENED, document, [document.lead], reason=reason)


def opinion_asked(document: IncomingDocument, seats: Iterable[Seat], by: str) -> None:
    tell(OPINION_ASKED, document, seats, by=by)


def opinion_given(document: IncomingDocument, opinion: OpinionRequest) -> None:
    tell(OPINION_GIVEN, document, [opinion.by], by=opinion.asked.person.full_name)


def extension_asked(document: IncomingDocument, by: str, until: date) -> None:
    """Tell who directed; when that seat is no longer held, the leaders."""
    direction = document.directions.filter(taken_back_at=None).order_by("at", "id").last()
    held = accounts.seats(document.organization_id)
    seats = list(held.filter(pk=direction.by_id)) if direction else []
    told = seats or accounts.seats(document.organization_id, Role.LEADER)
    tell(EXTENSION_ASKED, document, told, by=by, until=f"{until:%d/%m/%Y}")


def extension_decided(document: IncomingDocument, asked: ExtensionRequest) -> None:
    kind = EXTENSION_GRANTED if asked.is_granted else EXTENSION_DENIED
    tell(kind, document, [asked.by], until=f"{asked.wanted_on:%d/%m/%Y}")


def recall_asked(document: IncomingDocument) -> None:
    reason = document.recall_reason
    tell(RECALL_ASKED, document, [*_clerks(document), *_at_work(document)], reason=reason)


def recalled(document: IncomingDocument) -> None:
    tell(RECALLED, document, [*_clerks(document), *_at_work(document)])


def recall_declined(document: IncomingDocument, reason: str) -> None:
    leaders = accounts.seats(document.organization_id, Role.LEADER)
    tell(RECALL_DECLINED, document, leaders, reason=reason)


def tell(
    kind: Kind, document: IncomingDocument, seats: Iterable[Seat], *, key: str = "", **facts: str
) -> None:
    """Tell the seats once for this version of the document, or once for `key`."""
    notices.tell(
        kind,
        seats,
        key=f"{document.pk}:{key or document.version}",
        link=reverse("documents:incoming_detail", args=[document.pk]),
        facts={"what": f"{document.reference} – {document.subject}"[:200]} | facts,
    )


def _clerks(document: IncomingDocument) -> list[Seat]:
    return list(accounts.seats(document.organization_id, Role.CLERK))


def _at_work(document: IncomingDocument) -> list[Seat]:
    held = accounts.seats(document.organization_id)
    wanted = [document.lead_id, *document.supports.values_list("seat_id", flat=True)]
    return list(held.filter(pk__in=[one for one in wanted if one is not None]))
