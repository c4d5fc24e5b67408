"""TEST SERVER: the rules of a remote signing service (CSC API v2; SG-K-05 to SG-K-07, SG-K-09).

- An application logs in with client credentials; its token works only with proofs by the key that
  it logged in with (DPoP, RFC 9449). Each application signs for one user.
- An authorisation needs both factors, PIN and one-time code, and gives a SAD: an opaque handle to a
  row bound to user, application, credential, each digest and the algorithm, for 5 minutes.
- A digest is used up in the transaction that signs it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import struct
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding

from lienthong.apps.pki.remote.store import (
    Activation,
    Client,
    Credential,
    Store,
    Tables,
    Token,
    Use,
)
from lienthong.core.signing import DigestSigner
from lienthong.core.signing.csc import (
    BATCH_MAX,
    ECDSA_SHA256_OID,
    PSS_PARAMETERS,
    RSA_PSS_OID,
    SHA256_OID,
)
from lienthong.core.signing.dpop import AGE_MAX, ProofInvalid, check_proof

TOKEN_LIFETIME = timedelta(minutes=15)
SAD_LIFETIME = timedelta(minutes=5)
PIN_FAILURES_MAX = 3
PAGE_MAX = 100
OTP_STEP_S = 30
SPECS = "2.0.0.2"
METHODS = (
    "info",
    "oauth2/token",
    "credentials/list",
    "credentials/info",
    "credentials/authorize",
    "signatures/signHash",
    "signatures/timestamp",
)

Body = Mapping[str, Any]
Answer = dict[str, Any]


class CSCError(Exception):
    """An error of the API: its code, an English description, the HTTP status."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(description)
        self.error, self.description, self.status = error, description, status

    def to_json(self) -> Answer:
        return {"error": self.error, "error_description": self.description}


def one_time_code(secret: bytes, at: datetime) -> str:
    """The code of six digits for a moment (TOTP, RFC 6238, SHA-1, 30 s)."""
    return _code(secret, int(at.timestamp()) // OTP_STEP_S)


class SigningService:
    """The methods of the API over a Store. Each is safe to call from several threads.

    url: the address before `/csc/v2`, as clients know it: proofs name it. stamp: makes a time-stamp
    token (DER) over a SHA-256 digest.
    """

    def __init__(
        self,
        url: str,
        *,
        store: Store | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        stamp: Callable[[bytes], bytes] | None = None,
        name: str = "Dịch vụ ký số từ xa (thử)",
    ) -> None:
        self.url, self.name = url.rstrip("/"), name
        self._store, self._clock, self._stamp = store or Store(), clock, stamp

    # What the operator does.

    def add_client(self, client_id: str, *, user_id: str) -> str:
        """Register an application of a user; return its secret."""
        secret = secrets.token_urlsafe(32)
        with self._store.transaction() as tables:
            digest = hashlib.sha256(secret.encode()).digest()
            tables.clients[client_id] = Client(client_id, digest, user_id)
        return secret

    def add_credential(
        self, credential_id: str, *, user_id: str, signer: DigestSigner, pin: str, name: str = ""
    ) -> bytes:
        """Keep a user's key; return the secret of their one-time codes."""
        secret = secrets.token_bytes(20)
        with self._store.transaction() as tables:
            tables.credentials[credential_id] = Credential(
                credential_id,
                user_id,
                signer,
                _scrypt(pin, credential_id),
                secret,
                description=name,
            )
        return secret

    @property
    def uses(self) -> tuple[Use, ...]:
        """The record of every use of a key, refused ones too."""
        with self._store.transaction() as tables:
            return tuple(tables.uses)

    # What clients call.

    def info(self, body: Body) -> Answer:
        return {
            "specs": SPECS,
            "name": self.name,
            "logo": f"{self.url}/logo.png",
            "region": "VN",
            "lang": str(body.get("lang") or "vi-VN"),
            "description": "Test server: keys in memory, for tests and demonstrations only.",
            "authType": ["oauth2client"],
            "oauth2": f"{self.url}/csc/v2",
            "methods": list(METHODS),
            "signAlgorithms": {
                "algos": [RSA_PSS_OID, ECDSA_SHA256_OID],
                "algoParams": [PSS_PARAMETERS, ""],
            },
            "signature_formats": {
                "formats": ["C", "X", "P", "J"],
                "envelope_properties": [
                    ["Detached"],
                    ["Enveloped"],
                    ["Certification"],
                    ["Compact"],
                ],
            },
            "conformance_levels": ["Ades-B-B"],
        }

    def token(self, form: Mapping[str, str], client_id: str, secret: str, proof: str) -> Answer:
        """oauth2/token: client credentials, and a proof by the key that the token is bound to."""
        if form.get("grant_type") != "client_credentials":
            raise CSCError("unsupported_grant_type", "only client_credentials is supported")
        now = self._clock()
        with self._store.transaction() as tables:
            client = tables.clients.get(client_id)
            digest = hashlib.sha256(secret.encode()).digest()
            known = client.secret_sha256 if client else bytes(32)
            if not hmac.compare_digest(digest, known) or client is None:
                raise CSCError("invalid_client", "unknown client or wrong secret", 401)
            thumbprint = self._proved(tables, proof, "oauth2/token", "", now)
            token = secrets.token_urlsafe(32)
            key = hashlib.sha256(token.encode()).digest()
            expires_at = now + TOKEN_LIFETIME
            _sweep(tables, now)
            tables.tokens[key] = Token(key, client.id, client.user_id, thumbprint, expires_at)
        return {
            "access_token": token,
            "token_type": "DPoP",
            "expires_in": int(TOKEN_LIFETIME.total_seconds()),
        }

    def caller(self, token: str, proof: str, method: str) -> Token:
        """Who calls `method`: the holder of the token, who proves to have its key."""
        now = self._clock()
        with self._store.transaction() as tables:
            found = tables.tokens.get(hashlib.sha256(token.encode()).digest())
            if found is None or now > found.expires_at:
                raise CSCError("invalid_token", "The access token is not valid.", 401)
            if self._proved(tables, proof, method, token, now) != found.thumbprint:
                raise CSCError("invalid_token", "The access token is bound to another key.", 401)
        return found

    def credentials_list(self, caller: Token, body: Body) -> Answer:
        """The caller's own credentials, in pages."""
        wanted = body.get("userID", caller.user_id)
        if wanted != caller.user_id:
            raise CSCError("invalid_request", "Invalid parameter userID")
        size = body.get("maxResults", PAGE_MAX)
        if type(size) is not int or size < 1:
            raise CSCError("invalid_request", "Invalid parameter maxResults")
        after = str(body.get("pageToken", ""))
        with self._store.transaction() as tables:
            own = sorted(
                one.id
                for one in tables.credentials.values()
                if one.user_id == caller.user_id and one.id > after
            )
        size = min(size, PAGE_MAX)
        answer: Answer = {"credentialIDs": own[:size]}
        if len(own) > size:
            answer["nextPageToken"] = own[size - 1]
        return answer

    def credentials_info(self, caller: Token, body: Body) -> Answer:
        with self._store.transaction() as tables:
            found = self._own(tables, caller, body)
        certificate, chain = found.signer.certificate, found.signer.chain
        wanted = {"none": 0, "single": 1, "chain": 1 + len(chain)}.get(
            str(body.get("certificates", "single"))
        )
        if wanted is None:
            raise CSCError("invalid_request", "Invalid parameter certificates")
        is_rsa = isinstance(certificate.public_key(), rsa.RSAPublicKey)
        answer: Answer = {
            "description": found.description,
            "key": {
                "status": "enabled" if found.pin_failures < PIN_FAILURES_MAX else "disabled",
                "algo": [RSA_PSS_OID if is_rsa else ECDSA_SHA256_OID],
                "len": certificate.public_key().key_size,  # type: ignore[union-attr]
            },
            "cert": {
                "status": self._status(
                    certificate.not_valid_before_utc, certificate.not_valid_after_utc
                ),
                "certificates": [
                    base64.b64encode(one.public_bytes(Encoding.DER)).decode()
                    for one in (certificate, *chain)[:wanted]
                ],
            },
            "SCAL": "2",
            "multisign": BATCH_MAX,
            "lang": "vi-VN",
        }
        if not is_rsa:
            answer["key"]["curve"] = "1.2.840.10045.3.1.7"
        if body.get("certInfo") is True:
            answer["cert"] |= {
                "issuerDN": certificate.issuer.rfc4514_string(),
                "serialNumber": f"{certificate.serial_number:X}",
                "subjectDN": certificate.subject.rfc4514_string(),
                "validFrom": f"{certificate.not_valid_before_utc:%Y%m%d%H%M%SZ}",
                "validTo": f"{certificate.not_valid_after_utc:%Y%m%d%H%M%SZ}",
            }
        if body.get("authInfo") is True:
            answer["auth"] = _AUTH
        return answer

    def credentials_authorize(self, caller: Token, body: Body) -> Answer:
        """Both factors for these digests; a SAD for them alone."""
        now = self._clock()
        with self._store.transaction() as tables:
            credential = self._own(tables, caller, body)
            digests = _digests(body)
            if body.get("numSignatures") != len(digests):
                raise CSCError("invalid_request", "Invalid parameter numSignatures")
            description = body.get("description")
            if not isinstance(description, str) or not description.strip():
                raise CSCError(
                    "invalid_request", "Missing (or invalid type) string parameter description"
                )
            refused = self._factors(tables, credential, body, now)
            result = refused.error if refused else "ok"
            tables.uses.append(
                _use(
                    credential, "authorize", digests, at=now, description=description, result=result
                )
            )
            sad = secrets.token_urlsafe(32)
            if refused is None:
                key = hashlib.sha256(sad.encode()).digest()
                tables.activations[key] = Activation(
                    key, caller.user_id, caller.client_id, credential.id, frozenset(digests),
                    SHA256_OID, now + SAD_LIFETIME, description[:500],
                )  # fmt: skip
        if refused is not None:  # raised after the count of failures has been kept
            raise refused
        return {"SAD": sad, "expiresIn": int(SAD_LIFETIME.total_seconds())}

    def sign_hash(self, caller: Token, body: Body) -> Answer:
        """Sign digests that a SAD is for; each is used up with its signature."""
        now = self._clock()
        sad = body.get("SAD")
        if not isinstance(sad, str) or not sad:
            raise CSCError("invalid_request", "Missing (or invalid type) string parameter SAD")
        key = hashlib.sha256(sad.encode()).digest()
        with self._store.transaction() as tables:
            credential = self._own(tables, caller, body)
            found = tables.activations.get(key)
            owner = (caller.user_id, caller.client_id, credential.id)
            if found is None or (found.user_id, found.client_id, found.credential_id) != owner:
                raise CSCError("invalid_request", "Invalid parameter SAD")
            if now > found.expires_at:
                raise CSCError("invalid_request", "SAD expired")
            digests = _digests(body)
            _check_algorithm(credential, body)
            if not set(digests) <= found.digests:
                raise CSCError("invalid_request", "Hash is not authorized by the SAD")
            # Signing stands inside: when the key fails, nothing is used up.
            signatures = [credential.signer.sign_digest(one) for one in digests]
            rest = found.digests - set(digests)
            if rest:
                tables.activations[key] = replace(found, digests=rest)
            else:
                del tables.activations[key]
            tables.uses.append(
                _use(credential, "signHash", digests, at=now, description=found.description)
            )
        return {"signatures": [base64.b64encode(one).decode() for one in signatures]}

    def timestamp(self, body: Body) -> Answer:
        if self._stamp is None:
            raise CSCError("invalid_request", "no time-stamp authority", 501)
        if body.get("hashAlgo") != SHA256_OID:
            raise CSCError("invalid_request", "Invalid parameter hashAlgo")
        token = self._stamp(_digest(body.get("hash"), "hash"))
        return {"timestamp": base64.b64encode(token).decode()}

    # Inside.

    def _proved(self, tables: Tables, proof: str, method: str, token: str, now: datetime) -> str:
        """The thumbprint of the key behind the proof, which is taken once."""
        try:
            found = check_proof(proof, "POST", f"{self.url}/csc/v2/{method}", token=token, at=now)
        except ProofInvalid as error:
            raise CSCError("invalid_dpop_proof", str(error), 401) from error
        if found.id in tables.proofs:
            raise CSCError("invalid_dpop_proof", "proof was used already", 401)
        tables.proofs[found.id] = now + 2 * AGE_MAX
        return found.thumbprint

    def _own(self, tables: Tables, caller: Token, body: Body) -> Credential:
        """The caller's credential; another's looks like one that is not there."""
        wanted = body.get("credentialID")
        if not isinstance(wanted, str) or not wanted:
            text = "Missing (or invalid type) string parameter credentialID"
            raise CSCError("invalid_request", text)
        found = tables.credentials.get(wanted)
        if found is None or found.user_id != caller.user_id:
            raise CSCError("invalid_request", "Invalid parameter credentialID")
        return found

    def _factors(
        self, tables: Tables, credential: Credential, body: Body, now: datetime
    ) -> CSCError | None:
        """Check PIN and one-time code (SG-K-07); keep the count of failures. None when good."""
        given = _auth_data(body)
        if credential.pin_failures >= PIN_FAILURES_MAX:
            return CSCError("invalid_request", "The credential is locked")
        pin = _scrypt(given.get("PIN", ""), credential.id)
        if not hmac.compare_digest(pin, credential.pin_scrypt):
            failed = replace(credential, pin_failures=credential.pin_failures + 1)
            tables.credentials[credential.id] = failed
            return CSCError("invalid_pin", "The PIN is invalid")
        step = _matching_step(credential, given.get("OTP", ""), now)
        if step is None:
            return CSCError("invalid_otp", "The OTP is invalid")
        tables.credentials[credential.id] = replace(credential, otp_step=step, pin_failures=0)
        return None

    def _status(self, start: datetime, end: datetime) -> str:
        return "valid" if start <= self._clock() <= end else "expired"


_AUTH: Answer = {
    "mode": "explicit",
    "expression": "PIN AND OTP",
    "objects": [
        {"type": "Password", "id": "PIN", "format": "N", "label": "Mã PIN"},
        {
            "type": "Password",
            "id": "OTP",
            "format": "N",
            "label": "Mã xác nhận một lần",
            "generator": "totp",
        },
    ],
}


def _digest(found: object, name: str) -> bytes:
    try:
        digest = base64.b64decode(found, validate=True) if isinstance(found, str) else b""
    except ValueError:
        digest = b""
    if len(digest) != 32:
        raise CSCError("invalid_request", f"Invalid parameter {name}")
    return digest


def _digests(body: Body) -> tuple[bytes, ...]:
    """The digests of a request: 1 to 50, SHA-256, no two alike."""
    if body.get("hashAlgorithmOID") != SHA256_OID:
        raise CSCError("invalid_request", "Invalid parameter hashAlgorithmOID")
    hashes = body.get("hashes")
    if not isinstance(hashes, list) or not hashes:
        raise CSCError("invalid_request", "Missing (or invalid type) array parameter hashes")
    if len(hashes) > BATCH_MAX:
        raise CSCError("invalid_request", "Numbers of signatures is too high")
    digests = tuple(_digest(one, "hashes") for one in hashes)
    if len(set(digests)) != len(digests):
        raise CSCError("invalid_request", "Invalid parameter hashes")
    return digests


def _check_algorithm(credential: Credential, body: Body) -> None:
    """The one algorithm of the key (SG 9); PSS with the parameters of the table."""
    is_rsa = isinstance(credential.signer.certificate.public_key(), rsa.RSAPublicKey)
    wanted = (RSA_PSS_OID, PSS_PARAMETERS) if is_rsa else (ECDSA_SHA256_OID, None)
    if (body.get("signAlgo"), body.get("signAlgoParams")) != wanted:
        raise CSCError("invalid_request", "Invalid parameter signAlgo")
    if body.get("operationMode", "S") != "S":
        raise CSCError("invalid_request", "Invalid parameter operationMode")


def _auth_data(body: Body) -> dict[str, str]:
    """The factors by id; each at most once."""
    given = body.get("authData")
    if not isinstance(given, list) or len(given) > 10:
        raise CSCError("invalid_request", "Missing (or invalid type) array parameter authData")
    found: dict[str, str] = {}
    for one in given:
        name, value = (one.get("id"), one.get("value")) if isinstance(one, dict) else (None, None)
        if not isinstance(name, str) or not isinstance(value, str) or name in found:
            raise CSCError("invalid_request", "Invalid parameter authData")
        found[name] = value
    return found


def _matching_step(credential: Credential, code: str, now: datetime) -> int | None:
    """The time step whose code this is: the present one or a neighbour, later than the last."""
    present = int(now.timestamp()) // OTP_STEP_S
    for step in range(max(present - 1, credential.otp_step + 1), present + 2):
        if hmac.compare_digest(_code(credential.otp_secret, step).encode(), code.encode()):
            return step
    return None


def _code(secret: bytes, step: int) -> str:
    digest = hmac.digest(secret, struct.pack(">Q", step), "sha1")
    at = digest[-1] & 0xF
    return f"{(int.from_bytes(digest[at : at + 4], 'big') & 0x7FFFFFFF) % 1_000_000:06d}"


def _scrypt(pin: str, salt: str) -> bytes:
    return hashlib.scrypt(pin.encode(), salt=salt.encode(), n=2**12, r=8, p=1)


def _use(
    credential: Credential,
    action: str,
    digests: tuple[bytes, ...],
    *,
    at: datetime,
    description: str,
    result: str = "ok",
) -> Use:
    hexes = tuple(one.hex() for one in digests)
    return Use(at, credential.user_id, credential.id, action, hexes, description, result)


def _sweep(tables: Tables, now: datetime) -> None:
    """Forget what has run out."""
    tables.tokens = {k: one for k, one in tables.tokens.items() if one.expires_at > now}
    tables.activations = {k: one for k, one in tables.activations.items() if one.expires_at > now}
    tables.proofs = {k: until for k, until in tables.proofs.items() if until > now}
