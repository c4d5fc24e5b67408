"""A packet as it was read: every text that is there, nothing judged yet.

Between the tree and the model stands this draft, because a rule must be able to speak about a
packet that no model can hold (a date that is no date). `rules` judges it, `codec` builds from it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache

from lxml import etree

from lienthong.core.edxml import attachments, shape
from lienthong.core.edxml.attachments import Wire
from lienthong.core.edxml.contents import Contents
from lienthong.core.edxml.findings import Report, Severity
from lienthong.core.edxml.lift import Lifted
from lienthong.core.edxml.model import VIETNAM, Organization, Signer, Staff, normal
from lienthong.core.edxml.problems import AttachmentRefused
from lienthong.core.edxml.shape import Group, Texts, Walk
from lienthong.core.edxml.xml import Limits, split_tag

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
    content_id: str
    content_type: str
    description: str
    name: str


@dataclass(slots=True)
class File:
    """An attachment; `contents` is None when it could not be taken out."""

    where: str
    content_id: str
    name: str
    description: str
    wire_type: str | None
    contents: Contents | None = None
    container: bool = False


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
    envelope: Texts = field(default_factory=list)
    """Every text in the envelope, unknown elements too: path of its group, name, text."""
    signatures: list[etree._Element] = field(default_factory=list)

    @property
    def texts(self) -> list[tuple[str, str]]:
        """Every text in the envelope with its path (V-29, V-48)."""
        return [
            (f"{path}/{name}".partition("Envelope/")[2], text) for path, name, text in self.envelope
        ]

    @property
    def plain(self) -> str:
        """All texts of the envelope at once, for a first look."""
        return "\n".join([text for _, _, text in self.envelope])

    @property
    def reference(self) -> str:
        return f"{self.number}/{self.notation}"


def parse_date(text: str) -> date | None:
    """`yyyy/MM/dd` that exists in the calendar, else None."""
    return _date(text) if len(text) == len("yyyy/MM/dd") else None


@lru_cache(maxsize=1024)
def _date(text: str) -> date | None:
    found = _DATE.fullmatch(text)
    if found is None:
        return None
    try:
        return date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        return None


def parse_moment(text: str) -> datetime | None:
    """`yyyy/MM/dd HH:mm:ss` in Vietnam time, else None."""
    return _moment(text) if len(text) == len("yyyy/MM/dd HH:mm:ss") else None


@lru_cache(maxsize=1024)
def _moment(text: str) -> datetime | None:
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


def read_tree(
    root: etree._Element, lifted: Lifted, report: Report, limits: Limits
) -> Content | None:
    """Return what the tree says, noting breaches of structure and encoding in `report`.

    root: the tree of `lifted.markup`. None when there is no MessageHeader to speak about.
    Raises XMLRefused, V-07, when the tree is too deep.
    """
    uri, name = split_tag(root.tag)
    if name != "edXML" or uri not in {shape.NS, ""}:
        report.add("V-08", "edXML", "Phần tử gốc không phải edXML.", compat=Severity.REFUSE)
        return None
    walk = Walk(report, limits)
    top = walk.read(root)
    if walk.no_namespace:
        report.add("V-08", walk.no_namespace[0], "Phần tử của phong bì không có không gian tên.")
    envelope = top.group("edXMLEnvelope")
    header = envelope.group("edXMLHeader")
    message = header.group("MessageHeader")
    if not message:
        report.add("V-09", "edXMLHeader/MessageHeader", "Không có phần tử MessageHeader.")
        return None
    content = Content(envelope=walk.texts, signatures=walk.signatures)
    content.is_status = message.has("StatusCode")
    _read_message(message, content)
    _read_trace(header.group("TraceHeaderList"), content)
    body = envelope.group("edXMLBody")
    _read_manifest(body.group("edXMLManifest"), content)
    _read_files(top.group("AttachmentEncoded"), lifted, content, report, limits)
    return content


def _text(group: Group, name: str) -> str:
    found = group.texts.get(name)
    return normal(found[0]) if found else ""


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
    content.receivers = [_organization(one) for one in message.all("To")]
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
    for one in message.all("ResponseForTask"):
        content.task_codes += _list(one, "TaskCode")
    answered = message.all("ResponseFor")
    for where, one in zip(_places("ResponseFor", answered), answered, strict=True):
        content.responses.append(
            Response(
                where=where,
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
    return [one for one in map(normal, group.texts.get(name, ())) if one]


def _places(name: str, groups: list[Group]) -> list[str]:
    """How findings name each of them: by number when there are several."""
    if len(groups) == 1:
        return [name]
    return [f"{name}[{number}]" for number in range(1, len(groups) + 1)]


def _read_trace(header: Group, content: Content) -> None:
    entries = header.all("TraceHeader")
    for where, one in zip(_places("TraceHeaderList/TraceHeader", entries), entries, strict=True):
        content.trace.append(
            TraceText(
                where=where,
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
    for one in update.group("ReceiverList").all("Receiver"):
        business.receivers.append((_text(one, "OrganId"), _text(one, "ReceiverType")))
    for one in group.group("ReplacementInfoList").all("ReplacementInfo"):
        codes = _list(one.group("OrganIdList"), "OrganId")
        business.replacements.append((_text(one, "DocumentId"), codes))


def _read_manifest(manifest: Group, content: Content) -> None:
    content.has_manifest = bool(manifest)
    for one in manifest.all("Reference"):
        content.references.append(
            Reference(
                content_id=bare_content_id(_text(one, "ContentId")),
                content_type=_text(one, "ContentType"),
                description=_text(one, "Description"),
                name=_text(one, "AttachmentName"),
            )
        )


def bare_content_id(text: str) -> str:
    """The identifier without `cid:` (§5)."""
    return text.removeprefix("cid:")


def _read_files(
    encoded: Group, lifted: Lifted, content: Content, report: Report, limits: Limits
) -> None:
    total = 0
    found = encoded.all("Attachment")
    for where, one in zip(_places("AttachmentEncoded/Attachment", found), found, strict=True):
        wire_type = one.raw("ContentType")
        file = File(
            where=where,
            content_id=bare_content_id(_text(one, "ContentId")),
            name=_text(one, "AttachmentName"),
            description=_text(one, "Description"),
            wire_type=wire_type.strip() if wire_type is not None else None,
        )
        content.files.append(file)
        _unpack(file, one.raw("ContentTransferEncoded") or "", lifted, report, limits)
        total += file.contents.size if file.contents else 0
        if total > limits.decoded_bytes:  # stop here: what follows is not unpacked any more
            text = f"Tổng các tệp lớn hơn {limits.decoded_bytes} byte."
            report.add("V-04", "AttachmentEncoded", text)
            return


def _unpack(file: File, text: str, lifted: Lifted, report: Report, limits: Limits) -> None:
    try:
        wire: Wire | None = lifted.wire(text)
        if wire is None:
            wire = attachments.InMemory(attachments.decode_base64(text))
        payload = attachments.unpack(wire, file.name, file.wire_type, limits)
    except AttachmentRefused as refused:
        name = file.name or "(không tên)"
        report.add(refused.rule, file.where, f"Tệp {name}: {refused.reason}.")
        return
    if payload.mismatch:
        packed = "đã nén" if payload.container else "không nén"
        text = f"Tệp {packed} nhưng ContentType là {file.wire_type or 'trống'}."
        report.add("V-41", file.where, text)
    if payload.extra_entries:
        text = f"Tệp nén có thêm {payload.extra_entries} mục; chỉ đọc mục đầu."
        report.add("V-42", file.where, text, compat=Severity.WARNING)
    if payload.contents.corrupt:
        report.add("V-44", file.where, f"Tệp {file.name} đã hỏng do chuyển mã văn bản.")
    file.contents = payload.contents
    file.container = payload.container
