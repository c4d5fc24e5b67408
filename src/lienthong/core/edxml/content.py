"""A packet as it was read: every text that is there, nothing judged yet.

Between the tree and the model stands this draft, because a rule must be able to speak about a
packet that no model can hold (a date that is no date). `rules` judges it, `codec` builds from it.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from datetime import date, datetime

from lxml import etree

from lienthong.core.edxml import attachments, shape
from lienthong.core.edxml.findings import Report, Severity
from lienthong.core.edxml.model import VIETNAM, Organization, Signer, Staff, normal
from lienthong.core.edxml.problems import AttachmentRefused
from lienthong.core.edxml.shape import Group
from lienthong.core.edxml.xml import Limits, local_name, namespace

_DATE = re.compile(r"([0-9]{4})/([0-9]{2})/([0-9]{2})")
_MOMENT = re.compile(r"([0-9]{4}/[0-9]{2}/[0-9]{2}) ([0-9]{2}):([0-9]{2}):([0-9]{2})")


@dataclass(slots=True)
class Response:
    where: str
    code: str
    reference: str
    promulgation_date: str
    document_id: str


@dataclass(slots=True)
class TraceText:
    where: str
    code: str
    timestamp: str


@dataclass(slots=True)
class BusinessText:
    present: bool = False
    kind: str = ""
    reason: str = ""
    document_id: str = ""
    paper: str = ""
    staff: Staff | None = None
    has_update: bool = False
    document_info: str = ""
    document_receiver: str = ""
    receivers: list[tuple[str, str]] = field(default_factory=list)
    replacements: list[tuple[str, list[str]]] = field(default_factory=list)


@dataclass(slots=True)
class Reference:
    where: str
    content_id: str
    content_type: str
    description: str
    name: str


@dataclass(slots=True)
class File:
    """An attachment; `data` is None when it could not be taken out."""

    where: str
    content_id: str
    name: str
    description: str
    wire_type: str | None
    data: bytes | None = None
    container: bool = False
    sha256: str = ""


@dataclass(slots=True)
class Content:
    """Texts are normalised; "" is absent."""

    is_status: bool = False
    sender: Organization = field(default_factory=lambda: Organization(""))
    receivers: list[Organization] = field(default_factory=list)
    number: str = ""
    notation: str = ""
    place: str = ""
    promulgation_date: str = ""
    has_type: bool = False
    type_group: str = ""
    type_detail: str = ""
    type_name: str = ""
    subject: str = ""
    content: str = ""
    signer: Signer | None = None
    due_date: str = ""
    to_places: list[str] = field(default_factory=list)
    priority: str = ""
    sphere: str = ""
    typer_notation: str = ""
    promulgation_amount: str = ""
    page_amount: str = ""
    direction: str = ""
    appendixes: list[str] = field(default_factory=list)
    responses: list[Response] = field(default_factory=list)
    steering: str = ""
    document_id: str = ""
    task_codes: list[str] = field(default_factory=list)
    trace: list[TraceText] = field(default_factory=list)
    business: BusinessText = field(default_factory=BusinessText)
    has_manifest: bool = False
    references: list[Reference] = field(default_factory=list)
    files: list[File] = field(default_factory=list)
    status: str = ""
    description: str = ""
    timestamp: str = ""
    staff: Staff | None = None
    texts: list[tuple[str, str]] = field(default_factory=list)
    """Every text in the envelope with its path, unknown elements too (V-29, V-48)."""

    @property
    def reference(self) -> str:
        return f"{self.number}/{self.notation}"


def parse_date(text: str) -> date | None:
    """`yyyy/MM/dd` that exists in the calendar, else None."""
    found = _DATE.fullmatch(text)
    if found is None:
        return None
    try:
        return date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        return None


def parse_moment(text: str) -> datetime | None:
    """`yyyy/MM/dd HH:mm:ss` in Vietnam time, else None."""
    found = _MOMENT.fullmatch(text)
    day = parse_date(found[1]) if found else None
    if found is None or day is None:
        return None
    try:
        return datetime(
            day.year,
            day.month,
            day.day,
            int(found[2]),
            int(found[3]),
            int(found[4]),
            tzinfo=VIETNAM,
        )
    except ValueError:
        return None


def parse_number(text: str) -> int | None:
    """A whole number that is not negative, else None."""
    return int(text) if len(text) <= 9 and text.isascii() and text.isdigit() else None


def read_tree(root: etree._Element, report: Report, limits: Limits) -> Content | None:
    """Return what the tree says, noting breaches of structure and encoding in `report`.

    None when there is no MessageHeader to speak about.
    """
    if local_name(root) != "edXML" or namespace(root) not in {shape.NS, ""}:
        report.add("V-08", "edXML", "Phần tử gốc không phải edXML.", compat=Severity.REFUSE)
        return None
    no_namespace: list[str] = []
    shape.walk(root, report, no_namespace=no_namespace)
    if no_namespace:
        report.add("V-08", no_namespace[0], "Phần tử của phong bì không có không gian tên.")
    top = Group(root, "")
    envelope = top.group("edXMLEnvelope")
    header = envelope.group("edXMLHeader")
    message = header.group("MessageHeader")
    message.where = "MessageHeader"
    if not message:
        report.add("V-09", "edXMLHeader/MessageHeader", "Không có phần tử MessageHeader.")
        return None
    content = Content()
    _collect_texts(envelope.element, "", content.texts)
    content.is_status = message.has("StatusCode")
    _read_message(message, content)
    _read_trace(header.group("TraceHeaderList"), content)
    body = envelope.group("edXMLBody")
    _read_manifest(body.group("edXMLManifest"), content)
    _read_files(top.group("AttachmentEncoded"), content, report, limits)
    return content


def _text(group: Group, name: str) -> str:
    return normal(group.raw(name) or "")


def _organization(group: Group) -> Organization:
    return Organization(
        code=_text(group, "OrganId"),
        name=_text(group, "OrganName"),
        in_charge=_text(group, "OrganizationInCharge"),
        address=_text(group, "OrganAdd"),
        email=_text(group, "Email"),
        telephone=_text(group, "Telephone"),
        fax=_text(group, "Fax"),
        website=_text(group, "Website"),
    )


def _staff(group: Group) -> Staff | None:
    if not group:
        return None
    return Staff(
        department=_text(group, "Department"),
        staff=_text(group, "Staff"),
        mobile=_text(group, "Mobile"),
        email=_text(group, "Email"),
    )


def _read_message(message: Group, content: Content) -> None:
    content.sender = _organization(message.group("From"))
    content.receivers = [_organization(one) for one in message.groups("To")]
    code = message.group("Code")
    content.number, content.notation = _text(code, "CodeNumber"), _text(code, "CodeNotation")
    promulgation = message.group("PromulgationInfo")
    content.place = _text(promulgation, "Place")
    content.promulgation_date = _text(promulgation, "PromulgationDate")
    kind = message.group("DocumentType")
    content.has_type = bool(kind)
    content.type_group = _text(kind, "Type")
    content.type_detail = _text(kind, "TypeDetail")
    content.type_name = _text(kind, "TypeName")
    content.subject = _text(message, "Subject")
    content.content = _text(message, "Content")
    signer = message.group("SignerInfo")
    if signer:
        content.signer = Signer(
            competence=_text(signer, "Competence"),
            position=_text(signer, "Position"),
            full_name=_text(signer, "FullName"),
        )
    content.due_date = _text(message, "DueDate")
    content.to_places = _list(message.group("ToPlaces"), "Place")
    content.steering = _text(message, "SteeringType")
    content.document_id = _text(message, "DocumentId")
    content.status = _text(message, "StatusCode")
    content.description = _text(message, "Description")
    content.timestamp = _text(message, "Timestamp")
    content.staff = _staff(message.group("StaffInfo"))
    _read_other(message.group("OtherInfo"), content)
    for one in message.groups("ResponseForTask"):
        content.task_codes += _list(one, "TaskCode")
    for one in message.groups("ResponseFor"):
        content.responses.append(
            Response(
                where=one.where,
                code=_text(one, "OrganId"),
                reference=_text(one, "Code"),
                promulgation_date=_text(one, "PromulgationDate"),
                document_id=_text(one, "DocumentId"),
            )
        )


def _read_other(other: Group, content: Content) -> None:
    content.priority = _text(other, "Priority")
    content.sphere = _text(other, "SphereOfPromulgation")
    content.typer_notation = _text(other, "TyperNotation")
    content.promulgation_amount = _text(other, "PromulgationAmount")
    content.page_amount = _text(other, "PageAmount")
    content.direction = _text(other, "Direction").lower()
    content.appendixes = _list(other.group("Appendixes"), "Appendix")


def _list(group: Group, name: str) -> list[str]:
    return [one for one in map(normal, group.texts(name)) if one]


def _read_trace(header: Group, content: Content) -> None:
    for one in header.groups("TraceHeader"):
        content.trace.append(
            TraceText(
                where=f"TraceHeaderList/{one.where.rpartition('/')[2]}",
                code=_text(one, "OrganId"),
                timestamp=_text(one, "Timestamp"),
            )
        )
    group = header.group("Bussiness")
    if not group:
        return
    business = content.business
    business.present = True
    business.kind = _text(group, "BussinessDocType")
    business.reason = _text(group, "BussinessDocReason")
    business.document_id = _text(group, "DocumentId")
    business.paper = _text(group, "Paper")
    business.staff = _staff(group.group("StaffInfo"))
    update = group.group("BussinessDocumentInfo")
    business.has_update = bool(update)
    business.document_info = _text(update, "DocumentInfo")
    business.document_receiver = _text(update, "DocumentReceiver")
    for one in update.group("ReceiverList").groups("Receiver"):
        business.receivers.append((_text(one, "OrganId"), _text(one, "ReceiverType")))
    for one in group.group("ReplacementInfoList").groups("ReplacementInfo"):
        codes = _list(one.group("OrganIdList"), "OrganId")
        business.replacements.append((_text(one, "DocumentId"), codes))


def _read_manifest(manifest: Group, content: Content) -> None:
    content.has_manifest = bool(manifest)
    for one in manifest.groups("Reference"):
        content.references.append(
            Reference(
                where=f"edXMLManifest/{one.where.rpartition('/')[2]}",
                content_id=bare_content_id(_text(one, "ContentId")),
                content_type=_text(one, "ContentType"),
                description=_text(one, "Description"),
                name=_text(one, "AttachmentName"),
            )
        )


def bare_content_id(text: str) -> str:
    """The identifier without `cid:` (§5)."""
    return text.removeprefix("cid:")


def _read_files(encoded: Group, content: Content, report: Report, limits: Limits) -> None:
    total = 0
    for one in encoded.groups("Attachment"):
        file = _read_file(one, report, limits)
        content.files.append(file)
        total += len(file.data or b"")
        if total > limits.decoded_bytes:  # stop here: what follows is not unpacked any more
            text = f"Tổng các tệp lớn hơn {limits.decoded_bytes} byte."
            report.add("V-04", "AttachmentEncoded", text)
            return


def _read_file(group: Group, report: Report, limits: Limits) -> File:
    where = f"AttachmentEncoded/{group.where.rpartition('/')[2]}"
    wire_type = group.raw("ContentType")
    file = File(
        where=where,
        content_id=bare_content_id(_text(group, "ContentId")),
        name=_text(group, "AttachmentName"),
        description=_text(group, "Description"),
        wire_type=wire_type.strip() if wire_type is not None else None,
    )
    text = group.raw("ContentTransferEncoded") or ""
    try:
        payload = attachments.unpack(text, file.name, file.wire_type, limits)
    except AttachmentRefused as refused:
        report.add(refused.rule, where, f"Tệp {file.name or '(không tên)'}: {refused.reason}.")
        return file
    if payload.mismatch:
        packed = "đã nén" if payload.container else "không nén"
        report.add("V-41", where, f"Tệp {packed} nhưng ContentType là {file.wire_type or 'trống'}.")
    if payload.extra_entries:
        text = f"Tệp nén có thêm {payload.extra_entries} mục; chỉ đọc mục đầu."
        report.add("V-42", where, text, compat=Severity.WARNING)
    if attachments.is_corrupt(payload.data):
        report.add("V-44", where, f"Tệp {file.name} đã hỏng do chuyển mã văn bản.")
    file.data = payload.data
    file.container = payload.container
    file.sha256 = hashlib.sha256(payload.data).hexdigest()
    return file


def _collect_texts(element: etree._Element | None, path: str, texts: list[tuple[str, str]]) -> None:
    if element is None:
        return
    for child in element:
        name = local_name(child)
        if name in {"Signature", "DigitalSignature"}:
            continue
        here = f"{path}/{name}" if path else name
        text = child.text
        if text and not text.isspace():
            texts.append((here, text))
        _collect_texts(child, here, texts)
