"""One way to sign with any key: a file, a device here, a remote service, the browser's agent.

Whoever signs gives the work to be done with a signer. For a key beside the browser it is done twice
(`core.signing.agent`): `ask` finds the digest and undoes everything, `signed` with the agent's
answer does it to the end. Either all of the work happens or none of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Generic, TypeVar

from cryptography import x509
from django.conf import settings
from django.db import transaction

from lienthong.apps.pki import devices, key_uses, keyfiles
from lienthong.apps.pki.key_uses import Refusal
from lienthong.apps.pki.rules import (
    KeyInBrowser,
    KeyKind,
    KeyNotInBrowser,
    KeyPlace,
    KeySignsOneByOne,
)
from lienthong.core.errors import Problem
from lienthong.core.signing import DigestSigner, SignatureNotMade, agent
from lienthong.core.signing.csc import RemoteCredential, RemoteSigningService, StepUp
from lienthong.core.signing.keys import SHA256
from lienthong.core.signing.path import common_name
from lienthong.core.signing.pkcs11 import Token, TokenSigner

T = TypeVar("T")
Work = Callable[[DigestSigner, datetime], T]
AGENT_FOLDER = "agent"


@dataclass(frozen=True, slots=True)
class Consent:
    """What a holder gave with one click, used once and kept nowhere (R61).

    pin: of the file, device or service. otp: the service's one-time code. answer: JSON of the agent
    beside the browser, in place of both.
    """

    pin: str = field(default="", repr=False)
    otp: str = field(default="", repr=False)
    answer: str = field(default="", repr=False)

    @classmethod
    def of(cls, given: str | Consent) -> Consent:
        """A bare PIN is a consent too."""
        return given if isinstance(given, Consent) else cls(given)


@dataclass(frozen=True, slots=True)
class HeldKey:
    """A certified key and where it lies; `device` and `path` as in models.Key."""

    kind: KeyKind
    place: KeyPlace
    device: str
    path: str
    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...] = ()

    @property
    def holder(self) -> str:
        return common_name(self.certificate)

    @property
    def label(self) -> str:
        """Where it lies, for the journal (SG-K-09)."""
        return f"{self.place}:{self.device}" if self.device else self.place.value


@dataclass(frozen=True, slots=True)
class About:
    """What a signature is about (SG-K-07).

    by: who clicked, the only one who may answer. document: SHA-256 of the input. facts: what is
    shown where the key is used; asked for when the digest is known, for only then is the number.
    """

    by: str
    document: bytes
    facts: Callable[[], Mapping[str, str]]

    def lines(self) -> list[str]:
        return [": ".join(self.facts().values())]


@dataclass(frozen=True, slots=True)
class SigningAct(Generic[T]):
    """A work to be done with a key: all of it or nothing. The caller is in a transaction."""

    key: HeldKey
    work: Work[T]
    about: About

    def signed(self, consent: Consent, *, at: datetime) -> T:
        """Do the work. at: when it is signed; with an agent, the moment of `ask` is signed.

        Raises KeyPasswordWrong and what the device, the service or the agent refuses with
        (KeyInBrowser without its answer); then the caller's transaction undoes what was begun.
        """
        try:
            if self.key.place is KeyPlace.BROWSER:
                return self._answered(consent, at)
            with opened(self.key, consent, self.about.lines) as signer:
                return self.work(signer, at)
        except Problem as problem:
            certificate = self.key.certificate.fingerprint(SHA256).hex()
            document = self.about.document.hex()
            key_uses.note(Refusal(certificate, self.key.label, document, problem.code))
            raise

    def ask(self, *, at: datetime) -> agent.Pending:
        """What the agent beside the browser is to sign; nothing of the work stays.

        Raises what the work raises, and KeyNotInBrowser for a key that is elsewhere.
        """
        if self.key.place is not KeyPlace.BROWSER:
            raise KeyNotInBrowser(holder=self.key.holder)
        store = _store()
        store.sweep(before=at - 2 * agent.LIFETIME)

        def undone(signer: DigestSigner) -> object:
            with transaction.atomic():
                return self.work(signer, at)

        return agent.begin(
            undone,
            store=store,
            holder=self.about.by,
            document=self.about.document,
            certificate=self.key.certificate,
            chain=self.key.chain,
            facts=self.about.facts,
            parameters={"at": at.isoformat()},
            at=at,
        )

    def _answered(self, consent: Consent, at: datetime) -> T:
        if not consent.answer:
            raise KeyInBrowser(holder=self.key.holder)
        answer, about = agent.Answer.from_json(consent.answer), self.about
        pending = agent.take(
            answer, store=_store(), holder=about.by, document=about.document, at=at
        )
        began = datetime.fromisoformat(pending.parameters["at"])
        return agent.finish(lambda signer: self.work(signer, began), pending, answer.signature)


@contextmanager
def opened(
    key: HeldKey, consent: Consent, lines: Callable[[], Sequence[str]]
) -> Iterator[DigestSigner]:
    """The key as a signer for this block. lines: what is signed, for the service's consent."""
    if key.place is KeyPlace.FILE:
        yield keyfiles.open_with_pin(key.path, consent.pin, key.kind, key.holder)
    elif key.place is KeyPlace.TOKEN:
        with devices.opened_token(key.device, consent.pin) as token:
            yield TokenSigner(
                token,
                key_id=bytes.fromhex(key.path),
                certificate=key.certificate,
                chain=key.chain,
            )
    elif key.place is KeyPlace.REMOTE:
        service, credential = _remote(key)
        yield _RemoteKey(service, credential, consent, lines)
    else:
        raise KeyInBrowser(holder=key.holder)


@lru_cache(maxsize=256)
def machine_signer(key: HeldKey) -> DigestSigner:
    """The signer of a key in a device that the node opens by itself; one for each process."""
    device = devices.token_device(key.device)
    token = Token(device.module, device.label, device.machine_pin())
    key_id = bytes.fromhex(key.path)
    return TokenSigner(token, key_id=key_id, certificate=key.certificate, chain=key.chain)


@contextmanager
def opened_for_many(
    key: HeldKey,
    consent: Consent,
    works: Sequence[tuple[str, Callable[[DigestSigner], object]]],
) -> Iterator[DigestSigner]:
    """The key as a signer for many works, each with its line, under one consent.

    A remote service authorises all digests at once (SG-K-07): the works are begun to find them,
    undone, and each is signed before the block. One that fails here fails again in the block.
    Raises RemoteBatchTooLarge, KeySignsOneByOne for a key beside the browser.
    """
    if key.place is KeyPlace.BROWSER:
        raise KeySignsOneByOne(holder=key.holder)
    if key.place is not KeyPlace.REMOTE:
        with opened(key, consent, lambda: [line for line, _ in works]) as signer:
            yield signer
        return
    service, credential = _remote(key)
    digests: dict[bytes, str] = {}
    for line, work in works:
        with suppress(Problem), transaction.atomic():
            digests[agent.asked_digest(work, key.certificate, key.chain)] = line
    signatures = service.sign(
        credential, list(digests), _step_up(credential, consent, list(digests.values()))
    )
    yield agent.Presigned(key.certificate, key.chain, dict(zip(digests, signatures, strict=True)))


@dataclass(frozen=True)
class _RemoteKey:
    """A DigestSigner that asks the service for one authorisation for each digest (SG-K-06)."""

    service: RemoteSigningService
    credential: RemoteCredential
    consent: Consent
    lines: Callable[[], Sequence[str]]

    @property
    def certificate(self) -> x509.Certificate:
        return self.credential.certificate

    @property
    def chain(self) -> tuple[x509.Certificate, ...]:
        return self.credential.chain

    def sign_digest(self, digest: bytes) -> bytes:
        step_up = _step_up(self.credential, self.consent, self.lines())
        return self.service.sign(self.credential, [digest], step_up)[0]


def _remote(key: HeldKey) -> tuple[RemoteSigningService, RemoteCredential]:
    """The credential with the certificate that this node registered for its key."""
    service = devices.remote(key.device)
    credential = service.credential(key.path)
    if credential.public_key != key.certificate.public_key():
        raise SignatureNotMade(detail="khóa ở dịch vụ từ xa không phải của chứng thư")
    return service, replace(credential, certificate=key.certificate, chain=key.chain)


def _step_up(credential: RemoteCredential, consent: Consent, lines: Sequence[str]) -> StepUp:
    given = {"PIN": consent.pin, "OTP": consent.otp}
    return StepUp(lines, {name: given.get(name, "") for name in credential.factors})


def _store() -> agent.FolderStore:
    return agent.FolderStore(Path(settings.DATA_DIR) / AGENT_FOLDER)
