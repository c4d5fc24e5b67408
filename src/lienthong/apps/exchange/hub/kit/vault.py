"""Shared secrets at rest: sealed under a key of this node, so a copy of the rows opens nothing."""

from __future__ import annotations

import os
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE_BYTES = 12
KEY_BYTES = 32


def new_secret() -> str:
    """A secret of 256 bits, in letters and digits that survive any configuration file."""
    return secrets.token_hex(32)


def seal(key: bytes, system_id: str, secret: str) -> bytes:
    """The secret encrypted (AES-256-GCM), tied to its system."""
    nonce = os.urandom(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, secret.encode(), system_id.encode())


def unseal(key: bytes, system_id: str, sealed: bytes) -> str | None:
    """The secret; None when it was sealed under another key or for another system."""
    nonce, content = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
    try:
        return AESGCM(key).decrypt(nonce, content, system_id.encode()).decode()
    except (InvalidTag, ValueError):
        return None
