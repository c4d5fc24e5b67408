"""Make a PDF ready for signatures: one clean revision with the two empty signature fields.

The document is rewritten as a whole (PDF 1.7, plain cross-reference table, nothing unreferenced):
what was hidden in an earlier revision or in an unused object is gone before anybody signs. Both
fields and their places stand from the start; a signature then adds only its value and picture.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pikepdf

from lienthong.core.signing.pdf_check import (
    check_unsigned_pdf,
    fields_of,
    inherited,
    open_strict,
    title_of,
)
from lienthong.core.signing.pdf_ready import check_ready
from lienthong.core.signing.problems import PdfBoxOutside
from lienthong.core.signing.validate import REPORT_FIELD

PERSON_FIELD = "NguoiKy"
AGENCY_FIELD = "CoQuan"
_LABELS = {
    PERSON_FIELD: "Chữ ký số của người có thẩm quyền",
    AGENCY_FIELD: "Chữ ký số của cơ quan, tổ chức",
    REPORT_FIELD: "Chữ ký số của hệ thống lập báo cáo",
}
PRINTED_AND_LOCKED = 4 | 128
SIGNATURES_EXIST_APPEND_ONLY = 3
# The matrix of an appearance on a page that is turned for display, by the degrees of the turn.
UPRIGHT = {
    0: (1, 0, 0, 1, 0, 0),
    90: (0, 1, -1, 0, 0, 0),
    180: (-1, 0, 0, -1, 0, 0),
    270: (0, -1, 1, 0, 0, 0),
}


@dataclass(frozen=True, slots=True)
class Box:
    """A place on a page as a person sees it: PDF points from the lower left corner of the page.

    page: from 0, -1 is the last. A page that is turned for display is measured as displayed.
    """

    page: int
    x1: float
    y1: float
    x2: float
    y2: float


def prepare_pdf(data: bytes, *, person: Box, agency: Box, title: str = "") -> bytes:
    """Return `data` rewritten, with the fields NguoiKy and CoQuan at their places.

    Raises what check_unsigned_pdf raises, and PdfBoxOutside.
    """
    return prepare_fields(data, {PERSON_FIELD: person, AGENCY_FIELD: agency}, title=title)


def prepare_fields(
    data: bytes,
    places: Mapping[str, Box],
    *,
    title: str = "",
    drawn: Mapping[str, bytes] | None = None,
) -> bytes:
    """As `prepare_pdf`, with the empty signature fields of these names.

    drawn: by field, a PDF whose first page is what stands in it. A signature without a picture of
    its own keeps it (SG-A-03, SG-A-05).
    """
    check_unsigned_pdf(data)
    with open_strict(data) as pdf:
        _settle_form(pdf)
        for key in ("/AcroForm", "/Perms", "/Version", "/NeedsRendering"):
            if key in pdf.Root:
                del pdf.Root[key]
        fields = [_add_field(pdf, name, box) for name, box in places.items()]
        for name, field in zip(places, fields, strict=True):
            if drawn and name in drawn:
                _draw(pdf, field, drawn[name])
        pdf.Root["/AcroForm"] = pdf.make_indirect(
            pikepdf.Dictionary(Fields=pikepdf.Array(fields), SigFlags=SIGNATURES_EXIST_APPEND_ONLY)
        )
        if title and not title_of(pdf):
            pdf.docinfo["/Title"] = pikepdf.String(title)
        out = io.BytesIO()
        pdf.save(
            out,
            force_version="1.7",
            object_stream_mode=pikepdf.ObjectStreamMode.disable,
            compress_streams=True,
            linearize=False,
            deterministic_id=True,
            fix_metadata_version=False,
        )
    made = out.getvalue()
    with open_strict(made) as pdf:
        check_ready(made, pdf)
    return made


def _settle_form(pdf: pikepdf.Pdf) -> None:
    """Make filled fields part of their page; take away empty signature fields."""
    form = pdf.Root.get("/AcroForm")
    if isinstance(form, pikepdf.Dictionary):
        kinds = {str(inherited(field, "/FT")) for _, field in fields_of(form)}
        if kinds - {"/Sig"}:
            pdf.flatten_annotations("all")
    for page in pdf.pages:
        notes = page.obj.get("/Annots")
        if isinstance(notes, pikepdf.Array):
            page.obj["/Annots"] = pikepdf.Array(
                [one for one in notes if str(one.get("/Subtype", "")) != "/Widget"]
            )


def _add_field(pdf: pikepdf.Pdf, name: str, box: Box) -> pikepdf.Object:
    count = len(pdf.pages)
    number = box.page if box.page >= 0 else count + box.page
    if not 0 <= number < count:
        raise PdfBoxOutside(page=box.page + 1)
    page = pdf.pages[number]
    rotation = _rotation(page)
    field = pdf.make_indirect(
        pikepdf.Dictionary(
            Type=pikepdf.Name.Annot,
            Subtype=pikepdf.Name.Widget,
            FT=pikepdf.Name.Sig,
            T=pikepdf.String(name),
            TU=pikepdf.String(_LABELS.get(name, name)),
            F=PRINTED_AND_LOCKED,
            Rect=pikepdf.Array(_rectangle(page, rotation, box, number)),
            P=page.obj,
            MK=pikepdf.Dictionary(R=rotation),
        )
    )
    notes = page.obj.get("/Annots")
    known = list(notes) if isinstance(notes, pikepdf.Array) else []
    page.obj["/Annots"] = pikepdf.Array([*known, field])
    return field


def _draw(pdf: pikepdf.Pdf, field: pikepdf.Object, page: bytes) -> None:
    """Make the page the appearance of the field, upright as the reader sees it."""
    with open_strict(page) as source:
        form = pdf.copy_foreign(source.pages[0].as_form_xobject())
    form["/Matrix"] = pikepdf.Array(UPRIGHT[int(field["/MK"]["/R"])])
    field["/AP"] = pikepdf.Dictionary(N=form)


def _rotation(page: pikepdf.Page) -> int:
    node: Any = page.obj
    for _ in range(100):
        if not isinstance(node, pikepdf.Dictionary):
            return 0
        if "/Rotate" in node:
            return int(node["/Rotate"]) % 360 // 90 * 90
        node = node.get("/Parent")
    return 0


def _rectangle(page: pikepdf.Page, rotation: int, box: Box, number: int) -> list[float]:
    """The box in the page's own coordinates: turned back, moved to the crop box."""
    left, bottom, right, top = _sorted([float(edge) for edge in page.cropbox])
    width, height = right - left, top - bottom
    seen_width, seen_height = (height, width) if rotation in {90, 270} else (width, height)
    x1, y1, x2, y2 = _sorted([box.x1, box.y1, box.x2, box.y2])
    slack = 0.5
    inside = (
        -slack <= x1 and x2 <= seen_width + slack and -slack <= y1 and y2 <= seen_height + slack
    )
    if not inside or x2 - x1 < 1 or y2 - y1 < 1:
        raise PdfBoxOutside(page=number + 1)
    corners = {
        0: (x1, y1, x2, y2),
        90: (width - y2, x1, width - y1, x2),
        180: (width - x2, height - y2, width - x1, height - y1),
        270: (y1, height - x2, y2, height - x1),
    }[rotation]
    edges = (left, bottom, left, bottom)
    return [round(edge + corner, 3) for edge, corner in zip(edges, corners, strict=True)]


def _sorted(box: list[float]) -> tuple[float, float, float, float]:
    x1, x2 = sorted((box[0], box[2]))
    y1, y2 = sorted((box[1], box[3]))
    return x1, y1, x2, y2
