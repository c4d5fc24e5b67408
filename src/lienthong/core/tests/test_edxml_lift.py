"""Payloads are lifted out of the bytes; what a packet says must not depend on it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from lienthong.core import edxml
from lienthong.core.edxml import Limits, SignatureState, attachments, lift
from lienthong.core.tests.edxml_samples import (
    NEW,
    PDF,
    PLAIN,
    changed,
    of_rule,
    severities,
    strict,
    with_file,
)

LONG = PDF + b"% " + b"padding " * 60
SECOND = (
    "<Attachment><ContentId>att-2</ContentId><AttachmentName>b.pdf</AttachmentName>"
    "<ContentType>application/pdf</ContentType><edXML:ContentTransferEncoded "
    'xmlns:edXML="http://www.mic.gov.vn/TBT/QCVN_102_2016">{}</edXML:ContentTransferEncoded>'
    "</Attachment></AttachmentEncoded>"
)
LISTED = (
    "</edXML:Reference><edXML:Reference><edXML:ContentId>att-2</edXML:ContentId>"
    "<edXML:AttachmentName>b.pdf</edXML:AttachmentName></edXML:Reference>"
)


def with_second(text: str) -> bytes:
    """The example with a second attachment of this text."""
    raw = changed("</edXML:Reference>", LISTED)
    return changed("</AttachmentEncoded>", SECOND.format(text), raw)


def test_the_markup_keeps_no_payload() -> None:
    lifted = lift.lift(NEW, Limits())

    assert len(lifted.wires) == 1
    assert len(lifted.markup) < len(NEW) - 500
    assert b"UEsDB" not in lifted.markup
    assert b"".join(lifted.texts[0]()).startswith(b"UEsDB")


@pytest.mark.parametrize("text", ["&#xE000;0&#xE000;", "&#57344;0&#57344;", "\ue0000\ue000"])
def test_a_text_that_looks_like_a_mark_is_no_payload(text: str) -> None:
    raw = with_second(text)

    assert severities(strict(raw)) == {"V-40": "T"}


def test_a_payload_in_a_comment_is_no_attachment() -> None:
    text = attachments.encode_base64(LONG).decode()
    comment = f"<!-- <edXML:ContentTransferEncoded>{text}</edXML:ContentTransferEncoded> -->"
    raw = changed("<AttachmentEncoded>", comment + "<AttachmentEncoded>")

    assert edxml.decode(raw) == edxml.decode(PLAIN)


def test_payloads_keep_their_places() -> None:
    text = attachments.encode_base64(LONG).decode()

    packet = edxml.decode(with_second(text))

    assert isinstance(packet, edxml.DocumentPacket)
    assert [one.data[:5] for one in packet.attachments] == [b"%PDF-", b"%PDF-"]
    assert packet.attachments[1].data == LONG


@pytest.mark.parametrize(
    "markup", ["<![CDATA[{}]]>", "<!-- a -->{}", "{}<!-- a -->", "<?a b?>{}", "{}&#32;"]
)
def test_a_payload_that_is_not_one_run_of_letters_is_read_too(markup: str) -> None:
    text = markup.format(attachments.encode_base64(LONG).decode())

    packet = edxml.decode(with_file(text, wire_type="application/pdf"))

    assert isinstance(packet, edxml.DocumentPacket)
    assert packet.attachments[0].data == LONG


def test_a_text_outside_the_root_is_refused_though_it_is_base64() -> None:
    text = attachments.encode_base64(LONG)
    stray = b"<!-- <ContentTransferEncoded>-->" + text + b"<!-- -->"

    assert severities(strict(PLAIN + stray)) == {"V-06": "T"}


def test_a_fault_behind_a_payload_is_told_where_it_is_in_the_packet() -> None:
    text = attachments.encode_base64(LONG).decode().replace("BhZG", "\nBhZG")
    raw = with_second(text).replace(b"</AttachmentEncoded>", b"</Attachment>")

    found = of_rule(strict(raw), "V-06")

    lines = raw[: raw.rindex(b"</Attachment>")].count(b"\n") + 1
    assert found.where == f"dòng {lines}"


def test_the_packet_signature_covers_the_payload() -> None:
    position = NEW.index(b"UEsDB") + 300
    letter = b"A" if NEW[position : position + 1] != b"A" else b"B"
    raw = NEW[:position] + letter + NEW[position + 1 :]

    assert strict(NEW).facts.signature.state is SignatureState.VALID_UNTRUSTED
    assert strict(raw).facts.signature.state is SignatureState.INVALID


MEMORY = """
import resource, sys
from pathlib import Path
from lienthong.core import edxml
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
reading = edxml.read_file(Path(sys.argv[1]))
assert reading.facts.attachments[0].size == 45 * 1024 * 1024, reading.findings
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def test_a_large_attachment_takes_no_memory_of_its_size(tmp_path: Path) -> None:
    head, tail = with_file("|", wire_type="application/pdf").split(b"|")
    file = tmp_path / "packet.edxml"
    piece = attachments.encode_base64(b"%PDF-1.7\n".ljust(3 * 1024 * 1024, b"x"))
    file.write_bytes(head + piece * 15 + tail)

    done = subprocess.run(
        [sys.executable, "-c", MEMORY, str(file)], check=True, capture_output=True, text=True
    )

    assert int(done.stdout) < 20 * 1024  # KiB
