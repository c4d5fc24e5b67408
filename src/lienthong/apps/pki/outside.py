"""Asks the authority's services while documents are signed and kept: time-stamps, revocation data.

Whoever asks decides what an answer is worth; nothing that comes from here is believed by itself.
"""

from __future__ import annotations

import time
from urllib.parse import urlsplit

import httpx
from django.conf import settings
from django.utils import timezone

from lienthong.core.signing.authority import BASE_URL
from lienthong.core.signing.status_now import Fetch
from lienthong.core.signing.tsp import TimestampClient, TimestampSource

CONNECT_WITHIN_S = 2.0
ANSWER_WITHIN_S = 5.0
LIST_WITHIN_S = 60.0
ANSWER_SIZE_MAX_BYTES = 32 * 1024 * 1024
LIST_SIZE_MAX_BYTES = 20 * 1024 * 1024  # of a trust list (SG 3.8)
TYPES = {"/tsa": "application/timestamp-query", "/ocsp": "application/ocsp-request"}


def timestamp_source() -> TimestampSource | None:
    """The time-stamp authority of this node; None where none is configured."""
    return TimestampClient(_stamp, clock=timezone.now) if settings.PKI_URL else None


def fetch(url: str, body: bytes | None = None) -> bytes | None:
    """What lies at an address that a certificate names; None when it cannot be had.

    Only addresses of the authority's own services are asked, and at PKI_URL whichever of its names
    a certificate says: one that came with a document must not make this node talk to somebody
    else's machine.
    """
    return _fetch(url, body, ANSWER_WITHIN_S)


def fetch_within(seconds: float) -> Fetch:
    """A `fetch` whose answers may take `seconds` all together; later ones are None at once."""
    ends = time.monotonic() + seconds

    def within(url: str, body: bytes | None = None) -> bytes | None:
        left = ends - time.monotonic()
        return _fetch(url, body, left) if left > 0 else None

    return within


def _fetch(url: str, body: bytes | None, within_s: float) -> bytes | None:
    ours = (BASE_URL, settings.PKI_URL, settings.PKI_PUBLIC_URL)
    known = {urlsplit(one).netloc for one in ours}
    if not settings.PKI_URL or urlsplit(url).netloc not in known:
        return None
    try:
        return _ask(urlsplit(url).path, body, within_s)
    except OSError:
        return None


def fetch_trust_list() -> bytes:
    """The trust list that the authority publishes. Raises OSError when it cannot be had."""
    return _ask("/trust-list.xml", None, LIST_WITHIN_S, limit=LIST_SIZE_MAX_BYTES)


def _stamp(request: bytes) -> bytes:
    return _ask("/tsa", request, ANSWER_WITHIN_S)


def _ask(
    path: str, body: bytes | None, within_s: float, *, limit: int = ANSWER_SIZE_MAX_BYTES
) -> bytes:
    """The answer's body as it came over the wire, when it is whole within that time and no larger
    than `limit` bytes. Raises OSError otherwise."""
    ends = time.monotonic() + within_s
    limits = httpx.Timeout(within_s, connect=min(CONNECT_WITHIN_S, within_s))
    address = settings.PKI_URL.rstrip("/") + path
    headers = {"accept-encoding": "identity"}  # what unpacks is not bounded by its size
    if body:
        headers["content-type"] = TYPES.get(path, "application/octet-stream")
    method = "GET" if body is None else "POST"
    try:
        with (
            httpx.Client(timeout=limits, trust_env=False) as http,
            http.stream(method, address, content=body, headers=headers) as answer,
        ):
            answer.raise_for_status()
            content = bytearray()
            for piece in answer.iter_raw():
                content += piece
                if len(content) > limit:
                    raise OSError("the answer is too large")
                if time.monotonic() > ends:
                    raise OSError("the answer takes too long")
            return bytes(content)
    except httpx.HTTPError as error:
        raise OSError(str(error)) from error
