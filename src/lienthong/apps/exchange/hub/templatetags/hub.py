"""Words of the operator's pages: `{% load hub %}`."""

from __future__ import annotations

from collections.abc import Mapping

from django import template
from django.utils.translation import gettext as _

from lienthong.core import edxml

register = template.Library()


@register.filter
def of(names: Mapping[str, str], code: str) -> str:
    """The name of the agency with this code, or the code itself."""
    return names.get(code, code)


@register.filter
def status_label(code: str) -> str:
    """Trạng thái 03 in words."""
    return _("Trạng thái %(code)s: %(label)s") % {
        "code": code,
        "label": edxml.StatusCode(code).label.lower(),
    }


@register.filter
def urgency_label(value: int) -> str:
    """Độ khẩn in words."""
    return edxml.Urgency(value).label


@register.filter
def check_label(name: str) -> str:
    """What a check looked at."""
    return {
        "packet_signature": _("Chữ ký gói tin của cơ quan gửi"),
        "document_signature": _("Chữ ký trên văn bản"),
        "status_party": _("Bên báo trạng thái là nơi nhận của văn bản"),
    }.get(name, name)
