"""The one XML reader of the whole code base. Nothing else may construct an lxml parser.

Two passes over the same bytes. The first is a guard that builds no tree: it is fed in chunks and
stops at the first breach (DOCTYPE, depth, number of elements or attributes, one endless tag), so a
hostile document costs milliseconds and no memory. The second builds the tree of a document that is
known to be small in every direction, therefore it may lift libxml2's limit on long texts, which
attachments of more than 10 MB need.

Source: rules V-06 and V-07; threat model §5.1.
"""

from __future__ import annotations

import codecs
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from lxml import etree

from lienthong.core.edxml.problems import XMLRefused

MIB = 1024 * 1024
CHUNK_BYTES = 64 * 1024
SMALL_BYTES = 32 * 1024
BOM = b"\xef\xbb\xbf"
_THREAD = threading.local()
_DECLARATION = re.compile(rb"<\?xml\s([^>]*)\?>")
_VERSION = re.compile(rb"version\s*=\s*[\"']1\.0[\"']")
_ENCODING = re.compile(rb"encoding\s*=\s*[\"']([^\"']*)[\"']")


@dataclass(frozen=True, slots=True)
class Limits:
    """Upper bounds of what is read. Defaults: §6.4 of the packet format, V-07, TM §5.1."""

    packet_bytes: int = 140 * MIB
    attachment_bytes: int = 50 * MIB
    decoded_bytes: int = 100 * MIB
    ratio: int = 100
    depth: int = 32
    elements: int = 100_000
    attributes: int = 256
    tag_bytes: int = 256 * 1024


def parse(raw: bytes, limits: Limits | None = None) -> etree._Element:
    """Return the root element of `raw`, without comments and processing instructions.

    Raises XMLRefused with the rule: V-04 too large, V-06 not well-formed UTF-8 XML 1.0,
    V-07 DOCTYPE, entities, or over a limit.
    """
    limits = limits or Limits()
    body = _guarded(raw, limits)
    return _tree(body, _parser(remove_comments=True, remove_pis=True))


def parse_whole(raw: bytes, limits: Limits | None = None) -> etree._Element:
    """As `parse`, with comments and processing instructions kept: for canonicalisation."""
    limits = limits or Limits()
    return _tree(_guarded(raw, limits), _parser(remove_comments=False, remove_pis=False))


def parse_small(markup: bytes, limits: Limits) -> etree._Element | None:
    """As `parse` in one pass, for markup that can do no harm; None when it might or is wrong.

    What can do no harm: little of it, no DOCTYPE (so no entities), so few `=` and `<` that no
    element can have too many attributes and no tree too many elements. Depth is for the caller to
    look at: the parser stops at 256.
    """
    body = markup.removeprefix(BOM)
    if (
        len(body) > SMALL_BYTES
        or b"<!DOCTYPE" in body
        or body.count(b"=") > limits.attributes
        or body.count(b"<") > limits.elements
    ):
        return None
    try:
        body.decode()
        _check_declaration(body)
        return etree.fromstring(body, _small_parser())
    except (etree.XMLSyntaxError, UnicodeDecodeError, XMLRefused):
        return None


def _small_parser() -> etree.XMLParser:
    """One for each thread: making one takes as long as reading two kilobytes with it."""
    found: etree.XMLParser | None = getattr(_THREAD, "parser", None)
    if found is None:
        found = _THREAD.parser = _parser(remove_comments=True, remove_pis=True, huge_tree=False)
    return found


def _parser(**options: Any) -> etree.XMLParser:
    options.setdefault("huge_tree", True)  # safe behind the guard; without it texts end at 10 MB
    return etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        attribute_defaults=False,
        collect_ids=False,
        recover=False,
        encoding="utf-8",
        **options,
    )


def _tree(body: bytes, parser: etree.XMLParser) -> etree._Element:
    try:
        return etree.fromstring(body, parser)
    except etree.XMLSyntaxError as error:
        raise _refused(error) from error


def check_start(start: bytes, limits: Limits) -> None:
    """Raise XMLRefused when a document that begins like this is already over a limit or wrong."""
    _check(start.removeprefix(BOM), limits, whole=False)


def _guarded(raw: bytes, limits: Limits) -> bytes:
    if len(raw) > limits.packet_bytes:
        raise XMLRefused("V-04", f"lớn hơn {limits.packet_bytes} byte")
    body = raw.removeprefix(BOM)
    _check(body, limits, whole=True)
    return body


def _check(body: bytes, limits: Limits, *, whole: bool) -> None:
    _check_declaration(body)
    if body.count(b"<") > 2 * limits.elements + 1000:  # an element has at most two
        raise XMLRefused("V-07", f"nhiều hơn {limits.elements} phần tử")
    guard = _Guard(limits)
    parser = _parser(target=guard)
    try:
        _feed(parser, guard, body, limits, whole=whole)
    except etree.XMLSyntaxError as error:
        raise _refused(error) from error
    except UnicodeDecodeError as error:
        raise XMLRefused("V-06", f"không phải UTF-8 ở byte {error.start}") from error


def _feed(
    parser: etree.XMLParser, guard: _Guard, body: bytes, limits: Limits, *, whole: bool
) -> None:
    decoder = codecs.getincrementaldecoder("utf-8")()
    silent = 0
    for start in range(0, len(body), CHUNK_BYTES):
        chunk = body[start : start + CHUNK_BYTES]
        decoder.decode(chunk)
        before = guard.events
        parser.feed(chunk)
        # A chunk without any event lies inside one tag or comment.
        silent = 0 if guard.events != before else silent + len(chunk)
        if silent > limits.tag_bytes:
            raise XMLRefused("V-07", f"một thẻ dài hơn {limits.tag_bytes} byte")
    if whole:
        decoder.decode(b"", final=True)
        parser.close()


def _check_declaration(body: bytes) -> None:
    found = _DECLARATION.match(body)
    if found is None:
        return
    if not _VERSION.search(found[1]):
        raise XMLRefused("V-06", "phiên bản XML không phải 1.0")
    encoding = _ENCODING.search(found[1])
    if encoding is not None and encoding[1].lower() not in {b"utf-8", b"utf8"}:
        raise XMLRefused("V-06", "bảng mã không phải UTF-8")


def _refused(error: etree.XMLSyntaxError) -> XMLRefused:
    line = error.lineno or 0
    reason = str(error.msg)
    if reason.startswith("Entity "):
        return XMLRefused("V-07", "có thực thể không được định nghĩa sẵn", line)
    return XMLRefused("V-06", f"XML không đúng cú pháp ở dòng {line}", line)


class _Guard:
    """A parser target that only counts. Raising in a call stops libxml2 at once."""

    def __init__(self, limits: Limits) -> None:
        self.events = 0
        self._limits = limits
        self._depth = 0
        self._elements = 0

    def start(self, _tag: str, attributes: dict[str, str], nsmap: Any = None) -> None:
        self.events += 1
        self._depth += 1
        self._elements += 1
        if self._depth > self._limits.depth:
            raise XMLRefused("V-07", f"lồng sâu hơn {self._limits.depth} cấp")
        if self._elements > self._limits.elements:
            raise XMLRefused("V-07", f"nhiều hơn {self._limits.elements} phần tử")
        if len(attributes) + len(nsmap or ()) > self._limits.attributes:
            raise XMLRefused("V-07", f"nhiều hơn {self._limits.attributes} thuộc tính")

    def end(self, _tag: str) -> None:
        self.events += 1
        self._depth -= 1

    def data(self, _text: str) -> None:
        self.events += 1

    def doctype(self, *_names: str | None) -> None:
        raise XMLRefused("V-07", "có khai báo DOCTYPE")

    def close(self) -> None:
        return None


def namespace(element: etree._Element) -> str:
    """The namespace URI, "" when there is none."""
    return split_tag(element.tag)[0]


def split_tag(tag: str) -> tuple[str, str]:
    """Namespace and local name of a tag in lxml's `{namespace}name` form."""
    uri, _, name = tag.rpartition("}")
    return uri[1:], name


def children(element: etree._Element) -> Iterator[etree._Element]:
    """The child elements, in document order."""
    return (child for child in element if isinstance(child.tag, str))
