"""Check documents and packets on the fast path: PASSED or None (SG 11.2).

The fast path differs from the reference only in how it reads: tables, values and CMS of the common
shapes, each byte hashed once. What was read is then judged by the very same functions.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from lienthong.core.signing.fast import certificates
from lienthong.core.signing.fast.ask import Ask
from lienthong.core.signing.fast.pdf import Found, read_pdf
from lienthong.core.signing.fast.signed_data import read_cms
from lienthong.core.signing.pdf_structure import PdfSignature, PdfStructure
from lienthong.core.signing.pdf_verify import verify_one
from lienthong.core.signing.report import DocumentReport, Findings, Indication, Verdict
from lienthong.core.signing.trust import Trust
from lienthong.core.signing.validate import check_signature

SIZE_MAX_BYTES = 100 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Passed:
    """A document that passed, and its shape: the traits in which readers could differ."""

    report: DocumentReport
    shape: str


def check_pdf(data: bytes, *, trust: Trust, at: datetime) -> DocumentReport | None:
    """The report of a PDF that passes, as the reference path would write it; else None.

    None says nothing about the document: ask `signing.verify_pdf`.
    """
    try:
        return pass_pdf(data, trust=trust, at=at).report
    except Ask:
        return None


def pass_pdf(data: bytes, *, trust: Trust, at: datetime) -> Passed:
    """As `check_pdf`, with the shape. Raises Ask instead of returning None."""
    signatures, sha256, shape = _read(data)
    structure = PdfStructure(signatures, [], None)
    reports = tuple(verify_one(data, one, structure, trust, at) for one in signatures)
    if any(one.indication is not Indication.PASSED for one in reports):
        raise Ask("a signature does not pass")
    report = DocumentReport(sha256, len(data), Verdict.VALID, reports, (), at, trust.epoch)
    return Passed(report, shape)


def is_intact(data: bytes, *, last_field: str) -> bool:
    """Whether structure and mathematics of every signature are surely good; no one is trusted.

    False says nothing: ask `pdf_verify.check_intact`.
    """
    try:
        signatures, _, _ = _read(data)
    except Ask:
        return False
    findings = Findings()
    for one in signatures:
        if one.signed is None:
            return False
        check_signature(one.signed, one.digests.__getitem__, findings)
    return (
        findings.indication is Indication.PASSED
        and signatures[-1].field == last_field
        and signatures[-1].covers_whole
    )


def _read(data: bytes) -> tuple[list[PdfSignature], str, str]:
    """The signatures, read in full; the SHA-256 of the file in hexadecimal; the shape."""
    if len(data) > SIZE_MAX_BYTES:
        raise Ask("a large file")
    pdf = read_pdf(data)
    messages = [read_cms(one.contents, trailing_zeros=True) for one in pdf.signatures]
    if any(one.digest != "sha256" for one in messages):
        raise Ask("a digest other than SHA-256")
    whole, digests = _digests(data, pdf.signatures)
    last = pdf.signatures[-1]
    signatures = [
        PdfSignature(
            field=found.field,
            subfilter="/ETSI.CAdES.detached",
            contents=found.contents,
            gap=found.gap,
            end=found.end,
            claimed_at=found.claimed_at,
            objgen=(0, 0),
            value=None,
            covers_whole=found is last,
            signed=message,
            digests={"sha256": digest},
        )
        for found, message, digest in zip(pdf.signatures, messages, digests, strict=True)
    ]
    attributes = " ".join(f"{one.algorithm.label} {len(one.others)}" for one in messages)
    return signatures, whole, f"{pdf.shape}; {attributes}"


def _digests(data: bytes, signatures: Sequence[Found]) -> tuple[str, list[bytes]]:
    """SHA-256 of the whole file, and of what each signature covers, in one pass.

    All begin alike: a signature's digest parts from that of the file at its gap.
    """
    whole = hashlib.sha256()
    digests: list[bytes] = []
    at = 0
    with memoryview(data) as view:
        for one in signatures:
            whole.update(view[at : one.gap[0]])
            covered = whole.copy()
            covered.update(view[one.gap[1] : one.end])
            digests.append(covered.digest())
            whole.update(view[one.gap[0] : one.end])
            at = one.end
        whole.update(view[at:])
    return whole.hexdigest(), digests


def forget() -> None:
    """Empty what the fast path remembers (for measuring and for tests)."""
    certificates.forget()
