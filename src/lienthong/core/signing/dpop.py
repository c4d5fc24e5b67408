"""DPoP (RFC 9449): a proof that whoever uses an access token holds the key it was given to.

The one place where a key comes inside a message: it is believed only as far as the token names its
thumbprint (RFC 7638). ES256 only.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec

from lienthong.core.signing.canonical import canonical_json
from lienthong.core.signing.jws import raw_signature, strict_object, verify_raw
from lienthong.core.signing.problems import JWSInvalid

TYPE = "dpop+jwt"
PROOF_SIZE_MAX = 4096
AGE_MAX = timedelta(minutes=5)
_HEADER = {"typ", "alg", "jwk"}


class ProofInvalid(ValueError):  # noqa: N818
    """The proof does not hold. The text is English: it goes to another program."""


@dataclass(frozen=True, slots=True)
class Proof:
    """A proof that holds: the key's thumbprint, and an id that must not come twice."""

    thumbprint: str
    id: str
    issued_at: datetime


def thumbprint(key: ec.EllipticCurvePublicKey) -> str:
    """The JWK thumbprint of a P-256 key, base64url."""
    return _encode(hashlib.sha256(canonical_json(_jwk(key))).digest())


def make_proof(
    key: ec.EllipticCurvePrivateKey, method: str, url: str, *, token: str = "", at: datetime
) -> str:
    """The proof for one request. url: without query. token: the access token that goes along."""
    header = {"typ": TYPE, "alg": "ES256", "jwk": _jwk(key.public_key())}
    payload: dict[str, Any] = {
        "jti": secrets.token_urlsafe(16),
        "htm": method,
        "htu": url,
        "iat": int(at.timestamp()),
    }
    if token:
        payload["ath"] = _hash(token)
    body = f"{_encode(canonical_json(header))}.{_encode(canonical_json(payload))}"
    return f"{body}.{_encode(raw_signature(key, hashlib.sha256(body.encode()).digest()))}"


def check_proof(proof: str, method: str, url: str, *, token: str = "", at: datetime) -> Proof:
    """Check a proof for one request. The caller compares thumbprint and id. Raises ProofInvalid."""
    parts = proof.split(".")
    if len(proof) > PROOF_SIZE_MAX or len(parts) != 3 or not proof.isascii():
        raise ProofInvalid("malformed proof")
    try:
        header = strict_object(_decode(parts[0]), "header")
        payload = strict_object(_decode(parts[1]), "payload")
        key = _key(header)
        verify_raw(
            key, hashlib.sha256(f"{parts[0]}.{parts[1]}".encode()).digest(), _decode(parts[2])
        )
    except InvalidSignature as error:
        raise ProofInvalid("bad signature") from error
    except (JWSInvalid, ValueError, KeyError, TypeError) as error:
        raise ProofInvalid("malformed proof") from error
    _check_claims(payload, method, url, token, at)
    return Proof(thumbprint(key), payload["jti"], datetime.fromtimestamp(payload["iat"], tz=UTC))


def _check_claims(payload: dict[str, Any], method: str, url: str, token: str, at: datetime) -> None:
    name, issued = payload.get("jti"), payload.get("iat")
    if not isinstance(name, str) or not 8 <= len(name) <= 128 or type(issued) is not int:
        raise ProofInvalid("missing jti or iat")
    if (payload.get("htm"), payload.get("htu")) != (method, url):
        raise ProofInvalid("proof is for another request")
    if abs(at.timestamp() - issued) > AGE_MAX.total_seconds():
        raise ProofInvalid("proof is too old, or from the future")
    if payload.get("ath") != (_hash(token) if token else None):
        raise ProofInvalid("proof is for another token")


def _key(header: dict[str, Any]) -> ec.EllipticCurvePublicKey:
    if set(header) != _HEADER or header["typ"] != TYPE or header["alg"] != "ES256":
        raise ProofInvalid("header not allowed")
    jwk = header["jwk"]
    if set(jwk) != {"kty", "crv", "x", "y"} or (jwk["kty"], jwk["crv"]) != ("EC", "P-256"):
        raise ProofInvalid("key not allowed")
    point = b"\x04" + _decode(jwk["x"]) + _decode(jwk["y"])
    return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)


def _jwk(key: ec.EllipticCurvePublicKey) -> dict[str, Any]:
    numbers = key.public_numbers()
    x, y = (_encode(part.to_bytes(32, "big")) for part in (numbers.x, numbers.y))
    return {"kty": "EC", "crv": "P-256", "x": x, "y": y}


def _hash(token: str) -> str:
    return _encode(hashlib.sha256(token.encode()).digest())


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    try:
        data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error as error:
        raise ProofInvalid("bad base64") from error
    if _encode(data) != text:
        raise ProofInvalid("bad base64")
    return data
