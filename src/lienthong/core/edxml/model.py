"""The packet as plain data: who sends what to whom, and what became of it.

Texts are NFC and trimmed once read; "" means absent. Moments are aware and in Vietnam time.
Source: packet format §§3–6 and 9.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import date, datetime
from enum import IntEnum, StrEnum
from zoneinfo import ZoneInfo

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")


class Urgency(IntEnum):
    """Mức độ khẩn, §7.2."""

    NORMAL = 0
    URGENT = 1
    VERY_URGENT = 2
    EXPRESS = 3
    EXPRESS_TIMED = 4

    @property
    def label(self) -> str:
        return ("Thường", "Khẩn", "Thượng khẩn", "Hỏa tốc", "Hỏa tốc hẹn giờ")[self]


class StatusCode(StrEnum):
    """Trạng thái xử lý that travels on the wire, §9."""

    ARRIVED = "01"
    REFUSED = "02"
    ACCEPTED = "03"
    ASSIGNED = "04"
    PROCESSING = "05"
    COMPLETED = "06"
    TAKE_BACK = "13"
    AGREED = "15"
    DECLINED = "16"
    UNKNOWN = ""  # not in the list: store and show `StatusPacket.status_text`, move nothing

    @property
    def label(self) -> str:
        return _STATUS_LABELS[self]


_STATUS_LABELS = {
    StatusCode.ARRIVED: "Đã đến",
    StatusCode.REFUSED: "Từ chối tiếp nhận",
    StatusCode.ACCEPTED: "Đã tiếp nhận",
    StatusCode.ASSIGNED: "Phân công",
    StatusCode.PROCESSING: "Đang xử lý",
    StatusCode.COMPLETED: "Hoàn thành",
    StatusCode.TAKE_BACK: "Lấy lại",
    StatusCode.AGREED: "Đồng ý lấy lại / cập nhật",
    StatusCode.DECLINED: "Từ chối lấy lại / cập nhật",
    StatusCode.UNKNOWN: "Không rõ",
}


class BusinessKind(IntEnum):
    """Nghiệp vụ, §4.2."""

    NEW = 0
    RECALL = 1
    UPDATE = 2
    REPLACEMENT = 3

    @property
    def label(self) -> str:
        return ("Văn bản mới", "Thu hồi", "Cập nhật", "Thay thế")[self]


@dataclass(frozen=True, slots=True)
class Organization:
    """An agency as named in a packet. The name is for display; the code decides."""

    code: str
    name: str = ""
    in_charge: str = ""
    address: str = ""
    email: str = ""
    telephone: str = ""
    fax: str = ""
    website: str = ""


@dataclass(frozen=True, slots=True)
class Signer:
    competence: str = ""
    position: str = ""
    full_name: str = ""


@dataclass(frozen=True, slots=True)
class Staff:
    """The clerk who sends. Personal data: keep out of logs."""

    department: str = ""
    staff: str = ""
    mobile: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True)
class TraceEntry:
    code: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ResponseFor:
    """The document that is answered; in a status packet `code` is who must get the status."""

    code: str
    reference: str
    promulgated_on: date | None = None
    document_id: str = ""


@dataclass(frozen=True, slots=True)
class ReceiverChange:
    code: str
    added: bool


@dataclass(frozen=True, slots=True)
class Update:
    """What a packet of kind UPDATE changes."""

    content_changes: bool = False
    receivers_change: bool = False
    receivers: tuple[ReceiverChange, ...] = ()


@dataclass(frozen=True, slots=True)
class Replacement:
    document_id: str
    codes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Business:
    kind: BusinessKind = BusinessKind.NEW
    reason: str = ""
    document_id: str = ""
    paper: int = 0
    staff: Staff | None = None
    update: Update | None = None
    replacements: tuple[Replacement, ...] = ()


@dataclass(frozen=True, slots=True)
class Attachment:
    """One file. `data` is the file itself, `content_type` its media type (not the wire's)."""

    content_id: str
    name: str
    content_type: str
    description: str
    data: bytes

    @classmethod
    def of(
        cls, name: str, data: bytes, *, content_id: str = "att-1", description: str = ""
    ) -> Attachment:
        """An attachment with the media type its name says."""
        return cls(content_id, name, media_type(name), description, data)


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentPacket:
    """Gói tin văn bản (`edoc`)."""

    sender: Organization
    receivers: tuple[Organization, ...]
    document_id: str
    number: str
    notation: str
    promulgated_on: date
    subject: str
    place: str = ""
    type_group: int = 2
    type_detail: int = 18
    type_name: str = "Công văn"
    content: str = ""
    signer: Signer | None = None
    due_on: date | None = None
    to_places: tuple[str, ...] = ()
    urgency: Urgency = Urgency.NORMAL
    sphere: str = ""
    typer_notation: str = ""
    promulgation_amount: int = 0
    page_amount: int = 0
    direction: bool | None = None
    appendixes: tuple[str, ...] = ()
    responses: tuple[ResponseFor, ...] = ()
    steering: int = 1
    task_codes: tuple[str, ...] = ()
    trace: tuple[TraceEntry, ...] = ()
    business: Business = Business()
    attachments: tuple[Attachment, ...] = ()

    @property
    def reference(self) -> str:
        """Số, ký hiệu in one string: "125/BTN-CNTT"."""
        return f"{self.number}/{self.notation}"

    @property
    def target_id(self) -> str:
        """The document that a recall or update is about (§4.2)."""
        return self.business.document_id or self.document_id


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusPacket:
    """Gói tin trạng thái (`status`). `status_text` is the code as read, where it was unusual."""

    sender: Organization
    response_for: ResponseFor
    status: StatusCode
    at: datetime
    description: str = ""
    staff: Staff | None = None
    status_text: str = ""


Packet = DocumentPacket | StatusPacket

_MEDIA_TYPES = {
    "pdf": "application/pdf",
    "doc": "application/msword",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xls": "application/vnd.ms-excel",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "ppt": "application/vnd.ms-powerpoint",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "odt": "application/vnd.oasis.opendocument.text",
    "ods": "application/vnd.oasis.opendocument.spreadsheet",
    "txt": "text/plain",
    "xml": "application/xml",
    "rtf": "application/rtf",
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "tif": "image/tiff",
    "tiff": "image/tiff",
    "zip": "application/zip",
    "rar": "application/vnd.rar",
}


def extension(name: str) -> str:
    """The lower-case extension of a file name without its dot, "" when it has none."""
    stem, dot, last = name.rpartition(".")
    return last.lower() if dot and stem else ""


def media_type(name: str) -> str:
    """The media type that the extension of `name` stands for."""
    return _MEDIA_TYPES.get(extension(name), "application/octet-stream")


def normal(text: str) -> str:
    """`text` in NFC without surrounding white space: how texts are kept and written."""
    return text.strip() if text.isascii() else unicodedata.normalize("NFC", text).strip()
