"""Whether a PDF may be signed (SG 6.1): what a person sees must be all there is.

Shadow attacks are prepared before signing and cannot be seen afterwards, so active and hidden
content is refused here. Ordinary documents pass: fonts that are not embedded, links, outlines,
declared attachments and forms give at most a warning (docs/divergences.md). What rewriting the
document mends is left to `prepare_pdf`; `pdf_ready` looks at what is signed in the end.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pikepdf

from lienthong.core.signing.pdf_packed import check_packed
from lienthong.core.signing.pdf_streams import check_streams, start_of
from lienthong.core.signing.plain.objects import is_plain
from lienthong.core.signing.problems import (
    PdfActiveContent,
    PdfBroken,
    PdfEncrypted,
    PdfHiddenContent,
    PdfNotPdf,
    PdfSignedAlready,
    PdfTooLarge,
)

SIZE_MAX_BYTES = 100 * 1024 * 1024
DEPTH_MAX = 100
# qpdf goes on after each warning; a file of nothing but faults would keep it busy (for all files of
# the process; ours with one warning are refused anyhow).
# A stream in two layers unpacks a million times; nothing that is read here needs two, or so much.
pikepdf.settings.set_qpdf_limits(
    doc_max_warnings=100, max_stream_filters=1, flate_max_memory=64 * 1024 * 1024
)
FIELDS_MAX = 10_000
OBJECTS_MAX = 200_000
INPUTS_MAX = 2_000  # each is drawn on its page
MARKS_MAX = 10_000
THINGS_SPARE = 20_000
BYTES_PER_THING = 20

_ACTIONS = {
    "/JavaScript": "mã JavaScript",
    "/Launch": "lệnh mở chương trình",
    "/SubmitForm": "lệnh gửi biểu mẫu",
    "/ImportData": "lệnh nạp dữ liệu",
    "/Rendition": "lệnh phát đa phương tiện",
    "/RichMediaExecute": "đa phương tiện",
    "/Movie": "phim",
    "/Sound": "âm thanh",
    "/GoTo3DView": "mô hình 3D",
    "/Hide": "lệnh ẩn hiện nội dung",
    "/SetOCGState": "lệnh ẩn hiện lớp nội dung",
    "/ResetForm": "lệnh xóa biểu mẫu",
}
_ANNOTATIONS = {
    "/RichMedia": "đa phương tiện",
    "/Movie": "phim",
    "/Sound": "âm thanh",
    "/Screen": "đa phương tiện",
    "/3D": "mô hình 3D",
}
_PROGRAMS = [
    "exe",
    "dll",
    "com",
    "scr",
    "bat",
    "cmd",
    "ps1",
    "vbs",
    "vbe",
    "js",
    "jse",
    "wsf",
    "hta",
    "msi",
    "jar",
    "lnk",
    "cpl",
    "reg",
    "sh",
    "app",
    "apk",
    "elf",
    "pif",
]
_PROGRAM_STARTS = (b"MZ", b"\x7fELF", b"#!", b"\xca\xfe\xba\xbe", b"\xcf\xfa\xed\xfe")


@dataclass(frozen=True, slots=True)
class PdfFacts:
    """What a checked PDF is. `warnings` are Vietnamese sentences; the file may be signed."""

    pages: int
    version: str
    title: str
    fonts_embedded: bool
    warnings: tuple[str, ...]


def check_unsigned_pdf(data: bytes, *, max_bytes: int = SIZE_MAX_BYTES) -> PdfFacts:
    """Check a PDF that is to be signed.

    Raises PdfTooLarge, PdfNotPdf, PdfEncrypted, PdfBroken, PdfActiveContent or PdfSignedAlready.
    """
    if len(data) > max_bytes:
        raise PdfTooLarge(size=len(data), limit=max_bytes)
    with open_strict(data) as pdf:
        return _facts(pdf, len(data))


def open_strict(data: bytes) -> pikepdf.Pdf:
    """Open a PDF that reads without repair. Raises PdfNotPdf, PdfEncrypted or PdfBroken."""
    if b"%PDF-" not in data[:1024]:
        raise PdfNotPdf
    if not is_plain(data):
        check_packed(data)
    try:
        pdf = pikepdf.open(io.BytesIO(data), attempt_recovery=False)
    except pikepdf.PasswordError as error:
        raise PdfEncrypted from error
    except (pikepdf.PdfError, RecursionError, MemoryError) as error:
        raise PdfBroken(detail=_short(error)) from error
    if pdf.is_encrypted:
        pdf.close()
        raise PdfEncrypted
    return pdf


def _facts(pdf: pikepdf.Pdf, size: int) -> PdfFacts:
    try:
        pages = len(pdf.pages)
        check_streams(pdf, size)
        warnings = [str(one) for one in pdf.get_warnings()]
    except (pikepdf.PdfError, RuntimeError, RecursionError) as error:
        raise PdfBroken(detail=_short(error)) from error
    if warnings:
        raise PdfBroken(detail=_short(warnings[0]))
    if pages == 0:
        raise PdfBroken(detail="không có trang nào")
    root = pdf.Root
    notes: list[str] = []
    _check_form(root.get("/AcroForm"), notes)
    if "/DSS" in root:
        raise PdfSignedAlready(field="DSS")
    scan = check_content(pdf, size)
    if not scan.fonts_embedded:
        notes.append("Có phông chữ không nhúng trong tệp; máy khác có thể hiển thị khác đi.")
    if scan.attached:
        names = sorted(set(scan.attached.values()))[:5]
        notes.append(f"Có tệp đính kèm bên trong PDF: {', '.join(names)}.")
    if scan.remote:
        notes.append("Có liên kết tới tệp khác bên ngoài PDF.")
    return PdfFacts(pages, pdf.pdf_version, title_of(pdf), scan.fonts_embedded, tuple(notes))


def check_content(pdf: pikepdf.Pdf, size: int) -> Scan:
    """Look through every object of a file of `size` bytes. Raises PdfActiveContent,
    PdfHiddenContent, and PdfBroken when there are too many."""
    scan = Scan(THINGS_SPARE + size // BYTES_PER_THING)
    for thing in pdf.objects:
        scan.look(thing)
    if scan.active:
        raise PdfActiveContent(found=", ".join(sorted(scan.active)))
    hidden = [*hidden_of(pdf), *scan.undeclared(pdf.Root)]
    if hidden:
        raise PdfHiddenContent(found=", ".join(hidden))
    return scan


def _check_form(form: Any, notes: list[str]) -> None:
    if not isinstance(form, pikepdf.Dictionary):
        return
    if "/XFA" in form:
        raise PdfActiveContent(found="biểu mẫu XFA")
    fields = list(fields_of(form))
    for name, field in fields:
        if inherited(field, "/FT") == "/Sig" and field.get("/V") is not None:
            raise PdfSignedAlready(field=name)
    inputs = [field for _, field in fields if inherited(field, "/FT") != "/Sig"]
    if not inputs:
        return
    if len(inputs) > INPUTS_MAX:
        raise PdfBroken(detail="có quá nhiều ô biểu mẫu")
    if bool(form.get("/NeedAppearances", False)) and any("/V" in field for field in inputs):
        raise PdfActiveContent(found="biểu mẫu điền được, nội dung chưa cố định trên trang")
    notes.append("Các ô biểu mẫu sẽ được cố định thành nội dung của trang.")


def fields_of(form: pikepdf.Dictionary) -> Iterator[tuple[str, pikepdf.Dictionary]]:
    """The terminal fields with their full names; each once, in bounded work (R34)."""
    seen: set[tuple[int, int]] = set()
    count = 0
    roots = form.get("/Fields")
    waiting: list[tuple[Any, str, int]] = []
    if isinstance(roots, pikepdf.Array):
        waiting = [(one, "", 0) for one in reversed(list(roots))]
    while waiting:
        field, prefix, depth = waiting.pop()
        count += 1
        if count > FIELDS_MAX:
            raise PdfBroken(detail="cây biểu mẫu quá lớn")
        if not isinstance(field, pikepdf.Dictionary):
            continue
        if field.is_indirect:
            if field.objgen in seen:
                raise PdfBroken(detail="cây biểu mẫu lặp vòng")
            seen.add(field.objgen)
        if depth > DEPTH_MAX:
            raise PdfBroken(detail="cây biểu mẫu quá sâu")
        own = str(field["/T"]) if "/T" in field else ""
        name = ".".join(part for part in (prefix, own) if part)
        kids = field.get("/Kids")
        below = [kid for kid in kids if "/T" in kid] if isinstance(kids, pikepdf.Array) else []
        if below:
            waiting.extend((kid, name, depth + 1) for kid in reversed(below))
        else:
            yield name, field


def inherited(field: pikepdf.Dictionary, key: str) -> Any:
    """A field's value of `key`, from itself or from above. Raises PdfBroken in a circle (R34)."""
    node: Any = field
    for _ in range(DEPTH_MAX):
        if not isinstance(node, pikepdf.Dictionary):
            return None
        if key in node:
            return node[key]
        node = node.get("/Parent")
    raise PdfBroken(detail="cây biểu mẫu lặp vòng")


def check_pages(pdf: pikepdf.Pdf) -> None:
    """Raise PdfBroken unless there are pages, each with an end to its parents (R34)."""
    sound: set[tuple[int, int]] = set()
    for page in pdf.pages:
        node: Any = page.obj.get("/Parent")
        chain: list[tuple[int, int]] = []
        while isinstance(node, pikepdf.Dictionary) and node.objgen not in sound:
            chain.append(node.objgen)
            if len(chain) > DEPTH_MAX:
                raise PdfBroken(detail="cây trang lặp vòng")
            node = node.get("/Parent")
        sound.update(chain)
    if not sound:
        raise PdfBroken(detail="không có trang nào")


def is_whole(pdf: pikepdf.Pdf) -> bool:
    """Whether every object of an open file reads as it stands, and its pages are one tree."""
    try:
        if len(pdf.objects) > OBJECTS_MAX:  # the list is made by reading every object
            return False
        check_pages(pdf)
    except (pikepdf.PdfError, RuntimeError, TypeError, ValueError, PdfBroken):
        return False
    return not pdf.get_warnings()


def title_of(pdf: pikepdf.Pdf) -> str:
    """The title in the document information, or nothing."""
    info = pdf.trailer.get("/Info")
    if not isinstance(info, pikepdf.Dictionary) or "/Title" not in info:
        return ""
    return str(info["/Title"]).strip()


class Scan:
    """Looks through every object once; direct objects with their owner.

    most: how many dictionaries and lists there may be (R34).
    """

    def __init__(self, most: int = THINGS_SPARE) -> None:
        self.left = most
        self.active: set[str] = set()
        self.attached: dict[tuple[int, int], str] = {}
        self.embedded: set[tuple[int, int]] = set()
        self.marked: set[tuple[int, int]] = set()
        self.remote = False
        self.fonts_embedded = True

    def look(self, thing: Any, depth: int = 0) -> None:
        """Raises PdfBroken for what is nested too deep, and when there is too much."""
        self.left -= 1
        if depth > DEPTH_MAX or self.left < 0:
            raise PdfBroken(detail="đối tượng lồng quá sâu hoặc quá nhiều")
        members: Iterable[Any] = ()
        if isinstance(thing, pikepdf.Array):
            members = thing
        elif isinstance(thing, pikepdf.Dictionary | pikepdf.Stream):
            entries = dict(_entries(thing))
            if isinstance(thing, pikepdf.Stream):
                self._stream(thing, entries)
            self._dictionary(thing, entries)
            members = entries.values()
        for member in members:
            is_container = isinstance(member, pikepdf.Array | pikepdf.Dictionary)
            if is_container and not member.is_indirect:
                self.look(member, depth + 1)

    def _dictionary(self, thing: Any, entries: Mapping[str, Any]) -> None:
        action = str(entries.get("/S", ""))
        if action in _ACTIONS:
            self.active.add(_ACTIONS[action])
        if action in {"/GoToR", "/GoToE"}:
            self.remote = True
        if "/JS" in entries:
            self.active.add(_ACTIONS["/JavaScript"])
        subtype = str(entries.get("/Subtype", ""))
        if subtype in _ANNOTATIONS and "/Rect" in entries:
            self.active.add(_ANNOTATIONS[subtype])
        file = entries.get("/FS") if subtype == "/FileAttachment" else None
        if isinstance(file, pikepdf.Dictionary):
            self.marked.add(_file_of(file))
        if "/EF" in entries:
            self._attachment(thing)
        if "/Ref" in entries and subtype == "/Form":
            self.active.add("nội dung nằm ở tệp bên ngoài")
        if str(entries.get("/Type", "")) == "/Font":
            self._font(thing, subtype)

    def _attachment(self, thing: pikepdf.Dictionary) -> None:
        name = str(thing.get("/UF", thing.get("/F", "tệp không tên")))
        self.attached[_file_of(thing)] = name
        if name.rpartition(".")[2].lower() in _PROGRAMS:
            self.active.add(f"chương trình đính kèm {name}")

    def undeclared(self, root: pikepdf.Object) -> list[str]:
        """Embedded files that no list of attachments and no attachment mark names (SG 6.1)."""
        declared = {_file_of(one) for one in _declared_files(root)} | self.marked
        lost = [name for key, name in self.attached.items() if key not in declared]
        if self.embedded - self.attached.keys():
            lost.append("tệp không tên")
        return [f"tệp nhúng không khai báo {name}" for name in sorted(lost)]

    def _font(self, font: pikepdf.Dictionary, subtype: str) -> None:
        if subtype in {"/Type0", "/Type3"}:
            return
        descriptor = font.get("/FontDescriptor")
        if not isinstance(descriptor, pikepdf.Dictionary) or not (
            {"/FontFile", "/FontFile2", "/FontFile3"} & set(descriptor.keys())
        ):
            self.fonts_embedded = False

    def _stream(self, stream: pikepdf.Stream, entries: Mapping[str, Any]) -> None:
        if "/F" in entries:
            self.active.add("nội dung nằm ở tệp bên ngoài")
        if str(entries.get("/Type", "")) == "/EmbeddedFile":
            self.embedded.add(stream.objgen)
            if start_of(stream).startswith(_PROGRAM_STARTS):
                self.active.add("chương trình đính kèm")


def _entries(thing: pikepdf.Dictionary | pikepdf.Stream) -> Iterable[tuple[str, Any]]:
    body = thing.stream_dict if isinstance(thing, pikepdf.Stream) else thing
    return body.items()


def _file_of(specification: pikepdf.Dictionary) -> tuple[int, int]:
    """Which embedded stream a file specification leads to."""
    files = specification.get("/EF")
    if isinstance(files, pikepdf.Dictionary):
        for key in ("/UF", "/F"):
            if isinstance(files.get(key), pikepdf.Stream):
                return files[key].objgen
    return (0, 0)


def _declared_files(root: pikepdf.Object) -> Iterator[pikepdf.Dictionary]:
    """The file specifications in the catalog's list of attachments and of associated files."""
    names = root.get("/Names")
    waiting: list[tuple[Any, int]] = [(root.get("/AF"), 0)]
    if isinstance(names, pikepdf.Dictionary):
        waiting.append((names.get("/EmbeddedFiles"), 0))
    count = 0
    while waiting:
        node, depth = waiting.pop()
        count += 1
        if depth > DEPTH_MAX or count > FIELDS_MAX:
            raise PdfBroken(detail="danh sách tệp đính kèm quá sâu hoặc quá lớn")
        if isinstance(node, pikepdf.Array):
            waiting.extend((one, depth + 1) for one in node)
        elif isinstance(node, pikepdf.Dictionary):
            if "/EF" in node:
                yield node
            waiting.extend((node.get(key), depth + 1) for key in ("/Kids", "/Names"))


HIDDEN, NO_VIEW, TOGGLE_NO_VIEW = 2, 32, 256


def hidden_of(pdf: pikepdf.Pdf) -> list[str]:
    """What is in the document but not to be seen: layers that are off, hidden marks (SG 6.1)."""
    found = []
    if _has_hidden_layers(pdf.Root):
        found.append("lớp nội dung đang ẩn")
    count = 0
    for number, page in enumerate(pdf.pages, start=1):
        marks = _marks_of(page)
        count += len(marks)
        if count > MARKS_MAX:
            raise PdfBroken(detail="có quá nhiều chú thích")
        if any(_is_hidden(one) for one in marks):
            found.append(f"chú thích bị ẩn ở trang {number}")
    return found


def _marks_of(page: pikepdf.Page) -> list[Any]:
    marks = page.obj.get("/Annots")
    return list(marks) if isinstance(marks, pikepdf.Array) else []


def _is_hidden(mark: Any) -> bool:
    """A mark that is there without being shown; forms are settled apart, pop-ups show nothing."""
    if not isinstance(mark, pikepdf.Dictionary):
        return False
    if str(mark.get("/Subtype", "")) in {"/Popup", "/Widget"}:
        return False
    flags = mark.get("/F", 0)
    return isinstance(flags, int) and bool(flags & (HIDDEN | NO_VIEW | TOGGLE_NO_VIEW))


def _has_hidden_layers(root: pikepdf.Object) -> bool:
    """Whether a layer is off, or off on paper or on the screen only."""
    layers = root.get("/OCProperties")
    if not isinstance(layers, pikepdf.Dictionary):
        return False
    shown = layers.get("/D")
    if isinstance(shown, pikepdf.Dictionary):
        off = shown.get("/OFF")
        if str(shown.get("/BaseState", "/ON")) != "/ON" or (
            isinstance(off, pikepdf.Array) and len(off) > 0
        ):
            return True
    groups = layers.get("/OCGs")
    return isinstance(groups, pikepdf.Array) and any(_is_off_somewhere(one) for one in groups)


def _is_off_somewhere(group: Any) -> bool:
    usage = group.get("/Usage") if isinstance(group, pikepdf.Dictionary) else None
    if not isinstance(usage, pikepdf.Dictionary):
        return False
    states = (("/Print", "/PrintState"), ("/View", "/ViewState"), ("/Export", "/ExportState"))
    for kind, state in states:
        one = usage.get(kind)
        if isinstance(one, pikepdf.Dictionary) and str(one.get(state, "")) == "/OFF":
            return True
    return False


def _short(error: object) -> str:
    return " ".join(str(error).split())[:120]
