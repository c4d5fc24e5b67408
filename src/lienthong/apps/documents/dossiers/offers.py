"""What the pages of a file and of a hand-over offer to do: one panel for one move, as data."""

from __future__ import annotations

from collections.abc import Mapping

from django import forms as django_forms
from django.utils.translation import gettext_lazy as _

from lienthong.apps.accounts.api import Actor
from lienthong.apps.documents.common.panels import Offer, Panel, key_of, panel
from lienthong.apps.documents.dossiers import forms, policy
from lienthong.apps.documents.models import Dossier, HandOver
from lienthong.apps.documents.rules.dossiers import DossierMove
from lienthong.apps.pki import api as pki
from lienthong.apps.pki.api import KeyKind

OFFERS: Mapping[str, Offer] = {
    DossierMove.APPROVE: Offer(
        "documents:dossier_approve",
        _("Duyệt mở hồ sơ"),
        _("Hồ sơ ngoài danh mục cần người phụ trách đồng ý."),
        _("Đồng ý mở hồ sơ"),
        "clipboard-check",
    ),
    DossierMove.CLOSE: Offer(
        "documents:dossier_close",
        _("Kết thúc hồ sơ"),
        _("Hệ thống kiểm tra dự thảo, văn bản trùng, việc chưa xong, rồi tính hạn nộp lưu."),
        _("Kết thúc hồ sơ"),
        "check-circle",
        lambda _actor, _dossier: forms.CloseForm(),
    ),
    DossierMove.EDIT: Offer(
        "documents:dossier_edit", _("Sửa thông tin"), "", _("Sửa"), "pencil-square", is_link=True
    ),
    DossierMove.KEEP_LONGER: Offer(
        "documents:dossier_keep_longer",
        _("Cho giữ lại thêm"),
        _("Người đứng đầu cơ quan đồng ý bằng văn bản, không quá 2 năm."),
        _("Đồng ý cho giữ lại"),
        "hourglass-split",
        lambda _actor, _dossier: forms.KeepLongerForm(),
    ),
    DossierMove.REOPEN: Offer(
        "documents:dossier_reopen",
        _("Mở lại hồ sơ"),
        _("Hạn nộp lưu tính lại khi kết thúc lần sau."),
        _("Mở lại"),
        "arrow-return-left",
        lambda _actor, _dossier: forms.ReasonForm(),
        is_bad=True,
    ),
}
STEPS: Mapping[str, Offer] = {
    "give": Offer(
        "documents:hand_over_give",
        _("Bên giao ký"),
        _("Ký số vào biên bản và mục lục hồ sơ."),
        _("Ký giao"),
        "pen",
        lambda actor, _hand_over: pki.ConsentForm.for_key(key_of(KeyKind.PERSON, actor)),
        signs_as=KeyKind.PERSON,
    ),
    "take": Offer(
        "documents:hand_over_take",
        _("Bên nhận ký"),
        _("Hồ sơ được đối chiếu với mục lục đã ký rồi mới chuyển giao."),
        _("Kiểm tra và ký nhận"),
        "patch-check",
        lambda actor, _hand_over: pki.ConsentForm.for_key(key_of(KeyKind.PERSON, actor)),
        signs_as=KeyKind.PERSON,
    ),
    "return": Offer(
        "documents:hand_over_return",
        _("Trả lại"),
        _("Hồ sơ ở lại bên giao."),
        _("Trả lại biên bản"),
        "arrow-return-left",
        lambda _actor, _hand_over: forms.ReasonForm(),
        is_bad=True,
    ),
}


def panels(actor: Actor, dossier: Dossier, bound: django_forms.Form | None = None) -> list[Panel]:
    """What `actor` may do with the file now, in the order of the table above."""
    allowed = policy.moves_of(actor, dossier)
    return [
        panel(move, offer, actor, dossier, bound)
        for move, offer in OFFERS.items()
        if move in allowed and (move != DossierMove.KEEP_LONGER or dossier.hand_over_by is not None)
    ]


def steps(actor: Actor, hand_over: HandOver, bound: django_forms.Form | None = None) -> list[Panel]:
    """What `actor` may do with the record now."""
    allowed = policy.steps_of(actor, hand_over)
    return [
        panel(step, offer, actor, hand_over, bound)
        for step, offer in STEPS.items()
        if step in allowed
    ]
