"""What every request of the native door goes through: who calls, and what body came."""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import time
from collections import Counter, OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from starlette.requests import Request

from lienthong.core import signing

from .intake import Admission
from .participants import Node, Participants
from .problems import (
    DigestMismatch,
    HeaderMissing,
    HubStorageFull,
    NodeUnknown,
    PacketTooLarge,
    RequestReplayed,
)
from .rules import LARGE_BODY_BYTES, Kind
from .segments import Segments, is_full

REQUESTS_REMEMBERED = 100_000
CHUNK_BYTES = 1024 * 1024
SAID_ONCE = frozenset(
    {
        b"content-digest",
        b"content-length",
        b"packet-kind",
        b"packet-signature",
        b"range",
        b"signature",
        b"signature-input",
        b"transfer-encoding",
    }
)


@dataclass(frozen=True, slots=True)
class Caller:
    """An authenticated node and the digest of the body it declared."""

    node: Node
    body_sha256: bytes


class Replays:
    """Requests seen within the time in which their signature holds."""

    def __init__(self, skew_s: int) -> None:
        self._window_s = 2 * skew_s
        self._seen: OrderedDict[str, float] = OrderedDict()

    def check(self, signature_input: str, node_id: str) -> None:
        """Raise RequestReplayed for one seen before. What is signed holds time and nonce."""
        now = time.monotonic()
        while self._seen:
            first, at = next(iter(self._seen.items()))
            if now - at < self._window_s and len(self._seen) < REQUESTS_REMEMBERED:
                break
            del self._seen[first]
        key = f"{node_id} {signature_input}"
        if key in self._seen:
            raise RequestReplayed
        self._seen[key] = now


class Gate:
    """Authenticates requests by the node's signature over them (RFC 9421, RFC 9530)."""

    def __init__(self, skew_s: int) -> None:
        self._skew_s = skew_s
        self._replays = Replays(skew_s)
        self.seen: dict[str, datetime] = {}

    def caller(
        self, request: Request, participants: Participants, required: Sequence[str] = ()
    ) -> Caller:
        """Return who calls. Raises signing.request_… problems, NodeUnknown, RequestReplayed."""
        now = datetime.now(UTC)
        check_once(request.headers.raw)
        headers: Mapping[str, str] = request.headers
        verified = signing.verify_request(
            request.method,
            target_of(request),
            headers,
            public_key_of=participants.key_of,
            now=now,
            skew_s=self._skew_s,
            required=required,
        )
        node = participants.nodes.get(verified.key_id)
        if node is None:
            raise NodeUnknown
        self._replays.check(headers.get("signature-input", ""), node.node_id)
        self.seen[node.node_id] = now
        return Caller(node, verified.body_sha256)


def check_once(headers: Iterable[tuple[bytes, bytes]]) -> None:
    """Refuse a request that says twice what its signature or its body depends on.

    Two readers could each believe another one. Raises HeaderMissing.
    """
    seen = Counter(name for name, _ in headers if name in SAID_ONCE)
    for name, count in seen.items():
        if count > 1:
            raise HeaderMissing(name=name.decode())


def target_of(request: Request) -> str:
    """The path and query as the caller wrote them."""
    raw = request.scope.get("raw_path") or request.url.path.encode()
    query = request.scope.get("query_string", b"")
    return (raw.split(b"?")[0] + (b"?" + query if query else b"")).decode("ascii")


@dataclass(slots=True)
class Body:
    """A body received: in memory, or in a file when it is large."""

    sha256: str
    size: int
    raw: bytes
    file: Path | None

    def load(self) -> bytes:
        return self.raw if self.file is None else self.file.read_bytes()

    def discard(self) -> None:
        """Remove the file, if the writer has not moved it to its place."""
        if self.file is not None:
            self.file.unlink(missing_ok=True)


@contextmanager
def room(admission: Admission, node_id: str, size: int) -> Iterator[None]:
    """Hold the room that one request takes in the hub's memory. Raises HubBusy."""
    admission.enter(node_id, size)
    try:
        yield
    finally:
        admission.leave(node_id, size)


def declared_size(request: Request, max_bytes: int) -> int | None:
    """The Content-Length, None when the body comes in chunks. Raises PacketTooLarge."""
    text = request.headers.get("content-length")
    if text is None:
        return None
    if not text.isdecimal():
        raise HeaderMissing(name="Content-Length")
    size = int(text)
    if size > max_bytes:
        raise PacketTooLarge(max_bytes=max_bytes, size=size)
    return size


async def read_body(
    request: Request, *, caller: Caller, segments: Segments, max_bytes: int, within_s: float
) -> Body:
    """Receive the body that the caller's signature covers.

    Raises what receive_body raises, and DigestMismatch.
    """
    body = await receive_body(request, segments=segments, max_bytes=max_bytes, within_s=within_s)
    if bytes.fromhex(body.sha256) != caller.body_sha256:
        body.discard()
        raise DigestMismatch
    return body


async def receive_body(
    request: Request,
    *,
    segments: Segments,
    max_bytes: int,
    within_s: float,
    trailer: bytes = b"",
) -> Body:
    """Receive a body, hashing it; a large one goes to a file, so memory stays flat.

    trailer: bytes that may follow the body proper; they are taken off before the digest.
    Raises PacketTooLarge, HubStorageFull; TimeoutError for a client too slow.
    """
    receiver = _Receiver(segments, max_bytes, trailer)
    try:
        async with asyncio.timeout(within_s):
            async for chunk in request.stream():
                if receiver.add(chunk):
                    await asyncio.to_thread(receiver.flush)
            receiver.end()
            if receiver.file is not None:
                await asyncio.to_thread(receiver.flush)
    except BaseException:  # whatever ends it, the client's going away too, leaves no file behind
        receiver.discard()
        raise
    body = Body(receiver.digest.hexdigest(), receiver.size, b"", receiver.file)
    if receiver.file is None:
        body.raw = b"".join(receiver.parts)
    return body


class _Receiver:
    def __init__(self, segments: Segments, max_bytes: int, trailer: bytes) -> None:
        self._segments = segments
        self._trailer = trailer
        self._tail = b""  # the last bytes, which may be the trailer
        self._max_bytes = max_bytes
        self._held = 0
        self.size = 0
        self.digest = hashlib.sha256()
        self.parts: list[bytes] = []
        self.file: Path | None = None

    def add(self, chunk: bytes) -> bool:
        """Take a chunk; True when what is held in memory should go to the file."""
        if self._trailer:
            chunk = self._tail + chunk
            keep = max(0, len(chunk) - len(self._trailer))
            chunk, self._tail = chunk[:keep], chunk[keep:]
        return self._take(chunk)

    def end(self) -> None:
        """Nothing more comes: what was held back is the trailer, or belongs to the body."""
        if self._tail and self._tail != self._trailer:
            self._take(self._tail)
        self._tail = b""

    def _take(self, chunk: bytes) -> bool:
        self.size += len(chunk)
        if self.size > self._max_bytes:
            raise PacketTooLarge(max_bytes=self._max_bytes, size=self.size)
        self.digest.update(chunk)
        self.parts.append(chunk)
        self._held += len(chunk)
        if self.file is None and self.size > LARGE_BODY_BYTES:
            self.file = self._segments.temporary()
        return self.file is not None and self._held >= CHUNK_BYTES

    def flush(self) -> None:
        if self.file is None:
            return
        try:
            with self.file.open("ab") as file:
                file.writelines(self.parts)
        except OSError as error:
            if is_full(error):
                raise HubStorageFull from error
            raise
        self.parts.clear()
        self._held = 0

    def discard(self) -> None:
        if self.file is not None:
            self.file.unlink(missing_ok=True)


def packet_signature(request: Request) -> bytes:
    """The detached signature of the packet, from its header (RFC 8941 byte sequence)."""
    text = request.headers.get("packet-signature", "")
    if len(text) < 2 or not (text.startswith(":") and text.endswith(":")):
        raise HeaderMissing(name="Packet-Signature")
    try:
        return base64.b64decode(text[1:-1], validate=True)
    except (binascii.Error, ValueError) as error:
        raise HeaderMissing(name="Packet-Signature") from error


def packet_kind(request: Request) -> Kind:
    try:
        return Kind(request.headers.get("packet-kind", ""))
    except ValueError as error:
        raise HeaderMissing(name="Packet-Kind") from error
