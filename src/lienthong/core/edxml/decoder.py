"""From bytes to model, with every finding in one answer."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import date, datetime

from lienthong.core.edxml import context as context_rules
from lienthong.core.edxml import lists, rules, secrecy, signature
from lienthong.core.edxml.content import (
    BusinessText,
    Content,
    File,
    parse_date,
    parse_moment,
    parse_number,
    read_tree,
)
from lienthong.core.edxml.contents import Contents
from lienthong.core.edxml.context import Context
from lienthong.core.edxml.encoder import encode
from lienthong.core.edxml.findings import Finding, Profile, Report, Severity, wire_code
from lienthong.core.edxml.lift import Lifted, lift
from lienthong.core.edxml.model import (
    VIETNAM,
    Attachment,
    Business,
    BusinessKind,
    DocumentPacket,
    Packet,
    ReceiverChange,
    Replacement,
    ResponseFor,
    StatusCode,
    StatusPacket,
    TraceEntry,
    Update,
    Urgency,
    media_type,
)
from lienthong.core.edxml.problems import PacketInvalid, XMLRefused
from lienthong.core.edxml.secrecy import Mark
from lienthong.core.edxml.signature import ABSENT, PacketSignature, SignatureState, Trusted
from lienthong.core.edxml.xml import Limits, parse, parse_small

EDOC, STATUS = "edoc", "status"
_UNREADABLE = frozenset({"V-06", "V-07"})


@dataclass(frozen=True, slots=True)
class AttachmentFacts:
    """What is known about one file; `wire_type` and `container` as it travelled."""

    content_id: str
    name: str
    sha256: str
    size: int
    wire_type: str
    container: bool


@dataclass(frozen=True, slots=True)
class Facts:
    """What the bytes say, kept even when the packet is refused. Nothing here is verified."""

    sha256: str
    size: int
    kind: str = ""
    sender: str = ""
    receivers: tuple[str, ...] = ()
    document_id: str = ""
    urgency: Urgency = Urgency.NORMAL
    attachments: tuple[AttachmentFacts, ...] = ()
    signature: PacketSignature = ABSENT


@dataclass(frozen=True, slots=True)
class Reading:
    """The outcome of reading. `packet` is None when any finding refuses."""

    packet: Packet | None
    findings: tuple[Finding, ...]
    facts: Facts

    @property
    def refused(self) -> bool:
        return self.packet is None

    @property
    def wire_code(self) -> int:
        """The transport code old clients know: 0, or that of the first finding that refuses."""
        return wire_code(self.findings)


def decode(
    raw: bytes, *, profile: Profile = Profile.STRICT, limits: Limits | None = None
) -> Packet:
    """Return the packet. Raises PacketInvalid with all findings when one of them refuses it."""
    reading = read(raw, profile=profile, limits=limits)
    if reading.packet is None:
        raise PacketInvalid(reading.findings)
    return reading.packet


def read(
    raw: bytes,
    *,
    profile: Profile = Profile.STRICT,
    limits: Limits | None = None,
    declared: str | None = None,
    context: Context | None = None,
    trusted: Trusted | None = None,
    sha256: str | None = None,
) -> Reading:
    """Return packet, findings and facts; never raises for a bad packet.

    sha256: of `raw` in hexadecimal, when the caller has it already.
    declared: the transport's `messagetype`, "edoc" or "status" (V-05).
    context: when given, rules that need a directory, register or clock are applied too.
    trusted: says whether a certificate (DER) of a packet signature is trusted (V-47).
    """
    asked = Asked(profile, limits or Limits(), declared, context, trusted)
    digest = sha256 or hashlib.sha256(raw).hexdigest()
    try:
        lifted = lift(raw, asked.limits)
    except XMLRefused as refused:
        return refused_by(refused, asked, digest, len(raw))
    reading, _ = judge(lifted, asked, digest, len(raw))
    if lifted.wires and not _UNREADABLE.isdisjoint(one.rule for one in reading.findings):
        # Once more with everything in its place, so that lines and bytes are those of the packet.
        reading, _ = judge(Lifted(raw, "", (), ()), asked, digest, len(raw))
    return reading


@dataclass(frozen=True, slots=True)
class Asked:
    """What a reader wants to know, see `read`."""

    profile: Profile
    limits: Limits
    declared: str | None = None
    context: Context | None = None
    trusted: Trusted | None = None


def refused_by(refused: XMLRefused, asked: Asked, sha256: str, size: int) -> Reading:
    """The reading of bytes that are not XML we are willing to read."""
    report = Report(asked.profile)
    where = f"dòng {refused.line}" if refused.line else "tệp"
    report.add(refused.rule, where, f"Tệp bị từ chối: {refused.reason}.")
    return Reading(None, report.findings(), Facts(sha256, size))


def judge(lifted: Lifted, asked: Asked, sha256: str, size: int) -> tuple[Reading, tuple[File, ...]]:
    """Read the markup and apply every rule: the reading, and its files in the order of the packet.

    sha256, size: of the whole packet as received.
    """
    report = Report(asked.profile)
    try:
        root = parse_small(lifted.markup, asked.limits)
        if root is None:
            root = parse(lifted.markup, asked.limits)
        content = read_tree(root, lifted, report, asked.limits)
    except XMLRefused as refused:
        return refused_by(refused, asked, sha256, size), ()
    if content is None:
        return Reading(None, report.findings(), Facts(sha256, size)), ()
    found = signature.verify(lifted, content.signatures, asked.limits, asked.trusted)
    _note_signature(found, report)
    _check_kind(content, asked.declared, report)
    rules.judge(content, report)
    if asked.context is not None:
        context_rules.judge(content, report, asked.context)
    received = asked.context.now if asked.context is not None else None
    packet = None if report.refuses else _build(content, received, report)
    if report.refuses:
        packet = None
    facts = _facts(sha256, size, content, found)
    return Reading(packet, report.findings(), facts), tuple(content.files)


def check(packet: Packet, context: Context, *, profile: Profile = Profile.STRICT) -> list[Finding]:
    """Findings of the rules that need to know more than the packet (`read` gave the others)."""
    report = Report(profile)
    context_rules.judge(_content_of(packet), report, context)
    return list(report.findings())


def review(
    packet: Packet, context: Context | None = None, *, profile: Profile = Profile.STRICT
) -> list[Finding]:
    """What a reader with this profile would find: for a sender, before sending."""
    return list(read(encode(packet), profile=profile, context=context).findings)


def secrecy_marks(packet: Packet, page_texts: tuple[str, ...] = ()) -> list[Mark]:
    """Signs of state secrecy in fields, file names and first pages (V-29)."""
    content = _content_of(packet)
    names = [file.name for file in content.files]
    return secrecy.find_marks(content.texts, names, page_texts)


def _content_of(packet: Packet) -> Content:
    """The packet as if it had been read, without carrying its files through base64."""
    files: tuple[Attachment, ...] = ()
    if isinstance(packet, DocumentPacket):
        files, packet = packet.attachments, replace(packet, attachments=())
    raw = encode(packet)
    as_is = Lifted(raw, "", (), ())
    content = read_tree(parse(raw), as_is, Report(Profile.STRICT), Limits())
    if content is None:
        raise AssertionError("an encoded packet has a MessageHeader")
    for number, one in enumerate(files, 1):
        where = f"AttachmentEncoded/Attachment[{number}]"
        content.files.append(
            File(
                where,
                one.content_id,
                one.name,
                one.description,
                one.content_type,
                Contents(size=len(one.data), data=one.data),
            )
        )
    return content


def _note_signature(found: PacketSignature, report: Report) -> None:
    where = "edXMLHeader/Signature"
    if found.state is SignatureState.INVALID:
        report.add("V-47", where, f"Chữ ký gói tin sai: {found.note}.")
    elif found.state in {SignatureState.PLACEHOLDER, SignatureState.UNSUPPORTED}:
        text = f"Chữ ký gói tin không có giá trị: {found.note}."
        report.add("V-47", where, text, strict=Severity.WARNING)


def _check_kind(content: Content, declared: str | None, report: Report) -> None:
    if declared is not None and (declared == STATUS) != content.is_status:
        actual = STATUS if content.is_status else EDOC
        text = f"Khai báo loại {declared[:20]} nhưng nội dung là {actual}."
        report.add("V-05", "MessageHeader/StatusCode", text)


def _facts(sha256: str, size: int, c: Content, found: PacketSignature) -> Facts:
    to = [one.code for one in c.responses[:1]] if c.is_status else [one.code for one in c.receivers]
    return Facts(
        sha256=sha256,
        size=size,
        kind=STATUS if c.is_status else EDOC,
        sender=c.sender.code,
        receivers=tuple(dict.fromkeys(code for code in to if code)),
        document_id=c.responses[0].document_id if c.is_status and c.responses else c.document_id,
        urgency=_urgency(c),
        attachments=tuple(
            AttachmentFacts(
                content_id=file.content_id,
                name=file.name,
                sha256=file.contents.sha256,
                size=file.contents.size,
                wire_type=file.wire_type or "",
                container=file.container,
            )
            for file in c.files
            if file.contents is not None
        ),
        signature=found,
    )


def _urgency(c: Content) -> Urgency:
    return rules.URGENCIES.get(parse_number(c.priority), Urgency.NORMAL)


def _build(c: Content, received: datetime | None, report: Report) -> Packet | None:
    return _build_status(c, received, report) if c.is_status else _build_document(c)


def _build_status(c: Content, received: datetime | None, report: Report) -> StatusPacket | None:
    at = parse_moment(c.timestamp) or received
    if at is None:
        text = "Thời điểm không đọc được và không biết thời điểm nhận."
        report.add("S-05", "MessageHeader/Timestamp", text, compat=Severity.REFUSE)
        return None
    answered = c.responses[0]
    code = rules.status_code(c.status)
    return StatusPacket(
        sender=c.sender,
        response_for=ResponseFor(
            code=answered.code,
            reference=answered.reference,
            promulgated_on=parse_date(answered.promulgation_date),
            document_id=answered.document_id,
        ),
        status=code,
        at=at.astimezone(VIETNAM),
        description=c.description,
        staff=c.staff,
        status_text="" if c.status == code.value else c.status,
    )


def _build_document(c: Content) -> DocumentPacket | None:
    issued, kind = parse_date(c.promulgation_date), rules.business_kind(c)
    if issued is None or kind is None:
        return None  # V-17 and V-32 refuse in both profiles, so this is not reached
    group, detail, name = _type_of(c)
    return DocumentPacket(
        sender=c.sender,
        receivers=tuple({one.code: one for one in reversed(c.receivers)}.values())[::-1],
        document_id=c.document_id,
        number=c.number,
        notation=c.notation,
        promulgated_on=issued,
        subject=c.subject,
        place=c.place,
        type_group=group,
        type_detail=detail,
        type_name=name,
        content=c.content,
        signer=c.signer,
        due_on=parse_date(c.due_date),
        to_places=tuple(c.to_places),
        urgency=_urgency(c),
        sphere=c.sphere,
        typer_notation=c.typer_notation,
        promulgation_amount=parse_number(c.promulgation_amount) or 0,
        page_amount=parse_number(c.page_amount) or 0,
        direction={"true": True, "false": False}.get(c.direction),
        appendixes=tuple(c.appendixes),
        responses=tuple(
            ResponseFor(
                code=one.code,
                reference=one.reference,
                promulgated_on=parse_date(one.promulgation_date),
                document_id=one.document_id,
            )
            for one in c.responses
        ),
        steering=_steering(c.steering),
        task_codes=tuple(c.task_codes),
        trace=tuple(
            TraceEntry(entry.code, at)
            for entry in c.trace
            if (at := parse_moment(entry.timestamp)) is not None
        ),
        business=_build_business(c.business, kind),
        attachments=tuple(
            _attachment(file, file.contents.data)
            for file in c.files
            if file.contents is not None and file.contents.data is not None
        ),
    )


def _steering(text: str) -> int:
    number = parse_number(text)
    return number if number in lists.STEERING else 0


def _type_of(c: Content) -> tuple[int, int, str]:
    """Group, code and name as the list has them; an unresolved type keeps what it says."""
    group, code = rules.type_numbers(c)
    name = c.type_name or ("" if code > 0 else "Công văn")
    found = lists.resolve(group, code, name)
    if found is not None:
        return found.group, found.code, c.type_name or found.name
    return (group if group in {1, 2} else 2), 0, c.type_name or "Khác"


def _build_business(b: BusinessText, kind: BusinessKind) -> Business:
    update = None
    if b.has_update:
        update = Update(
            content_changes=b.document_info == "1",
            receivers_change=b.document_receiver == "1",
            receivers=tuple(
                ReceiverChange(code, added=change == "1")
                for code, change in b.receivers
                if code and change in {"0", "1"}
            ),
        )
    return Business(
        kind=kind,
        reason=b.reason,
        document_id=b.document_id,
        paper=1 if b.paper == "1" else 0,
        staff=b.staff,
        update=update,
        replacements=tuple(
            Replacement(target, tuple(codes)) for target, codes in b.replacements if target
        ),
    )


def _attachment(file: File, data: bytes) -> Attachment:
    return Attachment(
        content_id=file.content_id,
        name=file.name,
        content_type=media_type(file.name),
        description=file.description,
        data=data,
    )


def today_in_vietnam(now: datetime) -> date:
    """The date that "not later than today" means (UTC+7)."""
    return now.astimezone(VIETNAM).date()


__all__ = [
    "AttachmentFacts", "Facts", "Reading", "StatusCode", "check", "decode", "read", "review",
    "secrecy_marks", "today_in_vietnam",
]  # fmt: skip
