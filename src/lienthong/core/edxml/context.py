"""The rules of §11 that need to know more than the packet: a directory, a register, a clock.

Each piece of knowledge is optional: what a caller cannot tell is not judged.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Protocol

from lienthong.core.edxml import rules, secrecy
from lienthong.core.edxml.content import (
    Content,
    File,
    Response,
    parse_date,
    parse_moment,
    parse_number,
)
from lienthong.core.edxml.findings import Report, Severity
from lienthong.core.edxml.model import VIETNAM, BusinessKind, StatusCode
from lienthong.core.edxml.states import DeliveryState, objection

CLOCK_AHEAD = timedelta(minutes=5)
LOCKED_WIRE_CODE = 23
_HEADER = "MessageHeader"
_BUSINESS = "TraceHeaderList/Bussiness"


@dataclass(frozen=True, slots=True)
class Known:
    """An agency of the directory. `code` is the same whatever code it was looked up by."""

    code: str
    name: str
    active: bool = True
    locked: bool = False


@dataclass(frozen=True, slots=True)
class KnownDocument:
    """A document that was exchanged before; codes as the directory gives them."""

    document_id: str
    sender: str
    receivers: frozenset[str] = frozenset()
    recalled: bool = False
    states: Mapping[str, DeliveryState] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Context:
    """What the caller knows at this moment."""

    today: date | None = None
    now: datetime | None = None
    organization: Callable[[str], Known | None] | None = None
    system_known: bool | None = None
    """The calling system is registered and active, and proved to be itself (V-01)."""
    body_as_declared: bool | None = None
    """The bytes have the digest that was declared for them (V-03)."""
    calling_codes: frozenset[str] | None = None
    """Codes of the agencies that the calling system may speak for (V-02)."""
    transport_from: str | None = None
    """The sender as the transport names it (V-02)."""
    document: Callable[[str], KnownDocument | None] | None = None
    reference_used: Callable[[str, str, str, int], bool] | None = None
    """(agency code, number, notation, year) was used by another document (V-19)."""
    page_texts: Sequence[str] = ()
    page_counts: Mapping[str, int] = field(default_factory=dict)
    """Pages by ContentId, for PDF files that were counted (V-27)."""
    paper_types: frozenset[int] | None = None
    """Types of group 2 that may be accompanied by paper (DX-17, V-36)."""
    officially_signed: bool | None = None
    """Person's and organization's signatures on the main document are both valid (V-46)."""
    scan: Callable[[str, bytes], str] | None = None
    """Name and bytes of a file in, name of the malware out, "" when clean (V-45)."""
    scan_file: Callable[[str, Path], str] | None = None
    """As `scan` for a file on disk (`read_file`): one that nobody can scan is refused."""
    leave: frozenset[str] = frozenset()
    """Rules the caller decides itself: ("V-19",) where a unique constraint is the judge."""

    def same(self, one: str, other: str) -> bool:
        """Whether two codes mean one agency."""
        return one == other or (self.canonical(one) == self.canonical(other))

    def canonical(self, code: str) -> str:
        known = self.organization(code) if self.organization else None
        return known.code if known else code


class ContextRule(Protocol):
    """A rule; its name begins with its number."""

    __name__: str

    def __call__(self, c: Content, r: Report, k: Context, /) -> None: ...


def judge(content: Content, report: Report, context: Context) -> None:
    """Apply every rule that the context can answer."""
    for number, rule in STATUS_RULES if content.is_status else DOCUMENT_RULES:
        if number not in context.leave:
            rule(content, report, context)


def v01_system(_: Content, r: Report, k: Context) -> None:
    if k.system_known is False:
        r.add("V-01", "kết nối", "Hệ thống kết nối không được nhận ra hoặc đang bị khóa.")


def v03_digest(_: Content, r: Report, k: Context) -> None:
    if k.body_as_declared is False:
        r.add("V-03", "tệp", "Mã băm khai báo khác mã băm của tệp nhận được.")


def v02_sender(c: Content, r: Report, k: Context) -> None:
    where = f"{_HEADER}/From/OrganId"
    if k.transport_from is not None and not k.same(k.transport_from, c.sender.code):
        r.add("V-02", where, "Bên gửi khác bên gửi khai báo khi truyền.")
    if k.calling_codes is None or not c.sender.code:
        return
    if c.sender.code not in k.calling_codes and k.canonical(c.sender.code) not in k.calling_codes:
        text = f"Bên gửi {c.sender.code[:50]} không thuộc hệ thống đang kết nối."
        r.add("V-02", where, text)


def v14_aliases(c: Content, r: Report, k: Context) -> None:
    codes = list(dict.fromkeys(one.code for one in c.receivers if one.code))
    first: dict[str, str] = {}
    for code in codes:
        own = k.canonical(code)
        if own in first:
            text = f"Bên nhận {code} và {first[own]} là cùng một cơ quan."
            r.add("V-14", f"{_HEADER}/To", text)
        first.setdefault(own, code)
    if c.sender.code not in codes and k.canonical(c.sender.code) in first:
        r.add("V-14", f"{_HEADER}/To", "Bên gửi có mặt trong các bên nhận.")


def v15_receivers(c: Content, r: Report, k: Context) -> None:
    if k.organization is None:
        return
    failures: list[tuple[str, str, int | None]] = []
    for position, one in enumerate(c.receivers, 1):
        known = k.organization(one.code) if one.code else None
        where = f"{_HEADER}/To[{position}]/OrganId"
        if known is None or not known.active:
            failures.append((where, f"Bên nhận {one.code[:50]} không tồn tại.", None))
        elif known.locked:
            failures.append((where, f"Bên nhận {known.name} đang bị khóa.", LOCKED_WIRE_CODE))
    some = Severity.WARNING if len(failures) < len(c.receivers) else None
    for where, text, code in failures:
        r.add("V-15", where, text, compat=some, wire_code=code)


def v17_future(c: Content, r: Report, k: Context) -> None:
    if k.today is not None:
        rules.today_rule(c, r, k.today)


def v18_agency(c: Content, r: Report, k: Context) -> None:
    agency, comma, _ = c.document_id.partition(",")
    if comma and c.sender.code and not k.same(agency, c.sender.code):
        text = "Cơ quan trong mã văn bản khác bên gửi."
        r.add("V-18", f"{_HEADER}/DocumentId", text)


def v19_unused(c: Content, r: Report, k: Context) -> None:
    if rules.business_kind(c) not in {BusinessKind.NEW, BusinessKind.REPLACEMENT}:
        return
    if k.document is not None and c.document_id and k.document(c.document_id) is not None:
        text = "Mã văn bản đã được dùng cho văn bản khác."
        r.add("V-19", f"{_HEADER}/DocumentId", text)
        return
    issued = parse_date(c.promulgation_date)
    if k.reference_used is None or issued is None:
        return
    if k.reference_used(k.canonical(c.sender.code), c.number, c.notation, issued.year):
        text = f"Số, ký hiệu {c.reference} đã được dùng trong năm {issued.year}."
        r.add("V-19", f"{_HEADER}/Code", text)


def v27_pages(c: Content, r: Report, k: Context) -> None:
    declared = parse_number(c.page_amount)
    if not declared or not c.files:
        return
    counted = k.page_counts.get(c.files[0].content_id)
    if counted is not None and counted != declared:
        text = f"Khai {declared} trang, tệp có {counted} trang."
        r.add("V-27", f"{_HEADER}/OtherInfo/PageAmount", text)


def v28_known(c: Content, r: Report, k: Context) -> None:
    if k.document is None:
        return
    for one in c.responses:
        if one.document_id and k.document(one.document_id) is None:
            text = "Trục không biết văn bản được phản hồi."
            r.add("V-28", f"{_HEADER}/{one.where}", text, strict=Severity.WARNING)


def v29_pages(c: Content, r: Report, k: Context) -> None:
    for mark in secrecy.find_marks((), (), k.page_texts):
        r.add("V-29", mark.where, f"Có dấu hiệu bí mật nhà nước: {mark.mark}.")


def v30_first_trace(c: Content, r: Report, k: Context) -> None:
    first = c.trace[0] if c.trace else None
    if first and first.code and not k.same(first.code, c.sender.code):
        r.add("V-30", first.where, "Vết đầu tiên không phải của bên gửi.")


def v31_future(c: Content, r: Report, k: Context) -> None:
    if k.now is None:
        return
    for entry in c.trace:
        at = parse_moment(entry.timestamp)
        if at is not None and at > k.now.astimezone(VIETNAM) + CLOCK_AHEAD:
            r.add("V-31", entry.where, "Thời điểm ở tương lai quá 5 phút.")


def v33_recall_target(c: Content, r: Report, k: Context) -> None:
    if rules.business_kind(c) is not BusinessKind.RECALL or k.document is None:
        return
    found = k.document(c.business.document_id or c.document_id)
    where = f"{_BUSINESS}/DocumentId"
    if found is None:
        text = "Không biết văn bản được thu hồi."
        r.add("V-33", where, text, compat=Severity.REFUSE)
        return
    if found.recalled:
        r.add("V-33", where, "Văn bản đã được thu hồi trước đó.")
    if not k.same(found.sender, c.sender.code):
        r.add("V-33", where, "Văn bản được thu hồi không do bên gửi ban hành.")
    outside = [one.code for one in c.receivers if not _among(one.code, found, k)]
    if outside:
        text = f"Không phải bên nhận của văn bản: {', '.join(outside)}."
        r.add("V-33", f"{_HEADER}/To", text)


def v34_update_target(c: Content, r: Report, k: Context) -> None:
    if rules.business_kind(c) is not BusinessKind.UPDATE or k.document is None:
        return
    where = f"{_BUSINESS}/DocumentId"
    found = k.document(c.business.document_id) if c.business.document_id else None
    if found is None:
        r.add("V-34", where, "Không biết văn bản được cập nhật.")
        return
    if found.recalled:
        r.add("V-34", where, "Văn bản đã được thu hồi trước đó.")
    if not k.same(found.sender, c.sender.code):
        r.add("V-34", where, "Văn bản được cập nhật không do bên gửi ban hành.")
    where = f"{_BUSINESS}/BussinessDocumentInfo/ReceiverList"
    for code, kind in c.business.receivers:
        if kind == "0" and not _among(code, found, k):
            r.add("V-34", where, f"{code} không phải bên nhận để rút.")
        if kind == "1" and k.organization is not None and k.organization(code) is None:
            r.add("V-34", where, f"Bên nhận thêm {code} không tồn tại.")


def v35_replacement_targets(c: Content, r: Report, k: Context) -> None:
    if rules.business_kind(c) is not BusinessKind.REPLACEMENT or k.document is None:
        return
    where = f"{_BUSINESS}/ReplacementInfoList"
    for target, codes in c.business.replacements:
        found = k.document(target) if target else None
        if found is None:
            r.add("V-35", where, f"Không biết văn bản bị thay thế {target[:100]}.")
            continue
        if found.recalled:
            r.add("V-35", where, "Văn bản bị thay thế đã được thu hồi.")
        if not k.same(found.sender, c.sender.code):
            r.add("V-35", where, "Văn bản bị thay thế không do bên gửi ban hành.")
        outside = [code for code in codes if not _among(code, found, k)]
        if outside:
            r.add("V-35", where, f"Không phải bên nhận của văn bản: {', '.join(outside)}.")


def v36_paper_types(c: Content, r: Report, k: Context) -> None:
    if c.business.paper != "1" or k.paper_types is None:
        return
    group, code = rules.type_numbers(c)
    if group != 2 or code not in k.paper_types:
        r.add("V-36", f"{_BUSINESS}/Paper", "Loại văn bản này không được gửi kèm bản giấy.")


def v45_scan(c: Content, r: Report, k: Context) -> None:
    for file in c.files:
        found = _scanned(file, k)
        if found is None:
            r.add("V-45", file.where, f"Tệp {file.name} chưa được quét mã độc.")
        elif found:
            r.add("V-45", file.where, f"Tệp {file.name} có mã độc {found}.")


def _scanned(file: File, k: Context) -> str | None:
    """Name of the malware, "" when clean or nobody scans; None when it could not be scanned."""
    if file.contents is None or (k.scan is None and k.scan_file is None):
        return ""
    if file.contents.data is not None and k.scan is not None:
        return k.scan(file.name, file.contents.data)
    if file.contents.path is not None and k.scan_file is not None:
        return k.scan_file(file.name, file.contents.path)
    return None


def v46_signed(c: Content, r: Report, k: Context) -> None:
    if k.officially_signed is False and c.files:
        text = "Văn bản không có đủ chữ ký số hợp lệ của người ký và cơ quan."
        r.add("V-46", c.files[0].where, text)


def s02_right_party(c: Content, r: Report, k: Context) -> None:
    answered = _answered(c)
    if answered is None or k.document is None:
        return
    where = f"{_HEADER}/ResponseFor"
    found = k.document(answered.document_id)
    if found is None:
        r.add("S-02", where, "Không biết văn bản được báo trạng thái.")
    elif rules.status_code(c.status) is StatusCode.TAKE_BACK:
        if not k.same(found.sender, c.sender.code):
            r.add("S-02", where, "Chỉ bên gửi văn bản mới được lấy lại.")
    else:
        if not _among(c.sender.code, found, k):
            r.add("S-02", where, "Bên báo trạng thái không phải bên nhận văn bản.")
        if answered.code and not k.same(found.sender, answered.code):
            r.add("S-02", where, "Cơ quan được báo trạng thái không phải bên gửi văn bản.")


def s03_transition(c: Content, r: Report, k: Context) -> None:
    answered = _answered(c)
    found = k.document(answered.document_id) if answered and k.document else None
    status = rules.status_code(c.status)
    if found is None or answered is None or status is StatusCode.UNKNOWN:
        return
    party = answered.code if status is StatusCode.TAKE_BACK else c.sender.code
    state = found.states.get(k.canonical(party))
    text = objection(state, status) if state is not None else ""
    if text:
        where = f"{_HEADER}/StatusCode"
        r.add("S-03", where, text, strict=Severity.WARNING)


def _answered(c: Content) -> Response | None:
    one = c.responses[0] if c.responses else None
    return one if one is not None and one.document_id else None


def _among(code: str, found: KnownDocument, k: Context) -> bool:
    return code in found.receivers or k.canonical(code) in {
        k.canonical(one) for one in found.receivers
    }


def _numbered(*rules: ContextRule) -> tuple[tuple[str, ContextRule], ...]:
    return tuple((f"{rule.__name__[0].upper()}-{rule.__name__[1:3]}", rule) for rule in rules)


DOCUMENT_RULES = _numbered(
    v01_system, v02_sender, v03_digest, v14_aliases, v15_receivers, v17_future, v18_agency,
    v19_unused, v27_pages, v28_known, v29_pages, v30_first_trace, v31_future, v33_recall_target,
    v34_update_target, v35_replacement_targets, v36_paper_types, v45_scan, v46_signed,
)  # fmt: skip
STATUS_RULES = _numbered(v01_system, v02_sender, v03_digest, s02_right_party, s03_transition)
