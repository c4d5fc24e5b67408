"""Cosignatures of witnesses (C2SP tlog-cosignature, Ed25519 form `cosignature/v1`; SG §5.5).

A witness states that, at a time, the checkpoint was the largest consistent head it had seen of a
log. The signature stands as one more line under the note. Its key id carries the byte 0x04, so that
a witness' key never passes for a log's.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from lienthong.core.tlog.notes import CheckpointInvalid, check_name, decode, key_id, split_note

LOG_KIND, WITNESS_KIND = 1, 4
_SIZE_BYTES = 4 + 8 + 64


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A published key: its name, what it signs (LOG_KIND or WITNESS_KIND), the key itself."""

    name: str
    kind: int
    public_key: Ed25519PublicKey

    def __str__(self) -> str:
        raw = bytes([self.kind]) + self.public_key.public_bytes_raw()
        text = base64.b64encode(raw).decode("ascii")
        return f"{self.name}+{_id(self.name, self.kind, self.public_key).hex()}+{text}"


@dataclass(frozen=True, slots=True)
class Cosignature:
    """A witness saw the checkpoint at that time, and it was consistent with all it saw before."""

    witness: str
    at: datetime


def parse_verifier_key(text: str) -> VerifierKey:
    """Read `name+key id+base64`, of a log or of a witness. Raises CheckpointInvalid."""
    name, _, tail = text.strip().partition("+")
    wanted, _, encoded = tail.partition("+")
    raw = decode(encoded)
    if len(raw) != 33 or raw[0] not in {LOG_KIND, WITNESS_KIND}:
        raise CheckpointInvalid(reason="key_not_known")
    try:
        check_name(name)
        found = VerifierKey(name, raw[0], Ed25519PublicKey.from_public_bytes(raw[1:]))
    except ValueError as error:
        raise CheckpointInvalid(reason="key_not_known") from error
    if _id(name, raw[0], found.public_key).hex() != wanted:
        raise CheckpointInvalid(reason="key_id_differs")
    return found


def cosign(note: str, key: Ed25519PrivateKey, name: str, at: datetime) -> str:
    """Return the line of a witness under `note`, with its newline. at: aware, to the second.

    The caller has checked the log's signature and the consistency. Raises CheckpointInvalid when
    `note` is no note.
    """
    check_name(name)
    text, _ = split_note(note)
    seconds = int(at.timestamp())
    signature = key.sign(_message(text, seconds))
    signed = _id(name, WITNESS_KIND, key.public_key()) + seconds.to_bytes(8, "big") + signature
    return f"\N{EM DASH} {name} {base64.b64encode(signed).decode('ascii')}\n"


def with_signatures(note: str, lines: Iterable[str]) -> str:
    """Return the note with more signature lines, each once. Raises CheckpointInvalid."""
    known = set(note.splitlines(keepends=True))
    joined = note + "".join(line for line in dict.fromkeys(lines) if line not in known)
    split_note(joined)
    return joined


def cosignatures(note: str, witnesses: Mapping[str, Ed25519PublicKey]) -> tuple[Cosignature, ...]:
    """Return the cosignatures by these witnesses (name to key), in the order of the note.

    Signatures of others are passed over; one of a known witness that does not verify spoils the
    note. Raises CheckpointInvalid.
    """
    text, signatures = split_note(note)
    found = []
    for name, signed in signatures:
        key = witnesses.get(name)
        if key is None or signed[:4] != _id(name, WITNESS_KIND, key):
            continue
        found.append(Cosignature(name, _verified(text, signed, key)))
    return tuple(found)


def _verified(text: str, signed: bytes, key: Ed25519PublicKey) -> datetime:
    seconds = int.from_bytes(signed[4:12], "big")
    try:
        if len(signed) != _SIZE_BYTES:
            raise ValueError("length")
        key.verify(signed[12:], _message(text, seconds))
        return datetime.fromtimestamp(seconds, UTC)
    except (InvalidSignature, ValueError, OverflowError, OSError) as error:
        raise CheckpointInvalid(reason="cosignature_wrong") from error


def _message(text: str, seconds: int) -> bytes:
    return f"cosignature/v1\ntime {seconds}\n{text}".encode()


def _id(name: str, kind: int, key: Ed25519PublicKey) -> bytes:
    if kind == LOG_KIND:
        return key_id(name, key)
    return sha256(f"{name}\n".encode() + bytes([kind]) + key.public_bytes_raw()).digest()[:4]
