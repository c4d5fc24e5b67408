"""What an auditor asks the journal for."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

DAY = {"type": "date"}
ACTS, READINGS = "viec", "xem"


class SearchForm(forms.Form):
    """Words, days, and whether acts or looks are meant."""

    q = forms.CharField(
        label=_("Tìm"),
        required=False,
        max_length=100,
        widget=forms.TextInput(
            attrs={"type": "search", "placeholder": _("Người, việc hoặc mã đối tượng")}
        ),
    )
    kind = forms.ChoiceField(
        label=_("Loại"),
        required=False,
        choices=[(ACTS, _("Việc đã làm")), (READINGS, _("Lượt xem"))],
    )
    since = forms.DateField(label=_("Từ ngày"), required=False, widget=forms.DateInput(attrs=DAY))
    until = forms.DateField(
        label=_("Đến hết ngày"), required=False, widget=forms.DateInput(attrs=DAY)
    )
