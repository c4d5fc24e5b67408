"""TEST SERVER: the state of the remote signing service, in memory, in transactions.

Rows are frozen: a change is a new row in the place of the old one. A transaction that raises leaves
every table as it was.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from lienthong.core.signing import DigestSigner


@dataclass(frozen=True, slots=True)
class Client:
    """An application that signs for one user; it logs in by its secret and is bound to a key."""

    id: str
    secret_sha256: bytes
    user_id: str


@dataclass(frozen=True, slots=True)
class Credential:
    """A key of a user. pin_sha256: scrypt of the PIN with the id as salt."""

    id: str
    user_id: str
    signer: DigestSigner
    pin_scrypt: bytes
    otp_secret: bytes = field(repr=False)
    otp_step: int = 0  # of the last one-time code taken: no code is taken twice
    pin_failures: int = 0
    description: str = ""


@dataclass(frozen=True, slots=True)
class Token:
    """An access token, known by its digest, for the holder of one key (DPoP)."""

    sha256: bytes
    client_id: str
    user_id: str
    thumbprint: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Activation:
    """What a SAD stands for (SG-K-06): who, which key, which digests still, until when."""

    sha256: bytes
    user_id: str
    client_id: str
    credential_id: str
    digests: frozenset[bytes]
    hash_oid: str
    expires_at: datetime
    description: str


@dataclass(frozen=True, slots=True)
class Use:
    """One use of a key, or a refused one (SG-K-09). Digests and words, no content."""

    at: datetime
    user_id: str
    credential_id: str
    action: str
    digests: tuple[str, ...]
    description: str
    result: str


@dataclass
class Tables:
    clients: dict[str, Client] = field(default_factory=dict)
    credentials: dict[str, Credential] = field(default_factory=dict)
    tokens: dict[bytes, Token] = field(default_factory=dict)
    activations: dict[bytes, Activation] = field(default_factory=dict)
    proofs: dict[str, datetime] = field(default_factory=dict)  # DPoP ids seen, until when
    uses: list[Use] = field(default_factory=list)

    def copy(self) -> Tables:
        return Tables(
            dict(self.clients),
            dict(self.credentials),
            dict(self.tokens),
            dict(self.activations),
            dict(self.proofs),
            list(self.uses),
        )


class Store:
    """The tables, one transaction at a time."""

    def __init__(self) -> None:
        self._tables = Tables()
        self._lock = threading.Lock()

    @contextmanager
    def transaction(self) -> Iterator[Tables]:
        """The tables to read and change; kept only when the block ends without an exception."""
        with self._lock:
            draft = self._tables.copy()
            yield draft
            self._tables = draft
