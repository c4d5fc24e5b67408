"""Lists on paper: registers, contents of a file, records of hand-over, statistics. By typst."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import typst

from lienthong.apps.documents.common.typeset import FONTS, POINTS_PER_MM, TEMPLATES
from lienthong.core.signing import Box

A4_MM = (210.0, 297.0)
MARK_WIDTH_MM, MARK_HEIGHT_MM = 60.0, 22.0


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a printed table. width: its share of the page, 0 as wide as its texts."""

    title: str
    width: float = 0
    align: str = "left"  # left, center, right


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of texts under their columns. is_numbered: (1), (2), … stand under the titles."""

    columns: Sequence[Column]
    rows: Sequence[Sequence[str]]
    caption: str = ""
    is_numbered: bool = False


@dataclass(frozen=True, slots=True)
class Signer:
    """A place to sign, in the field of that name."""

    field: str
    title: str
    name: str
    note: str = "(Chữ ký số)"


@dataclass(frozen=True, slots=True)
class Listing:
    """What stands on the pages. size: of the letters, in points."""

    agency: str
    title: str
    tables: Sequence[Table]
    superior: str = ""
    place_and_day: str = ""
    subtitle: Sequence[str] = ()
    intro: Sequence[str] = ()
    outro: Sequence[str] = ()
    signers: Sequence[Signer] = ()
    is_landscape: bool = False
    size: float = 11.0
    first_page: int = 1


def printed(listing: Listing) -> bytes:
    """The pages as PDF. What was typed arrives as data and is shown as text."""
    return _pdf(_compiler(listing))


def printed_to_sign(listing: Listing) -> tuple[bytes, dict[str, Box]]:
    """The pages as PDF, and the place of each signer's field."""
    compiler = _compiler(listing)
    pdf = _pdf(compiler)
    height = A4_MM[0 if listing.is_landscape else 1] * POINTS_PER_MM
    places = {}
    for found in json.loads(compiler.query("<signer>", field="value")):
        left, top = (float(found[side].removesuffix("pt")) for side in ("x", "y"))
        places[found["field"]] = Box(
            page=int(found["page"]) - 1,
            x1=left,
            y1=height - top - MARK_HEIGHT_MM * POINTS_PER_MM,
            x2=left + MARK_WIDTH_MM * POINTS_PER_MM,
            y2=height - top,
        )
    return pdf, places


def _compiler(listing: Listing) -> typst.Compiler:
    data = {
        "agency": listing.agency,
        "superior": listing.superior,
        "title": listing.title,
        "subtitle": list(listing.subtitle),
        "place_and_day": listing.place_and_day,
        "intro": list(listing.intro),
        "outro": list(listing.outro),
        "landscape": listing.is_landscape,
        "size": listing.size,
        "first_page": listing.first_page,
        "mark_width": MARK_WIDTH_MM,
        "mark_height": MARK_HEIGHT_MM,
        "tables": [_table(one) for one in listing.tables],
        "signers": [
            {"field": one.field, "title": one.title, "name": one.name, "note": one.note}
            for one in listing.signers
        ],
    }
    return typst.Compiler(
        input=str(TEMPLATES / "listing.typ"),
        root=str(TEMPLATES),
        font_paths=[str(FONTS)],
        ignore_system_fonts=True,
        sys_inputs={"listing": json.dumps(data, ensure_ascii=False)},
    )


def _table(table: Table) -> dict[str, Any]:
    return {
        "caption": table.caption,
        "numbered": table.is_numbered,
        "columns": [
            {"title": one.title, "width": one.width, "align": one.align} for one in table.columns
        ],
        "rows": [list(row) for row in table.rows],
    }


def _pdf(compiler: typst.Compiler) -> bytes:
    pdf = compiler.compile(format="pdf")
    if not isinstance(pdf, bytes):
        raise TypeError("typst gave no single PDF")
    return pdf
