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
        "axis_automatic": _("Trục tự lập theo quy định, không qua tay người"),
        "status_party": _("Bên báo trạng thái là nơi nhận của văn bản"),
    }.get(name, name)


@register.filter
def clock_label(rule: str) -> str:
    """What should have happened by the deadline of a rule."""
    return {
        "DX-09": _("Gửi văn bản sau khi ký"),
        "DX-10": _("Gửi, nhận ngay văn bản khẩn"),
        "DX-22": _("Báo đã nhận trong ngày"),
        "DX-36": _("Trả lời yêu cầu thu hồi, cập nhật"),
    }.get(rule, rule)


@register.filter
def ask_label(ask: str) -> str:
    """What the sender asks of a receiver."""
    return {
        "recall": _("Thu hồi"),
        "update": _("Cập nhật"),
        "replacement": _("Thay thế"),
    }.get(ask, ask)


@register.filter
def place_label(state: str) -> str:
    """Where a document stands at a receiver."""
    return {
        "sent": _("Đã gửi"),
        "arrived": _("Đã đến"),
        "rejected": _("Từ chối tiếp nhận"),
        "accepted": _("Đã tiếp nhận"),
        "assigned": _("Đã phân công"),
        "processing": _("Đang xử lý"),
        "completed": _("Hoàn thành"),
        "recall_pending": _("Chờ trả lời thu hồi"),
        "update_pending": _("Chờ trả lời cập nhật"),
        "recalled": _("Đã thu hồi"),
    }.get(state, state)


@register.filter
def event_label(kind: str) -> str:
    """What happened on the axis besides packets."""
    return {
        "DEAD": _("Ngừng giao vì không được xác nhận"),
        "REQUEUED": _("Đưa lại vào hàng đợi"),
        "WITHDRAWN": _("Rút lại trước khi nơi nhận lấy"),
        "ASKED": _("Bên gửi yêu cầu thu hồi, cập nhật hoặc thay thế"),
        "AGREED": _("Nơi nhận đã thực hiện yêu cầu"),
        "DECLINED": _("Nơi nhận từ chối yêu cầu"),
        "PROPAGATED": _("Thu hồi tiếp ở nơi được chuyển tiếp"),
        "LATE": _("Quá hạn"),
        "ESCALATED": _("Báo văn phòng hai bên"),
    }.get(kind, kind)
