"""The XML-DSig `Signature` element of a packet, read only. Source: §8.2, §8.3, V-47.

A verdict about the bytes and the key in the packet; trust in the certificate is for the caller.
Written by hand on purpose: the profile allows one reference, two transforms, two algorithms.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils
from lxml import etree

from lienthong.core.edxml.lift import Lifted
from lienthong.core.edxml.shape import DSIG, NS
from lienthong.core.edxml.xml import Limits, children, namespace, parse_whole

_C14N = "http://www.w3.org/2001/10/xml-exc-c14n#"
_TRANSFORMS = [f"{DSIG}enveloped-signature", _C14N]
_SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
_RSA = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
_ECDSA = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"
RSA_BITS_MIN = 2048


class SignatureState(StrEnum):
    ABSENT = "ABSENT"
    PLACEHOLDER = "PLACEHOLDER"
    UNSUPPORTED = "UNSUPPORTED"
    INVALID = "INVALID"
    VALID = "VALID"
    VALID_UNTRUSTED = "VALID_UNTRUSTED"


@dataclass(frozen=True, slots=True)
class PacketSignature:
    """The verdict; `certificate` is DER, b"" when there is none that decodes."""

    state: SignatureState
    certificate: bytes = b""
    note: str = ""


ABSENT = PacketSignature(SignatureState.ABSENT)
Trusted = Callable[[bytes], bool]


def verify(
    lifted: Lifted,
    found: Sequence[etree._Element],
    limits: Limits,
    trusted: Trusted | None = None,
) -> PacketSignature:
    """Judge the packet's own signature. `trusted` gets the DER of the certificate.

    found: the `Signature` elements in the header. Verified on the bytes as received, so before any
    trace entry is added (§8.3.3).
    """
    if not found or not len(found[0]):
        return ABSENT
    certificate, parsed = _certificate(found[0])
    if parsed is None:
        return PacketSignature(SignatureState.PLACEHOLDER, note="chứng thư không giải mã được")
    try:
        _check_place(found[0])
        _verify_profile(lifted, limits, parsed)
    except _UnsupportedError as reason:
        return PacketSignature(SignatureState.UNSUPPORTED, certificate, str(reason))
    except (InvalidSignature, _BrokenError, binascii.Error, UnicodeEncodeError) as reason:
        return PacketSignature(SignatureState.INVALID, certificate, str(reason) or "chữ ký sai")
    good = trusted is not None and trusted(certificate)
    state = SignatureState.VALID if good else SignatureState.VALID_UNTRUSTED
    return PacketSignature(state, certificate)


def _check_place(signature: etree._Element) -> None:
    if namespace(signature) != DSIG:
        raise _UnsupportedError("sai không gian tên")
    if sum(1 for _ in signature.getroottree().iter(f"{{{DSIG}}}Signature")) != 1:
        raise _BrokenError("có nhiều chữ ký")


class _UnsupportedError(Exception):
    """An algorithm or a shape outside the profile."""


class _BrokenError(Exception):
    """Inside the profile, and wrong."""


def _certificate(signature: etree._Element) -> tuple[bytes, x509.Certificate | None]:
    element = signature.find(".//{*}X509Certificate")
    text = (element.text or "") if element is not None else ""
    try:
        der = base64.b64decode("".join(text.split()), validate=True)
        return der, x509.load_der_x509_certificate(der)
    except (binascii.Error, ValueError, TypeError, x509.InvalidVersion):
        return b"", None


def _verify_profile(lifted: Lifted, limits: Limits, certificate: x509.Certificate) -> None:
    root = parse_whole(lifted.markup, limits)
    signature = root.find(f"{{{NS}}}edXMLEnvelope/{{{NS}}}edXMLHeader/{{{DSIG}}}Signature")
    if signature is None:
        raise _UnsupportedError("chữ ký không ở đúng chỗ")
    info = _one(signature, "SignedInfo")
    if _algorithm(info, "CanonicalizationMethod") != _C14N:
        raise _UnsupportedError("cách chuẩn hóa lạ")
    reference = _one(info, "Reference")
    if reference.get("URI") != "":
        raise _UnsupportedError("chữ ký không phủ cả gói tin")
    transforms = [one.get("Algorithm") for one in children(_one(reference, "Transforms"))]
    if transforms != _TRANSFORMS or any(
        len(one) for one in children(_one(reference, "Transforms"))
    ):
        raise _UnsupportedError("phép biến đổi lạ")
    if _algorithm(reference, "DigestMethod") != _SHA256:
        raise _UnsupportedError("thuật toán băm lạ")
    signed_info = _canonical(info)
    value = _binary(_one(signature, "SignatureValue"))
    _check_key(certificate, _algorithm(info, "SignatureMethod"), value, signed_info)
    expected = _binary(_one(reference, "DigestValue"))
    _cut(signature)
    if _digest(_canonical(root.getroottree()), lifted) != expected:
        raise _BrokenError("nội dung đã thay đổi sau khi ký")


def _check_key(certificate: x509.Certificate, algorithm: str, value: bytes, signed: bytes) -> None:
    try:
        key = certificate.public_key()
    except (UnsupportedAlgorithm, ValueError) as error:
        raise _UnsupportedError("khóa công khai lạ") from error
    if algorithm == _RSA and isinstance(key, rsa.RSAPublicKey):
        if key.key_size < RSA_BITS_MIN:
            raise _UnsupportedError("khóa RSA quá ngắn")
        key.verify(value, signed, padding.PKCS1v15(), hashes.SHA256())
    elif algorithm == _ECDSA and isinstance(key, ec.EllipticCurvePublicKey):
        half = (key.key_size + 7) // 8
        if len(value) != 2 * half:
            raise _BrokenError("chữ ký sai độ dài")
        r, s = int.from_bytes(value[:half], "big"), int.from_bytes(value[half:], "big")
        key.verify(utils.encode_dss_signature(r, s), signed, ec.ECDSA(hashes.SHA256()))
    else:
        raise _UnsupportedError("thuật toán ký lạ")


def _canonical(node: etree._Element | etree._ElementTree) -> bytes:
    return etree.tostring(node, method="c14n", exclusive=True, with_comments=False)


def _digest(canonical: bytes, lifted: Lifted) -> bytes:
    """SHA-256 of the canonical form with each payload back in its place."""
    if not lifted.wires:
        return hashlib.sha256(canonical).digest()
    digest = hashlib.sha256()
    for position, piece in enumerate(canonical.split(lifted.mark.encode())):
        if position % 2 == 0:
            digest.update(piece)
            continue
        for text in _with_plain_line_ends(lifted.texts[int(piece)]()):
            digest.update(text)
    return digest.digest()


def _with_plain_line_ends(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """As an XML reader passes a text on: CR LF and CR are LF."""
    held = b""
    for piece in pieces:
        text = held + piece
        held = b"\r" if text.endswith(b"\r") else b""
        text = text.removesuffix(b"\r")
        yield text.replace(b"\r\n", b"\n").replace(b"\r", b"\n") if b"\r" in text else text
    if held:
        yield b"\n"


def _cut(signature: etree._Element) -> None:
    """Remove the element and keep the text after it, as the enveloped transform does."""
    parent = signature.getparent()
    if parent is None:
        raise _UnsupportedError("chữ ký không ở đúng chỗ")
    tail = signature.tail or ""
    before = signature.getprevious()
    if before is not None:
        before.tail = (before.tail or "") + tail
    else:
        parent.text = (parent.text or "") + tail
    signature.tail = None
    parent.remove(signature)


def _one(parent: etree._Element, name: str) -> etree._Element:
    found = [e for e in children(parent) if e.tag == f"{{{DSIG}}}{name}"]
    if len(found) != 1:
        raise _UnsupportedError(f"cần đúng một {name}")
    return found[0]


def _algorithm(parent: etree._Element, name: str) -> str:
    return _one(parent, name).get("Algorithm") or ""


def _binary(element: etree._Element) -> bytes:
    return base64.b64decode("".join((element.text or "").split()), validate=True)
