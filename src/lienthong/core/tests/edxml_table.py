"""Every rule of §11 and one way to break it: the worked example is right but for that one rule."""

from __future__ import annotations

import re
from dataclasses import dataclass

from lienthong.core.edxml import Context, Known, Limits
from lienthong.core.edxml.shape import NS
from lienthong.core.tests.edxml_cases import known, replacement, response, update
from lienthong.core.tests.edxml_samples import (
    NEW,
    ORGANIZATIONS,
    PDF,
    PLAIN,
    RECALL,
    STATUS,
    archive,
    changed,
    context,
    with_file,
    with_text,
    without,
)


@dataclass(frozen=True)
class Row:
    """`strict` and `compat`: severity and transport code, "T22" or "W0"."""

    rule: str
    raw: bytes
    strict: str
    compat: str
    context: Context | None = None
    declared: str | None = None
    limits: Limits | None = None

    @property
    def alone(self) -> bool:
        """Whether the packet itself shows the breach, without knowledge of anything else."""
        return self.context is None and self.declared is None and self.limits is None


def _dated(day: str) -> bytes:
    return PLAIN.replace(b"2025/03/03<", f"{day}<".encode()).replace(
        b"2025/03/03,", f"{day},".encode()
    )


def _numbered(number: str) -> bytes:
    raw = PLAIN.replace(b",125/BTN", f",{number}/BTN".encode())
    return with_text("CodeNumber", number, raw)


ALIAS = context(organization={**ORGANIZATIONS, "g99": Known("G99", "Bộ Thử nghiệm")}.get)
RECALLED = with_text("BussinessDocType", "1")
MALWARE = context(scan=lambda _name, _data: "Eicar")
ROWS = (
    Row("V-01", PLAIN, "T15", "T15", context(system_known=False)),
    Row("V-02", PLAIN, "T19", "T19", context(transport_from="H99")),
    Row("V-03", PLAIN, "T21", "T21", context(body_as_declared=False)),
    Row("V-04", PLAIN, "T10", "T10", limits=Limits(packet_bytes=2000)),
    Row("V-05", PLAIN, "T22", "T22", declared="status"),
    Row("V-06", PLAIN.replace(b"</edXML>", b""), "T22", "T22"),
    Row("V-07", changed("<edXML ", "<!DOCTYPE edXML>\n<edXML "), "T22", "T22"),
    Row("V-08", changed(f' xmlns:edXML="{NS}"', ' xmlns:edXML=""').replace(b"edXML:", b"")
        .replace(b' xmlns:edXML=""', b"").replace(f' xmlns="{NS}"'.encode(), b""), "T22", "W0"),
    Row("V-09", changed("</edXML:Subject>", "</edXML:Subject><edXML:Subject>2</edXML:Subject>"),
        "T22", "T22"),
    Row("V-10", changed("</edXML:From>", "<edXML:Odd/></edXML:From>"), "W0", "W0"),
    Row("V-11", PLAIN.replace(b"000.00.00.G99", b"g99"), "T22", "W0"),
    Row("V-12", with_text("OrganName", ""), "T22", "W0"),
    Row("V-13", without("To", without("To")), "T22", "T22"),
    Row("V-14", changed("000.00.08.H99", "000.00.00.H99"), "T22", "W0"),
    Row("V-15", changed("000.00.08.H99", "000.00.01.H99"), "T18", "W0", context()),
    Row("V-16", _numbered("A125"), "T22", "W0"),
    Row("V-17", _dated("2025/03/04"), "T22", "W0", context()),
    Row("V-18", changed("2025/03/03,125/", "2025/03/03,126/"), "T22", "W0"),
    Row("V-19", PLAIN, "T21", "W0", known()),
    Row("V-20", with_text("TypeName", "Giấy lạ"), "T22", "W0"),
    Row("V-21", with_text("Subject", "a" * 501), "T22", "W0"),
    Row("V-22", with_text("Content", "a" * 501), "W0", "W0"),
    Row("V-23", without("Position"), "T22", "W0"),
    Row("V-24", with_text("DueDate", "2025/03/02"), "W0", "W0"),
    Row("V-25", with_text("Priority", "5"), "T22", "W0"),
    Row("V-26", with_text("SteeringType", "4"), "T22", "W0"),
    Row("V-27", with_text("PageAmount", "-1"), "W0", "W0"),
    Row("V-28", changed("<edXML:SteeringType>", response(ref="")), "T22", "W0"),
    Row("V-29", with_text("SphereOfPromulgation", "Tối mật"), "T10", "T10"),
    Row("V-30", without("TraceHeader"), "T22", "W0"),
    Row("V-31", with_text("Timestamp", "2025-03-03T10:15:00"), "W0", "W0"),
    Row("V-32", with_text("BussinessDocType", "4"), "T22", "T22"),
    Row("V-33", RECALLED, "T21", "W0", known(recalled=True)),
    Row("V-34", update(info="0"), "T22", "W0"),
    Row("V-35", replacement(""), "T22", "W0"),
    Row("V-36", with_text("Paper", "12"), "W0", "W0"),
    Row("V-37", without("StaffInfo"), "W0", "W0"),
    Row("V-38", changed("125_BTN-CNTT.pdf", "khac.pdf"), "T22", "W0"),
    Row("V-39", without("AttachmentEncoded", without("Reference")), "T10", "T10"),
    Row("V-40", with_file("@@@@"), "T10", "T10"),
    Row("V-41", with_file(PDF), "T10", "W0"),
    Row("V-42", with_file(archive(("../a.pdf", PDF))), "T10", "T10"),
    Row("V-43", with_file(archive(("a.pdf", b"plain text"))), "T10", "W0"),
    Row("V-44", with_file(archive(("a.pdf", PDF + b"\xef\xbf\xbd" * 9))), "T21", "T21"),
    Row("V-45", PLAIN, "T21", "T21", MALWARE),
    Row("V-46", PLAIN, "B0", "W0", context(officially_signed=False)),
    Row("V-47", changed("Hà Nội<", "Hà Nam<", NEW), "T21", "W0"),
    Row("V-48", with_text("Subject", "V/v \x85 góp ý"), "W0", "W0"),
    Row("S-01", without("DocumentId", STATUS), "T22", "T22"),
    Row("S-02", STATUS, "T21", "T21", context(document={}.get)),
    Row("S-03", with_text("StatusCode", "99", STATUS), "T22", "W0"),
    Row("S-04", without("Description", with_text("StatusCode", "02", STATUS)), "T22", "W0"),
    Row("S-05", with_text("Timestamp", "2025-03-03", STATUS), "T22", "W0", context()),
)  # fmt: skip


def _prefixes(style: str) -> bytes:
    """The example in one of the styles of §1 that circulate."""
    bare = PLAIN.replace(b"edXML:edXML", b"edXML").replace(b"edXML:", b"")
    bare = bare.replace(f' xmlns:edXML="{NS}"'.encode(), b"")
    if style == "default namespace only":
        return bare
    return PLAIN.replace(f'<edXML xmlns="{NS}">'.encode(), b"<edXML>", 1)


def _reordered() -> bytes:
    header = re.search(rb"<edXML:MessageHeader>(.*)</edXML:MessageHeader>", PLAIN, re.DOTALL)
    assert header is not None
    parts = re.findall(rb"\n        (<edXML:(\w+)>.*?</edXML:\2>)", header[1], re.DOTALL)
    return PLAIN.replace(header[1], b"\n".join(part for part, _ in reversed(parts)))


def _wrapped_lines() -> bytes:
    text = re.search(rb"ContentTransferEncoded[^>]*>([^<]+)<", PLAIN)
    assert text is not None
    lines = b"\r\n".join(text[1][at : at + 76] for at in range(0, len(text[1]), 76))
    return PLAIN.replace(text[1], b"\r\n" + lines + b"\r\n")


ZIPPED = archive(("a.pdf", PDF))
CONFORMANCE: dict[str, tuple[bytes, str, str]] = {
    # name: the file, its transport code in strict and in compat
    "worked-example": (NEW, "0", "0"),
    "status": (STATUS, "0", "0"),
    "recall": (RECALL, "0", "0"),
    "update": (update(), "0", "0"),
    "replacement": (replacement("000.00.00.G99,2025/03/01,9/BTN-CNTT", "000.00.00.H99"), "0", "0"),
    "prefix-default-namespace-only": (_prefixes("default namespace only"), "0", "0"),
    "prefix-root-without-namespace": (_prefixes("root without namespace"), "0", "0"),
    "children-reordered": (_reordered(), "0", "0"),
    "cid-absent-in-attachment": (PLAIN.replace(b"<ContentId>cid:", b"<ContentId>"), "0", "0"),
    "cid-absent": (PLAIN.replace(b"cid:", b""), "0", "0"),
    "base64-in-lines": (_wrapped_lines(), "0", "0"),
    "trailing-crlf": (NEW + b"\r\n", "0", "0"),
    "byte-order-mark": (b"\xef\xbb\xbf" + PLAIN, "0", "0"),
    "raw-under-its-type": (with_file(PDF, wire_type="application/pdf"), "0", "0"),
    "zip-under-zip": (with_file(ZIPPED), "0", "0"),
    "zip-without-type": (with_file(ZIPPED, wire_type=None), "0", "0"),
    "raw-under-zip": (with_file(PDF), "10", "0"),
    "raw-without-type": (with_file(PDF, wire_type=None), "10", "0"),
    "zip-under-pdf": (with_file(ZIPPED, wire_type="application/pdf"), "10", "0"),
    "zip-under-text": (with_file(ZIPPED, wire_type="text/plain"), "10", "0"),
    "two-schemes-one-receiver": (changed("000.00.08.H99", "H99"), "0", "0"),
    **{
        f"broken-{row.rule}": (
            row.raw,
            row.strict[1:] if row.strict[0] == "T" else "0",
            row.compat[1:] if row.compat[0] == "T" else "0",
        )
        for row in ROWS
        if row.alone
    },
}
"""The minimum test set of §11. Two codes of one agency are one only for who has a directory."""
