"""Payloads are lifted out of a packet before the rest is parsed as XML.

A packet is a few kilobytes of markup around base64 texts of any size. The texts are decoded from
the bytes as received, once, and a mark takes their place, so the XML reader never carries them.

Why the markup still reads the same: a run of base64 letters between `>` and `<` has no letter that
means anything to XML, and neither has the mark, wherever the run stands (in an element, a comment,
a CDATA section, even outside the root). What is not such a run stays where it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from lienthong.core.edxml import attachments
from lienthong.core.edxml.attachments import Wire
from lienthong.core.edxml.problems import AttachmentRefused, XMLRefused
from lienthong.core.edxml.xml import Limits

ELEMENT = b"ContentTransferEncoded"
LIFTED_MIN_BYTES = 256  # shorter texts are read where they stand
_MARKS = range(0xE000, 0xE010)  # private use: no text has all of these
_REFERENCE = re.compile(rb"&#(?:x0*[eE]00[0-9a-fA-F]|0*573(?:4[4-9]|5[0-9]));")

Pieces = Callable[[], Iterator[bytes]]


@dataclass(frozen=True, slots=True)
class Lifted:
    """`markup` is the packet with a mark for each wire; `text_of` gives a wire's base64 again."""

    markup: bytes
    mark: str
    wires: tuple[Wire, ...]
    texts: tuple[Pieces, ...]

    def wire(self, text: str) -> Wire | None:
        """The wire that the text of an element stands for, None when it stands for itself."""
        if not self.wires or not text.startswith(self.mark):
            return None
        return self.wires[int(text.strip(self.mark))]


def lift(raw: bytes, limits: Limits) -> Lifted:
    """Take the payloads out of a packet in memory. Raises XMLRefused, V-04, when it is too large.

    A payload over the limit of one attachment stays in its place and is refused there.
    """
    if len(raw) > limits.packet_bytes:
        raise XMLRefused("V-04", f"lớn hơn {limits.packet_bytes} byte")
    markup: list[bytes] = []
    wires: list[Wire] = []
    texts: list[Pieces] = []
    done = 0
    for start, end in _runs(raw):
        wire = _decoded(raw, start, end, limits)
        if wire is not None:
            markup.append(raw[done:start])
            wires.append(wire)
            texts.append(_slice(raw, start, end))
            done = end
    markup.append(raw[done:])
    return assemble(markup, wires, texts) or Lifted(raw, "", (), ())


def assemble(
    markup: Sequence[bytes], wires: Sequence[Wire], texts: Sequence[Pieces]
) -> Lifted | None:
    """Join the pieces of markup with marks; None when no mark is new to the packet."""
    if any(b"&#" in piece and _REFERENCE.search(piece) for piece in markup):
        return None
    for point in _MARKS:
        mark = chr(point)
        letter = mark.encode()
        if not any(letter in piece for piece in markup):
            break
    else:
        return None
    whole = [markup[0]]
    for number, piece in enumerate(markup[1:]):
        whole += [b"%b%d%b" % (letter, number, letter), piece]
    return Lifted(b"".join(whole), mark, tuple(wires), tuple(texts))


def _runs(raw: bytes) -> Iterator[tuple[int, int]]:
    """Where a text may be lifted: from the `>` after the element's name to the next `<`."""
    at = raw.find(ELEMENT)
    while at >= 0:
        start = raw.find(b">", at) + 1
        end = raw.find(b"<", start)
        if not start or end < 0:
            return
        if end - start >= LIFTED_MIN_BYTES:
            yield start, end
        at = raw.find(ELEMENT, end)


def _decoded(raw: bytes, start: int, end: int, limits: Limits) -> Wire | None:
    if end - start > 2 * limits.attachment_bytes:  # base64 adds a third, line ends a little more
        return None
    try:
        return attachments.InMemory(attachments.decode(raw, start, end))
    except AttachmentRefused:
        return None


def _slice(raw: bytes, start: int, end: int) -> Pieces:
    return lambda: iter((raw[start:end],))
