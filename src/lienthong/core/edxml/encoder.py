"""From model to bytes: order of §3, attachments by §6.3, UTF-8, LF, texts in NFC.

Written as text on purpose: the result is small, ordered, and the same for the same packet.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from lienthong.core.edxml import attachments
from lienthong.core.edxml.model import (
    VIETNAM,
    Attachment,
    Business,
    BusinessKind,
    DocumentPacket,
    Organization,
    Packet,
    ResponseFor,
    Signer,
    Staff,
    StatusPacket,
    normal,
)
from lienthong.core.edxml.problems import TextNotEncodable
from lienthong.core.edxml.shape import NS

_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ESCAPES = {ord("&"): "&amp;", ord("<"): "&lt;", ord(">"): "&gt;", ord("\r"): "&#13;"}


def encode(packet: Packet) -> bytes:
    """Return the packet as bytes; the same packet gives the same bytes.

    Does not judge: `check` tells what a strict reader would say.
    Raises TextNotEncodable for a text with a character that XML cannot carry.
    """
    if isinstance(packet, StatusPacket):
        writer = _Writer()
        _write_status(writer, packet)
        return b"".join(writer.pieces())
    return b"".join(document_pieces(packet, [_packed(one) for one in packet.attachments]))


@dataclass(frozen=True, slots=True)
class Packed:
    """An attachment ready for the wire; `text` gives its base64 text piece by piece."""

    content_id: str
    name: str
    description: str
    wire_type: str
    text: Callable[[], Iterable[bytes]]


def _packed(one: Attachment) -> Packed:
    text, wire_type = attachments.pack(one.name, one.data)
    return Packed(one.content_id, one.name, one.description, wire_type, lambda: (text,))


def document_pieces(packet: DocumentPacket, packed: Sequence[Packed]) -> Iterator[bytes]:
    """The bytes of a packet with these attachments, which stand for its own.

    Raises TextNotEncodable before the first piece.
    """
    writer = _Writer()
    _write_document(writer, packet, packed)
    return writer.pieces()


def format_date(day: date | None) -> str:
    return day.strftime("%Y/%m/%d").zfill(10) if day else ""


def format_moment(at: datetime) -> str:
    """`yyyy/MM/dd HH:mm:ss` in Vietnam time. Raises ValueError when `at` is naive."""
    if at.tzinfo is None:
        raise ValueError("a naive datetime has no place in a packet")
    local = at.astimezone(VIETNAM)
    return f"{format_date(local.date())} {local:%H:%M:%S}"


class _Writer:
    """Elements with indentation; a group is a context manager."""

    def __init__(self) -> None:
        self._parts: list[str | Callable[[], Iterable[bytes]]] = [
            '<?xml version="1.0" encoding="UTF-8"?>\n'
        ]
        self._open: list[str] = []
        self._prefix = "edXML:"

    def group(self, name: str, attributes: str = "", prefix: str | None = None) -> _Group:
        return _Group(self, (self._prefix if prefix is None else prefix) + name, attributes)

    def text(
        self, name: str, text: str, *, always: bool = False, prefix: str | None = None
    ) -> None:
        clean = normal(text)
        if not clean and not always:
            return
        found = _FORBIDDEN.search(clean)
        if found:
            raise TextNotEncodable(where=name, point=f"{ord(found[0]):04X}")
        tag = (self._prefix if prefix is None else prefix) + name
        self._line(f"<{tag}>{clean.translate(_ESCAPES)}</{tag}>")

    def number(self, name: str, value: int, *, always: bool = False) -> None:
        if value or always:
            self.text(name, str(value))

    def payload(self, tag: str, attributes: str, text: Callable[[], Iterable[bytes]]) -> None:
        """An element whose text comes piece by piece and holds nothing to escape."""
        self._parts.append(f"{'  ' * len(self._open)}<{tag}{attributes}>")
        self._parts.append(text)
        self._parts.append(f"</{tag}>\n")

    def enter(self, tag: str, attributes: str) -> None:
        self._line(f"<{tag}{attributes}>")
        self._open.append(tag)

    def leave(self) -> None:
        self._line_closing(self._open.pop())

    def pieces(self) -> Iterator[bytes]:
        for part in self._parts:
            if isinstance(part, str):
                yield part.encode()
            else:
                yield from part()

    def _line(self, markup: str) -> None:
        self._parts.append(f"{'  ' * len(self._open)}{markup}\n")

    def _line_closing(self, tag: str) -> None:
        self._line(f"</{tag}>")


class _Group:
    def __init__(self, writer: _Writer, tag: str, attributes: str) -> None:
        self._writer, self._tag, self._attributes = writer, tag, attributes

    def __enter__(self) -> None:
        self._writer.enter(self._tag, self._attributes)

    def __exit__(self, *_: object) -> None:
        self._writer.leave()


_ENVELOPE = f' xmlns:edXML="{NS}"'


def _write_status(w: _Writer, packet: StatusPacket) -> None:
    with (
        w.group("edXML", f' xmlns="{NS}"', prefix=""),
        w.group("edXMLEnvelope", _ENVELOPE),
        w.group("edXMLHeader"),
        w.group("MessageHeader"),
    ):
        _organization(w, "From", packet.sender)
        _response(w, packet.response_for)
        _staff(w, packet.staff)
        w.text("StatusCode", packet.status_text or packet.status.value)
        w.text("Description", packet.description)
        w.text("Timestamp", format_moment(packet.at))


def _write_document(w: _Writer, packet: DocumentPacket, packed: Sequence[Packed]) -> None:
    with w.group("edXML", f' xmlns="{NS}"', prefix=""):
        with w.group("edXMLEnvelope", _ENVELOPE):
            with w.group("edXMLHeader"):
                with w.group("MessageHeader"):
                    _message(w, packet)
                _trace(w, packet)
            with w.group("edXMLBody"), w.group("edXMLManifest", ' version="1.0"'):
                for one in packed:
                    _reference(w, one)
        if packed:
            with w.group("AttachmentEncoded", prefix=""):
                for one in packed:
                    _attachment(w, one)


def _message(w: _Writer, p: DocumentPacket) -> None:
    _organization(w, "From", p.sender)
    for one in p.receivers:
        _organization(w, "To", one)
    with w.group("Code"):
        w.text("CodeNumber", p.number)
        w.text("CodeNotation", p.notation)
    with w.group("PromulgationInfo"):
        w.text("Place", p.place)
        w.text("PromulgationDate", format_date(p.promulgated_on))
    with w.group("DocumentType"):
        w.number("Type", p.type_group, always=True)
        w.number("TypeDetail", p.type_detail, always=True)
        w.text("TypeName", p.type_name)
    w.text("Subject", p.subject)
    w.text("Content", p.content)
    _signer(w, p.signer)
    w.text("DueDate", format_date(p.due_on))
    _list(w, "ToPlaces", "Place", p.to_places)
    with w.group("OtherInfo"):
        w.number("Priority", int(p.urgency), always=True)
        w.text("SphereOfPromulgation", p.sphere)
        w.text("TyperNotation", p.typer_notation)
        w.number("PromulgationAmount", p.promulgation_amount)
        w.number("PageAmount", p.page_amount)
        if p.direction is not None:
            w.text("Direction", "true" if p.direction else "false")
        _list(w, "Appendixes", "Appendix", p.appendixes)
    for answered in p.responses:
        _response(w, answered)
    w.number("SteeringType", p.steering, always=True)
    w.text("DocumentId", p.document_id)
    _list(w, "ResponseForTask", "TaskCode", p.task_codes)


def _organization(w: _Writer, name: str, one: Organization) -> None:
    with w.group(name):
        w.text("OrganId", one.code)
        w.text("OrganizationInCharge", one.in_charge)
        w.text("OrganName", one.name)
        w.text("OrganAdd", one.address)
        w.text("Email", one.email)
        w.text("Telephone", one.telephone)
        w.text("Fax", one.fax)
        w.text("Website", one.website)


def _response(w: _Writer, one: ResponseFor) -> None:
    with w.group("ResponseFor"):
        w.text("OrganId", one.code)
        w.text("Code", one.reference)
        w.text("PromulgationDate", format_date(one.promulgated_on))
        w.text("DocumentId", one.document_id)


def _signer(w: _Writer, one: Signer | None) -> None:
    if one is None:
        return
    with w.group("SignerInfo"):
        w.text("Competence", one.competence)
        w.text("Position", one.position)
        w.text("FullName", one.full_name)


def _staff(w: _Writer, one: Staff | None) -> None:
    if one is None:
        return
    with w.group("StaffInfo"):
        w.text("Department", one.department)
        w.text("Staff", one.staff)
        w.text("Mobile", one.mobile)
        w.text("Email", one.email)


def _list(w: _Writer, group: str, name: str, texts: Iterable[str]) -> None:
    kept = [text for text in texts if normal(text)]
    if not kept:
        return
    with w.group(group):
        for text in kept:
            w.text(name, text)


def _trace(w: _Writer, p: DocumentPacket) -> None:
    with w.group("TraceHeaderList"):
        for entry in p.trace:
            with w.group("TraceHeader"):
                w.text("OrganId", entry.code)
                w.text("Timestamp", format_moment(entry.at))
        with w.group("Bussiness"):
            _business(w, p.business, p)


def _business(w: _Writer, b: Business, p: DocumentPacket) -> None:
    # Some readers look for the target of a recall here, some in the header: write both (§12-5).
    recall = b.kind is BusinessKind.RECALL
    w.text("DocumentId", p.target_id if recall else b.document_id)
    w.number("BussinessDocType", int(b.kind), always=True)
    w.text("BussinessDocReason", b.reason)
    w.number("Paper", b.paper, always=True)
    if b.update is not None:
        with w.group("BussinessDocumentInfo"):
            w.number("DocumentInfo", int(b.update.content_changes), always=True)
            w.number("DocumentReceiver", int(b.update.receivers_change), always=True)
            if b.update.receivers:
                with w.group("ReceiverList"):
                    for change in b.update.receivers:
                        with w.group("Receiver"):
                            w.text("OrganId", change.code)
                            w.number("ReceiverType", int(change.added), always=True)
    if b.replacements:
        with w.group("ReplacementInfoList"):
            for one in b.replacements:
                with w.group("ReplacementInfo"):
                    w.text("DocumentId", one.document_id)
                    _list(w, "OrganIdList", "OrganId", one.codes)
    _staff(w, b.staff)


def _reference(w: _Writer, one: Packed) -> None:
    with w.group("Reference"):
        w.text("ContentId", f"cid:{one.content_id}")
        w.text("ContentType", one.wire_type)
        w.text("Description", one.description)
        w.text("AttachmentName", one.name)


def _attachment(w: _Writer, one: Packed) -> None:
    with w.group("Attachment", prefix=""):
        w.text("ContentId", f"cid:{one.content_id}", prefix="")
        w.text("AttachmentName", one.name, prefix="")
        w.text("Description", one.description, prefix="")
        w.text("ContentType", one.wire_type, prefix="")
        w.payload("edXML:ContentTransferEncoded", _ENVELOPE, one.text)
