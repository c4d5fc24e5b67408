"""States and moves of an outgoing document."""

from __future__ import annotations

from collections.abc import Mapping

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from lienthong.apps.documents.rules import MoveNotAllowed


class OutgoingState(TextChoices):
    """Where an outgoing document is on our desk."""

    DRAFT = "draft", _("Dự thảo")
    IN_REVIEW = "in_review", _("Chờ duyệt nội dung")
    IN_FORM_REVIEW = "in_form_review", _("Chờ duyệt thể thức")
    AWAITING_SIGNATURE = "awaiting_signature", _("Chờ ký")
    SIGNED = "signed", _("Đã ký, chờ đóng dấu")
    SEALED = "sealed", _("Chờ phát hành")
    DISPATCHED = "dispatched", _("Đã phát hành")


class OutgoingMove(TextChoices):
    """What can happen to an outgoing document."""

    EDIT = "edit", _("Sửa dự thảo")
    SUBMIT = "submit", _("Trình duyệt")
    APPROVE = "approve", _("Duyệt nội dung")
    APPROVE_FORM = "approve_form", _("Duyệt thể thức")
    RETURN = "return", _("Trả lại")
    SIGN = "sign", _("Ký số")
    SEAL = "seal", _("Đóng dấu số cơ quan")
    DISPATCH = "dispatch", _("Phát hành")
    RECALL = "recall", _("Thu hồi")
    BOUNCE = "bounce", _("Trục từ chối gói tin")


class Source(TextChoices):
    """How the text of an outgoing document came to be."""

    FORM = "form", _("Soạn theo mẫu Nghị định 30")
    UPLOAD = "upload", _("Tải lên tệp PDF")


OUTGOING: Mapping[tuple[OutgoingState, OutgoingMove], OutgoingState] = {
    (OutgoingState.DRAFT, OutgoingMove.EDIT): OutgoingState.DRAFT,
    (OutgoingState.DRAFT, OutgoingMove.SUBMIT): OutgoingState.IN_REVIEW,
    # D30 Art. 12: one person answers for the content, another for the form.
    (OutgoingState.IN_REVIEW, OutgoingMove.APPROVE): OutgoingState.IN_FORM_REVIEW,
    (OutgoingState.IN_REVIEW, OutgoingMove.RETURN): OutgoingState.DRAFT,
    (OutgoingState.IN_FORM_REVIEW, OutgoingMove.APPROVE_FORM): OutgoingState.AWAITING_SIGNATURE,
    (OutgoingState.IN_FORM_REVIEW, OutgoingMove.RETURN): OutgoingState.DRAFT,
    (OutgoingState.AWAITING_SIGNATURE, OutgoingMove.RETURN): OutgoingState.DRAFT,
    (OutgoingState.AWAITING_SIGNATURE, OutgoingMove.SIGN): OutgoingState.SIGNED,
    (OutgoingState.SIGNED, OutgoingMove.SEAL): OutgoingState.SEALED,
    (OutgoingState.SEALED, OutgoingMove.DISPATCH): OutgoingState.DISPATCHED,
    (OutgoingState.DISPATCHED, OutgoingMove.RECALL): OutgoingState.DISPATCHED,
    # The axis took nothing: the clerk sees the reason and may dispatch again.
    (OutgoingState.DISPATCHED, OutgoingMove.BOUNCE): OutgoingState.SEALED,
}


def after_outgoing(state: OutgoingState, move: OutgoingMove) -> OutgoingState:
    """Return the state that `move` leads to. Raises MoveNotAllowed."""
    try:
        return OUTGOING[state, move]
    except KeyError:
        raise MoveNotAllowed(state=str(state.label), move=str(move.label)) from None
