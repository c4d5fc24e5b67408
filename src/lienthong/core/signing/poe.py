"""Proofs of existence: what shows that something was there at a time (EN 319 102-1, SG 7.2).

The time a signer claims is never one. Time-stamps are found in the signature and the document; a
caller may know more: a receipt in a log, an evidence record, the time of its own archive.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class PoeKind(StrEnum):
    """By what a time is proved."""

    CHECK = "check"  # by nothing but this check: it exists now
    SIGNATURE_TIMESTAMP = "signature_timestamp"
    DOCUMENT_TIMESTAMP = "document_timestamp"
    LOG = "log"
    EVIDENCE_RECORD = "evidence_record"
    ARCHIVE = "archive"

    @property
    def label(self) -> str:
        return _LABELS[self]


_LABELS = {
    PoeKind.CHECK: "thời điểm kiểm tra",
    PoeKind.SIGNATURE_TIMESTAMP: "dấu thời gian trên chữ ký",
    PoeKind.DOCUMENT_TIMESTAMP: "dấu thời gian của tài liệu",
    PoeKind.LOG: "biên nhận trong nhật ký",
    PoeKind.EVIDENCE_RECORD: "hồ sơ bằng chứng",
    PoeKind.ARCHIVE: "kho lưu trữ",
}


@dataclass(frozen=True, slots=True)
class Poe:
    """Something existed at `at`, proved by `kind`."""

    at: datetime
    kind: PoeKind

    @property
    def is_proved(self) -> bool:
        return self.kind is not PoeKind.CHECK


@dataclass(frozen=True, slots=True)
class KnownPoe:
    """A proof that the caller has checked: bytes with this SHA-256 existed at `at`.

    sha256: hexadecimal; of the whole file, of the file up to the end of a signed revision, of a
    packet's signature, or of one piece of evidence. kind: LOG, EVIDENCE_RECORD or ARCHIVE.
    """

    sha256: str
    at: datetime
    kind: PoeKind = PoeKind.LOG


def earliest(now: datetime, proofs: Iterable[Poe]) -> Poe:
    """The first of the proofs; with none, the thing is only known to exist now."""
    return min(proofs, key=lambda one: one.at, default=Poe(now, PoeKind.CHECK))


def known(poes: Sequence[KnownPoe], sha256: str, now: datetime) -> list[Poe]:
    """The caller's proofs about bytes with this digest; one of the future proves nothing."""
    return [Poe(one.at, one.kind) for one in poes if one.sha256 == sha256 and one.at <= now]
