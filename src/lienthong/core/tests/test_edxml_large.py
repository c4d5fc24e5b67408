"""Packets from file to file: the answers of `read`, the bytes of `encode`."""

from __future__ import annotations

from pathlib import Path

import pytest

from lienthong.core import edxml
from lienthong.core.edxml import DocumentPacket
from lienthong.core.tests.edxml_samples import NEW, PLAIN, context, without


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
