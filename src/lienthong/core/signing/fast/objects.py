"""Whether every object of a document is written plainly and every reference in it leads somewhere.

Validators look through the whole document, each with a parser of its own. A byte that one of them
takes for a space and another does not, a key twice, a stream that is not as long as it says, or a
reference to nothing, would make them see different documents.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from lienthong.core.signing.fast.ask import Ask
from lienthong.core.signing.fast.tables import Tables
from lienthong.core.signing.fast.values import (
    REFERENCE,
    Dictionary,
    Ref,
    array_of,
    dictionary_of,
    pattern_of_values,
    reference,
    whole_number,
)
from lienthong.core.signing.pdf_packed import allowance, check_stream
from lienthong.core.signing.problems import PdfBroken

DEPTH_MAX = 4
OBJECTS_MAX = 5000
PAGES_MAX = 5000
_LONG_HEX = re.compile(rb"<[0-9A-Fa-f]{64,}+>")
_LITERAL = re.compile(rb"\([^()\\\r]*+(?:\\[^\r\n][^()\\\r]*+)*+\)")
_NAMES = re.compile(rb"/[A-Za-z0-9_.+-]+")
_TOKENS = re.compile(rb"<<|>>|[\[\]]|/[A-Za-z0-9_.+-]+|<[0-9A-Fa-f]*+>|[^\t\n\f\r \[\]<>/()]+")
_LENGTH = re.compile(rb"/Length[\t\n\f\r ]+(\d{1,10})(?![\t\n\f\r ]+\d+[\t\n\f\r ]+R)")
_LENGTH_ELSEWHERE = re.compile(rb"/Length[\t\n\f\r ]+(\d{1,10})[\t\n\f\r ]+0[\t\n\f\r ]+R")
_FILE = re.compile(rb"/F(?![A-Za-z0-9_.+-])")  # a stream's content in another file
_STREAM_END = re.compile(rb"(?:\r\n|\n|\r)?endstream[\t\n\f\r ]+endobj(?=[\t\n\f\r ])")


def check_objects(tables: Tables) -> dict[int, bytes]:
    """Raise Ask unless every object is plain and refers to objects only; return their texts.

    Of an object that a later revision writes again, the later one is looked at. A stream's text is
    its dictionary; long hexadecimal strings are left out.
    """
    known = tables.known(0)
    if len(known) > OBJECTS_MAX:
        raise Ask("very many objects")
    data, pattern = tables.data, _object()
    targets: set[tuple[bytes, bytes]] = set()
    streams: list[tuple[bytes, re.Match[bytes], int]] = []
    texts: dict[int, bytes] = {}
    for number, (offset, limit) in known.items():
        found = pattern.match(data, offset, limit)
        if found is None or int(found.group(1)) != number:
            raise Ask("an object is not written plainly")
        text = found.group(2)
        if len(text) > 64:
            text = _LONG_HEX.sub(b"<>", text)
        targets.update(REFERENCE.findall(text))
        _check_keys(text)
        texts[number] = text
        if found.group(3) is not None:
            streams.append((text, found, limit))
    if any(generation != b"0" or int(number) not in known for number, generation in targets):
        raise Ask("a reference to nothing")
    left = allowance(data)
    for text, found, limit in streams:
        end = found.end() + _length(text, texts)
        if _FILE.search(text) or _STREAM_END.match(data, end, limit) is None:
            raise Ask("a stream is not as long as it says")
        try:
            left = check_stream(data, found.start(3), found.end(), left)
        except PdfBroken as error:
            raise Ask("a stream unpacks too far") from error
    if data.count(b"stream") != 2 * len(streams):
        raise Ask("a word that looks like a stream")
    return texts


def _length(text: bytes, texts: dict[int, bytes]) -> int:
    """The length of a stream by its dictionary, direct or in an object of its own."""
    direct = _LENGTH.findall(text)
    elsewhere = _LENGTH_ELSEWHERE.findall(text)
    if len(direct) + len(elsewhere) != 1:
        raise Ask("a stream without one length")
    found = direct[0] if direct else texts.get(int(elsewhere[0]), b"")
    return whole_number(found)


def _check_keys(text: bytes) -> None:
    """Raise Ask when a dictionary at any depth has a key twice."""
    if b"(" in text:
        text = _LITERAL.sub(b"()", text)
    names = _NAMES.findall(text)
    if len(set(names)) == len(names):
        return
    open_ones: list[set[bytes] | None] = []
    is_key = False
    for token in _TOKENS.findall(text.replace(b"()", b"0")):
        if token == b"<<":
            open_ones.append(set())
            is_key = True
        elif token == b"[":
            open_ones.append(None)
        elif token in {b">>", b"]"}:
            open_ones.pop()
            is_key = bool(open_ones) and open_ones[-1] is not None
        elif open_ones and (keys := open_ones[-1]) is not None:
            if token[:1] == b"/" and is_key:
                if token in keys:
                    raise Ask("a dictionary has a key twice")
                keys.add(token)
                is_key = False
            else:
                is_key = True


def check_pages(texts: Mapping[int, bytes], top: Ref) -> None:
    """Raise Ask unless the pages are one plain tree, each page and node met once (R34).

    texts: what `check_objects` returned. top: what the catalog names as Pages.
    """
    waiting: list[tuple[Ref, Ref | None, bool]] = [(top, None, False)]
    met: set[Ref] = set()
    pages = 0
    while waiting:
        ref, above, has_all = waiting.pop()
        node = _node(texts, ref)
        if ref in met or len(met) > PAGES_MAX:
            raise Ask("a page twice, or very many")
        met.add(ref)
        if (reference(node[b"/Parent"]) if b"/Parent" in node else None) != above:
            raise Ask("a page with another parent")
        has_all = has_all or _has_all(node, texts)
        if node.get(b"/Type") == b"/Page" and has_all:
            pages += 1
        elif node.get(b"/Type") == b"/Pages":
            kids = array_of(node.get(b"/Kids"))
            waiting += [(reference(kid), ref, has_all) for kid in kids]
        else:
            raise Ask("a page that does not say so, or lacks something")
    if not pages or pages != whole_number(_node(texts, top).get(b"/Count")):
        raise Ask("not as many pages as the tree says")


def _has_all(node: Dictionary, texts: Mapping[int, bytes]) -> bool:
    """Whether resources and size of pages stand here, of the kinds that they must be."""
    resources, box = node.get(b"/Resources", b""), node.get(b"/MediaBox", b"")
    if resources[-1:] == b"R":
        resources = texts.get(reference(resources).number, b"")
    return resources[:2] == b"<<" and box[:1] == b"[" and len(array_of(box)) == 4


def _node(texts: Mapping[int, bytes], ref: Ref) -> Dictionary:
    if ref.generation != 0 or ref.number not in texts:
        raise Ask("a page that is missing")
    return dictionary_of(texts[ref.number])


def check_on_page(tables: Tables, field: Ref) -> None:
    """Raise Ask unless the page that `field` names as its own lists it."""
    entries, _, _ = tables.object(field)
    page, _, _ = tables.object(reference(entries.get(b"/P")))
    listed = page.get(b"/Annots", b"")
    if listed[:1] != b"[" or field not in [reference(one) for one in array_of(listed)]:
        raise Ask("a field is not on its page")


@cache
def _object() -> re.Pattern[bytes]:
    """An object of generation 0, up to its end or to the beginning of its stream (group 3)."""
    space = rb"[\t\n\f\r ]"
    return re.compile(
        rb"(\d{1,10}) 0 obj" + space + rb"*+(" + pattern_of_values(DEPTH_MAX) + rb")" + space
        + rb"*+(?:endobj(?=" + space + rb")|(stream\r?\n))"
    )  # fmt: skip
