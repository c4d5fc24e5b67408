"""A verification report as a clerk reads it: verdict, one sentence why, who signed, when, by what.

Pure: made from the reports of `core.signing`, shown by the page and by the PDF report alike.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from lienthong.core.signing import (
    AGENCY_FIELD,
    PERSON_FIELD,
    DocumentReport,
    SignatureReport,
    Verdict,
)
from lienthong.core.signing.report import Check, TimestampReport

TITLES = {
    PERSON_FIELD: "Người có thẩm quyền",
    AGENCY_FIELD: "Cơ quan",
    "GoiTin": "Gói tin",
    "HoSoChungCu": "Niêm phong hồ sơ",
    "XML": "Chữ ký trong tệp XML",
    "JWS": "Chữ ký trên dữ liệu JSON",
}
_AROUND = {"GoiTin", "HoSoChungCu"}  # signatures of those who carried and kept the document
_WHY_NOT = {
    Verdict.UNKNOWN: "Chưa được coi là hợp lệ.",
    Verdict.INVALID: "Không dùng làm văn bản có giá trị pháp lý.",
}


@dataclass(frozen=True, slots=True)
class ReportView:
    """Everything the page and the PDF show. `checks` belong to the file as a whole."""

    name: str
    sha256: str
    verdict: Verdict
    checked_at: datetime | None
    signatures: tuple[SignatureReport, ...] = ()
    timestamps: tuple[TimestampReport, ...] = ()
    checks: tuple[Check, ...] = ()
    findings: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    evidence: tuple[tuple[str, str], ...] = ()
    policy: str = ""
    trust_epoch: str = ""
    trust_list: int | None = None  # its number

    @property
    def rows(self) -> list[tuple[str, SignatureReport]]:
        """What each signature is called, and the signature."""
        return [(title_of(one.field), one) for one in self.signatures]

    @property
    def why(self) -> str:
        """One sentence. For a good file who vouches for it, else the first reason against it."""
        if self.verdict is Verdict.VALID:
            of_document = [one for one in self.signatures if one.field not in _AROUND]
            signed = of_document or self.signatures
            names = [one.signer.name for one in signed if one.signer is not None]
            if not names:
                return "Mọi nội dung kiểm tra đều đạt."
            who = " và ".join(f"“{name}”" for name in dict.fromkeys(names))
            return f"Nội dung còn nguyên vẹn kể từ khi ký; chữ ký số của {who} hợp lệ."
        reason = next(self._reasons(), "Tệp không có chữ ký số nào để kiểm tra.")
        return f"{reason} {_WHY_NOT[self.verdict]}"

    def _reasons(self) -> Iterator[str]:
        """The reasons against it: those of the worst signature first, failed before undecided."""
        worst = [one for one in self.signatures if one.verdict is self.verdict]
        checks = [*self.checks, *(check for one in worst for check in one.checks)]
        for ok in (False, None):
            yield from (check.text for check in checks if check.ok is ok)
        yield from self.findings


def title_of(field: str) -> str:
    """What a signature's field is called on the page."""
    return TITLES.get(field, "Chữ ký khác")


def of_document(
    report: DocumentReport, *, name: str, packet: SignatureReport | None = None
) -> ReportView:
    """The view of a PDF's report, with its packet's signature when it came in one."""
    return ReportView(
        name=name,
        sha256=report.sha256,
        verdict=report.verdict,
        checked_at=report.checked_at,
        signatures=(*report.signatures, *([packet] if packet else [])),
        timestamps=report.timestamps,
        findings=report.findings,
        evidence=report.evidence,
        policy=report.policy,
        trust_epoch=report.trust_epoch,
        trust_list=report.trust_list_sequence,
    )


def of_file(facts: Mapping[str, Any], *, name: str) -> ReportView:
    """The view of what `verify_file` found, from its JSON. Raises ValueError, KeyError."""
    found: Mapping[str, Any] = facts["report"]
    judged_at = datetime.fromisoformat(facts["judged_at"]) if facts.get("judged_at") else None
    verdict = Verdict(facts["verdict"])
    if facts["kind"] == "pdf":
        detached = found.get("detached")
        packet = SignatureReport.from_json(detached) if detached else None
        view = of_document(DocumentReport.from_json(found), name=name, packet=packet)
        return replace(view, verdict=verdict)
    if facts["kind"] == "evidence":
        return _of_evidence(found, name, verdict, judged_at)
    signatures = (SignatureReport.from_json(found),) if "indication" in found else ()
    checks = () if signatures else _checks(found.get("checks", ()))
    told = tuple(facts["lines"]) if not signatures and not checks else ()
    return ReportView(
        name=name,
        sha256=str(found.get("sha256", "")),
        verdict=verdict,
        checked_at=judged_at,
        signatures=signatures,
        checks=checks,
        findings=told,
    )


def _of_evidence(
    found: Mapping[str, Any], name: str, verdict: Verdict, judged_at: datetime | None
) -> ReportView:
    document = DocumentReport.from_json(found["document"]) if found.get("document") else None
    beside = [
        SignatureReport.from_json(found[part]) for part in ("packet", "seal") if found.get(part)
    ]
    return ReportView(
        name=name,
        sha256=document.sha256 if document else str(found.get("record", {}).get("sha256", "")),
        verdict=verdict,
        checked_at=judged_at,
        signatures=(*(document.signatures if document else ()), *beside),
        timestamps=document.timestamps if document else (),
        checks=_checks(found.get("checks", ())),
        findings=document.findings if document else (),
        missing=tuple(found.get("missing", ())),
        evidence=document.evidence if document else (),
        policy=document.policy if document else "",
        trust_epoch=document.trust_epoch if document else "",
        trust_list=document.trust_list_sequence if document else None,
    )


def _checks(found: Sequence[Mapping[str, Any]]) -> tuple[Check, ...]:
    return tuple(Check(one["id"], one["ok"], one["text"]) for one in found)
