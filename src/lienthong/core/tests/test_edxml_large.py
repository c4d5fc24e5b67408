"""Packets from file to file: the answers of `read`, the bytes of `encode`."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest

from lienthong.core import edxml
from lienthong.core.edxml import Attachment, DocumentPacket, stream
from lienthong.core.tests.edxml_cases import CASES, Case
from lienthong.core.tests.edxml_samples import (
    LONELY_ZIP,
    NEW,
    PDF,
    PLAIN,
    PLAIN_ZIP,
    WORD,
    context,
    of_rule,
    without,
)


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    folder = tmp_path / "kept"
    folder.mkdir()
    return folder


def saved(folder: Path, raw: bytes) -> Path:
    path = folder.parent / "packet.edxml"
    path.write_bytes(raw)
    return path


def test_a_file_is_read_as_its_bytes_are(kept: Path) -> None:
    expected = edxml.read(NEW, context=context())

    reading = edxml.read_file(saved(kept, NEW), context=context(), folder=kept)

    assert reading.facts == expected.facts
    assert reading.findings == expected.findings
    assert isinstance(reading.packet, DocumentPacket)
    assert isinstance(expected.packet, DocumentPacket)
    assert reading.packet.attachments == ()
    assert [(one.name, one.path.read_bytes()) for one in reading.files] == [
        (one.name, one.data) for one in expected.packet.attachments
    ]


def test_a_refused_packet_leaves_no_file(kept: Path) -> None:
    reading = edxml.read_file(saved(kept, without("Subject")), folder=kept)

    assert reading.refused
    assert list(kept.iterdir()) == []


def test_what_was_read_is_written_as_encode_writes_it(kept: Path) -> None:
    reading = edxml.read_file(saved(kept, PLAIN), folder=kept)
    assert isinstance(reading.packet, DocumentPacket)
    target = kept / "out.edxml"

    edxml.write_file(reading.packet, reading.files, target)

    assert target.read_bytes() == edxml.encode(edxml.decode(PLAIN))


FILES = {
    "pdf": ("a.pdf", b"%PDF-1.7\n" + random.Random(2).randbytes(70_000)),  # noqa: S311
    "text": ("a.txt", "chữ Việt\n".encode() * 9000),
    "well packed": ("a.txt", b"a\n" * 100_000),
    "word": ("a.docx", WORD),
    "zip in a zip": ("a.zip", LONELY_ZIP),
    "zip": ("b.zip", PLAIN_ZIP),
    "nothing known": ("a.jpg", b"\xff\xd8\xff" + bytes(range(256)) * 300),
}


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every boundary falls somewhere odd."""
    monkeypatch.setattr(stream, "CHUNK_BYTES", 997)
    monkeypatch.setattr(stream, "_BASE64_CHUNK_BYTES", 999)


def packet_with(*files: tuple[str, bytes]) -> DocumentPacket:
    packet = edxml.decode(PLAIN)
    assert isinstance(packet, DocumentPacket)
    attached = tuple(
        Attachment.of(name, data, content_id=f"att-{number}")
        for number, (name, data) in enumerate(files, 1)
    )
    return replace(packet, attachments=attached)


@pytest.mark.usefixtures("small_chunks")
@pytest.mark.parametrize("name", FILES)
def test_a_file_of_any_kind_comes_through_as_it_does_in_memory(kept: Path, name: str) -> None:
    packet = packet_with(FILES[name], ("b.pdf", PDF))
    raw = edxml.encode(packet)
    expected = edxml.read(raw)

    reading = edxml.read_file(saved(kept, raw), folder=kept)
    edxml.write_file(packet_with(), reading.files, kept / "again.edxml")

    assert reading.facts == expected.facts
    assert reading.findings == expected.findings
    assert [one.path.read_bytes() for one in reading.files] == [FILES[name][1], PDF]
    assert (kept / "again.edxml").read_bytes() == raw


@pytest.mark.usefixtures("small_chunks")
@pytest.mark.parametrize("case", CASES, ids=[f"{one.rule} {one.what}" for one in CASES])
def test_a_broken_packet_has_the_same_findings_as_in_memory(kept: Path, case: Case) -> None:
    expected = edxml.read(case.raw, context=case.context)

    reading = edxml.read_file(saved(kept, case.raw), context=case.context)

    if case.rule == "V-45":
        assert "chưa được quét" in of_rule(reading, "V-45").text
    else:
        assert reading.findings == expected.findings
    assert reading.facts == expected.facts
