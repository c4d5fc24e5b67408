"""OCSP (RFC 6960): requests, a responder that answers from a table, and the check of answers.

A responder knows every serial of one issuer. What it has no row for is `unknown`, never `good`
(SG-R-01). An answer is believed only after `check_response` (SG-R-06).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TypeVar

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID

from lienthong.core.signing import der
from lienthong.core.signing.cms import ECDSA_SHA256_ID, PSS_ID
from lienthong.core.signing.der import NotDER
from lienthong.core.signing.der_read import Reader, moment
from lienthong.core.signing.keys import DigestSigner
from lienthong.core.signing.policy import (
    Algorithm,
    AlgorithmRefused,
    algorithm_of,
    check_key,
    verify,
)
from lienthong.core.signing.revoked import REASON_NUMBERS, UNSPECIFIED, Revocation
from lienthong.core.signing.x509_names import is_signed_by, raw_fields

NONCE_SIZE_MAX_BYTES = 32
REQUEST_SIZE_MAX_BYTES = 16 * 1024
RESPONSE_SIZE_MAX_BYTES = 64 * 1024
REQUESTS_MAX = 16
LIFETIME = timedelta(hours=1)
TOLERANCE = timedelta(minutes=5)
ANSWERS_KEPT_MAX = 400_000

_NONCE = der.oid("1.3.6.1.5.5.7.48.1.2")
_BASIC = der.oid("1.3.6.1.5.5.7.48.1.1")
_ARCHIVE_CUTOFF = der.oid("1.3.6.1.5.5.7.48.1.6")
_INVALIDITY_DATE = der.oid("2.5.29.24")
_DIGESTS = {
    "sha1": der.sequence(der.oid("1.3.14.3.2.26"), der.NULL),
    "sha256": der.sequence(der.oid("2.16.840.1.101.3.4.2.1"), der.NULL),
}
# The digest of a CertID is an identifier, not a signature: SHA-1 is fine there (A5).
_DIGEST_NAMES = {
    der.oid("1.3.14.3.2.26")[2:]: "sha1",
    der.oid("2.16.840.1.101.3.4.2.1")[2:]: "sha256",
}
_NO_OID = re.compile(rb"\A\Z|[\x80-\xff]\Z|(?<![\x80-\xff])\x80", re.DOTALL)
_GOOD, _UNKNOWN = b"\x80\x00", b"\x82\x00"
_PSS = "1.2.840.113549.1.1.10"
_ARCHIVE_CUTOFF_OID = x509.ObjectIdentifier("1.3.6.1.5.5.7.48.1.6")
_E = TypeVar("_E", bound=x509.ExtensionType)


@lru_cache(maxsize=64)
def _time(at: datetime) -> bytes:
    """GeneralizedTime; the answers of one second share it."""
    return der.generalized_time(at)


def _failure(status: int) -> bytes:
    return der.sequence(der.tlv(0x0A, bytes([status])))


MALFORMED = _failure(1)
INTERNAL_ERROR = _failure(2)
TRY_LATER = _failure(3)


# Requests ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Question:
    """One CertID: which certificate is asked about. `der` is its encoding, to be echoed."""

    digest: str
    name_hash: bytes
    key_hash: bytes
    serial: int
    der: bytes


@dataclass(frozen=True, slots=True)
class Request:
    """What a request asks. `nonce`: the value of the extension as sent, None without one."""

    questions: tuple[Question, ...]
    nonce: bytes | None


def certificate_id(serial: int, issuer: x509.Certificate, digest: str = "sha1") -> bytes:
    """The CertID (DER) of the certificate with `serial` that `issuer` issued."""
    fields = raw_fields(issuer)
    return der.sequence(
        _DIGESTS[digest],
        der.octets(hashlib.new(digest, fields.subject, usedforsecurity=False).digest()),
        der.octets(hashlib.new(digest, fields.key_bits, usedforsecurity=False).digest()),
        der.integer(serial),
    )


def build_request(
    certificate: x509.Certificate,
    issuer: x509.Certificate,
    *,
    nonce: bytes | None = None,
    digest: str = "sha1",
) -> bytes:
    """A request (DER) for the status of `certificate`. nonce: 1 to 32 random bytes."""
    question = certificate_id(raw_fields(certificate).serial, issuer, digest)
    parts = [der.sequence(der.sequence(question))]
    if nonce is not None:
        if not 0 < len(nonce) <= NONCE_SIZE_MAX_BYTES:
            raise ValueError("a nonce has 1 to 32 bytes")
        parts.append(der.tlv(0xA2, der.sequence(_extension(_NONCE, der.octets(nonce)))))
    return der.sequence(der.sequence(*parts))


def read_request(data: bytes) -> Request:
    """Read a request. Raises NotDER for anything but a well-formed one within the limits."""
    if len(data) > REQUEST_SIZE_MAX_BYTES:
        raise NotDER("request too large")
    outer = Reader(data)
    envelope = outer.enter(0x30)
    outer.end()
    body = envelope.enter(0x30)  # a signature of the requestor may follow: not asked for, not read
    if body.tag == 0xA0 and body.enter(0xA0).integer() != 0:
        raise NotDER("version of the request")
    body.skip(0xA1)
    listed = body.enter(0x30)
    questions = []
    while listed:
        questions.append(_question(listed.enter(0x30)))
    nonce = _request_nonce(body.enter(0xA2)) if body.tag == 0xA2 else None
    body.end()
    if not 0 < len(questions) <= REQUESTS_MAX:
        raise NotDER("number of certificates asked about")
    return Request(tuple(questions), nonce)


def _question(one: Reader) -> Question:
    encoded = one.whole()
    fields = Reader(encoded).enter(0x30)
    algorithm = fields.enter(0x30)
    name = algorithm.content(0x06)
    if _NO_OID.search(name):  # it is echoed, and no reader would take it
        raise NotDER("name of the digest")
    digest = _DIGEST_NAMES.get(name, "")
    if algorithm and algorithm.content(0x05):
        raise NotDER("parameters of the digest")
    algorithm.end()
    name_hash, key_hash = fields.content(0x04), fields.content(0x04)
    serial = fields.integer()
    fields.end()
    return Question(digest, name_hash, key_hash, serial, encoded)


def _request_nonce(extensions: Reader) -> bytes | None:
    """The nonce as sent, with its inner OCTET STRING if it has one. Critical strangers refuse."""
    listed = extensions.enter(0x30)
    nonce = None
    while listed:
        extension = listed.enter(0x30)
        kind = extension.whole()
        critical = extension.tag == 0x01 and extension.content(0x01) == b"\xff"
        value = extension.content(0x04)
        if kind == _NONCE:
            bare = Reader(value).content(0x04) if value[:1] == b"\x04" else value
            if not 0 < len(bare) <= NONCE_SIZE_MAX_BYTES:
                raise NotDER("size of the nonce")
            nonce = value
        elif critical:
            raise NotDER("unknown critical extension")
    return nonce


# Answers ----------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Kept:
    revocation: Revocation | None
    until: datetime
    response: bytes


class Responder:
    """Answers about the certificates of one issuer, signed by a delegated key (SG-R-01).

    statuses: every serial that was issued, None while it is good; read at each answer, so that a
    revocation is told at once. signer: with a certificate for OCSPSigning issued by `issuer`.
    lifetime: from thisUpdate to nextUpdate; an answer is used again for half of it.
    archive_cutoff: since when revocations are remembered (usually the start of the issuer).
    nonce_signer: the same key, for answers with nonce only; a VolumeSigner does (SG 11.3).

    Answers without nonce are signed once in each period and kept; with nonce they are signed on
    demand. Nothing here takes a lock: use one Responder for each thread or process.
    """

    def __init__(
        self,
        issuer: x509.Certificate,
        signer: DigestSigner,
        statuses: Mapping[int, Revocation | None],
        *,
        lifetime: timedelta = LIFETIME,
        archive_cutoff: datetime | None = None,
        nonce_signer: DigestSigner | None = None,
    ) -> None:
        if nonce_signer is not None and nonce_signer.certificate != signer.certificate:
            raise ValueError("answers with and without nonce are signed by one key")
        fields = raw_fields(issuer)
        self._names = {
            (
                hashlib.new(digest, fields.subject, usedforsecurity=False).digest(),
                hashlib.new(digest, fields.key_bits, usedforsecurity=False).digest(),
            )
            for digest in _DIGESTS
        }
        self._issuer, self._signer, self._statuses = issuer, signer, statuses
        self._nonce_signer = nonce_signer or signer
        self._lifetime = lifetime
        own = signer.certificate
        is_rsa = isinstance(own.public_key(), rsa.RSAPublicKey)
        key_id = hashlib.sha1(raw_fields(own).key_bits, usedforsecurity=False).digest()
        self._responder_id = der.tlv(0xA2, der.octets(key_id))
        self._algorithm = PSS_ID if is_rsa else ECDSA_SHA256_ID
        sent = () if own == issuer else (own,)
        chain = b"".join(one.public_bytes(Encoding.DER) for one in sent)
        self._certificates = der.tlv(0xA0, der.sequence(chain)) if chain else b""
        self._cutoff = _extension(_ARCHIVE_CUTOFF, _time(archive_cutoff)) if archive_cutoff else b""
        self._kept: dict[bytes, _Kept] = {}

    def answer(self, request: bytes, at: datetime) -> bytes:
        """The response (DER) to a request (DER); what is no request gets malformedRequest."""
        try:
            asked = read_request(request)
        except NotDER:
            return MALFORMED
        at = at.replace(microsecond=0)
        if asked.nonce is None and len(asked.questions) == 1:
            return self._answer_one(asked.questions[0], at)
        singles = [
            self._single(question, self._status(question), at) for question in asked.questions
        ]
        return self._signed(b"".join(singles), asked.nonce, at)

    def presign(self, at: datetime, *, serials: Iterable[int] | None = None) -> int:
        """Sign the answers of the period ahead, for SHA-1 CertIDs; return how many are fresh."""
        count = 0
        for serial in list(self._statuses if serials is None else serials):
            question = _question(Reader(certificate_id(serial, self._issuer)))
            self._answer_one(question, at)
            count += 1
        return count

    def _answer_one(self, question: Question, at: datetime) -> bytes:
        status = self._status(question)
        if status is _MISSING:
            return self._signed(self._single(question, status, at), None, at)
        kept = self._kept.get(question.der)
        if kept is not None and kept.revocation == status and at < kept.until:
            return kept.response
        response = self._signed(self._single(question, status, at), None, at)
        if len(self._kept) >= ANSWERS_KEPT_MAX:
            self._kept.clear()
        self._kept[question.der] = _Kept(status, at + self._lifetime / 2, response)
        return response

    def _status(self, question: Question) -> Revocation | None:
        """The row of this serial, when the names and key of the issuer are ours too."""
        if (question.name_hash, question.key_hash) not in self._names:
            return _MISSING
        return self._statuses.get(question.serial, _MISSING)

    def _single(self, question: Question, status: Revocation | None, at: datetime) -> bytes:
        extensions = self._cutoff
        if status is None:
            state = _GOOD
        elif status is _MISSING:
            state, extensions = _UNKNOWN, b""
        else:
            state = _revoked_info(status)
            if status.invalidity_at is not None:
                date = _time(status.invalidity_at)
                extensions += _extension(_INVALIDITY_DATE, date)
        return der.sequence(
            question.der,
            state,
            _time(at),
            der.tlv(0xA0, _time(at + self._lifetime)),
            der.tlv(0xA1, der.sequence(extensions)) if extensions else b"",
        )

    def _signed(self, singles: bytes, nonce: bytes | None, at: datetime) -> bytes:
        body = der.sequence(
            self._responder_id,
            _time(at),
            der.sequence(singles),
            der.tlv(0xA1, der.sequence(_extension(_NONCE, nonce))) if nonce is not None else b"",
        )
        signer = self._signer if nonce is None else self._nonce_signer
        signature = signer.sign_digest(hashlib.sha256(body).digest())
        basic = der.sequence(
            body, self._algorithm, der.tlv(0x03, b"\x00" + signature), self._certificates
        )
        answer = der.sequence(_BASIC, der.octets(basic))
        return der.sequence(b"\x0a\x01\x00", der.tlv(0xA0, answer))


_MISSING = Revocation(datetime.min.replace(tzinfo=UTC))  # the mark of a serial without a row


def _revoked_info(revocation: Revocation) -> bytes:
    parts = _time(revocation.at)
    if revocation.reason is not UNSPECIFIED:
        number = bytes([REASON_NUMBERS[revocation.reason]])
        parts += der.tlv(0xA0, der.tlv(0x0A, number))
    return der.tlv(0xA1, parts)


def _extension(kind: bytes, value: bytes) -> bytes:
    return der.sequence(kind, der.octets(value))


# Checking ---------------------------------------------------------------------------------------


class OCSPRefused(ValueError):  # noqa: N818
    """The response proves nothing about this certificate. The text is Vietnamese."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A response whose signature, responder and subject are good.

    status: "good", "revoked" or "unknown". responder: whose key signed.
    """

    status: str
    produced_at: datetime
    this_update: datetime
    next_update: datetime | None
    revocation: Revocation | None
    archive_cutoff: datetime | None
    responder: x509.Certificate
    sha256: str


def check_response(
    data: bytes,
    *,
    certificate: x509.Certificate,
    issuer: x509.Certificate,
    at: datetime,
    now: datetime | None = None,
    nonce: bytes | None = None,
    others: Sequence[x509.Certificate] = (),
    is_revoked: Callable[[x509.Certificate], bool] | None = None,
) -> Answer:
    """Check a response (DER) about `certificate`, which `issuer` issued (SG-R-06).

    It must be signed by the issuer's key or by a certificate for OCSPSigning that the same key
    issued; be about this very certificate; be produced before `now` (default `at`), and either hold
    at `at` (thisUpdate ≤ at ≤ nextUpdate) or be made after it; echo `nonce` when one was sent.

    others: where the responder's certificate may be when the response does not carry it.
    is_revoked: asked about a responder's certificate without ocsp-nocheck; without it such a
    responder is refused, for nobody knows its status.

    Raises OCSPRefused (R44). "unknown" is returned, not raised: it is an answer, and never good.
    """
    response = _load(data)
    _check_subject(response, certificate, issuer)
    if nonce is not None and _nonce(response) != nonce:
        raise OCSPRefused("câu trả lời OCSP không đúng mã dùng một lần (nonce) đã gửi")
    _check_time(response, at, now or at)
    responder = _responder(response, issuer, others)
    _check_signature(data, response, responder)
    if responder != issuer:
        _check_delegation(responder, issuer, response.produced_at_utc, is_revoked)
    return _answer(data, response, responder)


def responder_certificates(data: bytes) -> tuple[x509.Certificate, ...]:
    """The certificates a response carries; none when it cannot be read."""
    try:
        return tuple(_load(data).certificates)
    except OCSPRefused:
        return ()


def _load(data: bytes) -> ocsp.OCSPResponse:
    if len(data) > RESPONSE_SIZE_MAX_BYTES:
        raise OCSPRefused("câu trả lời OCSP quá lớn")
    try:
        response = ocsp.load_der_ocsp_response(data)
        if response.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
            raise OCSPRefused("máy chủ OCSP không trả lời được")
        listed = len(list(response.responses))
        strangers = [one for one in response.extensions if one.critical]
        strangers += [one for one in response.single_extensions if one.critical]
    except OCSPRefused:
        raise
    except (ValueError, TypeError, UnsupportedAlgorithm, x509.DuplicateExtension) as error:
        raise OCSPRefused("câu trả lời OCSP sai cấu trúc hoặc nói về nhiều chứng thư") from error
    if listed != 1:
        raise OCSPRefused("câu trả lời OCSP nói về nhiều chứng thư")
    if strangers:
        raise OCSPRefused("câu trả lời OCSP có phần mở rộng bắt buộc không hiểu được")
    return response


def _check_subject(
    response: ocsp.OCSPResponse, certificate: x509.Certificate, issuer: x509.Certificate
) -> None:
    """CertID by the hashes of the issuer's name and key, and the serial: never the serial alone."""
    digest = response.hash_algorithm.name
    fields = raw_fields(issuer)
    if digest not in _DIGESTS:
        raise OCSPRefused("câu trả lời OCSP dùng mã nhận dạng không được hỗ trợ")
    expected = (
        hashlib.new(digest, fields.subject, usedforsecurity=False).digest(),
        hashlib.new(digest, fields.key_bits, usedforsecurity=False).digest(),
        raw_fields(certificate).serial,
    )
    found = (response.issuer_name_hash, response.issuer_key_hash, response.serial_number)
    if found != expected:
        raise OCSPRefused("câu trả lời OCSP nói về chứng thư khác")


def _nonce(response: ocsp.OCSPResponse) -> bytes | None:
    try:
        return response.extensions.get_extension_for_class(x509.OCSPNonce).value.nonce
    except x509.ExtensionNotFound:
        return None


def _check_time(response: ocsp.OCSPResponse, at: datetime, now: datetime) -> None:
    start, end = response.this_update_utc, response.next_update_utc
    if max(start, response.produced_at_utc) - TOLERANCE > now:
        raise OCSPRefused("câu trả lời OCSP có thời điểm ở tương lai")
    if start > at:
        return  # made after the moment in question: it knows more, not less
    if end is None or end < at - TOLERANCE:
        raise OCSPRefused("câu trả lời OCSP đã cũ")


def _responder(
    response: ocsp.OCSPResponse, issuer: x509.Certificate, others: Sequence[x509.Certificate]
) -> x509.Certificate:
    """The certificate that the response says signed it."""
    key_hash, name = response.responder_key_hash, response.responder_name
    for one in (issuer, *response.certificates, *others):
        if key_hash is not None:
            own = hashlib.sha1(raw_fields(one).key_bits, usedforsecurity=False).digest()
            if own == key_hash:
                return one
        elif one.subject == name:
            return one
    raise OCSPRefused("không tìm thấy chứng thư của máy chủ OCSP đã ký câu trả lời")


def _check_signature(data: bytes, response: ocsp.OCSPResponse, responder: x509.Certificate) -> None:
    try:
        key = check_key(responder.public_key())
        algorithm = _algorithm(data, response)
        body = hashlib.new(algorithm.digest, response.tbs_response_bytes).digest()
        verify(key, algorithm, body, response.signature)
    except (AlgorithmRefused, UnsupportedAlgorithm) as error:
        raise OCSPRefused("câu trả lời OCSP được ký bằng thuật toán không an toàn") from error
    except (InvalidSignature, ValueError, TypeError) as error:
        raise OCSPRefused("chữ ký của câu trả lời OCSP không đúng") from error


def _algorithm(data: bytes, response: ocsp.OCSPResponse) -> Algorithm:
    """The row of the table for the signature. Raises AlgorithmRefused.

    The library does not tell the parameters of PSS: they must be those that we write (R15).
    """
    identifier = response.signature_algorithm_oid.dotted_string
    if identifier == _PSS:
        answer = Reader(data).enter(0x30)
        answer.content(0x0A)
        wrapped = answer.enter(0xA0).enter(0x30)
        wrapped.content(0x06)
        basic = Reader(wrapped.content(0x04)).enter(0x30)
        basic.enter(0x30)
        if basic.whole() != PSS_ID:
            raise AlgorithmRefused("tham số PSS không đúng bảng thuật toán")
        return algorithm_of(identifier, "sha256")
    digest = response.signature_hash_algorithm
    return algorithm_of(identifier, digest.name if digest else "")


def _check_delegation(
    responder: x509.Certificate,
    issuer: x509.Certificate,
    produced_at: datetime,
    is_revoked: Callable[[x509.Certificate], bool] | None,
) -> None:
    """Issued by the issuer's own key, for OCSPSigning, in force and not revoked itself."""
    if not is_signed_by(responder, issuer):
        raise OCSPRefused("máy chủ OCSP không được chính cơ quan cấp chứng thư ủy quyền")
    extensions = responder.extensions
    critical = {one.oid for one in extensions if one.critical}
    if critical - _UNDERSTOOD:
        raise OCSPRefused("chứng thư của máy chủ OCSP có phần mở rộng bắt buộc không hiểu được")
    uses = _extension_value(extensions, x509.ExtendedKeyUsage)
    if uses is None or ExtendedKeyUsageOID.OCSP_SIGNING not in uses:
        raise OCSPRefused("chứng thư của máy chủ OCSP không được cấp để ký OCSP")
    usage = _extension_value(extensions, x509.KeyUsage)
    if usage is not None and not (usage.digital_signature or usage.content_commitment):
        raise OCSPRefused("khóa của máy chủ OCSP không được cấp để ký")
    if not responder.not_valid_before_utc <= produced_at <= responder.not_valid_after_utc:
        raise OCSPRefused("chứng thư của máy chủ OCSP không có hiệu lực khi ký câu trả lời")
    if _extension_value(extensions, x509.OCSPNoCheck) is not None:
        return
    if is_revoked is None or is_revoked(responder):
        raise OCSPRefused("chưa biết chứng thư của máy chủ OCSP có bị thu hồi hay không")


_UNDERSTOOD = {
    x509.BasicConstraints.oid,
    x509.KeyUsage.oid,
    x509.ExtendedKeyUsage.oid,
    x509.OCSPNoCheck.oid,
    x509.CertificatePolicies.oid,
}


def _extension_value(extensions: x509.Extensions, kind: type[_E]) -> _E | None:
    try:
        return extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def _answer(data: bytes, response: ocsp.OCSPResponse, responder: x509.Certificate) -> Answer:
    cutoff = invalidity = None
    for one in response.single_extensions:
        if isinstance(one.value, x509.InvalidityDate):
            invalidity = one.value.invalidity_date_utc
        elif one.oid == _ARCHIVE_CUTOFF_OID and isinstance(one.value, x509.UnrecognizedExtension):
            cutoff = _cutoff(one.value.value)
    revocation = None
    if response.certificate_status is ocsp.OCSPCertStatus.REVOKED:
        since = response.revocation_time_utc
        if since is None:
            raise OCSPRefused("câu trả lời OCSP không ghi thời điểm thu hồi")
        reason = response.revocation_reason or UNSPECIFIED
        revocation = Revocation(since, reason, invalidity)
    return Answer(
        status=response.certificate_status.name.lower(),
        produced_at=response.produced_at_utc,
        this_update=response.this_update_utc,
        next_update=response.next_update_utc,
        revocation=revocation,
        archive_cutoff=cutoff,
        responder=responder,
        sha256=hashlib.sha256(data).hexdigest(),
    )


def _cutoff(value: bytes) -> datetime | None:
    try:
        return moment(0x18, Reader(value).content(0x18))
    except NotDER:
        return None
