"""What may come between a client and the axis."""

from __future__ import annotations

from typing import Any

from lienthong.core.errors import Problem


class HubUnreachable(Problem):
    """No answer, or one that is not the axis's. Nothing is known to have happened: try again."""

    code = "client.hub_unreachable"
    status = 503
    text = "Không kết nối được tới trục liên thông; hệ thống sẽ tự gửi lại."


class HubRefused(Problem):
    """The axis answered with a problem. `answer` is what it said, `hub_code` its code."""

    code = "client.hub_refused"
    status = 502
    text = "Trục liên thông từ chối: {hub_text}"

    def __init__(self, http_status: int, answer: dict[str, Any]) -> None:
        self.http_status = http_status
        self.answer = answer
        self.hub_code = str(answer.get("code", "hub.answer_unknown"))
        self.hub_text = str(answer.get("text", f"HTTP {http_status}"))
        super().__init__(hub_code=self.hub_code, hub_text=self.hub_text, http_status=http_status)


class ReceiptNotTrusted(Problem):
    """The axis answered, but its receipt does not prove that our packet was taken in."""

    code = "client.receipt_not_trusted"
    status = 502
    text = "Biên nhận của trục liên thông không hợp lệ ({reason}); hệ thống sẽ gửi lại."


class PacketDamaged(Problem):
    """What was fetched is not what the axis announced."""

    code = "client.packet_damaged"
    status = 502
    text = "Gói tin lấy về không khớp mã băm của trục liên thông; hệ thống sẽ lấy lại."
