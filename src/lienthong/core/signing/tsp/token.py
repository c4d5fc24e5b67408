"""What a time-stamp token says, read strictly, and whether it holds in itself.

Nothing here needs trust: whom to believe is a matter of `check`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

from asn1crypto import core
from asn1crypto import tsp as asn1_tsp
from cryptography import x509
from cryptography.exceptions import InvalidSignature

from lienthong.core.signing import cms, der, policy
from lienthong.core.signing.tsp.messages import HASHES, SIZES, VERSION

TIME_STAMPING = x509.ObjectIdentifier("1.3.6.1.5.5.7.3.8")


@dataclass(frozen=True, slots=True)
class Token:
    """What a TimeStampToken says. Nothing in it has been believed yet."""

    data: bytes
    signed: cms.SignedCMS
    policy: str
    algorithm: str
    imprint: bytes
    serial: int
    at: datetime
    nonce: int | None


def parse_token(data: bytes) -> Token:
    """Read a TimeStampToken strictly. Raises cms.CMSInvalid (R16, R54)."""
    from lienthong.core.signing.fast.signed_data import (  # noqa: PLC0415  (it imports this module)
        read_token,
    )

    signed = read_token(data)
    content = signed.content or b""
    try:
        return _usual_info(data, signed, content) or any_info(data, signed, content)
    except cms.CMSInvalid:
        raise
    except (ValueError, TypeError, KeyError, OverflowError) as error:
        raise cms.CMSInvalid(f"nội dung dấu thời gian sai ({error})"[:160]) from error


def any_info(data: bytes, signed: cms.SignedCMS, content: bytes) -> Token:
    """The TSTInfo by the general decoder."""
    der.check_strict(content)
    info = asn1_tsp.TSTInfo.load(content, strict=True)
    imprint = info["message_imprint"]
    if info["version"].native != "v1":
        raise cms.CMSInvalid("dấu thời gian sai phiên bản")
    at = info["gen_time"].native
    if at.tzinfo is None:
        raise cms.CMSInvalid("thời gian trong dấu thời gian không có múi giờ")
    return Token(
        data=data,
        signed=signed,
        policy=info["policy"].dotted,
        algorithm=imprint["hash_algorithm"]["algorithm"].native,
        imprint=imprint["hashed_message"].native,
        serial=info["serial_number"].native,
        at=at,
        nonce=info["nonce"].native,
    )


_USUAL_TIME = re.compile(rb"(\d{14})(?:\.(\d{1,6}))?Z")


def _usual_info(data: bytes, signed: cms.SignedCMS, content: bytes) -> Token | None:
    """The TSTInfo as we write it and most authorities do; None for any other shape."""
    members = der.members(content)
    is_one = len(members) == 1 and members[0][0] == der.SEQUENCE
    parts = der.members(members[0][1]) if is_one else []
    tags = bytes(tag for tag, _, _ in parts)
    if tags not in {_USUAL_TAGS, _USUAL_TAGS[:-1]} or parts[0][2] != VERSION:
        return None
    der.check_strict(parts[5][2])
    found = _USUAL_TIME.fullmatch(parts[4][1])
    identifier, value = der.members(parts[2][1])
    name = der.members(identifier[1])
    algorithm = HASHES.get(name[0][2], "")
    whole = len(name) == 1 or (len(name) == 2 and name[1][2] == der.NULL)
    nonce = parts[6][1] if len(parts) == 7 else None
    numbers = [one for one in (parts[3][1], nonce) if one is not None]
    if (
        found is None
        or not whole
        or value[0] != der.OCTETS
        or len(value[1]) != SIZES.get(algorithm)
        or any(der.integer(int.from_bytes(one, "big", signed=True))[2:] != one for one in numbers)
    ):
        return None
    at = datetime.strptime(found[1].decode(), "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    fraction = int((found[2] or b"0").ljust(6, b"0"))
    return Token(
        data=data,
        signed=signed,
        policy=_dotted(parts[1][2]),
        algorithm=algorithm,
        imprint=value[1],
        serial=int.from_bytes(parts[3][1], "big", signed=True),
        at=at.replace(microsecond=fraction),
        nonce=None if nonce is None else int.from_bytes(nonce, "big", signed=True),
    )


# version, policy, imprint, serial, time, accuracy, nonce
_USUAL_TAGS = bytes((0x02, 0x06, 0x30, 0x02, 0x18, 0x30, 0x02))


@lru_cache(maxsize=256)
def _dotted(oid: bytes) -> str:
    return str(core.ObjectIdentifier.load(oid).dotted)


Fault = tuple[str, str]  # sub-indication and Vietnamese reason
_NO_FAULT: Fault = ("", "")


def token_fault(token: Token, digest_of: Callable[[str], bytes]) -> Fault:
    """Why a token does not hold in itself; two empty texts when it does.

    Looks at the imprint (R49), the certificate named in it, its use (R50) and the signature: all
    that needs no trust. digest_of: the digest of the stamped bytes by algorithm name.
    """
    if token.algorithm not in SIZES:
        return "CRYPTO_CONSTRAINTS_FAILURE", f"thuật toán băm {token.algorithm} không được phép"
    if digest_of(token.algorithm) != token.imprint:
        return "HASH_FAILURE", "dấu thời gian được cấp cho nội dung khác"
    if not token.signed.names_certificate:
        return "NO_SIGNING_CERTIFICATE_FOUND", "dấu thời gian không gắn với chứng thư của nơi cấp"
    if not is_stamping_certificate(token.signed.certificate):
        text = "chứng thư của nơi cấp không phải chỉ để cấp dấu thời gian"
        return "CHAIN_CONSTRAINTS_FAILURE", text
    return _signature_fault(token.signed)


def _signature_fault(signed: cms.SignedCMS) -> Fault:
    if signed.digest not in policy.DIGESTS:
        return "CRYPTO_CONSTRAINTS_FAILURE", f"thuật toán băm {signed.digest} không được phép"
    if hashlib.new(signed.digest, signed.content or b"").digest() != signed.message_digest:
        return "HASH_FAILURE", "nội dung dấu thời gian bị thay đổi"
    digest = hashlib.new(signed.algorithm.digest, signed.signed_attributes).digest()
    try:
        policy.verify(signed.certificate.public_key(), signed.algorithm, digest, signed.signature)
    except InvalidSignature:
        return "SIG_CRYPTO_FAILURE", "chữ ký trên dấu thời gian sai"
    except (policy.AlgorithmRefused, ValueError) as error:
        return "CRYPTO_CONSTRAINTS_FAILURE", str(error)
    return _NO_FAULT


def is_stamping_certificate(certificate: x509.Certificate) -> bool:
    """Whether its extended use is time-stamping, critical and alone (RFC 3161 2.3, R50)."""
    try:
        found = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except (x509.ExtensionNotFound, ValueError):
        return False
    signs = usage.digital_signature or usage.content_commitment
    return found.critical and list(found.value) == [TIME_STAMPING] and signs
