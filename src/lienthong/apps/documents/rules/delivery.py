"""The delivery to one recipient as the sender knows it (edXML specification §9.1)."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from lienthong.core.edxml import StatusCode, states


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
