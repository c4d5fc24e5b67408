"""Names and keys of certificates as bytes: what CertIDs hash and what RFC 5280 7.1 compares."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import dsa, ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256, HashAlgorithm

from lienthong.core.signing import plain_names
from lienthong.core.signing.der import NotDER
from lienthong.core.signing.der_read import Reader
from lienthong.core.signing.identity import by_identity
from lienthong.core.signing.policy import RSA_SIZE_MAX, AlgorithmRefused, check_key

# A longer name is compared byte by byte only: preparing text takes time that grows with it.
NAME_SIZE_MAX_BYTES = 2048


VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")

# The library counts the 64 characters of X.520 in bytes: too few for Vietnamese names (A9).
warnings.filterwarnings("ignore", "Attribute's length must be", UserWarning)


@dataclass(frozen=True, slots=True)
class RawFields:
    """Parts of a certificate exactly as they are encoded in it."""

    serial: int  # may be negative: whether that is allowed is not judged here
    issuer: bytes
    subject: bytes
    key_info: bytes  # SubjectPublicKeyInfo
    key_bits: bytes  # the content of its BIT STRING, without the count of unused bits


@by_identity
def raw_fields(certificate: x509.Certificate) -> RawFields:
    """Read them. Raises NotDER (a ValueError)."""
    fields = Reader(certificate.tbs_certificate_bytes).enter(0x30)
    fields.skip(0xA0)
    serial = fields.integer()
    fields.enter(0x30)
    issuer = fields.whole()
    fields.enter(0x30)
    subject, key_info = fields.whole(), fields.whole()
    key = Reader(key_info).enter(0x30)
    key.enter(0x30)
    bits = key.content(0x03)
    if bits[:1] != b"\x00":
        raise NotDER("a key of broken bytes")
    return RawFields(serial, issuer, subject, key_info, bits[1:])


@lru_cache(maxsize=16384)
def name_key(der: bytes) -> bytes:
    """A form of a Name (DER) in which equal names are equal bytes (RFC 5280 7.1, RFC 4518).

    Letters' case, spaces and the kind of string do not count. A name that cannot be prepared is
    equal only to its own bytes.
    """
    if len(der) > NAME_SIZE_MAX_BYTES:
        return der
    attributes = plain_names.read(der)
    if attributes is not None and (text := plain_names.prepared(attributes)) is not None:
        return text.encode()
    try:
        return str(asn1_x509.Name.load(der, strict=True).hashable).encode()
    except (ValueError, TypeError, KeyError, UnicodeError):
        return der


def subject_key(certificate: x509.Certificate) -> bytes:
    """`name_key` of the subject."""
    return name_key(raw_fields(certificate).subject)


def issuer_key(certificate: x509.Certificate) -> bytes:
    """`name_key` of the issuer."""
    return name_key(raw_fields(certificate).issuer)


def is_signed_by(
    certificate: x509.Certificate, issuer: x509.Certificate, *, any_strength: bool = False
) -> bool:
    """Whether `issuer`'s name is the issuer of `certificate` and its key made the signature.

    any_strength: take keys and digests that the table of algorithms refuses too, but for MD5.
    """
    try:
        if issuer_key(certificate) != subject_key(issuer):
            return False
        verify_with(
            issuer.public_key(),
            certificate.signature,
            certificate.tbs_certificate_bytes,
            certificate.signature_hash_algorithm,
            certificate.signature_algorithm_parameters,
            any_strength=any_strength,
        )
    except (InvalidSignature, UnsupportedAlgorithm, AlgorithmRefused, ValueError, TypeError):
        return False
    return True


def verify_with(
    key: object,
    signature: bytes,
    signed: bytes,
    digest: HashAlgorithm | None,
    parameters: object,
    *,
    any_strength: bool,
) -> None:
    """Check the signature on a certificate or CRL.

    parameters: as cryptography tells them of the signed object. Raises InvalidSignature, or
    AlgorithmRefused and its relatives when the algorithm may not be used or does not fit the key.
    """
    if digest is None or digest.name == "md5" or (digest.name == "sha1" and not any_strength):
        raise AlgorithmRefused("thuật toán băm không an toàn")
    if not any_strength:
        check_key(key)
    if isinstance(key, rsa.RSAPublicKey) and key.key_size > RSA_SIZE_MAX:
        raise AlgorithmRefused("khóa RSA quá dài")
    if isinstance(key, rsa.RSAPublicKey) and isinstance(parameters, padding.PKCS1v15 | padding.PSS):
        key.verify(signature, signed, parameters, digest)
    elif isinstance(key, ec.EllipticCurvePublicKey) and isinstance(parameters, ec.ECDSA):
        key.verify(signature, signed, parameters)
    elif isinstance(key, dsa.DSAPublicKey) and any_strength and parameters is None:
        key.verify(signature, signed, digest)
    else:
        raise AlgorithmRefused("thuật toán trong chữ ký không khớp với loại khóa")


@by_identity
def common_name(certificate: x509.Certificate) -> str:
    """The CN, or the whole name when there is none; long names do not disturb."""
    try:
        names = certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    except ValueError:  # a kind of string that only the general decoder takes
        names = []
    if len(names) == 1 and names[0].value:
        return str(names[0].value)
    fields = subject_fields(certificate)
    return str(fields.get("common_name") or ", ".join(str(v) for v in fields.values()))


def subject_fields(certificate: x509.Certificate) -> dict[str, Any]:
    """The subject by attribute name, as asn1crypto calls them; a list where there are several."""
    attributes = plain_names.read(raw_fields(certificate).subject)
    if attributes is not None and len(fields := dict(attributes)) == len(attributes):
        return fields
    return dict(asn1_x509.Name.load(raw_fields(certificate).subject).native)


@by_identity
def fingerprint(certificate: x509.Certificate) -> bytes:
    """SHA-256 of the certificate, computed once."""
    return certificate.fingerprint(SHA256())


@lru_cache(maxsize=8192)
def local(moment: datetime | None) -> str:
    """A moment as people here read it: 21/11/2026 16:30:00."""
    return moment.astimezone(VIETNAM).strftime("%d/%m/%Y %H:%M:%S") if moment else "không rõ"
