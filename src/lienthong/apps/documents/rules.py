"""States and transitions of the document desk. No rows are read or written here.

Three tables: the outgoing document, the incoming document, and the delivery to one recipient as the
sender knows it (edXML specification §9.1). Code after the tables.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from django.db.models import IntegerChoices, TextChoices
from django.utils.translation import gettext_lazy as _

from lienthong.core.edxml import StatusCode, states
from lienthong.core.errors import Problem


class OutgoingState(TextChoices):
    """Where an outgoing document is on our desk."""

    DRAFT = "draft", _("Dự thảo")
    IN_REVIEW = "in_review", _("Chờ duyệt")
    AWAITING_SIGNATURE = "awaiting_signature", _("Chờ ký")
    SIGNED = "signed", _("Đã ký, chờ đóng dấu")
    SEALED = "sealed", _("Chờ phát hành")
    DISPATCHED = "dispatched", _("Đã phát hành")


class OutgoingMove(TextChoices):
    """What can happen to an outgoing document."""

    EDIT = "edit", _("Sửa dự thảo")
    SUBMIT = "submit", _("Trình duyệt")
    APPROVE = "approve", _("Duyệt")
    RETURN = "return", _("Trả lại")
    SIGN = "sign", _("Ký số")
    SEAL = "seal", _("Đóng dấu số cơ quan")
    DISPATCH = "dispatch", _("Phát hành")
    BOUNCE = "bounce", _("Trục từ chối gói tin")


class IncomingState(TextChoices):
    """Where an incoming document is on our desk."""

    ARRIVED = "arrived", _("Chờ tiếp nhận")
    REGISTERED = "registered", _("Chờ phân công")
    ASSIGNED = "assigned", _("Đã phân công")
    PROCESSING = "processing", _("Đang xử lý")
    COMPLETED = "completed", _("Hoàn thành")
    REFUSED = "refused", _("Đã từ chối")


class IncomingMove(TextChoices):
    """What can happen to an incoming document."""

    ACCEPT = "accept", _("Tiếp nhận")
    REFUSE = "refuse", _("Từ chối tiếp nhận")
    ASSIGN = "assign", _("Phân công")
    START = "start", _("Bắt đầu xử lý")
    FINISH = "finish", _("Hoàn thành")


class Delivery(TextChoices):
    """What the sender knows about one recipient (edXML specification §9.1)."""

    SENT = "sent", _("Đã gửi")
    ARRIVED = "arrived", _("Đã đến")
    REJECTED = "rejected", _("Bị từ chối")
    ACCEPTED = "accepted", _("Đã tiếp nhận")
    ASSIGNED = "assigned", _("Đã phân công")
    PROCESSING = "processing", _("Đang xử lý")
    COMPLETED = "completed", _("Hoàn thành")
    RECALL_PENDING = "recall_pending", _("Chờ thu hồi")
    RECALLED = "recalled", _("Đã thu hồi")
    UPDATE_PENDING = "update_pending", _("Chờ cập nhật")


class LegalValue(TextChoices):
    """DX-06: a document with valid signatures replaces paper, another one only informs."""

    EQUIVALENT = "equivalent", _("Có giá trị pháp lý như bản giấy")
    INFORMATION_ONLY = "information_only", _("Chỉ để biết, tham khảo")


class Source(TextChoices):
    """How the text of an outgoing document came to be."""

    FORM = "form", _("Soạn theo mẫu Nghị định 30")
    UPLOAD = "upload", _("Tải lên tệp PDF")


class UrgencyLevel(IntegerChoices):
    """The urgencies of D28 Art. 10(2)(k) as stored; on the wire they are edxml.Urgency."""

    NORMAL = 0, _("Thường")
    URGENT = 1, _("Khẩn")
    VERY_URGENT = 2, _("Thượng khẩn")
    EXPRESS = 3, _("Hỏa tốc")
    EXPRESS_TIMED = 4, _("Hỏa tốc hẹn giờ")


class RefusalReason(TextChoices):
    """DX-21: a refusal needs a reason from this closed list, and a text."""

    INCOMPLETE = "INCOMPLETE", _("Gói tin không đầy đủ")
    INTEGRITY = "INTEGRITY", _("Nội dung không toàn vẹn")
    SIGNATURE = "SIGNATURE", _("Chữ ký số không hợp lệ")
    FORMAT = "FORMAT", _("Sai thể thức, định dạng")
    AUTHORITY = "AUTHORITY", _("Không đúng thẩm quyền")
    WRONG_RECEIVER = "WRONG_RECEIVER", _("Gửi nhầm nơi nhận")
    SECRET = "SECRET", _("Có dấu hiệu bí mật nhà nước")
    DUPLICATE = "DUPLICATE", _("Trùng văn bản đã nhận")
    OTHER = "OTHER", _("Lý do khác")


OUTGOING: Mapping[tuple[OutgoingState, OutgoingMove], OutgoingState] = {
    (OutgoingState.DRAFT, OutgoingMove.EDIT): OutgoingState.DRAFT,
    (OutgoingState.DRAFT, OutgoingMove.SUBMIT): OutgoingState.IN_REVIEW,
    (OutgoingState.IN_REVIEW, OutgoingMove.APPROVE): OutgoingState.AWAITING_SIGNATURE,
    (OutgoingState.IN_REVIEW, OutgoingMove.RETURN): OutgoingState.DRAFT,
    (OutgoingState.AWAITING_SIGNATURE, OutgoingMove.RETURN): OutgoingState.DRAFT,
    (OutgoingState.AWAITING_SIGNATURE, OutgoingMove.SIGN): OutgoingState.SIGNED,
    (OutgoingState.SIGNED, OutgoingMove.SEAL): OutgoingState.SEALED,
    (OutgoingState.SEALED, OutgoingMove.DISPATCH): OutgoingState.DISPATCHED,
    # The axis took nothing: the clerk sees the reason and may dispatch again.
    (OutgoingState.DISPATCHED, OutgoingMove.BOUNCE): OutgoingState.SEALED,
}

INCOMING: Mapping[tuple[IncomingState, IncomingMove], IncomingState] = {
    (IncomingState.ARRIVED, IncomingMove.ACCEPT): IncomingState.REGISTERED,
    (IncomingState.ARRIVED, IncomingMove.REFUSE): IncomingState.REFUSED,
    (IncomingState.REGISTERED, IncomingMove.ASSIGN): IncomingState.ASSIGNED,
    # Before anybody has begun, the direction may be given again.
    (IncomingState.ASSIGNED, IncomingMove.ASSIGN): IncomingState.ASSIGNED,
    (IncomingState.ASSIGNED, IncomingMove.START): IncomingState.PROCESSING,
    (IncomingState.PROCESSING, IncomingMove.FINISH): IncomingState.COMPLETED,
}

# DX-28: what the sender is told when a document of theirs comes into a state, once each.
STATUS_OF: Mapping[IncomingState, StatusCode] = {
    IncomingState.ARRIVED: StatusCode.ARRIVED,
    IncomingState.REFUSED: StatusCode.REFUSED,
    IncomingState.REGISTERED: StatusCode.ACCEPTED,
    IncomingState.ASSIGNED: StatusCode.ASSIGNED,
    IncomingState.PROCESSING: StatusCode.PROCESSING,
    IncomingState.COMPLETED: StatusCode.COMPLETED,
}


class MoveNotAllowed(Problem):
    """The document cannot make this move from the state it is in."""

    code = "documents.move_not_allowed"
    status = 409
    text = "Văn bản đang ở trạng thái “{state}” nên không thực hiện được thao tác “{move}”."


@dataclass(frozen=True, slots=True)
class Progress:
    """One delivery: its state, and the state to go back to while a recall or update is pending."""

    state: Delivery
    before: Delivery | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """What a status did: the progress after it, whether it moved, and what was odd about it."""

    progress: Progress
    moved: bool
    warning: str = ""


def after_outgoing(state: OutgoingState, move: OutgoingMove) -> OutgoingState:
    """Return the state that `move` leads to. Raises MoveNotAllowed."""
    try:
        return OUTGOING[state, move]
    except KeyError:
        raise MoveNotAllowed(state=str(state.label), move=str(move.label)) from None


def after_incoming(state: IncomingState, move: IncomingMove) -> IncomingState:
    """Return the state that `move` leads to. Raises MoveNotAllowed."""
    try:
        return INCOMING[state, move]
    except KeyError:
        raise MoveNotAllowed(state=str(state.label), move=str(move.label)) from None


def take_status(progress: Progress, status: StatusCode) -> Step:
    """Return what `status` does to a delivery. The table of it is `edxml.states` (§9.1).

    While a request is pending, news of the work moves only the state to go back to.
    """
    state, before = _known(progress.state), _known(progress.before or Delivery.ARRIVED)
    reached = states.after(state, status, before_request=before)
    returns_to: Delivery | None = None
    if reached in states.PENDING:
        kept = states.after(before, status) if state in states.PENDING else state
        returns_to = Delivery(kept.value)
    after = Progress(Delivery(reached.value), returns_to)
    return Step(after, moved=after != progress, warning=states.objection(state, status))


def request_recall(progress: Progress) -> Step:
    """Return the delivery after a recall (business type 1) was sent for it."""
    return _ask(progress, Delivery.RECALL_PENDING)


def request_update(progress: Progress) -> Step:
    """Return the delivery after an update (business type 2) was sent for it."""
    return _ask(progress, Delivery.UPDATE_PENDING)


def _ask(progress: Progress, pending: Delivery) -> Step:
    state = _known(progress.state)
    if state in states.TERMINAL or state in states.PENDING:
        return Step(progress, moved=False, warning=str(_("Không thể yêu cầu ở trạng thái này.")))
    return Step(Progress(pending, progress.state), moved=True)


def _known(state: Delivery) -> states.DeliveryState:
    return states.DeliveryState(state.value)


def date_words(on: date) -> str:
    """Return "ngày 05 tháng 02 năm 2026": zero before days under 10, and months 1 and 2 (F-08)."""
    month = f"{on.month:02d}" if on.month <= 2 else str(on.month)
    return f"ngày {on.day:02d} tháng {month} năm {on.year}"


def number_text(number: int) -> str:
    """Return the number as written on a document: Arabic, a leading zero below 10 (F-07)."""
    return f"{number:02d}"
