"""Which electronic copy to make."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from lienthong.apps.documents.copies.making import PAGES_TEXT_MAX, Wanted
from lienthong.apps.pki import api as pki
from lienthong.core.signing.text_marks import CopyKind


class CopyForm(pki.ConsentForm):
    """Which copy to make, and the consent to sign it."""

    field_order = ("kind", "pages", "pin", "otp", "answer")
    kind = forms.ChoiceField(
        label=_("Hình thức sao"), choices=[(one.value, one.label) for one in CopyKind]
    )
    pages = forms.CharField(
        label=_("Các trang trích"),
        max_length=PAGES_TEXT_MAX,
        required=False,
        help_text=_("Chỉ ghi khi trích sao, ví dụ: 1-3, 5."),
    )

    def wanted(self) -> Wanted:
        """What was asked for."""
        return Wanted(CopyKind(self.cleaned_data["kind"]), self.cleaned_data["pages"])
