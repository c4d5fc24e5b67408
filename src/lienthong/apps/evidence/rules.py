"""Names, terms and small decisions of evidence: no rows read or written."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from lienthong.core.errors import Problem

SUBMIT_EVERY = timedelta(minutes=1)
AUDIT_EVERY = timedelta(minutes=2)
STAMP_EVERY = timedelta(hours=1)
SILENT_AFTER = timedelta(minutes=10)
"""A log or a witness that did not answer for so long is an alarm of its own (TM-A-05)."""
SWEEP_ENTRIES = 100_000
"""Entries of a log that one audit reads again, besides the new ones; the next goes on there."""
STAMPS_SHOWN = 50


class LogNotFound(Problem):
    """This node has no log of that name."""

    code = "evidence.log_not_found"
    status = 404
    text = "Không có nhật ký hoặc mảnh nhật ký này."


class LogAway(Problem):
    """A log could not be read: nothing can be said about it."""

    code = "evidence.log_away"
    status = 503
    text = "Không đọc được nhật ký ở {url}: {reason}."


class WitnessAway(Problem):
    """A witness did not answer, or not with a cosignature."""

    code = "evidence.witness_away"
    status = 503
    text = "Nhân chứng {name} không trả lời hoặc trả lời sai: {reason}."


class WitnessKeyWrong(Problem):
    """What was given is no key of a witness, or of a log."""

    code = "evidence.key_wrong"
    status = 422
    text = "Khóa “{key}” không phải khóa công khai của {wanted}."


class LogTampered(Problem):
    """The rows of one of this node's own logs make no tree."""

    code = "evidence.log_tampered"
    status = 500
    text = "Các mảnh của nhật ký “{name}” trong cơ sở dữ liệu không còn nguyên vẹn."


@dataclass(frozen=True, slots=True)
class IncidentFound:
    """An alarm was raised about a log; told once for each incident."""

    incident_id: int
    origin: str
    kind: str
    text: str
    at: datetime


def witness_name(node: str) -> str:
    """The name under which a node cosigns."""
    return f"{node}/witness"


def log_origin(node: str, log: str) -> str:
    """The origin line of a log of a node."""
    return f"{node}/{log}-log"


def trust_label(kind: str, node: str) -> str:
    """The name of a published key in the trust folder: keys/<label>.pub."""
    return f"{kind}-{node}"
