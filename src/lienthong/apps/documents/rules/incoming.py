"""States and moves of an incoming document, and what its sender is told."""

from __future__ import annotations

from collections.abc import Mapping

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from lienthong.apps.documents.rules import MoveNotAllowed
from lienthong.core.edxml import StatusCode


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


def after_incoming(state: IncomingState, move: IncomingMove) -> IncomingState:
    """Return the state that `move` leads to. Raises MoveNotAllowed."""
    try:
        return INCOMING[state, move]
    except KeyError:
        raise MoveNotAllowed(state=str(state.label), move=str(move.label)) from None
