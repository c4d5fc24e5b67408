"""What a self-test found, as data, as lines for a person, and signed."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from lienthong.core import signing

REPORT_TYPE = "lienthong-conformance+jws"


class Result(StrEnum):
    """How a check ended."""

    PASSED = "passed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One check: what was asked, by which rule, and what was seen when it failed."""

    id: str
    title: str
    source: str
    result: Result
    saw: str
    ms: int


@dataclass(frozen=True, slots=True)
class Report:
    """A whole run against `target`."""

    target: str
    started_at: datetime
    ended_at: datetime
    outcomes: tuple[Outcome, ...]

    @property
    def failed(self) -> tuple[Outcome, ...]:
        return tuple(each for each in self.outcomes if each.result is Result.FAILED)

    @property
    def ok(self) -> bool:
        return bool(self.outcomes) and not self.failed

    def to_json(self) -> dict[str, Any]:
        """JSON-ready facts; times in ISO 8601."""
        return {
            "version": 1,
            "kind": "conformance",
            "target": self.target,
            "started_at": self.started_at.isoformat(timespec="milliseconds"),
            "ended_at": self.ended_at.isoformat(timespec="milliseconds"),
            "ok": self.ok,
            "passed": len(self.outcomes) - len(self.failed),
            "failed": len(self.failed),
            "checks": [asdict(each) for each in self.outcomes],
        }


def sign_report(report: Report, signer: signing.DigestSigner) -> str:
    """The report as a compact JWS with the signer's certificate; `lienthong verify` reads it."""
    return signing.sign_jws(
        report.to_json(),
        key=signer,
        certificate=signer.certificate,
        at=report.ended_at,
        typ=REPORT_TYPE,
    )
