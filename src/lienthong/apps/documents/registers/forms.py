"""What people type at the registers, checked for shape."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from lienthong.apps.documents.common.forms import day, say_what_is_missing
from lienthong.apps.documents.models import CopyUse, PostedDocument
from lienthong.apps.documents.registers.definitions import Span


class SpanForm(forms.Form):
    """From which day to which; the year so far when nothing is given, or nothing that fits."""

    since = day(_("Từ ngày"))
    until = day(_("Đến hết ngày"))

    def span(self) -> Span:
        """The days asked for."""
        today = timezone.localdate()
        self.is_valid()
        since = self.cleaned_data.get("since") or today.replace(month=1, day=1)
        return Span(since, self.cleaned_data.get("until") or max(today, since))


class LineForm(forms.Form):
    """A line of a register that the clerk writes."""

    model: type[PostedDocument | CopyUse]

    def __init__(self, data: Any = None) -> None:
        super().__init__(data)
        say_what_is_missing(self)

    def line(self) -> PostedDocument | CopyUse:
        """The line, not in the register yet."""
        return self.model(**self.cleaned_data)


def _text(label: Any, longest: int, *, required: bool = True) -> forms.CharField:
    return forms.CharField(label=label, max_length=longest, required=required)


def _needed_day(label: Any) -> forms.DateField:
    field = day(label)
    field.required = True
    return field


class PostedForm(LineForm):
    """A document that went by post."""

    model = PostedDocument
    posted_on = _needed_day(_("Ngày chuyển"))
    reference = _text(_("Số, ký hiệu văn bản"), 60)
    destination = _text(_("Nơi nhận văn bản"), 300)
    envelopes = forms.IntegerField(label=_("Số lượng bì"), min_value=1, max_value=1000, initial=1)
    remarks = _text(_("Ghi chú"), 300, required=False)


class CopyUseForm(LineForm):
    """Somebody used the file copy of a document."""

    model = CopyUse
    used_on = _needed_day(_("Ngày"))
    user = _text(_("Họ và tên người sử dụng"), 100)
    reference = _text(_("Số, ký hiệu, ngày văn bản"), 80)
    subject = _text(_("Tên loại và trích yếu"), 500)
    file_code = _text(_("Hồ sơ số"), 40, required=False)
    permitted_by = _text(_("Người cho phép"), 100)
    returned_on = day(_("Ngày trả"))
    remarks = _text(_("Ghi chú"), 300, required=False)


FORMS: dict[str, type[LineForm]] = {"buu-dien": PostedForm, "ban-luu": CopyUseForm}
