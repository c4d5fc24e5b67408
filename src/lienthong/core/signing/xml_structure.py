"""An XML signature taken apart, strictly (SG 7.6): place, uniqueness, the set of references.

A library's "signature verified" says nothing about these. What comes out is `SignedXML.content`,
the very bytes that were digested; whoever uses the document goes on with them and never searches
the received tree a second time ("see what is signed", R55). Nothing here believes the key.
"""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from lienthong.core.edxml.problems import XMLRefused
from lienthong.core.edxml.xml import MIB, Limits, children, parse_whole, split_tag
from lienthong.core.signing.cms import UNREADABLE
from lienthong.core.signing.policy import Algorithm

DSIG = "http://www.w3.org/2000/09/xmldsig#"
XADES = "http://uri.etsi.org/01903/v1.3.2#"
ENVELOPED = f"{DSIG}enveloped-signature"
EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
INCLUSIVE = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
SIGNED_PROPERTIES = "http://uri.etsi.org/01903#SignedProperties"
XML_NAMESPACE = "http://www.w3.org/XML/1998/namespace"
_MORE = "http://www.w3.org/2001/04/xmldsig-more#"
_NEWER = "http://www.w3.org/2007/05/xmldsig-more#"
DIGEST_METHODS = {
    "http://www.w3.org/2001/04/xmlenc#sha256": "sha256",
    f"{_MORE}sha384": "sha384",
    "http://www.w3.org/2001/04/xmlenc#sha512": "sha512",
}
SIGNATURE_METHODS = {
    f"{_MORE}rsa-sha256": Algorithm("rsassa_pkcs1v15", "sha256"),
    f"{_MORE}rsa-sha384": Algorithm("rsassa_pkcs1v15", "sha384"),
    f"{_MORE}rsa-sha512": Algorithm("rsassa_pkcs1v15", "sha512"),
    f"{_NEWER}sha256-rsa-MGF1": Algorithm("rsassa_pss", "sha256", 32),
    f"{_NEWER}sha384-rsa-MGF1": Algorithm("rsassa_pss", "sha384", 48),
    f"{_NEWER}sha512-rsa-MGF1": Algorithm("rsassa_pss", "sha512", 64),
    f"{_MORE}ecdsa-sha256": Algorithm("ecdsa", "sha256"),
    f"{_MORE}ecdsa-sha384": Algorithm("ecdsa", "sha384"),
    f"{_MORE}ecdsa-sha512": Algorithm("ecdsa", "sha512"),
}
# XML-DSig asks only for X509Data; the others say nothing that is used, and fetch nothing.
_KEY_INFO = {"X509Data", "KeyValue", "KeyName"}
_UNSIGNED = {"SignatureTimeStamp"}
CERTIFICATES_MAX = 10
LIMITS = Limits(packet_bytes=20 * MIB, elements=200_000)


class XMLSignatureInvalid(ValueError):  # noqa: N818
    """The document holds no signature of the expected shape. The text is Vietnamese.

    sub_indication: of EN 319 102-1. is_proven: the document is wrong, not merely unknown to us.
    """

    def __init__(
        self, text: str, sub_indication: str = "FORMAT_FAILURE", *, is_proven: bool = True
    ) -> None:
        super().__init__(text)
        self.sub_indication = sub_indication
        self.is_proven = is_proven


class Level(StrEnum):
    """What a signature carries beside the digest of the document."""

    XMLDSIG = "XML-DSig"
    XADES = "XAdES-B"


@dataclass(frozen=True, slots=True)
class Shape:
    """Where the one signature stands, and of which level it is.

    place: the tags from below the root down to the signature's parent; () is the root itself.
    """

    level: Level = Level.XADES
    place: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Digested:
    """One reference: the digest that was signed, and the bytes found in its place."""

    digest: str
    expected: bytes
    found: bytes

    @property
    def holds(self) -> bool:
        return hashlib.new(self.digest, self.found).digest() == self.expected


@dataclass(frozen=True, slots=True)
class SignedXML:
    """What one enveloped signature says. Nothing in it has been believed yet."""

    certificate: x509.Certificate
    others: tuple[x509.Certificate, ...]
    algorithm: Algorithm
    signed_info: bytes  # canonical, as it was signed
    signature: bytes  # as `policy.verify` reads it: ECDSA in DER
    content: bytes  # canonical, without the signature: what the first reference covers
    references: tuple[Digested, ...]
    signing_time: datetime | None
    names_certificate: bool
    names_policy: bool


def read_signed_xml(data: bytes, shape: Shape, limits: Limits = LIMITS) -> SignedXML:
    """Take the one signature of `data` apart. Raises XMLSignatureInvalid (R55, R56, R57)."""
    try:
        root = parse_whole(data, limits)
    except XMLRefused as refused:
        raise XMLSignatureInvalid(refused.sentence) from refused
    check_ids(root)
    return _read(root, _only_signature(root, shape), shape)


def check_ids(root: etree._Element) -> None:
    """Every Id, ID, id and xml:id of the document has its own value (R55)."""
    found = Counter(
        value
        for element in root.iter(etree.Element)
        for name, value in element.attrib.items()
        if split_tag(str(name))[1].lower() == "id"
    )
    double = next((value for value, times in found.items() if times > 1), None)
    if double is not None:
        raise XMLSignatureInvalid(f"mã định danh {double[:40]!r} xuất hiện nhiều lần")


def parent_at(root: etree._Element, place: Sequence[str]) -> etree._Element:
    """The element that `place` leads to; each step has exactly one way."""
    here = root
    for tag in place:
        steps = [child for child in children(here) if child.tag == tag]
        if len(steps) != 1:
            raise XMLSignatureInvalid(f"cần đúng một phần tử {split_tag(tag)[1]}")
        here = steps[0]
    return here


def canonical(node: etree._Element | etree._ElementTree, method: str) -> bytes:
    """The node by exclusive or inclusive canonicalisation, without comments.

    Raises XMLSignatureInvalid for what has no canonical form: relative namespace names.
    """
    is_exclusive = method == EXCLUSIVE
    if not is_exclusive and isinstance(node, etree._Element) and node.getparent() is not None:
        node = _on_its_own(node)
    try:
        return etree.tostring(node, method="c14n", exclusive=is_exclusive, with_comments=False)
    except etree.C14NError as error:
        raise XMLSignatureInvalid("tài liệu không chuẩn hóa được") from error


def _on_its_own(node: etree._Element) -> etree._Element:
    """A part as a root that takes over all namespaces of its ancestors (C14N 1.0, 2.4)."""
    for above in node.iterancestors():
        if any(split_tag(str(name))[0] == XML_NAMESPACE for name in above.attrib):
            raise XMLSignatureInvalid(
                "thuộc tính xml: ở phần tử cha khi chuẩn hóa kiểu đầy đủ", is_proven=False
            )
    return parse_whole(etree.tostring(node, with_tail=False), LIMITS)


def cut(signature: etree._Element) -> None:
    """Remove the signature and keep the text after it, as the enveloped transform does."""
    parent, tail = signature.getparent(), signature.tail or ""
    assert parent is not None  # noqa: S101  the signature was reached from its parent
    before = signature.getprevious()
    if before is not None:
        before.tail = (before.tail or "") + tail
    else:
        parent.text = (parent.text or "") + tail
    signature.tail = None
    parent.remove(signature)


def _only_signature(root: etree._Element, shape: Shape) -> etree._Element:
    """The one Signature, at its place; no Manifest, no second SignedProperties anywhere (R55)."""
    counts = Counter(split_tag(element.tag)[1] for element in root.iter(etree.Element))
    if counts["Manifest"]:
        raise XMLSignatureInvalid("có Manifest, không rõ phần nào được ký")
    if counts["Signature"] != 1:
        text = "không có chữ ký" if not counts["Signature"] else "có nhiều chữ ký"
        raise XMLSignatureInvalid(text)
    wanted = 1 if shape.level is Level.XADES else 0
    if counts["SignedProperties"] != wanted or counts["QualifyingProperties"] != wanted:
        raise XMLSignatureInvalid(f"số phần SignedProperties không đúng với mức {shape.level}")
    parent = parent_at(root, shape.place)
    found = [child for child in children(parent) if child.tag == f"{{{DSIG}}}Signature"]
    if len(found) != 1:
        raise XMLSignatureInvalid("chữ ký không ở đúng chỗ")
    return found[0]


def _read(root: etree._Element, signature: etree._Element, shape: Shape) -> SignedXML:
    parts = _parts(signature, shape.level)
    info = parts["SignedInfo"]
    members = [*children(info)]
    names = [element.tag for element in members]
    references = members[2:]
    head = [f"{{{DSIG}}}CanonicalizationMethod", f"{{{DSIG}}}SignatureMethod"]
    wanted = [f"{{{DSIG}}}Reference"] * (2 if shape.level is Level.XADES else 1)
    if names[:2] != head or names[2:] != wanted:
        raise XMLSignatureInvalid("tập các phần được ký không đúng quy định")
    certificate, others = _certificates(parts["KeyInfo"])
    properties = _properties(signature, parts) if shape.level is Level.XADES else None
    algorithm = _algorithm(members[1])
    signed_info = canonical(info, _method(members[0]))
    value = _ecdsa_in_der(_binary(parts["SignatureValue"]), algorithm)
    # The signature stands in the tree until its own parts have been canonicalised.
    rest: list[Digested] = []
    if properties is not None:
        rest = [_properties_reference(references[1], properties)]
    content, first = _document_reference(references[0], root, signature)
    return SignedXML(
        certificate=certificate,
        others=others,
        algorithm=algorithm,
        signed_info=signed_info,
        signature=value,
        content=content,
        references=(first, *rest),
        signing_time=_signing_time(properties),
        names_certificate=_names_certificate(properties, certificate),
        names_policy=properties is not None and _any(properties, "SignaturePolicyId"),
    )


def _parts(signature: etree._Element, level: Level) -> dict[str, etree._Element]:
    """The children of Signature, of which there must be exactly these."""
    wanted = ["SignedInfo", "SignatureValue", "KeyInfo"]
    if level is Level.XADES:
        wanted.append("Object")
    found = [*children(signature)]
    if [element.tag for element in found] != [f"{{{DSIG}}}{name}" for name in wanted]:
        raise XMLSignatureInvalid("các phần của chữ ký không đúng quy định")
    return dict(zip(wanted, found, strict=True))


def _document_reference(
    reference: etree._Element, root: etree._Element, signature: etree._Element
) -> tuple[bytes, Digested]:
    """The reference to the whole document: URI "" or the Id of the root itself."""
    uri = reference.get("URI")
    own_ids = {f"#{root.get(name)}" for name in ("Id", "ID", "id") if root.get(name)}
    if uri != "" and uri not in own_ids:
        raise XMLSignatureInvalid("chữ ký không phủ toàn bộ tài liệu")
    transforms = _transforms(reference)
    if not transforms or transforms[0] != ENVELOPED or len(transforms) > 2:
        raise XMLSignatureInvalid("phép biến đổi không được phép")
    method = transforms[1] if len(transforms) == 2 else INCLUSIVE
    _check_canonicalisation(method)
    cut(signature)
    # With an Id the part is the root element; with "" also what stands beside it, for instance PIs.
    content = canonical(root.getroottree() if uri == "" else root, method)
    return content, _digested(reference, content)


def _properties_reference(reference: etree._Element, properties: etree._Element) -> Digested:
    own = properties.get("Id")
    if not own or reference.get("URI") != f"#{own}" or reference.get("Type") != SIGNED_PROPERTIES:
        raise XMLSignatureInvalid("phần thuộc tính được ký không gắn với chữ ký này")
    transforms = _transforms(reference) or [INCLUSIVE]
    if len(transforms) != 1:
        raise XMLSignatureInvalid("phép biến đổi không được phép")
    _check_canonicalisation(transforms[0])
    return _digested(reference, canonical(properties, transforms[0]))


def _digested(reference: etree._Element, found: bytes) -> Digested:
    method = _child(reference, "DigestMethod").get("Algorithm") or ""
    digest = DIGEST_METHODS.get(method)
    if digest is None:
        raise XMLSignatureInvalid(
            f"thuật toán băm {method[-40:]!r} không được phép",
            "CRYPTO_CONSTRAINTS_FAILURE",
            is_proven=False,
        )
    return Digested(digest, _binary(_child(reference, "DigestValue")), found)


def _transforms(reference: etree._Element) -> list[str]:
    holders = [one for one in children(reference) if one.tag == f"{{{DSIG}}}Transforms"]
    if len(holders) > 1:
        raise XMLSignatureInvalid("phép biến đổi không được phép")
    found = [*children(holders[0])] if holders else []
    if any(one.tag != f"{{{DSIG}}}Transform" or len(one) for one in found):
        raise XMLSignatureInvalid("phép biến đổi không được phép")
    return [one.get("Algorithm") or "" for one in found]


def _check_canonicalisation(method: str) -> None:
    if method not in {EXCLUSIVE, INCLUSIVE}:
        raise XMLSignatureInvalid(f"phép biến đổi {method[-40:]!r} không được phép")


def _method(element: etree._Element) -> str:
    method = element.get("Algorithm") or ""
    if len(element):
        raise XMLSignatureInvalid("cách chuẩn hóa có tham số")
    _check_canonicalisation(method)
    return method


def _algorithm(element: etree._Element) -> Algorithm:
    method = element.get("Algorithm") or ""
    found = SIGNATURE_METHODS.get(method)
    if found is None or len(element):
        raise XMLSignatureInvalid(
            f"thuật toán chữ ký {method[-40:]!r} không được phép",
            "CRYPTO_CONSTRAINTS_FAILURE",
            is_proven=False,
        )
    return found


def _ecdsa_in_der(value: bytes, algorithm: Algorithm) -> bytes:
    """XML writes ECDSA as r ‖ s; everything else in this package reads DER."""
    if algorithm.family != "ecdsa":
        return value
    half = len(value) // 2
    if len(value) not in {64, 96}:
        raise XMLSignatureInvalid("giá trị chữ ký sai độ dài")
    return encode_dss_signature(
        int.from_bytes(value[:half], "big"), int.from_bytes(value[half:], "big")
    )


def _certificates(
    key_info: etree._Element,
) -> tuple[x509.Certificate, tuple[x509.Certificate, ...]]:
    """The signer's certificate, first in its X509Data, and those after it (R57)."""
    data = [one for one in children(key_info) if one.tag == f"{{{DSIG}}}X509Data"]
    if any(split_tag(one.tag)[1] not in _KEY_INFO for one in children(key_info)):
        raise XMLSignatureInvalid("khóa phải nằm trong chứng thư, không được chỉ bằng cách khác")
    texts = [
        one for part in data for one in children(part) if one.tag == f"{{{DSIG}}}X509Certificate"
    ]
    if len(data) != 1 or not 1 <= len(texts) <= CERTIFICATES_MAX:
        raise XMLSignatureInvalid(
            "chữ ký không kèm chứng thư của người ký",
            "NO_SIGNING_CERTIFICATE_FOUND",
            is_proven=False,
        )
    first, *rest = (_certificate(_binary(one)) for one in texts)
    return first, tuple(rest)


def _certificate(data: bytes) -> x509.Certificate:
    try:
        certificate = x509.load_der_x509_certificate(data)
        _ = certificate.subject, certificate.issuer, certificate.extensions
        _ = certificate.public_key()
    except (*UNREADABLE, UnsupportedAlgorithm) as error:
        raise XMLSignatureInvalid("chứng thư kèm theo sai cấu trúc") from error
    return certificate


def _properties(signature: etree._Element, parts: dict[str, etree._Element]) -> etree._Element:
    """SignedProperties of this signature: Object, QualifyingProperties that target it, first."""
    inside = [*children(parts["Object"])]
    own = signature.get("Id")
    if len(inside) != 1 or inside[0].tag != f"{{{XADES}}}QualifyingProperties":
        raise XMLSignatureInvalid("phần thuộc tính không nằm trong chữ ký")
    if not own or inside[0].get("Target") != f"#{own}":
        raise XMLSignatureInvalid("phần thuộc tính không chỉ về chữ ký này")
    members = [*children(inside[0])]
    if not members or members[0].tag != f"{{{XADES}}}SignedProperties":
        raise XMLSignatureInvalid("thiếu phần thuộc tính được ký")
    _check_unsigned(members[1:])
    return members[0]


def _check_unsigned(members: Sequence[etree._Element]) -> None:
    """Only a time-stamp may stand outside of what is signed: no counter-signature (R55)."""
    for holder in members:
        for part in children(holder):
            names = {split_tag(one.tag)[1] for one in children(part)}
            if holder.tag != f"{{{XADES}}}UnsignedProperties" or names - _UNSIGNED:
                raise XMLSignatureInvalid("có thuộc tính không được ký")


def _signing_time(properties: etree._Element | None) -> datetime | None:
    if properties is None:
        return None
    found = [*_named(properties, "SigningTime")]
    try:
        moment = datetime.fromisoformat((found[0].text or "").strip()) if found else None
    except ValueError as error:
        raise XMLSignatureInvalid("thời điểm ký sai dạng") from error
    if len(found) > 1 or (moment is not None and moment.tzinfo is None):
        raise XMLSignatureInvalid("thời điểm ký lặp lại hoặc thiếu múi giờ")
    return moment


def _names_certificate(properties: etree._Element | None, own: x509.Certificate) -> bool:
    """Whether SigningCertificate(V2) is there and its first entry is `own`.

    Raises XMLSignatureInvalid when it names another certificate.
    """
    found = [] if properties is None else [*_named(properties, "SigningCertificateV2")]
    if properties is not None and not found:
        found = [*_named(properties, "SigningCertificate")]
    if not found:
        return False
    digests = [*_named(found[0], "CertDigest")]
    if len(found) > 1 or not digests:
        raise XMLSignatureInvalid("thuộc tính chứng thư người ký sai dạng")
    method = _child(digests[0], "DigestMethod").get("Algorithm") or ""
    name = DIGEST_METHODS.get(method)
    if name is None:
        return False  # a digest that proves nothing (SHA-1) names nothing
    der = own.public_bytes(Encoding.DER)
    if hashlib.new(name, der).digest() != _binary(_child(digests[0], "DigestValue")):
        raise XMLSignatureInvalid(
            "thuộc tính SigningCertificate chỉ một chứng thư khác",
            "SIG_CONSTRAINTS_FAILURE",
            is_proven=False,
        )
    return True


def _named(above: etree._Element, name: str) -> Iterator[etree._Element]:
    return above.iter(f"{{{XADES}}}{name}")


def _any(above: etree._Element, name: str) -> bool:
    return next(_named(above, name), None) is not None


def _child(parent: etree._Element, name: str) -> etree._Element:
    found = [one for one in children(parent) if one.tag == f"{{{DSIG}}}{name}"]
    if len(found) != 1:
        raise XMLSignatureInvalid(f"cần đúng một {name}")
    return found[0]


def _binary(element: etree._Element) -> bytes:
    """Base64 text, with nothing between: a comment there would split it in two."""
    if len(element):
        raise XMLSignatureInvalid("giá trị base64 có phần tử lạ ở giữa")
    try:
        return base64.b64decode("".join((element.text or "").split()), validate=True)
    except ValueError as error:  # letters outside of ASCII too
        raise XMLSignatureInvalid("giá trị base64 sai") from error
