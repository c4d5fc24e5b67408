"""The hashes of RFC 6962 §2.1 (SG §5.5): a leaf can never be taken for an inner node."""

from __future__ import annotations

from hashlib import sha256

HASH_SIZE_BYTES = 32
SIZE_MAX = 2**63 - 1  # a tree size is a signed 64-bit number in every implementation we meet
EMPTY_ROOT = sha256(b"").digest()


def leaf_hash(entry: bytes) -> bytes:
    """Return SHA-256(0x00 ‖ entry)."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return SHA-256(0x01 ‖ left ‖ right)."""
    return sha256(b"\x01" + left + right).digest()
