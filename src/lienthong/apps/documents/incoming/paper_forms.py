"""The form of a paper document that was scanned."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from lienthong.apps.documents.common.forms import day, say_what_is_missing
from lienthong.apps.documents.incoming.forms import lines
from lienthong.apps.documents.incoming.paper import Paper
from lienthong.apps.documents.rules import UrgencyLevel


class PaperForm(forms.Form):
    """The fields of the register (D30 Annex IV, VI) and the scan, in the order of the paper."""

    pdf = forms.FileField(
        label=_("Bản quét (PDF)"),
        help_text=_("PDF 1.4 trở lên, có màu, từ 200 dpi, tỷ lệ 100%. Thả tệp vào đây cũng được."),
        widget=forms.FileInput(attrs={"accept": "application/pdf,.pdf"}),
    )
    sender_name = forms.CharField(label=_("Cơ quan ban hành"), max_length=200)
    sender_code = forms.CharField(label=_("Mã định danh (nếu biết)"), max_length=35, required=False)
    number = forms.CharField(label=_("Số"), max_length=20)
    notation = forms.CharField(label=_("Ký hiệu"), max_length=30)
    issued_on = day(_("Ngày văn bản"))
    type_name = forms.CharField(label=_("Loại văn bản"), max_length=100, initial="Công văn")
    subject = lines(_("Trích yếu"), rows=2, longest=500)
    signer_name = forms.CharField(label=_("Người ký"), max_length=100, required=False)
    signer_position = forms.CharField(label=_("Chức vụ người ký"), max_length=200, required=False)
    urgency = forms.TypedChoiceField(
        label=_("Độ khẩn"), choices=UrgencyLevel, coerce=int, initial=0
    )
    arrived_on = day(_("Ngày đến"))
    due_on = day(_("Hạn giải quyết"))

    def __init__(self, data: Any = None, files: Any = None) -> None:
        super().__init__(data, files, initial={"arrived_on": timezone.localdate()})
        self.fields["issued_on"].required = True
        say_what_is_missing(self)
        self.fields["pdf"].error_messages["required"] = _("Hãy chọn bản quét.")

    def paper(self) -> Paper:
        """What was typed."""
        return Paper(**{name: value for name, value in self.cleaned_data.items() if name != "pdf"})
