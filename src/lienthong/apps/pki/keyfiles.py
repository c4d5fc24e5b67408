"""Files of keys: readable by this account only, written whole or not at all."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings

from lienthong.apps.pki.rules import KeyKind, KeyMissing
from lienthong.core.signing import KeyPasswordWrong, KeySigner
from lienthong.core.signing.keys import PrivateKey

LOG_KEY = "log.key"
KIT_KEY = "kit.key"


def keys_directory() -> Path:
    """DATA_DIR/keys."""
    return Path(settings.DATA_DIR) / "keys"


def write_secret(path: Path, content: bytes) -> None:
    """Write a file that only this account may read."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    with open(fresh, "xb", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def new_password() -> str:
    """A password for a key that a machine opens by itself."""
    return secrets.token_urlsafe(24)


def write_machine_key(relative: str, signer: KeySigner) -> None:
    """Keep a key that the node opens by itself; its password lies beside it."""
    password = new_password()
    path = keys_directory() / relative
    write_secret(path.with_suffix(".pass"), password.encode())
    write_secret(path, signer.to_pkcs12(password))


def open_machine_key(relative: str, kind: KeyKind, holder: str) -> KeySigner:
    """The signer of a key that the node opens by itself; decoded once. Raises KeyMissing."""
    path = keys_directory() / relative
    try:
        stamp = path.stat().st_mtime_ns
    except FileNotFoundError as error:
        raise KeyMissing(kind=kind.label, holder=holder) from error
    return _opened(path, stamp)


@lru_cache(maxsize=1024)
def _opened(path: Path, stamp: int) -> KeySigner:
    password = path.with_suffix(".pass").read_text(encoding="ascii")
    return KeySigner.from_pkcs12(path.read_bytes(), password)


def open_with_pin(relative: str, pin: str, kind: KeyKind, holder: str) -> KeySigner:
    """The signer of a key that a person opens; not kept. Raises KeyMissing, KeyPasswordWrong."""
    try:
        data = (keys_directory() / relative).read_bytes()
    except FileNotFoundError as error:
        raise KeyMissing(kind=kind.label, holder=holder) from error
    return KeySigner.from_pkcs12(data, pin)


def make_log_key() -> Ed25519PrivateKey:
    """The key of this node's log, made when it does not exist yet."""
    path = keys_directory() / LOG_KEY
    if not path.exists():
        pem = Ed25519PrivateKey.generate().private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        write_secret(path, pem)
    return log_key()


def log_key() -> Ed25519PrivateKey:
    """The key that signs checkpoints of this node's log. Raises KeyMissing."""
    try:
        pem = (keys_directory() / LOG_KEY).read_bytes()
    except FileNotFoundError as error:
        raise KeyMissing(kind="khóa nhật ký", holder=settings.NODE_NAME) from error
    key = serialization.load_pem_private_key(pem, password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise TypeError("the log key is no Ed25519 key")
    return key


def make_pending_key(relative: str, key: PrivateKey, pin: str) -> None:
    """Keep a new key that has no certificate yet, under the holder's PIN."""
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(pin.encode()),
    )
    write_secret(keys_directory() / relative, pem)


def open_pending_key(relative: str, pin: str) -> PrivateKey:
    """The key kept by `make_pending_key`. Raises KeyMissing, KeyPasswordWrong."""
    try:
        pem = (keys_directory() / relative).read_bytes()
    except FileNotFoundError as error:
        raise KeyMissing(kind="khóa chờ chứng thư", holder=settings.NODE_NAME) from error
    try:
        key = serialization.load_pem_private_key(pem, pin.encode())
    except ValueError as error:
        raise KeyPasswordWrong from error
    if not isinstance(key, PrivateKey):
        raise TypeError("a holder's key is an RSA or EC key")
    return key


def forget_pending_key(relative: str) -> None:
    """Destroy a key that waits for a certificate, once it is installed or no longer wanted."""
    (keys_directory() / relative).unlink(missing_ok=True)


def kit_key() -> bytes:
    """The key (32 bytes) that seals secrets shared with other systems, made at its first use."""
    return _made_once(KIT_KEY, lambda: secrets.token_bytes(32))


def own_key(name: str) -> Ed25519PrivateKey:
    """A key of this node alone, such as the one it witnesses with, made at its first use."""
    raw = _made_once(f"{name}.ed25519", lambda: Ed25519PrivateKey.generate().private_bytes_raw())
    return Ed25519PrivateKey.from_private_bytes(raw)


def own_secret(name: str) -> bytes:
    """A secret of this node alone (32 bytes), made at its first use."""
    return _made_once(f"{name}.secret", lambda: secrets.token_bytes(32))


def _made_once(name: str, make: Callable[[], bytes]) -> bytes:
    path = keys_directory() / name
    if not path.exists():
        fresh = path.with_name(f".{name}.{secrets.token_hex(4)}")
        write_secret(fresh, make())
        with suppress(FileExistsError):  # two processes at once: the first one's key stands
            os.link(fresh, path)
        fresh.unlink()
    return path.read_bytes()
