"""XML signatures, enveloped: XML-DSig and XAdES-B (SG 5.1, 7.6).

Written here over any DigestSigner, so that a key in a token or behind a remote service signs XML
too. Read strictly by `xml_structure`; a signature that passes is then shown to signxml as well, and
both must agree (decision 0012).
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from lienthong.core.edxml.problems import XMLRefused
from lienthong.core.edxml.shape import NS as EDXML
from lienthong.core.edxml.xml import parse_whole
from lienthong.core.errors import Problem
from lienthong.core.signing import policy
from lienthong.core.signing.keys import DigestSigner
from lienthong.core.signing.path import common_name
from lienthong.core.signing.problems import SignatureNotMade, SignerCertificateNotValid
from lienthong.core.signing.report import Check, Findings, Indication, SignatureReport
from lienthong.core.signing.trust import Trust
from lienthong.core.signing.validate import DOCUMENT, Purpose, check_signer, signer_card
from lienthong.core.signing.xml_structure import (
    DSIG,
    ENVELOPED,
    EXCLUSIVE,
    LIMITS,
    SIGNED_PROPERTIES,
    XADES,
    Level,
    Shape,
    SignedXML,
    XMLSignatureInvalid,
    canonical,
    check_ids,
    parent_at,
    read_signed_xml,
)

XML_FIELD = "XML"
SECOND_OPINION_MAX_BYTES = 5 * 1024 * 1024
# Where a packet carries its signature: plain XML-DSig in the header (edXML, Signature element).
PACKET_SHAPE = Shape(Level.XMLDSIG, (f"{{{EDXML}}}edXMLEnvelope", f"{{{EDXML}}}edXMLHeader"))
_SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
_ECDSA = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"
_PSS = "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1"


class XMLNotSignable(Problem):
    """The document is no XML that may be signed, or is signed already."""

    code = "signing.xml_not_signable"
    status = 422
    text = "Tệp XML này không ký được: {detail}."


@dataclass(frozen=True, slots=True)
class VerifiedXML:
    """The report, and what was signed: canonical bytes, None unless the signature passed.

    Go on with these bytes. The received document may hold things that nobody signed.
    """

    report: SignatureReport
    content: bytes | None = None


def sign_xml(
    data: bytes, *, signer: DigestSigner, at: datetime, shape: Shape | None = None
) -> bytes:
    """Return `data` with an enveloped signature as the last child of its place, as UTF-8.

    EC keys sign ecdsa-sha256; RSA keys RSASSA-PSS with SHA-256, which older readers do not know.
    Raises XMLNotSignable, SignerCertificateNotValid, SignatureNotMade.
    """
    shape = shape or Shape()
    certificate = signer.certificate
    if not certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc:
        raise SignerCertificateNotValid(name=common_name(certificate))
    try:
        root = parse_whole(data, LIMITS)
        check_ids(root)
        if any(True for _ in root.iter("{*}Signature")):
            raise XMLNotSignable(detail="tài liệu đã có chữ ký")
        if _has_instruction(root):
            raise XMLNotSignable(detail="tài liệu có chỉ thị xử lý, có thể làm thay đổi hiển thị")
        parent = parent_at(root, shape.place)
        digest = hashlib.sha256(canonical(root.getroottree(), EXCLUSIVE)).digest()
    except (XMLRefused, XMLSignatureInvalid) as error:
        detail = error.sentence if isinstance(error, XMLRefused) else str(error)
        raise XMLNotSignable(detail=detail.rstrip(".")) from error
    _Writer(parent, signer, at, shape.level).write(digest)
    signed = etree.tostring(root.getroottree(), xml_declaration=True, encoding="UTF-8")
    _check_made(signed, shape)
    return bytes(signed)


def sign_packet_xml(packet: bytes, *, signer: DigestSigner, at: datetime) -> bytes:
    """Return an edXML packet with its Signature element, for partners that want one (SG 5.1)."""
    return sign_xml(packet, signer=signer, at=at, shape=PACKET_SHAPE)


def verify_xml(
    data: bytes,
    *,
    trust: Trust,
    at: datetime,
    shape: Shape | None = None,
    purpose: Purpose = DOCUMENT,
) -> VerifiedXML:
    """Verify the enveloped signature of `data` at the time `at`. Never raises for bad content."""
    shape = shape or Shape()
    findings = Findings()
    try:
        signed = read_signed_xml(data, shape)
    except XMLSignatureInvalid as error:
        add = findings.failed if error.is_proven else findings.unknown
        add("format", error.sub_indication, f"Chữ ký XML: {error}.")
        return VerifiedXML(_report(findings))
    check_signed_xml(signed, shape, findings)
    path = check_signer(
        signed.certificate,
        others=signed.others,
        purpose=purpose,
        claimed_at=signed.signing_time,
        trust=trust,
        at=at,
        findings=findings,
    )
    report = replace(
        _report(findings),
        signer=signer_card(signed.certificate, path.way),
        claimed_at=signed.signing_time,
        covers_whole=True,
    )
    if report.indication is Indication.PASSED:
        report = _with_opinion(report, data, signed, shape)
    passed = report.indication is Indication.PASSED
    return VerifiedXML(report, signed.content if passed else None)


def check_signed_xml(signed: SignedXML, shape: Shape, findings: Findings) -> None:
    """Blocks 2-4 of SG 7.2: the certificate is named, the content holds, the key made it."""
    if shape.level is Level.XADES and not signed.names_certificate:
        text = "Chữ ký không gắn với chứng thư người ký (thiếu SigningCertificateV2)."
        findings.unknown("signing_certificate", "NO_SIGNING_CERTIFICATE_FOUND", text)
    if signed.names_policy:
        text = "Chữ ký theo một quy chế ký không có ở đây để kiểm tra."
        findings.unknown("policy", "SIGNATURE_POLICY_NOT_AVAILABLE", text)
    if all(one.holds for one in signed.references):
        findings.good("integrity", "Nội dung không thay đổi kể từ khi ký.")
    else:
        findings.failed("integrity", "HASH_FAILURE", "Nội dung đã bị thay đổi sau khi ký.")
    digest = hashlib.new(signed.algorithm.digest, signed.signed_info).digest()
    key = signed.certificate.public_key()
    try:
        policy.verify(key, signed.algorithm, digest, signed.signature)
    except InvalidSignature:
        text = "Chữ ký không phải do khóa bí mật của chứng thư này tạo ra."
        findings.failed("signature", "SIG_CRYPTO_FAILURE", text)
    except (policy.AlgorithmRefused, ValueError) as error:
        findings.unknown("algorithm", "CRYPTO_CONSTRAINTS_FAILURE", f"Thuật toán: {error}.")
    else:
        label = f"{policy.key_label(key)}, {signed.algorithm.label}"
        findings.good(
            "signature", f"Chữ ký do đúng khóa bí mật của chứng thư này tạo ra ({label})."
        )


def second_opinion(data: bytes, certificate: x509.Certificate, shape: Shape) -> str:
    """Ask signxml; return why it does not accept the signature, "" when it does."""
    if len(data) > SECOND_OPINION_MAX_BYTES:
        return ""
    signxml, settings = _signxml()
    config = settings(
        location="./" + "".join(f"{tag}/" for tag in shape.place),
        expect_references=2 if shape.level is Level.XADES else 1,
        # When the signer's certificate held is decided by the path check, not here.
        verification_time=certificate.not_valid_before_utc,
        ignore_ambiguous_key_info=True,
    )
    try:
        signxml.XMLVerifier().verify(
            parse_whole(data, LIMITS), x509_cert=certificate, expect_config=config
        )
    except (signxml.exceptions.SignXMLException, etree.LxmlError, ValueError) as error:
        return str(error)[:160] or type(error).__name__
    return ""


@lru_cache(maxsize=1)
def _signxml() -> tuple[Any, Any]:
    """Imported at its first use: most processes of a node never need it."""
    import signxml  # noqa: PLC0415
    import signxml.exceptions  # noqa: PLC0415
    import signxml.verifier  # noqa: PLC0415

    return signxml, signxml.verifier.SignatureConfiguration


def _has_instruction(root: etree._Element) -> bool:
    """Whether a processing instruction stands anywhere: a style sheet changes what is seen."""
    around = (*root.itersiblings(preceding=True), *root.itersiblings(), *root.iter())
    return any(isinstance(one, etree._ProcessingInstruction) for one in around)


def _with_opinion(
    report: SignatureReport, data: bytes, signed: SignedXML, shape: Shape
) -> SignatureReport:
    """The report, lowered to INDETERMINATE when the second validator does not agree."""
    reason = second_opinion(data, signed.certificate, shape)
    if not reason:
        return report
    text = f"Bộ kiểm tra thứ hai không chấp nhận chữ ký: {reason}."
    return replace(
        report,
        indication=Indication.INDETERMINATE,
        sub_indication="GENERIC",
        checks=(*report.checks, Check("second_opinion", None, text)),
    )


def _report(findings: Findings) -> SignatureReport:
    return SignatureReport(
        XML_FIELD, findings.indication, findings.sub_indication, checks=tuple(findings.checks)
    )


def _check_made(signed: bytes, shape: Shape) -> None:
    """The result reads back and its mathematics hold; else nothing was signed (SG 6.2)."""
    findings = Findings()
    try:
        check_signed_xml(read_signed_xml(signed, shape), shape, findings)
    except XMLSignatureInvalid as error:
        raise SignatureNotMade(detail=str(error)) from error
    bad = [check.text for check in findings.checks if check.ok is not True]
    if bad:
        raise SignatureNotMade(detail="; ".join(bad).rstrip("."))


@dataclass
class _Writer:
    """Writes one Signature element below `parent`."""

    parent: etree._Element
    signer: DigestSigner
    at: datetime
    level: Level

    def write(self, document_digest: bytes) -> None:
        signature = etree.SubElement(self.parent, f"{{{DSIG}}}Signature", nsmap={"ds": DSIG})
        info = _add(signature, "SignedInfo")
        _add(info, "CanonicalizationMethod", Algorithm=EXCLUSIVE)
        is_ec = isinstance(self.signer.certificate.public_key(), ec.EllipticCurvePublicKey)
        _add(info, "SignatureMethod", Algorithm=_ECDSA if is_ec else _PSS)
        first = _add_reference(info, "", (ENVELOPED, EXCLUSIVE), document_digest)
        value = _add(signature, "SignatureValue")
        self._add_key_info(signature)
        if self.level is Level.XADES:
            # From the content, so that signing in two steps (agent.py) writes the same bytes twice.
            name = f"xmldsig-{document_digest.hex()[:32]}"
            signature.set("Id", name)
            first.set("Id", f"{name}-ref0")
            properties = self._add_properties(signature, name)
            digest = hashlib.sha256(canonical(properties, EXCLUSIVE)).digest()
            second = _add_reference(info, f"#{properties.get('Id')}", (EXCLUSIVE,), digest)
            second.set("Type", SIGNED_PROPERTIES)
        digest = hashlib.sha256(canonical(info, EXCLUSIVE)).digest()
        made = self.signer.sign_digest(digest)
        value.text = base64.b64encode(self._raw(made) if is_ec else made).decode()

    def _add_key_info(self, signature: etree._Element) -> None:
        data = _add(_add(signature, "KeyInfo"), "X509Data")
        for certificate in (self.signer.certificate, *self.signer.chain):
            text = base64.b64encode(certificate.public_bytes(Encoding.DER)).decode()
            _add(data, "X509Certificate").text = text

    def _add_properties(self, signature: etree._Element, name: str) -> etree._Element:
        """SignedProperties with what XAdES-B asks for: time, certificate, format of the data."""
        holder = etree.SubElement(
            _add(signature, "Object"), f"{{{XADES}}}QualifyingProperties", nsmap={"xades": XADES}
        )
        holder.set("Target", f"#{name}")
        properties = _add_xades(holder, "SignedProperties", Id=f"{name}-props")
        of_signature = _add_xades(properties, "SignedSignatureProperties")
        moment = self.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        _add_xades(of_signature, "SigningTime").text = moment
        one = _add_xades(_add_xades(of_signature, "SigningCertificateV2"), "Cert")
        own = self.signer.certificate.public_bytes(Encoding.DER)
        _add_digest(_add_xades(one, "CertDigest"), hashlib.sha256(own).digest())
        of_data = _add_xades(properties, "SignedDataObjectProperties")
        form = _add_xades(of_data, "DataObjectFormat", ObjectReference=f"#{name}-ref0")
        _add_xades(form, "MimeType").text = "text/xml"
        return properties

    def _raw(self, signature: bytes) -> bytes:
        """r ‖ s, each as long as the curve's order."""
        key = self.signer.certificate.public_key()
        assert isinstance(key, ec.EllipticCurvePublicKey)  # noqa: S101  asked by the caller
        size = (key.key_size + 7) // 8
        return b"".join(part.to_bytes(size, "big") for part in decode_dss_signature(signature))


def _add(parent: etree._Element, name: str, **attributes: str) -> etree._Element:
    return etree.SubElement(parent, f"{{{DSIG}}}{name}", attributes)


def _add_xades(parent: etree._Element, name: str, **attributes: str) -> etree._Element:
    return etree.SubElement(parent, f"{{{XADES}}}{name}", attributes)


def _add_reference(
    info: etree._Element, uri: str, transforms: tuple[str, ...], digest: bytes
) -> etree._Element:
    reference = _add(info, "Reference", URI=uri)
    holder = _add(reference, "Transforms")
    for one in transforms:
        _add(holder, "Transform", Algorithm=one)
    _add_digest(reference, digest)
    return reference


def _add_digest(parent: etree._Element, digest: bytes) -> None:
    _add(parent, "DigestMethod", Algorithm=_SHA256)
    _add(parent, "DigestValue").text = base64.b64encode(digest).decode()
