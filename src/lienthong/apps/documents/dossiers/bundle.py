"""A work file as one ZIP: PDF to read, XML of its data, the files as they are, digests (DX-81).

    ho-so.pdf       contents page, then every document in time order, to read
    ho-so.xml       the fields of the file and of each document (D30 Annex VI part II)
    van-ban/        the documents and their enclosed files, byte for byte, signatures included
    SHA256SUMS      digest of each of them: `sha256sum -c SHA256SUMS` checks the lot

The same file gives the same bytes: times in the ZIP are fixed, names are numbered in time order.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pikepdf

from lienthong.apps.documents.common.listing import Column, Listing, Table, printed
from lienthong.apps.documents.dossiers import xml_file
from lienthong.core.errors import Problem
from lienthong.core.signing.pdf_copy import plain_pages

PDF_NAME, XML_NAME, SUMS_NAME, FOLDER = "ho-so.pdf", "ho-so.xml", "SHA256SUMS", "van-ban"
_NAME_MAX = 60
_FIXED = (1980, 1, 1, 0, 0, 0)  # the earliest time a ZIP can say

Fields = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Kept:
    """A file of a document. read: fetched only when it is written."""

    name: str
    sha256: str
    read: Callable[[], bytes]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A document of the file. fields: by the codes of Annex VI, in their order."""

    kind: str  # outgoing, incoming, paper
    reference: str
    on: date | None
    subject: str
    author: str
    pages: int
    fields: Fields
    files: Sequence[Kept] = field(default_factory=tuple)


@dataclass(frozen=True, slots=True)
class Bundle:
    """A work file to be exported. sheets: in time order (DX-81)."""

    agency: str
    superior: str
    fields: Fields
    sheets: Sequence[Sheet]
    exported_on: date


def in_time_order(sheets: Sequence[Sheet]) -> list[Sheet]:
    """By the date of the document; one without a date comes last, ties stay as they are."""
    return sorted(sheets, key=lambda one: one.on or date.max)


def build(bundle: Bundle) -> bytes:
    """The ZIP. Raises what reading a kept file raises."""
    named = list(_named(bundle.sheets))
    parts: dict[str, bytes] = {name: kept.read() for name, _, kept in named}
    listed: list[list[tuple[str, str, int]]] = [[] for _ in bundle.sheets]
    for name, position, kept in named:
        listed[position].append((name, kept.sha256, len(parts[name])))
    parts[XML_NAME] = xml_file.write(bundle.fields, bundle.sheets, listed)
    parts[PDF_NAME] = _reading_copy(bundle, parts, listed)
    parts[SUMS_NAME] = _sums(parts)
    return _zipped(parts)


def differences(data: bytes) -> list[str]:
    """The names in a ZIP whose bytes are not those of SHA256SUMS; missing and extra names too."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = set(archive.namelist()) - {SUMS_NAME}
        lines = archive.read(SUMS_NAME).decode().splitlines()
        sums = {name: digest for digest, name in (line.split("  ", 1) for line in lines)}
        wrong = names ^ sums.keys()
        for name in names & sums.keys():
            if hashlib.sha256(archive.read(name)).hexdigest() != sums[name]:
                wrong.add(name)
    return sorted(wrong)


def _named(sheets: Sequence[Sheet]) -> Iterator[tuple[str, int, Kept]]:
    """Yield (name in the ZIP, place of the sheet, file)."""
    for position, sheet in enumerate(sheets):
        for count, kept in enumerate(sheet.files):
            stem = f"{FOLDER}/{position + 1:03d}"
            enclosed = f"-kem-{count}" if count else ""
            yield f"{stem}{enclosed}-{_safe(kept.name)}", position, kept


def _safe(name: str) -> str:
    """A file name that every system takes, its ending kept."""
    stem, dot, ending = name.rpartition(".")
    stem, ending = (stem, ending) if dot else (name, "")
    plain = "".join(c if c.isalnum() or c in "-_ " else "-" for c in stem).strip(" -")[:_NAME_MAX]
    kept = "".join(c for c in ending if c.isascii() and c.isalnum())[:10]
    return f"{plain or 'tep'}.{kept}" if kept else plain or "tep"


def _reading_copy(
    bundle: Bundle, parts: Mapping[str, bytes], listed: Sequence[Sequence[tuple[str, str, int]]]
) -> bytes:
    """Contents page, and behind it the pages of each document that is a readable PDF."""
    with pikepdf.new() as made:
        _append(made, printed(_contents(bundle)))
        for files in listed:
            for name, _, _ in files:
                if name.lower().endswith(".pdf"):
                    _append_readable(made, parts[name])
        out = io.BytesIO()
        made.save(out, deterministic_id=True)
    return out.getvalue()


def _append_readable(made: pikepdf.Pdf, pdf: bytes) -> None:
    """The pages with the pictures of signatures; an unreadable PDF is in its folder only."""
    try:
        _append(made, plain_pages(pdf))
    except (Problem, pikepdf.PdfError):
        return


def _append(made: pikepdf.Pdf, pdf: bytes) -> None:
    with pikepdf.open(io.BytesIO(pdf)) as source:
        made.pages.extend(source.pages)


def _contents(bundle: Bundle) -> Listing:
    fields = bundle.fields
    rows = [
        [
            str(number),
            sheet.reference,
            f"{sheet.on:%d/%m/%Y}" if sheet.on else "",
            sheet.author,
            sheet.subject,
            str(sheet.pages or ""),
        ]
        for number, sheet in enumerate(bundle.sheets, start=1)
    ]
    notation = fields["FileCode"]["FileNotation"]
    return Listing(
        agency=bundle.agency,
        superior=bundle.superior,
        title="Mục lục văn bản trong hồ sơ",
        subtitle=[f"Hồ sơ số {notation}", str(fields["Title"])],
        intro=[
            f"Người lập: {fields['Creator']}. Từ {_day(fields['StartDate'])} đến "
            f"{_day(fields['EndDate']) or 'nay'}. Thời hạn bảo quản: {fields['Maintenance']}. "
            f"{fields['DocTotal']} văn bản, {fields['PageTotal']} trang.",
        ],
        tables=[
            Table(
                [
                    Column("STT", align="right"),
                    Column("Số, ký hiệu", 2),
                    Column("Ngày", align="center"),
                    Column("Tác giả", 2.5),
                    Column("Trích yếu", 5),
                    Column("Số trang", align="right"),
                ],
                rows,
            )
        ],
        outro=[
            "Các trang sau mục lục là bản để đọc. Bản gốc có chữ ký số nằm trong thư mục van-ban; "
            "mã băm của từng tệp ghi trong SHA256SUMS và ho-so.xml.",
        ],
        place_and_day=f"Xuất ngày {bundle.exported_on:%d/%m/%Y}",
    )


def _day(value: Any) -> str:
    return f"{date.fromisoformat(value):%d/%m/%Y}" if value else ""


def _sums(parts: Mapping[str, bytes]) -> bytes:
    lines = (
        f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in sorted(parts.items())
    )
    return "".join(lines).encode()


def _zipped(parts: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in sorted(parts):
            entry = zipfile.ZipInfo(name, date_time=_FIXED)
            entry.external_attr = 0o644 << 16
            # PDFs are compressed inside; texts are worth it.
            packed = zipfile.ZIP_STORED if name.endswith(".pdf") else zipfile.ZIP_DEFLATED
            archive.writestr(entry, parts[name], compress_type=packed)
    return out.getvalue()
