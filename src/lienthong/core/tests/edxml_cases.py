"""Packets that break one rule of §11 each: what a case changes, and what each profile says."""

from __future__ import annotations

from dataclasses import dataclass

from lienthong.core.edxml import Context, DeliveryState, KnownDocument
from lienthong.core.tests.edxml_samples import (
    NEW,
    PDF,
    PLAIN,
    RECALL,
    STATUS,
    archive,
    changed,
    context,
    with_business,
    with_file,
    with_text,
    without,
)

DOCUMENT = "000.00.00.G99,2025/03/03,125/BTN-CNTT"
REASON = "<edXML:BussinessDocReason>Lý do</edXML:BussinessDocReason>"
STAFF = "<edXML:StaffInfo><edXML:Staff>A</edXML:Staff></edXML:StaffInfo>"
ARRIVED = {"H99": DeliveryState.ARRIVED, "G99": DeliveryState.ARRIVED}


def known(**changes: object) -> Context:
    facts: dict[str, object] = {
        "document_id": DOCUMENT,
        "sender": "G99",
        "receivers": frozenset({"H99", "H99.8"}),
        "states": ARRIVED,
    }
    one = KnownDocument(**{**facts, **changes})  # type: ignore[arg-type]
    return context(document={one.document_id: one}.get)


def update(
    info: str = "1",
    receiver: str = "0",
    inner: str = "",
    target: str = f"<edXML:DocumentId>{DOCUMENT}</edXML:DocumentId>",
    reason: str = REASON,
) -> bytes:
    return with_business(
        f"{target}<edXML:BussinessDocType>2</edXML:BussinessDocType>{reason}"
        "<edXML:BussinessDocumentInfo>"
        f"<edXML:DocumentInfo>{info}</edXML:DocumentInfo>"
        f"<edXML:DocumentReceiver>{receiver}</edXML:DocumentReceiver>{inner}"
        f"</edXML:BussinessDocumentInfo>{STAFF}"
    )


def receivers(*changes: tuple[str, str]) -> str:
    rows = "".join(
        f"<edXML:Receiver><edXML:OrganId>{code}</edXML:OrganId>"
        f"<edXML:ReceiverType>{kind}</edXML:ReceiverType></edXML:Receiver>"
        for code, kind in changes
    )
    return f"<edXML:ReceiverList>{rows}</edXML:ReceiverList>"


def replacement(target: str, *codes: str, reason: str = REASON) -> bytes:
    ids = "".join(f"<edXML:OrganId>{code}</edXML:OrganId>" for code in codes)
    info = (
        "<edXML:ReplacementInfoList><edXML:ReplacementInfo>"
        f"<edXML:DocumentId>{target}</edXML:DocumentId>"
        f"<edXML:OrganIdList>{ids}</edXML:OrganIdList>"
        "</edXML:ReplacementInfo></edXML:ReplacementInfoList>"
    )
    kind = "<edXML:BussinessDocType>3</edXML:BussinessDocType>"
    return with_business(kind + reason + (info if target else "") + STAFF)


def response(
    code: str = "000.00.00.H99", ref: str = "1/A", target: str = "x,2025/01/01,1/A"
) -> str:
    parts = (("OrganId", code), ("Code", ref), ("DocumentId", target))
    inner = "".join(f"<edXML:{tag}>{text}</edXML:{tag}>" for tag, text in parts if text)
    return f"<edXML:ResponseFor>{inner}</edXML:ResponseFor><edXML:SteeringType>"


def twice_in(tag: str) -> bytes:
    return changed(f"</edXML:{tag}>", f"</edXML:{tag}><edXML:{tag}>2</edXML:{tag}>")


@dataclass(frozen=True)
class Case:
    rule: str
    what: str
    raw: bytes
    strict: str
    compat: str
    context: Context | None = None
    wire_code: int | None = None


LONG = "a" * 501
CASES = (
    Case("V-02", "sender of another system", PLAIN, "T", "T", context(calling_codes=frozenset())),
    Case("V-02", "transport names another", PLAIN, "T", "T", context(transport_from="H99"), 19),
    Case("V-08", "another namespace", PLAIN.replace(b"QCVN_102_2016", b"QCVN_2030"), "T", "T"),
    Case("V-08", "another root", PLAIN.replace(b"<edXML ", b"<x ").replace(b"</edXML>", b"</x>"),
         "T", "T"),
    Case("V-09", "Subject twice", twice_in("Subject"), "T", "T", wire_code=22),
    Case("V-09", "no header", without("edXMLHeader"), "T", "T"),
    Case("V-09", "no body", without("edXMLBody"), "T", "T"),
    Case("V-09", "recall without body", without("edXMLBody", changed("<edXML:edXMLManifest version"
         '="1.0"/>', "<edXML:edXMLManifest></edXML:edXMLManifest>", RECALL)), "T", "W"),
    Case("V-10", "odd element", changed("</edXML:From>", "<edXML:Odd/></edXML:From>"), "W", "W"),
    Case("V-11", "no sender code", with_text("OrganId", ""), "T", "T"),
    Case("V-11", "bad sender code", changed("000.00.00.G99", "g99 x"), "T", "W"),
    Case("V-12", "no name", with_text("OrganName", ""), "T", "W"),
    Case("V-12", "name too long", with_text("OrganName", "a" * 201), "T", "W"),
    Case("V-13", "no receiver", without("To", without("To")), "T", "T"),
    Case("V-13", "receiver without code", changed("000.00.08.H99", ""), "T", "T"),
    Case("V-14", "receiver twice", changed("000.00.08.H99", "000.00.00.H99"), "T", "W"),
    Case("V-14", "two schemes", changed("000.00.08.H99", "H99"), "T", "W", context()),
    Case("V-14", "sender among receivers", changed("000.00.08.H99", "000.00.00.G99"), "T", "W"),
    Case("V-14", "sender by another code", changed("000.00.08.H99", "G99"), "T", "W", context()),
    Case("V-15", "some unknown", changed("000.00.08.H99", "000.00.01.H99"), "T", "W", context(),
         18),
    Case("V-15", "some locked", changed("000.00.08.H99", "000.00.07.H99"), "T", "W", context(), 23),
    Case("V-15", "some dissolved", changed("000.00.08.H99", "000.00.06.H99"), "T", "W", context()),
    Case("V-15", "all unknown", PLAIN.replace(b"H99", b"H98"), "T", "T", context()),
    Case("V-16", "no number", with_text("CodeNumber", ""), "T", "T"),
    Case("V-16", "no notation", with_text("CodeNotation", ""), "T", "T"),
    Case("V-16", "letter first", with_text("CodeNumber", "a125"), "T", "W"),
    Case("V-16", "number too long", with_text("CodeNumber", "1" * 12), "T", "W"),
    Case("V-16", "notation too long", with_text("CodeNotation", "B" * 31), "T", "W"),
    Case("V-16", "space", with_text("CodeNotation", "BTN CNTT"), "T", "W"),
    Case("V-17", "no such day", with_text("PromulgationDate", "2025/02/30"), "T", "T"),
    Case("V-17", "ISO date", with_text("PromulgationDate", "2025-03-03"), "T", "T"),
    Case("V-17", "tomorrow", PLAIN.replace(b"2025/03/03<", b"2025/03/04<"), "T", "W", context()),
    Case("V-18", "no id", with_text("DocumentId", ""), "T", "T"),
    Case("V-18", "UUID", with_text("DocumentId", "0b9d3ac0-5f0e-4c3e-9e52-000000000000"), "T", "W"),
    Case("V-18", "another number", changed(",125/BTN", ",126/BTN"), "T", "W"),
    Case("V-18", "another day", changed("2025/03/03,", "2025/03/02,"), "T", "W"),
    Case("V-18", "another agency", changed("000.00.00.G99,", "H99,"), "T", "W", context()),
    Case("V-19", "id used", PLAIN, "T", "W", known(), 21),
    Case("V-19", "number used", PLAIN, "T", "W", context(
        reference_used=lambda *key: key == ("G99", "125", "BTN-CNTT", 2025))),
    Case("V-20", "no type", without("DocumentType"), "T", "W"),
    Case("V-20", "unknown name", with_text("TypeName", "Giấy lạ"), "T", "W"),
    Case("V-20", "group of another", with_text("Type", "1"), "T", "W"),
    Case("V-20", "no number", with_text("Type", "x"), "T", "W"),
    Case("V-21", "none", without("Subject"), "T", "T"),
    Case("V-21", "too long", with_text("Subject", LONG), "T", "W"),
    Case("V-22", "too long", with_text("Content", LONG), "W", "W"),
    Case("V-23", "no signer", without("SignerInfo"), "T", "W"),
    Case("V-23", "no position", without("Position"), "T", "W"),
    Case("V-23", "no name", without("FullName"), "T", "W"),
    Case("V-24", "before the date", with_text("DueDate", "2025/03/02"), "W", "W"),
    Case("V-24", "no date", with_text("DueDate", "sớm"), "W", "W"),
    Case("V-25", "five", with_text("Priority", "5"), "T", "W"),
    Case("V-25", "word", with_text("Priority", "khẩn"), "T", "W"),
    Case("V-26", "none", without("SteeringType"), "T", "W"),
    Case("V-26", "four", with_text("SteeringType", "4"), "T", "W"),
    Case("V-27", "negative", with_text("PageAmount", "-1"), "W", "W"),
    Case("V-27", "not as the file", PLAIN, "W", "W", context(page_counts={"att-1": 3})),
    Case("V-28", "no code", changed("<edXML:SteeringType>", response(ref="")), "T", "W"),
    Case("V-28", "no id", changed("<edXML:SteeringType>", response(target="")), "T", "W"),
    Case("V-28", "unknown", changed("<edXML:SteeringType>", response()), "W", "W",
         context(document={}.get)),
    Case("V-29", "field", with_text("SphereOfPromulgation", "Tối mật"), "T", "T", wire_code=10),
    Case("V-29", "file name", PLAIN.replace(b"125_BTN-CNTT.pdf", "125_MẬT.pdf".encode()), "T", "T"),
    Case("V-29", "stamp", PLAIN, "T", "T", context(page_texts=("BỘ THỬ NGHIỆM\nTUYỆT MẬT\n",))),
    Case("V-29", "odd element", changed("</edXML:From>", "<edXML:DoMat>Mật</edXML:DoMat>"
         "</edXML:From>"), "T", "T"),
    Case("V-30", "none", without("TraceHeader"), "T", "W"),
    Case("V-30", "text null", changed("<edXML:TraceHeader>\n          <edXML:OrganId>000.00.00.G99",
         "<edXML:TraceHeader>\n          <edXML:OrganId>null"), "T", "W"),
    Case("V-30", "another first", changed("<edXML:TraceHeader>\n          <edXML:OrganId>000.00.00."
         "G99", "<edXML:TraceHeader>\n          <edXML:OrganId>H99"), "T", "W", context()),
    Case("V-31", "ISO time", with_text("Timestamp", "2025-03-03T10:15:00"), "W", "W"),
    Case("V-31", "future", with_text("Timestamp", "2025/03/03 11:05:01"), "W", "W", context()),
    Case("V-31", "descending", changed("</edXML:TraceHeader>", "</edXML:TraceHeader><edXML:"
         "TraceHeader><edXML:OrganId>X1</edXML:OrganId><edXML:Timestamp>2025/03/03 10:14:59"
         "</edXML:Timestamp></edXML:TraceHeader>"), "W", "W"),
    Case("V-32", "four", with_text("BussinessDocType", "4"), "T", "T"),
    Case("V-32", "word", with_text("BussinessDocType", "new"), "T", "T"),
    Case("V-32", "none", without("BussinessDocType"), "T", "W"),
    Case("V-33", "no reason", without("BussinessDocReason", RECALL), "T", "W"),
    Case("V-33", "unknown target", RECALL, "T", "T", context(document={}.get), 21),
    Case("V-33", "recalled already", RECALL, "T", "W", known(recalled=True)),
    Case("V-33", "of another sender", RECALL, "T", "W", known(sender="H99")),
    Case("V-33", "not a receiver", RECALL, "T", "W", known(receivers=frozenset({"H99"}))),
    Case("V-34", "no target", update(target=""), "T", "W"),
    Case("V-34", "no reason", update(reason=""), "T", "W"),
    Case("V-34", "changes nothing", update(info="0"), "T", "W"),
    Case("V-34", "no list", update(receiver="1"), "T", "W"),
    Case("V-34", "flag", update(info="2"), "T", "W"),
    Case("V-34", "row", update(receiver="1", inner=receivers(("H99", "7"))), "T", "W"),
    Case("V-34", "no group", with_business("<edXML:BussinessDocType>2</edXML:BussinessDocType>"
         f"<edXML:DocumentId>{DOCUMENT}</edXML:DocumentId>{REASON}{STAFF}"), "T", "W"),
    Case("V-34", "unknown target", update(), "T", "W", context(document={}.get)),
    Case("V-34", "recalled", update(), "T", "W", known(recalled=True)),
    Case("V-34", "of another", update(), "T", "W", known(sender="H99")),
    Case("V-34", "removes a stranger", update(receiver="1", inner=receivers(("X1", "0"))), "T", "W",
         known()),
    Case("V-34", "adds an unknown", update(receiver="1", inner=receivers(("X1", "1"))), "T", "W",
         known()),
    Case("V-35", "none", replacement(""), "T", "W"),
    Case("V-35", "no reason", replacement("x", "H99", reason=""), "T", "W"),
    Case("V-35", "no receivers", replacement("x"), "T", "W"),
    Case("V-35", "itself", replacement(DOCUMENT, "H99"), "T", "W"),
    Case("V-35", "unknown target", replacement("x", "H99"), "T", "W", context(document={}.get)),
    Case("V-35", "stranger", replacement("x", "X1"), "T", "W", known(document_id="x")),
    Case("V-35", "of another", replacement("x", "H99"), "T", "W", known(document_id="x",
         sender="H99")),
    Case("V-36", "page count", with_text("Paper", "12"), "W", "W"),
    Case("V-36", "not allowed", with_text("Paper", "1"), "W", "W", context(
        paper_types=frozenset({2}))),
    Case("V-37", "none", without("StaffInfo"), "W", "W"),
    Case("V-38", "no file", without("AttachmentEncoded"), "T", "T"),
    Case("V-38", "not listed", without("Reference"), "T", "W"),
    Case("V-38", "other names", changed("125_BTN-CNTT.pdf", "khac.pdf"), "T", "W"),
    Case("V-38", "same id twice", changed("</edXML:Reference>", "</edXML:Reference><edXML:Reference"
         "><edXML:ContentId>att-1</edXML:ContentId></edXML:Reference>"), "T", "T"),
    Case("V-39", "none", without("AttachmentEncoded", without("Reference")), "T", "T",
         wire_code=10),
    Case("V-40", "not base64", with_file("@@@@"), "T", "T", wire_code=10),
    Case("V-41", "raw as zip", with_file(PDF), "T", "W", wire_code=10),
    Case("V-41", "raw without type", with_file(PDF, wire_type=None), "T", "W"),
    Case("V-41", "zip as pdf", with_file(archive(("a.pdf", PDF)), wire_type="application/pdf"), "T",
         "W"),
    Case("V-42", "path", with_file(archive(("../a.pdf", PDF))), "T", "T", wire_code=10),
    Case("V-43", "not a PDF", with_file(archive(("a.pdf", b"plain text"))), "T", "W"),
    Case("V-43", "program", with_file(archive(("a.pdf", b"MZ\x90\x00\x03"))), "T", "T"),
    Case("V-43", "not allowed", with_file(archive(("a.js", b"alert(1)")), name="a.js"), "T", "W"),
    Case("V-44", "text decoder", with_file(archive(("a.pdf", PDF + b"\xef\xbf\xbd" * 9))), "T", "T",
         wire_code=21),
    Case("V-45", "malware", PLAIN, "T", "T", context(scan=lambda _name, _data: "Eicar"), 21),
    Case("V-46", "not signed", PLAIN, "B", "W", context(officially_signed=False)),
    Case("V-47", "changed after signing", changed("Hà Nội<", "Hà Nam<", NEW), "T", "W"),
    Case("V-48", "control", with_text("Subject", "V/v \x85 góp ý"), "W", "W"),
    Case("V-48", "lost letter", with_text("Subject", "V/v g\ufffdp ý"), "W", "W"),
    Case("V-48", "right to left", with_text("Subject", "V/v \u202efdp"), "W", "W"),
    Case("S-01", "no sender", with_text("OrganId", "", STATUS), "T", "T"),
    Case("S-01", "no code", without("Code", STATUS), "T", "W"),
    Case("S-01", "no id", without("DocumentId", STATUS), "T", "T"),
    Case("S-01", "empty status", with_text("StatusCode", "", STATUS), "T", "T"),
    Case("S-02", "unknown document", STATUS, "T", "T", context(document={}.get), 21),
    Case("S-02", "not a receiver", STATUS, "T", "T", known(receivers=frozenset({"H99.8"}))),
    Case("S-02", "to another", STATUS, "T", "T", known(sender="H99.8")),
    Case("S-02", "take back by a receiver", with_text("StatusCode", "13", STATUS), "T", "T",
         known()),
    Case("S-03", "unknown code", with_text("StatusCode", "99", STATUS), "T", "W"),
    Case("S-03", "one digit", with_text("StatusCode", "3", STATUS), "T", "W"),
    Case("S-03", "agreement without request", with_text("StatusCode", "15", STATUS), "W", "W",
         known()),
    Case("S-04", "refusal", without("Description", with_text("StatusCode", "02", STATUS)), "T",
         "W"),
    Case("S-04", "take back", without("Description", with_text("StatusCode", "13", STATUS)), "T",
         "W"),
    Case("S-05", "ISO", with_text("Timestamp", "2025-03-03T10:42:10", STATUS), "T", "W", context(),
         22),
)  # fmt: skip
