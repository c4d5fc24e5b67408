"""What the hub asks of a packet before it takes it in. Runs in a bounded pool of threads.

The order is from cheap and certain to costly: the packet's signature over the bytes received
(before they are parsed), the packet itself with all its findings, who sends and who gets it,
secrecy, and last the signatures inside the document. Rules: packet format §11 (V-…, S-…), DX-02,
DX-06, DX-12.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from lienthong.core import edxml, signing

from . import deadlines
from .official import PDF, Officially, name_in
from .participants import Agency, Node, Participants
from .problems import (
    DocumentTooLarge,
    PacketSignatureInvalid,
    RecipientLocked,
    RecipientUnknown,
    SecretContent,
    SenderNotOfNode,
    SenderUnknown,
)
from .rows import Parties
from .rules import Door, Kind

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")
MAIN_DOCUMENT_MAX_BYTES = 50 * 1024 * 1024
CHECKING = "checking-"
"""How a folder of attachments begins that are being checked; a crash may leave it."""
ISSUING = frozenset({edxml.BusinessKind.NEW, edxml.BusinessKind.REPLACEMENT})
"""Operations that bring a new document, so that its id must be unused (V-19)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A packet that may be taken in, as far as one can say without the rows of others."""

    kind: Kind
    sender: Agency
    recipients: tuple[Agency, ...]
    document_id: str
    reference: str
    urgency: int = 0
    business: int = 0
    status_code: str = ""
    document_key: str | None = None
    number_key: str | None = None
    attachments: tuple[str, ...] = ()
    warnings: list[dict[str, Any]] = field(default_factory=list)
    checks: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Envelope:
    """What came with the bytes."""

    kind: Kind
    signature: bytes
    sha256: str
    node: Node
    door: Door = Door.NATIVE


class DocumentParties(Protocol):
    def __call__(self, document_id: str) -> Parties | None:
        """Who sent a document and who gets it."""


class Checker:
    """The checks of one hub process, with what it remembers of documents seen."""

    def __init__(
        self,
        profile: edxml.Profile,
        limits: edxml.Limits,
        parties: DocumentParties,
        on_difference: Callable[[signing.Difference], None] | None = None,
        *,
        large_limits: edxml.Limits | None = None,
    ) -> None:
        self._profile = profile
        self._large_limits = large_limits or limits
        self._limits = limits
        self._parties = parties
        self._officially = Officially(signing.Verifier(on_difference=on_difference))

    def check(
        self,
        content: bytes | Path,
        envelope: Envelope,
        participants: Participants,
        trust: signing.Trust,
        now: datetime,
        *,
        large: bool = False,
    ) -> Checked:
        """Return what is to be kept. Raises the Problem that keeps the packet out.

        content: the packet, or the file that holds it and whose digest `envelope` has been held
        against; then its attachments stay on disk. large: it came in chunks and may be larger.
        """
        seal = None
        if envelope.door is Door.NATIVE:
            sealed = signing.SHA256Digest(bytes.fromhex(envelope.sha256))
            seal = signing.verify_detached(sealed, envelope.signature, trust=trust, at=now)
            if seal.indication is not signing.Indication.PASSED:
                raise PacketSignatureInvalid(reason=_why(seal))
        limits = self._large_limits if large else self._limits
        profile = self._profile_of(envelope.node)
        reading = self._read(content, envelope, participants, now, limits)
        sender = _sender(reading, envelope, participants, seal)
        _refuse(reading, participants)
        packet = reading.packet
        if packet is None:
            raise edxml.PacketInvalid(reading.findings)
        done, found = [_packet_check(seal)], []
        if isinstance(packet, edxml.DocumentPacket):
            signed = self._officially.check(packet, sender, trust, now, profile)
            done += signed.checks
            found = [*signed.findings, *_late(packet, signed.at, now)]
        checked = _checked(packet, reading, sender, participants, done)
        return replace(checked, warnings=[*checked.warnings, *found])

    def _read(
        self,
        content: bytes | Path,
        envelope: Envelope,
        participants: Participants,
        now: datetime,
        limits: edxml.Limits,
    ) -> edxml.Reading:
        """Parse and apply every rule the hub can answer; all findings at once.

        V-19 is left to the unique constraints, which also decide between two senders at once.
        """

        def organization(code: str) -> edxml.Known | None:
            agency = participants.agencies.get(code)
            if agency is None:
                return None
            return edxml.Known(agency.code, agency.name, agency.active, agency.locked)

        def document(document_id: str) -> edxml.KnownDocument | None:
            parties = self._parties(document_id)
            if parties is None:
                return None
            states = {code: edxml.DeliveryState(state) for code, state in parties.states.items()}
            return edxml.KnownDocument(
                document_id, parties.sender, parties.recipients, states=states
            )

        context = edxml.Context(
            today=now.astimezone(VIETNAM).date(),
            now=now,
            organization=organization,
            document=document if envelope.kind is Kind.STATUS else None,
            paper_types=participants.paper_types(
                envelope.node.codes, now.astimezone(VIETNAM).date()
            ),
        )
        profile = self._profile_of(envelope.node)
        reading = _reading(content, profile, limits, envelope, context)
        packet = reading.packet
        if not isinstance(packet, edxml.DocumentPacket) or (
            packet.business.kind is edxml.BusinessKind.NEW and not packet.responses
        ):
            return reading

        def other(document_id: str) -> edxml.KnownDocument | None:
            own = packet.business.kind in ISSUING and document_id == packet.document_id
            return None if own else document(document_id)

        context = replace(context, document=other)
        if isinstance(content, Path):
            return _reading(content, profile, limits, envelope, context)
        asked = edxml.check(packet, context, profile=profile)
        more = tuple(each for each in asked if each not in reading.findings)
        refused = any(each.refuses for each in more)
        return replace(
            reading, packet=None if refused else packet, findings=(*reading.findings, *more)
        )

    def _profile_of(self, node: Node) -> edxml.Profile:
        """How strictly packets of this node are read: its system's own profile, else the hub's."""
        return node.kit.profile if node.kit else self._profile


def _reading(
    content: bytes | Path,
    profile: edxml.Profile,
    limits: edxml.Limits,
    envelope: Envelope,
    context: edxml.Context,
) -> edxml.Reading:
    """Read a packet. Of one in a file, only the main document is then in memory."""
    if isinstance(content, bytes):
        return edxml.read(
            content,
            profile=profile,
            limits=limits,
            declared=envelope.kind.value,
            context=context,
            sha256=envelope.sha256,
        )
    prefix = f"{CHECKING}{os.getpid()}-"
    with TemporaryDirectory(prefix=prefix, dir=content.parent) as folder:
        reading = edxml.read_file(
            content,
            profile=profile,
            limits=limits,
            declared=envelope.kind.value,
            context=context,
            folder=Path(folder),
        )
        packet = reading.packet
        if isinstance(packet, edxml.DocumentPacket):
            packet = replace(packet, attachments=_attached(reading.files))
        return edxml.Reading(packet, reading.findings, reading.facts)


def _attached(files: Sequence[edxml.StoredFile]) -> tuple[edxml.Attachment, ...]:
    """The main document with its bytes; without one the first file, empty.

    Raises DocumentTooLarge.
    """
    main = next((each for each in files if each.content_type == PDF), None)
    if main is not None and main.path.stat().st_size > MAIN_DOCUMENT_MAX_BYTES:
        raise DocumentTooLarge(name=main.name, max_bytes=MAIN_DOCUMENT_MAX_BYTES)
    found = main or next(iter(files), None)
    if found is None:
        return ()
    data = b"" if main is None else main.path.read_bytes()
    return (
        edxml.Attachment(found.content_id, found.name, found.content_type, found.description, data),
    )


def _sender(
    reading: edxml.Reading,
    envelope: Envelope,
    participants: Participants,
    seal: signing.SignatureReport | None,
) -> Agency:
    """Who sends: known, of this node, and the holder of the packet's certificate (V-02).

    seal: None for a packet that came by the kit's door, which has no signature of its own.
    """
    code = reading.facts.sender
    if not code:
        raise edxml.PacketInvalid(reading.findings)
    sender = participants.agency(code)
    if sender is None:
        raise SenderUnknown(code=code)
    if sender.code not in envelope.node.codes:
        raise SenderNotOfNode(code=code, node=envelope.node.node_id)
    if seal is None:
        return sender
    card = seal.signer
    if card is None or card.organization_code not in sender.codes:
        held = card.organization_code if card else "?"
        raise PacketSignatureInvalid(
            reason=f"chứng thư của cơ quan {held}, không phải của cơ quan gửi {code}"
        )
    if card.kind != "service":
        raise PacketSignatureInvalid(reason="chứng thư không phải của hệ thống gửi nhận")
    return sender


def _refuse(reading: edxml.Reading, participants: Participants) -> None:
    """Raise for findings that refuse; the code names the fact when there is but one kind."""
    refusing = [each for each in reading.findings if each.refuses]
    secret = [each.to_json() for each in refusing if each.rule == "V-29"]
    if secret:
        raise SecretContent(secret)
    if any(each.rule != "V-15" for each in refusing):
        raise edxml.PacketInvalid(reading.findings)
    listed = [each.to_json() for each in reading.findings]
    for code in reading.facts.receivers:
        agency = participants.agency(code)
        if agency is None:
            raise RecipientUnknown(listed, recipient=code)
        if agency.locked:
            raise RecipientLocked(listed, recipient=code)
    if refusing:
        raise edxml.PacketInvalid(reading.findings)


def _checked(
    packet: edxml.Packet,
    reading: edxml.Reading,
    sender: Agency,
    participants: Participants,
    checks: list[dict[str, Any]],
) -> Checked:
    recipients = _merged(participants.agencies[code] for code in reading.facts.receivers)
    warnings = [each.to_json() for each in reading.findings]
    if isinstance(packet, edxml.StatusPacket):
        return Checked(
            kind=Kind.STATUS,
            sender=sender,
            recipients=recipients,
            document_id=packet.response_for.document_id,
            reference=packet.response_for.reference,
            status_code=packet.status.value,
            warnings=warnings,
            checks=checks,
        )
    issues = packet.business.kind in ISSUING
    return Checked(
        kind=Kind.EDOC,
        sender=sender,
        recipients=recipients,
        document_id=packet.document_id,
        reference=packet.reference,
        urgency=int(packet.urgency),
        business=int(packet.business.kind),
        document_key=packet.document_id if issues else None,
        number_key=f"{packet.promulgated_on.year}/{packet.reference}" if issues else None,
        attachments=tuple(each.sha256 for each in reading.facts.attachments),
        warnings=warnings,
        checks=checks,
    )


def _late(
    packet: edxml.DocumentPacket, signed_at: datetime | None, now: datetime
) -> list[dict[str, Any]]:
    """DX-09, DX-10: a warning for a new document that was sent later than its signing allows."""
    if signed_at is None or packet.business.kind not in ISSUING:
        return []
    is_urgent = packet.urgency > edxml.Urgency.NORMAL
    due = deadlines.sent_late(signed_at, now, is_urgent=is_urgent)
    if due is None:
        return []
    local = due.astimezone(VIETNAM)
    return [
        {
            "rule": "DX-10" if is_urgent else "DX-09",
            "severity": "W",
            "where": "",
            "text": f"Văn bản gửi chậm: phải gửi trước {local:%H:%M ngày %d/%m/%Y}.",
            "wire_code": 0,
            "late": True,
            "started_at": signed_at.isoformat(),
            "due_at": due.isoformat(),
        }
    ]


def _merged(agencies: Iterable[Agency]) -> tuple[Agency, ...]:
    """Each agency once: two codes of one agency make one delivery (packet format §2.2)."""
    return tuple({each.code: each for each in agencies}.values())


def _packet_check(seal: signing.SignatureReport | None) -> dict[str, Any]:
    """What the checks say about the packet as a whole; a shared secret proves less than a key."""
    if seal is None:
        return {"check": "system_secret", "ok": True, "signer": ""}
    return {"check": "packet_signature", "ok": True, "signer": name_in(seal)}


def _why(report: signing.SignatureReport) -> str:
    """The first check that did not pass, in words."""
    texts = [each.text for each in report.checks if each.ok is not True]
    return texts[0] if texts else report.sub_indication or report.indication.label
