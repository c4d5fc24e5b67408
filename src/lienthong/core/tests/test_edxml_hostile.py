"""Hostile bytes: refused, quickly, without network or files. V-06, V-07, V-42; TM §5.1, §5.3."""

from __future__ import annotations

import base64
import io
import random
import struct
import time
import zipfile
from pathlib import Path

import pytest

from lienthong.core import edxml
from lienthong.core.edxml import Limits, attachments, xml
from lienthong.core.edxml.archive import open_archive
from lienthong.core.edxml.problems import XMLRefused
from lienthong.core.tests.edxml_samples import (
    NEW,
    PDF,
    PLAIN,
    archive,
    changed,
    compat,
    of_rule,
    severities,
    strict,
    with_file,
    with_text,
)

LAUGHS = (
    b'<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a0 "ha">'
    + b"".join(b'<!ENTITY a%d "%s">' % (i, b"&a%d;" % (i - 1) * 10) for i in range(1, 30))
    + b"]><lolz>&a29;</lolz>"
)
QUADRATIC = b'<!DOCTYPE a [<!ENTITY b "' + b"x" * 50_000 + b'">]><a>' + b"&b;" * 50_000 + b"</a>"
HOSTILE = {
    "doctype": b'<?xml version="1.0"?><!DOCTYPE edXML><edXML/>',
    "doctype after a comment": b"<!-- a --><!DOCTYPE edXML SYSTEM 'a.dtd'><edXML/>",
    "billion laughs": LAUGHS,
    "quadratic entity": QUADRATIC,
    "external entity": b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
    "parameter entity": b'<!DOCTYPE a [<!ENTITY % b SYSTEM "http://127.0.0.1:1/x"> %b;]><a/>',
    "cyclic entity": b'<!DOCTYPE a [<!ENTITY b "&c;"><!ENTITY c "&b;">]><a>&b;</a>',
    "undefined entity": b"<edXML>&nbsp;</edXML>",
    "depth": b"<a>" * 200_000 + b"</a>" * 200_000,
    "elements": b"<a>" + b"<b/>" * 2_000_000 + b"</a>",
    "attributes": b"<a " + b" ".join(b'a%d=""' % i for i in range(300)) + b"/>",
    "one endless tag": b"<a " + b" ".join(b'a%d=""' % i for i in range(2_000_000)) + b"/>",
    "one endless comment": b"<a><!--" + b"x" * 20_000_000 + b"--></a>",
    "namespaces": b"<a " + b" ".join(b'xmlns:a%d="u"' % i for i in range(300)) + b"/>",
}


@pytest.mark.parametrize("raw", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_document_is_refused_within_a_tenth_of_a_second(raw: bytes) -> None:
    started = time.process_time()
    reading = strict(raw)
    took = time.process_time() - started

    assert severities(reading) == {"V-07": "T"}
    assert severities(compat(raw)) == {"V-07": "T"}
    assert took < 0.1


@pytest.mark.parametrize(("tag", "accepted"), [("Odd", {"V-10": "W"}), ("edXML:Agency", {})])
def test_a_small_packet_may_not_be_deeper_than_32(tag: str, accepted: dict[str, str]) -> None:
    def nested(levels: int) -> bytes:
        """`tag` stands at depth 5, what is below it is not read."""
        inner = "<b>" * (levels - 5) + "</b>" * (levels - 5)
        return changed("</edXML:MessageHeader>", f"<{tag}>{inner}</{tag}></edXML:MessageHeader>")

    assert severities(strict(nested(32))) == accepted
    assert severities(strict(nested(33))) == {"V-07": "T"}


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"not xml",
        b"junk" + NEW,
        NEW + b"junk",
        NEW[:3000],
        PLAIN.replace(b"<edXML:Subject>", b"<edXML:Subject>\xff"),
        PLAIN.decode().encode("utf-16"),
        PLAIN.replace(b'encoding="UTF-8"', b'encoding="windows-1258"'),
        PLAIN.replace(b'version="1.0" enc', b'version="1.1" enc'),
        with_text("Subject", "V/v \x01"),
        with_text("Subject", "&#0;"),
        changed("<edXML:Subject>", '<edXML:Subject xlink:href="a">'),
        changed("<edXML:From>", '<edXML:From a="1" a="2">'),
        changed("<edXML:From>", "<edXML:From><xlink:a/>"),
        PLAIN.replace(b"\xe1\xbb\x99", b"\xe1\xbb", 1),
    ],
    ids=[
        "empty", "no xml", "junk before", "junk after", "truncated", "byte not in UTF-8", "UTF-16",
        "another encoding", "XML 1.1", "control character", "reference to NUL",
        "attribute with undeclared prefix", "attribute twice", "element with undeclared prefix",
        "half a letter",
    ],
)  # fmt: skip
def test_what_is_not_well_formed_utf8_xml_is_refused(raw: bytes) -> None:
    assert severities(strict(raw)) == {"V-06": "T"}
    assert severities(compat(raw)) == {"V-06": "T"}


def test_the_packet_has_a_size_limit() -> None:
    reading = edxml.read(NEW, limits=Limits(packet_bytes=5000))

    assert severities(reading) == {"V-04": "T"}
    assert of_rule(reading, "V-04").wire_code == 10


def test_an_attachment_has_a_size_limit() -> None:
    assert "V-04" in severities(edxml.read(with_file(PDF * 20), limits=Limits(attachment_bytes=99)))


def test_all_attachments_together_have_a_size_limit() -> None:
    assert "V-04" in severities(edxml.read(PLAIN, limits=Limits(decoded_bytes=100)))


def test_xinclude_is_left_alone() -> None:
    include = (
        '<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="/etc/hostname" parse="text"/>'
    )
    raw = changed("</edXML:From>", include + "</edXML:From>")

    assert severities(strict(raw)) == {"V-10": "W"}


def test_an_attachment_larger_than_libxml2_allows_by_default_is_read() -> None:
    data = b"%PDF-1.7\n" + random.Random(1).randbytes(12 * xml.MIB)  # noqa: S311

    packet = edxml.decode(with_file(data, wire_type="application/pdf"))

    assert isinstance(packet, edxml.DocumentPacket)
    assert packet.attachments[0].data == data


def test_the_parser_says_the_line() -> None:
    with pytest.raises(XMLRefused) as caught:
        xml.parse(b"<a>\n\n<b></a>")

    assert caught.value.line == 3


def test_nothing_else_in_the_code_base_makes_an_xml_parser() -> None:
    root = Path(edxml.__file__).parents[2]
    banned = ("XMLParser(", "etree.fromstring(", "etree.parse(", "etree.XML(", "minidom", "expat",
              "ElementTree.fromstring", "iterparse(")  # fmt: skip
    offenders = [
        str(path.relative_to(root))
        for path in root.rglob("*.py")
        if "tests" not in path.parts and path.name != "xml.py"
        if any(word in path.read_text("utf-8") for word in banned)
    ]

    assert offenders == []


def encrypted() -> bytes:
    packed = bytearray(archive(("a.pdf", PDF)))
    packed[6] |= 1
    central = packed.index(b"PK\x01\x02")
    packed[central + 8] |= 1
    return bytes(packed)


def named(name: bytes) -> bytes:
    placeholder = b"Q" * len(name)
    return archive((placeholder.decode(), PDF)).replace(placeholder, name)


def link() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        entry = zipfile.ZipInfo("a.pdf")
        entry.external_attr = 0o120777 << 16
        packed.writestr(entry, "/etc/passwd")
    return out.getvalue()


def lying_size() -> bytes:
    """A bomb whose headers say it is small."""
    packed = bytearray(archive(("a.pdf", b"%PDF-" + b"\0" * 50_000_000)))
    central = packed.index(b"PK\x01\x02")
    packed[central + 24 : central + 28] = (1000).to_bytes(4, "little")
    packed[22:26] = (1000).to_bytes(4, "little")
    return bytes(packed)


def renamed_in_directory() -> bytes:
    packed = archive(("aaaaa.pdf", PDF))
    central = packed.index(b"PK\x01\x02")
    return packed[:central] + packed[central:].replace(b"aaaaa", b"bbbbb")


def local_header_says_stored() -> bytes:
    packed = bytearray(archive(("a.pdf", PDF)))
    packed[8:10] = zipfile.ZIP_STORED.to_bytes(2, "little")
    return bytes(packed)


def hidden_first_entry() -> bytes:
    """A client that reads from the front gets another file than one that asks the directory."""
    packed = archive(("a.pdf", PDF), ("b.pdf", b"%PDF-1.7 other"))
    central = packed.index(b"PK\x01\x02")
    second = packed.index(b"PK\x01\x02", central + 4)
    end = packed.index(b"PK\x05\x06")
    directory = packed[second:end]
    tail = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1, 1, len(directory), central, 0)
    return packed[:central] + directory + tail


def overlapping() -> bytes:
    """Two entries of the directory with one body."""
    packed = archive(("a.pdf", PDF), ("b.pdf", PDF))
    central = packed.index(b"PK\x01\x02")
    second = bytearray(packed[packed.index(b"PK\x01\x02", central + 4) :])
    second[42:46] = (0).to_bytes(4, "little")
    return packed[: packed.index(b"PK\x01\x02", central + 4)] + bytes(second)


def endless_directory() -> bytes:
    packed = bytearray(archive(("a.pdf", PDF)))
    end = packed.index(b"PK\x05\x06")
    packed[end + 12 : end + 16] = (2**31).to_bytes(4, "little")
    return bytes(packed)


CONTAINERS = {
    "local header differs": local_header_says_stored(),
    "hidden first entry": hidden_first_entry(),
    "overlapping entries": overlapping(),
    "endless directory": endless_directory(),
    "too many entries": archive(*((f"{number}.pdf", b"") for number in range(2001))),
    "zip bomb": archive(("a.pdf", b"%PDF-" + b"\0" * 60_000_000)),
    "ratio over 100": archive(("a.pdf", b"%PDF-" + b"\0" * 1_000_000)),
    "size that lies": lying_size(),
    "password": encrypted(),
    "parent directory": named(b"../a.pdf"),
    "absolute": named(b"/etc/a.pdf"),
    "drive": named(b"C:a.pdf"),
    "backslash": named(b"a\\b.pdf"),
    "NUL": named(b"a\0b.pdf"),
    "link": link(),
    "empty archive of a directory": archive(("a/", b"")),
    "truncated": archive(("a.pdf", PDF))[:-30],
    "name differs from directory": renamed_in_directory(),
    "bzip2": archive(("a.pdf", PDF), method=zipfile.ZIP_BZIP2),
    "checksum": archive(("a.pdf", PDF), method=zipfile.ZIP_STORED).replace(b"%%EOF", b"%%EOG"),
}


@pytest.mark.parametrize("packed", CONTAINERS.values(), ids=CONTAINERS)
def test_an_unsafe_container_is_refused_in_both_profiles(packed: bytes) -> None:
    raw = with_file(packed)

    assert severities(strict(raw))["V-42"] == "T"
    assert severities(compat(raw))["V-42"] == "T"


def test_a_directory_of_any_size_is_not_read() -> None:
    with pytest.raises(zipfile.BadZipFile, match="too large"):
        open_archive(io.BytesIO(endless_directory()))


def test_an_archive_written_as_a_stream_is_a_good_container() -> None:
    """Java writes sizes behind the data; the directory has them."""

    class Pipe(io.RawIOBase):
        def __init__(self) -> None:
            self.out = b""

        def writable(self) -> bool:
            return True

        def write(self, data: object) -> int:
            part = bytes(memoryview(data))  # type: ignore[arg-type]
            self.out += part
            return len(part)

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("a.pdf", PDF)

    assert strict(with_file(pipe.out)).findings == ()


def test_several_entries_are_refused_in_strict_and_warned_in_compat() -> None:
    raw = with_file(archive(("a.pdf", PDF), ("b.pdf", b"other")))

    assert severities(strict(raw)) == {"V-42": "T"}
    assert severities(compat(raw)) == {"V-42": "W"}
    packet = compat(raw).packet
    assert isinstance(packet, edxml.DocumentPacket)
    assert packet.attachments[0].data == PDF


@pytest.mark.parametrize(
    "text",
    ["", "  \n ", "@@@@", "QUJD=", "QUJDRA", "QUJD\u00e9", "QUJD-_==", "QQ==QQ=="],
    ids=["empty", "white space", "alphabet", "padding", "no padding", "letter", "url", "joined"],
)
def test_base64_is_strict(text: str) -> None:
    assert severities(strict(with_file(text)))["V-40"] == "T"


def test_the_standard_library_decodes_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attachments, "_b64decode", base64.b64decode)
    monkeypatch.setattr(attachments, "_b64encode", base64.b64encode)

    packet = edxml.decode(NEW)

    assert edxml.decode(edxml.encode(packet)) == packet
    for text in ("@@@@", "QUJD=", "QQ==QQ=="):
        assert severities(strict(with_file(text)))["V-40"] == "T"
