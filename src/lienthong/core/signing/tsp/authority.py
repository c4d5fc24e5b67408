"""The authority that answers with tokens (SG 3.7), written from a template.

Only the imprint, the serial number, the time and the nonce change. The clock is the caller's.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding

from lienthong.core.signing import cms, der
from lienthong.core.signing.keys import DigestSigner
from lienthong.core.signing.tsp.messages import (
    BAD_POLICY,
    FAILURE,
    NO_TIME,
    VERSION,
    RequestRefused,
    TimestampRequest,
    read_request,
    refusal,
)

CLOCK_DIFFERENCE_MAX = timedelta(milliseconds=500)
ACCURACY_MAX = timedelta(seconds=1)


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
        self._head = VERSION + cms.issuer_and_serial(signer.certificate) + cms.SHA256_ID
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
            return Issued(refusal(refused.failure), failure=refused.failure)
        serial = int.from_bytes(os.urandom(16), "big") >> 2 | 1 << 125
        info = der.sequence(
            VERSION,
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
