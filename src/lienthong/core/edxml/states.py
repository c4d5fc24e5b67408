"""The state of one document at one receiver, as statuses move it. Source: §9.1."""

from __future__ import annotations

from enum import StrEnum

from lienthong.core.edxml.model import StatusCode


class DeliveryState(StrEnum):
    SENT = "sent"
    ARRIVED = "arrived"
    REJECTED = "rejected"
    ACCEPTED = "accepted"
    ASSIGNED = "assigned"
    PROCESSING = "processing"
    COMPLETED = "completed"
    RECALL_PENDING = "recall_pending"
    UPDATE_PENDING = "update_pending"
    RECALLED = "recalled"


FORWARD = (
    DeliveryState.SENT,
    DeliveryState.ARRIVED,
    DeliveryState.ACCEPTED,
    DeliveryState.ASSIGNED,
    DeliveryState.PROCESSING,
    DeliveryState.COMPLETED,
)
_REACHED = {
    StatusCode.ARRIVED: DeliveryState.ARRIVED,
    StatusCode.ACCEPTED: DeliveryState.ACCEPTED,
    StatusCode.ASSIGNED: DeliveryState.ASSIGNED,
    StatusCode.PROCESSING: DeliveryState.PROCESSING,
    StatusCode.COMPLETED: DeliveryState.COMPLETED,
}
TERMINAL = frozenset({DeliveryState.REJECTED, DeliveryState.RECALLED})
PENDING = frozenset({DeliveryState.RECALL_PENDING, DeliveryState.UPDATE_PENDING})


def after(
    state: DeliveryState, status: StatusCode, *, before_request: DeliveryState | None = None
) -> DeliveryState:
    """The state after a status. A status that may not move the state leaves it as it is.

    before_request: the state before the pending recall or update, where 16 returns to.
    """
    if state in TERMINAL or status is StatusCode.UNKNOWN:
        return state
    if state in PENDING:
        return _after_request(state, status, before_request or DeliveryState.ARRIVED)
    if status is StatusCode.TAKE_BACK:
        return DeliveryState.RECALL_PENDING
    if status is StatusCode.REFUSED:
        early = state in {DeliveryState.SENT, DeliveryState.ARRIVED}
        return DeliveryState.REJECTED if early else state
    reached = _REACHED.get(status, state)
    return reached if FORWARD.index(reached) > FORWARD.index(state) else state


def _after_request(
    state: DeliveryState, status: StatusCode, before_request: DeliveryState
) -> DeliveryState:
    if status is StatusCode.AGREED:
        return DeliveryState.RECALLED if state is DeliveryState.RECALL_PENDING else before_request
    return before_request if status is StatusCode.DECLINED else state


def objection(state: DeliveryState, status: StatusCode) -> str:
    """Why this status is odd in this state, as a Vietnamese sentence; "" when it is in order."""
    if state in TERMINAL:
        return "Văn bản đã bị từ chối hoặc thu hồi, trạng thái không đổi nữa."
    if status in {StatusCode.AGREED, StatusCode.DECLINED} and state not in PENDING:
        return "Không có yêu cầu lấy lại, thu hồi hoặc cập nhật nào đang chờ."
    if status is StatusCode.REFUSED and state in FORWARD[2:]:
        return "Văn bản đã được tiếp nhận, không thể từ chối tiếp nhận nữa."
    reached = _REACHED.get(status)
    if reached is not None and state in FORWARD and FORWARD.index(reached) < FORWARD.index(state):
        return "Trạng thái lùi so với trạng thái đang có."
    return ""
