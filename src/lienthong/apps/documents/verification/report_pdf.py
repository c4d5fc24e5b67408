"""The verification report as files: a PDF to read, signed, and the JSON, sealed (SG 7.8).

The JSON is given beside the PDF, as a token of its own: so the PDF carries no attachment and is
signed by the same rules as any document.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import typst

from lienthong.apps.documents.common.typeset import FONTS, POINTS_PER_MM, TEMPLATES
from lienthong.apps.documents.verification import report_view
from lienthong.apps.documents.verification.report_view import ReportView
from lienthong.core import signing
from lienthong.core.signing import Box, DigestSigner, SignatureReport, Verdict
from lienthong.core.signing.path import local
from lienthong.core.signing.pdf_prepare import prepare_fields
from lienthong.core.signing.report import Check
from lienthong.core.signing.validate import REPORT_FIELD

REPORT_TYPE = "lienthong-report+jws"
_COLOURS = {Verdict.VALID: "good", Verdict.UNKNOWN: "warn", Verdict.INVALID: "bad"}

# An invisible corner at the top right of the first page; the report says in words who made it.
_PLACE = Box(0, *(mm * POINTS_PER_MM for mm in (185.0, 282.0, 205.0, 292.0)))


def render(facts: Mapping[str, Any]) -> bytes:
    """Typeset what `verify_file` found, given as its JSON with "file" and "judged_at"."""
    name = str(facts.get("file", "")).rpartition("/")[2]
    return render_view(report_view.of_file(facts, name=name))


def signed(view: ReportView, *, signer: DigestSigner, at: datetime) -> bytes:
    """Typeset a report and sign it in its own field, by the key of the service that checked."""
    ready = prepare_fields(render_view(view), {REPORT_FIELD: _PLACE})
    return signing.sign_pdf(
        ready,
        field=REPORT_FIELD,
        signer=signer,
        name=signing.common_name(signer.certificate),
        reason="Báo cáo kiểm tra chữ ký số",
        location="",
        at=at,
    )


def sealed(report: Mapping[str, Any], *, signer: DigestSigner, at: datetime) -> str:
    """The report as a signed token (JWS) that `lienthong verify` reads."""
    return signing.sign_jws(report, key=signer, at=at, typ=REPORT_TYPE)


def render_view(view: ReportView) -> bytes:
    """Typeset a report; the same view gives the same text."""
    data = {
        "name": view.name,
        "sha256": view.sha256,
        "verdict": view.verdict.label,
        "colour": _COLOURS[view.verdict],
        "why": view.why,
        "checked_at": local(view.checked_at),
        "policy": view.policy,
        "trust": view.trust_epoch,
        "trust_list": str(view.trust_list or ""),
        "signatures": [_signature(one) for one in view.signatures],
        "stamps": [_check(check) for one in view.timestamps for check in one.checks],
        "checks": [_check(one) for one in view.checks],
        "findings": list(view.findings),
        "missing": list(view.missing),
        "evidence": [list(one) for one in view.evidence],
    }
    compiler = typst.Compiler(
        input=str(TEMPLATES / "report.typ"),
        root=str(TEMPLATES),
        font_paths=[str(FONTS)],
        ignore_system_fonts=True,
        sys_inputs={"report": json.dumps(data, ensure_ascii=False)},
    )
    pdf = compiler.compile(format="pdf")
    if not isinstance(pdf, bytes):
        raise TypeError("typst gave no single PDF")
    return pdf


def _signature(one: SignatureReport) -> dict[str, Any]:
    card = one.signer
    lines = [
        ("Tổ chức", card.organization if card else ""),
        ("Chức vụ", card.position if card else ""),
        ("Chứng thư", f"{card.serial} do {card.issuer} cấp" if card else ""),
        ("Khóa", card.algorithm if card else ""),
        ("Đường dẫn", card.way if card else ""),
        ("Thời điểm khai", local(one.claimed_at) if one.claimed_at else ""),
        ("Có từ trước", local(one.best_at) if one.best_at and one.timestamps else ""),
        ("Mức chữ ký", f"{one.format} {one.level}".strip()),
    ]
    return {
        "title": report_view.title_of(one.field),
        "verdict": one.verdict.label,
        "colour": _COLOURS[one.verdict],
        "indication": " / ".join(filter(None, (one.indication.value, one.sub_indication))),
        "name": card.name if card else "Không xác định được người ký",
        "facts": [[name, value] for name, value in lines if value],
        "checks": [_check(check) for check in one.checks],
        "path": list(one.path),
        "statuses": [
            [status.name, status.source.upper(), status.status, local(status.produced_at)]
            for status in one.statuses
        ],
    }


def _check(check: Check) -> list[str]:
    return [{True: "good", False: "bad", None: "warn"}[check.ok], check.text]
