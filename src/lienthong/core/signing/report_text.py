"""Reports as Vietnamese lines for a terminal: verdict first, then who signed, then every check."""

from __future__ import annotations

from lienthong.core.signing.path import local
from lienthong.core.signing.report import (
    Check,
    DocumentReport,
    SignatureReport,
    TimestampReport,
    Verdict,
)

MARKS = {True: "đạt", False: "KHÔNG ĐẠT", None: "chưa rõ"}


def check_lines(checks: tuple[Check, ...]) -> list[str]:
    return [f"  [{MARKS[one.ok]}] {one.text}" for one in checks]


def document_lines(report: DocumentReport) -> list[str]:
    """A PDF: its verdict, each signature, each document time-stamp."""
    lines = [f"Tài liệu PDF: {report.verdict.label}", f"SHA-256: {report.sha256}"]
    if report.trust_list_sequence is not None:
        lines.append(f"Danh sách tin cậy: số {report.trust_list_sequence}")
    for one in report.signatures:
        lines += signature_lines(one)
    for stamp in report.timestamps:
        lines += timestamp_lines(stamp)
    told = {check.text for one in report.signatures for check in one.checks}
    lines += [text for text in report.findings if text.partition(": ")[2] not in told]
    return lines


def signature_lines(one: SignatureReport) -> list[str]:
    """One signature: who, when, by which certificate, and all that was checked."""
    level = f" ({one.format} {one.level})".replace("( ", "(") if one.level else ""
    lines = [f"Chữ ký {one.field}{level}: {one.indication.label}"]
    if one.signer is not None:
        card = one.signer
        who = ", ".join(part for part in (card.name, card.position, card.organization) if part)
        lines.append(f"  Người ký: {who}; chứng thư {card.serial} do {card.issuer} cấp")
    if one.claimed_at is not None:
        lines.append(f"  Thời điểm ký do người ký khai: {local(one.claimed_at)}")
    lines += check_lines(one.checks)
    return [*lines, *(f"  Lưu ý: {note}" for note in one.notes)]


def timestamp_lines(stamp: TimestampReport) -> list[str]:
    """One time-stamp: when, by whom, and what was checked."""
    verdict = (Verdict.VALID if stamp.is_good else Verdict.UNKNOWN).label
    return [f"Dấu thời gian {local(stamp.at)}: {verdict}", *check_lines(stamp.checks)]
