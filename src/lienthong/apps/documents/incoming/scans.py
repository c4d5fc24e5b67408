"""What a scan must be (DX-60): PDF 1.4 or later, in colour, 200 dpi or more, true to size."""

from __future__ import annotations

import io
from dataclasses import asdict, dataclass
from typing import Any

import pikepdf

from lienthong.core.signing.pdf_check import PdfFacts, check_unsigned_pdf

PDF_MIN = (1, 4)
DPI_MIN = 200
POINTS_AN_INCH = 72
LOOKED_AT_PAGES = 20  # a scanner treats every page alike
ROUNDING = 0.98  # scanners cut a few pixels off


@dataclass(frozen=True, slots=True)
class Scan:
    """What was found: pages, the lowest resolution (0: no picture), and remarks for the clerk."""

    pages: int
    dpi: int
    remarks: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {"remarks": list(self.remarks)}


def check(pdf: bytes, *, max_bytes: int) -> Scan:
    """Return what the scan is like. Remarks hinder nothing; an unsafe file raises signing.Pdf…"""
    facts: PdfFacts = check_unsigned_pdf(pdf, max_bytes=max_bytes)
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        version = tuple(int(part) for part in opened.pdf_version.split(".")[:2])
        pictures = [one for page in list(opened.pages)[:LOOKED_AT_PAGES] for one in _pictures(page)]
    dpi = min((found for found, _ in pictures), default=0)
    remarks = []
    if version < PDF_MIN:
        remarks.append("Tệp PDF có phiên bản cũ hơn 1.4.")
    if pictures and dpi < DPI_MIN * ROUNDING:
        remarks.append(f"Độ phân giải {dpi} dpi, thấp hơn {DPI_MIN} dpi.")
    if pictures and not any(is_colour for _, is_colour in pictures):
        remarks.append("Bản quét không có màu.")
    return Scan(pages=facts.pages, dpi=dpi, remarks=tuple(remarks))


def _pictures(page: pikepdf.Page) -> list[tuple[int, bool]]:
    """Resolution, were it as wide as the page, and colour of each picture of the page."""
    wide = float(page.mediabox[2] - page.mediabox[0]) / POINTS_AN_INCH
    found = []
    for picture in page.get_images().values():
        pixels = int(picture.get("/Width", 0))
        space = str(picture.get("/ColorSpace", ""))
        is_colour = "Gray" not in space and not bool(picture.get("/ImageMask", False))
        if wide > 0 and pixels > 0:
            found.append((round(pixels / wide), is_colour))
    return found
