"""What the operator enters about a system of the kit."""

from __future__ import annotations

import re

from django import forms
from django.utils.translation import gettext_lazy as _

from lienthong.apps.directory import api as directory
from lienthong.core import edxml

from ..models import Node

SYSTEM_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{2,63}")


class SystemForm(forms.Form):
    """A system: its name, its agencies, how its packets are read."""

    name = forms.CharField(label=_("Tên hệ thống"), max_length=200)
    agencies = forms.CharField(
        label=_("Mã các cơ quan"),
        help_text=_("Mỗi dòng một mã định danh. Hệ thống chỉ gửi, nhận thay các cơ quan này."),
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false"}),
    )
    profile = forms.ChoiceField(
        label=_("Mức kiểm tra gói tin"),
        choices=[
            (edxml.Profile.COMPAT.value, _("Tương thích: lỗi thường gặp chỉ cảnh báo")),
            (edxml.Profile.STRICT.value, _("Chặt chẽ: đúng từng quy tắc")),
        ],
    )
    fresh_time = forms.BooleanField(
        label=_("Bắt buộc thời gian mới"),
        help_text=_("Từ chối lời gọi có thời gian cũ quá 5 phút. Bộ công cụ cũ không làm được."),
        required=False,
    )
    active = forms.BooleanField(label=_("Được kết nối"), required=False, initial=True)

    @classmethod
    def of(cls, system: Node) -> SystemForm:
        """The form filled with what is known."""
        codes = sorted(held.agency_code for held in system.organizations.all())
        return cls(
            initial={
                "name": system.name,
                "agencies": "\n".join(codes),
                "profile": system.profile,
                "fresh_time": system.fresh_time,
                "active": system.active,
            }
        )

    def clean_agencies(self) -> list[str]:
        codes = self.cleaned_data["agencies"].split()
        unknown = [code for code in codes if directory.find(code) is None]
        if unknown:
            raise forms.ValidationError(
                _("Không có trong danh bạ: %(codes)s"), params={"codes": ", ".join(unknown[:5])}
            )
        return list(dict.fromkeys(codes))

    def clean_profile(self) -> edxml.Profile:
        return edxml.Profile(self.cleaned_data["profile"])


class NewSystemForm(SystemForm):
    """A new system has an id too, which never changes."""

    system_id = forms.CharField(
        label=_("Mã hệ thống"),
        max_length=64,
        help_text=_("Chữ không dấu, số, dấu chấm. Không đổi được về sau."),
    )
    active = None  # type: ignore[assignment]  # a new one is let in
    field_order = ("system_id", "name", "agencies", "profile", "fresh_time")

    def clean_system_id(self) -> str:
        value: str = self.cleaned_data["system_id"]
        if not SYSTEM_ID.fullmatch(value):
            raise forms.ValidationError(_("Chỉ gồm chữ không dấu, số, dấu chấm, gạch; từ 3 ký tự."))
        return value
