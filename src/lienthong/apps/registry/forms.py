"""What the operator of the registry enters."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from lienthong.apps.registry.rules import Paper

DAY = {"type": "date"}


class SearchForm(forms.Form):
    """Words of a name or a code."""

    q = forms.CharField(
        label=_("Tìm"),
        required=False,
        max_length=100,
        widget=forms.TextInput(attrs={"type": "search", "placeholder": _("Tên hoặc mã cơ quan")}),
    )


class PaperForm(forms.Form):
    """One rule about paper beside electronic documents (DX-17)."""

    kind = forms.ChoiceField(label=_("Danh mục"), choices=Paper.choices)
    type_code = forms.IntegerField(label=_("Mã loại văn bản"), min_value=1, max_value=99)
    agency_code = forms.CharField(
        label=_("Mã cơ quan gửi"),
        required=False,
        max_length=35,
        help_text=_("Để trống nếu áp dụng cho mọi cơ quan."),
    )
    basis = forms.CharField(label=_("Căn cứ"), max_length=255)
    valid_from = forms.DateField(label=_("Từ ngày"), widget=forms.DateInput(attrs=DAY))
    valid_to = forms.DateField(
        label=_("Đến trước ngày"), required=False, widget=forms.DateInput(attrs=DAY)
    )

    def clean(self) -> dict[str, Any]:
        entered = super().clean() or {}
        start, end = entered.get("valid_from"), entered.get("valid_to")
        if start and end and end <= start:
            self.add_error("valid_to", _("Ngày kết thúc phải sau ngày bắt đầu."))
        return entered

    def rule(self) -> dict[str, Any]:
        """The arguments of `allow_paper`."""
        entered = dict(self.cleaned_data)
        return {**entered, "kind": Paper(entered["kind"])}
