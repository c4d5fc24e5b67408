"""What the page of an outgoing document offers to do: one panel for one move, as data."""

from __future__ import annotations

from django import forms as django_forms
from django.utils.translation import gettext_lazy as _

from lienthong.apps.accounts.api import Actor
from lienthong.apps.documents.common.panels import Offer, Panel, key_of, panel
from lienthong.apps.documents.models import OutgoingDocument
from lienthong.apps.documents.outgoing import forms, policy
from lienthong.apps.pki import api as pki
from lienthong.apps.pki.api import KeyKind

OFFERS: dict[str, Offer] = {
    "submit": Offer(
        "documents:outgoing_submit",
        _("Trình duyệt"),
        _("Chuyển dự thảo tới người duyệt. Sau đó chỉ sửa được khi bị trả lại."),
        _("Trình duyệt"),
        "send",
    ),
    "edit": Offer(
        "documents:outgoing_edit", _("Sửa dự thảo"), "", _("Sửa"), "pencil-square", is_link=True
    ),
    "approve": Offer(
        "documents:outgoing_approve",
        _("Duyệt nội dung"),
        _("Đồng ý về nội dung; chuyển tới văn thư duyệt thể thức."),
        _("Duyệt nội dung"),
        "clipboard-check",
        lambda _actor, _document: forms.CommentForm(),
    ),
    "approve_form": Offer(
        "documents:outgoing_approve_form",
        _("Duyệt thể thức"),
        _("Đồng ý về thể thức, kỹ thuật trình bày; chuyển tới người ký."),
        _("Duyệt, chuyển ký"),
        "clipboard-check",
        lambda _actor, _document: forms.CommentForm(),
    ),
    "sign": Offer(
        "documents:outgoing_sign",
        _("Ký số"),
        _("Hệ thống cấp số, ngày rồi ký vào chính tệp đang xem."),
        _("Ký số"),
        "pen",
        lambda actor, _document: pki.ConsentForm.for_key(key_of(KeyKind.PERSON, actor)),
        signs_as=KeyKind.PERSON,
    ),
    "seal": Offer(
        "documents:outgoing_seal",
        _("Đóng dấu số cơ quan"),
        _("Chữ ký của người có thẩm quyền được kiểm tra lại trước khi ký số cơ quan."),
        _("Ký số cơ quan"),
        "patch-check",
        lambda actor, _document: pki.ConsentForm.for_key(key_of(KeyKind.AGENCY, actor)),
        signs_as=KeyKind.AGENCY,
    ),
    "dispatch": Offer(
        "documents:outgoing_dispatch",
        _("Phát hành"),
        _("Gửi qua trục liên thông tới tất cả nơi nhận điện tử."),
        _("Phát hành"),
        "send-check",
    ),
    "recall": Offer(
        "documents:outgoing_recall",
        _("Thu hồi"),
        _("Nơi nhận hủy văn bản trong hệ thống của họ rồi báo lại trong ngày làm việc sau."),
        _("Gửi yêu cầu thu hồi"),
        "arrow-return-left",
        lambda _actor, document: forms.RecallForm(document),
        is_bad=True,
    ),
    "return": Offer(
        "documents:outgoing_return",
        _("Trả lại"),
        _("Trả về người soạn thảo để sửa."),
        _("Trả lại"),
        "arrow-return-left",
        lambda _actor, _document: forms.ReturnForm(),
        is_bad=True,
    ),
}


def panels(
    actor: Actor, document: OutgoingDocument, bound: django_forms.Form | None = None
) -> list[Panel]:
    """What `actor` may do with `document` now, in the order of the table above."""
    allowed = set(policy.available_actions(actor, document))
    return [
        panel(move, offer, actor, document, bound)
        for move, offer in OFFERS.items()
        if move in allowed
    ]
