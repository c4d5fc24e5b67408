"""Check a whole log from outside: every tile, every entry, against a head seen before (TM-A-05).

Pure: what is fetched comes through `Fetch`. The auditor believes the log's key and what it has seen
itself, nothing else. A finding is something that the log's owner has to explain; what could not be
fetched is a Problem of whoever fetches and never a good answer.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from lienthong.core.errors import Problem
from lienthong.core.tlog.cosignatures import Cosignature, cosignatures
from lienthong.core.tlog.hashing import EMPTY_ROOT, HASH_SIZE_BYTES, leaf_hash
from lienthong.core.tlog.notes import Checkpoint, CheckpointInvalid, verify_checkpoint
from lienthong.core.tlog.paths import entries_path, tile_path
from lienthong.core.tlog.proofs import ProofInvalid, verify_consistency
from lienthong.core.tlog.tiles import (
    TILE_WIDTH,
    TileInvalid,
    Tree,
    split_bundle,
    tile_root,
)

FINDINGS_MAX = 100
TILES_REMEMBERED = 4096

Fetch = Callable[[str], bytes | None]
"""Give the bytes at a path below the log's address; None when the log says there are none."""


class StateInvalid(Problem):
    """The file with what the auditor saw last cannot be read, or is about another log."""

    code = "tlog.state_invalid"
    status = 422
    text = "Tệp trạng thái kiểm toán không đọc được hoặc của nhật ký khác: {reason}."


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that does not hold. `index`: the first entry it concerns, if it is about one."""

    code: str
    text: str
    index: int | None = None

    def to_json(self) -> dict[str, Any]:
        return {"code": self.code, "text": self.text, "index": self.index}


@dataclass(frozen=True, slots=True)
class Seen:
    """What an auditor keeps: the newest head that held, as the log signed it."""

    origin: str
    size: int
    root: bytes
    note: str

    def to_json(self) -> str:
        facts = {"origin": self.origin, "size": self.size, "root": self.root.hex()}
        return json.dumps({**facts, "checkpoint": self.note}, ensure_ascii=False, indent=1) + "\n"


@dataclass(slots=True)
class LogReport:
    """What an audit came to. `ok` when nothing was found and the head could be read."""

    checkpoint: Checkpoint | None = None
    note: str = ""
    since: int = 0
    tiles: int = 0
    entries: int = 0
    cosignatures: tuple[Cosignature, ...] = ()
    findings: list[Finding] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return self.checkpoint is not None and not self.findings

    @property
    def seen(self) -> Seen | None:
        """What to remember; None when something was found."""
        if not self.ok or self.checkpoint is None:
            return None
        head = self.checkpoint
        return Seen(head.origin, head.size, head.root, self.note)

    def find(self, code: str, text: str, index: int | None = None) -> None:
        if len(self.findings) < FINDINGS_MAX:
            self.findings.append(Finding(code, text, index))


def read_seen(text: str) -> Seen:
    """Read what `Seen.to_json` wrote. Raises StateInvalid."""
    try:
        facts = json.loads(text)
        root = bytes.fromhex(facts["root"])
        seen = Seen(str(facts["origin"]), int(facts["size"]), root, str(facts["checkpoint"]))
    except (ValueError, KeyError, TypeError) as error:
        raise StateInvalid(reason=type(error).__name__) from error
    if len(seen.root) != HASH_SIZE_BYTES or seen.size < 0:
        raise StateInvalid(reason="root, size")
    return seen


def audit(
    fetch: Fetch,
    key: Ed25519PublicKey,
    *,
    seen: Seen | None = None,
    witnesses: Mapping[str, Ed25519PublicKey] | None = None,
    whole: bool = True,
    old_entries: Sequence[range] = (),
) -> LogReport:
    """Check a log and return what was found.

    key: the log's key. seen: the head of the last audit, which must be a beginning of the log now.
    witnesses: keys by name, whose cosignatures are checked when they are there. whole: every entry;
    otherwise those after `seen`, and of the earlier ones those in `old_entries`.
    """
    report = LogReport(since=seen.size if seen else 0)
    if not _read_head(fetch, key, seen, witnesses or {}, report) or report.checkpoint is None:
        return report
    head = report.checkpoint
    tiles = FetchedTiles(fetch, head.size)
    try:
        tree = Tree(tiles, head.size)
        if head.size and tree.root() != head.root:
            report.find("root_differs", "Các mảnh của nhật ký không cho ra gốc đã ký.")
            _compare_levels(tiles, report)
        elif seen is not None and not _grew(tree, seen, head, report):
            return report
    except TileInvalid as problem:
        report.find("tile_missing", problem.sentence)
        return report
    first = 0 if whole or seen is None else seen.size
    for start, stop in _ranges(first, head.size, old_entries):
        if start < stop:
            _check_range(tiles, start, stop, report)
    report.tiles = tiles.fetched
    return report


def _ranges(first: int, size: int, old: Sequence[range]) -> Iterator[tuple[int, int]]:
    for each in old:
        yield min(each.start, first), min(each.stop, first)
    yield first, size


def _read_head(
    fetch: Fetch,
    key: Ed25519PublicKey,
    seen: Seen | None,
    witnesses: Mapping[str, Ed25519PublicKey],
    report: LogReport,
) -> bool:
    """Read and check the checkpoint. False when nothing can be checked with it."""
    raw = fetch("checkpoint")
    if raw is None:
        report.find("checkpoint_missing", "Nhật ký không có điểm kiểm tra.")
        return False
    try:
        note = raw.decode("utf-8")
        origin = seen.origin if seen else note.partition("\n")[0]
        report.checkpoint = verify_checkpoint(note, key, origin)
        report.note = note
        report.cosignatures = cosignatures(note, witnesses)
    except UnicodeDecodeError:
        report.find("checkpoint_invalid", "Điểm kiểm tra không phải văn bản UTF-8.")
        return False
    except CheckpointInvalid as problem:
        reason = problem.facts.get("reason", "")
        report.find("checkpoint_invalid", f"{problem.sentence} ({reason})")
        return report.checkpoint is not None
    return True


def _grew(tree: Tree, seen: Seen, head: Checkpoint, report: LogReport) -> bool:
    """Whether the log now begins with the head seen before."""
    if head.size < seen.size:
        text = f"Nhật ký bị lùi: đã thấy {seen.size} mục, nay chỉ còn {head.size} mục."
        report.find("rolled_back", text, head.size)
        return False
    if seen.size == 0:
        return seen.root == EMPTY_ROOT
    try:
        proof = tree.consistency_proof(seen.size)
        verify_consistency(seen.size, head.size, proof, seen.root, head.root)
    except ProofInvalid:
        text = f"Nhật ký rẽ nhánh: {head.size} mục nay không nối tiếp {seen.size} mục đã thấy."
        report.find("forked", text)
        return False
    return True


def _check_range(tiles: FetchedTiles, start: int, stop: int, report: LogReport) -> None:
    """Check level-0 tiles and entry bundles of the leaves from `start` up to `stop`."""
    for index in range(start // TILE_WIDTH, -(-stop // TILE_WIDTH)):
        width = min(TILE_WIDTH, tiles.size - index * TILE_WIDTH)
        try:
            row = tiles.read(0, index)
        except TileInvalid as problem:
            report.find("tile_missing", problem.sentence, index * TILE_WIDTH)
            continue
        _check_parents(tiles, index, row, report)
        bundle = tiles.fetch(entries_path(index, width))
        _check_bundle(bundle, row, index * TILE_WIDTH, width, report)


def _check_parents(tiles: FetchedTiles, index: int, row: bytes, report: LogReport) -> None:
    """A full tile is one hash of the tile above it, and so on upwards."""
    level = 0
    while len(row) == TILE_WIDTH * HASH_SIZE_BYTES:
        parent, place = divmod(index, TILE_WIDTH)
        try:
            above = tiles.read(level + 1, parent)
        except TileInvalid as problem:
            report.find("tile_missing", problem.sentence)
            return
        if above[place * HASH_SIZE_BYTES : (place + 1) * HASH_SIZE_BYTES] != tile_root(row):
            first = index * TILE_WIDTH ** (level + 1)
            text = f"Mảnh {level}/{index} không khớp với mảnh ở cấp trên."
            report.find("tile_differs", text, first)
            return
        if place != TILE_WIDTH - 1:
            return  # the tile above is checked once, below its last hash
        level, index, row = level + 1, parent, above


def _compare_levels(tiles: FetchedTiles, report: LogReport) -> None:
    """Say which tiles do not fit, when the root does not."""
    for index in range(tiles.size // TILE_WIDTH):
        try:
            _check_parents(tiles, index, tiles.read(0, index), report)
        except TileInvalid as problem:
            report.find("tile_missing", problem.sentence, index * TILE_WIDTH)


def _check_bundle(
    bundle: bytes | None, row: bytes, first: int, width: int, report: LogReport
) -> None:
    if bundle is None:
        report.find("entries_missing", f"Không có các mục từ số {first}.", first)
        return
    try:
        entries = split_bundle(bundle)
    except ValueError:
        report.find("entries_invalid", f"Các mục từ số {first} không đọc được.", first)
        return
    if len(entries) != width:
        text = f"Có {len(entries)} mục từ số {first}, đáng lẽ {width}."
        report.find("entries_missing", text, first + min(len(entries), width))
    for place, entry in enumerate(entries[:width]):
        wanted = row[place * HASH_SIZE_BYTES : (place + 1) * HASH_SIZE_BYTES]
        if leaf_hash(entry) != wanted:
            _tell_entry(entry, first + place, report)
    report.entries += min(len(entries), width)


def _tell_entry(entry: bytes, index: int, report: LogReport) -> None:
    if entry:
        report.find("entry_changed", f"Mục số {index} khác với khi vào nhật ký.", index)
    else:
        report.find("entry_removed", f"Mục số {index} không còn.", index)


class FetchedTiles:
    """Tiles of a log of that size, fetched by their names; the last ones are remembered."""

    def __init__(self, fetch: Fetch, size: int) -> None:
        self.fetch = fetch
        self.size = size
        self._known: dict[tuple[int, int], bytes] = {}
        self.fetched = 0

    def read(self, level: int, index: int) -> bytes:
        """Raises TileInvalid when the log does not have the tile whole."""
        found = self._known.get((level, index))
        if found is None:
            found = self._whole(level, index)
            if len(self._known) >= TILES_REMEMBERED:
                self._known.pop(next(iter(self._known)))
            self._known[level, index] = found
        return found

    def _whole(self, level: int, index: int) -> bytes:
        there = (self.size >> (8 * level)) - index * TILE_WIDTH
        width = min(TILE_WIDTH, there)
        if width <= 0:
            raise TileInvalid(level=level, index=index)
        found = self.fetch(tile_path(level, index, width))
        if found is None and width < TILE_WIDTH:  # a log may drop partial tiles that became full
            found = self.fetch(tile_path(level, index))
        if found is None or len(found) < width * HASH_SIZE_BYTES:
            raise TileInvalid(level=level, index=index)
        self.fetched += 1
        return found[: width * HASH_SIZE_BYTES]
