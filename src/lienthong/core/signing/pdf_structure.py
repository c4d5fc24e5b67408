"""The structure of a signed PDF, read strictly (SG 7.4).

What each signature covers, that its gap holds its value and nothing else, and what changed between
one signed revision and the next: only the next signature, its picture, validation data (DSS) and
document time-stamps may; after the last of them only validation data. This is stricter than DocMDP:
a validator that permits form filling accepts a known shadow attack.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pikepdf

from lienthong.core.signing.cms import SignedCMS
from lienthong.core.signing.pdf_check import check_pages, fields_of, inherited, open_strict
from lienthong.core.signing.pdf_tables import Key, Table, sections_of, table_of
from lienthong.core.signing.problems import PdfBroken

SIGNATURES_MAX = 50
COMPARED_MAX = 25_000  # objects between revisions, for each megabyte (bounded work)
OBJECTS_MAX = 10_000
_HEX_GAP = re.compile(rb"<[0-9A-Fa-f]*>\Z")
_REVISION_END = re.compile(rb"startxref\s+(\d+)\s+%%EOF(\r\n|\n|\r)?\Z")
_STORE_KEYS = {"/Type", "/Certs", "/OCSPs", "/CRLs", "/VRI"}
# The look-behind also keeps the search linear in long runs of digits, such as empty Contents.
_REFERENCE = re.compile(rb"(?<!\d)(\d+) \d+ R\b")
_DATE = re.compile(
    r"D:(\d{4})(\d\d)?(\d\d)?(\d\d)?(\d\d)?(\d\d)?"
    r"(?:(Z)(?:00'?00'?)?|([+-])(\d\d)'?(?:(\d\d)'?)?)?"
)
SUBFILTERS = {"/ETSI.CAdES.detached", "/adbe.pkcs7.detached"}
TIMESTAMP_SUBFILTER = "/ETSI.RFC3161"
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
    """One signature as it stands in the file.

    signed, digests: what is in Contents and the digests of the covered bytes by algorithm, for who
    has read them already (the fast path).
    """

    field: str
    subfilter: str
    contents: bytes
    gap: tuple[int, int]
    end: int
    claimed_at: datetime | None
    objgen: tuple[int, int]
    value: Any  # a pikepdf.Object; None on the fast path
    field_objgen: tuple[int, int] = (0, 0)
    is_timestamp: bool = False
    covers_whole: bool = False  # nothing follows but DSS and document time-stamps
    at_end: bool = False  # nothing follows at all
    locks: bool = False  # DocMDP or the field's lock say that no signature may follow (P 1)
    remarks: list[Remark] = dataclass_field(default_factory=list)
    signed: SignedCMS | None = None
    digests: Mapping[str, bytes] = dataclass_field(default_factory=dict)


@dataclass(slots=True)
class PdfStructure:
    """Signatures and document time-stamps in the order of their revisions; remarks on the file."""

    signatures: list[PdfSignature]
    remarks: list[Remark]
    pdf: Any  # a pikepdf.Pdf; None on the fast path
    timestamps: list[PdfSignature] = dataclass_field(default_factory=list)
    compared: int = 0  # objects looked at between revisions so far


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
    table, sections = table_of(pdf, len(data)), sections_of(data)
    values: set[Key] = set()
    names: set[str] = set()
    for name, one in fields_of(form):
        value = inherited(one, "/V")
        if str(inherited(one, "/FT")) != "/Sig" or value is None:
            continue
        found = _signature(data, name, value)
        found.field_objgen = one.objgen if one.is_indirect else (0, 0)
        found.locks = _is_locked(one, value)
        _check_place(data, found, table, sections)
        if found.objgen in values or name in names:
            found.remarks.append(_forged("Hai ô chữ ký trùng tên hoặc cùng trỏ tới một chữ ký."))
        values.add(found.objgen)
        names.add(name)
        (structure.timestamps if found.is_timestamp else structure.signatures).append(found)
        if len(structure.signatures) + len(structure.timestamps) > SIGNATURES_MAX:
            raise PdfBroken(detail="có quá nhiều chữ ký")
    structure.signatures.sort(key=lambda one: one.end)
    structure.timestamps.sort(key=lambda one: one.end)
    _check_revisions(data, structure)
    _check_whole(data, structure)
    return structure


def _check_whole(data: bytes, structure: PdfStructure) -> None:
    """Every object reads as it stands, and the page tree is one (R31, R34)."""
    pdf = structure.pdf
    list(pdf.objects)  # reads them all
    check_pages(pdf)
    if pdf.get_warnings():
        text = "Tệp PDF có lỗi cấu trúc, chỉ đọc được sau khi sửa."
        structure.remarks.append(Remark("format", False, "FORMAT_FAILURE", text))
    if not data.startswith(b"%PDF-"):
        text = "Trước phần PDF của tệp còn có nội dung khác."
        structure.remarks.append(Remark("format", False, "FORMAT_FAILURE", text))


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
    kind = str(value.get("/Type", "/Sig"))
    found.is_timestamp = found.subfilter == TIMESTAMP_SUBFILTER and kind == "/DocTimeStamp"
    if found.subfilter in _OLD_SUBFILTERS:
        text = "Kiểu chữ ký cũ dựa trên SHA-1, không còn được chấp nhận."
        found.remarks.append(Remark("algorithm", False, "CRYPTO_CONSTRAINTS_FAILURE", text))
    elif not found.is_timestamp and (found.subfilter not in SUBFILTERS or kind != "/Sig"):
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
    if not _REVISION_END.search(data[max(0, found.end - 64) : found.end]):
        text = "Phần được ký không kết thúc ở cuối một phiên bản của tài liệu."
        found.remarks.append(_forged(text))
    found.at_end = data[found.end :] in {b"", b"\n", b"\r\n", b"\r"}


def _check_place(data: bytes, found: PdfSignature, table: Table, sections: frozenset[int]) -> None:
    """Rule 4: the dictionary stands in what it covers, where the tables say, in a used revision."""
    if not found.end:
        return
    kind, begin, _ = table.get(found.objgen, (0, 0, 0))
    first = found.gap[0]
    stands = kind == 1 and 0 < begin < first and data.find(b"endobj", begin, first) < 0
    if not stands or data.find(b"%d %d obj" % found.objgen, begin, begin + 32) < 0:
        found.remarks.append(_forged("Từ điển chữ ký không nằm trong phần được ký."))
        return
    end = _REVISION_END.search(data[max(0, found.end - 64) : found.end])
    if end is not None and int(end.group(1)) not in sections:
        found.remarks.append(_forged("Phiên bản được ký không thuộc tài liệu này."))


def _is_locked(field: pikepdf.Dictionary, value: Any) -> bool:
    """Whether the signature forbids every change after it, by DocMDP or by its field's lock."""
    lock = field.get("/Lock")
    if isinstance(lock, pikepdf.Dictionary) and lock.get("/P") == 1:
        return True
    references = value.get("/Reference") if isinstance(value, pikepdf.Dictionary) else None
    if not isinstance(references, pikepdf.Array):
        return False
    for one in references:
        if isinstance(one, pikepdf.Dictionary) and one.get("/TransformMethod") == "/DocMDP":
            parameters = one.get("/TransformParams")
            if isinstance(parameters, pikepdf.Dictionary) and parameters.get("/P") == 1:
                return True
    return False


def _forged(text: str) -> Remark:
    return Remark("format", True, "FORMAT_FAILURE", text)


def _changed(text: str) -> Remark:
    return Remark("coverage", True, "HASH_FAILURE", f"Tài liệu bị thay đổi sau khi ký: {text}.")


def _check_revisions(data: bytes, structure: PdfStructure) -> None:
    """Rules 5 to 8: nothing after the last signature, little between one and the next."""
    readable = sorted(
        (one for one in (*structure.signatures, *structure.timestamps) if one.end),
        key=lambda one: one.end,
    )
    if not readable:
        return
    last = readable[-1]
    for position, later in enumerate(readable[1:], start=1):
        earlier = readable[position - 1]
        if earlier.end == later.end:
            earlier.remarks.append(_forged("Hai chữ ký cùng phủ một phiên bản."))
            continue
        _tell(readable[:position], _changes(data, earlier, later, structure))
        if not later.is_timestamp:
            locked = [one for one in readable[:position] if one.locks]
            _tell(locked, iter(["có chữ ký được thêm vào tài liệu đã khóa"]))
    if not last.at_end:
        _tell(readable, _changes(data, last, None, structure))
    signatures = [one for one in readable if not one.is_timestamp]
    if signatures:
        signatures[-1].covers_whole = not signatures[-1].remarks
    last.covers_whole = not last.remarks


def _tell(signatures: list[PdfSignature], texts: Iterator[str]) -> None:
    for text in list(texts)[:5]:
        for one in signatures:
            one.remarks.append(_changed(text))


def _changes(
    data: bytes, earlier: PdfSignature, later: PdfSignature | None, structure: PdfStructure
) -> Iterator[str]:
    """What changed between two signed revisions and may not.

    later: the next signature or document time-stamp; None for what follows the last one, where only
    validation data may stand.
    """
    end = later.end if later else len(data)
    if later is None and not _is_update(data, earlier.end):
        yield f"có {end - earlier.end} byte được thêm sau chữ ký cuối cùng"
        return
    try:
        old = open_strict(data[: earlier.end])
        new = structure.pdf if end == len(data) else open_strict(data[:end])
    except PdfBroken:
        yield "một phiên bản của tài liệu không đọc được"
        return
    if "/Encrypt" in new.trailer or _objgen(old.trailer["/Root"]) != _objgen(new.trailer["/Root"]):
        yield "gốc của tài liệu đã thay"
        return
    before, after = table_of(old, earlier.end), table_of(new, end)
    structure.compared += len(after)
    if structure.compared > COMPARED_MAX * (1 + len(data) // 1_000_000):
        raise PdfBroken(detail="có quá nhiều chữ ký trên quá nhiều đối tượng")
    if before.keys() - after.keys():
        yield "có đối tượng bị xóa"
        return
    changed = {key for key, entry in after.items() if key not in before or entry != before[key]}
    text = _misplaced(before, after, changed, earlier.end, end)
    fresh = {number for number, _ in changed - before.keys()}
    if not text and fresh and _points_to(new, before.keys() - changed, fresh):
        text = "nội dung cũ trỏ tới đối tượng được thêm về sau"
    if not text and later is None:
        text = _beside_evidence(new, changed, changed - before.keys())
    if text:
        yield text
        return
    for key in sorted(changed & before.keys()):
        text = _difference(old, new, key, later)
        if text:
            yield text


def _is_update(data: bytes, start: int) -> bool:
    """Whether the bytes from `start` on end as an incremental update of their own."""
    found = _REVISION_END.search(data[max(start, len(data) - 64) :])
    return found is not None and start <= int(found.group(1)) < len(data)


def _misplaced(before: Table, after: Table, changed: set[Key], start: int, end: int) -> str:
    """Why the changed entries are not those of an honest update; "" when they are."""
    numbers = {number for number, _ in before}
    for key in changed:
        if key not in before and key[0] in numbers:
            return f"đối tượng số {key[0]} được dùng lại"
        entry = after[key]
        if entry[0] == 1 and not start <= entry[1] < end:
            return "bảng tham chiếu trỏ ra ngoài phiên bản của nó"
    return ""


def _beside_evidence(pdf: pikepdf.Pdf, changed: set[Key], fresh: set[Key]) -> str:
    """Why an update after the last signature is more than validation data; "" when it is not."""
    store = pdf.Root.get("/DSS")
    if not changed or not isinstance(store, pikepdf.Dictionary):
        return "có phiên bản được thêm sau chữ ký cuối cùng"
    known = _reachable(store)
    for key in fresh - known:
        thing = pdf.get_object(*key)
        kind = str(thing.get("/Type", "")) if isinstance(thing, pikepdf.Stream) else ""
        if kind not in {"/XRef", "/ObjStm"}:
            return f"đối tượng số {key[0]} được thêm sau chữ ký cuối cùng"
    return ""


def _reachable(thing: Any) -> set[Key]:
    """The indirect objects below `thing` and itself, in bounded work."""
    found: set[Key] = set()
    waiting = [thing]
    while waiting and len(found) <= OBJECTS_MAX:
        one = waiting.pop()
        if not isinstance(one, pikepdf.Dictionary | pikepdf.Array | pikepdf.Stream):
            continue
        if one.is_indirect:
            if one.objgen in found:
                continue
            found.add(one.objgen)
        body: Any = one.stream_dict if isinstance(one, pikepdf.Stream) else one
        if isinstance(body, pikepdf.Array):
            waiting.extend(body)
        else:
            waiting.extend(body[key] for key in body.keys())  # noqa: SIM118
    return found


def _objgen(thing: pikepdf.Object) -> tuple[int, int]:
    return thing.objgen


def _points_to(pdf: pikepdf.Pdf, keys: Iterable[Key], numbers: set[int]) -> bool:
    """Whether an old object refers to a number that was not there yet (shadow, R24).

    pdf: the newer revision; in the older one qpdf shows such a reference as null.
    """
    wanted = {b"%d" % number for number in numbers}
    for key in keys:
        thing = pdf.get_object(*key)
        body: Any = thing.stream_dict if isinstance(thing, pikepdf.Stream) else thing
        if not isinstance(body, pikepdf.Dictionary | pikepdf.Array):
            continue
        text = body.unparse(resolved=True)
        if not wanted.isdisjoint(_REFERENCE.findall(text)):
            return True
    return False


def _difference(old: pikepdf.Pdf, new: pikepdf.Pdf, key: Key, later: PdfSignature | None) -> str:
    """Why the change of one object is not allowed; "" when it is."""
    one, two = old.get_object(*key), new.get_object(*key)
    if isinstance(one, pikepdf.Stream) or isinstance(two, pikepdf.Stream):
        kind = str(one.get("/Type", "")) if isinstance(one, pikepdf.Stream) else ""
        if kind in {"/XRef", "/ObjStm"}:
            return "phần bảng tham chiếu cũ bị thay"
        return f"nội dung (đối tượng số {key[0]}) bị thay"
    if _is_validation_data(old, key) or _resolved(one) == _resolved(two):
        return ""
    wrong = [""]
    if isinstance(one, pikepdf.Array) and isinstance(two, pikepdf.Array):
        wrong = [] if _is_longer(one, two, later) else wrong
    elif isinstance(one, pikepdf.Dictionary) and isinstance(two, pikepdf.Dictionary):
        wrong = _wrong_entries(old, key, one, two, later)
    names = f" ({', '.join(wrong[:4])})" if any(wrong) else ""
    return f"đối tượng số {key[0]}{names} bị thay" if wrong else ""


def _wrong_entries(
    old: pikepdf.Pdf,
    key: Key,
    one: pikepdf.Dictionary,
    two: pikepdf.Dictionary,
    later: PdfSignature | None,
) -> list[str]:
    """The entries of a dictionary that changed and may not."""
    differs = {
        name
        for name in {*one.keys(), *two.keys()}
        if (name in one) != (name in two) or not _same(one[name], two[name])
    }
    allowed = _allowed(old, key, one, two, later)
    return sorted(
        name for name in differs - allowed if not _is_for_timestamp(name, one, two, later)
    )


def _allowed(
    old: pikepdf.Pdf,
    key: Key,
    one: pikepdf.Dictionary,
    two: pikepdf.Dictionary,
    later: PdfSignature | None,
) -> set[str]:
    """The entries of an object that may change."""
    if key == _objgen(old.trailer["/Root"]):
        return {"/DSS", "/Extensions"}
    is_evidence = later is None or later.is_timestamp
    info = old.trailer.get("/Info")
    if is_evidence and isinstance(info, pikepdf.Dictionary) and key == _objgen(info):
        return {"/ModDate", "/Producer"}  # who wrote the update; nobody is shown them
    if later is not None and str(one.get("/FT", "")) == "/Sig" and "/V" not in one:
        value = two.get("/V")
        is_next = isinstance(value, pikepdf.Dictionary) and value.objgen == later.objgen
        entries = {"/V"} if later.is_timestamp else {"/V", "/AP"}
        return entries if is_next else set()
    return set()


def _is_for_timestamp(
    name: str, one: pikepdf.Dictionary, two: pikepdf.Dictionary, later: PdfSignature | None
) -> bool:
    """Whether the entry changed only because a document time-stamp's field was put in (A10)."""
    if later is None or not later.is_timestamp:
        return False
    before, after = one.get(name), two.get(name)
    if name == "/AcroForm" and not _is_reference(one, name):
        if not isinstance(before, pikepdf.Dictionary) or not isinstance(after, pikepdf.Dictionary):
            return False
        return all(
            _is_for_timestamp(each, before, after, later)
            for each in {*before.keys(), *after.keys()}
            if not _same(before.get(each), after.get(each))
        )
    if name == "/SigFlags":
        return after == 3
    if name in {"/Fields", "/Annots"}:
        before = pikepdf.Array() if before is None else before
        return _is_longer(before, after, later)
    return False


def _is_reference(holder: pikepdf.Dictionary, name: str) -> bool:
    found = holder.get(name)
    return isinstance(found, pikepdf.Object) and found.is_indirect


def _is_longer(before: Any, after: Any, later: PdfSignature | None) -> bool:
    """Whether a list only got the invisible field of the document time-stamp `later` at its end."""
    if later is None or not later.is_timestamp:
        return False
    if not isinstance(before, pikepdf.Array) or not isinstance(after, pikepdf.Array):
        return False
    if before.is_indirect and after.is_indirect and before.objgen == after.objgen:
        pass  # the same object in two revisions
    elif after.is_indirect:
        return False
    old, new = [_text(each) for each in before], [_text(each) for each in after]
    return new[:-1] == old and new[-1:] == [b"%d %d R" % later.field_objgen] and _is_unseen(after)


def _is_unseen(fields: pikepdf.Array) -> bool:
    """Whether the last of the fields takes no place on its page."""
    box = fields[-1].get("/Rect")
    if box is None:
        return True
    x1, y1, x2, y2 = (float(edge) for edge in box)
    return x1 == x2 and y1 == y2


def _same(one: Any, two: Any) -> bool:
    """Equal as written: direct values in full, references by number."""
    return _text(one) == _text(two)


def _resolved(thing: Any) -> bytes:
    """An object's own text, references in it by number."""
    return thing.unparse(resolved=True) if isinstance(thing, pikepdf.Object) else _text(thing)


def _text(thing: Any) -> bytes:
    if isinstance(thing, pikepdf.Object):
        if thing.is_indirect:
            return b"%d %d R" % thing.objgen
        return thing.unparse()
    return repr(thing).encode()


def _is_validation_data(pdf: pikepdf.Pdf, key: Key) -> bool:
    """Whether the object is the DSS itself or one of its lists, and nothing else at once."""
    store = pdf.Root.get("/DSS")
    if not isinstance(store, pikepdf.Dictionary) or not set(store.keys()) <= _STORE_KEYS:
        return False
    lists = [store.get(name) for name in ("/Certs", "/OCSPs", "/CRLs")]
    arrays = [one for one in lists if isinstance(one, pikepdf.Array)]
    return any(one.is_indirect and one.objgen == key for one in (store, *arrays))


def parse_date(text: str) -> datetime | None:
    """A PDF date; without a zone it is taken as UTC. None when it is no date."""
    found = _DATE.fullmatch(text.strip())
    if found is None:
        return None
    year, *rest = found.group(1, 2, 3, 4, 5, 6)
    month, day, hour, minute, second = (
        int(part) if part else default for part, default in zip(rest, (1, 1, 0, 0, 0), strict=True)
    )
    try:
        zone: timezone = UTC
        if found.group(8):
            offset = timedelta(hours=int(found.group(9)), minutes=int(found.group(10) or 0))
            zone = timezone(-offset if found.group(8) == "-" else offset)
        return datetime(int(year), month, day, hour, minute, second, tzinfo=zone)
    except ValueError:  # a day that is none, or a zone a day or more away
        return None
