"""Packets handed out in pieces: single byte ranges (RFC 9110 §14), and large ones as a stream."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from .problems import ContentDamaged, RangeNotSatisfiable
from .process import Hub
from .rows import StoredPacket
from .rules import LARGE_BODY_BYTES

PIECE_BYTES = 1024 * 1024
MEDIA_TYPE = "application/edxml+xml"

_RANGE = re.compile(r"bytes=(\d+)-(\d*)")


async def packet_answer(
    hub: Hub, request: Request, stored: StoredPacket, headers: dict[str, str]
) -> Response:
    """The packet, or the range of it that is asked for. Raises RangeNotSatisfiable.

    A whole packet is checked against its digest; a large one while it goes out: its last piece is
    kept back when the digest is wrong. A range is for the receiver to check, by the whole.
    """
    headers |= {"Accept-Ranges": "bytes", "ETag": f'"{stored.sha256}"'}
    wanted = byte_range(request.headers.get("range", ""), stored.size)
    if wanted is not None:
        start, end = wanted
        end = min(end, start + LARGE_BODY_BYTES * 2)
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{stored.size}"
        piece = await hub.io(hub.segments.piece, stored.place, stored.id, start, end - start)
        if len(piece) != end - start:
            raise ContentDamaged(packet_id=str(stored.id))
        return Response(piece, 206, headers, media_type=MEDIA_TYPE)
    if stored.size <= LARGE_BODY_BYTES:
        raw = await hub.io(hub.segments.read, stored.place, stored.id, stored.size, stored.sha256)
        return Response(raw, headers=headers, media_type=MEDIA_TYPE)
    headers["Content-Length"] = str(stored.size)
    return StreamingResponse(_stream(hub, stored), headers=headers, media_type=MEDIA_TYPE)


def byte_range(text: str, size: int) -> tuple[int, int] | None:
    """The range [from, to) that a header asks for; None when the whole is wanted.

    Raises RangeNotSatisfiable when it begins behind the end. Other forms are ignored, as the
    standard allows: the answer is then the whole.
    """
    match = _RANGE.fullmatch(text.strip())
    if match is None:
        return None
    start = int(match[1])
    end = min(int(match[2]) + 1, size) if match[2] else size
    if start >= size or end <= start:
        raise RangeNotSatisfiable(size=size)
    return start, end


async def _stream(hub: Hub, stored: StoredPacket) -> AsyncIterator[bytes]:
    digest, sent = hashlib.sha256(), 0
    while sent < stored.size:
        length = min(PIECE_BYTES, stored.size - sent)
        piece = await hub.io(hub.segments.piece, stored.place, stored.id, sent, length)
        await asyncio.to_thread(digest.update, piece)
        sent += length
        if len(piece) != length or (sent == stored.size and digest.hexdigest() != stored.sha256):
            raise ContentDamaged(packet_id=str(stored.id))
        yield piece
