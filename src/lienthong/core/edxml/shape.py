"""Which child may stand where, and whether it may repeat. Source: §§1, 3–6, 9.

A name maps to True when it may repeat. Groups not named here hold text only.
"""

from __future__ import annotations

from lxml import etree

from lienthong.core.edxml.findings import Report, Severity
from lienthong.core.edxml.problems import XMLRefused
from lienthong.core.edxml.xml import Limits, split_tag

NS = "http://www.mic.gov.vn/TBT/QCVN_102_2016"
DSIG = "http://www.w3.org/2000/09/xmldsig#"

_ORGANIZATION = dict.fromkeys(
    ("OrganId", "OrganizationInCharge", "OrganName", "OrganAdd", "Email", "Telephone", "Fax"), False
) | {"Website": False}
_RESPONSE = dict.fromkeys(("OrganId", "Code", "PromulgationDate", "DocumentId"), False)
_STAFF = dict.fromkeys(("Department", "DepartmentId", "Staff", "StaffId", "Mobile", "Email"), False)

SHAPE: dict[str, dict[str, bool]] = {
    "edXML": {
        "edXMLEnvelope": False,
        "AttachmentEncoded": False,
        "Boundary": False,
        "ContentId": False,
        "ContentType": False,
    },
    "edXMLEnvelope": {"edXMLHeader": False, "edXMLBody": False},
    "edXMLHeader": {
        "MessageHeader": False,
        "TraceHeaderList": False,
        "Signature": False,
        "DigitalSignature": False,
    },
    "MessageHeader": {
        "From": False,
        "To": True,
        "Code": False,
        "PromulgationInfo": False,
        "DocumentType": False,
        "Subject": False,
        "Content": False,
        "SignerInfo": False,
        "DueDate": False,
        "ToPlaces": False,
        "OtherInfo": False,
        "ResponseFor": True,
        "SteeringType": False,
        "DocumentId": False,
        "ResponseForTask": True,
        "ApplicationType": False,
        "Agency": True,
        "Feedback": False,
        "StaffInfo": False,
        "StatusCode": False,
        "Description": False,
        "Timestamp": False,
    },
    "From": _ORGANIZATION,
    "To": _ORGANIZATION,
    "MessageHeader/Code": {"CodeNumber": False, "CodeNotation": False},
    "PromulgationInfo": {"Place": False, "PromulgationDate": False},
    "DocumentType": {"Type": False, "TypeDetail": False, "TypeName": False},
    "SignerInfo": {"Competence": False, "Position": False, "FullName": False},
    "ToPlaces": {"Place": True},
    "OtherInfo": {
        "Priority": False,
        "SphereOfPromulgation": False,
        "TyperNotation": False,
        "PromulgationAmount": False,
        "PageAmount": False,
        "Direction": False,
        "Appendixes": False,
        "ReplyFors": False,
        "ReferenceCodes": False,
    },
    "Appendixes": {"Appendix": True},
    "ResponseFor": _RESPONSE,
    "ResponseForTask": {"TaskCode": True},
    "StaffInfo": _STAFF,
    "TraceHeaderList": {"TraceHeader": True, "Bussiness": False},
    "TraceHeader": {"OrganId": False, "Timestamp": False},
    "Bussiness": {
        "DocumentId": False,
        "BussinessDocType": False,
        "BussinessDocReason": False,
        "Paper": False,
        "BussinessDocumentInfo": False,
        "ReplacementInfoList": False,
        "StaffInfo": True,
    },
    "BussinessDocumentInfo": {
        "DocumentInfo": False,
        "DocumentReceiver": False,
        "ReceiverList": False,
    },
    "ReceiverList": {"Receiver": True},
    "Receiver": {"OrganId": False, "ReceiverType": False},
    "ReplacementInfoList": {"ReplacementInfo": True},
    "ReplacementInfo": {"DocumentId": False, "OrganIdList": False},
    "OrganIdList": {"OrganId": True},
    "edXMLBody": {"edXMLManifest": False},
    "edXMLManifest": {"Reference": True},
    "Reference": dict.fromkeys(
        ("ContentId", "ContentType", "Description", "AttachmentName"), False
    ),
    "AttachmentEncoded": {"Attachment": True},
    "Attachment": dict.fromkeys(
        ("ContentId", "AttachmentName", "Description", "ContentType", "ContentTransferEncoded"),
        False,
    ),
}
# Below these nothing is looked at: a signature has its own rules, the others are extensions.
_CLOSED = frozenset(
    {"Signature", "DigitalSignature", "Agency", "Feedback", "ReplyFors", "ReferenceCodes"}
)
_SIGNATURES = frozenset({"Signature", "DigitalSignature"})
_ATTACHMENT_SIDE = frozenset({"edXML", "AttachmentEncoded", "Attachment"})


def name_of(tag: str) -> tuple[str, str]:
    """Namespace and local name of a tag; the correctly spelt "Business…" reads as "Bussiness…"."""
    uri, name = split_tag(tag)
    return uri, "Bussiness" + name[8:] if name.startswith("Business") else name


class Kind:
    """What `SHAPE` says about one element, joined to its children for a single walk."""

    __slots__ = ("by_tag", "children", "closed", "name", "repeats")

    def __init__(self, parent: str, name: str, *, repeats: bool) -> None:
        rows = {} if name in _CLOSED else SHAPE.get(f"{parent}/{name}") or SHAPE.get(name, {})
        self.name = name
        self.repeats = repeats
        self.closed = name in _CLOSED
        self.children = {one: Kind(name, one, repeats=many) for one, many in rows.items()}
        self.by_tag = {f"{{{NS}}}{one}": kind for one, kind in self.children.items()}


ROOT = Kind("", "edXML", repeats=False)


class Group:
    """One element as read: texts and groups by name, whatever prefix and order."""

    __slots__ = ("groups", "present", "texts")

    def __init__(self, *, present: bool = True) -> None:
        self.present = present
        self.texts: dict[str, list[str]] = {}
        self.groups: dict[str, list[Group]] = {}

    def __bool__(self) -> bool:
        return self.present

    def has(self, name: str) -> bool:
        return name in self.texts

    def raw(self, name: str) -> str | None:
        """The text of the first child of this name as it stands; None when there is none."""
        found = self.texts.get(name)
        return found[0] if found else None

    def group(self, name: str) -> Group:
        found = self.groups.get(name)
        return found[0] if found else NOTHING

    def all(self, name: str) -> list[Group]:
        return self.groups.get(name, [])


NOTHING = Group(present=False)


Texts = list[tuple[str, str, str]]
"""Texts of elements: the path of its group, its name, the text."""


class Walk:
    """One walk over a tree: what stands where (V-08, V-09, V-10), how deep, and every text."""

    def __init__(self, report: Report, limits: Limits) -> None:
        self.no_namespace: list[str] = []
        self.signatures: list[etree._Element] = []
        self.texts: Texts = []
        """Everything in the envelope but signatures."""
        self._report = report
        self._limits = limits

    def read(self, root: etree._Element) -> Group:
        """Return the content of `root`. Raises XMLRefused, V-07, when it is too deep."""
        return self._group(root, ROOT, "edXML", 1, None)

    def _group(
        self,
        element: etree._Element,
        kind: Kind,
        where: str,
        depth: int,
        texts: Texts | None,
    ) -> Group:
        group = Group()
        depth += 1
        if depth > self._limits.depth:
            raise XMLRefused("V-07", f"lồng sâu hơn {self._limits.depth} cấp")
        for child in element:
            tag, text = child.tag, child.text or ""
            known = kind.by_tag.get(tag) or self._odd(tag, kind, where)
            name = known.name if known else name_of(tag)[1]
            if texts is not None and text and not text.isspace() and name not in _SIGNATURES:
                texts.append((where, name, text))
            if known is None:
                self._skip(child, f"{where}/{name}", depth, texts)
                continue
            if name not in group.texts:
                group.texts[name] = [text]
            else:
                self._again(group, known, text, where)
            if known.children or len(child):
                self._inside(child, known, group, f"{where}/{name}", depth=depth, texts=texts)
        return group

    def _odd(self, tag: str, kind: Kind, where: str) -> Kind | None:
        """The kind of a child that is not as it should be; None when it is not read."""
        uri, name = name_of(tag)
        known = kind.children.get(name)
        if known is None:
            self._report.add("V-10", f"{where}/{name}", "Phần tử lạ, được bỏ qua.")
            return None
        return known if uri == NS or self._in_namespace(uri, name, where) else None

    def _again(self, group: Group, known: Kind, text: str, where: str) -> None:
        group.texts[known.name].append(text)
        if not known.repeats:
            where = f"{where}/{known.name}"
            self._report.add("V-09", where, "Phần tử chỉ được xuất hiện một lần.")

    def _inside(
        self,
        element: etree._Element,
        kind: Kind,
        group: Group,
        where: str,
        *,
        depth: int,
        texts: Texts | None,
    ) -> None:
        if kind.closed:
            self._closed(element, kind.name, where, depth, texts)
            return
        inner = self.texts if kind.name == "edXMLEnvelope" else texts
        one = self._group(element, kind, where, depth, inner)
        group.groups.setdefault(kind.name, []).append(one)

    def _closed(
        self,
        element: etree._Element,
        name: str,
        where: str,
        depth: int,
        texts: Texts | None,
    ) -> None:
        if name == "Signature":
            self.signatures.append(element)
        self._skip(element, where, depth, texts)

    def _skip(
        self,
        element: etree._Element,
        where: str,
        depth: int,
        texts: Texts | None,
    ) -> None:
        """Nothing here is read, but it may not be too deep, and its texts are looked at."""
        if not len(element):
            return
        depth += 1
        if depth > self._limits.depth:
            raise XMLRefused("V-07", f"lồng sâu hơn {self._limits.depth} cấp")
        if where.rpartition("/")[2] in _SIGNATURES:
            texts = None
        for child in element:
            name = name_of(child.tag)[1]
            if texts is not None and child.text and name not in _SIGNATURES:
                texts.append((where, name, child.text))
            self._skip(child, f"{where}/{name}", depth, texts)

    def _in_namespace(self, uri: str, name: str, where: str) -> bool:
        if name == "Signature" and uri == DSIG:
            return True
        if uri:
            text = f"Không gian tên sai: {uri[:100]}."
            self._report.add("V-08", f"{where}/{name}", text, compat=Severity.REFUSE)
            return False
        if name not in _ATTACHMENT_SIDE and "/AttachmentEncoded" not in where:
            self.no_namespace.append(f"{where}/{name}")
        return True
