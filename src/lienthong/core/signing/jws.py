"""Signed JSON: JWS compact over canonical JSON (SG 5.4, 7.7). Receipts and registrations use it.

A P-256 key signs with ES256, an RSA key with PS256; nothing else is read (R58).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.serialization import Encoding

from lienthong.core.signing.authority import RECEIPT_SIGNING
from lienthong.core.signing.canonical import canonical_json
from lienthong.core.signing.cms import UNREADABLE
from lienthong.core.signing.evidence import NO_EVIDENCE, Evidence
from lienthong.core.signing.keys import PREHASHED, DigestSigner, verify_digest
from lienthong.core.signing.poe import Poe, PoeKind
from lienthong.core.signing.problems import JWSInvalid
from lienthong.core.signing.report import Findings, Indication, SignatureReport
from lienthong.core.signing.trust import Trust
from lienthong.core.signing.validate import Context, Purpose, check_signer_at, signer_card

RECEIPT_TYPE = "egov-receipt+jws"
JWS_FIELD = "JWS"
TOKEN_SIZE_MAX_BYTES = 256 * 1024
_HEADER_NAMES = {"alg", "typ", "x5t#S256", "x5c", "sigT", "crit"}
_ALGORITHMS = {"ES256", "PS256"}
_ECDSA = ec.ECDSA(PREHASHED)
_RECEIPT = Purpose(frozenset({RECEIPT_SIGNING}), False, "ký biên nhận")


@dataclass(frozen=True, slots=True)
class JWS:
    """A token taken apart; nothing in it has been believed yet."""

    header: dict[str, Any]
    payload: dict[str, Any]
    payload_bytes: bytes
    signing_input: bytes
    signature: bytes
    certificate: x509.Certificate | None

    @property
    def signed_at(self) -> datetime:
        return datetime.fromisoformat(self.header["sigT"])


def sign_jws(
    payload: Mapping[str, Any],
    *,
    key: ec.EllipticCurvePrivateKey | DigestSigner,
    certificate: x509.Certificate | None = None,
    at: datetime,
    typ: str = RECEIPT_TYPE,
) -> str:
    """Sign `payload` and return the compact token; the certificate travels in x5c.

    An EC key (P-256) signs with ES256, an RSA key with PS256.
    """
    if certificate is None:
        if isinstance(key, ec.EllipticCurvePrivateKey):
            raise ValueError("a bare key needs its certificate")
        certificate = key.certificate
    named = _named(certificate)
    header = {
        "alg": named.alg,
        "typ": typ,
        "x5t#S256": named.thumbprint,
        "x5c": [named.der_text],
        "sigT": at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "crit": ["sigT"],
    }
    body = f"{_encode(canonical_json(header))}.{_encode(canonical_json(payload))}"
    digest = hashlib.sha256(body.encode()).digest()
    if named.alg == "PS256" and isinstance(key, DigestSigner):
        return f"{body}.{_encode(key.sign_digest(digest))}"
    return f"{body}.{_encode(raw_signature(key, digest))}"


@dataclass(frozen=True, slots=True)
class _Named:
    """What a token says about the certificate of its signer."""

    alg: str
    thumbprint: str
    der_text: str


@lru_cache(maxsize=64)
def _named(certificate: x509.Certificate) -> _Named:
    own = certificate.public_bytes(Encoding.DER)
    return _Named(
        "PS256" if isinstance(certificate.public_key(), rsa.RSAPublicKey) else "ES256",
        _encode(hashlib.sha256(own).digest()),
        base64.b64encode(own).decode(),
    )


def raw_signature(key: ec.EllipticCurvePrivateKey | DigestSigner, digest: bytes) -> bytes:
    """A P-256 signature over a digest as r ‖ s of 64 bytes."""
    if isinstance(key, ec.EllipticCurvePrivateKey):
        signature = key.sign(digest, _ECDSA)
    else:
        signature = key.sign_digest(digest)
    r, s = decode_dss_signature(signature)
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def verify_raw(key: object, digest: bytes, signature: bytes) -> None:
    """Check r ‖ s over a digest. Raises cryptography's InvalidSignature."""
    if not isinstance(key, ec.EllipticCurvePublicKey) or key.curve.name != "secp256r1":
        raise InvalidSignature("not a P-256 key")
    if len(signature) != 64:
        raise InvalidSignature("not 64 bytes")
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    key.verify(encode_dss_signature(r, s), digest, _ECDSA)


def read_jws(token: str) -> JWS:
    """Take a token apart, strictly. Raises JWSInvalid (R57, R58)."""
    if len(token) > TOKEN_SIZE_MAX_BYTES:
        raise JWSInvalid(detail="quá lớn")
    parts = token.split(".")
    if len(parts) != 3 or not token.isascii():
        raise JWSInvalid(detail="không phải JWS dạng gọn")
    header = strict_object(_decode(parts[0]), "phần đầu")
    payload_bytes = _decode(parts[1])
    payload = strict_object(payload_bytes, "nội dung")
    if not isinstance(header.get("alg"), str) or header["alg"] not in _ALGORITHMS:
        raise JWSInvalid(detail="thuật toán không được phép")
    if set(header) - _HEADER_NAMES:
        raise JWSInvalid(detail="phần đầu có tham số lạ")
    if header.get("crit") != ["sigT"] or not isinstance(header.get("sigT"), str):
        raise JWSInvalid(detail="phần đầu thiếu thời điểm ký")
    try:
        signed_at = datetime.fromisoformat(header["sigT"])
        canonical = canonical_json(payload)
    except ValueError as error:
        raise JWSInvalid(detail="thời điểm ký hoặc nội dung không đúng dạng") from error
    if signed_at.tzinfo is None:
        raise JWSInvalid(detail="thời điểm ký thiếu múi giờ")
    if canonical != payload_bytes:
        raise JWSInvalid(detail="nội dung không ở dạng JSON chuẩn tắc")
    certificate = _certificate(header)
    signing_input = f"{parts[0]}.{parts[1]}".encode()
    return JWS(header, payload, payload_bytes, signing_input, _decode(parts[2]), certificate)


def verify_jws(
    token: str,
    *,
    public_key: ec.EllipticCurvePublicKey | None = None,
    trust: Trust | None = None,
    at: datetime | None = None,
    typ: str = RECEIPT_TYPE,
    purpose: Purpose = _RECEIPT,
) -> dict[str, Any]:
    """Verify a token and return its payload. Raises JWSInvalid.

    Either by a known `public_key`, or by the certificate in the token against `trust` at `at`: it
    must be for `purpose` (an axis' receipts unless said otherwise), and its path and revocation
    must hold; "unknown" is a refusal.
    """
    found = read_jws(token)
    if found.header.get("typ") != typ:
        raise JWSInvalid(detail="loại biên nhận không đúng")
    key: object = public_key
    if public_key is None:
        if trust is None or at is None or found.certificate is None:
            raise JWSInvalid(detail="không có khóa hoặc chứng thư để kiểm tra")
        key = found.certificate.public_key()
    try:
        _verify(found, key)
    except InvalidSignature as error:
        raise JWSInvalid(detail="chữ ký sai") from error
    if public_key is None and trust is not None and at is not None:
        _check_certificate(found, purpose, trust, at)
    return found.payload


def _verify(found: JWS, key: object) -> None:
    """Check the signature by the algorithm of the key, which the header must name (R58)."""
    digest = hashlib.sha256(found.signing_input).digest()
    if found.header["alg"] == "ES256":
        verify_raw(key, digest, found.signature)
    elif isinstance(key, rsa.RSAPublicKey):
        verify_digest(key, digest, found.signature)
    else:
        raise InvalidSignature("not an RSA key")


def _check_certificate(found: JWS, purpose: Purpose, trust: Trust, at: datetime) -> None:
    report = report_jws(found, purpose=purpose, trust=trust, at=at)
    if report.indication is not Indication.PASSED:
        texts = [check.text for check in report.checks if check.ok is not True]
        raise JWSInvalid(detail=" ".join(texts)[:300])


def report_jws(
    found: JWS,
    *,
    trust: Trust,
    at: datetime,
    purpose: Purpose = _RECEIPT,
    best: Poe | None = None,
    evidence: Evidence = NO_EVIDENCE,
) -> SignatureReport:
    """Judge a token by the certificate it carries, as a signature of a document is judged.

    best: when the token is proved to have existed, if anything proves it. evidence: what to look at
    beside the trust. Its type is the caller's to look at. Never raises for a bad signature.
    """
    findings = Findings()
    if found.certificate is None:
        text = "Chữ ký không mang theo chứng thư của người ký."
        findings.unknown("signing_certificate", "NO_SIGNING_CERTIFICATE_FOUND", text)
        return SignatureReport(
            JWS_FIELD,
            findings.indication,
            findings.sub_indication,
            None,
            found.signed_at,
            True,
            tuple(findings.checks),
        )
    try:
        _verify(found, found.certificate.public_key())
    except InvalidSignature:
        text = "Chữ ký không phải do khóa bí mật của chứng thư này tạo ra."
        findings.failed("signature", "SIG_CRYPTO_FAILURE", text)
    else:
        findings.good("signature", "Nội dung không thay đổi kể từ khi ký.")
    path = check_signer_at(
        found.certificate,
        others=(),
        purpose=purpose,
        claimed_at=found.signed_at,
        context=Context(trust, at, evidence),
        best=best or Poe(at, PoeKind.CHECK),
        findings=findings,
    )
    return SignatureReport(
        JWS_FIELD,
        findings.indication,
        findings.sub_indication,
        signer_card(found.certificate, path.way),
        found.signed_at,
        True,
        tuple(findings.checks),
    )


def _certificate(header: Mapping[str, Any]) -> x509.Certificate | None:
    """The certificate in x5c; it must be the one that x5t#S256 names."""
    chain = header.get("x5c")
    if chain is None:
        return None
    if not isinstance(chain, Sequence) or isinstance(chain, str) or not 1 <= len(chain) <= 6:
        raise JWSInvalid(detail="x5c không đúng dạng")
    try:
        data = base64.b64decode(chain[0], validate=True)
        certificate = x509.load_der_x509_certificate(data)
        _ = certificate.subject, certificate.extensions  # readable, or refused here
        certificate.public_key()
    except (*UNREADABLE, UnsupportedAlgorithm, binascii.Error) as error:
        raise JWSInvalid(detail="x5c không chứa chứng thư") from error
    if header.get("x5t#S256") != _encode(hashlib.sha256(data).digest()):
        raise JWSInvalid(detail="x5t#S256 không khớp chứng thư")
    return certificate


def strict_object(data: bytes, what: str) -> dict[str, Any]:
    """Parse one JSON object; names come once, no NaN. Raises JWSInvalid."""

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        if len({name for name, _ in items}) != len(items):
            raise ValueError("duplicate name")
        return dict(items)

    def refuse(text: str) -> Any:
        raise ValueError(text)

    try:
        value = json.loads(data.decode("utf-8"), object_pairs_hook=pairs, parse_constant=refuse)
    except (ValueError, RecursionError) as error:
        raise JWSInvalid(detail=f"{what} không phải JSON hợp lệ") from error
    if not isinstance(value, dict):
        raise JWSInvalid(detail=f"{what} không phải một đối tượng JSON")
    return value


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    try:
        data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (ValueError, binascii.Error) as error:
        raise JWSInvalid(detail="base64 sai") from error
    if _encode(data) != text:
        raise JWSInvalid(detail="base64 sai")
    return data
