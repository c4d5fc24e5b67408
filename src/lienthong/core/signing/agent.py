"""Digest out, signature in: signing with a token that is plugged in where the browser runs.

The server prepares the document and gives out one digest with what it is about; an agent beside the
browser lets the token sign it; the server checks the answer with the public key of the certificate
and completes the document. Between the two steps there is a `Pending`: what was asked, for which
document and certificate, sealed to the digest, used once.

The work is done twice with the same input, once up to the digest and once to the end, so no
half-signed document is ever kept. The work must give the same bytes for the same input: `sign_pdf`,
`sign_detached`, `sign_jws` and `sign_xml` do. Whatever else the first round does, such as rows it
writes, the caller undoes.
"""

from __future__ import annotations

import base64
import json
import re
import secrets
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol, TypeVar

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from lienthong.core.errors import Problem
from lienthong.core.signing import policy
from lienthong.core.signing.keys import DigestSigner, verify_digest
from lienthong.core.signing.path import common_name
from lienthong.core.signing.policy import AlgorithmRefused
from lienthong.core.signing.problems import SignatureNotMade, SignerCertificateNotValid

LIFETIME = timedelta(minutes=5)
FACTS_MAX = 20
FACT_LENGTH_MAX = 500
_ID = re.compile(r"[0-9a-f]{32}")

T = TypeVar("T")
Facts = Mapping[str, str] | Callable[[], Mapping[str, str]]


class AgentRequestGone(Problem):
    """The request to sign does not exist, has expired or was answered already (replay)."""

    code = "signing.agent_request_gone"
    status = 409
    text = "Yêu cầu ký này không còn hiệu lực hoặc đã được trả lời. Hãy bấm ký lại."


class AgentCertificateWrong(Problem):
    """The agent signed with another certificate than the one asked for."""

    code = "signing.agent_certificate_wrong"
    status = 422
    text = "Thiết bị ký đã dùng chứng thư khác với chứng thư “{name}” được yêu cầu."


class AgentDigestWrong(Problem):
    """The answer is for another digest, or the document is no longer the one of the request."""

    code = "signing.agent_digest_wrong"
    status = 422
    text = "Nội dung được ký không phải nội dung đã hiển thị. Chưa có gì được ký."


class AgentAnswerUnreadable(Problem):
    """What came in place of the agent's answer is not one."""

    code = "signing.agent_answer_unreadable"
    status = 422
    text = "Trả lời của trình ký trên máy bạn không đúng dạng. Chưa có gì được ký."


class AgentSignatureWrong(Problem):
    """The signature is not by the key of the certificate over the digest."""

    code = "signing.agent_signature_wrong"
    status = 422
    text = "Chữ ký do thiết bị trả về không đúng. Tài liệu giữ nguyên như trước khi ký."


@dataclass(frozen=True, slots=True)
class Pending:
    """A request to sign that waits for its answer; kept by the server.

    digest: what the token signs (SHA-256). document: a digest of the input. facts: what the agent
    shows before the key is used (SG-K-07). parameters: the caller's, to do the work again.
    """

    id: str
    holder: str
    digest: bytes
    document: bytes
    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...]
    expires_at: datetime
    facts: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def for_agent(self) -> dict[str, Any]:
        """What goes to the browser: nothing secret, nothing that is believed when it comes back."""
        return {
            "id": self.id,
            "digest": base64.b64encode(self.digest).decode(),
            "digest_algorithm": "SHA-256",
            "signature_algorithm": policy.key_label(self.certificate.public_key()),
            "certificate_sha256": self.certificate.fingerprint(hashes.SHA256()).hex(),
            "certificate": _pem(self.certificate),
            "expires_at": self.expires_at.isoformat(),
            "facts": dict(self.facts),
        }

    def to_json(self) -> str:
        """The whole as text, for a store."""
        return json.dumps(
            {
                "id": self.id,
                "holder": self.holder,
                "digest": self.digest.hex(),
                "document": self.document.hex(),
                "certificate": _pem(self.certificate),
                "chain": [_pem(one) for one in self.chain],
                "expires_at": self.expires_at.isoformat(),
                "facts": dict(self.facts),
                "parameters": dict(self.parameters),
            },
            ensure_ascii=False,
        )

    @classmethod
    def from_json(cls, text: str) -> Pending:
        """Read what `to_json` wrote. Raises ValueError, KeyError or TypeError."""
        found = json.loads(text)
        return cls(
            id=found["id"],
            holder=found["holder"],
            digest=bytes.fromhex(found["digest"]),
            document=bytes.fromhex(found["document"]),
            certificate=x509.load_pem_x509_certificate(found["certificate"].encode()),
            chain=tuple(x509.load_pem_x509_certificate(one.encode()) for one in found["chain"]),
            expires_at=datetime.fromisoformat(found["expires_at"]),
            facts=found["facts"],
            parameters=found["parameters"],
        )


@dataclass(frozen=True, slots=True)
class Answer:
    """What the agent sent back. signature: RSASSA-PSS or ECDSA in DER, as in DigestSigner."""

    id: str
    digest: bytes
    certificate: x509.Certificate
    signature: bytes

    @classmethod
    def from_json(cls, text: str) -> Answer:
        """Read {"id", "digest", "signature": base64, "certificate": PEM}.

        Raises AgentAnswerUnreadable.
        """
        try:
            found = json.loads(text)
            return cls(
                id=str(found["id"]),
                digest=base64.b64decode(found["digest"], validate=True),
                certificate=x509.load_pem_x509_certificate(found["certificate"].encode("ascii")),
                signature=base64.b64decode(found["signature"], validate=True),
            )
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise AgentAnswerUnreadable from error


class PendingStore(Protocol):
    """Keeps requests. `take` gives each out once, whoever asks at the same moment."""

    def put(self, pending: Pending) -> None: ...

    def take(self, request_id: str) -> Pending | None: ...


class MemoryStore:
    """A store for one process."""

    def __init__(self) -> None:
        self._kept: dict[str, Pending] = {}
        self._lock = threading.Lock()

    def put(self, pending: Pending) -> None:
        with self._lock:
            self._kept[pending.id] = pending

    def take(self, request_id: str) -> Pending | None:
        with self._lock:
            return self._kept.pop(request_id, None)


class FolderStore:
    """A store for all processes of one node: a file for each request, taken by renaming it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def put(self, pending: Pending) -> None:
        fresh = self._folder / f".{pending.id}.new"
        fresh.write_text(pending.to_json(), encoding="utf-8")
        fresh.rename(self._folder / f"{pending.id}.json")

    def take(self, request_id: str) -> Pending | None:
        if not _ID.fullmatch(request_id):
            return None
        mine = self._folder / f".{request_id}.{secrets.token_hex(8)}"
        try:
            (self._folder / f"{request_id}.json").rename(mine)
        except FileNotFoundError:
            return None
        try:
            return Pending.from_json(mine.read_text(encoding="utf-8"))
        except (ValueError, KeyError, TypeError):
            return None
        finally:
            mine.unlink()

    def sweep(self, *, before: datetime) -> None:
        """Remove what nobody answered: files last written before `before`."""
        for file in self._folder.glob("*.json"):
            with suppress(FileNotFoundError):
                if file.stat().st_mtime < before.timestamp():
                    file.unlink()


def begin(
    work: Callable[[DigestSigner], object],
    *,
    store: PendingStore,
    holder: str,
    document: bytes,
    certificate: x509.Certificate,
    chain: Sequence[x509.Certificate] = (),
    facts: Facts | None = None,
    parameters: Mapping[str, Any] | None = None,
    at: datetime,
) -> Pending:
    """Prepare the work up to the digest that the token is to sign.

    holder: who asks; only the same one may answer. document: SHA-256 of the input of the work.
    facts: what the agent shows; a function is asked once the work has come as far as the digest.
    Raises SignerCertificateNotValid, what the work raises, and ValueError for facts too long.
    """
    if not certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc:
        raise SignerCertificateNotValid(name=common_name(certificate))
    digest = asked_digest(work, certificate, tuple(chain))
    facts = dict(facts() if callable(facts) else facts or {})
    if len(facts) > FACTS_MAX or any(len(text) > FACT_LENGTH_MAX for text in facts.values()):
        raise ValueError("too much to show")
    pending = Pending(
        id=secrets.token_hex(16),
        holder=holder,
        digest=digest,
        document=document,
        certificate=certificate,
        chain=tuple(chain),
        expires_at=at + LIFETIME,
        facts=facts,
        parameters=dict(parameters or {}),
    )
    store.put(pending)
    return pending


def take(
    answer: Answer, *, store: PendingStore, holder: str, document: bytes, at: datetime
) -> Pending:
    """The request that the answer belongs to, once, with the answer checked.

    Raises AgentRequestGone, AgentCertificateWrong, AgentDigestWrong, AgentSignatureWrong. The
    request is used up by any answer.
    """
    pending = store.take(answer.id)
    if pending is None or at > pending.expires_at or holder != pending.holder:
        raise AgentRequestGone
    if answer.certificate != pending.certificate:
        raise AgentCertificateWrong(name=common_name(pending.certificate))
    if answer.digest != pending.digest or document != pending.document:
        raise AgentDigestWrong
    try:
        key = policy.check_key(pending.certificate.public_key())
        verify_digest(key, pending.digest, answer.signature)
    except (InvalidSignature, AlgorithmRefused, ValueError) as error:
        raise AgentSignatureWrong from error
    return pending


def finish(work: Callable[[DigestSigner], T], pending: Pending, signature: bytes) -> T:
    """Do the work again with the signature in its place, and return what it gives.

    pending: from `take`. Raises AgentDigestWrong when the work is not the one of the request.
    """
    return work(Presigned(pending.certificate, pending.chain, {pending.digest: signature}))


def asked_digest(
    work: Callable[[DigestSigner], object],
    certificate: x509.Certificate,
    chain: tuple[x509.Certificate, ...],
) -> bytes:
    """The digest that the work asks to be signed; the work stops there.

    Raises what the work raises, and SignatureNotMade when it asks for nothing.
    """
    asking = _Asking(certificate, chain)
    try:
        work(asking)
    except _Stopped as stopped:
        return stopped.digest
    raise SignatureNotMade(detail="không có gì để ký")


class _Stopped(Exception):  # noqa: N818
    """Carries the digest out of the work."""

    def __init__(self, digest: bytes) -> None:
        super().__init__("stopped at the digest")
        self.digest = digest


@dataclass(frozen=True)
class _Asking:
    """A DigestSigner that only finds out what is to be signed."""

    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...]

    def sign_digest(self, digest: bytes) -> bytes:
        raise _Stopped(digest)


@dataclass(frozen=True)
class Presigned:
    """A DigestSigner with signatures to give that were made before, by digest."""

    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...]
    signatures: Mapping[bytes, bytes]

    def sign_digest(self, digest: bytes) -> bytes:
        """The signature over that digest. Raises AgentDigestWrong when none was made."""
        try:
            return self.signatures[digest]
        except KeyError as error:
            raise AgentDigestWrong from error


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(Encoding.PEM).decode("ascii")
