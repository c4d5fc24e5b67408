"""Packets too large for memory: read from a file and written to a file, attachments as files.

    reading = edxml.read_file(path, folder=kept)     # reading.files: where each attachment lies
    edxml.write_file(packet, files, target)          # packet without attachments, files beside it

The answers are those of `read` and `encode`; only the attachments' bytes stay on disk, so memory is
that of the markup, whatever the size of the files.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from lienthong.core.edxml import decoder, stream
from lienthong.core.edxml.content import File
from lienthong.core.edxml.context import Context
from lienthong.core.edxml.decoder import Asked, Facts
from lienthong.core.edxml.encoder import Packed, document_pieces
from lienthong.core.edxml.findings import Finding, Profile, wire_code
from lienthong.core.edxml.model import DocumentPacket, Packet, media_type
from lienthong.core.edxml.problems import XMLRefused
from lienthong.core.edxml.room import Room
from lienthong.core.edxml.signature import Trusted
from lienthong.core.edxml.xml import Limits


@dataclass(frozen=True, slots=True)
class StoredFile:
    """One attachment as a file; `content_type` is the media type its name stands for."""

    content_id: str
    name: str
    content_type: str
    description: str
    path: Path


@dataclass(frozen=True, slots=True)
class FileReading:
    """As `Reading`. `packet` has no attachments: they are `files`, when a folder was given."""

    packet: Packet | None
    findings: tuple[Finding, ...]
    facts: Facts
    files: tuple[StoredFile, ...] = ()

    @property
    def refused(self) -> bool:
        return self.packet is None

    @property
    def wire_code(self) -> int:
        """The transport code old clients know: 0, or that of the first finding that refuses."""
        return wire_code(self.findings)


def read_file(
    path: Path,
    *,
    profile: Profile = Profile.STRICT,
    limits: Limits | None = None,
    declared: str | None = None,
    context: Context | None = None,
    trusted: Trusted | None = None,
    folder: Path | None = None,
) -> FileReading:
    """Read the packet in the file `path`; never raises for a bad packet.

    folder: an existing directory that gets the attachments, one file each with names of our own;
    without it they are judged and not kept. A refused packet leaves nothing there.
    The other parameters are those of `read`. Raises OSError when the disk fails.
    """
    asked = Asked(profile, limits or Limits(), declared, context, trusted)
    keeps = folder is not None or (context is not None and context.scan_file is not None)
    with Room(folder) as room, path.open("rb") as file:
        source = stream.Source(path, file)
        try:
            lifted = stream.lift_file(source, asked.limits, room, keeps=keeps)
            reading, files = decoder.judge(lifted, asked, source.sha256(), source.size)
        except XMLRefused as refused:
            reading = decoder.refused_by(refused, asked, source.sha256(), source.size)
            files = ()
        if reading.packet is not None and not all(
            isinstance(wire, stream.OnDisk) and wire.whole for wire in lifted.wires
        ):
            # A text that was not read to its end stands where no attachment does.
            stray = XMLRefused("V-06", "có nội dung không phải base64 ngoài tệp đính kèm")
            reading = decoder.refused_by(stray, asked, source.sha256(), source.size)
        stored: tuple[StoredFile, ...] = ()
        packet = reading.packet
        if isinstance(packet, DocumentPacket):
            stored = tuple(_stored(one, room) for one in files) if folder is not None else ()
            packet = replace(packet, attachments=())
        room.keep(one.path for one in stored)
    return FileReading(packet, reading.findings, reading.facts, stored)


def _stored(file: File, room: Room) -> StoredFile:
    contents = file.contents
    if contents is None:
        raise AssertionError("an accepted packet has the contents of each file")
    path = contents.path
    if path is None:
        path = room.new()
        path.write_bytes(contents.data or b"")
    return StoredFile(file.content_id, file.name, media_type(file.name), file.description, path)


def write_file(packet: DocumentPacket, files: Sequence[StoredFile], target: Path) -> None:
    """Write the packet with these files to `target`: the bytes that `encode` would give.

    packet: without attachments. Raises TextNotEncodable, ValueError when it has attachments, and
    OSError; `target` is then not complete and is for the caller to remove.
    """
    if packet.attachments:
        raise ValueError("the files are given beside the packet")
    with Room(None) as room, target.open("wb") as out:
        packed = [_packed(one, room) for one in files]
        for piece in document_pieces(packet, packed):
            out.write(piece)


def _packed(one: StoredFile, room: Room) -> Packed:
    path, wire_type = stream.pack_file(one.name, one.path, room)

    def text() -> Iterator[bytes]:
        return stream.base64_of(path)

    return Packed(one.content_id, one.name, one.description, wire_type, text)
