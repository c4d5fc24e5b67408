"""The hub's side of a connection: what is silent, endless or too much is cut off early.

`uvicorn --http lienthong.apps.exchange.hub.wire:GuardedProtocol`. uvicorn itself waits for the
headers of a request as long as the client likes, and takes as many as it sends.
"""

from __future__ import annotations

import asyncio
import logging
import resource

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEADERS_WITHIN_S = 20.0
HEADERS_MAX_BYTES = 64 * 1024
CONNECTIONS_MAX = 20_000
FILES_KEPT_FREE = 256

logger = logging.getLogger(__name__)


def connections_max() -> int:
    """How many connections this process holds: by its limit of files, raised as far as it goes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = CONNECTIONS_MAX + FILES_KEPT_FREE
    if soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return min(CONNECTIONS_MAX, soft - FILES_KEPT_FREE)


class GuardedProtocol(HttpToolsProtocol):
    """uvicorn's protocol with a time and a size for headers, and a number of connections."""

    headers_within_s = HEADERS_WITHIN_S
    most = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._waiting: asyncio.TimerHandle | None = None
        self._header_bytes = 0
        type(self).most = self.most or connections_max()
        if len(self.connections) > self.most:
            logger.warning("more than %d connections: one is closed at once", self.most)
            transport.abort()
            return
        self._wait_for_headers()

    def connection_lost(self, exc: Exception | None) -> None:
        self._headers_came()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self.cycle is None or self.cycle.response_complete:
            self._wait_for_headers()
            self._header_bytes += len(data)
            # A piece may hold headers and the beginning of a body: judged after it was parsed.
        super().data_received(data)
        if self._waiting is not None and self._header_bytes > HEADERS_MAX_BYTES:
            self.transport.abort()

    def on_headers_complete(self) -> None:
        self._headers_came()
        super().on_headers_complete()

    def _wait_for_headers(self) -> None:
        if self._waiting is None:
            self._waiting = self.loop.call_later(self.headers_within_s, self.transport.abort)

    def _headers_came(self) -> None:
        self._header_bytes = 0
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None
