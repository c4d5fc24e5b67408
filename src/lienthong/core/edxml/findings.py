"""What a check says: findings, their severity by profile, and the table of all rules.

Source: packet format §11. The table is the only place that knows severities and wire codes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

FINDINGS_PER_RULE_MAX = 20
WHERE_LENGTH_MAX = 300
TEXT_LENGTH_MAX = 500


class Profile(StrEnum):
    """How strictly one connected system is read."""

    STRICT = "strict"
    COMPAT = "compat"


class Severity(StrEnum):
    REFUSE = "T"
    BUSINESS = "B"
    WARNING = "W"


@dataclass(frozen=True, slots=True)
class Finding:
    """One breach. `where` is a path in the packet, `text` one Vietnamese sentence."""

    rule: str
    severity: Severity
    where: str
    text: str
    wire_code: int

    @property
    def refuses(self) -> bool:
        return self.severity is Severity.REFUSE

    def to_json(self) -> dict[str, Any]:
        return {
            "rule": self.rule,
            "severity": self.severity.value,
            "where": self.where,
            "text": self.text,
            "wire_code": self.wire_code,
        }


@dataclass(frozen=True, slots=True)
class RuleRow:
    """A row of the table of §11: what the rule asks, and how bad a breach is in each profile."""

    number: str
    title: str
    strict: Severity
    compat: Severity
    wire_code: int
    basis: str


_T, _B, _W = Severity.REFUSE, Severity.BUSINESS, Severity.WARNING

RULES: dict[str, RuleRow] = {
    row.number: row
    for row in (
        RuleRow("V-01", "Hệ thống kết nối đã đăng ký, yêu cầu được xác thực", _T, _T, 15, "§11"),
        RuleRow("V-02", "Bên gửi thuộc hệ thống đang kết nối", _T, _T, 19, "§11"),
        RuleRow("V-03", "Mã băm khai báo khớp nội dung", _T, _T, 21, "§11"),
        RuleRow("V-04", "Gói tin và tệp trong giới hạn dung lượng", _T, _T, 10, "§6.4"),
        RuleRow("V-05", "Loại thông điệp khớp nội dung", _T, _T, 22, "§1"),
        RuleRow("V-06", "XML đúng cú pháp, UTF-8", _T, _T, 22, "§1"),
        RuleRow(
            "V-07", "Không DOCTYPE, không thực thể, không quá sâu, quá nhiều", _T, _T, 22, "TM"
        ),
        RuleRow("V-08", "Phần tử thuộc đúng không gian tên", _T, _W, 22, "§1"),
        RuleRow(
            "V-09", "Đủ phong bì, phần đầu, phần thân; phần tử đơn không lặp", _T, _T, 22, "§1"
        ),
        RuleRow("V-10", "Không có phần tử lạ", _W, _W, 0, "§1"),
        RuleRow("V-11", "Mã định danh bên gửi đúng cấu trúc", _T, _W, 22, "§2"),
        RuleRow("V-12", "Có tên cơ quan, không quá 200 ký tự", _T, _W, 22, "§3.1"),
        RuleRow("V-13", "Có ít nhất một bên nhận, bên nhận nào cũng có mã", _T, _T, 22, "§3"),
        RuleRow("V-14", "Bên nhận không trùng nhau, không trùng bên gửi", _T, _W, 22, "§2.2"),
        RuleRow("V-15", "Bên nhận tồn tại và không bị khóa", _T, _T, 18, "§11"),
        RuleRow("V-16", "Số và ký hiệu đúng thể thức", _T, _W, 22, "NĐ 30/2020"),
        RuleRow("V-17", "Ngày ban hành có thật và không ở tương lai", _T, _W, 22, "§3"),
        RuleRow("V-18", "Mã văn bản khớp bên gửi, ngày, số và ký hiệu", _T, _W, 22, "QĐ 28/2018"),
        RuleRow("V-19", "Mã văn bản chưa được dùng", _T, _W, 21, "NĐ 30/2020"),
        RuleRow("V-20", "Loại văn bản có trong danh mục", _T, _W, 22, "§7.1"),
        RuleRow("V-21", "Trích yếu có 1–500 ký tự", _T, _W, 22, "NĐ 30/2020"),
        RuleRow("V-22", "Nội dung tóm tắt không quá 500 ký tự", _W, _W, 0, "§3"),
        RuleRow("V-23", "Có chức vụ và họ tên người ký", _T, _W, 22, "QĐ 28/2018"),
        RuleRow("V-24", "Hạn trả lời không trước ngày ban hành", _W, _W, 0, "§3"),
        RuleRow("V-25", "Mức độ khẩn từ 0 đến 4", _T, _W, 22, "QĐ 28/2018"),
        RuleRow("V-26", "Loại chỉ đạo từ 1 đến 3", _T, _W, 22, "§7.3"),
        RuleRow("V-27", "Số bản, số trang là số không âm", _W, _W, 0, "§3"),
        RuleRow("V-28", "Phản hồi nêu đủ cơ quan, số ký hiệu, mã văn bản", _T, _W, 22, "§3.2"),
        RuleRow("V-29", "Không có dấu hiệu bí mật nhà nước", _T, _T, 10, "QĐ 28/2018"),
        RuleRow("V-30", "Vết đầu tiên là của bên gửi", _T, _W, 22, "§4.1"),
        RuleRow(
            "V-31", "Thời điểm trong vết đọc được, tăng dần, không ở tương lai", _W, _W, 0, "§4.1"
        ),
        RuleRow("V-32", "Loại nghiệp vụ từ 0 đến 3", _T, _T, 22, "§4.2"),
        RuleRow("V-33", "Thu hồi: đúng văn bản, đúng bên gửi, có lý do", _T, _W, 21, "QĐ 28/2018"),
        RuleRow("V-34", "Cập nhật: nêu đủ nội dung thay đổi", _T, _W, 22, "§4.2"),
        RuleRow("V-35", "Thay thế: nêu đủ văn bản bị thay thế", _T, _W, 22, "§4.2"),
        RuleRow("V-36", "Chỉ loại văn bản được phép mới gửi kèm bản giấy", _W, _W, 0, "QĐ 28/2018"),
        RuleRow("V-37", "Có người gửi", _W, _W, 0, "§4.3"),
        RuleRow("V-38", "Danh mục tệp và tệp đính kèm khớp một–một", _T, _W, 22, "QĐ 28/2018"),
        RuleRow("V-39", "Có ít nhất một tệp đính kèm", _T, _T, 10, "QĐ 28/2018"),
        RuleRow("V-40", "Nội dung tệp là base64 chặt chẽ, không rỗng", _T, _T, 10, "§6"),
        RuleRow("V-41", "Cách đóng gói tệp khớp ContentType", _T, _W, 10, "§6.2"),
        RuleRow("V-42", "Tệp nén an toàn", _T, _T, 10, "§6.2(6)"),
        RuleRow(
            "V-43", "Tệp đúng loại như phần mở rộng và thuộc loại được phép", _T, _W, 10, "§11"
        ),
        RuleRow("V-44", "Tệp không bị hỏng do chuyển mã", _T, _T, 21, "§6.2(7)"),
        RuleRow("V-45", "Tệp không có mã độc", _T, _T, 21, "§11"),
        RuleRow("V-46", "Văn bản có chữ ký số của người ký và cơ quan", _B, _W, 0, "NĐ 30/2020"),
        RuleRow("V-47", "Chữ ký gói tin không sai", _T, _W, 21, "§8.3"),
        RuleRow("V-48", "Văn bản chữ không có ký tự điều khiển", _W, _W, 0, "§1"),
        RuleRow("S-01", "Trạng thái nêu đủ bên gửi, văn bản và mã trạng thái", _T, _T, 22, "§9"),
        RuleRow("S-02", "Trạng thái về văn bản đã biết, từ đúng bên", _T, _T, 21, "§9"),
        RuleRow("S-03", "Mã trạng thái trong danh mục, bước chuyển hợp lệ", _T, _W, 22, "§9.1"),
        RuleRow("S-04", "Từ chối, lấy lại phải nêu lý do", _T, _W, 22, "QĐ 28/2018"),
        RuleRow("S-05", "Thời điểm của trạng thái đọc được", _T, _W, 22, "§9"),
    )
}


def finding(
    rule: str,
    profile: Profile,
    where: str,
    text: str,
    *,
    severity: Severity | None = None,
    wire_code: int | None = None,
) -> Finding:
    """A finding with severity and wire code from the table, unless given.

    For callers that check rules this package cannot (V-01, V-03, V-46 …).
    """
    row = RULES[rule]
    by_profile = row.strict if profile is Profile.STRICT else row.compat
    return Finding(
        rule=rule,
        severity=severity or by_profile,
        where=where,
        text=text,
        wire_code=row.wire_code if wire_code is None else wire_code,
    )


def wire_code(findings: Iterable[Finding]) -> int:
    """The transport code old clients know: that of the first finding that refuses, else 0."""
    return next((one.wire_code for one in findings if one.refuses), 0)


class Report:
    """Collects findings of one reading. A rule broken very often is reported a few times only."""

    def __init__(self, profile: Profile) -> None:
        self.profile = profile
        self._findings: list[Finding] = []
        self._counts: Counter[str] = Counter()

    @property
    def strict(self) -> bool:
        return self.profile is Profile.STRICT

    def add(
        self,
        rule: str,
        where: str,
        text: str,
        *,
        compat: Severity | None = None,
        strict: Severity | None = None,
        wire_code: int | None = None,
    ) -> None:
        """Note a breach. `compat` and `strict` override the severity of the table."""
        severity = strict if self.strict else compat
        where, text = where[:WHERE_LENGTH_MAX], text[:TEXT_LENGTH_MAX]
        one = finding(rule, self.profile, where, text, severity=severity, wire_code=wire_code)
        self._counts[rule] += 1
        # A refusal is kept even after many warnings of its rule.
        if self._counts[rule] <= FINDINGS_PER_RULE_MAX or (one.refuses and not self._refused(rule)):
            self._findings.append(one)

    def _refused(self, rule: str) -> bool:
        return any(one.rule == rule and one.refuses for one in self._findings)

    @property
    def refuses(self) -> bool:
        return any(one.refuses for one in self._findings)

    def findings(self) -> tuple[Finding, ...]:
        """All findings, in the order of the rules."""
        order = list(RULES)
        return tuple(sorted(self._findings, key=lambda one: order.index(one.rule)))
