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
    RECALLED = "recalled", _("Đã thu hồi")


class Medium(TextChoices):
    """How a document came to the agency."""

    PACKET = "packet", _("Qua trục liên thông")
    PAPER = "paper", _("Bản giấy, đã số hóa")
    HANDED = "handed", _("Cơ quan cấp trên chuyển xuống")


class IncomingMove(TextChoices):
    """What can happen to an incoming document."""

    ACCEPT = "accept", _("Tiếp nhận")
    REFUSE = "refuse", _("Từ chối tiếp nhận")
    SUBMIT = "submit", _("Trình lãnh đạo")
    ASSIGN = "assign", _("Phân công")
    FILE = "file", _("Lưu, không phải xử lý")
    TAKE_BACK = "take_back", _("Rút lại phân công")
    START = "start", _("Bắt đầu xử lý")
    NOTE = "note", _("Ghi tiến độ")
    ASK_OPINION = "ask_opinion", _("Xin ý kiến")
    GIVE_OPINION = "give_opinion", _("Cho ý kiến")
    ASK_EXTENSION = "ask_extension", _("Xin gia hạn")
    DECIDE_EXTENSION = "decide_extension", _("Quyết định gia hạn")
    ANSWER_BY = "answer_by", _("Gắn văn bản trả lời")
    FORWARD = "forward", _("Chuyển xuống cơ quan trực thuộc")
    HAND_OVER = "hand_over", _("Giao người khác")
    FINISH = "finish", _("Hoàn thành")
    REOPEN = "reopen", _("Mở lại")
    AGREE_RECALL = "agree_recall", _("Đồng ý thu hồi")
    DECLINE_RECALL = "decline_recall", _("Từ chối thu hồi")


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


_S, _M = IncomingState, IncomingMove
OPEN = (_S.REGISTERED, _S.ASSIGNED, _S.PROCESSING)
IN_WORK = (_S.ASSIGNED, _S.PROCESSING)
# DX-36: wherever it is, until it is gone.
RECALLABLE = (_S.ARRIVED, *OPEN, _S.COMPLETED)

INCOMING: Mapping[tuple[IncomingState, IncomingMove], IncomingState] = {
    (_S.ARRIVED, _M.ACCEPT): _S.REGISTERED,
    (_S.ARRIVED, _M.REFUSE): _S.REFUSED,
    # Again, to somebody else, while nobody has directed it.
    (_S.REGISTERED, _M.SUBMIT): _S.REGISTERED,
    (_S.REGISTERED, _M.ASSIGN): _S.ASSIGNED,
    (_S.REGISTERED, _M.FILE): _S.COMPLETED,
    # Before anybody has begun, the direction may be given again, or passed on below.
    (_S.ASSIGNED, _M.ASSIGN): _S.ASSIGNED,
    # Or taken back: the direction before it holds again, where there is one.
    (_S.ASSIGNED, _M.TAKE_BACK): _S.REGISTERED,
    (_S.ASSIGNED, _M.START): _S.PROCESSING,
    **{(state, _M.NOTE): state for state in IN_WORK},
    **{(state, _M.ASK_OPINION): state for state in IN_WORK},
    **{(state, _M.GIVE_OPINION): state for state in IN_WORK},
    **{(state, _M.ASK_EXTENSION): state for state in IN_WORK},
    **{(state, _M.DECIDE_EXTENSION): state for state in IN_WORK},
    **{(state, _M.ANSWER_BY): state for state in IN_WORK},
    **{(state, _M.HAND_OVER): state for state in IN_WORK},
    **{(state, _M.FORWARD): state for state in OPEN},
    (_S.PROCESSING, _M.FINISH): _S.COMPLETED,
    (_S.COMPLETED, _M.REOPEN): _S.PROCESSING,
    **{(state, _M.AGREE_RECALL): _S.RECALLED for state in RECALLABLE},
    **{(state, _M.DECLINE_RECALL): state for state in RECALLABLE},
}

# DX-28: what the sender is told when a document of theirs comes into a state, once each.
STATUS_OF: Mapping[IncomingState, StatusCode] = {
    IncomingState.ARRIVED: StatusCode.ARRIVED,
    IncomingState.REFUSED: StatusCode.REFUSED,
    IncomingState.REGISTERED: StatusCode.ACCEPTED,
    IncomingState.ASSIGNED: StatusCode.ASSIGNED,
    IncomingState.PROCESSING: StatusCode.PROCESSING,
    IncomingState.COMPLETED: StatusCode.COMPLETED,
    IncomingState.RECALLED: StatusCode.AGREED,
}


def after_incoming(state: IncomingState, move: IncomingMove) -> IncomingState:
    """Return the state that `move` leads to. Raises MoveNotAllowed."""
    try:
        return INCOMING[state, move]
    except KeyError:
        raise MoveNotAllowed(state=str(state.label), move=str(move.label)) from None
