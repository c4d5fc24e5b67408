"""Refusals of the access point, and what it shows about the road to the axis."""

from __future__ import annotations

from lienthong.core.errors import Problem


class ClockOffset(Problem):
    """DX-18: a system whose clock is off does not send."""

    code = "access_point.clock_offset"
    status = 503
    text = (
        "Đồng hồ của máy chủ lệch {offset_s} giây so với trục liên thông (cho phép {allowed_s} "
        "giây); tạm dừng gửi cho đến khi đồng hồ được chỉnh đúng."
    )


class RecipientNotHere(Problem):
    code = "access_point.recipient_not_here"
    status = 422
    text = "Cơ quan nhận {code} không có trên điểm kết nối này."


class PacketNotReadable(Problem):
    code = "access_point.packet_not_readable"
    status = 422
    text = "Gói tin đã nhận không đọc được theo quy chuẩn edXML."
