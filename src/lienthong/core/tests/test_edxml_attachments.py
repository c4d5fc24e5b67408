"""Attachments on the wire and back. Packet format §6."""

from __future__ import annotations

import io
import random
import zipfile

import pytest

from lienthong.core import edxml
from lienthong.core.edxml import Limits, attachments, contents, sniff
from lienthong.core.edxml.problems import AttachmentRefused
from lienthong.core.tests.edxml_samples import (
    LONELY_ZIP,
    ODT,
    PDF,
    PLAIN_ZIP,
    SHEET,
    WORD,
    archive,
    compat,
    severities,
    strict,
    with_file,
)

JPEG = b"\xff\xd8\xff\xe0" + bytes(range(200))


def first_file(reading: edxml.Reading) -> bytes:
    assert isinstance(reading.packet, edxml.DocumentPacket)
    return reading.packet.attachments[0].data


@pytest.mark.parametrize(
    ("name", "wire", "wire_type", "file", "agrees"),
    [
        ("a.pdf", PDF, "application/pdf", PDF, True),
        ("a.pdf", archive(("x.pdf", PDF)), "application/zip", PDF, True),
        ("a.pdf", archive(("x.pdf", PDF)), None, PDF, True),
        ("a.pdf", archive(("x.pdf", PDF)), "application/pdf", PDF, False),
        ("a.pdf", archive(("x.pdf", PDF)), "text/plain", PDF, False),
        ("a.pdf", archive(("x.pdf", PDF)), "Application/ZIP", PDF, False),
        ("a.pdf", PDF, "application/zip", PDF, False),
        ("a.pdf", PDF, None, PDF, False),
        ("a.pdf", PDF, "", PDF, True),
        ("a.docx", WORD, "application/docx", WORD, True),
        ("a.docx", WORD, "application/zip", WORD, False),
        ("a.docx", archive(("x.docx", WORD)), "application/zip", WORD, True),
        ("a.DOCX", archive(("x.docx", WORD)), "application/zip", WORD, True),
        ("a.xlsx", archive(("x.xlsx", SHEET)), "application/zip", SHEET, True),
        ("a.zip", PLAIN_ZIP, "application/zip", PLAIN_ZIP, True),
        ("a.zip", archive(("x.zip", PLAIN_ZIP)), "application/zip", PLAIN_ZIP, True),
        ("a.txt", archive(("x.txt", b"text")), "application/zip", b"text", True),
        ("a.txt", b"text", "text/plain", b"text", True),
    ],
)
def test_the_file_is_recovered_whatever_the_type_says(
    name: str, wire: bytes, wire_type: str | None, file: bytes, agrees: bool
) -> None:
    raw = with_file(wire, name=name, wire_type=wire_type)

    assert first_file(compat(raw)) == file
    assert severities(compat(raw)) == ({} if agrees else {"V-41": "W"})
    assert severities(strict(raw)) == ({} if agrees else {"V-41": "T"})


@pytest.mark.parametrize(
    ("name", "data", "wire_type", "packed"),
    [
        ("a.pdf", PDF, "application/pdf", False),
        ("A.PDF", PDF, "application/pdf", False),
        ("a.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/doc", False),
        ("a.docx", WORD, "application/docx", False),
        ("a.xlsx", SHEET, "application/zip", True),
        ("a.odt", ODT, "application/zip", True),
        ("a.txt", "Tiếng Việt".encode(), "application/zip", True),
        ("a.jpg", JPEG, "application/zip", True),
        ("a.zip", PLAIN_ZIP, "application/zip", False),
        ("lonely.zip", LONELY_ZIP, "application/zip", True),
        ("named wrongly.pdf", PLAIN_ZIP, "application/zip", True),
        ("no extension", b"data", "application/zip", True),
        ("văn.bản", b"data", "application/zip", True),
    ],
)
def test_files_are_written_as_every_known_reader_takes_them(
    name: str, data: bytes, wire_type: str, packed: bool
) -> None:
    text, written = attachments.pack(name, data)

    assert written == wire_type
    wire = attachments.decode(text)
    assert (wire != data) == packed
    back = attachments.unpack(attachments.InMemory(wire), name, written, Limits())
    assert back.contents.data == data
    assert not back.mismatch


def test_the_entry_name_is_ascii_and_never_the_file_name() -> None:
    text, _ = attachments.pack("Bảng kê ../x.txt", b"data")

    with zipfile.ZipFile(io.BytesIO(attachments.decode(text))) as packed:
        (name,) = packed.namelist()
    assert name.isascii()
    assert name.endswith(".txt")
    assert "/" not in name


def test_a_file_of_zeros_is_stored_so_that_it_does_not_look_like_a_bomb() -> None:
    data = b"\0" * 1_000_000

    text, wire_type = attachments.pack("a.txt", data)

    wire = attachments.InMemory(attachments.decode(text))
    assert attachments.unpack(wire, "a.txt", wire_type, Limits()).contents.data == data


def test_the_limit_holds_for_what_comes_out_of_a_container() -> None:
    noise = random.Random(1).randbytes(3000)  # noqa: S311
    text, wire_type = attachments.pack("a.txt", noise * 40)

    wire = attachments.InMemory(attachments.decode(text))
    with pytest.raises(AttachmentRefused) as caught:
        attachments.unpack(wire, "a.txt", wire_type, Limits(attachment_bytes=100_000))

    assert caught.value.rule == "V-42"


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (PDF, "pdf"),
        (b"\r\n" + PDF, "pdf"),
        (WORD, "docx"),
        (SHEET, "xlsx"),
        (ODT, "odt"),
        (PLAIN_ZIP, "zip"),
        (PLAIN_ZIP[:40], "zip"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "ole"),
        (b"{\\rtf1", "rtf"),
        (b"\x89PNG\r\n\x1a\n", "png"),
        (JPEG, "jpg"),
        (b"II*\x00", "tif"),
        (b"Rar!\x1a\x07\x00", "rar"),
        (b"<?xml version='1.0'?><a/>", "xml"),
        ("Tiếng Việt".encode(), "text"),
        ("Tiếng Việt".encode("utf-8-sig"), "text"),
        (b"T\xd5\xa3ng", "text"),
        (b"\x01\x02\xff", "unknown"),
        (b"a\0b", "unknown"),
        (b"MZ\x90", "executable"),
        (b"\x7fELF\x02", "executable"),
        (b"#!/bin/sh", "executable"),
    ],
)
def test_a_file_is_known_by_its_first_bytes(data: bytes, kind: str) -> None:
    assert sniff.kind_of(data) == kind


def test_lost_letters_matter_in_binary_files_only() -> None:
    assert contents.examine(PDF + "\ufffd".encode() * 5).corrupt
    assert not contents.examine(PDF * 200 + "\ufffd".encode()).corrupt
    assert not contents.examine("chữ m\ufffdt".encode()).corrupt
