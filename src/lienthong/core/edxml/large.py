"""Packets too large for memory: read from a file and written to a file, attachments as files.

    reading = edxml.read_file(path, folder=kept)     # reading.files: where each attachment lies
    edxml.write_file(packet, files, target)          # packet without attachments, files beside it

The answers are those of `read` and `encode`; only the attachments' bytes stay on disk.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from lienthong.core.edxml.context import Context
from lienthong.core.edxml.decoder import Facts, read
from lienthong.core.edxml.encoder import encode
from lienthong.core.edxml.findings import Finding, Profile
from lienthong.core.edxml.model import Attachment, DocumentPacket, Packet
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
    reading = read(
        path.read_bytes(),
        profile=profile,
        limits=limits,
        declared=declared,
        context=context,
        trusted=trusted,
    )
    packet, files = reading.packet, []
    if isinstance(packet, DocumentPacket):
        if folder is not None:
            for number, one in enumerate(packet.attachments, 1):
                target = folder / f"attachment-{number}"
                target.write_bytes(one.data)
                files.append(
                    StoredFile(one.content_id, one.name, one.content_type, one.description, target)
                )
        packet = replace(packet, attachments=())
    return FileReading(packet, reading.findings, reading.facts, tuple(files))


def write_file(packet: DocumentPacket, files: Sequence[StoredFile], target: Path) -> None:
    """Write the packet with these files to `target`: the bytes that `encode` would give.

    packet: without attachments. Raises TextNotEncodable, ValueError when it has attachments, and
    OSError; `target` is then not complete and is for the caller to remove.
    """
    if packet.attachments:
        raise ValueError("the files are given beside the packet")
    attached = tuple(
        Attachment(
            one.content_id, one.name, one.content_type, one.description, one.path.read_bytes()
        )
        for one in files
    )
    target.write_bytes(encode(replace(packet, attachments=attached)))
