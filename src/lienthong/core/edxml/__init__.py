"""edXML document-exchange packets (QCVN 102:2016/BTTTT and SĐ1:2022): model, codec, checks.

    packet = edxml.decode(raw)                       # or PacketInvalid with every finding
    reading = edxml.read(raw, profile=..., context=...)   # never raises for a bad packet
    raw = edxml.encode(packet)
    reading = edxml.read_file(path, folder=...)      # attachments of hundreds of MB stay on disk

`xml.parse` is the one hardened XML reader of the whole code base. No I/O happens here,
except in `large`, which reads and writes files.
"""

from __future__ import annotations

from lienthong.core.edxml.context import Context, Known, KnownDocument
from lienthong.core.edxml.decoder import (
    AttachmentFacts,
    Facts,
    Reading,
    check,
    decode,
    read,
    review,
    secrecy_marks,
)
from lienthong.core.edxml.encoder import encode
from lienthong.core.edxml.findings import RULES, Finding, Profile, RuleRow, Severity, finding
from lienthong.core.edxml.large import FileReading, StoredFile, read_file, write_file
from lienthong.core.edxml.lists import DocumentType, document_type, document_types
from lienthong.core.edxml.model import (
    VIETNAM,
    Attachment,
    Business,
    BusinessKind,
    DocumentPacket,
    Organization,
    Packet,
    ReceiverChange,
    Replacement,
    ResponseFor,
    Signer,
    Staff,
    StatusCode,
    StatusPacket,
    TraceEntry,
    Update,
    Urgency,
)
from lienthong.core.edxml.problems import (
    AttachmentRefused,
    PacketInvalid,
    TextNotEncodable,
    XMLRefused,
)
from lienthong.core.edxml.secrecy import Mark, find_marks
from lienthong.core.edxml.signature import PacketSignature, SignatureState
from lienthong.core.edxml.states import DeliveryState, after
from lienthong.core.edxml.xml import Limits

__all__ = [
    "RULES", "VIETNAM", "Attachment", "AttachmentFacts", "AttachmentRefused", "Business",
    "BusinessKind", "Context", "DeliveryState", "DocumentPacket", "DocumentType", "Facts",
    "FileReading", "Finding", "Known", "KnownDocument", "Limits", "Mark", "Organization",
    "Packet", "PacketInvalid", "PacketSignature", "Profile", "Reading", "ReceiverChange",
    "Replacement", "ResponseFor", "RuleRow", "Severity", "SignatureState", "Signer", "Staff",
    "StatusCode", "StatusPacket", "StoredFile", "TextNotEncodable", "TraceEntry", "Update",
    "Urgency", "XMLRefused", "after", "check", "decode", "document_type", "document_types",
    "encode", "find_marks", "finding", "read", "read_file", "review", "secrecy_marks",
    "write_file",
]  # fmt: skip
