"""What a file is, by its first bytes. Source: rule V-43."""

from __future__ import annotations

import io
from typing import IO

from lienthong.core.edxml.archive import ARCHIVE_ERRORS, open_archive

HEAD_BYTES = 4096
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_PREFIXES: tuple[tuple[bytes, str], ...] = (
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (_OLE, "ole"),
    (b"{\\rtf", "rtf"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"\xff\xd8\xff", "jpg"),
    (b"II*\x00", "tif"),
    (b"MM\x00*", "tif"),
    (b"Rar!\x1a\x07", "rar"),
    (b"MZ", "executable"),
    (b"\x7fELF", "executable"),
    (b"\xca\xfe\xba\xbe", "executable"),
    (b"\xfe\xed\xfa\xce", "executable"),
    (b"\xfe\xed\xfa\xcf", "executable"),
    (b"\xce\xfa\xed\xfe", "executable"),
    (b"\xcf\xfa\xed\xfe", "executable"),
    (b"#!", "executable"),
)
_KINDS_OF_EXTENSION: dict[str, frozenset[str]] = {
    "pdf": frozenset({"pdf"}),
    "doc": frozenset({"ole", "rtf"}),
    "xls": frozenset({"ole"}),
    "ppt": frozenset({"ole"}),
    "docx": frozenset({"docx"}),
    "xlsx": frozenset({"xlsx"}),
    "pptx": frozenset({"pptx"}),
    "odt": frozenset({"odt"}),
    "ods": frozenset({"ods"}),
    "zip": frozenset({"zip", "docx", "xlsx", "pptx", "odt", "ods"}),
    "rtf": frozenset({"rtf"}),
    "txt": frozenset({"text", "xml"}),
    "xml": frozenset({"xml"}),
    "png": frozenset({"png"}),
    "jpg": frozenset({"jpg"}),
    "jpeg": frozenset({"jpg"}),
    "tif": frozenset({"tif"}),
    "tiff": frozenset({"tif"}),
    "rar": frozenset({"rar"}),
}
_OFFICE_PARTS = {"word/": "docx", "xl/": "xlsx", "ppt/": "pptx"}
_ODF_TYPES = {
    b"application/vnd.oasis.opendocument.text": "odt",
    b"application/vnd.oasis.opendocument.spreadsheet": "ods",
}
TEXT_KINDS = frozenset({"text", "xml", "rtf"})


def kind_of(data: bytes) -> str:
    """One of pdf, zip, docx, xlsx, pptx, odt, ods, ole, rtf, png, jpg, tif, rar, xml, text,
    executable, or "unknown"."""
    kind = kind_of_head(data[:HEAD_BYTES])
    if kind == "zip":
        return office_kind(io.BytesIO(data))
    return kind or text_kind(data[:HEAD_BYTES], nul=b"\x00" in data, utf8=_is_utf8(data))


def kind_of_head(head: bytes) -> str:
    """As `kind_of`, from the first HEAD_BYTES alone; "zip" and "" have to be looked at further."""
    for prefix, kind in _PREFIXES:
        if head.startswith(prefix):
            return kind
    return "pdf" if b"%PDF-" in head[:1024] else ""


def agrees(kind: str, extension: str) -> bool:
    """Whether a file of this kind may carry this extension."""
    return kind in _KINDS_OF_EXTENSION.get(extension, frozenset())


def office_kind(file: IO[bytes]) -> str:
    """Which kind of document a ZIP archive is, "zip" when none that is known."""
    try:
        with open_archive(file) as archive:
            entries = archive.infolist()
            names = [entry.filename for entry in entries]
            first = entries[0] if entries else None
            if first and first.filename == "mimetype" and first.file_size < 100:
                return _ODF_TYPES.get(archive.read(first).strip(), "zip")
    except ARCHIVE_ERRORS:
        return "zip"
    if "[Content_Types].xml" in names:
        for part, kind in _OFFICE_PARTS.items():
            if any(name.startswith(part) for name in names):
                return kind
    return "zip"


def text_kind(head: bytes, *, nul: bool, utf8: bool) -> str:
    """ "xml", "text" or "unknown". nul, utf8: what is true of the whole file."""
    if nul:
        return "unknown"
    if utf8:
        start = head.decode("utf-8-sig", "ignore").lstrip()
        return "xml" if start.startswith("<?xml") else "text"
    # Old texts in TCVN3 or windows-1258 are still texts when they have no control bytes.
    control = sum(byte < 32 and byte not in b"\t\n\r\f" for byte in head)
    return "unknown" if control else "text"


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
