"""Verify a file without knowing what it is: a PDF, a receipt of the axis, a packet, a checkpoint.

Everything is offline: the file, a Trust, a time. "Not enough to decide" is never `ok`.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from lienthong.core import tlog
from lienthong.core.errors import Problem
from lienthong.core.signing.cades import verify_detached
from lienthong.core.signing.jws import read_jws, strict_object, verify_jws
from lienthong.core.signing.path import common_name, local
from lienthong.core.signing.pdf_verify import verify_pdf
from lienthong.core.signing.report import Check, Indication, SignatureReport, Verdict
from lienthong.core.signing.trust import Trust

LOG_KEY = "log"
_MARKS = {True: "đạt", False: "KHÔNG ĐẠT", None: "chưa rõ"}


@dataclass(frozen=True, slots=True)
class FileVerdict:
    """What the file is, whether all of it was proved, and why, in Vietnamese lines."""

    kind: str  # "pdf", "receipt", "packet", "checkpoint", "unknown"
    ok: bool
    lines: tuple[str, ...]
    report_json: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "ok": self.ok,
            "lines": list(self.lines),
            "report": dict(self.report_json),
        }

    def text(self) -> str:
        return "\n".join(self.lines)


def verify_bytes(
    data: bytes, *, trust: Trust, at: datetime, companion: bytes | None = None
) -> FileVerdict:
    """Detect what `data` is and verify it at the time `at`. Never raises for bad content.

    companion: for a packet, its detached signature (`.p7s`); for a receipt, the packet it is about.
    """
    start = data[:1024].lstrip(b"\xef\xbb\xbf \t\r\n")
    if b"%PDF-" in data[:1024]:
        return _pdf(data, trust, at)
    if start.startswith(b"{"):
        return _receipt(data, trust, at, companion)
    if start.startswith(b"<"):
        return _packet(data, trust, at, companion)
    if b"\n\n\xe2\x80\x94 " in data[:4096]:
        return _checkpoint(data, trust)
    text = (
        "Không nhận ra loại tệp: không phải PDF, gói tin, biên nhận hay điểm kiểm tra của nhật ký."
    )
    return FileVerdict("unknown", False, (text,))


def _pdf(data: bytes, trust: Trust, at: datetime) -> FileVerdict:
    report = verify_pdf(data, trust=trust, at=at, second_opinion=True)
    lines = [f"Tài liệu PDF: {report.verdict.label}", f"SHA-256: {report.sha256}"]
    for one in report.signatures:
        lines += _signature_lines(one)
    if not report.signatures:
        lines += report.findings
    ok = report.verdict is Verdict.VALID
    return FileVerdict("pdf", ok, tuple(lines), report.to_json())


def _packet(data: bytes, trust: Trust, at: datetime, companion: bytes | None) -> FileVerdict:
    digest = hashlib.sha256(data).hexdigest()
    if companion is None:
        text = "Gói tin XML: chưa đủ căn cứ kết luận, vì thiếu tệp chữ ký đi kèm (.p7s)."
        return FileVerdict("packet", False, (text, f"SHA-256: {digest}"))
    report = verify_detached(data, companion, trust=trust, at=at)
    lines = (
        f"Gói tin: {report.indication.label}",
        f"SHA-256: {digest}",
        *_signature_lines(report),
    )
    ok = report.indication is Indication.PASSED
    return FileVerdict("packet", ok, lines, {"sha256": digest, **report.to_json()})


def _signature_lines(one: SignatureReport) -> list[str]:
    lines = [f"Chữ ký {one.field}: {one.indication.label}"]
    if one.signer is not None:
        who = ", ".join(
            part for part in (one.signer.name, one.signer.position, one.signer.organization) if part
        )
        lines.append(f"  Người ký: {who}; chứng thư {one.signer.serial} do {one.signer.issuer} cấp")
    if one.claimed_at is not None:
        lines.append(f"  Thời điểm ký do người ký khai: {local(one.claimed_at)}")
    lines += [f"  [{_MARKS[check.ok]}] {check.text}" for check in one.checks]
    return [*lines, *(f"  Lưu ý: {note}" for note in one.notes)]


def _receipt(data: bytes, trust: Trust, at: datetime, companion: bytes | None) -> FileVerdict:
    """The axis' receipt: the signature, the leaf in the log, the checkpoint (SG 5.4, 5.5)."""
    found = check_receipt(data, trust=trust, at=at, packet=companion)
    if not found.is_receipt:
        return FileVerdict("unknown", False, tuple(one.text for one in found.checks))
    head = "Biên nhận của trục: " + (Verdict.VALID if found.ok else Verdict.INVALID).label
    payload = found.payload
    lines = [head]
    lines += [f"  {name}: {payload[name]}" for name in sorted(payload) if _is_plain(payload[name])]
    lines += [f"  [{_MARKS[check.ok]}] {check.text}" for check in found.checks]
    return FileVerdict("receipt", found.ok, tuple(lines), found.to_json())


def _is_plain(value: object) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool)


def _checkpoint(data: bytes, trust: Trust) -> FileVerdict:
    key = trust.keys.get(LOG_KEY)
    if key is None:
        text = "Không có khóa công khai của nhật ký (keys/log.pub) để kiểm tra."
        return FileVerdict("checkpoint", False, (text,))
    try:
        note = data.decode("utf-8")
        checkpoint = tlog.verify_checkpoint(note, key, note.split("\n", 1)[0])
    except Problem as problem:
        return FileVerdict("checkpoint", False, (problem.sentence,))
    except UnicodeDecodeError:
        return FileVerdict("unknown", False, ("Tệp không phải văn bản UTF-8.",))
    lines = (
        f"Điểm kiểm tra của nhật ký “{checkpoint.origin}”: {Verdict.VALID.label}",
        f"  {checkpoint.size} mục, gốc {checkpoint.root.hex()}",
    )
    facts = {
        "origin": checkpoint.origin,
        "size": checkpoint.size,
        "root": checkpoint.root.hex(),
    }
    return FileVerdict("checkpoint", True, lines, facts)
