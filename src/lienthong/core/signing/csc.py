"""Keys in a remote signing service: a DigestSigner over the CSC API v2 (SG-K-05, SG-K-06, SG-K-07).

Only digests go out. Each authorisation names the digests it is for and what they belong to, and
needs the signer's factors (a PIN and a one-time code). How a request travels is the caller's: a
`Transport`; the one over HTTP is `lienthong.apps.pki.remote.client`.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import rsa

from lienthong.core.errors import Problem
from lienthong.core.signing.cms import PSS_ID
from lienthong.core.signing.keys import PublicKey, verify_digest
from lienthong.core.signing.policy import AlgorithmRefused, check_key
from lienthong.core.signing.problems import KeyPasswordWrong, SignatureNotMade

BATCH_MAX = 50
DESCRIPTION_MAX = 500
SHA256_OID = "2.16.840.1.101.3.4.2.1"
RSA_PSS_OID = "1.2.840.113549.1.1.10"
ECDSA_SHA256_OID = "1.2.840.10045.4.3.2"
# RSASSA-PSS-params without the algorithm identifier around them, as signAlgoParams wants them.
PSS_PARAMETERS = base64.b64encode(PSS_ID[PSS_ID.index(b"\x01\x01\x0a") + 3 :]).decode()


class RemoteSigningUnavailable(Problem):
    """The remote signing service does not answer, or not in the form of the standard."""

    code = "signing.remote_unavailable"
    status = 503
    text = "Không kết nối được dịch vụ ký số từ xa ({detail}). Chưa có gì được ký."


class RemoteSigningRefused(Problem):
    """The remote signing service refuses; `error` is the code of the CSC API."""

    code = "signing.remote_refused"
    status = 403
    text = "Dịch vụ ký số từ xa từ chối ký ({error}). Tài liệu giữ nguyên như trước khi ký."


class OneTimeCodeWrong(Problem):
    """The one-time code is wrong or was used already (R61)."""

    code = "signing.one_time_code_wrong"
    status = 403
    text = "Mã xác nhận một lần không đúng hoặc đã được dùng. Hãy lấy mã mới rồi ký lại."


class RemoteBatchTooLarge(Problem):
    """More documents than one authorisation may be for (SG-K-07)."""

    code = "signing.remote_batch_too_large"
    status = 422
    text = "Một lần xác nhận chỉ ký được tối đa {limit} văn bản; yêu cầu này có {count}."


_REFUSALS: Mapping[str, type[Problem]] = {
    "invalid_pin": KeyPasswordWrong,
    "invalid_otp": OneTimeCodeWrong,
}


def refusal(error: str) -> Problem:
    """The problem for an error code of the CSC API."""
    known = _REFUSALS.get(error)
    return known() if known else RemoteSigningRefused(error=error[:60])


class Transport(Protocol):
    """Sends requests to one service, as one user."""

    def post(self, method: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """POST to `csc/v2/{method}` and return the JSON object of the answer.

        Raises RemoteSigningUnavailable, or `refusal(error)` for an error of the API.
        """


@dataclass(frozen=True, slots=True)
class RemoteCredential:
    """A key of the service with its certificate, as credentials/info tells.

    factors: the ids of what an authorisation asks for, such as "PIN" and "OTP".
    """

    id: str
    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...]
    public_key: PublicKey
    factors: tuple[str, ...]
    batch_max: int


@dataclass(frozen=True, slots=True)
class StepUp:
    """The signer's consent to one authorisation (R61): what is signed, and the factors given.

    documents: a line for each digest in order, such as "12/BTN-VP: Công văn về…".
    """

    documents: Sequence[str]
    factors: Mapping[str, str] = field(repr=False)


class RemoteSigningService:
    """A user's view of a service."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def credentials(self) -> tuple[str, ...]:
        """The ids of the user's own credentials, all pages."""
        found: list[str] = []
        body: dict[str, Any] = {"onlyValid": True}
        while True:
            page = self._transport.post("credentials/list", body)
            ids = page.get("credentialIDs")
            if not isinstance(ids, list) or not all(isinstance(one, str) for one in ids):
                raise RemoteSigningUnavailable(detail="credentials/list")
            found += ids
            following = page.get("nextPageToken")
            if not following or not ids:
                return tuple(found)
            body["pageToken"] = following

    def credential(self, credential_id: str) -> RemoteCredential:
        """One credential with its certificate. Raises RemoteSigningUnavailable when unusable."""
        body = {
            "credentialID": credential_id,
            "certificates": "chain",
            "certInfo": True,
            "authInfo": True,
        }
        found = self._transport.post("credentials/info", body)
        try:
            return _credential(credential_id, found)
        except (ValueError, KeyError, TypeError, AttributeError, binascii.Error) as error:
            raise RemoteSigningUnavailable(detail="credentials/info") from error

    def sign(
        self, credential: RemoteCredential, digests: Sequence[bytes], step_up: StepUp
    ) -> tuple[bytes, ...]:
        """Sign SHA-256 digests under one authorisation: PSS, or ECDSA in DER.

        Every signature is checked with the certificate's key before it is returned. Raises
        RemoteBatchTooLarge, KeyPasswordWrong, OneTimeCodeWrong, RemoteSigningRefused,
        RemoteSigningUnavailable, SignatureNotMade.
        """
        limit = min(BATCH_MAX, credential.batch_max)
        if len(digests) > limit:
            raise RemoteBatchTooLarge(limit=limit, count=len(digests))
        if not digests or any(len(one) != 32 for one in digests):
            raise ValueError("only SHA-256 digests are signed")
        hashes = [base64.b64encode(one).decode() for one in digests]
        granted = self._transport.post(
            "credentials/authorize",
            {
                "credentialID": credential.id,
                "numSignatures": len(hashes),
                "hashes": hashes,
                "hashAlgorithmOID": SHA256_OID,
                "authData": [{"id": k, "value": v} for k, v in step_up.factors.items()],
                "description": "\n".join(step_up.documents)[:DESCRIPTION_MAX],
            },
        )
        answer = self._transport.post(
            "signatures/signHash",
            {
                "credentialID": credential.id,
                "SAD": granted.get("SAD"),
                "hashes": hashes,
                "hashAlgorithmOID": SHA256_OID,
                "operationMode": "S",
                **_algorithm(credential.public_key),
            },
        )
        return _checked(answer.get("signatures"), digests, credential.public_key)

    def stamp(self, digest: bytes) -> bytes:
        """A time-stamp token over a SHA-256 digest by the service's authority, in DER."""
        body = {"hash": base64.b64encode(digest).decode(), "hashAlgo": SHA256_OID}
        found = self._transport.post("signatures/timestamp", body).get("timestamp")
        try:
            return base64.b64decode(found or "", validate=True)
        except (TypeError, ValueError) as error:
            raise RemoteSigningUnavailable(detail="signatures/timestamp") from error


class RemoteSigner:
    """A DigestSigner over one credential, for what one `StepUp` agreed to."""

    def __init__(
        self, service: RemoteSigningService, credential: RemoteCredential, step_up: StepUp
    ) -> None:
        self._service, self._credential, self._step_up = service, credential, step_up

    @property
    def certificate(self) -> x509.Certificate:
        return self._credential.certificate

    @property
    def chain(self) -> tuple[x509.Certificate, ...]:
        return self._credential.chain

    def sign_digest(self, digest: bytes) -> bytes:
        """Sign one digest under an authorisation of its own; see `RemoteSigningService.sign`."""
        return self._service.sign(self._credential, [digest], self._step_up)[0]


def _credential(credential_id: str, found: Mapping[str, Any]) -> RemoteCredential:
    if found["key"]["status"] != "enabled":
        raise RemoteSigningRefused(error="key_disabled")
    certificates = [
        x509.load_der_x509_certificate(base64.b64decode(one, validate=True))
        for one in found["cert"]["certificates"]
    ]
    try:
        key = check_key(certificates[0].public_key())
    except (AlgorithmRefused, IndexError) as error:
        raise ValueError("no usable certificate") from error
    if _algorithm(key)["signAlgo"] not in found["key"]["algo"]:
        raise ValueError("the service does not sign by an algorithm of ours")
    objects = found.get("auth", {}).get("objects", [])
    batch = found["multisign"]
    if type(batch) is not int or batch < 1:
        raise ValueError("multisign")
    return RemoteCredential(
        id=credential_id,
        certificate=certificates[0],
        chain=tuple(one for one in certificates[1:] if one.subject != one.issuer),
        public_key=key,
        factors=tuple(str(one["id"]) for one in objects),
        batch_max=batch,
    )


def _algorithm(key: PublicKey) -> dict[str, str]:
    if isinstance(key, rsa.RSAPublicKey):
        return {"signAlgo": RSA_PSS_OID, "signAlgoParams": PSS_PARAMETERS}
    return {"signAlgo": ECDSA_SHA256_OID}


def _checked(found: object, digests: Sequence[bytes], key: PublicKey) -> tuple[bytes, ...]:
    """The signatures, each by `key` over its digest; else nothing was signed."""
    if not isinstance(found, list) or len(found) != len(digests):
        raise RemoteSigningUnavailable(detail="signatures/signHash")
    try:
        signatures = tuple(base64.b64decode(one, validate=True) for one in found)
        for digest, signature in zip(digests, signatures, strict=True):
            verify_digest(key, digest, signature)
    except (InvalidSignature, TypeError, ValueError) as error:
        raise SignatureNotMade(detail="dịch vụ từ xa trả về chữ ký sai") from error
    return signatures
