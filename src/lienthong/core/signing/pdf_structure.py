"""The structure of a signed PDF, read strictly (SG 7.4).

What each signature covers, that its gap holds its value and nothing else, and what changed between
one signed revision and the next: only the next signature, its picture and validation data may. This
is stricter than DocMDP: a validator that permits form filling accepts a known shadow attack.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pikepdf

from lienthong.core.signing.pdf_check import fields_of, inherited, open_strict
from lienthong.core.signing.problems import PdfBroken

SIGNATURES_MAX = 50
_HEX_GAP = re.compile(rb"<[0-9A-Fa-f]*>\Z")
_REVISION_END = re.compile(rb"startxref\s+(\d+)\s+%%EOF(\r\n|\n|\r)?\Z")
# The look-behind also keeps the search linear in long runs of digits, such as empty Contents.
_REFERENCE = re.compile(rb"(?<!\d)(\d+) \d+ R\b")
_DATE = re.compile(r"D:(\d{4})(\d\d)?(\d\d)?(\d\d)?(\d\d)?(\d\d)?(?:(Z)|([+-])(\d\d)'?(\d\d)?)?")
SUBFILTERS = {"/ETSI.CAdES.detached", "/adbe.pkcs7.detached"}
_OLD_SUBFILTERS = {"/adbe.pkcs7.sha1", "/adbe.x509.rsa_sha1"}


@dataclass(frozen=True, slots=True)
class Remark:
    """One structural finding. proven: it shows a change or a forgery, not only a doubt."""

    check: str
    proven: bool
    sub_indication: str
    text: str


@dataclass(slots=True)
class PdfSignature:
    """One signature as it stands in the file."""

    field: str
    subfilter: str
    contents: bytes
    gap: tuple[int, int]
    end: int
    claimed_at: datetime | None
    objgen: tuple[int, int]
    value: pikepdf.Object
    covers_whole: bool = False
    remarks: list[Remark] = dataclass_field(default_factory=list)


@dataclass(slots=True)
class PdfStructure:
    """The signatures in the order of their revisions, and remarks about the file as a whole."""

    signatures: list[PdfSignature]
    remarks: list[Remark]
    pdf: pikepdf.Pdf


def read_structure(data: bytes) -> PdfStructure:
    """Read the signatures of a PDF and check the structure around each.

    Raises PdfNotPdf, PdfEncrypted or PdfBroken when the file cannot be read at all.
    """
    pdf = open_strict(data)
    try:
        return _read(data, pdf)
    except (pikepdf.PdfError, RuntimeError, RecursionError, TypeError, ValueError) as error:
        # pikepdf reports objects of a wrong kind with these.
        raise PdfBroken(detail=" ".join(str(error).split())[:120]) from error


def _read(data: bytes, pdf: pikepdf.Pdf) -> PdfStructure:
    structure = PdfStructure([], [], pdf)
    form = pdf.Root.get("/AcroForm")
    if not isinstance(form, pikepdf.Dictionary):
        return structure
    if "/XFA" in form:
        text = "Tài liệu dùng biểu mẫu XFA, không kiểm tra được."
        structure.remarks.append(Remark("format", False, "FORMAT_FAILURE", text))
    seen: set[tuple[int, int]] = set()
    for name, one in fields_of(form):
        value = one.get("/V")
        if str(inherited(one, "/FT")) != "/Sig" or value is None:
            continue
        found = _signature(data, name, value)
        if found.objgen in seen and found.objgen != (0, 0):
            text = "Hai ô chữ ký cùng trỏ tới một chữ ký."
            found.remarks.append(Remark("format", True, "FORMAT_FAILURE", text))
        seen.add(found.objgen)
        structure.signatures.append(found)
        if len(structure.signatures) > SIGNATURES_MAX:
            raise PdfBroken(detail="có quá nhiều chữ ký")
    structure.signatures.sort(key=lambda one: one.end)
    _check_revisions(data, structure)
    if pdf.get_warnings():
        text = "Tệp PDF có lỗi cấu trúc, chỉ đọc được sau khi sửa."
        structure.remarks.append(Remark("format", False, "FORMAT_FAILURE", text))
    return structure


def _signature(data: bytes, name: str, value: Any) -> PdfSignature:
    """Read a signature dictionary; rules 1 to 4 become remarks."""
    found = PdfSignature(name, "", b"", (0, 0), 0, None, (0, 0), value)
    if not isinstance(value, pikepdf.Dictionary):
        found.remarks.append(_forged("Ô chữ ký không chứa từ điển chữ ký."))
        return found
    found.objgen = value.objgen if value.is_indirect else (0, 0)
    found.subfilter = str(value.get("/SubFilter", ""))
    if "/M" in value:
        found.claimed_at = parse_date(str(value["/M"]))
    if found.subfilter in _OLD_SUBFILTERS:
        text = "Kiểu chữ ký cũ dựa trên SHA-1, không còn được chấp nhận."
        found.remarks.append(Remark("algorithm", False, "CRYPTO_CONSTRAINTS_FAILURE", text))
    elif found.subfilter not in SUBFILTERS or str(value.get("/Type", "/Sig")) != "/Sig":
        text = f"Kiểu chữ ký {found.subfilter or '(không ghi)'} không được hỗ trợ."
        found.remarks.append(Remark("format", False, "FORMAT_FAILURE", text))
    contents = value.get("/Contents")
    if not isinstance(contents, pikepdf.String) or not bytes(contents).strip(b"\x00"):
        found.remarks.append(_forged("Chữ ký rỗng."))
        return found
    found.contents = bytes(contents)
    _check_range(data, value.get("/ByteRange"), found)
    return found


def _check_range(data: bytes, given: Any, found: PdfSignature) -> None:
    """Rules 1 to 5: four numbers, one hexadecimal string in the gap, the end of a revision."""
    members: list[Any] = list(given) if isinstance(given, pikepdf.Array) else []
    numbers = [number for number in members if type(number) is int]
    if len(members) != 4 or len(numbers) != 4:
        found.remarks.append(_forged("ByteRange không phải bốn số nguyên."))
        return
    start, first, second, length = numbers
    if start != 0 or not 0 < first < second or length <= 0 or second + length > len(data):
        found.remarks.append(_forged("ByteRange không hợp lệ."))
        return
    found.gap, found.end = (first, second), second + length
    gap = data[first:second]
    if (
        not _HEX_GAP.fullmatch(gap)
        or len(gap) % 2
        or gap not in {gap.lower(), gap.upper()}  # one writer writes one way: mixed is tampering
        or bytes.fromhex(gap[1:-1].decode()) != found.contents
    ):
        found.remarks.append(
            _forged("Khoảng trống của ByteRange không chứa đúng một giá trị chữ ký.")
        )
        return
    head = b"%d %d obj" % found.objgen
    begin = data.rfind(head, 0, first)
    if begin < 0 or data.find(b"endobj", begin, first) >= 0:
        found.remarks.append(_forged("Từ điển chữ ký không nằm trong phần được ký."))
        return
    if not _REVISION_END.search(data[max(0, found.end - 64) : found.end]):
        found.remarks.append(
            _forged("Phần được ký không kết thúc ở cuối một phiên bản của tài liệu.")
        )
    rest = data[found.end :]
    found.covers_whole = rest in {b"", b"\n", b"\r\n", b"\r"}


def _forged(text: str) -> Remark:
    return Remark("format", True, "FORMAT_FAILURE", text)


def _changed(text: str) -> Remark:
    return Remark("coverage", True, "HASH_FAILURE", f"Tài liệu bị thay đổi sau khi ký: {text}.")


def _check_revisions(data: bytes, structure: PdfStructure) -> None:
    """Rules 5 to 8: nothing after the last signature, little between one and the next."""
    readable = [one for one in structure.signatures if one.end]
    if not readable:
        return
    last = readable[-1]
    if not last.covers_whole:
        text = f"có {len(data) - last.end} byte được thêm sau chữ ký cuối cùng"
        for one in readable:
            one.remarks.append(_changed(text))
    for position, later in enumerate(readable[1:], start=1):
        earlier = readable[position - 1]
        if earlier.end == later.end:
            earlier.remarks.append(_forged("Hai chữ ký cùng phủ một phiên bản."))
            continue
        texts = list(_changes(data, earlier, later, structure, is_last=later is last))
        for text in texts[:5]:
            for one in readable[:position]:
                one.remarks.append(_changed(text))


def _changes(
    data: bytes,
    earlier: PdfSignature,
    later: PdfSignature,
    structure: PdfStructure,
    *,
    is_last: bool,
) -> Iterator[str]:
    """What changed between two signed revisions and may not."""
    whole = is_last and later.end == len(data)
    try:
        old = open_strict(data[: earlier.end])
        new = structure.pdf if whole else open_strict(data[: later.end])
    except PdfBroken:
        yield "một phiên bản của tài liệu không đọc được"
        return
    if "/Encrypt" in new.trailer or _objgen(old.trailer["/Root"]) != _objgen(new.trailer["/Root"]):
        yield "gốc của tài liệu đã thay"
        return
    before, after = _table(old), _table(new)
    if before.keys() - after.keys():
        yield "có đối tượng bị xóa"
        return
    changed = {key for key, entry in after.items() if key not in before or entry != before[key]}
    numbers = {number for number, _ in before}
    for key in changed:
        if key not in before and key[0] in numbers:
            yield f"đối tượng số {key[0]} được dùng lại"
            return
        entry = after[key]
        inside = entry[0] != 1 or earlier.end <= entry[1] < later.end
        if not inside:
            yield "bảng tham chiếu trỏ ra ngoài phiên bản của nó"
            return
    fresh = {number for number, _ in changed - before.keys()}
    if fresh and _points_to(old, fresh):
        yield "nội dung cũ trỏ tới đối tượng được thêm về sau"
        return
    for key in sorted(changed & before.keys()):
        text = _difference(old, new, key, later)
        if text:
            yield text


def _table(pdf: pikepdf.Pdf) -> dict[tuple[int, int], tuple[int, int, int]]:
    """The cross-reference entries: (1, offset, 0) or (2, object stream, index in it)."""
    return {
        key: (1, entry.offset or 0, 0)
        if entry.type == 1
        else (2, entry.obj_stream_number or 0, entry.obj_stream_index or 0)
        for key, entry in pdf.get_xref_table().items()
    }


def _objgen(thing: pikepdf.Object) -> tuple[int, int]:
    return thing.objgen


def _points_to(pdf: pikepdf.Pdf, numbers: set[int]) -> bool:
    """Whether an object of `pdf` refers to a number that was not there yet (shadow, R24)."""
    wanted = {b"%d" % number for number in numbers}
    for thing in pdf.objects:
        body: Any = thing.stream_dict if isinstance(thing, pikepdf.Stream) else thing
        if not isinstance(body, pikepdf.Dictionary | pikepdf.Array):
            continue
        text = body.unparse(resolved=True)
        if not wanted.isdisjoint(_REFERENCE.findall(text)):
            return True
    return False


def _difference(
    old: pikepdf.Pdf, new: pikepdf.Pdf, key: tuple[int, int], later: PdfSignature
) -> str:
    """Why the change of one object is not allowed; "" when it is."""
    one, two = old.get_object(*key), new.get_object(*key)
    if isinstance(one, pikepdf.Stream) or isinstance(two, pikepdf.Stream):
        kind = str(one.get("/Type", "")) if isinstance(one, pikepdf.Stream) else ""
        if kind in {"/XRef", "/ObjStm"}:
            return "phần bảng tham chiếu cũ bị thay"
        return f"nội dung (đối tượng số {key[0]}) bị thay"
    if not isinstance(one, pikepdf.Dictionary) or not isinstance(two, pikepdf.Dictionary):
        return "" if _same(one, two) else f"đối tượng số {key[0]} bị thay"
    differs = {
        name
        for name in {*one.keys(), *two.keys()}
        if (name in one) != (name in two) or not _same(one[name], two[name])
    }
    if not differs:
        return ""
    if key == _objgen(old.trailer["/Root"]):
        allowed = {"/DSS", "/Extensions"}
    elif str(one.get("/FT", "")) == "/Sig" and "/V" not in one:
        value = two.get("/V")
        is_next = isinstance(value, pikepdf.Dictionary) and value.objgen == later.objgen
        allowed = {"/V", "/AP"} if is_next else set()
    elif _is_validation_data(old, key):
        return ""
    else:
        allowed = set()
    wrong = sorted(differs - allowed)
    return f"đối tượng số {key[0]} ({', '.join(wrong[:4])}) bị thay" if wrong else ""


def _same(one: Any, two: Any) -> bool:
    """Equal as written: direct values in full, references by number."""
    return _text(one) == _text(two)


def _text(thing: Any) -> bytes:
    if isinstance(thing, pikepdf.Object):
        if thing.is_indirect:
            return b"%d %d R" % thing.objgen
        return thing.unparse()
    return repr(thing).encode()


def _is_validation_data(pdf: pikepdf.Pdf, key: tuple[int, int]) -> bool:
    """Whether the object is the DSS itself or one of its lists."""
    store = pdf.Root.get("/DSS")
    if not isinstance(store, pikepdf.Dictionary):
        return False
    lists = [store.get(name) for name in ("/Certs", "/OCSPs", "/CRLs")]
    return any(
        isinstance(one, pikepdf.Object) and one.is_indirect and one.objgen == key
        for one in (store, *lists)
    )


def parse_date(text: str) -> datetime | None:
    """A PDF date; without a zone it is taken as UTC. None when it is no date."""
    found = _DATE.fullmatch(text.strip())
    if found is None:
        return None
    year, *rest = found.group(1, 2, 3, 4, 5, 6)
    month, day, hour, minute, second = (
        int(part) if part else default for part, default in zip(rest, (1, 1, 0, 0, 0), strict=True)
    )
    zone: timezone = UTC
    if found.group(8):
        offset = timedelta(hours=int(found.group(9)), minutes=int(found.group(10) or 0))
        zone = timezone(-offset if found.group(8) == "-" else offset)
    try:
        return datetime(int(year), month, day, hour, minute, second, tzinfo=zone)
    except ValueError:
        return None
