"""What certificate officers type, checked for shape. Actions decide what may be done."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from lienthong.apps.directory import api as directory_api
from lienthong.apps.pki.authority.mandates import (
    LIFETIME_DAYS_MAX,
    PER_DAY_MAX,
    Terms,
    officer_of,
)
from lienthong.apps.pki.authority.models import IssuedCertificate
from lienthong.apps.pki.authority.rules import Reason, ServiceAct, Status, StatusAct
from lienthong.apps.pki.contract import AT_AUTHORITY, RequestKind, SubjectKind
from lienthong.core.signing.authority import Profile

LATE = "late"


def _words(form: forms.Form) -> None:
    """In place of "this field is required", which does not say what to do."""
    for field in form.fields.values():
        chosen = isinstance(field, forms.ChoiceField | forms.MultipleChoiceField)
        field.error_messages["required"] = _("Hãy chọn.") if chosen else _("Hãy nhập.")


class CertificateFilter(forms.Form):
    """Which certificates. Anything wrong in the address narrows nothing."""

    q = forms.CharField(
        label=_("Tìm"),
        required=False,
        max_length=100,
        widget=forms.TextInput(
            attrs={
                "type": "search",
                "placeholder": _("Tên, mã cơ quan, mã cán bộ, số sê-ri, vân tay"),
            }
        ),
    )
    status = forms.ChoiceField(
        label=_("Trạng thái"), required=False, choices=[("", _("Tất cả")), *Status.choices]
    )

    def narrow(self, found: QuerySet[IssuedCertificate]) -> QuerySet[IssuedCertificate]:
        """The certificates in that status."""
        wanted = self.cleaned_data.get("status") if self.is_valid() else ""
        return found.filter(status=wanted) if wanted else found

    @property
    def words(self) -> str:
        return str(self.cleaned_data.get("q", "")) if self.is_valid() else ""


class RequestFilter(forms.Form):
    """Which requests."""

    show = forms.ChoiceField(
        label=_("Hiện"),
        required=False,
        choices=[("", _("Tất cả")), (LATE, _("Trễ hạn"))],
    )

    @property
    def only_late(self) -> bool:
        return self.is_valid() and self.cleaned_data.get("show") == LATE


class StatusForm(forms.Form):
    """A proposal to change the status of one certificate."""

    act = forms.ChoiceField(label=_("Việc"), choices=StatusAct.choices)
    reason = forms.ChoiceField(
        label=_("Lý do"), choices=[one for one in Reason.choices if one[0] != Reason.HOLD]
    )
    why = forms.CharField(
        label=_("Căn cứ, diễn giải"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    hold_meanwhile = forms.BooleanField(
        label=_("Tạm dừng ngay trong khi chờ người thứ hai"), required=False
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _words(self)


class ServiceForm(forms.Form):
    """A proposal about one service of the trust list."""

    act = forms.ChoiceField(label=_("Việc"), choices=ServiceAct.choices)
    why = forms.CharField(
        label=_("Căn cứ, diễn giải"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, acts: Iterable[ServiceAct], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        act = self.fields["act"]
        assert isinstance(act, forms.ChoiceField)  # noqa: S101  as written above
        act.choices = [(one.value, one.label) for one in acts]
        _words(self)


class PinForm(forms.Form):
    """The officer's own key opens with this."""

    pin = forms.CharField(
        label=_("Mã PIN khóa ký của bạn"),
        max_length=64,
        widget=forms.PasswordInput(attrs={"autocomplete": "off", "inputmode": "numeric"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _words(self)


class EndForm(forms.Form):
    """Why a mandate ends."""

    reason = forms.CharField(
        label=_("Lý do chấm dứt"), max_length=500, widget=forms.Textarea(attrs={"rows": 2})
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _words(self)


class MandateForm(forms.Form):
    """A mandate to propose. The registrars are chosen among persons with a certificate."""

    agency_code = forms.CharField(label=_("Mã cơ quan đăng ký"), max_length=35)
    root_code = forms.CharField(
        label=_("Phạm vi từ mã cơ quan"),
        max_length=35,
        required=False,
        help_text=_("Để trống nếu phạm vi là chính cơ quan đăng ký và các đơn vị trực thuộc."),
    )
    officers = forms.CharField(
        label=_("Vân tay chứng thư của cán bộ đăng ký"),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Mỗi dòng một vân tay SHA-256; xem tại trang chứng thư của cán bộ."),
    )
    subjects = forms.MultipleChoiceField(
        label=_("Đối tượng"),
        choices=SubjectKind.choices,
        widget=forms.CheckboxSelectMultiple,
        initial=SubjectKind.values,
    )
    kinds = forms.MultipleChoiceField(
        label=_("Loại yêu cầu"),
        choices=[(kind.value, kind.label) for kind in AT_AUTHORITY],
        widget=forms.CheckboxSelectMultiple,
        initial=[kind.value for kind in AT_AUTHORITY],
    )
    per_day = forms.IntegerField(
        label=_("Số chứng thư tối đa mỗi ngày"), min_value=1, max_value=PER_DAY_MAX, initial=50
    )
    lifetime_days = forms.IntegerField(
        label=_("Thời hạn chứng thư tối đa (ngày)"),
        min_value=1,
        max_value=LIFETIME_DAYS_MAX,
        initial=LIFETIME_DAYS_MAX,
    )
    valid_to = forms.DateField(
        label=_("Ủy quyền đến hết ngày"), widget=forms.DateInput(attrs={"type": "date"})
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _words(self)

    def clean_agency_code(self) -> str:
        code = str(self.cleaned_data["agency_code"]).strip()
        if directory_api.find(code) is None:
            raise forms.ValidationError(_("Danh bạ không có cơ quan nào mang mã này."))
        return code

    def clean_officers(self) -> list[str]:
        found = str(self.cleaned_data["officers"]).lower().split()
        known = IssuedCertificate.objects.filter(
            sha256__in=found, profile=Profile.PERSON, status=Status.ACTIVE
        ).count()
        if known != len(set(found)):
            raise forms.ValidationError(
                _("Có vân tay không phải của chứng thư cá nhân còn hiệu lực.")
            )
        return found

    def terms(self) -> Terms:
        """What the form says, from now on."""
        said = self.cleaned_data
        end = datetime.combine(said["valid_to"] + timedelta(days=1), time(0))
        return Terms(
            agency_code=said["agency_code"],
            root_code=str(said["root_code"]).strip() or said["agency_code"],
            subjects=tuple(SubjectKind(one) for one in said["subjects"]),
            kinds=tuple(RequestKind(one) for one in said["kinds"]),
            officers=tuple(officer_of(one) for one in said["officers"]),
            per_day=said["per_day"],
            lifetime_days=said["lifetime_days"],
            valid_from=timezone.now(),
            valid_to=timezone.make_aware(end),
        )
