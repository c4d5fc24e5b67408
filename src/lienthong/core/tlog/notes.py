"""Signed notes and checkpoints (C2SP signed-note, tlog-checkpoint), with Ed25519 keys (SG §5.5).

A checkpoint is the signed head of a log: origin, size and root. A note may carry signatures of
others (witnesses, an older key); those are passed over, as the standard asks, and at least one
signature by the known key must verify.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from hashlib import sha256
from typing import NoReturn

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from lienthong.core.errors import Problem
from lienthong.core.tlog.hashing import EMPTY_ROOT, HASH_SIZE_BYTES, SIZE_MAX

NOTE_SIZE_MAX_CHARACTERS = 100_000
SIGNATURES_MAX = 32  # a reader must take at least 16
_ED25519 = b"\x01"
_SIGNATURE_START = "\N{EM DASH} "
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)


class CheckpointInvalid(Problem):
    """The note is no checkpoint of this log, or its signature does not hold."""

    code = "tlog.checkpoint_invalid"
    status = 422
    text = "Điểm kiểm tra của nhật ký không hợp lệ hoặc không phải của nhật ký này."


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The head of a log. `extensions` are further lines, carried and signed but not understood."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def __str__(self) -> str:
        """The text that is signed."""
        root = base64.b64encode(self.root).decode("ascii")
        return "".join(f"{line}\n" for line in (self.origin, self.size, root, *self.extensions))


def key_id(name: str, public_key: Ed25519PublicKey) -> bytes:
    """Return SHA-256(name ‖ 0x0A ‖ 0x01 ‖ public key)[:4]."""
    raw = public_key.public_bytes_raw()
    return sha256(name.encode() + b"\n" + _ED25519 + raw).digest()[:4]


def verifier_key(name: str, public_key: Ed25519PublicKey) -> str:
    """Return the key as one line to publish: `name+key id+base64`, as other tools read it."""
    check_name(name)
    raw = base64.b64encode(_ED25519 + public_key.public_bytes_raw()).decode("ascii")
    return f"{name}+{key_id(name, public_key).hex()}+{raw}"


def sign_note(text: str, key: Ed25519PrivateKey, name: str) -> str:
    """Return the note: `text` (which ends in a newline), an empty line and the signature."""
    check_name(name)
    if not text.endswith("\n") or _CONTROL.search(text):
        raise ValueError("the text of a note ends in a newline and has no other control character")
    signed = key_id(name, key.public_key()) + key.sign(text.encode())
    return f"{text}\n{_SIGNATURE_START}{name} {base64.b64encode(signed).decode('ascii')}\n"


def open_note(note: str, public_key: Ed25519PublicKey, name: str) -> str:
    """Return the text of a note signed by this key. Raises CheckpointInvalid.

    Signatures of other keys are passed over; one of this key that does not verify spoils the note.
    """
    text, signatures = split_note(note)
    wanted = key_id(name, public_key)
    verified = False
    for signer, signed in signatures:
        if signer != name or signed[:4] != wanted:
            continue
        try:
            public_key.verify(signed[4:], text.encode())
        except InvalidSignature as problem:
            raise CheckpointInvalid(reason="signature_wrong") from problem
        verified = True
    if not verified:
        _refuse("signature_of_unknown_key")
    return text


def sign_checkpoint(checkpoint: Checkpoint, key: Ed25519PrivateKey, name: str) -> str:
    """Return the checkpoint as a signed note. `name` is the key's name, as a rule the origin.

    Raises ValueError for a checkpoint that no reader would take.
    """
    text = str(checkpoint)
    try:
        parsed = parse_checkpoint(text)
    except CheckpointInvalid as problem:
        raise ValueError(f"not a checkpoint: {problem}") from problem
    if parsed != checkpoint:
        raise ValueError("a line of a checkpoint holds no newline")
    return sign_note(text, key, name)


def verify_checkpoint(
    note: str, public_key: Ed25519PublicKey, origin: str, *, name: str | None = None
) -> Checkpoint:
    """Return the checkpoint when `public_key` signed it for the log `origin`.

    name: the key's name when it is not the origin. Raises CheckpointInvalid, for a checkpoint of
    another log too.
    """
    checkpoint = parse_checkpoint(open_note(note, public_key, name or origin))
    if checkpoint.origin != origin:
        _refuse("other_origin")
    return checkpoint


def parse_checkpoint(text: str) -> Checkpoint:
    """Return what the text of a checkpoint says; no signature is looked at. Raises
    CheckpointInvalid."""
    lines = text.split("\n")
    if len(lines) < 4 or lines.pop() or not all(lines):
        _refuse("lines_missing")
    origin, size, root, *extensions = lines
    if not _SIZE.fullmatch(size) or int(size) > SIZE_MAX:
        _refuse("size_not_a_number")
    digest = decode(root)
    if len(digest) != HASH_SIZE_BYTES or (size == "0" and digest != EMPTY_ROOT):
        _refuse("root_not_a_hash")
    return Checkpoint(origin, int(size), digest, tuple(extensions))


def split_note(note: str) -> tuple[str, list[tuple[str, bytes]]]:
    """Return the signed text and each signature as (key name, key id and signature).

    Checks the form alone. Raises CheckpointInvalid.
    """
    if len(note) > NOTE_SIZE_MAX_CHARACTERS or _CONTROL.search(note) or not note.endswith("\n"):
        _refuse("not_a_note")
    try:
        note.encode()
    except UnicodeEncodeError as problem:
        raise CheckpointInvalid(reason="not_a_note") from problem
    text, separator, tail = note.rpartition("\n\n")
    lines = tail.split("\n")[:-1]
    if not separator or not 1 <= len(lines) <= SIGNATURES_MAX:
        _refuse("not_a_note")
    signatures = []
    for line in lines:
        name, separator, encoded = line.removeprefix(_SIGNATURE_START).partition(" ")
        if not line.startswith(_SIGNATURE_START) or not separator or not _is_name(name):
            _refuse("not_a_note")
        signed = decode(encoded)
        if len(signed) <= 4:
            _refuse("not_a_note")
        signatures.append((name, signed))
    return f"{text}\n", signatures


def decode(text: str) -> bytes:
    """Base64 in its one standard form; the decoder alone would let loose ends through."""
    try:
        found = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as problem:
        raise CheckpointInvalid(reason="not_base64") from problem
    if base64.b64encode(found).decode("ascii") != text:
        _refuse("not_base64")
    return found


def _is_name(name: str) -> bool:
    return bool(name) and "+" not in name and not any(each.isspace() for each in name)


def check_name(name: str) -> None:
    if not _is_name(name) or _CONTROL.search(name):
        raise ValueError("the name of a key is not empty and has no space and no plus sign")


def _refuse(reason: str) -> NoReturn:
    raise CheckpointInvalid(reason=reason)
