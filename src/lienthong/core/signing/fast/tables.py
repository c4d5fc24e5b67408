"""The cross-reference tables of a PDF, from the newest revision down, with nothing left to guess.

Every table is read in full, each must end its own revision, and nothing may stand between one
revision's end and the next one's objects but those objects. Linearized files, hybrid files and
encrypted files are left to the reference path.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from lienthong.core.signing.fast.ask import Ask
from lienthong.core.signing.fast.values import (
    Dictionary,
    Ref,
    dictionary_at,
    object_at,
    reference,
    whole_number,
)

SECTIONS_MAX = 12
OBJECTS_MAX = 200_000
_HEADER = re.compile(rb"%PDF-(?:1\.[0-7]|2\.0)(?:\r\n|\n|\r)")
_POINTER = re.compile(rb"startxref(?:\r\n|\n)(\d{1,10})(?:\r\n|\n)%%EOF(?:\r\n|\n|\r)?\Z")
_AFTER = re.compile(rb"startxref(?:\r\n|\n)(\d{1,10})(?:\r\n|\n)%%EOF(\r\n|\n|\r)?")
_TABLE = re.compile(rb"xref(?:\r\n|\n)")
_RANGE = re.compile(rb"(\d{1,10}) (\d{1,10})(?:\r\n| \n|\n)")
_ENTRIES = re.compile(rb"(?:\d{10} \d{5} [nf](?: \n|\r\n| \r))+")
_TRAILER = re.compile(rb"trailer[\t\n\f\r ]*(?=<<)")
_KEYS = {b"/Size", b"/Root", b"/Prev", b"/Info", b"/ID"}
_ENTRY_BYTES = 20


@dataclass(frozen=True, slots=True)
class Run:
    """Consecutive entries of one table: `count` of them from object `first`, text from `at`."""

    first: int
    count: int
    at: int


@dataclass(frozen=True, slots=True)
class Section:
    """One revision's table. start: where it begins; end: after its %%EOF and line break."""

    start: int
    end: int
    runs: tuple[Run, ...]
    size: int
    root: Ref
    previous: int | None

    @property
    def highest(self) -> int:
        last = self.runs[-1]
        return last.first + last.count - 1


@dataclass(frozen=True, slots=True)
class Tables:
    """All sections, newest first."""

    data: bytes
    sections: tuple[Section, ...]

    @property
    def root(self) -> Ref:
        return self.sections[0].root

    def place(self, ref: Ref, *, since: int = 0) -> tuple[int, int]:
        """Offset of an object, and the number of its section. Raises Ask.

        since: look from this section on, which is how the document stood in that revision.
        """
        for number in range(since, len(self.sections)):
            for run in self.sections[number].runs:
                if run.first <= ref.number < run.first + run.count:
                    return self._entry(run, ref), number
        raise Ask("an object is missing")

    def known(self, since: int) -> dict[int, tuple[int, int]]:
        """Object number → its offset and where its revision's table begins, for all in use."""
        found: dict[int, tuple[int, int]] = {}
        for number in range(len(self.sections) - 1, since - 1, -1):
            section = self.sections[number]
            for run in section.runs:
                for position in range(run.count):
                    at = run.at + _ENTRY_BYTES * position
                    if self.data[at + 17 : at + 18] == b"n":
                        offset = int(self.data[at : at + 10])
                        if not self.begin(number) <= offset < section.start:
                            raise Ask("an object stands outside its revision")
                        found[run.first + position] = offset, section.start
                    else:
                        found.pop(run.first + position, None)
        return found

    def _entry(self, run: Run, ref: Ref) -> int:
        at = run.at + _ENTRY_BYTES * (ref.number - run.first)
        entry = self.data[at : at + 18]
        if entry[17:] != b"n" or int(entry[11:16]) != ref.generation:
            raise Ask("an object is free or of another generation")
        return int(entry[:10])

    def object(self, ref: Ref, *, since: int = 0) -> tuple[Dictionary, int, int]:
        """A dictionary object: its value, its offset, its section. Raises Ask."""
        offset, number = self.place(ref, since=since)
        section = self.sections[number]
        begins = self.begin(number)
        if not begins <= offset < section.start:
            raise Ask("an object stands outside its revision")
        return object_at(self.data, ref, offset, section.start), offset, number

    def begin(self, number: int) -> int:
        """Where a revision begins: at the end of the one before."""
        below = number + 1
        return self.sections[below].end if below < len(self.sections) else 0


def read_tables(data: bytes) -> Tables:
    """Read all tables. Raises Ask unless every one of them is plain."""
    if not _HEADER.match(data):
        raise Ask("the header is not at the start")
    tail = _POINTER.search(data, max(0, len(data) - 64))
    if tail is None:
        raise Ask("the file does not end with its startxref")
    sections: list[Section] = []
    at: int | None = int(tail.group(1))
    limit = len(data)
    while at is not None:
        if len(sections) >= SECTIONS_MAX:
            raise Ask("there are many revisions")
        section = _section(data, at, limit)
        _check_order(section, sections, limit)
        sections.append(section)
        at, limit = section.previous, section.start
    highest = max(section.highest for section in sections)
    if highest != sections[0].size - 1:
        raise Ask("Size is not one more than the highest number")
    return Tables(data, tuple(sections))


def _check_order(section: Section, above: list[Section], limit: int) -> None:
    if not above:
        if section.end != limit:
            raise Ask("the newest table is not at the end")
        return
    newer = above[-1]
    if section.size > newer.size or section.root != newer.root:
        raise Ask("revisions do not follow one another")


def _section(data: bytes, at: int, limit: int) -> Section:
    """The table at `at`, its trailer and its end, all of it before `limit`."""
    found = _TABLE.match(data, at, limit)
    if found is None:
        raise Ask("the cross-reference is not a table")
    runs, after = _runs(data, found.end(), limit)
    found = _TRAILER.match(data, after, limit)
    if found is None:
        raise Ask("a table without trailer")
    trailer, after = dictionary_at(data, found.end(), b"startxref", limit)
    if trailer.keys() - _KEYS:
        raise Ask("a trailer with unusual keys")
    found = _AFTER.match(data, after, limit)
    if found is None or int(found.group(1)) != at:
        raise Ask("a revision does not end with its startxref")
    size, root = whole_number(trailer.get(b"/Size")), reference(trailer.get(b"/Root"))
    if max(run.first + run.count for run in runs) > size:
        raise Ask("a table goes beyond Size")
    previous = whole_number(trailer[b"/Prev"]) if b"/Prev" in trailer else None
    if previous is not None and previous >= at:
        raise Ask("a table points forward")
    _check_base(runs, data, previous)
    return Section(at, found.end(), runs, size, root, previous)


def _runs(data: bytes, at: int, limit: int) -> tuple[tuple[Run, ...], int]:
    runs: list[Run] = []
    next_number = 0
    while (found := _RANGE.match(data, at, limit)) is not None:
        first, count = int(found.group(1)), int(found.group(2))
        start = found.end()
        at = start + count * _ENTRY_BYTES
        if not 0 < count <= OBJECTS_MAX or first < next_number or at > limit:
            raise Ask("a table with doubtful numbers")
        if _ENTRIES.fullmatch(data, start, at) is None:
            raise Ask("a table with doubtful entries")
        runs.append(Run(first, count, start))
        next_number = first + count
    if not runs:
        raise Ask("an empty table")
    return tuple(runs), at


def _check_base(runs: tuple[Run, ...], data: bytes, previous: int | None) -> None:
    """The first revision's table is one run from object 0, which is free."""
    if previous is None:
        head = data[runs[0].at : runs[0].at + 18]
        if len(runs) != 1 or runs[0].first != 0 or head != b"0000000000 65535 f":
            raise Ask("the first table is not in one piece")
