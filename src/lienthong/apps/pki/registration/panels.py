"""What the page of a request offers to do: one panel for one move, as data."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django import forms as django_forms
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from lienthong.apps.accounts.api import Actor
from lienthong.apps.pki.models import Certificate, CertificateRequest
from lienthong.apps.pki.registration import forms, policy
from lienthong.apps.pki.registration.rules import Move
from lienthong.apps.pki.usable import state_of


@dataclass(frozen=True, slots=True)
class Offer:
    """How a move looks on the page."""

    page: str
    label: Any
    hint: Any
    button: Any
    icon: str
    form: Callable[[], django_forms.Form] | None = None
    is_bad: bool = False


@dataclass(frozen=True, slots=True)
class Panel:
    """An offer for one request, with its form."""

    move: str
    offer: Offer
    url: str
    form: django_forms.Form | None


def accept_form(*args: Any) -> forms.PinForm:
    """The PIN that the holder chose when the key was made."""
    return forms.PinForm(*args, label=_("Mã PIN bạn đã đặt cho khóa mới"))


OFFERS: dict[Move, Offer] = {
    Move.CONFIRM: Offer(
        "pki:confirm",
        _("Xác nhận của cơ quan quản lý"),
        _("Bạn xác nhận người này thuộc cơ quan và cần chứng thư cho công việc."),
        _("Xác nhận"),
        "clipboard-check",
    ),
    Move.SECOND: Offer(
        "pki:second",
        _("Xác nhận tạm dừng khẩn cấp"),
        _("Một cán bộ đã tự mình tạm dừng chứng thư này. Bạn kiểm tra lại rồi ký xác nhận."),
        _("Ký xác nhận"),
        "person-check",
        forms.PinForm,
    ),
    Move.VERIFY: Offer(
        "pki:verify",
        _("Kiểm tra hồ sơ"),
        _("Đối chiếu thông tin sẽ ghi trên chứng thư với minh chứng."),
        _("Hồ sơ hợp lệ"),
        "check-circle",
    ),
    Move.APPROVE: Offer(
        "pki:approve",
        _("Duyệt"),
        _("Yêu cầu được ký bằng khóa của bạn rồi gửi tới tổ chức cấp chứng thư."),
        _("Ký duyệt"),
        "pen",
        forms.PinForm,
    ),
    Move.DELIVER: Offer(
        "pki:deliver",
        _("Giao thiết bị"),
        _("Ghi số sê-ri thiết bị giao cho người nhận."),
        _("Đã giao"),
        "key",
        forms.DeviceForm,
    ),
    Move.ACCEPT: Offer(
        "pki:accept",
        _("Nhận chứng thư"),
        _("Xem kỹ thông tin rồi ký phiếu giao nhận bằng khóa mới. Từ đó khóa mới được dùng để ký."),
        _("Ký nhận và dùng chứng thư"),
        "patch-check",
        accept_form,
    ),
    Move.SUBMIT: Offer(
        "pki:submit",
        _("Gửi yêu cầu"),
        _("Gửi tới cán bộ đăng ký. Thời hạn giải quyết tính từ lúc gửi."),
        _("Gửi yêu cầu"),
        "send",
    ),
    Move.RETURN: Offer(
        "pki:return",
        _("Trả lại"),
        _("Người lập thấy lý do, bổ sung rồi gửi lại."),
        _("Trả lại"),
        "arrow-return-left",
        forms.ReasonForm,
        is_bad=True,
    ),
    Move.WITHDRAW: Offer(
        "pki:withdraw",
        _("Rút yêu cầu"),
        _("Khóa đã tạo cho yêu cầu này bị hủy."),
        _("Rút yêu cầu"),
        "x-circle",
        is_bad=True,
    ),
}


def panels(
    actor: Actor, request: CertificateRequest, bound: django_forms.Form | None = None
) -> list[Panel]:
    """What `actor` may do with the request now, in the order of the table above.

    bound: a form that came back with errors takes the place of the empty one of its class.
    """
    allowed = set(policy.available_moves(actor, request))
    if request.is_emergency:
        allowed -= {Move.WITHDRAW}
    return [
        Panel(move.value, offer, reverse(offer.page, args=[request.pk]), _form(offer, bound))
        for move, offer in OFFERS.items()
        if move in allowed
    ]


def _form(offer: Offer, bound: django_forms.Form | None) -> django_forms.Form | None:
    if offer.form is None:
        return None
    fresh = offer.form()
    return bound if bound is not None and type(bound) is type(fresh) else fresh


def cards(certificates: Iterable[Certificate]) -> list[dict[str, Any]]:
    """Certificates as their cards show them: state, whether in use, days left."""
    now = timezone.now()
    return [
        {
            "certificate": one,
            "found": state_of(one, now),
            "is_current": hasattr(one, "key") and one.key.is_current,
            "days_left": (one.not_after - now).days,
        }
        for one in certificates
    ]
