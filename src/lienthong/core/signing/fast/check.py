"""Check documents and packets on the fast path: PASSED or None (SG 11.2).

The fast path differs from the reference only in how it reads: tables, values and CMS of the common
shapes, each byte hashed once. What was read is then judged by the very same functions.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from lienthong.core.signing.fast import certificates, signed_data
from lienthong.core.signing.fast.pdf import read_pdf
from lienthong.core.signing.fast.signed_data import read_cms
from lienthong.core.signing.path_plain import plain_is_enough
from lienthong.core.signing.pdf_facts import gather
from lienthong.core.signing.pdf_structure import PdfSignature, PdfStructure
from lienthong.core.signing.pdf_verify import verify_one
from lienthong.core.signing.plain.ask import Ask
from lienthong.core.signing.report import DocumentReport, Findings, Indication, Verdict
from lienthong.core.signing.trust import Trust
from lienthong.core.signing.validate import check_signature

SIZE_MAX_BYTES = 100 * 1024 * 1024
SIGNATURES_MAX = 2
NEAR_BYTES = 64 * 1024  # how far before one signature another is looked for
_GAP = re.compile(rb"/ByteRange[\t\n\f\r ]*\[[\t\n\f\r ]*0[\t\n\f\r ]+(\d{1,10})[\t\n\f\r ]")


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


def pass_pdf(data: bytes, *, trust: Trust, at: datetime, hashed: FileHash | None = None) -> Passed:
    """As `check_pdf`, with the shape. Raises Ask instead of returning None.

    hashed: what `hash_file` found, when it was asked before.
    """
    signatures, sha256, shape = _read(data, hashed)
    structure = PdfStructure(signatures, [], None)
    with plain_is_enough():
        facts = gather(data, structure, trust=trust, now=at)
        reports = tuple(
            verify_one(data, one, structure, trust, at, facts=facts) for one in signatures
        )
    if any(one.indication is not Indication.PASSED for one in reports):
        raise Ask("a signature does not pass")
    report = DocumentReport(
        sha256,
        len(data),
        Verdict.VALID,
        reports,
        (),
        at,
        trust.epoch,
        trust_list_sequence=trust.list_number,
    )
    return Passed(report, shape)


def is_intact(
    data: bytes, *, last_field: str, hashed: FileHash | None = None, whole: bool = True
) -> bool:
    """Whether structure and mathematics of every signature are surely good; no one is trusted.

    False says nothing: ask `pdf_verify.check_intact`. hashed: of the same bytes outside the gaps.
    whole: look at every object; without it, only at what the signatures need.
    """
    try:
        signatures, _, _ = _read(data, hashed, whole=whole)
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


def _read(
    data: bytes, hashed: FileHash | None = None, *, whole: bool = True
) -> tuple[list[PdfSignature], str, str]:
    """The signatures, read in full; the SHA-256 of the file in hexadecimal; the shape."""
    if len(data) > SIZE_MAX_BYTES:
        raise Ask("a large file")
    pdf = read_pdf(data, whole=whole)
    hashed = hashed or hash_file(data, gaps={one.gap[0] for one in pdf.signatures})
    messages = [read_cms(one.contents, trailing_zeros=True) for one in pdf.signatures]
    if any(one.digest != "sha256" for one in messages):
        raise Ask("a digest other than SHA-256")
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
            at_end=found is last,
            signed=message,
            digests={"sha256": hashed.covered(data, found.gap, found.end)},
        )
        for found, message in zip(pdf.signatures, messages, strict=True)
    ]
    attributes = " ".join(f"{one.algorithm.label} {len(one.others)}" for one in messages)
    return signatures, hashed.sha256, f"{pdf.shape}; {attributes}"


@dataclass(frozen=True, slots=True)
class FileHash:
    """SHA-256 of a file, and the states of the computation at the gaps of its signatures.

    What a signature covers begins like the file itself, up to the gap, so its digest goes on from
    there: a file of any number of signatures is hashed once (SG 11.2). size, state: how far the
    computation has come, for a file that grows at its end (`grown`).
    """

    size: int
    state: _State
    states: Mapping[int, _State]

    @property
    def sha256(self) -> str:
        return self.state.hexdigest()

    def grown(self, added: bytes | bytearray) -> FileHash:
        """Of the file with `added` at its end, where a signature's Contents may stand next."""
        state, size = self.state.copy(), self.size + len(added)
        with memoryview(added) as view:
            state.update(view)
        return FileHash(size, state, {**self.states, size: state})

    def covered(self, data: bytes | bytearray, gap: tuple[int, int], end: int) -> bytes:
        """SHA-256 of what a signature covers."""
        known = self.states.get(gap[0])
        with memoryview(data) as view:
            state = known.copy() if known else hashlib.sha256(view[: gap[0]])
            state.update(view[gap[1] : end])
        return state.digest()


class _State(Protocol):
    def copy(self) -> _State: ...
    def update(self, data: memoryview, /) -> None: ...
    def digest(self) -> bytes: ...
    def hexdigest(self) -> str: ...


def hash_file(data: bytes | bytearray, *, gaps: Collection[int] | None = None) -> FileHash:
    """Hash a file once, so that its SHA-256 and those of its signatures are known.

    gaps: where the signatures' Contents stand; None has them looked for.
    """
    at, states = 0, dict[int, _State]()
    state: _State = hashlib.sha256()
    with memoryview(data) as view:
        for gap in sorted(_gaps(data) if gaps is None else gaps):
            state.update(view[at:gap])
            states[gap], at = state.copy(), gap
        state.update(view[at:])
    return FileHash(len(data), state, states)


def _gaps(data: bytes | bytearray) -> set[int]:
    """Where the last signatures' Contents seem to stand; a wrong guess costs time, no more."""
    found: set[int] = set()
    at, lowest = len(data), 0
    while len(found) < SIGNATURES_MAX and (at := data.rfind(b"/ByteRange", lowest, at)) >= 0:
        match = _GAP.match(data, at)
        gap = int(match.group(1)) if match else -1
        if not 0 <= gap <= len(data):
            break
        found.add(gap)
        lowest = max(0, at - NEAR_BYTES)
    return found


def forget() -> None:
    """Empty what the fast path remembers (for measuring and for tests)."""
    certificates.forget()
    signed_data.forget()
