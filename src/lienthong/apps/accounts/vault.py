"""Keeps secrets of persons encrypted in the database (TM-X-23): a dump alone opens none of them."""

from __future__ import annotations

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.utils.encoding import force_bytes

NONCE_BYTES = 12
PURPOSE = b"lienthong accounts authenticators 1"


def close(secret: bytes, person_id: int) -> bytes:
    """Return the secret encrypted for that person's row: in another row it does not open."""
    nonce = os.urandom(NONCE_BYTES)
    return nonce + _cipher(settings.SECRET_KEY).encrypt(nonce, secret, _row(person_id))


def open_(closed: bytes, person_id: int) -> bytes:
    """Return the secret that `close` encrypted, also under an earlier secret key of the node.

    Raises cryptography.exceptions.InvalidTag when it is of another row or node.
    """
    nonce, data = closed[:NONCE_BYTES], closed[NONCE_BYTES:]
    for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS):
        try:
            return _cipher(key).decrypt(nonce, data, _row(person_id))
        except InvalidTag:
            continue
    raise InvalidTag


def _cipher(secret_key: str | bytes) -> AESGCM:
    derive = HKDF(algorithm=SHA256(), length=32, salt=None, info=PURPOSE)
    return AESGCM(derive.derive(force_bytes(secret_key)))


def _row(person_id: int) -> bytes:
    return str(person_id).encode()
