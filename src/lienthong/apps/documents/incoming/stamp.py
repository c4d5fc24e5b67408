"""The mark "ĐẾN" (D30 Annex IV): on the picture of page 1 and on what is printed.

The received file is signed and stays as it is; the mark lies over a copy of its page.
"""

from __future__ import annotations

import hashlib
import io
import json
from dataclasses import asdict, dataclass

import pikepdf
import typst
from django.utils import timezone
from PIL import Image

from lienthong.apps.documents.common import sheets, typeset
from lienthong.apps.documents.common.typeset import FONTS, POINTS_PER_MM, TEMPLATES
from lienthong.apps.documents.models import IncomingDocument
from lienthong.apps.documents.problems import FileNotFound
from lienthong.core.signing import Box

WIDTH_MM, HEIGHT_MM = 50.0, 35.0
# Places for it, in mm from left and top, best first: below the number, then lower.
PLACES_MM = ((22.0, 56.0), (22.0, 66.0), (135.0, 56.0))
# Where no place is free it stands small in the corner, inside the margins of Decree 30.
CORNER_MM, CORNER_SCALE = (2.0, 2.0), 0.5


@dataclass(frozen=True, slots=True)
class Stamp:
    """The words of the mark; a field that is not known yet is left to be written by hand."""

    agency: str
    number: str
    date: str
    to: str = ""
    dossier: str = ""


def of(document: IncomingDocument) -> Stamp | None:
    """The mark of a registered document; None before it has an arrival number."""
    if document.arrival_number is None or document.registered_at is None:
        return None
    holder = document.lead or document.submitted_to
    return Stamp(
        agency=document.organization.name,
        number=str(document.arrival_number),
        date=f"{timezone.localdate(document.registered_at):%d/%m/%Y}",
        to=holder.person.full_name if holder else "",
        dossier=document.dossier.code if document.dossier else "",
    )


def picture_version(document: IncomingDocument) -> str:
    """What the picture of page 1 depends on, for its address."""
    mark = of(document)
    words = json.dumps(asdict(mark)).encode() if mark else b""
    return f"{document.pdf_sha256[:12]}{hashlib.sha256(words).hexdigest()[:8]}"


def page_png(document: IncomingDocument, page: int, width: int) -> bytes:
    """A page as a picture, counted from 1; page 1 of a registered document with its mark.

    Raises FileNotFound, DocumentRecalled.
    """
    picture = sheets.page_png(document, page, width)
    mark = of(document)
    if mark is None or page != 1:
        return picture
    pdf = sheets.pdf(document)
    across, down = typeset.page_size(pdf)
    box, scale = _place(pdf), width / across
    small = typeset.page_png(_drawn(mark), 0, max(1, round((box.x2 - box.x1) * scale)))
    with Image.open(io.BytesIO(picture)) as sheet, Image.open(io.BytesIO(small)) as laid:
        corner = round(box.x1 * scale), round((down - box.y2) * scale)
        paper = laid.getchannel("G")  # what is red has no green, what is blank is full of it
        sheet.paste(laid, corner, paper.point(lambda value: 255 - value))
        out = io.BytesIO()
        sheet.save(out, "PNG", optimize=False)
    return out.getvalue()


def printed(document: IncomingDocument) -> bytes:
    """A copy of the document to print, with the mark. Raises FileNotFound, DocumentRecalled."""
    mark = of(document)
    if mark is None:
        raise FileNotFound
    pdf = sheets.pdf(document)
    box = _place(pdf)
    with pikepdf.open(io.BytesIO(pdf)) as opened, pikepdf.open(io.BytesIO(_drawn(mark))) as drawn:
        rectangle = pikepdf.Rectangle(box.x1, box.y1, box.x2, box.y2)
        opened.pages[0].add_overlay(drawn.pages[0], rectangle)
        out = io.BytesIO()
        opened.save(out)
    return out.getvalue()


def _place(pdf: bytes) -> Box:
    """Where on page 1 the mark stands: the first place without text."""
    down = typeset.page_size(pdf)[1]
    for left, top in PLACES_MM:
        box = _box(left, top, down, 1.0)
        if not typeset.has_text(pdf, box):
            return box
    return _box(*CORNER_MM, down, CORNER_SCALE)


def _box(left: float, top: float, down: float, scale: float) -> Box:
    x1, y2 = left * POINTS_PER_MM, down - top * POINTS_PER_MM
    wide, high = WIDTH_MM * scale * POINTS_PER_MM, HEIGHT_MM * scale * POINTS_PER_MM
    return Box(0, x1, y2 - high, x1 + wide, y2)


def _drawn(mark: Stamp) -> bytes:
    compiler = typst.Compiler(
        input=str(TEMPLATES / "stamp.typ"),
        root=str(TEMPLATES),
        font_paths=[str(FONTS)],
        ignore_system_fonts=True,
        sys_inputs={"facts": json.dumps(asdict(mark), ensure_ascii=False)},
    )
    pdf = compiler.compile(format="pdf")
    if not isinstance(pdf, bytes):
        raise TypeError("typst gave no single PDF")
    return pdf
