"""The front door of verifying documents: known digest, fast path, reference path (SG 11.2).

A document sent to ninety receivers is verified once. What the fast path passes, the reference path
repeats for the first document of a new shape and for one document in a hundred; when the two do not
agree, the worse verdict is returned and `on_difference` is told: that is an incident, never noise.
"""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from lienthong.core.signing import fast
from lienthong.core.signing.path import holds
from lienthong.core.signing.pdf_verify import verify_pdf
from lienthong.core.signing.policy import POLICY_ID
from lienthong.core.signing.report import DocumentReport, Verdict
from lienthong.core.signing.trust import Trust

REPORTS_MAX = 4096
SHAPES_MAX = 1024
SAMPLE_OF = 100
BUCKET = timedelta(hours=1)

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Difference:
    """The fast path passed a document that the reference path does not: an incident."""

    sha256: str
    shape: str
    fast: DocumentReport
    reference: DocumentReport


@dataclass
class Verifier:
    """Verifies documents and remembers them, in bounded memory; for one process, any thread.

    on_difference: told of every difference between the two paths, before the answer is given.
    """

    on_difference: Callable[[Difference], None] | None = None
    reports_max: int = REPORTS_MAX
    _reports: OrderedDict[tuple[str, str, str, int], DocumentReport] = field(
        default_factory=OrderedDict
    )
    _shapes: OrderedDict[str, None] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def verify(self, data: bytes, *, trust: Trust, at: datetime) -> DocumentReport:
        """The report on `data` at the time `at`. Never raises for a bad document.

        A report is kept for the hour it was made in, and a good one only as long as the evidence
        behind it stands; `checked_at` tells when that was.
        """
        hashed = fast.hash_file(data)
        key = (hashed.sha256, trust.epoch, POLICY_ID, int(at.timestamp() // BUCKET.total_seconds()))
        with self._lock:
            kept = self._reports.get(key)
            if kept is not None and _still_stands(kept, trust, at):
                self._reports.move_to_end(key)
                return kept
        report = self._verify(data, hashed, trust, at)
        with self._lock:
            self._reports[key] = report
            self._reports.move_to_end(key)
            while len(self._reports) > self.reports_max:
                self._reports.popitem(last=False)
        return report

    def _verify(
        self, data: bytes, hashed: fast.FileHash, trust: Trust, at: datetime
    ) -> DocumentReport:
        try:
            passed = fast.pass_pdf(data, trust=trust, at=at, hashed=hashed)
        except fast.Ask:
            return verify_pdf(data, trust=trust, at=at)
        with self._lock:
            is_new = passed.shape not in self._shapes
        if not is_new and not is_sampled(hashed.sha256):
            return passed.report
        reference = verify_pdf(data, trust=trust, at=at, second_opinion=True)
        if reference.verdict is not Verdict.VALID:
            return self._tell(Difference(hashed.sha256, passed.shape, passed.report, reference))
        with self._lock:
            self._shapes[passed.shape] = None
            while len(self._shapes) > SHAPES_MAX:
                self._shapes.popitem(last=False)
        return reference

    def _tell(self, difference: Difference) -> DocumentReport:
        """Log the incident, pass it on, and return the worse of the two reports."""
        logger.error(
            "signature paths differ: %s, shape %s, reference %s",
            difference.sha256,
            difference.shape,
            difference.reference.verdict,
        )
        if self.on_difference is not None:
            self.on_difference(difference)
        return difference.reference

    def forget(self) -> None:
        """Empty the memory (for measuring and for tests)."""
        with self._lock:
            self._reports.clear()
            self._shapes.clear()


def is_sampled(sha256: str) -> bool:
    """Whether the reference path repeats this document: one in a hundred, always the same ones."""
    return int(sha256[:8], 16) % SAMPLE_OF == 0


def _still_stands(report: DocumentReport, trust: Trust, at: datetime) -> bool:
    """Whether nothing that the report rests on has run out between its check and `at`."""
    if at < report.checked_at:
        return False
    return report.verdict is not Verdict.VALID or all(
        holds(bytes.fromhex(sha256), trust=trust, at=at) for sha256 in _certificates(report)
    )


def _certificates(report: DocumentReport) -> Iterator[str]:
    """SHA-256 of the certificates whose paths the report rests on."""
    for one in report.signatures:
        if one.signer is not None:
            yield one.signer.sha256
        yield from (stamp.certificate_sha256 for stamp in one.timestamps if stamp.is_good)
    yield from (stamp.certificate_sha256 for stamp in report.timestamps if stamp.is_good)


VERIFIER = Verifier()


def verify_document(data: bytes, *, trust: Trust, at: datetime) -> DocumentReport:
    """As `verify_pdf`, with the memory of this process."""
    return VERIFIER.verify(data, trust=trust, at=at)
