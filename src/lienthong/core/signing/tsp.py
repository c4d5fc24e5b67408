"""Time-stamps of RFC 3161: requests, tokens, the authority that makes them (SG 3.7), their check.

A token says: "these bytes existed at this time". The authority writes it from a template: only the
imprint, the serial number, the time and the nonce change. Nothing here reads a clock or a socket.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Protocol

from asn1crypto import core
from asn1crypto import tsp as asn1_tsp
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding

from lienthong.core.signing import cms, der, policy
from lienthong.core.signing.evidence import NO_EVIDENCE, Evidence
from lienthong.core.signing.keys import DigestSigner
from lienthong.core.signing.path import HASH, PathResult, Trouble, check_path, common_name, local
from lienthong.core.signing.problems import TimestampNotMade
from lienthong.core.signing.report import Findings, TimestampReport
from lienthong.core.signing.trust import TSA_SERVICE, Trust

REQUEST_SIZE_MAX_BYTES = 4096
NONCE_MAX_BYTES = 32
CLOCK_DIFFERENCE_MAX = timedelta(milliseconds=500)
ACCURACY_MAX = timedelta(seconds=1)
OWN_CLOCK_TOLERANCE = timedelta(minutes=5)
TIME_STAMPING = x509.ObjectIdentifier("1.3.6.1.5.5.7.3.8")

_VERSION = der.integer(1)
_HASHES = {
    der.oid("2.16.840.1.101.3.4.2.1"): "sha256",
    der.oid("2.16.840.1.101.3.4.2.2"): "sha384",
    der.oid("2.16.840.1.101.3.4.2.3"): "sha512",
}
_OIDS = {name: oid for oid, name in _HASHES.items()}
_SIZES = {"sha256": 32, "sha384": 48, "sha512": 64}

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


class TimestampSource(Protocol):
    """Where a signer gets time-stamps: an authority behind a network, or one in this process."""

    def stamp(self, digest: bytes) -> bytes:
        """Return the DER TimeStampToken over a SHA-256 digest. Raises TimestampNotMade."""


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
        _VERSION,
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
    if parts[0][2] != _VERSION or parts[1][0] != der.SEQUENCE:
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
    algorithm = _HASHES.get(name[0][2], "")
    if not algorithm or len(name) > 2 or (len(name) == 2 and name[1][2] != der.NULL):
        raise RequestRefused(BAD_ALGORITHM)
    if value[0] != der.OCTETS or len(value[1]) != _SIZES[algorithm]:
        raise RequestRefused(BAD_REQUEST)
    return algorithm, value[1]


@dataclass(frozen=True, slots=True)
class Issued:
    """An authority's answer: the TimeStampResp, and what to log about it (SG 3.7).

    response: DER for the wire. token: DER, empty when refused; its SHA-256 is a log leaf.
    """

    response: bytes
    token: bytes = b""
    serial: int = 0
    at: datetime | None = None
    failure: str = ""


class TimestampAuthority:
    """Answers requests with tokens. One key, one policy; the clock is the caller's.

    signer: the TSA's key (P-256 for volume). policy_oid: the TSA policy put into each token.
    accuracy: at most one second.
    """

    def __init__(
        self,
        signer: DigestSigner,
        policy_oid: str,
        *,
        accuracy: timedelta = ACCURACY_MAX,
    ) -> None:
        if not timedelta(milliseconds=1) <= accuracy <= ACCURACY_MAX:
            raise ValueError("the accuracy of a time-stamp is at most one second")
        self._signer = signer
        self._policy = der.oid(policy_oid)
        self._accuracy = _accuracy(accuracy)
        own = signer.certificate.public_bytes(Encoding.DER)
        chain = [one.public_bytes(Encoding.DER) for one in signer.chain]
        self._certificates = der.tlv(0xA0, b"".join(sorted([own, *chain])))
        is_rsa = isinstance(signer.certificate.public_key(), rsa.RSAPublicKey)
        self._head = _VERSION + cms.issuer_and_serial(signer.certificate) + cms.SHA256_ID
        self._algorithm = cms.PSS_ID if is_rsa else cms.ECDSA_SHA256_ID
        self._attributes = _attribute_template(own)
        self._period = (
            signer.certificate.not_valid_before_utc,
            signer.certificate.not_valid_after_utc,
        )

    def answer(self, request: bytes, at: datetime, *, witness: datetime | None = None) -> bytes:
        """The TimeStampResp for a TimeStampReq; a refusal is an answer too."""
        return self.issue(request, at, witness=witness).response

    def issue(self, request: bytes, at: datetime, *, witness: datetime | None = None) -> Issued:
        """As `answer`, with the token apart for the log.

        at: this machine's clock. witness: a second, independent clock read at the same moment; when
        both differ by more than 500 ms no time is given. None leaves that comparison to the caller.
        """
        try:
            asked = read_request(request)
            self._check(asked, at, witness)
        except RequestRefused as refused:
            return Issued(_refusal(refused.failure), failure=refused.failure)
        serial = int.from_bytes(os.urandom(16), "big") >> 2 | 1 << 125
        info = der.sequence(
            _VERSION,
            self._policy,
            asked.imprint,
            der.integer(serial),
            der.generalized_time(at, fraction=True),
            self._accuracy,
            asked.nonce,
        )
        token = self._token(info, with_certificates=asked.wants_certificate)
        return Issued(der.sequence(_GRANTED, token), token, serial, at)

    def _check(self, asked: TimestampRequest, at: datetime, witness: datetime | None) -> None:
        if asked.policy and asked.policy != self._policy:
            raise RequestRefused(BAD_POLICY)
        if witness is not None and abs(witness - at) > CLOCK_DIFFERENCE_MAX:
            raise RequestRefused(NO_TIME)
        if not self._period[0] <= at <= self._period[1]:
            raise RequestRefused(FAILURE)

    def _token(self, info: bytes, *, with_certificates: bool) -> bytes:
        before, after = self._attributes
        signed = before + hashlib.sha256(info).digest() + after
        size = der.tlv(der.SET, signed)
        signature = self._signer.sign_digest(hashlib.sha256(size).digest())
        signer_info = der.sequence(
            self._head, b"\xa0" + size[1:], self._algorithm, der.octets(signature)
        )
        body = der.sequence(
            _SIGNED_DATA_START,
            der.sequence(cms.TST_INFO, der.tlv(0xA0, der.octets(info))),
            self._certificates if with_certificates else b"",
            der.tlv(der.SET, signer_info),
        )
        return der.sequence(cms.SIGNED_DATA, der.tlv(0xA0, body))


_SIGNED_DATA_START = der.integer(3) + der.set_of(cms.SHA256_ID)
_GRANTED = der.sequence(der.integer(0))


def _attribute_template(own: bytes) -> tuple[bytes, bytes]:
    """What stands before and after the message digest in the sorted signed attributes."""
    marker = bytes(32)
    members = sorted(
        (
            cms.attribute(cms.CONTENT_TYPE, cms.TST_INFO),
            cms.attribute(cms.MESSAGE_DIGEST, der.octets(marker)),
            cms.attribute(cms.SIGNING_CERTIFICATE_V2, cms.signing_certificate(own)),
        )
    )
    before, after = b"".join(members).split(marker)
    return before, after


def _accuracy(value: timedelta) -> bytes:
    millis = round(value / timedelta(milliseconds=1))
    if millis == 1000:
        return der.sequence(der.integer(1))
    return der.sequence(der.tlv(0x80, der.integer(millis)[2:]))


def _refusal(failure: str) -> bytes:
    bit = _FAILURE_BITS[failure]
    octets = bytearray(bit // 8 + 1)
    octets[-1] = 0x80 >> bit % 8
    text = der.tlv(0x0C, _FAILURE_TEXTS[failure].encode())
    bits = der.tlv(0x03, bytes((7 - bit % 8,)) + bytes(octets))
    return der.sequence(der.sequence(der.integer(2), der.sequence(text), bits))


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
    if tags not in {_USUAL_TAGS, _USUAL_TAGS[:-1]} or parts[0][2] != _VERSION:
        return None
    der.check_strict(parts[5][2])
    found = _USUAL_TIME.fullmatch(parts[4][1])
    identifier, value = der.members(parts[2][1])
    name = der.members(identifier[1])
    algorithm = _HASHES.get(name[0][2], "")
    whole = len(name) == 1 or (len(name) == 2 and name[1][2] == der.NULL)
    nonce = parts[6][1] if len(parts) == 7 else None
    numbers = [one for one in (parts[3][1], nonce) if one is not None]
    if (
        found is None
        or not whole
        or value[0] != der.OCTETS
        or len(value[1]) != _SIZES.get(algorithm)
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
    if token.algorithm not in _SIZES:
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


def check_token(
    data: bytes,
    digest_of: Callable[[str], bytes],
    *,
    trust: Trust,
    at: datetime,
    now: datetime | None = None,
    evidence: Evidence = NO_EVIDENCE,
    kind: str = "signature",
    field: str = "",
    nonce: int | None = None,
    policy_oid: str = "",
) -> TimestampReport:
    """Check a token: in itself, and its authority's path at the time `at` (SG 7.2 block 10).

    at: the control time of the authority's certificate: now, or when the token was proved to exist.
    nonce, policy_oid: what was asked for, when this is the answer to a request of ours (R54).
    """
    findings = Findings()
    try:
        token = parse_token(data)
    except cms.CMSInvalid as error:
        findings.failed("timestamp", "FORMAT_FAILURE", f"Dấu thời gian sai định dạng: {error}.")
        return _report(None, None, findings, kind, field)
    wrong, reason = token_fault(token, digest_of)
    if wrong:
        findings.failed("timestamp", wrong, f"Dấu thời gian không dùng được: {reason}.")
        return _report(token, None, findings, kind, field)
    if nonce is not None and token.nonce != nonce:
        text = "Dấu thời gian không phải trả lời cho yêu cầu này (nonce khác)."
        findings.failed("timestamp", "SIG_CONSTRAINTS_FAILURE", text)
    if policy_oid and token.policy != policy_oid:
        text = f"Dấu thời gian theo chính sách {token.policy}, không phải chính sách đã yêu cầu."
        findings.failed("timestamp", "SIG_CONSTRAINTS_FAILURE", text)
    if token.at > (now or at) + OWN_CLOCK_TOLERANCE:
        text = f"Dấu thời gian ghi thời điểm {local(token.at)}, ở sau thời điểm kiểm tra."
        findings.doubtful("timestamp", "TIMESTAMP_ORDER_FAILURE", text)
    path = check_path(
        token.signed.certificate,
        trust=trust,
        at=at,
        others=token.signed.others,
        evidence=evidence,
    )
    _tell_path(token, path, at, findings)
    _check_at(token, trust, at, findings)
    return _report(token, path, findings, kind, field)


def _tell_path(token: Token, path: PathResult, at: datetime, findings: Findings) -> None:
    name = common_name(token.signed.certificate)
    if path.trouble is None:
        text = f"Dấu thời gian {local(token.at)} do “{name}” cấp. {path.path_text}"
        findings.good("timestamp", text)
    elif path.trouble is Trouble.NOT_YET:
        text = f"Chứng thư của nơi cấp dấu thời gian “{name}” chưa có hiệu lực tại {local(at)}."
        findings.doubtful("timestamp", "NOT_YET_VALID", text)
    else:
        text = f"Chưa tin được nơi cấp dấu thời gian “{name}”: {path.trouble_text}"
        findings.doubtful("timestamp", path.trouble.value, text)


def _check_at(token: Token, trust: Trust, at: datetime, findings: Findings) -> None:
    """The algorithm at the control time; the service in the trust list at the token's own time."""
    certificate = token.signed.certificate
    try:
        key = policy.check_key(certificate.public_key())
        policy.check_dates(token.signed.algorithm.family, key, at)
    except policy.AlgorithmRefused as error:
        text = f"Dấu thời gian: {error}."
        findings.doubtful("timestamp", "CRYPTO_CONSTRAINTS_FAILURE_NO_POE", text)
    if trust.service_granted(certificate, TSA_SERVICE, token.at) is False:
        text = "Danh sách tin cậy không công nhận nơi cấp dấu thời gian tại thời điểm đó."
        findings.doubtful("timestamp", "CHAIN_CONSTRAINTS_FAILURE", text)


def _report(
    token: Token | None, path: PathResult | None, findings: Findings, kind: str, field: str
) -> TimestampReport:
    certificate = token.signed.certificate if token else None
    return TimestampReport(
        kind=kind,
        field=field,
        indication=findings.indication,
        sub_indication=findings.sub_indication,
        at=token.at if token else None,
        authority=common_name(certificate) if certificate else "",
        policy=token.policy if token else "",
        serial=f"{token.serial:X}" if token else "",
        sha256=hashlib.sha256(token.data).hexdigest() if token else "",
        certificate_sha256=certificate.fingerprint(HASH).hex() if certificate else "",
        way=path.way if path else "",
        checks=tuple(findings.checks),
    )


class TimestampClient:
    """A TimestampSource that asks an authority by sending it requests.

    send: takes a TimeStampReq in DER, returns the TimeStampResp; raises OSError or TimestampNotMade
    when nobody answers. clock: this machine's time, for the check that the token is of now.
    """

    def __init__(
        self,
        send: Callable[[bytes], bytes],
        *,
        clock: Callable[[], datetime],
        policy_oid: str = "",
        trust: Trust | None = None,
    ) -> None:
        self._send = send
        self._clock = clock
        self._policy = policy_oid
        self._trust = trust

    def stamp(self, digest: bytes) -> bytes:
        """Return a checked token over a SHA-256 digest (SG 6.2 step 6). Raises TimestampNotMade."""
        nonce = int.from_bytes(os.urandom(8), "big")
        request = build_request(digest, nonce=nonce, policy_oid=self._policy)
        try:
            answer = self._send(request)
        except OSError as error:
            raise TimestampNotMade(detail="không kết nối được nơi cấp dấu thời gian") from error
        token = read_response(answer)
        now = self._clock()
        check_answer(token, digest, nonce=nonce, policy_oid=self._policy, at=now)
        if self._trust is not None:
            report = check_token(token, lambda _: digest, trust=self._trust, at=now)
            if not report.is_good:
                raise TimestampNotMade(detail=report.checks[-1].text)
        return token


def stamper(
    source: TimestampSource, at: datetime | None, *, required: bool = True
) -> Callable[[bytes], bytes]:
    """A function that gets a token from `source` for a SHA-256 digest and checks it.

    at: the signer's time, from which the token's may differ by five minutes; None: any time. When a
    token is not `required` and none can be had, the function returns no bytes.
    """

    def stamp(digest: bytes) -> bytes:
        try:
            token = source.stamp(digest)
            check_answer(token, digest, at=at)
        except TimestampNotMade:
            if required:
                raise
            return b""
        return token

    return stamp


def check_answer(
    data: bytes,
    digest: bytes,
    *,
    at: datetime | None,
    nonce: int | None = None,
    policy_oid: str = "",
) -> Token:
    """Check a token just received, all but its path; return it read. Raises TimestampNotMade."""
    try:
        token = parse_token(data)
    except cms.CMSInvalid as error:
        raise TimestampNotMade(detail=str(error)) from error
    _, reason = token_fault(token, lambda name: digest if name == "sha256" else b"")
    if not reason and nonce is not None and token.nonce != nonce:
        reason = "nonce khác"
    if not reason and policy_oid and token.policy != policy_oid:
        reason = "chính sách khác"
    if not reason and at is not None and abs(token.at - at) > OWN_CLOCK_TOLERANCE:
        reason = f"thời gian {local(token.at)} lệch quá 5 phút so với máy này"
    if reason:
        raise TimestampNotMade(detail=reason)
    return token


class LocalSource:
    """A TimestampSource over an authority in this process, for tests and the demonstration."""

    def __init__(self, authority: TimestampAuthority, clock: Callable[[], datetime]) -> None:
        self._authority = authority
        self._clock = clock

    def stamp(self, digest: bytes) -> bytes:
        issued = self._authority.issue(build_request(digest), self._clock())
        if not issued.token:
            raise TimestampNotMade(detail=issued.failure)
        return issued.token
