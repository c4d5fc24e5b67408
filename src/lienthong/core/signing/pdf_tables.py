"""The cross-reference sections that a PDF really uses, and what its tables say (SG 7.4 rules 4, 7).

qpdf reads the tables. This tells what it keeps to itself: where each section stands, so that a
revision which the newest one leaves out is noticed, and whether a section is a hybrid, of which old
and new readers see different objects.
"""

from __future__ import annotations

import re

import pikepdf

from lienthong.core.signing.problems import PdfBroken

SECTIONS_MAX = 1000
OBJECTS_MAX = 200_000
_OBJECT = re.compile(rb"\d+\s+\d+\s+obj\b")
_POINTER = re.compile(rb"(?<!\d)\d+\s+\d+\s+R\b")  # the parser knows no document to look in
_NUMBER = re.compile(rb"startxref\s+(\d+)\s")

Key = tuple[int, int]
Table = dict[Key, tuple[int, int, int]]


def sections_of(data: bytes) -> frozenset[int]:
    """The offsets of the sections from the last startxref back. Raises PdfBroken."""
    last = _NUMBER.match(data, max(0, data.rfind(b"startxref")))
    if last is None:
        raise PdfBroken(detail="không có bảng tham chiếu")
    found: set[int] = set()
    offset: object = int(last.group(1))
    while offset is not None:
        if type(offset) is not int or not 0 <= offset < len(data) or offset in found:
            raise PdfBroken(detail="các bảng tham chiếu không nối với nhau")
        found.add(offset)
        if len(found) > SECTIONS_MAX:
            raise PdfBroken(detail="có quá nhiều bảng tham chiếu")
        trailer = _trailer(data, offset)
        if "/XRefStm" in trailer:
            raise PdfBroken(detail="bảng tham chiếu lai, mỗi phần mềm đọc một khác")
        offset = trailer.get("/Prev")
    return frozenset(found)


def _trailer(data: bytes, offset: int) -> pikepdf.Dictionary:
    """The dictionary of the section at `offset`, after its table or before its stream."""
    while data[offset : offset + 1].isspace():
        offset += 1
    if data.startswith(b"xref", offset):
        begin = data.find(b"trailer", offset) + len(b"trailer")
        end = data.find(b"startxref", begin)
    else:
        head = _OBJECT.match(data, offset)
        begin = head.end() if head else len(data)
        end = data.find(b"stream", begin)
    if not 0 < begin < end:
        raise PdfBroken(detail="bảng tham chiếu không đọc được")
    try:
        found = pikepdf.Object.parse(_POINTER.sub(b"null", data[begin:end]))
    except (pikepdf.PdfError, RuntimeError, ValueError) as error:
        raise PdfBroken(detail="bảng tham chiếu không đọc được") from error
    if not isinstance(found, pikepdf.Dictionary):
        raise PdfBroken(detail="bảng tham chiếu không đọc được")
    return found


def table_of(pdf: pikepdf.Pdf, size: int) -> Table:
    """The entries: (1, offset, 0) or (2, object stream, index in it). Raises PdfBroken.

    size: of the revision in bytes; no entry may point beyond it (R31).
    """
    entries = pdf.get_xref_table()
    if len(entries) > OBJECTS_MAX:
        raise PdfBroken(detail="có quá nhiều đối tượng")
    table: Table = {}
    for key, entry in entries.items():
        if entry.type == 1:
            table[key] = (1, entry.offset or 0, 0)
            if table[key][1] >= size:
                raise PdfBroken(detail="bảng tham chiếu trỏ ra ngoài tệp")
        else:
            table[key] = (2, entry.obj_stream_number or 0, entry.obj_stream_index or 0)
    return table
