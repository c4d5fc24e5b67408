"""Verify a file without knowing what it is: its kind is told by its content, never by its name.

Everything is offline: the file, a Trust, a time. "Not enough to decide" and "not checked" are never
`ok`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from lienthong.core import tlog
from lienthong.core.errors import Problem
from lienthong.core.signing import asic, evidence_file, pki_file, trust_list_file
from lienthong.core.signing.authority import DOCUMENT_SIGNING, PACKET_SIGNING, RECEIPT_SIGNING
from lienthong.core.signing.cades import PACKET, verify_detached
from lienthong.core.signing.evidence_file import EvidenceReport
from lienthong.core.signing.jws import RECEIPT_TYPE, TOKEN_SIZE_MAX_BYTES, read_jws, report_jws
from lienthong.core.signing.log_audit import log_key
from lienthong.core.signing.pdf_verify import verify_pdf
from lienthong.core.signing.receipt_file import check_receipt, witness_checks
from lienthong.core.signing.report import Verdict, lowest
from lienthong.core.signing.report_text import check_lines, document_lines, signature_lines
from lienthong.core.signing.trust import Trust
from lienthong.core.signing.validate import Purpose
from lienthong.core.signing.xml import PACKET_SHAPE, verify_xml
from lienthong.core.signing.xml_structure import Level, Shape

_COMPACT_JWS = re.compile(rb"[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\s*")
_EDXML = re.compile(rb"<(\w+:)?edXML[\s/>]")
_NOTE = b"\n\n\xe2\x80\x94 "
_ANY_FILE = Purpose(
    frozenset({DOCUMENT_SIGNING, PACKET_SIGNING, RECEIPT_SIGNING}), False, "ký tệp dữ liệu"
)


@dataclass(frozen=True, slots=True)
class FileVerdict:
    """What the file is, whether all of it was proved, and why, in Vietnamese lines.

    kind: "pdf", "evidence", "packet", "cades", "receipt", "jws", "checkpoint", "timestamp",
    "certificate", "crl", "ocsp", "trust_list", "xml", "unknown".
    """

    kind: str
    verdict: Verdict
    lines: tuple[str, ...]
    report_json: Mapping[str, Any] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        return self.verdict is Verdict.VALID

    @property
    def why(self) -> str:
        """The first line that is not good, for a list of many files; "" when all is good."""
        bad = (line for line in self.lines if "[KHÔNG ĐẠT]" in line or "[chưa rõ]" in line)
        found = next(bad, self.lines[-1] if self.lines and not self.ok else "")
        return "" if self.ok else found.strip()

    def to_json(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "ok": self.ok,
            "verdict": self.verdict.value,
            "lines": list(self.lines),
            "report": dict(self.report_json),
        }

    def text(self) -> str:
        return "\n".join(self.lines)


@dataclass(frozen=True, slots=True)
class _Asked:
    """One question: these bytes, with what belongs beside them, by this trust at this time."""

    data: bytes
    trust: Trust
    at: datetime
    companion: bytes | None


def verify_bytes(
    data: bytes, *, trust: Trust, at: datetime, companion: bytes | None = None
) -> FileVerdict:
    """Detect what `data` is and verify it at the time `at`. Never raises for bad content.

    companion: what belongs to it. For a detached signature or a time-stamp, the content; for a
    receipt, the packet it is about; for anything else, its detached signature (`.p7s`).
    """
    checker = _checker(data)
    if checker in (_packet, _cades) or companion is None or not pki_file.is_cms(companion):
        return checker(_Asked(data, trust, at, companion))
    found = checker(_Asked(data, trust, at, None))
    beside = _cades(_Asked(companion, trust, at, data))
    if found.kind == "unknown":
        return beside
    return FileVerdict(
        found.kind,
        lowest((found.verdict, beside.verdict)),
        (*found.lines, *beside.lines),
        {**found.report_json, "detached": beside.report_json},
    )


def _checker(data: bytes) -> Callable[[_Asked], FileVerdict]:
    """Who verifies this kind of content."""
    start = data[:1024].lstrip(b"\xef\xbb\xbf \t\r\n")
    kinds: tuple[tuple[bool, Callable[[_Asked], FileVerdict]], ...] = (
        (data.startswith(asic.START), _container),  # stored: the PDF inside shows at its head
        (b"%PDF-" in data[:1024], _pdf),
        (start.startswith(b"{"), _receipt),
        (start.startswith(b"<") and bool(_EDXML.search(data[:4096])), _packet),
        (start.startswith(b"<") and trust_list_file.is_trust_list(data), _trust_list),
        (start.startswith(b"<"), _xml),
        (pki_file.is_cms(data), _cades),
        (data[:1] == b"\x30" or start.startswith(b"-----BEGIN "), _pki),
        (_NOTE in data[:4096], _checkpoint),
        (len(data) < TOKEN_SIZE_MAX_BYTES and bool(_COMPACT_JWS.fullmatch(data)), _jws),
    )
    return next((check for is_this, check in kinds if is_this), _unknown)


def _unknown(_asked: _Asked) -> FileVerdict:
    text = "Không nhận ra loại tệp, hoặc tệp không có chữ ký số: chưa kiểm tra được gì."
    return FileVerdict("unknown", Verdict.UNKNOWN, (text,))


def _pdf(asked: _Asked) -> FileVerdict:
    report = verify_pdf(asked.data, trust=asked.trust, at=asked.at, second_opinion=True)
    return FileVerdict("pdf", report.verdict, tuple(document_lines(report)), report.to_json())


def _container(asked: _Asked) -> FileVerdict:
    if not asic.is_container(asked.data):
        text = "Tệp ZIP này không phải hồ sơ chứng cứ (ASiC-E): chưa kiểm tra được gì."
        return FileVerdict("unknown", Verdict.UNKNOWN, (text,))
    report = evidence_file.check(asked.data, trust=asked.trust, at=asked.at)
    return FileVerdict("evidence", report.verdict, tuple(_evidence_lines(report)), report.to_json())


def _evidence_lines(report: EvidenceReport) -> Iterator[str]:
    yield f"Hồ sơ chứng cứ: {report.verdict.label}"
    yield from check_lines(report.checks)
    for title, one in (("Niêm phong hồ sơ", report.seal), ("Gói tin", report.packet)):
        if one is not None:
            yield f"{title}: {one.indication.label}"
            yield from signature_lines(one)[1:]
    if report.document is not None:
        yield from document_lines(report.document)
    yield from (f"  Hồ sơ không có: {text}." for text in report.missing)


def _packet(asked: _Asked) -> FileVerdict:
    """A packet with its signature beside it, or inside as partners want it (SG 5.1)."""
    if asked.companion is None:
        return _signed_xml(asked, "packet", PACKET_SHAPE, PACKET)
    digest = hashlib.sha256(asked.data).hexdigest()
    signature = pki_file.cms_of(asked.companion)
    report = verify_detached(asked.data, signature, trust=asked.trust, at=asked.at)
    head = (f"Gói tin: {report.indication.label}", f"SHA-256: {digest}")
    lines = (*head, *signature_lines(report))
    return FileVerdict("packet", report.verdict, lines, {"sha256": digest, **report.to_json()})


def _trust_list(asked: _Asked) -> FileVerdict:
    """A trust list, by the operators pinned in the trust (SG 3.8)."""
    found = trust_list_file.check(asked.data, trust=asked.trust, at=asked.at)
    return FileVerdict("trust_list", found.verdict, found.lines, found.facts)


def _xml(asked: _Asked) -> FileVerdict:
    """XML with its signature inside."""
    level = Level.XADES if b"SignedProperties" in asked.data else Level.XMLDSIG
    return _signed_xml(asked, "xml", Shape(level), _ANY_FILE)


def _signed_xml(asked: _Asked, kind: str, shape: Shape, purpose: Purpose) -> FileVerdict:
    digest = hashlib.sha256(asked.data).hexdigest()
    if b"SignatureValue" not in asked.data:
        text = "Tệp XML: chưa đủ căn cứ kết luận, vì thiếu tệp chữ ký đi kèm (.p7s)."
        return FileVerdict(kind, Verdict.UNKNOWN, (text, f"SHA-256: {digest}"))
    report = verify_xml(
        asked.data, trust=asked.trust, at=asked.at, shape=shape, purpose=purpose
    ).report
    head = (f"Chữ ký trong tệp XML: {report.indication.label}", f"SHA-256: {digest}")
    lines = (*head, *signature_lines(report))
    return FileVerdict(kind, report.verdict, lines, {"sha256": digest, **report.to_json()})


def _cades(asked: _Asked) -> FileVerdict:
    """A signature first: detached CAdES, or a time-stamp token."""
    if pki_file.is_timestamp(asked.data):
        return _pki(asked)
    if asked.companion is None:
        text = "Chữ ký tách rời: chưa đủ căn cứ kết luận, vì không có tệp nội dung được ký."
        return FileVerdict("cades", Verdict.UNKNOWN, (text,))
    signature = pki_file.cms_of(asked.data)
    report = verify_detached(
        asked.companion, signature, trust=asked.trust, at=asked.at, purpose=_ANY_FILE
    )
    digest = hashlib.sha256(asked.companion).hexdigest()
    head = (f"Chữ ký tách rời: {report.indication.label}", f"SHA-256 của nội dung: {digest}")
    lines = (*head, *signature_lines(report))
    return FileVerdict("cades", report.verdict, lines, {"sha256": digest, **report.to_json()})


def _pki(asked: _Asked) -> FileVerdict:
    """A certificate, revocation list, status answer or time-stamp by itself."""
    found = pki_file.check(asked.data, trust=asked.trust, at=asked.at, content=asked.companion)
    if found is None:
        return _unknown(asked)
    lines = (f"{found.title}: {found.verdict.label}", *check_lines(found.checks))
    return FileVerdict(found.kind, found.verdict, lines, found.to_json())


def _receipt(asked: _Asked) -> FileVerdict:
    """The axis' receipt: the signature, the leaf in the log, the checkpoint (SG 5.4, 5.5)."""
    found = check_receipt(asked.data, trust=asked.trust, at=asked.at, packet=asked.companion)
    if not found.is_receipt:
        return FileVerdict("unknown", Verdict.UNKNOWN, tuple(one.text for one in found.checks))
    payload = found.payload
    facts = [f"  {name}: {payload[name]}" for name in sorted(payload) if _is_plain(payload[name])]
    lines = (f"Biên nhận của trục: {found.verdict.label}", *facts, *check_lines(found.checks))
    return FileVerdict("receipt", found.verdict, lines, found.to_json())


def _is_plain(value: object) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool)


def _jws(asked: _Asked) -> FileVerdict:
    """A bare token: who signed which JSON. A receipt proves its place in the log only as a file."""
    try:
        found = read_jws(asked.data.decode("ascii").strip())
    except Problem as problem:
        return FileVerdict("jws", Verdict.INVALID, (problem.sentence,))
    typ = str(found.header.get("typ", ""))
    if typ == RECEIPT_TYPE:
        report = report_jws(found, trust=asked.trust, at=asked.at)
    else:
        report = report_jws(found, trust=asked.trust, at=asked.at, purpose=_ANY_FILE)
    head = f"Dữ liệu JSON được ký (loại “{typ}”): {report.indication.label}"
    lines = (head, *signature_lines(report)[1:])
    facts = {"typ": typ, "payload": found.payload, **report.to_json()}
    return FileVerdict("jws", report.verdict, lines, facts)


def _checkpoint(asked: _Asked) -> FileVerdict:
    origin = asked.data.partition(b"\n")[0].decode("utf-8", "replace")
    key = log_key(asked.trust, origin)
    if key is None:
        text = "Không có khóa công khai của nhật ký (keys/log.pub) để kiểm tra."
        return FileVerdict("checkpoint", Verdict.UNKNOWN, (text,))
    try:
        note = asked.data.decode("utf-8")
        checkpoint = tlog.verify_checkpoint(note, key, origin)
        witnesses = [one.text for one in witness_checks(note, asked.trust)]
    except Problem as problem:
        return FileVerdict("checkpoint", Verdict.INVALID, (problem.sentence,))
    except UnicodeDecodeError:
        return FileVerdict("unknown", Verdict.UNKNOWN, ("Tệp không phải văn bản UTF-8.",))
    lines = (
        f"Điểm kiểm tra của nhật ký “{checkpoint.origin}”: {Verdict.VALID.label}",
        f"  {checkpoint.size} mục, gốc {checkpoint.root.hex()}",
        *(f"  {text}" for text in witnesses),
    )
    facts = {
        "origin": checkpoint.origin,
        "size": checkpoint.size,
        "root": checkpoint.root.hex(),
        "witnesses": witnesses,
    }
    return FileVerdict("checkpoint", Verdict.VALID, lines, facts)
