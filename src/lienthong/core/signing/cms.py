"""CMS SignedData, detached: written byte by byte, read strictly (SG 5.2, 5.3, 7.2 blocks 1-4).

Written: one SignerInfo by issuer and serial; signed attributes content-type, message-digest,
signing-certificate-v2, and signing-time for packets only; certificates without the root.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from asn1crypto import algos, cms, core, tsp
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding

from lienthong.core.signing import der
from lienthong.core.signing.identity import by_identity
from lienthong.core.signing.keys import DigestSigner
from lienthong.core.signing.policy import DIGESTS, Algorithm

CMS_SIZE_MAX_BYTES = 512 * 1024
CERTIFICATES_MAX = 50
LISTED_MAX = 100  # attributes, digests: each costs time before anything is believed (R42)

DATA = der.oid("1.2.840.113549.1.7.1")
TST_INFO = der.oid("1.2.840.113549.1.9.16.1.4")
SIGNED_DATA = der.oid("1.2.840.113549.1.7.2")
CONTENT_TYPE = der.oid("1.2.840.113549.1.9.3")
MESSAGE_DIGEST = der.oid("1.2.840.113549.1.9.4")
SIGNING_TIME = der.oid("1.2.840.113549.1.9.5")
SIGNING_CERTIFICATE_V2 = der.oid("1.2.840.113549.1.9.16.2.47")
SIGNATURE_TIMESTAMP = der.oid("1.2.840.113549.1.9.16.2.14")
SHA256_ID = der.sequence(der.oid("2.16.840.1.101.3.4.2.1"))
_SHA256_NULL = der.sequence(der.oid("2.16.840.1.101.3.4.2.1"), der.NULL)
_MGF1_SHA256 = der.sequence(der.oid("1.2.840.113549.1.1.8"), _SHA256_NULL)
PSS_ID = der.sequence(
    der.oid("1.2.840.113549.1.1.10"),
    der.sequence(
        der.tlv(0xA0, _SHA256_NULL), der.tlv(0xA1, _MGF1_SHA256), der.tlv(0xA2, der.integer(32))
    ),
)
ECDSA_SHA256_ID = der.sequence(der.oid("1.2.840.10045.4.3.2"))
_VERSION_1 = der.integer(1)
_SHA256_SET = der.set_of(SHA256_ID)
_DETACHED = der.sequence(DATA)

_VERSIONS = {"v1", "v3", "v4", "v5"}  # of SignedData (RFC 5652 5.1); the SignerInfo is version 1
# The attributes that must not come twice, and the only ones we give a meaning to.
_ATTRIBUTES_ONCE = ("content_type", "message_digest", "signing_time", "signing_certificate_v2")


# What cryptography raises for certificates that are not well-formed.
UNREADABLE = (
    ValueError,
    TypeError,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)


class CMSInvalid(ValueError):  # noqa: N818
    """The bytes are no signature of the accepted shape. The text is Vietnamese."""


def build(
    signer: DigestSigner,
    digest: bytes,
    *,
    signing_time: datetime | None = None,
    stamp: Callable[[bytes], bytes] | None = None,
) -> bytes:
    """Sign the SHA-256 `digest` of some content; return the CMS in DER, content not inside.

    stamp: makes a time-stamp token over a SHA-256 digest; it is given that of the signature value,
    and its token becomes the unsigned attribute signature-time-stamp. An empty token: none.
    """
    fixed = _fixed(signer.certificate, tuple(signer.chain))
    attributes = [
        attribute(CONTENT_TYPE, DATA),
        attribute(MESSAGE_DIGEST, der.octets(digest)),
        fixed.signing_certificate,
    ]
    if signing_time is not None:
        attributes.append(attribute(SIGNING_TIME, der.time(signing_time)))
    signed = der.set_of(*attributes)
    signature = signer.sign_digest(hashlib.sha256(signed).digest())
    token = stamp(hashlib.sha256(signature).digest()) if stamp else b""
    info = der.sequence(
        _VERSION_1,
        fixed.identifier,
        SHA256_ID,
        b"\xa0" + signed[1:],
        fixed.algorithm,
        der.octets(signature),
        unsigned_timestamp(token) if token else b"",
    )
    body = der.sequence(_VERSION_1, _SHA256_SET, _DETACHED, fixed.certificates, der.set_of(info))
    return der.sequence(SIGNED_DATA, der.tlv(0xA0, body))


@dataclass(frozen=True, slots=True)
class _Fixed:
    """The parts of a signature that are the same each time, in DER (SG 11.2)."""

    identifier: bytes
    signing_certificate: bytes
    certificates: bytes
    algorithm: bytes


@by_identity
def _fixed(certificate: x509.Certificate, chain: tuple[x509.Certificate, ...]) -> _Fixed:
    own = certificate.public_bytes(Encoding.DER)
    issuers = [one.public_bytes(Encoding.DER) for one in chain]
    is_rsa = isinstance(certificate.public_key(), rsa.RSAPublicKey)
    return _Fixed(
        identifier=issuer_and_serial(certificate),
        signing_certificate=attribute(SIGNING_CERTIFICATE_V2, signing_certificate(own)),
        certificates=der.tlv(0xA0, b"".join(sorted([own, *issuers]))),
        algorithm=PSS_ID if is_rsa else ECDSA_SHA256_ID,
    )


def unsigned_timestamp(token: bytes) -> bytes:
    """The unsigned attributes of a SignerInfo: one signature-time-stamp."""
    return der.tlv(0xA1, attribute(SIGNATURE_TIMESTAMP, token))


def with_timestamp(data: bytes, token: bytes) -> bytes:
    """A signature that has no unsigned attributes yet, with a time-stamp put in.

    data: DER, zero bytes after it allowed. Raises CMSInvalid.
    """
    try:
        end = der.check_strict(data, trailing_zeros=True)
        kind, content = der.members(der.members(data[:end])[0][1])
        body = [whole for _, _, whole in der.members(der.members(content[1])[0][1])]
        info = [
            whole for _, _, whole in der.members(der.members(der.members(body[-1])[0][1])[0][1])
        ]
    except (der.NotDER, IndexError, ValueError) as error:
        raise CMSInvalid("không bổ sung được dấu thời gian vào chữ ký") from error
    if info[-1][0] == 0xA1:
        raise CMSInvalid("chữ ký đã có thuộc tính không ký")
    body[-1] = der.tlv(der.SET, der.sequence(*info, unsigned_timestamp(token)))
    return der.sequence(kind[2], der.tlv(0xA0, der.sequence(*body)))


def attribute(kind: bytes, value: bytes) -> bytes:
    return der.sequence(kind, der.set_of(value))


def signing_certificate(own: bytes) -> bytes:
    """ESSCertIDv2 with the default digest, SHA-256 (RFC 5035)."""
    one = der.sequence(der.octets(hashlib.sha256(own).digest()))
    return der.sequence(der.sequence(one))


def issuer_and_serial(certificate: x509.Certificate) -> bytes:
    """IssuerAndSerialNumber with the issuer's bytes as they stand in the certificate."""
    from asn1crypto.x509 import Certificate  # noqa: PLC0415  (the name is taken above)

    parsed = Certificate.load(certificate.public_bytes(Encoding.DER))
    return der.sequence(parsed.issuer.dump(), der.integer(certificate.serial_number))


@dataclass(frozen=True, slots=True)
class SignedCMS:
    """What one detached signature says. Nothing in it has been believed yet."""

    certificate: x509.Certificate
    others: tuple[x509.Certificate, ...]
    algorithm: Algorithm
    signed_attributes: bytes  # the SET OF as it was signed
    signature: bytes
    message_digest: bytes
    digest: str
    signing_time: datetime | None
    names_certificate: bool  # signing-certificate(-v2) is there and is this certificate
    timestamps: tuple[bytes, ...]  # tokens of unsigned attributes, DER
    content: bytes | None = None  # what stands inside, for time-stamp tokens only


def parse(data: bytes, *, trailing_zeros: bool = False, content_type: str = "data") -> SignedCMS:
    """Read one detached signature. Raises CMSInvalid (R5-R9, R11, R12, R16, R18).

    content_type: "tst_info" reads a time-stamp token, whose content is inside it.
    """
    if len(data) > CMS_SIZE_MAX_BYTES:
        raise CMSInvalid("chữ ký có dung lượng quá lớn")
    try:
        end = der.check_strict(data, trailing_zeros=trailing_zeros)
        content_info = cms.ContentInfo.load(data[:end], strict=True)
        if content_info["content_type"].native != "signed_data":
            raise CMSInvalid("chữ ký không phải CMS SignedData")
        return _read(content_info["content"], content_type)
    except CMSInvalid:
        raise
    except (ValueError, TypeError, KeyError, OverflowError) as error:
        # asn1crypto and our DER check report malformed input with these.
        raise CMSInvalid(f"cấu trúc CMS sai ({error})"[:160]) from error


def _read(body: cms.SignedData, content_type: str) -> SignedCMS:
    content = _content(body["encap_content_info"], content_type)
    infos = body["signer_infos"]
    if len(infos) != 1:
        raise CMSInvalid("chữ ký phải có đúng một người ký")
    info = infos[0]
    if body["version"].native not in _VERSIONS or info["version"].native != "v1":
        raise CMSInvalid("phiên bản của chữ ký không đúng quy định")
    attributes = info["signed_attrs"]
    if not isinstance(attributes, cms.CMSAttributes) or not len(attributes):
        raise CMSInvalid("chữ ký không có thuộc tính được ký")
    _check_counts(attributes, info["unsigned_attrs"], body["digest_algorithms"])
    members = [bytes(attribute.dump()) for attribute in attributes]
    if members != sorted(members):
        raise CMSInvalid("các thuộc tính được ký không theo thứ tự DER")
    values = _attribute_values(attributes)
    if values.get("content_type") is None or values["content_type"].native != content_type:
        raise CMSInvalid("thuộc tính content-type sai")
    if values.get("message_digest") is None:
        raise CMSInvalid("thiếu thuộc tính message-digest")
    certificate, others = _certificates(body, info["sid"])
    digest = info["digest_algorithm"]["algorithm"].native
    if digest not in {each["algorithm"].native for each in body["digest_algorithms"]}:
        raise CMSInvalid("thuật toán băm không có trong danh sách của chữ ký")
    signing_time = values["signing_time"].native if "signing_time" in values else None
    return SignedCMS(
        certificate=certificate,
        others=others,
        algorithm=_algorithm(info["signature_algorithm"], digest),
        signed_attributes=der.tlv(der.SET, b"".join(members)),
        signature=bytes(info["signature"].native),
        message_digest=bytes(values["message_digest"].native),
        digest=digest,
        signing_time=signing_time,
        names_certificate=_names_certificate(values.get("signing_certificate_v2"), certificate),
        timestamps=_timestamps(info["unsigned_attrs"]),
        content=content,
    )


def _check_counts(*lists: core.Asn1Value) -> None:
    """Raise CMSInvalid when a list of the message is longer than any real one (R42)."""
    if any(isinstance(one, core.SetOf) and len(one) > LISTED_MAX for one in lists):
        raise CMSInvalid("chữ ký có quá nhiều thuộc tính hoặc thuật toán")


def _content(encapsulated: cms.EncapsulatedContentInfo, content_type: str) -> bytes | None:
    """The content inside: none for a detached signature, the TSTInfo for a time-stamp."""
    found = encapsulated["content"]
    is_inside = isinstance(found, core.OctetString | core.ParsableOctetString)
    if encapsulated["content_type"].native != content_type:
        raise CMSInvalid(f"chữ ký không phải trên nội dung kiểu {content_type}")
    if is_inside != (content_type == "tst_info"):
        raise CMSInvalid("chữ ký phải tách rời, không chứa nội dung")
    return bytes(found) if is_inside else None


def _attribute_values(attributes: cms.CMSAttributes) -> dict[str, cms.Any]:
    values: dict[str, cms.Any] = {}
    for attribute in attributes:
        kind = attribute["type"].native
        if kind in values or (kind in _ATTRIBUTES_ONCE and len(attribute["values"]) != 1):
            raise CMSInvalid(f"thuộc tính {kind} lặp lại")
        values[kind] = attribute["values"][0] if len(attribute["values"]) else None
    return values


def _certificates(
    body: cms.SignedData, sid: cms.SignerIdentifier
) -> tuple[x509.Certificate, tuple[x509.Certificate, ...]]:
    """The certificate that the SignerIdentifier names, and the rest."""
    found = body["certificates"]
    if not isinstance(found, cms.CertificateSet) or len(found) > CERTIFICATES_MAX:
        raise CMSInvalid("thiếu chứng thư của người ký hoặc có quá nhiều chứng thư")
    if sid.name != "issuer_and_serial_number":
        raise CMSInvalid("người ký phải được chỉ bằng cơ quan cấp và số sê-ri")
    issuer, serial = sid.chosen["issuer"].dump(), sid.chosen["serial_number"].native
    own: list[x509.Certificate] = []
    others: list[x509.Certificate] = []
    for choice in found:
        if choice.name != "certificate":
            continue
        parsed = choice.chosen
        certificate = load_certificate(parsed.dump())
        is_own = parsed.serial_number == serial and parsed.issuer.dump() == issuer
        (own if is_own else others).append(certificate)
    if len(own) != 1:
        raise CMSInvalid("không tìm thấy chứng thư của người ký trong chữ ký")
    try:
        own[0].public_key()
    except (*UNREADABLE, UnsupportedAlgorithm) as error:
        raise CMSInvalid("khóa công khai trong chứng thư không dùng được") from error
    return own[0], tuple(others)


def load_certificate(data: bytes) -> x509.Certificate:
    """A certificate of which every part that is looked at later can be read."""
    try:
        certificate = x509.load_der_x509_certificate(data)
        _ = certificate.subject, certificate.issuer, certificate.extensions
    except UNREADABLE as error:
        raise CMSInvalid(f"chứng thư kèm theo sai cấu trúc ({error})"[:160]) from error
    return certificate


def _names_certificate(value: tsp.SigningCertificateV2 | None, own: x509.Certificate) -> bool:
    """Whether signing-certificate-v2 is there and its first entry is `own` (R9, R10).

    Raises CMSInvalid when it names another certificate.
    """
    if value is None:
        return False
    first = value["certs"][0]
    name = first["hash_algorithm"]["algorithm"].native
    if name not in DIGESTS:
        raise CMSInvalid(f"thuộc tính signing-certificate dùng thuật toán băm {name}")
    digest = hashlib.new(name, own.public_bytes(Encoding.DER)).digest()
    if digest != first["cert_hash"].native:
        raise CMSInvalid("thuộc tính signing-certificate chỉ một chứng thư khác")
    return True


# Signature algorithms that name their digest: by asn1crypto, or by identifier where it has no name.
_NAMED = {
    "sha1_rsa": Algorithm("rsassa_pkcs1v15", "sha1"),
    **{f"{one}_rsa": Algorithm("rsassa_pkcs1v15", one) for one in ("sha256", "sha384", "sha512")},
    **{f"{one}_ecdsa": Algorithm("ecdsa", one) for one in DIGESTS},
    "2.16.840.1.101.3.4.3.14": Algorithm("rsassa_pkcs1v15", "sha3_256"),
    "2.16.840.1.101.3.4.3.15": Algorithm("rsassa_pkcs1v15", "sha3_384"),
    "2.16.840.1.101.3.4.3.16": Algorithm("rsassa_pkcs1v15", "sha3_512"),
}


def _algorithm(found: algos.SignedDigestAlgorithm, digest: str) -> Algorithm:
    """The algorithm as the table names it; it must agree with the digest algorithm (R12, R15)."""
    name = found["algorithm"].native
    if name == "rsassa_pss":
        parameters = found["parameters"]
        mask = parameters["mask_gen_algorithm"]
        used = parameters["hash_algorithm"]["algorithm"].native
        if mask["algorithm"].native != "mgf1" or mask["parameters"]["algorithm"].native != used:
            raise CMSInvalid("tham số PSS sai")
        algorithm = Algorithm("rsassa_pss", used, int(parameters["salt_length"].native))
    elif name in {"rsassa_pkcs1v15", "ecdsa"}:
        return Algorithm(name, digest)
    elif name in _NAMED:
        algorithm = _NAMED[name]
    else:  # well formed, and without a row in the table of algorithms, which decides later
        return Algorithm(str(name), digest)
    if algorithm.digest != digest:
        raise CMSInvalid("thuật toán băm và thuật toán chữ ký không khớp")
    return algorithm


def _timestamps(attributes: Sequence[cms.CMSAttribute]) -> tuple[bytes, ...]:
    """The signature time-stamp tokens, not read yet: a bad one does not spoil the signature."""
    if not isinstance(attributes, cms.CMSAttributes):
        return ()
    return tuple(
        bytes(value.dump())
        for attribute in attributes
        if attribute["type"].native == "signature_time_stamp_token"
        for value in attribute["values"]
    )
