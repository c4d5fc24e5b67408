"""Whether a PDF may be signed (SG 6.1): what a person sees must be all there is.

Shadow attacks are prepared before signing and cannot be seen afterwards, so active content is
refused here. Ordinary documents pass: fonts that are not embedded, links, outlines and forms give
at most a warning.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pikepdf

from lienthong.core.signing.problems import (
    PdfActiveContent,
    PdfBroken,
    PdfEncrypted,
    PdfNotPdf,
    PdfSignedAlready,
    PdfTooLarge,
)

SIZE_MAX_BYTES = 100 * 1024 * 1024
DEPTH_MAX = 100
FIELDS_MAX = 10_000

_ACTIONS = {
    "/JavaScript": "mã JavaScript",
    "/Launch": "lệnh mở chương trình",
    "/SubmitForm": "lệnh gửi biểu mẫu",
    "/ImportData": "lệnh nạp dữ liệu",
    "/Rendition": "lệnh phát đa phương tiện",
    "/RichMediaExecute": "đa phương tiện",
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
        return _facts(pdf)


def open_strict(data: bytes) -> pikepdf.Pdf:
    """Open a PDF that reads without repair. Raises PdfNotPdf, PdfEncrypted or PdfBroken."""
    if b"%PDF-" not in data[:1024]:
        raise PdfNotPdf
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


def _facts(pdf: pikepdf.Pdf) -> PdfFacts:
    try:
        problems = pdf.check_pdf_syntax()
        pages = len(pdf.pages)
        warnings = [str(one) for one in pdf.get_warnings()]
    except (pikepdf.PdfError, RuntimeError, RecursionError) as error:
        raise PdfBroken(detail=_short(error)) from error
    if problems or warnings:
        raise PdfBroken(detail=_short((problems or warnings)[0]))
    if pages == 0:
        raise PdfBroken(detail="không có trang nào")
    root = pdf.Root
    notes: list[str] = []
    _check_form(root.get("/AcroForm"), notes)
    if "/DSS" in root:
        raise PdfSignedAlready(field="DSS")
    scan = _Scan()
    for thing in pdf.objects:
        scan.look(thing, 0)
    if scan.active:
        raise PdfActiveContent(found=", ".join(sorted(scan.active)))
    if not scan.fonts_embedded:
        notes.append("Có phông chữ không nhúng trong tệp; máy khác có thể hiển thị khác đi.")
    if scan.attached:
        notes.append("Có tệp đính kèm bên trong PDF: " + ", ".join(sorted(scan.attached)[:5]) + ".")
    if scan.remote:
        notes.append("Có liên kết tới tệp khác bên ngoài PDF.")
    if _has_hidden_layers(root):
        notes.append("Có lớp nội dung đang ẩn.")
    return PdfFacts(pages, pdf.pdf_version, title_of(pdf), scan.fonts_embedded, tuple(notes))


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
    if bool(form.get("/NeedAppearances", False)) and any("/V" in field for field in inputs):
        raise PdfActiveContent(found="biểu mẫu điền được, nội dung chưa cố định trên trang")
    notes.append("Các ô biểu mẫu sẽ được cố định thành nội dung của trang.")


def fields_of(form: pikepdf.Dictionary) -> Iterator[tuple[str, pikepdf.Dictionary]]:
    """The terminal fields with their full names; each once, in bounded work (R34)."""
    seen: set[tuple[int, int]] = set()
    roots = form.get("/Fields")
    waiting: list[tuple[Any, str, int]] = []
    if isinstance(roots, pikepdf.Array):
        waiting = [(one, "", 0) for one in reversed(list(roots))]
    while waiting:
        field, prefix, depth = waiting.pop()
        if not isinstance(field, pikepdf.Dictionary):
            continue
        if field.is_indirect:
            if field.objgen in seen:
                raise PdfBroken(detail="cây biểu mẫu lặp vòng")
            seen.add(field.objgen)
        if depth > DEPTH_MAX or len(seen) > FIELDS_MAX:
            raise PdfBroken(detail="cây biểu mẫu quá sâu hoặc quá lớn")
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


def title_of(pdf: pikepdf.Pdf) -> str:
    """The title in the document information, or nothing."""
    info = pdf.trailer.get("/Info")
    if not isinstance(info, pikepdf.Dictionary) or "/Title" not in info:
        return ""
    return str(info["/Title"]).strip()


class _Scan:
    """Looks through every object once; direct objects with their owner."""

    def __init__(self) -> None:
        self.active: set[str] = set()
        self.attached: set[str] = set()
        self.remote = False
        self.fonts_embedded = True

    def look(self, thing: Any, depth: int) -> None:
        if depth > DEPTH_MAX:
            raise PdfBroken(detail="đối tượng lồng quá sâu")
        if isinstance(thing, pikepdf.Array):
            for member in thing:
                self._below(member, depth)
            return
        if isinstance(thing, pikepdf.Stream):
            self._stream(thing)
            thing = thing.stream_dict
        if isinstance(thing, pikepdf.Dictionary):
            self._dictionary(thing)
            for key in thing.keys():  # noqa: SIM118  (a pikepdf dictionary iterates otherwise)
                self._below(thing[key], depth)

    def _below(self, member: Any, depth: int) -> None:
        is_container = isinstance(member, pikepdf.Array | pikepdf.Dictionary)
        if is_container and not member.is_indirect:
            self.look(member, depth + 1)

    def _dictionary(self, thing: pikepdf.Dictionary) -> None:
        action = str(thing.get("/S", ""))
        if action in _ACTIONS:
            self.active.add(_ACTIONS[action])
        if action in {"/GoToR", "/GoToE"}:
            self.remote = True
        if "/JS" in thing:
            self.active.add(_ACTIONS["/JavaScript"])
        subtype = str(thing.get("/Subtype", ""))
        if subtype in _ANNOTATIONS and "/Rect" in thing:
            self.active.add(_ANNOTATIONS[subtype])
        if "/EF" in thing:
            self._attachment(thing)
        if str(thing.get("/Type", "")) == "/Font":
            self._font(thing, subtype)

    def _attachment(self, thing: pikepdf.Dictionary) -> None:
        name = str(thing.get("/UF", thing.get("/F", "tệp không tên")))
        self.attached.add(name)
        if name.rpartition(".")[2].lower() in _PROGRAMS:
            self.active.add(f"chương trình đính kèm {name}")

    def _font(self, font: pikepdf.Dictionary, subtype: str) -> None:
        if subtype in {"/Type0", "/Type3"}:
            return
        descriptor = font.get("/FontDescriptor")
        if not isinstance(descriptor, pikepdf.Dictionary) or not (
            {"/FontFile", "/FontFile2", "/FontFile3"} & set(descriptor.keys())
        ):
            self.fonts_embedded = False

    def _stream(self, stream: pikepdf.Stream) -> None:
        if "/F" in stream.stream_dict:
            self.active.add("nội dung nằm ở tệp bên ngoài")
        if str(stream.stream_dict.get("/Type", "")) == "/EmbeddedFile":
            try:
                start = stream.read_bytes()[:4]
            except pikepdf.PdfError as error:
                raise PdfBroken(detail=_short(error)) from error
            if start.startswith(_PROGRAM_STARTS):
                self.active.add("chương trình đính kèm")


def _has_hidden_layers(root: pikepdf.Object) -> bool:
    layers = root.get("/OCProperties")
    shown = layers.get("/D") if isinstance(layers, pikepdf.Dictionary) else None
    if not isinstance(shown, pikepdf.Dictionary):
        return False
    hidden = shown.get("/OFF")
    return str(shown.get("/BaseState", "")) == "/OFF" or (
        isinstance(hidden, pikepdf.Array) and len(hidden) > 0
    )


def _short(error: object) -> str:
    return " ".join(str(error).split())[:120]
