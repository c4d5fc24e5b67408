"""Which child may stand where, and whether it may repeat. Source: §§1, 3–6, 9.

A name maps to True when it may repeat. Groups not named here hold text only.
"""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from lienthong.core.edxml.findings import Report, Severity
from lienthong.core.edxml.xml import children, local_name, namespace

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
_ATTACHMENT_SIDE = frozenset({"edXML", "AttachmentEncoded", "Attachment"})


def name_of(element: etree._Element) -> str:
    """The local name; the correctly spelt "Business…" reads as the "Bussiness…" of the standard."""
    name = local_name(element)
    return "Bussiness" + name[8:] if name.startswith("Business") else name


def walk(
    element: etree._Element, report: Report, path: str = "", *, no_namespace: list[str]
) -> None:
    """Check names below `element` (V-08, V-09, V-10). Unknown and foreign ones are not read."""
    name = name_of(element)
    known = SHAPE.get(f"{path.rpartition('/')[2]}/{name}") or SHAPE.get(name, {})
    here = f"{path}/{name}" if path else name
    seen: set[str] = set()
    for child in children(element):
        child_name = name_of(child)
        where = f"{here}/{child_name}"
        if child_name not in known:
            report.add("V-10", where, "Phần tử lạ, được bỏ qua.")
            continue
        if not _in_namespace(child, child_name, where, report, no_namespace):
            continue
        if child_name in seen and not known[child_name]:
            report.add("V-09", where, "Phần tử chỉ được xuất hiện một lần.")
        seen.add(child_name)
        if child_name not in _CLOSED:
            walk(child, report, here, no_namespace=no_namespace)


def _in_namespace(
    child: etree._Element, name: str, where: str, report: Report, no_namespace: list[str]
) -> bool:
    uri = namespace(child)
    if uri == NS or (name == "Signature" and uri == DSIG):
        return True
    if uri:
        report.add("V-08", where, f"Không gian tên sai: {uri[:100]}.", compat=Severity.REFUSE)
        return False
    if not _attachment_side(name, where):
        no_namespace.append(where)
    return True


def _attachment_side(name: str, where: str) -> bool:
    return name in _ATTACHMENT_SIDE or "/AttachmentEncoded/" in where


class Group:
    """Read access to one element: texts and groups by name, whatever prefix and order."""

    __slots__ = ("_children", "element", "where")

    def __init__(self, element: etree._Element | None, where: str) -> None:
        self.element = element
        self.where = where
        self._children: dict[str, list[etree._Element]] = {}
        if element is not None:
            for child in children(element):
                if namespace(child) in {NS, "", DSIG}:
                    self._children.setdefault(name_of(child), []).append(child)

    def __bool__(self) -> bool:
        return self.element is not None

    def has(self, name: str) -> bool:
        return name in self._children

    def raw(self, name: str) -> str | None:
        """The text of the first child of this name as it stands; None when there is none."""
        found = self._children.get(name)
        return (found[0].text or "") if found else None

    def group(self, name: str) -> Group:
        found = self._children.get(name)
        return Group(found[0] if found else None, f"{self.where}/{name}")

    def groups(self, name: str) -> Iterator[Group]:
        found = self._children.get(name, [])
        for position, element in enumerate(found, start=1):
            mark = f"[{position}]" if len(found) > 1 else ""
            yield Group(element, f"{self.where}/{name}{mark}")

    def texts(self, name: str) -> list[str]:
        return [element.text or "" for element in self._children.get(name, [])]
