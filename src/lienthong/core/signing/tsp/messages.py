"""Requests and answers of RFC 3161 in DER, and the reasons of a refusal (SG 3.7)."""

from __future__ import annotations

from dataclasses import dataclass

from asn1crypto import tsp as asn1_tsp

from lienthong.core.signing import der
from lienthong.core.signing.problems import TimestampNotMade

REQUEST_SIZE_MAX_BYTES = 4096
NONCE_MAX_BYTES = 32

VERSION = der.integer(1)
HASHES = {
    der.oid("2.16.840.1.101.3.4.2.1"): "sha256",
    der.oid("2.16.840.1.101.3.4.2.2"): "sha384",
    der.oid("2.16.840.1.101.3.4.2.3"): "sha512",
}
_OIDS = {name: oid for oid, name in HASHES.items()}
SIZES = {"sha256": 32, "sha384": 48, "sha512": 64}

# PKIFailureInfo, by bit.
BAD_ALGORITHM = "badAlg"
BAD_REQUEST = "badRequest"
BAD_FORMAT = "badDataFormat"
NO_TIME = "timeNotAvailable"
BAD_POLICY = "unacceptedPolicy"
BAD_EXTENSION = "unacceptedExtension"
FAILURE = "systemFailure"
_FAILURE_BITS = {
    BAD_ALGORITHM: 0,
    BAD_REQUEST: 2,
    BAD_FORMAT: 5,
    NO_TIME: 14,
    BAD_POLICY: 15,
    BAD_EXTENSION: 16,
    "addInfoNotAvailable": 17,
    FAILURE: 25,
}
_FAILURE_TEXTS = {
    BAD_ALGORITHM: "thuật toán băm không được chấp nhận",
    BAD_REQUEST: "yêu cầu không đúng quy định",
    BAD_FORMAT: "yêu cầu sai định dạng",
    NO_TIME: "nguồn thời gian không đủ tin cậy",
    BAD_POLICY: "chính sách dấu thời gian không được hỗ trợ",
    BAD_EXTENSION: "phần mở rộng không được hỗ trợ",
    FAILURE: "dịch vụ dấu thời gian tạm dừng",
}


class RequestRefused(ValueError):  # noqa: N818
    """The authority does not answer this request with a token; `failure` is a PKIFailureInfo."""

    def __init__(self, failure: str) -> None:
        super().__init__(failure)
        self.failure = failure


@dataclass(frozen=True, slots=True)
class TimestampRequest:
    """What is asked for. `imprint` is the MessageImprint in DER; nonce the INTEGER in DER."""

    algorithm: str
    digest: bytes
    imprint: bytes
    policy: bytes
    nonce: bytes
    wants_certificate: bool


def build_request(
    digest: bytes,
    *,
    algorithm: str = "sha256",
    nonce: int | None = None,
    policy_oid: str = "",
    wants_certificate: bool = True,
) -> bytes:
    """A TimeStampReq over a digest, in DER."""
    return der.sequence(
        VERSION,
        _imprint(algorithm, digest),
        der.oid(policy_oid) if policy_oid else b"",
        der.integer(nonce) if nonce is not None else b"",
        b"\x01\x01\xff" if wants_certificate else b"",
    )


def _imprint(algorithm: str, digest: bytes) -> bytes:
    return der.sequence(der.sequence(_OIDS[algorithm]), der.octets(digest))


def read_request(data: bytes) -> TimestampRequest:
    """Read a TimeStampReq strictly. Raises RequestRefused."""
    if len(data) > REQUEST_SIZE_MAX_BYTES:
        raise RequestRefused(BAD_REQUEST)
    try:
        outer = der.members(data)
        if len(outer) != 1 or outer[0][0] != der.SEQUENCE:
            raise RequestRefused(BAD_FORMAT)
        parts = der.members(outer[0][1])
        return _read_parts(parts)
    except (der.NotDER, IndexError) as error:
        raise RequestRefused(BAD_FORMAT) from error


def _read_parts(parts: list[tuple[int, bytes, bytes]]) -> TimestampRequest:
    if parts[0][2] != VERSION or parts[1][0] != der.SEQUENCE:
        raise RequestRefused(BAD_REQUEST)
    algorithm, digest = _read_imprint(parts[1][1])
    policy_oid = nonce = b""
    wants_certificate = False
    expected = 0  # the optional members come in this order, each at most once
    for tag, content, whole in parts[2:]:
        place = {der.OID: 1, der.INTEGER: 2, 0x01: 3, 0xA0: 4}.get(tag, 0)
        if place <= expected:
            raise RequestRefused(BAD_FORMAT)
        expected = place
        if tag == der.OID:
            policy_oid = whole
        elif tag == der.INTEGER:
            nonce = whole
            if not 0 < len(content) <= NONCE_MAX_BYTES:
                raise RequestRefused(BAD_REQUEST)
        elif tag == 0x01:
            wants_certificate = content == b"\xff"
        else:
            raise RequestRefused(BAD_EXTENSION)
    return TimestampRequest(algorithm, digest, parts[1][2], policy_oid, nonce, wants_certificate)


def _read_imprint(content: bytes) -> tuple[str, bytes]:
    identifier, value = der.members(content)
    name = der.members(identifier[1])
    algorithm = HASHES.get(name[0][2], "")
    if not algorithm or len(name) > 2 or (len(name) == 2 and name[1][2] != der.NULL):
        raise RequestRefused(BAD_ALGORITHM)
    if value[0] != der.OCTETS or len(value[1]) != SIZES[algorithm]:
        raise RequestRefused(BAD_REQUEST)
    return algorithm, value[1]


def refusal(failure: str) -> bytes:
    """A TimeStampResp without a token; `failure` is a PKIFailureInfo by name."""
    bit = _FAILURE_BITS[failure]
    octets = bytearray(bit // 8 + 1)
    octets[-1] = 0x80 >> bit % 8
    text = der.tlv(0x0C, _FAILURE_TEXTS[failure].encode())
    bits = der.tlv(0x03, bytes((7 - bit % 8,)) + bytes(octets))
    return der.sequence(der.sequence(der.integer(2), der.sequence(text), bits))


def read_response(data: bytes) -> bytes:
    """The token in a TimeStampResp, DER. Raises TimestampNotMade with the reason of a refusal."""
    try:
        der.check_strict(data)
        response = asn1_tsp.TimeStampResp.load(data, strict=True)
        status = response["status"]
        if status["status"].native not in {"granted", "granted_with_mods"}:
            failures = status["fail_info"].native or ()
            reason = ", ".join(sorted(failures)) or status["status"].native
            raise TimestampNotMade(detail=f"bị từ chối: {reason}")
        return bytes(response["time_stamp_token"].dump())
    except (ValueError, TypeError, KeyError) as error:
        raise TimestampNotMade(detail="câu trả lời sai định dạng") from error
