"""What the page of a request offers to do: one panel for one move, as data."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import Any

from django import forms as django_forms
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from lienthong.apps.accounts.api import Actor
from lienthong.apps.pki import queries as keys
from lienthong.apps.pki.consent import ConsentForm
from lienthong.apps.pki.models import Certificate, CertificateRequest
from lienthong.apps.pki.registration import forms, mapping, policy
from lienthong.apps.pki.registration.rules import Move
from lienthong.apps.pki.rules import KeyKind, KeyPlace
from lienthong.apps.pki.usable import state_of


@dataclass(frozen=True, slots=True)
class Offer:
    """How a move looks on the page."""

    page: str
    label: Any
    hint: Any
    button: Any
    icon: str
    form: Callable[[Actor, CertificateRequest], django_forms.Form] | None = None
    is_bad: bool = False


@dataclass(frozen=True, slots=True)
class Panel:
    """An offer for one request, with its form."""

    move: str
    offer: Offer
    url: str
    form: django_forms.Form | None


def approve_form(actor: Actor, _request: CertificateRequest, data: Any = None) -> ConsentForm:
    """What the registrar's own key needs to approve a request."""
    return own_form(actor, data)


def own_form(actor: Actor, data: Any = None) -> ConsentForm:
    """What a person's own key needs."""
    return ConsentForm.for_key(keys.place_of(KeyKind.PERSON, person_id=actor.person_id), data)


def accept_form(_actor: Actor, request: CertificateRequest, data: Any = None) -> ConsentForm:
    """What the new key needs: in a file, the PIN that the holder chose when it was made."""
    place = KeyPlace(request.key_place)
    label = _("Mã PIN bạn đã đặt cho khóa mới") if place is KeyPlace.FILE else None
    return ConsentForm(data, place=place, device=request.key_device, label=label)


def key_form(
    _actor: Actor, request: CertificateRequest, data: Any = None, files: Any = None
) -> django_forms.Form:
    """What it takes to make the key where it will stay."""
    place = KeyPlace(request.key_place)
    if place is KeyPlace.BROWSER:
        return forms.CsrForm(data, files, subject=asdict(mapping.subject_of(request)))
    make = forms.CredentialForm if place is KeyPlace.REMOTE else ConsentForm
    return make(data, place=place, device=request.key_device)


KEY = Offer(
    "pki:make_key",
    _("Tạo khóa"),
    _("Khóa được tạo ở nơi bạn đã chọn và không rời khỏi đó; yêu cầu được gửi ngay sau khi tạo."),
    _("Tạo khóa và gửi yêu cầu"),
    "key",
    key_form,
)


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
        lambda _actor, _request: forms.PinForm(),
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
        approve_form,
    ),
    Move.DELIVER: Offer(
        "pki:deliver",
        _("Giao thiết bị"),
        _("Ghi số sê-ri thiết bị giao cho người nhận."),
        _("Đã giao"),
        "key",
        lambda _actor, _request: forms.DeviceForm(),
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
        lambda _actor, _request: forms.ReasonForm(),
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
    offers = [(move.value, offer) for move, offer in OFFERS.items() if move in allowed]
    if policy.may_make_key(actor, request):
        offers = [("key", KEY), *(one for one in offers if one[0] != Move.SUBMIT)]
    return [
        Panel(
            move,
            offer,
            reverse(offer.page, args=[request.pk]),
            _form(offer, actor, request, bound),
        )
        for move, offer in offers
    ]


def _form(
    offer: Offer, actor: Actor, request: CertificateRequest, bound: django_forms.Form | None
) -> django_forms.Form | None:
    if offer.form is None:
        return None
    fresh = offer.form(actor, request)
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
