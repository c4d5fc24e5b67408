"""Lines of a PDF with their places, fonts and sizes; strokes and frames; places of signatures."""

from __future__ import annotations

import ctypes
import io
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pikepdf
import pypdfium2.raw as pdfium

from lienthong.apps.documents.common import typeset

BOLD_WEIGHT = 600
ITALIC_FLAG = 64  # PDF 32000-1, table 123: bit 7
BOLD_FLAG = 1 << 18
COLUMN_GAP = 2.2  # em: a wider gap parts two columns of the heading
_NAME_MAX = 200


@dataclass(frozen=True, slots=True)
class Rectangle:
    """In points from the lower left corner of the page."""

    x1: float
    y1: float
    x2: float
    y2: float

    @property
    def width(self) -> float:
        return self.x2 - self.x1

    @property
    def height(self) -> float:
        return self.y2 - self.y1

    @property
    def middle(self) -> float:
        return (self.x1 + self.x2) / 2


@dataclass(frozen=True, slots=True)
class Letter:
    """One character as it stands on the page."""

    text: str
    box: Rectangle
    font: str
    size: float
    bold: bool
    italic: bool
    black: bool


@dataclass(frozen=True, slots=True)
class Line:
    """Letters that stand beside each other. page: from 1."""

    page: int
    letters: Sequence[Letter]

    @property
    def text(self) -> str:
        """The words, composed, with single spaces."""
        joined = "".join(letter.text for letter in self.letters)
        return " ".join(unicodedata.normalize("NFC", joined).split())

    @property
    def box(self) -> Rectangle:
        boxes = [letter.box for letter in self.letters if letter.text.strip()]
        return Rectangle(
            min(box.x1 for box in boxes),
            min(box.y1 for box in boxes),
            max(box.x2 for box in boxes),
            max(box.y2 for box in boxes),
        )

    @property
    def size(self) -> float:
        """The size of most of its letters, in points."""
        sizes = [round(letter.size, 1) for letter in self.letters if letter.text.strip()]
        return max(set(sizes), key=sizes.count)

    @property
    def bold(self) -> bool:
        return _most(letter.bold for letter in self.letters if letter.text.strip())

    @property
    def italic(self) -> bool:
        return _most(letter.italic for letter in self.letters if letter.text.strip())


@dataclass(frozen=True, slots=True)
class Page:
    """One page. number: from 1; strokes: thin horizontal ones; frames: drawn boxes."""

    number: int
    width: float
    height: float
    lines: Sequence[Line]
    strokes: Sequence[Rectangle]
    frames: Sequence[Rectangle]


@dataclass(frozen=True, slots=True)
class Sheet:
    """The document. fields: where its signature fields stand, by name, with the page from 1."""

    pages: Sequence[Page]
    fields: dict[str, tuple[int, Rectangle]]

    @property
    def lines(self) -> list[Line]:
        return [line for page in self.pages for line in page.lines]

    def find(self, start: str) -> Line | None:
        """The first line that begins so."""
        return next((line for line in self.lines if line.text.startswith(start)), None)


def read(pdf: bytes) -> Sheet:
    """Read every page."""
    with typeset.opened(pdf) as document:
        pages = [_page(document[index], index + 1) for index in range(len(document))]
    return Sheet(pages, _fields(pdf))


def _page(page: Any, number: int) -> Page:
    width, height = page.get_size()
    text = page.get_textpage()
    letters = [one for index in range(text.count_chars()) if (one := _letter(text.raw, index))]
    boxes = list(_drawn(page))
    return Page(
        number,
        width,
        height,
        [Line(number, part) for part in _lines(letters)],
        [box for box in boxes if box.height < 3 and box.width > 30],
        [box for box in boxes if box.height >= 12],
    )


def _letter(text: Any, index: int) -> Letter | None:
    code = pdfium.FPDFText_GetUnicode(text, index)
    edges = [ctypes.c_double() for _ in range(4)]
    if code in {0, 13, 10} or not pdfium.FPDFText_GetCharBox(text, index, *edges):
        return None
    left, right, bottom, top = (edge.value for edge in edges)
    name = ctypes.create_string_buffer(_NAME_MAX)
    flags = ctypes.c_int()
    pdfium.FPDFText_GetFontInfo(text, index, name, _NAME_MAX, flags)
    font = name.value.decode("utf-8", "replace").rpartition("+")[2]
    colour = [ctypes.c_uint() for _ in range(4)]
    known = pdfium.FPDFText_GetFillColor(text, index, *colour)
    return Letter(
        chr(code),
        Rectangle(left, bottom, right, top),
        font,
        pdfium.FPDFText_GetFontSize(text, index),
        bold="bold" in font.lower()
        or bool(flags.value & BOLD_FLAG)
        or pdfium.FPDFText_GetFontWeight(text, index) >= BOLD_WEIGHT,
        italic="italic" in font.lower() or bool(flags.value & ITALIC_FLAG),
        black=not known or max(part.value for part in colour[:3]) < 60,
    )


def _lines(letters: Sequence[Letter]) -> Iterator[list[Letter]]:
    """Put letters together that follow each other on one height without a wide gap."""
    line: list[Letter] = []
    for letter in letters:
        if line and _breaks(line, letter):
            if any(one.text.strip() for one in line):
                yield line
            line = []
        line.append(letter)
    if any(one.text.strip() for one in line):
        yield line


def _breaks(line: Sequence[Letter], letter: Letter) -> bool:
    last = next((one for one in reversed(line) if one.text.strip()), line[-1])
    if not letter.text.strip():
        return False
    em = max(last.size, 1)
    apart = letter.box.x1 - last.box.x2
    lower = abs(letter.box.y1 - last.box.y1) > 0.6 * em
    return lower or apart > COLUMN_GAP * em or apart < -COLUMN_GAP * em


def _drawn(page: Any) -> Iterator[Rectangle]:
    """The bounds of what is drawn with strokes, also inside forms of the page."""
    for drawn in page.get_objects(filter=[pdfium.FPDF_PAGEOBJ_PATH], max_depth=3):
        left, bottom, right, top = drawn.get_bounds()
        yield Rectangle(left, bottom, right, top)


def _fields(pdf: bytes) -> dict[str, tuple[int, Rectangle]]:
    found = {}
    with pikepdf.open(io.BytesIO(pdf)) as document:
        for number, page in enumerate(document.pages, start=1):
            for note in page.get("/Annots", []):
                if note.get("/FT") == "/Sig" and "/T" in note:
                    edges = [float(edge) for edge in note["/Rect"]]
                    found[str(note["/T"])] = (number, Rectangle(*edges))
    return found


def _most(marks: Iterator[bool]) -> bool:
    counted = list(marks)
    return sum(counted) * 2 > len(counted)
