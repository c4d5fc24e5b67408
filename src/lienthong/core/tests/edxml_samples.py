"""Packets for the tests of edXML: the worked example, and what it takes to break it."""

from __future__ import annotations

import io
import zipfile
from datetime import date, datetime
from pathlib import Path

from lienthong.core import edxml
from lienthong.core.edxml import Context, Finding, Known, Profile, Reading, attachments

DATA = Path(__file__).parent / "data"
NEW = (DATA / "edxml-new-document.edxml").read_bytes()
STATUS = (DATA / "edxml-status-accepted.edxml").read_bytes()
RECALL = (DATA / "edxml-recall.edxml").read_bytes()
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n"
TODAY = date(2025, 3, 3)
NOW = datetime(2025, 3, 3, 11, 0, tzinfo=edxml.VIETNAM)

ORGANIZATIONS = {
    "000.00.00.G99": Known("G99", "Bộ Thử nghiệm"),
    "G99": Known("G99", "Bộ Thử nghiệm"),
    "000.00.00.H99": Known("H99", "Ủy ban nhân dân tỉnh Minh Họa"),
    "H99": Known("H99", "Ủy ban nhân dân tỉnh Minh Họa"),
    "000.00.08.H99": Known("H99.8", "Sở Mẫu biểu tỉnh Minh Họa"),
    "000.00.07.H99": Known("H99.7", "Sở Đã khóa", locked=True),
    "000.00.06.H99": Known("H99.6", "Sở Đã giải thể", active=False),
}


def context(**known: object) -> Context:
    """A context that knows the two agencies of the example and the day it was sent."""
    facts: dict[str, object] = {"today": TODAY, "now": NOW, "organization": ORGANIZATIONS.get}
    return Context(**{**facts, **known})  # type: ignore[arg-type]


def unsigned(raw: bytes = NEW) -> bytes:
    """The example without its packet signature, which any other change would break."""
    start = raw.index(b"      <Signature ")
    end = raw.index(b"</Signature>\n") + len(b"</Signature>\n")
    return raw[:start] + raw[end:]


PLAIN = unsigned()


def changed(old: str, new: str, raw: bytes = PLAIN, count: int = 1) -> bytes:
    """`raw` with a text replaced, which must be there."""
    assert old.encode() in raw
    return raw.replace(old.encode(), new.encode(), count)


def without(tag: str, raw: bytes = PLAIN) -> bytes:
    """`raw` without the first element of this name."""
    name = f"edXML:{tag}".encode() if f"<edXML:{tag}>".encode() in raw else tag.encode()
    start = raw.index(b"<" + name + b">")
    end = raw.index(b"</" + name + b">") + len(name) + 3
    return raw[:start] + raw[end:]


def with_text(tag: str, text: str, raw: bytes = PLAIN) -> bytes:
    """`raw` with another text in the first element of this name."""
    start = raw.index(f"<edXML:{tag}>".encode()) + len(tag) + 8
    end = raw.index(f"</edXML:{tag}>".encode())
    return raw[:start] + text.encode() + raw[end:]


def with_business(markup: str, raw: bytes = PLAIN) -> bytes:
    """`raw` with another `Bussiness` group."""
    start = raw.index(b"<edXML:Bussiness>")
    end = raw.index(b"</edXML:Bussiness>") + len(b"</edXML:Bussiness>")
    return raw[:start] + f"<edXML:Bussiness>{markup}</edXML:Bussiness>".encode() + raw[end:]


def with_file(
    payload: bytes | str, *, name: str = "125_BTN-CNTT.pdf", wire_type: str | None = "keep"
) -> bytes:
    """The example with another attachment: bytes are base64-encoded, text stands as it is."""
    text = payload.encode() if isinstance(payload, str) else attachments.encode_base64(payload)
    raw = PLAIN.replace(b"125_BTN-CNTT.pdf", name.encode())
    start = raw.index(b"<edXML:ContentTransferEncoded")
    start = raw.index(b">", start) + 1
    end = raw.index(b"</edXML:ContentTransferEncoded>")
    raw = raw[:start] + text + raw[end:]
    if wire_type == "keep":
        return raw
    own = b"<ContentType>application/zip</ContentType>"
    head, tail = raw.split(own)
    new = b"" if wire_type is None else f"<ContentType>{wire_type}</ContentType>".encode()
    return head + new + tail


def archive(*entries: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as packed:
        for name, data in entries:
            packed.writestr(zipfile.ZipInfo(name), data, compress_type=method)
    return out.getvalue()


WORD = archive(("[Content_Types].xml", b"<Types/>"), ("word/document.xml", b"<w/>"))
SHEET = archive(("[Content_Types].xml", b"<Types/>"), ("xl/workbook.xml", b"<x/>"))
ODT = archive(("mimetype", b"application/vnd.oasis.opendocument.text"), ("content.xml", b"<o/>"))
PLAIN_ZIP = archive(("a.txt", b"a"), ("b.txt", b"b"))
LONELY_ZIP = archive(("inner.zip", archive(("a.txt", b"a"))))


def strict(raw: bytes, known: Context | None = None) -> Reading:
    return edxml.read(raw, profile=Profile.STRICT, context=known)


def compat(raw: bytes, known: Context | None = None) -> Reading:
    return edxml.read(raw, profile=Profile.COMPAT, context=known)


def severities(reading: Reading) -> dict[str, str]:
    """The worst severity of each rule that was broken."""
    worst: dict[str, str] = {}
    for one in reading.findings:
        if worst.get(one.rule) != "T":
            worst[one.rule] = one.severity.value
    return worst


def of_rule(reading: Reading | edxml.FileReading, rule: str) -> Finding:
    return next(one for one in reading.findings if one.rule == rule)
