"""An audit of a node's log with all that a node tells beside the tree: witnesses, stamps, rows.

`tlog.audit` checks tiles and entries. Here come the largest checkpoint that others signed, the
RFC 3161 time-stamps on checkpoints, and what the node's own software says about the rows behind the
log. None of these paths is of C2SP: a log that lacks them is not worse for it.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from lienthong.core import tlog
from lienthong.core.signing.report import Verdict
from lienthong.core.signing.trust import Trust
from lienthong.core.signing.tsp import check_token

LOG_LABEL = "log"
WITNESS_LABEL = "witness-"
JOURNAL = "journal-log"


@dataclass(frozen=True, slots=True)
class Rows:
    """How the rows behind a log stand against it, looked at now.

    size: entries of the log. rows: rows with a place in it. waiting: rows that should be in it by
    now. false: rows that nobody entitled wrote.
    """

    size: int
    rows: int
    waiting: int = 0
    false: int = 0

    def findings(self) -> Iterator[tuple[str, str]]:
        """What does not hold, as (code, Vietnamese sentence)."""
        if self.rows != self.size:
            yield "rows_outside", f"Có {self.rows} dòng dữ liệu cho {self.size} mục nhật ký."
        if self.waiting:
            yield "rows_waiting", f"{self.waiting} dòng dữ liệu chưa vào nhật ký dù đã quá hạn."
        if self.false:
            yield "rows_false", f"{self.false} dòng dữ liệu không do phần mềm của nút ghi."


@dataclass(frozen=True, slots=True)
class StampCheck:
    """A time-stamp on a checkpoint. verdict None: there is none yet, the authority was away."""

    size: int
    wanted_at: str
    verdict: Verdict | None
    at: datetime | None = None

    def to_json(self) -> dict[str, Any]:
        return {
            "size": self.size,
            "wanted_at": self.wanted_at,
            "verdict": self.verdict.value if self.verdict else "WAITING",
            "at": self.at.isoformat() if self.at else None,
        }


@dataclass(slots=True)
class Audit:
    """The report of the log itself, and what stands beside it."""

    log: tlog.LogReport
    witnessed: tlog.Checkpoint | None = None
    cosignatures: tuple[tlog.Cosignature, ...] = ()
    stamps: list[StampCheck] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return self.log.ok


def log_key(trust: Trust, origin: str) -> Ed25519PublicKey | None:
    """The key of the log of that origin: keys/journal-NODE.pub of a node's journal, else
    keys/log.pub, the key of the axis."""
    node, _, name = origin.partition("/")
    if name == JOURNAL:
        return trust.keys.get(f"journal-{node}")
    return trust.keys.get(LOG_LABEL)


def witnesses_in(trust: Trust) -> dict[str, Ed25519PublicKey]:
    """The witnesses whose keys the trust holds (keys/witness-NODE.pub), by the name they sign."""
    return {
        f"{label.removeprefix(WITNESS_LABEL)}/witness": key
        for label, key in trust.keys.items()
        if label.startswith(WITNESS_LABEL)
    }


def audit_log(
    fetch: tlog.Fetch,
    key: Ed25519PublicKey,
    *,
    at: datetime,
    trust: Trust | None = None,
    seen: tlog.Seen | None = None,
    whole: bool = True,
    old_entries: Sequence[range] = (),
) -> Audit:
    """Check a log and what its node tells beside it, at the time `at`.

    trust: knows the witnesses and the time-stamp authorities; without it neither can be judged.
    The other arguments are those of `tlog.audit`.
    """
    witnesses = witnesses_in(trust) if trust else {}
    report = tlog.audit(
        fetch, key, seen=seen, witnesses=witnesses, whole=whole, old_entries=old_entries
    )
    found = Audit(report, cosignatures=report.cosignatures)
    if report.checkpoint is None:
        return found
    heads = _Heads(tlog.FetchedTiles(fetch, report.checkpoint.size), report, key)
    _check_witnessed(fetch, heads, witnesses, found)
    _check_stamps(fetch, heads, trust, at, found)
    for code, text in told_rows(fetch):
        report.find(code, text)
    return found


class _Heads:
    """Earlier heads of one log, checked to be its beginnings."""

    def __init__(
        self, tiles: tlog.FetchedTiles, report: tlog.LogReport, key: Ed25519PublicKey
    ) -> None:
        self._tiles = tiles
        self._report = report
        self._key = key

    def check(self, note: str) -> tlog.Checkpoint | None:
        """The checkpoint in the note, when the log is its continuation; else a finding."""
        origin = self._report.checkpoint.origin if self._report.checkpoint else ""
        try:
            head = tlog.verify_checkpoint(note, self._key, origin)
            if head.size > self._tiles.size:
                text = f"Nhật ký bị lùi: đã ký {head.size} mục, nay còn {self._tiles.size} mục."
                self._report.find("rolled_back", text, self._tiles.size)
                return None
            if tlog.root(self._tiles, head.size) != head.root:
                text = f"Nhật ký rẽ nhánh so với đầu {head.size} mục đã ký trước đây."
                self._report.find("forked", text)
                return None
        except tlog.CheckpointInvalid as problem:
            self._report.find("checkpoint_invalid", problem.sentence)
            return None
        except tlog.TileInvalid as problem:
            self._report.find("tile_missing", problem.sentence)
            return None
        return head


def _check_witnessed(
    fetch: tlog.Fetch, heads: _Heads, witnesses: Mapping[str, Ed25519PublicKey], found: Audit
) -> None:
    """The largest checkpoint that others signed must be a beginning of the log."""
    raw = fetch("witnessed")
    if raw is None:
        return
    note = raw.decode("utf-8", "replace")
    found.witnessed = heads.check(note)
    if found.witnessed is None:
        return
    try:
        found.cosignatures = tlog.cosignatures(note, witnesses)
    except tlog.CheckpointInvalid as problem:
        found.log.find("cosignature_wrong", problem.sentence)


def _check_stamps(
    fetch: tlog.Fetch, heads: _Heads, trust: Trust | None, at: datetime, found: Audit
) -> None:
    raw = fetch("timestamps")
    if raw is None:
        return
    try:
        told = json.loads(raw)["timestamps"]
        for each in told:
            found.stamps.append(_stamp(each, heads, trust, at, found.log))
    except (ValueError, KeyError, TypeError, AttributeError):
        found.log.find("timestamps_unreadable", "Danh sách dấu thời gian không đọc được.")


def _stamp(
    told: Mapping[str, Any],
    heads: _Heads,
    trust: Trust | None,
    at: datetime,
    report: tlog.LogReport,
) -> StampCheck:
    note, wanted = str(told["checkpoint"]), str(told["wanted_at"])
    head = heads.check(note)
    size = head.size if head else int(told["size"])
    if told["token"] is None:
        return StampCheck(size, wanted, None)
    if trust is None:
        return StampCheck(size, wanted, Verdict.UNKNOWN)
    token = base64.b64decode(told["token"], validate=True)
    stamp = check_token(
        token, lambda name: hashlib.new(name, note.encode()).digest(), trust=trust, at=at
    )
    verdict = Verdict.VALID if stamp.is_good else Verdict.UNKNOWN
    if stamp.is_false:
        verdict = Verdict.INVALID
        report.find("timestamp_invalid", f"Dấu thời gian của đầu {size} mục không hợp lệ.")
    return StampCheck(size, wanted, verdict, stamp.at)


def told_rows(fetch: tlog.Fetch) -> list[tuple[str, str]]:
    """What the node's own software finds about the rows behind its log."""
    raw = fetch("rows")
    if raw is None:
        return []
    try:
        facts = json.loads(raw)
        rows = Rows(**{name: int(facts[name]) for name in ("size", "rows", "waiting", "false")})
    except (ValueError, KeyError, TypeError):
        return [("rows_unreadable", "Nút không nói được các dòng dữ liệu khớp với nhật ký.")]
    return list(rows.findings())
