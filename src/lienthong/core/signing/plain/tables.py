"""The cross-reference tables of a PDF, from the newest revision down, with nothing left to guess.

Every table is read in full, each must end its own revision, and nothing may stand between one
revision's end and the next one's objects but those objects. Linearized files, hybrid files and
encrypted files are left to the reference path.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from lienthong.core.signing.plain.ask import Ask
from lienthong.core.signing.plain.values import (
    Ref,
    dictionary_at,
    reference,
    whole_number,
)

SECTIONS_MAX = 12
OBJECTS_MAX = 200_000
_HEADER = re.compile(rb"%PDF-(?:1\.[0-7]|2\.0)(?:\r\n|\n|\r)")
_POINTER = re.compile(rb"startxref(?:\r\n|\n)(\d{1,10})(?:\r\n|\n)%%EOF(?:\r\n|\n|\r)?\Z")
_AFTER = re.compile(rb"startxref(?:\r\n|\n)(\d{1,10})(?:\r\n|\n)%%EOF(\r\n|\n|\r)?")
_TABLE = re.compile(rb"xref(?:\r\n|\n)")
_BASE = re.compile(rb"xref(?:\r\n|\n)0 (\d{1,10})(?:\r\n| \n|\n)0000000000 65535 f")
_RANGE = re.compile(rb"(\d{1,10}) (\d{1,10})(?:\r\n| \n|\n)")
_ENTRY = re.compile(rb"(\d{10}) (\d{5}) ([nf])(?: \n|\r\n| \r)")
_TRAILER = re.compile(rb"trailer[\t\n\f\r ]*(?=<<)")
_KEYS = {b"/Size", b"/Root", b"/Prev", b"/Info", b"/ID"}
_ENTRY_BYTES = 20


@dataclass(frozen=True, slots=True)
class Section:
    """One revision's table. start: where it begins; end: after its %%EOF and line break.

    entries: object number → offset, of those in use; freed: numbers of those that are not. highest:
    the highest number of both. All objects in use are of generation 0.
    """

    start: int
    end: int
    entries: dict[int, int]
    freed: frozenset[int]
    highest: int
    size: int
    root: Ref
    info: Ref | None
    previous: int | None


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
            section = self.sections[number]
            offset = section.entries.get(ref.number)
            if offset is not None and ref.generation == 0:
                return offset, number
            if ref.number in section.freed:
                break
        raise Ask("an object is missing, free or of another generation")

    def known(self, since: int) -> dict[int, int]:
        """Object number → its offset, for all in use in that revision."""
        found: dict[int, int] = {}
        for section in reversed(self.sections[since:]):
            for number in section.freed:
                found.pop(number, None)
            found.update(section.entries)
        return found

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
    tables = Tables(data, tuple(sections))
    for number, section in enumerate(sections):
        offsets = section.entries.values()
        if offsets and not tables.begin(number) <= min(offsets) <= max(offsets) < section.start:
            raise Ask("an object stands outside its revision")
    return tables


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
    entries, freed, after = _entries(data, found.end(), limit)
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
    highest = max(max(entries, default=0), max(freed, default=0))
    if highest >= size:
        raise Ask("a table goes beyond Size")
    previous = whole_number(trailer[b"/Prev"]) if b"/Prev" in trailer else None
    if previous is not None and previous >= at:
        raise Ask("a table points forward")
    if previous is None:
        base = _BASE.match(data, at)
        if base is None or int(base.group(1)) != highest + 1:
            raise Ask("the first table is not in one piece")
    info = reference(trailer[b"/Info"]) if b"/Info" in trailer else None
    return Section(at, found.end(), entries, freed, highest, size, root, info, previous)


def _entries(data: bytes, at: int, limit: int) -> tuple[dict[int, int], frozenset[int], int]:
    """What a table says of objects in use and of free ones, and where it ends."""
    entries: dict[int, int] = {}
    freed: list[int] = []
    next_number = 0
    while (found := _RANGE.match(data, at, limit)) is not None:
        first, count = int(found.group(1)), int(found.group(2))
        start = found.end()
        at = start + count * _ENTRY_BYTES
        if not 0 < count <= OBJECTS_MAX or first < next_number or at > limit:
            raise Ask("a table with doubtful numbers")
        rows = _ENTRY.findall(data, start, at)
        if len(rows) != count:
            raise Ask("a table with doubtful entries")
        for number, (offset, generation, kind) in enumerate(rows, first):
            if kind == b"f":
                freed.append(number)
            elif generation == b"00000":
                entries[number] = int(offset)
            else:
                raise Ask("an object of another generation")
        next_number = first + count
    if not next_number:
        raise Ask("an empty table")
    return entries, frozenset(freed), at
