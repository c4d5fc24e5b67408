"""Refusals of the edXML codec."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lienthong.core.errors import Problem

if TYPE_CHECKING:
    from lienthong.core.edxml.findings import Finding


class PacketInvalid(Problem):
    """The packet breaks rules that refuse it. `findings` holds all of them, warnings too."""

    code = "edxml.packet_invalid"
    status = 422
    text = "Gói tin edXML không hợp lệ: {first} (tổng cộng {count} phát hiện)."

    def __init__(self, findings: tuple[Finding, ...]) -> None:
        refusing = [one for one in findings if one.refuses]
        first = refusing[0] if refusing else findings[0]
        super().__init__(first=f"{first.rule}: {first.text}", count=len(findings))
        self.findings = findings

    @property
    def wire_code(self) -> int:
        """The transport code old clients know: that of the first refusing finding."""
        return next((one.wire_code for one in self.findings if one.refuses), 22)

    def to_json(self) -> dict[str, Any]:
        return {**super().to_json(), "findings": [one.to_json() for one in self.findings]}


class XMLRefused(Problem):
    """The bytes are not XML that we are willing to read. `rule` is V-04, V-06 or V-07."""

    code = "edxml.xml_refused"
    status = 422
    text = "Tệp XML bị từ chối: {reason}."

    def __init__(self, rule: str, reason: str, line: int = 0) -> None:
        super().__init__(rule=rule, reason=reason, line=line)
        self.rule = rule
        self.reason = reason
        self.line = line


class TextNotEncodable(Problem):
    """A text holds a character that XML 1.0 cannot carry."""

    code = "edxml.text_not_encodable"
    status = 422
    text = "Trường {where} có ký tự điều khiển U+{point} không ghi được vào gói tin."


class AttachmentRefused(Problem):
    """The payload of an attachment cannot be taken out safely. `rule` is V-04, V-40 … V-44."""

    code = "edxml.attachment_refused"
    status = 422
    text = "Tệp đính kèm bị từ chối: {reason}."

    def __init__(self, rule: str, reason: str) -> None:
        super().__init__(rule=rule, reason=reason)
        self.rule = rule
        self.reason = reason
