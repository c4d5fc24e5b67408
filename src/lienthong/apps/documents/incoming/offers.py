"""What the page of an incoming document offers to do: one panel for one move, as data."""

from __future__ import annotations

from django import forms as django_forms
from django.utils.translation import gettext_lazy as _

from lienthong.apps.accounts.api import Actor
from lienthong.apps.documents.common.panels import Offer, Panel, panel
from lienthong.apps.documents.incoming import forms, policy
from lienthong.apps.documents.models import IncomingDocument

OFFERS: dict[str, Offer] = {
    "accept": Offer(
        "documents:incoming_accept",
        _("Tiếp nhận"),
        _("Cấp số đến và báo cơ quan gửi. Xem kết quả kiểm tra chữ ký trước khi tiếp nhận."),
        _("Tiếp nhận, cấp số đến"),
        "check-circle",
    ),
    "refuse": Offer(
        "documents:incoming_refuse",
        _("Từ chối tiếp nhận"),
        _("Văn bản được trả lại; cơ quan gửi thấy lý do."),
        _("Từ chối"),
        "x-circle",
        lambda _actor, _document: forms.RefuseForm(),
        is_bad=True,
    ),
    "assign": Offer(
        "documents:incoming_assign",
        _("Phân công xử lý"),
        _("Một người chủ trì; có thể thêm người phối hợp."),
        _("Phân công"),
        "person-check",
        lambda actor, document: forms.AssignForm(actor, document=document),
    ),
    "start": Offer(
        "documents:incoming_start",
        _("Bắt đầu xử lý"),
        _("Báo cơ quan gửi rằng văn bản đang được xử lý."),
        _("Bắt đầu xử lý"),
        "lightning-charge",
    ),
    "finish": Offer(
        "documents:incoming_finish",
        _("Hoàn thành"),
        _("Ghi kết quả và lưu vào hồ sơ công việc."),
        _("Hoàn thành"),
        "check-lg",
        lambda actor, document: forms.FinishForm(actor, document=document),
    ),
}


def panels(
    actor: Actor, document: IncomingDocument, bound: django_forms.Form | None = None
) -> list[Panel]:
    """What `actor` may do with `document` now, in the order of the table above."""
    allowed = set(policy.available_actions(actor, document))
    return [
        panel(move, offer, actor, document, bound)
        for move, offer in OFFERS.items()
        if move in allowed
    ]
