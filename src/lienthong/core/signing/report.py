"""What a check of signatures found: indications of EN 319 102-1 and the words a clerk reads.

UNKNOWN ("chưa đủ căn cứ kết luận") is never shown as valid (SG-V-10, DX-65).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any


class Indication(StrEnum):
    """The main status of one signature (SG 7.1)."""

    PASSED = "TOTAL-PASSED"
    INDETERMINATE = "INDETERMINATE"
    FAILED = "TOTAL-FAILED"

    @property
    def label(self) -> str:
        return _LABELS[_VERDICTS[self]]


class Verdict(StrEnum):
    """The status of a whole document."""

    VALID = "VALID"
    UNKNOWN = "UNKNOWN"
    INVALID = "INVALID"

    @property
    def label(self) -> str:
        return _LABELS[self]


_VERDICTS = {
    Indication.PASSED: Verdict.VALID,
    Indication.INDETERMINATE: Verdict.UNKNOWN,
    Indication.FAILED: Verdict.INVALID,
}
_LABELS = {
    Verdict.VALID: "Hợp lệ",
    Verdict.UNKNOWN: "Chưa đủ căn cứ kết luận",
    Verdict.INVALID: "Không hợp lệ",
}


@dataclass(frozen=True, slots=True)
class Check:
    """One line of a report. ok: True passed, False failed, None could not be decided."""

    id: str
    ok: bool | None
    text: str


@dataclass(frozen=True, slots=True)
class SignerCard:
    """Who signed, as the certificate says (DX-63). `way` tells how the path reaches its root."""

    name: str
    organization: str = ""
    organization_code: str = ""
    position: str = ""
    serial: str = ""
    issuer: str = ""
    not_before: datetime | None = None
    not_after: datetime | None = None
    algorithm: str = ""
    way: str = ""
    kind: str = ""
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class StatusReport:
    """How one certificate of a path was found not revoked, or revoked.

    certificate and evidence are SHA-256 in hexadecimal. source: "ocsp" or "crl".
    """

    certificate: str
    name: str = ""
    source: str = ""
    status: str = ""
    produced_at: datetime | None = None
    next_update: datetime | None = None
    evidence: str = ""


@dataclass(frozen=True, slots=True)
class TimestampReport:
    """One time-stamp token. It counts only when it is good; else it is ignored, with its reason.

    kind: "signature" (stands in the signature) or "document" (stands after it in the PDF).
    """

    kind: str
    indication: Indication
    sub_indication: str = ""
    field: str = ""
    at: datetime | None = None
    authority: str = ""
    policy: str = ""
    serial: str = ""
    sha256: str = ""
    certificate_sha256: str = ""
    way: str = ""
    checks: tuple[Check, ...] = ()

    @property
    def is_good(self) -> bool:
        return self.indication is Indication.PASSED

    @property
    def is_false(self) -> bool:
        """Not a sound token over these bytes at all, whoever made it."""
        return self.indication is Indication.FAILED

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> TimestampReport:
        return cls(
            **{
                **found,
                "indication": Indication(found["indication"]),
                "at": _moment(found["at"]),
                "checks": tuple(Check(**check) for check in found["checks"]),
            }
        )


@dataclass(frozen=True, slots=True)
class SignatureReport:
    """One signature: its indication and every check behind it.

    level: B-B, B-T, B-LT or B-LTA, as found good. best_at: the earliest time at which the signature
    is proved to have existed, by `best_kind` (the time of the check when by nothing). path: SHA-256
    of the certificates, signer first, root last.
    """

    field: str
    indication: Indication
    sub_indication: str = ""
    signer: SignerCard | None = None
    claimed_at: datetime | None = None
    covers_whole: bool = False
    checks: tuple[Check, ...] = ()
    notes: tuple[str, ...] = ()
    format: str = ""
    level: str = ""
    sub_indications: tuple[str, ...] = ()
    best_at: datetime | None = None
    best_kind: str = ""
    timestamps: tuple[TimestampReport, ...] = ()
    changes_after: tuple[str, ...] = ()
    path: tuple[str, ...] = ()
    statuses: tuple[StatusReport, ...] = ()
    algorithms: tuple[str, ...] = ()
    regime: str = ""

    @property
    def verdict(self) -> Verdict:
        return _VERDICTS[self.indication]

    @property
    def anchor(self) -> str:
        """SHA-256 of the root that the path ends at, "" without a path."""
        return self.path[-1] if self.path else ""

    def to_json(self) -> dict[str, Any]:
        return _plain({**asdict(self), "anchor": self.anchor})

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> SignatureReport:
        """Read what `to_json` wrote, also of a version that knew fewer fields."""
        signer = found.get("signer")
        return cls(
            field=found["field"],
            indication=Indication(found["indication"]),
            sub_indication=found["sub_indication"],
            signer=_card(signer) if signer else None,
            claimed_at=_moment(found["claimed_at"]),
            covers_whole=found["covers_whole"],
            checks=tuple(Check(**check) for check in found["checks"]),
            notes=tuple(found.get("notes", ())),
            format=found.get("format", ""),
            level=found.get("level", ""),
            sub_indications=tuple(found.get("sub_indications", ())),
            best_at=_moment(found.get("best_at")),
            best_kind=found.get("best_kind", ""),
            timestamps=_timestamps(found),
            changes_after=tuple(found.get("changes_after", ())),
            path=tuple(found.get("path", ())),
            statuses=tuple(_status(one) for one in found.get("statuses", ())),
            algorithms=tuple(found.get("algorithms", ())),
            regime=found.get("regime", ""),
        )


@dataclass(frozen=True, slots=True)
class DocumentReport:
    """All signatures of a document and one verdict. The same input gives the same report.

    trust_list_sequence: the number of the trust list that was used, None without one (SG 7.8).
    """

    sha256: str
    size: int
    verdict: Verdict
    signatures: tuple[SignatureReport, ...]
    findings: tuple[str, ...]
    checked_at: datetime
    trust_epoch: str
    policy: str = field(default="lienthong-1")
    timestamps: tuple[TimestampReport, ...] = ()  # document time-stamps, oldest first
    evidence: tuple[tuple[str, str], ...] = ()  # kind and SHA-256 of everything looked at
    trust_list_sequence: int | None = None

    def signature(self, name: str) -> SignatureReport | None:
        """The signature in the field `name`."""
        return next((one for one in self.signatures if one.field == name), None)

    def to_json(self) -> dict[str, Any]:
        return _plain({**asdict(self), "signatures": [one.to_json() for one in self.signatures]})

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> DocumentReport:
        checked_at = _moment(found["checked_at"])
        if checked_at is None:
            raise ValueError("a report has the time of its check")
        return cls(
            sha256=found["sha256"],
            size=found["size"],
            verdict=Verdict(found["verdict"]),
            signatures=tuple(SignatureReport.from_json(one) for one in found["signatures"]),
            findings=tuple(found["findings"]),
            checked_at=checked_at,
            trust_epoch=found["trust_epoch"],
            policy=found.get("policy", ""),
            timestamps=_timestamps(found),
            evidence=tuple((kind, sha256) for kind, sha256 in found.get("evidence", ())),
            trust_list_sequence=found.get("trust_list_sequence"),
        )


@dataclass
class Findings:
    """Collects checks of one signature; keeps the worst indication met, the first of its rank."""

    checks: list[Check] = field(default_factory=list)
    indication: Indication = Indication.PASSED
    sub_indication: str = ""
    sub_indications: list[str] = field(default_factory=list)

    def good(self, name: str, text: str) -> None:
        self.checks.append(Check(name, True, text))

    def unknown(self, name: str, sub_indication: str, text: str) -> None:
        self._add(Check(name, None, text), Indication.INDETERMINATE, sub_indication)

    def failed(self, name: str, sub_indication: str, text: str) -> None:
        self._add(Check(name, False, text), Indication.FAILED, sub_indication)

    def doubtful(self, name: str, sub_indication: str, text: str) -> None:
        """A check that is not met, but proves nothing: shown as failed, counted as unknown."""
        self._add(Check(name, False, text), Indication.INDETERMINATE, sub_indication)

    def _add(self, check: Check, indication: Indication, sub_indication: str) -> None:
        self.checks.append(check)
        if sub_indication not in self.sub_indications:
            self.sub_indications.append(sub_indication)
        if _RANK[indication] > _RANK[self.indication]:
            self.indication, self.sub_indication = indication, sub_indication


_RANK = {Indication.PASSED: 0, Indication.INDETERMINATE: 1, Indication.FAILED: 2}


def worst(signatures: tuple[SignatureReport, ...]) -> Verdict:
    """The verdict that a set of signatures allows; none at all is UNKNOWN."""
    verdicts = {one.verdict for one in signatures}
    if Verdict.INVALID in verdicts:
        return Verdict.INVALID
    if Verdict.UNKNOWN in verdicts or not verdicts:
        return Verdict.UNKNOWN
    return Verdict.VALID


def verdict_of(ok: bool | None) -> Verdict:
    """What one check alone allows."""
    return {True: Verdict.VALID, None: Verdict.UNKNOWN, False: Verdict.INVALID}[ok]


def lowest(verdicts: Iterable[Verdict]) -> Verdict:
    """The worst of several verdicts; of none at all it is UNKNOWN."""
    rank = [Verdict.VALID, Verdict.UNKNOWN, Verdict.INVALID]
    return max(verdicts, key=rank.index, default=Verdict.UNKNOWN)


def with_findings(report: DocumentReport, verdict: Verdict, *texts: str) -> DocumentReport:
    """The report with more findings and a verdict that is not better than before."""
    lower = lowest((report.verdict, verdict))
    return replace(report, verdict=lower, findings=(*report.findings, *texts))


def _plain(value: dict[str, Any]) -> dict[str, Any]:
    """The value in JSON's types; the round trip through text makes tuples lists."""
    text = json.dumps(value, default=_default, ensure_ascii=False)
    plain: dict[str, Any] = json.loads(text)
    return plain


def _default(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(type(value).__name__)


def _card(found: Mapping[str, Any]) -> SignerCard:
    times = {name: _moment(found[name]) for name in ("not_before", "not_after")}
    return SignerCard(**{**found, **times})


def _timestamps(found: Mapping[str, Any]) -> tuple[TimestampReport, ...]:
    return tuple(TimestampReport.from_json(one) for one in found.get("timestamps", ()))


def _status(found: Mapping[str, Any]) -> StatusReport:
    times = {name: _moment(found[name]) for name in ("produced_at", "next_update")}
    return StatusReport(**{**found, **times})


def _moment(value: str | None) -> datetime | None:
    return datetime.fromisoformat(value) if value else None
