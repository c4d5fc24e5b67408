"""The rules of §11 that need nothing but the packet. Each is one function named by its number.

Rules that need a directory, a register or a clock are in `context`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from datetime import date

from lienthong.core.edxml import lists, secrecy, sniff
from lienthong.core.edxml.content import Content, parse_date, parse_moment, parse_number
from lienthong.core.edxml.findings import Report, Severity
from lienthong.core.edxml.model import BusinessKind, StatusCode, Urgency, extension
from lienthong.core.identifiers import CodeInvalid, Scheme, check_code

Rule = Callable[[Content, Report], None]
REFUSE, WARNING = Severity.REFUSE, Severity.WARNING
URGENCIES: dict[int | None, Urgency] = {one.value: one for one in Urgency}
KINDS: dict[int | None, BusinessKind] = {one.value: one for one in BusinessKind}
STATUS_ALIASES = {"1": "01", "2": "02", "3": "03", "4": "04", "5": "05", "6": "06", "14": "15"}
_STATUSES = {one.value: one for one in StatusCode}
# C0, C1, bidirectional overrides, non-characters, and U+FFFD, which stands for a lost letter.
CONTROL = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufdd0-\ufdef\ufffd-\uffff]"
)
_HEADER = "MessageHeader"
_BUSINESS = "TraceHeaderList/Bussiness"


def judge(content: Content, report: Report) -> None:
    """Apply every rule for this kind of packet; all findings go to `report`."""
    for rule in STATUS_RULES if content.is_status else DOCUMENT_RULES:
        rule(content, report)


def business_kind(content: Content) -> BusinessKind | None:
    """The operation; a packet without one is a new document. None for an unknown number."""
    number = parse_number(content.business.kind) if content.business.kind else 0
    return KINDS.get(number)


def is_code(text: str) -> bool:
    """An agency code in the form of §2.2; every code of §2.1 has it too."""
    try:
        check_code(text, Scheme.QD20)
    except CodeInvalid:
        return False
    return True


def status_code(text: str) -> StatusCode:
    """The status a wire text stands for, §9; UNKNOWN when none."""
    text = STATUS_ALIASES.get(text, text)
    return _STATUSES.get(text, StatusCode.UNKNOWN)


def v09_body(c: Content, r: Report) -> None:
    if c.has_manifest:
        return
    recall = business_kind(c) is BusinessKind.RECALL
    text = "Thiếu edXMLBody/edXMLManifest."
    r.add("V-09", "edXMLBody/edXMLManifest", text, compat=WARNING if recall else None)


def v11_sender_code(c: Content, r: Report) -> None:
    where = f"{_HEADER}/From/OrganId"
    if not c.sender.code:
        r.add("V-11", where, "Thiếu mã định danh bên gửi.", compat=REFUSE)
    elif not is_code(c.sender.code):
        r.add("V-11", where, f"Mã định danh bên gửi sai cấu trúc: {c.sender.code[:50]}.")


def v12_names(c: Content, r: Report) -> None:
    parties = [("From", c.sender), *((f"To[{i}]", one) for i, one in enumerate(c.receivers, 1))]
    for tag, party in parties:
        where = f"{_HEADER}/{tag}/OrganName"
        if not party.name:
            r.add("V-12", where, f"Thiếu tên cơ quan {party.code}.")
        elif len(party.name) > 200:
            r.add("V-12", where, "Tên cơ quan dài hơn 200 ký tự.")


def v13_receivers(c: Content, r: Report) -> None:
    if not c.receivers:
        r.add("V-13", f"{_HEADER}/To", "Không có bên nhận nào.")
    for position, one in enumerate(c.receivers, 1):
        where = f"{_HEADER}/To[{position}]/OrganId"
        if not one.code:
            r.add("V-13", where, "Bên nhận không có mã định danh.")
        elif not is_code(one.code):
            text = f"Mã định danh bên nhận sai cấu trúc: {one.code[:50]}."
            r.add("V-13", where, text, compat=WARNING)


def v14_duplicates(c: Content, r: Report) -> None:
    codes = [one.code for one in c.receivers if one.code]
    if len(set(codes)) < len(codes):
        for code, times in Counter(codes).items():
            if times > 1:
                r.add("V-14", f"{_HEADER}/To", f"Bên nhận {code} xuất hiện {times} lần.")
    if c.sender.code and c.sender.code in codes:
        r.add("V-14", f"{_HEADER}/To", "Bên gửi có mặt trong các bên nhận.")


def v16_number(c: Content, r: Report) -> None:
    for tag, value, most in (("CodeNumber", c.number, 11), ("CodeNotation", c.notation, 30)):
        where = f"{_HEADER}/Code/{tag}"
        if not value:
            r.add("V-16", where, f"Thiếu {tag}.", compat=REFUSE)
            continue
        if len(value) > most:
            r.add("V-16", where, f"Dài hơn {most} ký tự.")
        if any(letter.isspace() for letter in value):
            r.add("V-16", where, "Có khoảng trắng.")
    if c.number and not (c.number[0].isascii() and c.number[0].isdigit()):
        r.add("V-16", f"{_HEADER}/Code/CodeNumber", "Số văn bản không bắt đầu bằng chữ số.")


def v17_date(c: Content, r: Report) -> None:
    if parse_date(c.promulgation_date) is None:
        where = f"{_HEADER}/PromulgationInfo/PromulgationDate"
        text = f"Ngày ban hành không đọc được: {c.promulgation_date[:30] or 'trống'}."
        r.add("V-17", where, text, compat=REFUSE)


def v18_document_id(c: Content, r: Report) -> None:
    where = f"{_HEADER}/DocumentId"
    if not c.document_id:
        r.add("V-18", where, "Thiếu mã văn bản.", compat=REFUSE)
        return
    if len(c.document_id) > 100:
        r.add("V-18", where, "Mã văn bản dài hơn 100 ký tự.")
    parts = c.document_id.split(",", 2)
    if len(parts) != 3:
        r.add("V-18", where, "Mã văn bản không có dạng mã cơ quan,ngày,số/ký hiệu.")
        return
    # The agency part is compared with all codes of the sender in `context`.
    if parts[1] != c.promulgation_date:
        r.add("V-18", where, "Ngày trong mã văn bản khác ngày ban hành.")
    if parts[2] != c.reference:
        r.add("V-18", where, "Số, ký hiệu trong mã văn bản khác số, ký hiệu của văn bản.")


def v20_type(c: Content, r: Report) -> None:
    where = f"{_HEADER}/DocumentType"
    if not c.has_type:
        r.add("V-20", where, "Thiếu loại văn bản.")
        return
    group, code = type_numbers(c)
    found = lists.resolve(group, code, c.type_name or ("" if code else "Công văn"))
    if found is None:
        r.add("V-20", where, f"Loại văn bản không có trong danh mục: {c.type_name[:60]}.")
    elif found.group != group or code not in {0, found.code}:
        r.add("V-20", where, f"Nhóm hoặc mã không khớp tên loại văn bản {found.name}.")


def type_numbers(c: Content) -> tuple[int, int]:
    """`Type` and `TypeDetail`; 2 and 0 when absent, -1 when not a number."""
    return (
        _number_or(c.type_group, 2),
        _number_or(c.type_detail, 0),
    )


def _number_or(text: str, absent: int) -> int:
    if not text:
        return absent
    number = parse_number(text)
    return -1 if number is None else number


def v21_subject(c: Content, r: Report) -> None:
    if not c.subject:
        r.add("V-21", f"{_HEADER}/Subject", "Thiếu trích yếu.", compat=REFUSE)
    elif len(c.subject) > 500:
        r.add("V-21", f"{_HEADER}/Subject", "Trích yếu dài hơn 500 ký tự.")


def v22_content(c: Content, r: Report) -> None:
    if len(c.content) > 500:
        r.add("V-22", f"{_HEADER}/Content", "Nội dung tóm tắt dài hơn 500 ký tự.")


def v23_signer(c: Content, r: Report) -> None:
    # A recall names a document whose signer is known already; the sample of §10.3 has none.
    strict = WARNING if business_kind(c) is BusinessKind.RECALL else None
    if c.signer is None or not c.signer.full_name:
        r.add("V-23", f"{_HEADER}/SignerInfo/FullName", "Thiếu họ tên người ký.", strict=strict)
    if c.signer is None or not c.signer.position:
        r.add("V-23", f"{_HEADER}/SignerInfo/Position", "Thiếu chức vụ người ký.", strict=strict)


def v24_due_date(c: Content, r: Report) -> None:
    if not c.due_date:
        return
    due, issued = parse_date(c.due_date), parse_date(c.promulgation_date)
    if due is None:
        r.add("V-24", f"{_HEADER}/DueDate", "Hạn trả lời không đọc được.")
    elif issued is not None and due < issued:
        r.add("V-24", f"{_HEADER}/DueDate", "Hạn trả lời trước ngày ban hành.")


def v25_priority(c: Content, r: Report) -> None:
    if c.priority and parse_number(c.priority) not in URGENCIES:
        text = f"Mức độ khẩn không thuộc 0–4: {c.priority[:20]}."
        r.add("V-25", f"{_HEADER}/OtherInfo/Priority", text)


def v26_steering(c: Content, r: Report) -> None:
    number = parse_number(c.steering)
    if number in lists.STEERING or (not r.strict and number == 0):
        return
    text = f"Loại chỉ đạo không thuộc 1–3: {c.steering[:20] or 'trống'}."
    r.add("V-26", f"{_HEADER}/SteeringType", text)


def v27_amounts(c: Content, r: Report) -> None:
    for tag, text in (("PromulgationAmount", c.promulgation_amount), ("PageAmount", c.page_amount)):
        if text and parse_number(text) is None:
            r.add("V-27", f"{_HEADER}/OtherInfo/{tag}", f"Không phải số không âm: {text[:20]}.")


def v28_responses(c: Content, r: Report) -> None:
    for one in c.responses:
        missing = [
            tag
            for tag, text in (
                ("OrganId", one.code),
                ("Code", one.reference),
                ("DocumentId", one.document_id),
            )
            if not text
        ]
        if missing:
            r.add("V-28", f"{_HEADER}/{one.where}", f"Phản hồi thiếu {', '.join(missing)}.")
        if one.promulgation_date and parse_date(one.promulgation_date) is None:
            text = "Ngày của văn bản được phản hồi không đọc được."
            where = f"{_HEADER}/{one.where}/PromulgationDate"
            r.add("V-28", where, text, strict=WARNING)


def v29_secrecy(c: Content, r: Report) -> None:
    names = [file.name for file in c.files] + [one.name for one in c.references]
    for mark in secrecy.find_marks(c.texts if secrecy.may_be_marked(c.plain) else (), names):
        r.add("V-29", mark.where, f"Có dấu hiệu bí mật nhà nước: {mark.mark}.")


def v30_trace(c: Content, r: Report) -> None:
    if not c.trace:
        r.add("V-30", "TraceHeaderList/TraceHeader", "Không có vết gửi nào.")
    elif not c.trace[0].code or c.trace[0].code == "null":
        r.add("V-30", c.trace[0].where, "Vết đầu tiên không nêu cơ quan.")


def v31_trace_times(c: Content, r: Report) -> None:
    last = None
    for entry in c.trace:
        at = parse_moment(entry.timestamp)
        if at is None:
            r.add("V-31", entry.where, f"Thời điểm không đọc được: {entry.timestamp[:30]}.")
            continue
        if last is not None and at < last:
            r.add("V-31", entry.where, "Thời điểm trước vết liền trước.")
        last = at


def v32_business_kind(c: Content, r: Report) -> None:
    where = f"{_BUSINESS}/BussinessDocType"
    if business_kind(c) is None:
        r.add("V-32", where, f"Loại nghiệp vụ không thuộc 0–3: {c.business.kind[:20]}.")
    elif c.business.present and not c.business.kind:
        r.add("V-32", where, "Thiếu loại nghiệp vụ.", compat=WARNING)


def v33_recall(c: Content, r: Report) -> None:
    if business_kind(c) is BusinessKind.RECALL and not c.business.reason:
        r.add("V-33", f"{_BUSINESS}/BussinessDocReason", "Thu hồi không nêu lý do.", compat=WARNING)


def v34_update(c: Content, r: Report) -> None:
    if business_kind(c) is not BusinessKind.UPDATE:
        return
    b = c.business
    where = f"{_BUSINESS}/BussinessDocumentInfo"
    if not b.document_id:
        r.add("V-34", f"{_BUSINESS}/DocumentId", "Cập nhật không nêu văn bản được cập nhật.")
    if not b.reason:
        r.add("V-34", f"{_BUSINESS}/BussinessDocReason", "Cập nhật không nêu lý do.")
    if not b.has_update:
        r.add("V-34", where, "Thiếu BussinessDocumentInfo.")
        return
    if {b.document_info, b.document_receiver} - {"0", "1"}:
        r.add("V-34", where, "DocumentInfo và DocumentReceiver phải là 0 hoặc 1.")
    elif "1" not in {b.document_info, b.document_receiver}:
        r.add("V-34", where, "Cập nhật không thay đổi gì.")
    if b.document_receiver == "1" and not b.receivers:
        r.add("V-34", f"{where}/ReceiverList", "Thiếu danh sách bên nhận thay đổi.")
    if any(not code or kind not in {"0", "1"} for code, kind in b.receivers):
        r.add("V-34", f"{where}/ReceiverList", "Bên nhận thay đổi không nêu đủ mã và loại.")


def v35_replacement(c: Content, r: Report) -> None:
    if business_kind(c) is not BusinessKind.REPLACEMENT:
        return
    where = f"{_BUSINESS}/ReplacementInfoList"
    if not c.business.reason:
        r.add("V-35", f"{_BUSINESS}/BussinessDocReason", "Thay thế không nêu lý do.")
    if not c.business.replacements:
        r.add("V-35", where, "Không nêu văn bản bị thay thế.")
    for target, codes in c.business.replacements:
        if not target or not codes:
            r.add("V-35", where, "Văn bản bị thay thế không nêu đủ mã văn bản và bên nhận.")
        elif target == c.document_id:
            r.add("V-35", where, "Văn bản thay thế trùng mã với văn bản bị thay thế.")


def v36_paper(c: Content, r: Report) -> None:
    if c.business.paper not in {"", "0", "1"}:
        r.add("V-36", f"{_BUSINESS}/Paper", f"Paper phải là 0 hoặc 1: {c.business.paper[:20]}.")


def v37_staff(c: Content, r: Report) -> None:
    if c.business.staff is None or not c.business.staff.staff:
        r.add("V-37", f"{_BUSINESS}/StaffInfo/Staff", "Không nêu người gửi.")


def v38_manifest(c: Content, r: Report) -> None:
    _check_ids(c, r)
    names = {one.content_id: one.name for one in c.references}
    for file in c.files:
        if not file.name:
            r.add("V-38", file.where, "Tệp không có tên.")
        elif names.get(file.content_id, file.name) != file.name:
            r.add("V-38", file.where, f"Tên tệp {file.name} khác tên trong danh mục.")


def _check_ids(c: Content, r: Report) -> None:
    ids = [one.content_id for one in c.references]
    if ids == [file.content_id for file in c.files] and len(set(ids)) == len(ids):
        return
    listed = Counter(ids)
    present = Counter(file.content_id for file in c.files)
    for content_id, times in (listed + present).items():
        if listed[content_id] > 1 or present[content_id] > 1:
            text = f"ContentId {content_id or '(trống)'} lặp lại."
            r.add("V-38", "edXMLManifest", text, compat=REFUSE)
        elif times == 1 and listed[content_id]:
            text = f"Danh mục nêu tệp {content_id} nhưng không có tệp."
            r.add("V-38", "edXMLManifest", text, compat=REFUSE)
        elif times == 1:
            r.add("V-38", "AttachmentEncoded", f"Tệp {content_id} không có trong danh mục.")


def v39_attachment(c: Content, r: Report) -> None:
    kind = business_kind(c)
    optional = kind is BusinessKind.RECALL or (
        kind is BusinessKind.UPDATE and c.business.document_info != "1"
    )
    if not c.files and not optional:
        r.add("V-39", "AttachmentEncoded", "Không có tệp đính kèm.")


def v43_file_types(c: Content, r: Report) -> None:
    for file in c.files:
        if file.contents is None:
            continue
        own = extension(file.name)
        kind = file.contents.kind
        if kind == "executable":
            r.add("V-43", file.where, f"Tệp {file.name} là chương trình chạy được.", compat=REFUSE)
        elif own not in lists.allowed_extensions():
            r.add("V-43", file.where, f"Loại tệp .{own} không được phép.")
        elif not sniff.agrees(kind, own):
            r.add("V-43", file.where, f"Nội dung tệp {file.name} không phải loại .{own}.")


def v48_characters(c: Content, r: Report) -> None:
    named = [(file.where, file.name) for file in c.files]
    for where, text in [*(c.texts if CONTROL.search(c.plain) else ()), *named]:
        if CONTROL.search(text):
            r.add("V-48", where, "Có ký tự điều khiển.")


def s01_status_parts(c: Content, r: Report) -> None:
    answered = c.responses[0] if c.responses else None
    required = (
        ("From/OrganId", c.sender.code),
        ("ResponseFor/OrganId", answered.code if answered else ""),
        ("ResponseFor/DocumentId", answered.document_id if answered else ""),
        ("StatusCode", c.status),
    )
    for tag, text in required:
        if not text:
            r.add("S-01", f"{_HEADER}/{tag}", f"Gói tin trạng thái thiếu {tag}.")
    if answered is not None and not answered.reference:
        by_id = WARNING if answered.document_id else None
        text = "Gói tin trạng thái thiếu số, ký hiệu."
        r.add("S-01", f"{_HEADER}/ResponseFor/Code", text, compat=by_id)
    if len(c.responses) > 1:
        r.add("S-01", f"{_HEADER}/ResponseFor", "Gói tin trạng thái chỉ nói về một văn bản.")


def s03_status_code(c: Content, r: Report) -> None:
    if not c.status:
        return
    where = f"{_HEADER}/StatusCode"
    if status_code(c.status) is StatusCode.UNKNOWN:
        r.add("S-03", where, f"Mã trạng thái không có trong danh mục: {c.status[:20]}.")
    elif c.status in STATUS_ALIASES:
        r.add("S-03", where, f"Mã trạng thái viết khác quy định: {c.status}.")


def s04_reason(c: Content, r: Report) -> None:
    needs = {StatusCode.REFUSED, StatusCode.TAKE_BACK, StatusCode.DECLINED}
    if status_code(c.status) in needs and not c.description:
        r.add("S-04", f"{_HEADER}/Description", "Thiếu lý do.")
    if len(c.description) > 500:
        text = "Mô tả dài hơn 500 ký tự."
        r.add("S-04", f"{_HEADER}/Description", text, strict=WARNING)


def s05_timestamp(c: Content, r: Report) -> None:
    if parse_moment(c.timestamp) is None:
        text = f"Thời điểm không đọc được: {c.timestamp[:30] or 'trống'}."
        r.add("S-05", f"{_HEADER}/Timestamp", text)


def today_rule(c: Content, r: Report, today: date) -> None:
    """V-17, the part that needs a calendar: not later than today (UTC+7)."""
    issued = parse_date(c.promulgation_date)
    if issued is not None and issued > today:
        where = f"{_HEADER}/PromulgationInfo/PromulgationDate"
        r.add("V-17", where, "Ngày ban hành ở tương lai.")


DOCUMENT_RULES: tuple[Rule, ...] = (
    v09_body, v11_sender_code, v12_names, v13_receivers, v14_duplicates, v16_number, v17_date,
    v18_document_id, v20_type, v21_subject, v22_content, v23_signer, v24_due_date, v25_priority,
    v26_steering, v27_amounts, v28_responses, v29_secrecy, v30_trace, v31_trace_times,
    v32_business_kind, v33_recall, v34_update, v35_replacement, v36_paper, v37_staff, v38_manifest,
    v39_attachment, v43_file_types, v48_characters,
)  # fmt: skip
STATUS_RULES: tuple[Rule, ...] = (
    v11_sender_code, s01_status_parts, s03_status_code, s04_reason, s05_timestamp, v29_secrecy,
    v48_characters,
)  # fmt: skip
