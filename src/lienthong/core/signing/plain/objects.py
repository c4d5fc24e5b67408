"""The objects of a document: written plainly, each in its place, every reference leading somewhere.

Validators look through the whole document, each with a parser of its own. A byte that one of them
takes for a space and another does not, a key twice, a stream that is not as long as it says, or a
reference to nothing, would make them see different documents.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

from lienthong.core.signing.pdf_packed import HEAD_MAX, LZW, allowance, check_known
from lienthong.core.signing.plain.ask import Ask
from lienthong.core.signing.plain.tables import Section, Tables, read_tables
from lienthong.core.signing.plain.values import (
    HEX_MAX,
    SPACES,
    Dictionary,
    Ref,
    array_of,
    dictionary_of,
    pattern_of_values,
    reference,
    whole_number,
)
from lienthong.core.signing.problems import PdfBroken

DEPTH_MAX = 4
OBJECTS_MAX = 5000
PAGES_MAX = 5000
_LITERAL = re.compile(rb"\([^()\\\r]*+(?:\\[^\r\n][^()\\\r]*+)*+\)")
_NAMES = re.compile(rb"/[A-Za-z0-9_.+-]+")
_HEX = re.compile(rb"<[0-9A-Fa-f]*+>")
_INNERMOST = re.compile(rb"<<([^<>]*+)>>")
_ARRAY = re.compile(rb"\[[^\[\]]*+\]")
# A key and its value: a name, or all up to the next key (strings and what has parts are cut out).
_KEYS = re.compile(rb"(/[A-Za-z0-9_.+-]++)[\t\n\f\r ]*+(?:/[A-Za-z0-9_.+-]++|[^/]*+)")
# In a plain text every number, number, R is a reference: none begins inside a longer number.
_REFERENCES = re.compile(rb"\d++[\t\n\f\r ]++\d++[\t\n\f\r ]++R")
_LENGTH = re.compile(rb"/Length[\t\n\f\r ]+(\d{1,10})([\t\n\f\r ]+0[\t\n\f\r ]+R)?")
_NUMBER = rb"[+-]?\d++(?:\.\d++)?"
_BOX = re.compile(rb"\[ *+" + _NUMBER + rb"(?:[\t\n\f\r ]++" + _NUMBER + rb"){3} *+\]")
_FILE = re.compile(rb"/F(?![A-Za-z0-9_.+-])")  # a stream's content in another file
_STREAM_END = re.compile(rb"(?:\r\n|\n|\r)?endstream[\t\n\f\r ]+endobj(?=[\t\n\f\r ])")
_CONTENT = 3
_HEADER = re.compile(rb"%[^\r\n]*(?:\r\n|\n|\r)(?:%[^\r\n]*(?:\r\n|\n|\r))?")
_SPACE = b"\t\n\f\r "
# A long string is taken up to its end; its digits are looked at afterwards, which is much faster.
_LONG = rb"<(?!<)[^>]{%d,}+>" % (HEX_MAX + 1)
_LONG_FOUND = re.compile(rb"(?<!<)<(?!<)([^>]{%d,}+)>" % (HEX_MAX + 1))


class Plain(NamedTuple):
    """An object as it stands in the file.

    text: its value, a stream's dictionary; long hexadecimal strings are empty in it, which `is_cut`
    tells: two such texts may be equal and their objects not. begin: where the object begins.
    content: where a stream's content begins, 0 for what is no stream. end: after the word "endobj"
    or "stream". head: how long the value is in the file.
    """

    number: int
    text: bytes
    begin: int
    content: int
    end: int
    head: int

    @property
    def is_cut(self) -> bool:
        return len(self.text) != self.head


class Objects:
    """The objects of a file, each read at most once."""

    def __init__(self, tables: Tables) -> None:
        self.tables = tables
        self._read: dict[int, Plain] = {}  # by offset
        self._values: dict[int, Dictionary] = {}

    def at(self, number: int, offset: int, limit: int) -> Plain:
        """The object at `offset`, which ends before `limit`. Raises Ask unless it is plain."""
        plain = self._read.get(offset)
        if plain is None:
            plain = self._read[offset] = _plain(self.tables.data, offset, limit)
        if plain.number != number:
            raise Ask("an object is not where the table says")
        return plain

    def get(self, ref: Ref, *, since: int = 0) -> tuple[Plain, int]:
        """An object, and the number of its revision. Raises Ask."""
        offset, section = self.tables.place(ref, since=since)
        return self.at(ref.number, offset, self.tables.sections[section].start), section

    def dictionary(self, ref: Ref, *, since: int = 0) -> Dictionary:
        """The value of an object that is a dictionary and no stream. Raises Ask."""
        found, _ = self.get(ref, since=since)
        value = self._values.get(found.begin)
        if value is None:
            if found.content:
                raise Ask("a stream in place of a dictionary")
            value = self._values[found.begin] = dictionary_of(found.text)
        return value

    def check_all(self) -> None:
        """Raise Ask unless the file is plain objects from end to end, whose references lead to what
        was there then, and of which no stream unpacks too far.

        Then every stream is known, also what was written again later, and what looks like one in
        the content of another is none: no table leads there.
        """
        tables = self.tables
        if sum(len(section.entries) for section in tables.sections) > OBJECTS_MAX:
            raise Ask("very many objects")
        streams: list[Plain] = []
        targets: set[bytes] = set()
        for place in range(len(tables.sections) - 1, -1, -1):
            section = tables.sections[place]
            found = [
                self.at(number, offset, section.start) for number, offset in section.entries.items()
            ]
            text = b"\n".join([one.text for one in found])
            for one in found:
                if _repeats(_NAMES.findall(one.text)):
                    _check_keys(one.text)
            if LZW in text:
                raise Ask("a stream in an old packing")
            targets.update(_REFERENCES.findall(text))
            if section.info is not None:
                targets.add(b"%d %d R" % section.info)
            ends = [self._end(one, section) if one.content else one.end for one in found]
            streams += [one for one in found if one.content]
            spans = [(one.begin, end) for one, end in zip(found, ends, strict=True)]
            self._check_between(place, spans)
            _check_targets(targets, tables.known(place))
        _check_streams(tables.data, streams)

    def _end(self, one: Plain, section: Section) -> int:
        """Where a stream object ends. Raises Ask when it is not as long as it says."""
        lengths = _LENGTH.findall(one.text)
        if len(lengths) != 1 or _FILE.search(one.text):
            raise Ask("a stream without one length, or with its content elsewhere")
        length, elsewhere = lengths[0]
        if elsewhere:
            length = self.get(Ref(int(length), 0))[0].text
        end = one.content + whole_number(length)
        found = _STREAM_END.match(self.tables.data, end, section.start)
        if found is None:
            raise Ask("a stream is not as long as it says")
        return found.end()

    def _check_between(self, place: int, spans: list[tuple[int, int]]) -> None:
        """Raise Ask unless a revision is its objects one after another, and nothing else."""
        data, at = self.tables.data, self.tables.begin(place)
        if at == 0 and (header := _HEADER.match(data)) is not None:
            at = header.end()
        for begin, end in sorted(spans):
            if begin < at or data[at:begin].strip(SPACES):
                raise Ask("something stands between objects")
            at = end
        if data[at : self.tables.sections[place].start].strip(SPACES):
            raise Ask("something stands after the objects")


def _plain(data: bytes, offset: int, limit: int) -> Plain:
    found = _object().match(data, offset, limit)
    if found is None:
        raise Ask("an object is not written plainly")
    number, text = found.group(1, 2)
    head = len(text)
    if head > HEX_MAX:
        text = _LONG_FOUND.sub(_emptied, text)
    end = found.end()
    return Plain(int(number), text, offset, end if found.lastindex == _CONTENT else 0, end, head)


def _emptied(found: re.Match[bytes]) -> bytes:
    """An empty string in place of a long one, when that is hexadecimal. Raises Ask."""
    try:
        binascii.unhexlify(found.group(1))
    except binascii.Error as error:
        raise Ask("a long string is not hexadecimal") from error
    return b"<>"


def _check_targets(targets: set[bytes], known: Mapping[int, int]) -> None:
    """Raise Ask unless every reference in `targets`, as written, leads to an object."""
    unknown = targets.difference([b"%d 0 R" % number for number in known])
    for one in unknown:
        number, generation, _ = one.split()
        if int(number) not in known or generation != b"0":
            raise Ask("a reference to nothing")


def _check_streams(data: bytes, streams: list[Plain]) -> None:
    """Raise Ask unless none of the streams holds objects or unpacks too far (SG 11, R34)."""
    left = allowance(data)
    for one in streams:
        if one.head > HEAD_MAX or any(word in one.text for word in (b"obj", b"ObjStm", b"XRef")):
            raise Ask("a stream that may hold objects, or with an unusual dictionary")
        try:
            left = check_known(one.text, data, one.content, left)
        except PdfBroken as error:
            raise Ask("a stream unpacks too far") from error


def _check_keys(text: bytes) -> None:
    """Raise Ask when a dictionary at any depth has a key twice: not only a name, as the same name
    may be a value, or a key in another dictionary."""
    text = _HEX.sub(b"0", _LITERAL.sub(b"0", text))
    while innermost := _INNERMOST.findall(text):
        for one in innermost:
            _check_level(one)
        text = _INNERMOST.sub(b"0", text)


def _check_level(inside: bytes) -> None:
    """Raise Ask when a dictionary without others in it has a key twice."""
    while _ARRAY.search(inside):
        inside = _ARRAY.sub(b"0", inside)
    if _repeats(_KEYS.findall(inside)):
        raise Ask("a dictionary has a key twice")


def _repeats(names: list[bytes]) -> bool:
    return len(set(names)) != len(names)


def is_plain(data: bytes) -> bool:
    """Whether a file is plain objects from end to end (`Objects.check_all`)."""
    try:
        Objects(read_tables(data)).check_all()
    except Ask:
        return False
    return True


def check_pages(objects: Objects, top: Ref) -> None:
    """Raise Ask unless the pages are one plain tree, each page and node met once (R34).

    top: what the catalog names as Pages.
    """
    waiting: list[tuple[Ref, Ref | None, bool]] = [(top, None, False)]
    met: set[Ref] = set()
    pages = 0
    while waiting:
        ref, above, has_all = waiting.pop()
        node = objects.dictionary(ref)
        if ref in met or len(met) > PAGES_MAX:
            raise Ask("a page twice, or very many")
        met.add(ref)
        if (reference(node[b"/Parent"]) if b"/Parent" in node else None) != above:
            raise Ask("a page with another parent")
        has_all = has_all or _has_all(node, objects)
        if node.get(b"/Type") == b"/Page" and has_all:
            pages += 1
        elif node.get(b"/Type") == b"/Pages":
            kids = array_of(node.get(b"/Kids"))
            waiting += [(reference(kid), ref, has_all) for kid in kids]
        else:
            raise Ask("a page that does not say so, or lacks something")
    if not pages or pages != whole_number(objects.dictionary(top).get(b"/Count")):
        raise Ask("not as many pages as the tree says")


def _has_all(node: Dictionary, objects: Objects) -> bool:
    """Whether resources and size of pages stand here, of the kinds that they must be."""
    resources, box = node.get(b"/Resources", b""), node.get(b"/MediaBox", b"")
    if resources[-1:] == b"R":
        resources = objects.get(reference(resources))[0].text
    return resources[:2] == b"<<" and _BOX.fullmatch(box) is not None


def check_on_page(objects: Objects, field: Ref) -> None:
    """Raise Ask unless the page that `field` names as its own lists it."""
    page = objects.dictionary(reference(objects.dictionary(field).get(b"/P")))
    listed = page.get(b"/Annots", b"")
    if listed[:1] != b"[" or field not in [reference(one) for one in array_of(listed)]:
        raise Ask("a field is not on its page")


@cache
def _object() -> re.Pattern[bytes]:
    """An object of generation 0, up to its end or to the content of its stream (group _CONTENT)."""
    space = rb"[\t\n\f\r ]"
    return re.compile(
        rb"(\d{1,10}) 0 obj" + space + rb"*+(" + pattern_of_values(DEPTH_MAX, _LONG) + rb")" + space
        + rb"*+(?:endobj(?=" + space + rb")|stream\r?\n())"
    )  # fmt: skip
