"""What is known about a PDF before its signatures are judged: document time-stamps, evidence, POEs.

Document time-stamps are checked from the newest to the oldest. The newest must hold now; each that
holds proves that everything before it existed at its time, and so moves the time at which the next
older one, and the evidence below it, is judged (EN 319 102-1 5.6.3, SG 7.2 block 11).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.x509 import ocsp

from lienthong.core.signing import cms, der, tsp
from lienthong.core.signing.evidence import NO_EVIDENCE, Evidence
from lienthong.core.signing.past import NOTHING_COUNTED, Counted, Dated, counted
from lienthong.core.signing.pdf_evidence import StoredPiece, read_store
from lienthong.core.signing.pdf_structure import PdfSignature, PdfStructure
from lienthong.core.signing.poe import KnownPoe, Poe, PoeKind, earliest, known
from lienthong.core.signing.report import Check, Indication, SignatureReport, TimestampReport
from lienthong.core.signing.second import Times
from lienthong.core.signing.trust import Trust
from lienthong.core.signing.validate import Context


@dataclass
class Facts:
    """The document, what may be looked at, and what the time-stamps found so far prove."""

    data: bytes
    structure: PdfStructure
    trust: Trust
    now: datetime
    poes: Sequence[KnownPoe]
    given: Evidence
    stored: tuple[StoredPiece, ...]
    timestamps: tuple[TimestampReport, ...] = ()
    proved: list[tuple[int, Poe]] = field(default_factory=list)  # all before an offset existed then
    false_timestamps: tuple[str, ...] = ()
    counted: Counted = NOTHING_COUNTED

    @property
    def context(self) -> Context:
        return Context(self.trust, self.now, self.counted.evidence, self.counted.dropped)

    @property
    def all_evidence(self) -> Evidence:
        return sum((piece.evidence for piece in self.stored), self.given)

    def digest_of(self, found: PdfSignature) -> Callable[[str], bytes]:
        return digest_of(self.data, found)

    def control(self, found: PdfSignature) -> Poe:
        """The earliest proof that `found`, with all it holds, existed."""
        proofs = [poe for end, poe in self.proved if end > found.end]
        if self.poes:
            for end in {found.end, len(self.data), *(one.end for one in self._later(found))}:
                digest = hashlib.sha256(memoryview(self.data)[:end]).hexdigest()
                proofs += known(self.poes, digest, self.now)
        return earliest(self.now, proofs)

    def level(
        self, found: PdfSignature, path: Sequence[x509.Certificate], *, is_stamped: bool
    ) -> str:
        """B-B, B-T, B-LT or B-LTA: what of the file itself holds for this signature."""
        if not is_stamped:
            return "B-B"
        places = [self._place_of_status(one) for one in path[:-1]]
        if not places or None in places:
            return "B-T"
        needed = max(place for place in places if place is not None)
        archived = any(end > max(needed, found.end) for end, poe in self.proved)
        return "B-LTA" if archived else "B-LT"

    def times(self, signatures: Sequence[SignatureReport]) -> Times:
        """What the second validator needs to look at the past as we did."""
        best = {one.field: one.best_at for one in signatures if one.best_at is not None}
        everything = (*self.structure.signatures, *self.structure.timestamps)
        control = {one.field: self.control(one).at for one in everything}
        used = [one.field for one in self.timestamps if one.is_good]
        return Times(best, control, tuple(used), self.counted.evidence)

    def _later(self, found: PdfSignature) -> list[PdfSignature]:
        everything = (*self.structure.signatures, *self.structure.timestamps)
        return [one for one in everything if one.end > found.end]

    def _place_of_status(self, certificate: x509.Certificate) -> int | None:
        """Where the DSS holds revocation data for a certificate; None when it does not."""
        places = [one.place for one in self.stored if _is_about(one.evidence, certificate)]
        return min(places, default=None)

    def date_evidence(self) -> None:
        """Decide again which evidence counts, with what is proved by now."""
        if not self.stored and not self.given:
            return
        pieces = []
        for piece in self.stored:
            proofs = [poe for end, poe in self.proved if end > piece.place]
            pieces.append(self._dated(piece.evidence, proofs))
        pieces += [self._dated(one, []) for one in self.given.singles()]
        self.counted = counted(pieces, trust=self.trust)

    def _dated(self, evidence: Evidence, proofs: list[Poe]) -> Dated:
        digests = [sha256 for _, sha256 in evidence.digests()] if self.poes else []
        proofs = proofs + [one for each in digests for one in known(self.poes, each, self.now)]
        return Dated(evidence, earliest(self.now, proofs).at)


def gather(
    data: bytes,
    structure: PdfStructure,
    *,
    trust: Trust,
    now: datetime,
    poes: Sequence[KnownPoe] = (),
    evidence: Evidence = NO_EVIDENCE,
) -> Facts:
    """Read the DSS and judge the document time-stamps, newest first."""
    stored = read_store(structure.pdf) if structure.pdf is not None else ()
    facts = Facts(data, structure, trust, now, poes, evidence, stored)
    facts.date_evidence()
    reports: list[TimestampReport] = []
    for found in reversed(structure.timestamps):
        report = _check(facts, found)
        reports.insert(0, report)
        if report.is_good and report.at is not None:
            facts.proved.append((found.end, Poe(report.at, PoeKind.DOCUMENT_TIMESTAMP)))
            facts.date_evidence()
    facts.timestamps = tuple(reports)
    facts.false_timestamps = tuple(
        f"Dấu thời gian của tài liệu ({one.field}) không phải của tài liệu này: "
        f"{one.checks[-1].text}"
        for one in reports
        if one.is_false
    )
    return facts


def _check(facts: Facts, found: PdfSignature) -> TimestampReport:
    control = facts.control(found)
    report = tsp.check_token(
        _value(found.contents),
        facts.digest_of(found),
        trust=facts.trust,
        at=control.at,
        now=facts.now,
        evidence=facts.counted.evidence,
        kind="document",
        field=found.field,
    )
    if report.is_good and report.at is not None and report.at > control.at:
        text = "Dấu thời gian muộn hơn dấu thời gian bảo vệ nó."
        return replace(
            report,
            indication=Indication.INDETERMINATE,
            sub_indication="TIMESTAMP_ORDER_FAILURE",
            checks=(*report.checks, Check("timestamp", False, text)),
        )
    return report


def timestamp_fault(data: bytes, found: PdfSignature) -> str:
    """Why a document time-stamp does not hold in itself, in Vietnamese; "" when it does."""
    if found.remarks:
        return found.remarks[0].text
    try:
        token = tsp.parse_token(_value(found.contents))
    except cms.CMSInvalid as error:
        return str(error)
    return tsp.token_fault(token, digest_of(data, found))[1]


def digest_of(data: bytes, found: PdfSignature) -> Callable[[str], bytes]:
    """The digest of what a signature covers, by algorithm name."""

    def digest(name: str) -> bytes:
        if name in found.digests:
            return found.digests[name]
        maker = hashlib.new(name)
        with memoryview(data) as view:
            maker.update(view[: found.gap[0]])
            maker.update(view[found.gap[1] : found.end])
        return maker.digest()

    return digest


def _value(contents: bytes) -> bytes:
    """The token without the zero bytes of its reserved place; what is no DER stays as it is."""
    try:
        return contents[: der.check_strict(contents, trailing_zeros=True)]
    except der.NotDER:
        return contents


def _is_about(evidence: Evidence, certificate: x509.Certificate) -> bool:
    """Whether the piece is revocation data that speaks of this certificate."""
    if any(one.issuer == certificate.issuer for one in evidence.crls):
        return True
    return any(_serial(one) == certificate.serial_number for one in evidence.ocsps)


def _serial(answer: bytes) -> int | None:
    """The serial number that an OCSP answer speaks of."""
    try:
        return ocsp.load_der_ocsp_response(answer).serial_number
    except (ValueError, UnsupportedAlgorithm):
        return None
