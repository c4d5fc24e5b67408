"""The last look before the first signature: the very bytes that are signed follow SG 6.1 (R64).

`prepare_pdf` makes documents that do, and remembers their digests; a document from elsewhere is
looked at in full.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Iterator
from itertools import combinations
from typing import Any

import pikepdf

from lienthong.core.signing.pdf_check import (
    HIDDEN,
    NO_VIEW,
    check_content,
    check_pages,
    fields_of,
    inherited,
)
from lienthong.core.signing.pdf_tables import sections_of
from lienthong.core.signing.problems import PdfBroken, PdfHiddenContent

KNOWN_MAX = 4096
INVISIBLE = 1
_PAIR = {"NguoiKy", "CoQuan"}  # the seal covers a third of the person's mark (SG-A-02)
_KINDS = {"/Page": "trang", "/Font": "phông chữ", "/Image": "ảnh", "/Form": "khối nội dung"}
_known: OrderedDict[str, None] = OrderedDict()
_lock = threading.Lock()

Key = tuple[int, int]


def check_ready(data: bytes, pdf: pikepdf.Pdf, *, sha256: str = "") -> None:
    """Check a document that is about to get its first signature; one with a signature passes.

    pdf: the same bytes, opened. sha256: of them, in hexadecimal, when it is known.
    Raises PdfActiveContent, PdfHiddenContent or PdfBroken.
    """
    digest = sha256 or hashlib.sha256(data).hexdigest()
    with _lock:
        if digest in _known:
            return
    if _is_signed(pdf):
        return
    _check(data, pdf)
    with _lock:
        _known[digest] = None
        while len(_known) > KNOWN_MAX:
            _known.popitem(last=False)


def _is_signed(pdf: pikepdf.Pdf) -> bool:
    return any(inherited(field, "/V") is not None for _, field in _signature_fields(pdf))


def _signature_fields(pdf: pikepdf.Pdf) -> Iterator[tuple[str, pikepdf.Dictionary]]:
    form = pdf.Root.get("/AcroForm")
    if isinstance(form, pikepdf.Dictionary):
        for name, field in fields_of(form):
            if inherited(field, "/FT") == "/Sig":
                yield name, field


def _check(data: bytes, pdf: pikepdf.Pdf) -> None:
    check_content(pdf, len(data))
    check_pages(pdf)
    found: list[str] = []
    if len(sections_of(data)) > 1:
        found.append("phiên bản cũ của tài liệu")
    found += _fields(pdf)
    found += _unused(pdf)
    if pdf.get_warnings():
        raise PdfBroken(detail="chỉ đọc được sau khi sửa")
    if found:
        raise PdfHiddenContent(found=", ".join(dict.fromkeys(found)))


def _fields(pdf: pikepdf.Pdf) -> Iterator[str]:
    """No form but signature fields, each in sight, none over another but the seal."""
    form = pdf.Root.get("/AcroForm")
    fields = list(fields_of(form)) if isinstance(form, pikepdf.Dictionary) else []
    known: set[Key] = set()
    for name, field in fields:
        known.add(field.objgen)
        if inherited(field, "/FT") != "/Sig":
            yield f"ô biểu mẫu {name}"
        elif _flags(field) & (INVISIBLE | HIDDEN | NO_VIEW):
            yield f"ô chữ ký bị ẩn {name}"
    for page in pdf.pages:
        marks = page.obj.get("/Annots")
        for mark in marks if isinstance(marks, pikepdf.Array) else []:
            if not isinstance(mark, pikepdf.Dictionary):
                yield "chú thích không đọc được"
            elif str(mark.get("/Subtype", "")) == "/Widget" and mark.objgen not in known:
                yield "ô biểu mẫu không khai báo"
    for (one, first), (two, second) in combinations(fields[:50], 2):
        if {one, two} != _PAIR and _overlap(first, second):
            yield f"các ô {one} và {two} chồng lên nhau"


def _flags(field: pikepdf.Dictionary) -> int:
    flags = field.get("/F", 0)
    return flags if isinstance(flags, int) else 0


def _overlap(one: pikepdf.Dictionary, two: pikepdf.Dictionary) -> bool:
    """Whether two widgets on one page share a place."""
    pages = [field.get("/P") for field in (one, two)]
    if pages[0] is None or pages[1] is None or pages[0].objgen != pages[1].objgen:
        return False
    first, second = _box(one), _box(two)
    if first is None or second is None:
        return False
    return all(
        max(first[low], second[low]) < min(first[low + 2], second[low + 2]) for low in (0, 1)
    )


def _box(field: pikepdf.Dictionary) -> list[float] | None:
    """Left, bottom, right, top."""
    box = field.get("/Rect")
    if not isinstance(box, pikepdf.Array) or len(box) != 4:
        return None
    x1, y1, x2, y2 = (float(edge) for edge in box)
    return [min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2)]


def _unused(pdf: pikepdf.Pdf) -> Iterator[str]:
    """Pages, fonts, images and forms that nothing leads to: what a shadow attack needs."""
    used = _reached(pdf.trailer)
    for thing in pdf.objects:
        body: Any = thing.stream_dict if isinstance(thing, pikepdf.Stream) else thing
        if isinstance(body, pikepdf.Dictionary) and thing.objgen not in used:
            kinds = {str(body.get("/Type", "")), str(body.get("/Subtype", ""))}
            for kind in sorted(kinds & _KINDS.keys()):
                yield f"{_KINDS[kind]} không dùng tới"


def _reached(trailer: pikepdf.Object) -> set[Key]:
    found: set[Key] = set()
    waiting: list[Any] = [trailer]
    while waiting:
        one = waiting.pop()
        body: Any = one.stream_dict if isinstance(one, pikepdf.Stream) else one
        if not isinstance(body, pikepdf.Dictionary | pikepdf.Array):
            continue
        if one.is_indirect:
            if one.objgen in found:
                continue
            found.add(one.objgen)
        members = body if isinstance(body, pikepdf.Array) else (body[key] for key in body.keys())  # noqa: SIM118
        waiting.extend(each for each in members if isinstance(each, pikepdf.Object))
    return found
