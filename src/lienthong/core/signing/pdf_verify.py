"""Verify the signatures of a PDF (SG 7): structure, signature, signer, revocation, one verdict.

Two validators: the one here, and pyHanko with revocation required. The second is asked when signers
are met for the first time under a Trust, and for one document in a hundred; it never makes a
verdict better, only worse (SG 11.2).
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Required, TypedDict

from lienthong.core.errors import Problem
from lienthong.core.signing import cms
from lienthong.core.signing.evidence import NO_EVIDENCE, Evidence
from lienthong.core.signing.pdf_facts import Facts, digest_of, gather, timestamp_fault
from lienthong.core.signing.pdf_prepare import AGENCY_FIELD, PERSON_FIELD
from lienthong.core.signing.pdf_structure import PdfSignature, PdfStructure, read_structure
from lienthong.core.signing.poe import KnownPoe, PoeKind, earliest
from lienthong.core.signing.problems import PdfEncrypted, PdfNotPdf
from lienthong.core.signing.report import (
    Check,
    DocumentReport,
    Findings,
    Indication,
    SignatureReport,
    SignerCard,
    StatusReport,
    TimestampReport,
    Verdict,
    with_findings,
    worst,
)
from lienthong.core.signing.second import is_asked_for, note_opinion, second_opinion_of
from lienthong.core.signing.trust import Trust
from lienthong.core.signing.validate import (
    REPORT_FIELD,
    check_algorithm,
    check_signature,
    check_signer_at,
    check_stamps,
    key_name,
    legacy_notes,
    path_digests,
    purpose_of,
    regime_text,
    signer_card,
    statuses_of,
)


def verify_pdf(
    data: bytes,
    *,
    trust: Trust,
    at: datetime,
    second_opinion: bool | None = None,
    poes: Sequence[KnownPoe] = (),
    evidence: Evidence = NO_EVIDENCE,
) -> DocumentReport:
    """Verify every signature of `data` at the time `at`. Never raises for a bad document.

    second_opinion: True asks pyHanko too, False does not, None decides by itself.
    poes: times that the caller has proved, by the SHA-256 of the file or of a piece of evidence.
    evidence: certificates, CRLs and OCSP answers beside those in the file.
    """
    sha256 = hashlib.sha256(data).hexdigest()

    def report(
        verdict: Verdict, signatures: tuple[SignatureReport, ...], *findings: str
    ) -> DocumentReport:
        return DocumentReport(
            sha256,
            len(data),
            verdict,
            signatures,
            findings,
            at,
            trust.epoch,
            trust_list_sequence=trust.list_number,
        )

    try:
        structure = read_structure(data)
    except Problem as problem:
        verdict = Verdict.INVALID if isinstance(problem, PdfNotPdf) else Verdict.UNKNOWN
        if isinstance(problem, PdfEncrypted):
            return report(verdict, (), "Tài liệu được mã hóa nên không kiểm tra được chữ ký.")
        return report(verdict, (), _reading_problem(problem))
    with structure.pdf:
        if not structure.signatures:
            return report(Verdict.UNKNOWN, (), "Tài liệu không có chữ ký số.")
        facts = gather(data, structure, trust=trust, now=at, poes=poes, evidence=evidence)
        signatures = tuple(
            verify_one(data, one, structure, trust, at, facts=facts) for one in structure.signatures
        )
    passed = all(one.indication is Indication.PASSED for one in signatures)
    if second_opinion is None:
        second_opinion = is_asked_for(sha256, signatures, trust)
    if passed and second_opinion:
        refused = second_opinion_of(data, trust=trust, at=at, times=facts.times(signatures))
        signatures = tuple(_with_refusal(one, refused) for one in signatures)
        note_opinion(signatures, trust)
    findings = [
        f"{one.field}: {check.text}"
        for one in signatures
        for check in one.checks
        if check.ok is not True
    ]
    return replace(
        report(worst(signatures), signatures, *dict.fromkeys(findings)),
        timestamps=facts.timestamps,
        evidence=facts.all_evidence.digests(),
    )


def _reading_problem(problem: Problem) -> str:
    if isinstance(problem, PdfNotPdf):
        return "Tệp này không phải là PDF."
    return f"Không đọc được tệp PDF ({problem.facts.get('detail', problem.code)})."


def verify_one(
    data: bytes,
    found: PdfSignature,
    structure: PdfStructure,
    trust: Trust,
    at: datetime,
    *,
    facts: Facts | None = None,
) -> SignatureReport:
    """The report on one signature whose place in the file is known. Both paths end here.

    facts: what `gather` found; None when the file holds nothing but signatures.
    """
    facts = facts or gather(data, structure, trust=trust, now=at)
    findings = Findings()
    remarks = (*facts.structure.remarks, *found.remarks)
    for remark in remarks:
        add = findings.failed if remark.proven else findings.unknown
        add(remark.check, remark.sub_indication, remark.text)
    for text in facts.false_timestamps:
        findings.failed("coverage", "FORMAT_FAILURE", text)
    _tell_coverage(found, findings)
    signed = _parse(found, findings) if found.contents and found.end else None
    judged = _Judged(claimed_at=found.claimed_at)
    if signed is not None:
        judged = _judge(found, signed, facts, findings)
    elif findings.indication is Indication.PASSED:
        findings.failed("format", "FORMAT_FAILURE", "Không đọc được giá trị chữ ký.")
    return SignatureReport(
        found.field,
        findings.indication,
        findings.sub_indication,
        sub_indications=tuple(findings.sub_indications),
        checks=tuple(findings.checks),
        covers_whole=found.covers_whole,
        notes=_notes(found, signed),
        format=_FORMATS.get(found.subfilter, found.subfilter),
        changes_after=tuple(one.text for one in found.remarks if one.check == "coverage"),
        **judged,
    )


class _Judged(TypedDict, total=False):
    """What a report says only of a signature that could be read, but for its claim."""

    claimed_at: Required[datetime | None]
    signer: SignerCard
    level: str
    best_at: datetime
    best_kind: str
    timestamps: tuple[TimestampReport, ...]
    path: tuple[str, ...]
    statuses: tuple[StatusReport, ...]
    algorithms: tuple[str, ...]
    regime: str


def _judge(found: PdfSignature, signed: cms.SignedCMS, facts: Facts, findings: Findings) -> _Judged:
    """Blocks 2 to 11 for one signature that could be read."""
    check_signature(signed, facts.digest_of(found), findings)
    control = facts.control(found)
    context = facts.context
    stamps, proofs = check_stamps(signed, context=context, control_at=control.at, findings=findings)
    best = earliest(facts.now, [*proofs, *([control] if control.is_proved else [])])
    claimed_at = found.claimed_at or signed.signing_time
    path = check_signer_at(
        signed.certificate,
        others=signed.others,
        purpose=purpose_of(found.field),
        claimed_at=claimed_at,
        context=context,
        best=best,
        findings=findings,
    )
    check_algorithm(signed, best, findings)
    signed_at = best.at if best.is_proved else min(claimed_at or best.at, best.at)
    return _Judged(
        claimed_at=claimed_at,
        signer=signer_card(signed.certificate, path.way),
        level=facts.level(found, path.certificates, is_stamped=best.is_proved),
        best_at=best.at,
        best_kind=best.kind.value,
        timestamps=stamps,
        path=path_digests(path.certificates),
        statuses=statuses_of(path.statuses),
        algorithms=(
            signed.digest,
            signed.algorithm.label,
            key_name(signed.certificate),
        ),
        regime=regime_text(signed_at),
    )


_FORMATS = {
    "/ETSI.CAdES.detached": "PAdES",
    "/adbe.pkcs7.detached": "adbe.pkcs7.detached",
}


def _notes(found: PdfSignature, signed: cms.SignedCMS | None) -> tuple[str, ...]:
    notes: tuple[str, ...] = ()
    if found.subfilter == "/adbe.pkcs7.detached":
        notes = ("Chữ ký theo kiểu cũ adbe.pkcs7.detached, không phải PAdES.",)
    if found.field == REPORT_FIELD:
        notes = (*notes, "Chữ ký của hệ thống trên báo cáo kiểm tra, không phải trên văn bản.")
    return (*notes, *legacy_notes(signed)) if signed is not None else notes


def _tell_coverage(found: PdfSignature, findings: Findings) -> None:
    if found.at_end:
        findings.good("coverage", "Chữ ký phủ toàn bộ tệp; không có gì được thêm sau đó.")
    elif found.covers_whole:
        text = "Sau chữ ký này chỉ có bằng chứng và dấu thời gian lưu trữ được thêm vào."
        findings.good("coverage", text)
    elif not found.remarks:
        findings.good("coverage", "Sau chữ ký này chỉ có chữ ký tiếp theo được thêm vào.")


def _parse(found: PdfSignature, findings: Findings) -> cms.SignedCMS | None:
    if found.signed is not None:
        return found.signed
    try:
        signed = cms.parse(found.contents, trailing_zeros=True)
    except cms.CMSInvalid as error:
        findings.failed("format", "FORMAT_FAILURE", f"Chữ ký sai định dạng: {error}.")
        return None
    if found.subfilter == "/adbe.pkcs7.detached":
        return replace(signed, names_certificate=True)  # not asked for in this kind (SG 7.3)
    return signed


def _with_refusal(one: SignatureReport, refused: dict[str, str]) -> SignatureReport:
    """The report lowered to INDETERMINATE when the second validator did not accept it."""
    reason = refused.get(one.field)
    if reason is None:
        return one
    check = Check("second_opinion", None, f"Bộ kiểm tra thứ hai không chấp nhận chữ ký: {reason}.")
    return replace(
        one,
        indication=Indication.INDETERMINATE,
        sub_indication="GENERIC",
        checks=(*one.checks, check),
    )


def check_intact(data: bytes, *, last_field: str = "") -> str:
    """Check structure and mathematics of every signature, without asking who signed.

    Returns why it is not good, or "" when it is and the field `last_field`, if any is given, is the
    last signature and covers the file.
    """
    try:
        structure = read_structure(data)
    except Problem as problem:
        return problem.code
    with structure.pdf:
        for found in structure.signatures:
            findings = Findings()
            signed = _parse(found, findings) if found.end else None
            if signed is not None:
                check_signature(signed, digest_of(data, found), findings)
            remarks = [remark.text for remark in (*structure.remarks, *found.remarks)]
            bad = remarks + [check.text for check in findings.checks if check.ok is not True]
            if signed is None or bad:
                return f"{found.field}: {'; '.join(bad) or 'không đọc được'}"
        for stamp in structure.timestamps:
            reason = timestamp_fault(data, stamp)
            if reason:
                return f"{stamp.field}: {reason}"
        covers = [one.field for one in structure.signatures if one.covers_whole]
    if last_field and covers != [last_field]:
        return "chữ ký không phủ toàn bộ tài liệu"
    return "" if covers else "tài liệu bị thay đổi sau chữ ký cuối cùng"


def check_official(
    report: DocumentReport, *, agency_codes: set[str], signer_name: str | None
) -> DocumentReport:
    """Judge a report as that of an official document (SG 7.5, DX-65, DX-66).

    agency_codes: the codes of the issuing agency (`From`). signer_name: the named signer, None when
    the packet does not name one. The verdict returned is never better than the report's.
    """
    person, agency = report.signature(PERSON_FIELD), report.signature(AGENCY_FIELD)
    missing = [
        text
        for one, text in (
            (person, "Thiếu chữ ký số của người có thẩm quyền."),
            (agency, "Thiếu chữ ký số của cơ quan, tổ chức."),
        )
        if one is None
    ]
    if person is None or agency is None:
        return with_findings(report, Verdict.INVALID, *missing)
    texts: list[str] = []
    if not agency.covers_whole:
        texts.append("Chữ ký của cơ quan không phủ toàn bộ tài liệu.")
    texts += _agency_findings(agency, agency_codes)
    texts += _person_findings(person, agency_codes, signer_name)
    if _is_out_of_order(person, agency):
        texts.append("Người có thẩm quyền ký sau cơ quan; thứ tự ký không đúng.")
    return with_findings(report, Verdict.INVALID, *texts) if texts else report


def _is_out_of_order(person: SignatureReport, agency: SignatureReport) -> bool:
    """Whether the agency sealed before the person signed, by what they claim or can prove."""
    pairs = [(person.claimed_at, agency.claimed_at)]
    if person.best_kind == agency.best_kind == PoeKind.SIGNATURE_TIMESTAMP:
        pairs.append((person.best_at, agency.best_at))
    return any(first and second and first > second for first, second in pairs)


def _agency_findings(agency: SignatureReport, codes: set[str]) -> list[str]:
    card = agency.signer
    if card is None or card.kind != "agency":
        return ["Chữ ký ở ô của cơ quan không dùng chứng thư của cơ quan, tổ chức."]
    if card.organization_code not in codes:
        return [f"Chứng thư của cơ quan “{card.name}” không thuộc cơ quan ban hành văn bản."]
    return []


def _person_findings(
    person: SignatureReport, codes: set[str], signer_name: str | None
) -> list[str]:
    card = person.signer
    if card is None or card.kind != "person":
        return ["Chữ ký ở ô của người có thẩm quyền không dùng chứng thư cá nhân công vụ."]
    texts = []
    if card.organization_code and card.organization_code not in codes:
        texts.append(f"Người ký “{card.name}” thuộc cơ quan khác với cơ quan ban hành văn bản.")
    if signer_name is not None and _folded(card.name) != _folded(signer_name):
        texts.append(f"Người ký trên chứng thư là “{card.name}”, văn bản ghi “{signer_name}”.")
    return texts


def _folded(name: str) -> str:
    return " ".join(unicodedata.normalize("NFC", name).casefold().split())
