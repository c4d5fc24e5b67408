"""Receipts of the axis for tests: tokens bent in one place, and the file with its proof."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

from lienthong.core import signing, tlog
from lienthong.core.signing.jws import raw_signature
from lienthong.core.signing.verify_file import FileVerdict, verify_bytes
from lienthong.core.tests.pki_fixture import NOW, test_pki

PACKET = b"<edXML/>"
PAYLOAD: dict[str, Any] = {
    "kind": "accepted",
    "packet_id": "p-1",
    "packet_sha256": hashlib.sha256(PACKET).hexdigest(),
}
LOG = "truc/exchange-log"


def encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def token(payload: dict[str, Any] | None = None, signer: signing.DigestSigner | None = None) -> str:
    key = signer or test_pki().receipt()
    return signing.sign_jws(payload or PAYLOAD, key=key, at=NOW)


def forged(header: str | None = None, payload: bytes | None = None) -> str:
    """A token with other parts, signed properly by the receipt key."""
    first, second, _ = token().split(".")
    first = first if header is None else encode(header.encode())
    second = second if payload is None else encode(payload)
    body = f"{first}.{second}".encode()
    value = raw_signature(test_pki().receipt(), hashlib.sha256(body).digest())
    return f"{body.decode()}.{encode(value)}"


def header_with(**changes: Any) -> str:
    """The usual header with other entries; None takes one away."""
    header = json.loads(base64.urlsafe_b64decode(token().split(".", maxsplit=1)[0] + "=="))
    header.update(changes)
    return json.dumps({name: value for name, value in header.items() if value is not None})


def verify_token(text: str) -> dict[str, Any]:
    return signing.verify_jws(text, trust=test_pki().trust, at=NOW)


def checkpoint(size: int, root: bytes, *, origin: str = LOG, key: Any = None) -> str:
    return tlog.sign_checkpoint(
        tlog.Checkpoint(origin, size, root), key or test_pki().log_key, origin
    )


def receipt_file(payload: dict[str, Any] | None = None, *, text: str = "") -> dict[str, Any]:
    """An answer of the axis: the token is the third entry of a log of five."""
    payload = payload or PAYLOAD
    text = text or token(payload)
    leaves = [tlog.leaf_hash(str(number).encode()) for number in range(5)]
    entry = signing.packet_entry(text, "0" * 64)
    leaves[2] = tlog.leaf_hash(entry)
    tiles = tlog.MemoryTiles()
    growth = tlog.append(tiles, 0, leaves)
    tiles.write(growth.changed)
    proof = [base64.b64encode(node).decode() for node in tlog.inclusion_proof(tiles, 2, 5)]
    return {
        "packet_id": payload["packet_id"],
        "sha256": payload["packet_sha256"],
        "receipt": text,
        "log": {
            "index": 2,
            "entry": entry.decode(),
            "size": growth.size,
            "proof": proof,
            "checkpoint": checkpoint(growth.size, growth.root),
        },
    }


def look(found: dict[str, Any] | bytes, companion: bytes | None = None) -> FileVerdict:
    data = found if isinstance(found, bytes) else json.dumps(found).encode()
    return verify_bytes(data, trust=test_pki().trust, at=NOW, companion=companion)
