"""How certificates and what was done to a request are called: `{% load pki %}`."""

from __future__ import annotations

import re
from datetime import datetime

from django import template
from django.utils.translation import gettext

from lienthong.apps.pki.models import CertificateRequest
from lienthong.apps.pki.registration import policy
from lienthong.core.signing.trust import (
    CA_SERVICE,
    CRL_SERVICE,
    OCSP_SERVICE,
    TSA_SERVICE,
    TrustedService,
)
from lienthong.core.signing.trust_list import TrustList

register = template.Library()


@register.filter
def common_name(name: str) -> str:
    """What somebody is called in a name such as "CN=Nguyễn Thị Hoa,O=Bộ Thử nghiệm"."""
    parts: dict[str, str] = dict(part.partition("=")[::2] for part in re.split(r"(?<!\\),", name))
    return parts.get("CN", name).replace("\\,", ",")


@register.simple_tag
def waits_for(request: CertificateRequest) -> str:
    """Who has to act on a request now, in words."""
    return policy.waits_for(request)


@register.filter
def step_text(act: str) -> str:
    """What was done, in words."""
    texts = {
        "entered": gettext("Lập yêu cầu"),
        "proposed": gettext("Hệ thống đề nghị thu hồi"),
        "submit": gettext("Gửi yêu cầu"),
        "confirm": gettext("Cơ quan quản lý xác nhận"),
        "return": gettext("Trả lại"),
        "verify": gettext("Xác nhận hồ sơ hợp lệ"),
        "approve": gettext("Ký duyệt"),
        "refuse": gettext("Tổ chức cấp từ chối"),
        "issue": gettext("Tổ chức cấp đã cấp chứng thư"),
        "deliver": gettext("Giao cho người được cấp"),
        "accept": gettext("Ký nhận, bắt đầu dùng"),
        "execute": gettext("Tổ chức cấp đã thực hiện"),
        "withdraw": gettext("Rút yêu cầu"),
        "hold_at_once": gettext("Tạm dừng khẩn cấp, một mình"),
        "second": gettext("Người thứ hai xác nhận tạm dừng"),
        "hold_overdue": gettext("Quá hạn xác nhận, đã báo lãnh đạo"),
    }
    return texts.get(act, act)


@register.filter
def service_kind(kind: str) -> str:
    """What a service of the trust list does, in words."""
    texts = {
        CA_SERVICE: gettext("Cấp chứng thư"),
        TSA_SERVICE: gettext("Cấp dấu thời gian"),
        OCSP_SERVICE: gettext("Trả lời tình trạng (OCSP)"),
        CRL_SERVICE: gettext("Danh sách thu hồi"),
    }
    return texts.get(kind, kind)


@register.filter
def granted(service: TrustedService, at: datetime) -> bool:
    """Whether the list recognizes it at that moment."""
    return service.granted_at(at)


@register.filter
def list_state(found: TrustList, at: datetime) -> str:
    """Return "current", "ending" or "expired"."""
    return found.state_at(at).value
