"""Set an official letter in type as Annex I of Decree 30/2020 asks, and show pages as pictures.

What a person typed goes to typst as JSON data and comes out as text: `#` and `$` mean nothing.
The places of the two signatures are measured by typst itself and come back in PDF points.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

import pypdfium2
import typst

from lienthong.apps.documents.rules import UrgencyLevel
from lienthong.core.signing import Box

TEMPLATES = Path(__file__).parent / "typst"
FONTS = TEMPLATES / "fonts"
POINTS_PER_MM = 72 / 25.4
PAGE_HEIGHT = 297 * POINTS_PER_MM

# The widget of the person holds the image of the handwriting; the seal is round, in its real size.
MARK_WIDTH_MM, MARK_HEIGHT_MM = 45.0, 20.0
SEAL_MM = 36.0
GAP_MM = 6.0

# DX-56: the seal covers about a third of the person's signature, on its left.
OVERLAP = 1 / 3
_PDFIUM = Lock()

# F-15: what the stamp says and how wide its frame is, in mm; by UrgencyLevel.
STAMPS: dict[int, tuple[str, int]] = {
    UrgencyLevel.NORMAL: ("", 0),
    UrgencyLevel.URGENT: ("KHẨN", 20),
    UrgencyLevel.VERY_URGENT: ("THƯỢNG KHẨN", 40),
    UrgencyLevel.EXPRESS: ("HỎA TỐC", 30),
    UrgencyLevel.EXPRESS_TIMED: ("HỎA TỐC HẸN GIỜ", 44),
}


@dataclass(frozen=True, slots=True)
class Letter:
    """The words of one document. `type_name` is empty for an official letter (công văn)."""

    superior: str
    agency: str
    place: str
    notation: str
    subject: str
    type_name: str
    addressees: Sequence[str]
    bases: Sequence[str]
    body: Sequence[str]
    places: Sequence[str]
    capacity: Sequence[str]
    signer: str
    urgency: UrgencyLevel = UrgencyLevel.NORMAL
    number: str = ""
    date: str = ""
    authority: str = ""  # who decides, under the abstract
    enacting: str = ""  # "QUYẾT ĐỊNH:" between bases and body
    secretary: str = ""  # the second name of minutes


@dataclass(frozen=True, slots=True)
class Typeset:
    """The PDF and the places of the two signatures."""

    pdf: bytes
    pages: int
    person_box: Box
    agency_box: Box


def render_form(letter: Letter, template: Path = TEMPLATES / "document.typ") -> Typeset:
    """Typeset `letter`. An empty number or date leaves the place for it blank.

    template: a typst file of another look, with the same places.
    """
    stamp, stamp_width = STAMPS[letter.urgency]
    data: dict[str, Any] = {
        "title": letter.subject,
        "superior": [letter.superior] if letter.superior else [],
        "agency": letter.agency,
        "place": letter.place,
        "number": letter.number or "      ",
        "notation": letter.notation,
        "date": letter.date or "ngày     tháng     năm          ",
        "subject": letter.subject,
        "type": letter.type_name,
        "addressees": list(letter.addressees),
        "bases": list(letter.bases),
        "body": list(letter.body),
        "places": list(letter.places),
        "capacity": list(letter.capacity),
        "signer": letter.signer,
        "authority": letter.authority,
        "enacting": letter.enacting,
        "secretary": letter.secretary,
        "urgency": stamp,
        "urgency_width": stamp_width,
        "mark_width": MARK_WIDTH_MM,
        "mark_height": MARK_HEIGHT_MM,
        "gap": GAP_MM,
    }
    compiler = typst.Compiler(
        input=str(template),
        root=str(template.parent),
        font_paths=[str(FONTS)],
        ignore_system_fonts=True,
        sys_inputs={"form": json.dumps(data, ensure_ascii=False)},
    )
    pdf = compiler.compile(format="pdf")
    if not isinstance(pdf, bytes):
        raise TypeError("typst gave no single PDF")
    place = json.loads(compiler.query("<person>", field="value", one=True))
    left, top = _points(place["x"]), _points(place["y"])
    person = Box(
        page=int(place["page"]) - 1,
        x1=left,
        y1=PAGE_HEIGHT - top - MARK_HEIGHT_MM * POINTS_PER_MM,
        x2=left + MARK_WIDTH_MM * POINTS_PER_MM,
        y2=PAGE_HEIGHT - top,
    )
    return Typeset(pdf, page_count(pdf), person, seal_box(person, SEAL_MM * POINTS_PER_MM))


def seal_box(person: Box, size: float) -> Box:
    """Return the seal's square of `size` points: over the left third of `person`, at its height."""
    right = person.x1 + (person.x2 - person.x1) * OVERLAP
    middle = (person.y1 + person.y2) / 2
    return Box(
        page=person.page, x1=right - size, y1=middle - size / 2, x2=right, y2=middle + size / 2
    )


def boxes_on_last_page(pdf: bytes) -> tuple[Box, Box]:
    """Return the places of person and seal at the bottom right of an uploaded PDF's last page.

    Measured as the reader sees the page, turned pages too; both stay inside whatever its size.
    """
    with opened(pdf) as document:
        index = len(document) - 1
        width, height = document[index].get_size()
    # On small pages everything shrinks together; side by side the pair is 66 mm wide.
    pair_width = SEAL_MM + MARK_WIDTH_MM * (1 - OVERLAP)
    scale = min(POINTS_PER_MM, width * 0.9 / pair_width, height * 0.4 / SEAL_MM)
    x2 = width - min(15 * POINTS_PER_MM, width * 0.05)
    middle = min(20 * POINTS_PER_MM, height * 0.05) + SEAL_MM * scale / 2
    half = MARK_HEIGHT_MM * scale / 2
    x1 = x2 - MARK_WIDTH_MM * scale
    person = Box(page=index, x1=x1, y1=middle - half, x2=x2, y2=middle + half)
    return person, seal_box(person, SEAL_MM * scale)


def page_count(pdf: bytes) -> int:
    """Return how many pages the PDF has."""
    with opened(pdf) as document:
        return len(document)


def page_size(pdf: bytes, page: int = 0) -> tuple[float, float]:
    """Width and height of a page (from 0) as a reader sees it, in points."""
    with opened(pdf) as document:
        width, height = document[page].get_size()
    return float(width), float(height)


def has_text(pdf: bytes, box: Box) -> bool:
    """Whether anything is written in `box`, on a page that is not turned."""
    with opened(pdf) as document:
        found = document[box.page].get_textpage()
        text = found.get_text_bounded(left=box.x1, bottom=box.y1, right=box.x2, top=box.y2)
    return bool(str(text).strip())


def page_png(pdf: bytes, page: int, width: int = 1000) -> bytes:
    """Return page `page` (from 0) as a PNG `width` pixels wide. Raises IndexError."""
    with opened(pdf) as document:
        if not 0 <= page < len(document):
            raise IndexError(page)
        sheet = document[page]
        picture = sheet.render(scale=width / sheet.get_width(), may_draw_forms=True).to_pil()
    out = io.BytesIO()
    picture.convert("RGB").save(out, "PNG", optimize=False)
    return out.getvalue()


def first_page_text(pdf: bytes) -> str:
    """Return what stands on the first page, line by line; "" when it is a picture."""
    with opened(pdf) as document:
        return str(document[0].get_textpage().get_text_bounded())


def paragraphs(text: str) -> list[str]:
    """Split typed text at line ends; empty lines vanish."""
    return [line for part in text.splitlines() if (line := " ".join(part.split()))]


def closed(body: Sequence[str]) -> list[str]:
    """Return the paragraphs with the end mark "./." after the last one."""
    if not body:
        return []
    last = body[-1].removesuffix("./.").rstrip(" .;")
    return [*body[:-1], f"{last}./."]


def bases(lines: Sequence[str]) -> list[str]:
    """Return the legal bases, each ending with ";" and the last with "." (F-12)."""
    bare = [line.rstrip(" ;.,") for line in lines if line.strip(" ;.,")]
    return [f"{line};" for line in bare[:-1]] + [f"{line}." for line in bare[-1:]]


def places(lines: Sequence[str], *, archive: str, is_letter: bool) -> list[str]:
    """Return the lines of "Nơi nhận" (F-14): a letter's "Như trên", `lines`, last "Lưu: …"."""
    bare = [line.strip().lstrip("-–+ ").rstrip(" ;.,") for line in lines]
    kept = [line for line in bare if line and not re.match(r"lưu\b", line, re.IGNORECASE)]
    own = next((line for line in bare if re.match(r"lưu\b", line, re.IGNORECASE)), archive)
    if is_letter and not any(line.lower().startswith("như trên") for line in kept):
        kept.insert(0, "Như trên")
    return [f"- {line};" for line in kept] + [f"- {own}."]


@contextmanager
def opened(pdf: bytes) -> Iterator[Any]:
    """Open a PDF with pdfium, which must not be entered by two threads at once."""
    with _PDFIUM:
        document = pypdfium2.PdfDocument(pdf)
        try:
            document.init_forms()
            yield document
        finally:
            document.close()


def _points(length: str) -> float:
    return float(length.removesuffix("pt"))
