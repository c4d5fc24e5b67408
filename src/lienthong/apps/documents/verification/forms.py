"""A file to check."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _


class CheckFileForm(forms.Form):
    """A file to check, what belongs beside it, and how the answer should look."""

    PAGE, PDF, JSON = "page", "pdf", "json"
    SIZE_MAX_BYTES = 50 * 1024 * 1024

    file = forms.FileField(
        label=_("Tệp cần kiểm tra"),
        help_text=_("PDF, gói tin, chữ ký .p7s, biên nhận, hồ sơ chứng cứ .asice…, đến 50 MB."),
    )
    beside = forms.FileField(
        label=_("Tệp đi kèm (nếu có)"),
        required=False,
        help_text=_("Chữ ký .p7s của tệp trên, hoặc nội dung mà chữ ký .p7s đã ký."),
    )
    output = forms.ChoiceField(
        label=_("Xem kết quả"),
        choices=[
            (PAGE, _("Trên trang này")),
            (PDF, _("Báo cáo PDF có chữ ký")),
            (JSON, _("Tệp JSON có chữ ký")),
        ],
        initial=PAGE,
        required=False,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["file"].error_messages["required"] = _("Hãy chọn tệp.")
        for field in self.fields.values():
            field.error_messages["empty"] = _("Tệp rỗng.")

    def clean_file(self) -> Any:
        return self._bounded("file")

    def clean_beside(self) -> Any:
        return self._bounded("beside")

    def _bounded(self, name: str) -> Any:
        upload = self.cleaned_data[name]
        if upload and upload.size > self.SIZE_MAX_BYTES:
            raise forms.ValidationError(_("Tệp lớn quá 50 MB."))
        return upload
