"""What an administrator enters. Choices are of the administrator's own agency."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from lienthong.apps.accounts import api as accounts
from lienthong.apps.accounts.api import GIVERS, Actor, DelegationKind, Power, Role, Seat
from lienthong.apps.administration import rules
from lienthong.apps.directory import api as directory
from lienthong.apps.directory.api import Unit, UnitMove

NONE_YET = ("", "–")


def _day(label: Any, **more: Any) -> forms.DateField:
    return forms.DateField(label=label, widget=forms.DateInput(attrs={"type": "date"}), **more)


def _units(actor: Actor) -> forms.ModelChoiceField[Unit]:
    return forms.ModelChoiceField(
        directory.standing_units(actor.organization_id), label=_("Đơn vị"), required=False
    )


class SearchForm(forms.Form):
    """Words of a name, a sign-in name or a position."""

    q = forms.CharField(
        label=_("Tìm"),
        required=False,
        max_length=100,
        widget=forms.TextInput(
            attrs={"type": "search", "placeholder": _("Họ tên, tên đăng nhập, chức vụ")}
        ),
    )


class SeatForm(forms.Form):
    """A seat to give."""

    role = forms.ChoiceField(
        label=_("Vai trò"), choices=[(role.value, role.label) for role in rules.GIVEN_HERE]
    )
    position = forms.CharField(label=_("Chức vụ"), max_length=100, required=False)
    competence = forms.CharField(
        label=_("Thẩm quyền ký"),
        max_length=100,
        required=False,
        help_text=_("Ghi trước chức vụ khi ký, ví dụ: KT. BỘ TRƯỞNG."),
    )
    valid_from = _day(_("Từ ngày"))
    valid_to = _day(_("Đến hết ngày"), help_text=_("Mọi vị trí đều có ngày kết thúc."))

    def __init__(self, actor: Actor, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        today = timezone.localdate()
        self.fields["unit"] = _units(actor)
        self.fields["assists"] = forms.ModelChoiceField(
            accounts.seats(actor.organization_id, Role.LEADER),
            label=_("Giúp việc cho"),
            required=False,
            help_text=_("Chỉ dùng cho thư ký, trợ lý."),
        )
        self.fields["valid_from"].initial = today
        self.fields["valid_to"].initial = today + timedelta(days=365)

    def seat(self) -> dict[str, Any]:
        """The arguments of `give_seat`."""
        names = (*SeatForm.base_fields, "unit", "assists")
        given = {name: self.cleaned_data[name] for name in names}
        return given | {"role": Role(given["role"])}


class PersonForm(SeatForm):
    """Somebody new, with a first seat."""

    full_name = forms.CharField(label=_("Họ và tên"), max_length=255)
    username = forms.CharField(
        label=_("Tên đăng nhập"),
        max_length=150,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    email = forms.EmailField(label=_("Thư điện tử"), required=False)
    field_order = ("full_name", "username", "email", "role", "position", "unit")


class LastDayForm(forms.Form):
    """The last day of a seat."""

    last_day = _day(_("Ngày cuối"))


class UnitForm(forms.Form):
    """A new unit."""

    name = forms.CharField(label=_("Tên đơn vị"), max_length=255)
    code = forms.CharField(label=_("Ký hiệu"), max_length=35, required=False)

    def __init__(self, actor: Actor, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["parent"] = _units(actor)
        self.fields["parent"].label = _("Trực thuộc")


class DecisionForm(forms.Form):
    """A decision about a unit."""

    move = forms.ChoiceField(label=_("Nội dung quyết định"), choices=UnitMove.choices)
    name = forms.CharField(
        label=_("Tên mới"), max_length=255, required=False, help_text=_("Khi đổi tên.")
    )
    code = forms.CharField(label=_("Ký hiệu mới"), max_length=35, required=False)
    effective_on = _day(_("Có hiệu lực từ"))
    basis = forms.CharField(label=_("Căn cứ"), max_length=255)
    field_order = ("move", "name", "code", "target", "effective_on", "basis")

    def __init__(self, actor: Actor, unit: Unit, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["target"] = _units(actor)
        self.fields["target"].label = _("Đơn vị đích")
        self.fields["target"].help_text = _("Khi chuyển hoặc sáp nhập; để trống: lên cấp cao nhất.")
        self.order_fields(self.field_order)

    def decision(self) -> dict[str, Any]:
        """The arguments of `decide`."""
        return self.cleaned_data | {"move": UnitMove(self.cleaned_data["move"])}


class DayForm(forms.Form):
    """A day on which the agency does otherwise."""

    on = _day(_("Ngày"))
    is_working = forms.TypedChoiceField(
        label=_("Loại"),
        choices=[("", _("Nghỉ")), ("1", _("Làm bù"))],
        coerce=bool,
        required=False,
    )
    name = forms.CharField(label=_("Tên gọi"), max_length=100)
    basis = forms.CharField(label=_("Căn cứ"), max_length=255)

    def day(self) -> dict[str, Any]:
        """The arguments of `set_day`."""
        return self.cleaned_data | {"is_working": bool(self.cleaned_data["is_working"])}


class DelegationForm(forms.Form):
    """Who acts for whom, in what, until when."""

    kind = forms.ChoiceField(label=_("Loại"), choices=DelegationKind.choices)
    powers = forms.MultipleChoiceField(
        label=_("Việc được làm thay"),
        choices=Power.choices,
        widget=forms.CheckboxSelectMultiple,
    )
    valid_from = _day(_("Từ ngày"))
    valid_to = _day(_("Đến hết ngày"))
    basis = forms.CharField(label=_("Căn cứ"), max_length=255)
    field_order = ("giver", "holder", "kind", "powers", "valid_from", "valid_to", "basis")

    def __init__(self, actor: Actor, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        held = accounts.seats(actor.organization_id)
        givers = held.filter(role__in=GIVERS)
        if not accounts.can(actor, "administration.manage"):
            givers = givers.filter(pk=actor.seat_id)
        self.fields["giver"] = forms.ModelChoiceField(givers, label=_("Người giao"))
        self.fields["holder"] = forms.ModelChoiceField(held, label=_("Người thay"))
        self.order_fields(self.field_order)

    def terms(self) -> dict[str, Any]:
        """The arguments of `delegate`."""
        given = self.cleaned_data
        return given | {
            "kind": DelegationKind(given["kind"]),
            "powers": [Power(power) for power in given["powers"]],
        }


class TakerForm(forms.Form):
    """Who takes work over."""

    def __init__(self, actor: Actor, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        takers: forms.ModelChoiceField[Seat] = forms.ModelChoiceField(
            accounts.seats(actor.organization_id), label=_("Người nhận")
        )
        self.fields["taker"] = takers
