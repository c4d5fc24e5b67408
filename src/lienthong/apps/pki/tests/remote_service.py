"""The remote signing service on a real port, for tests, with a clock that gives fresh codes."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import uvicorn

from lienthong.apps.pki.remote.server import make_app
from lienthong.apps.pki.remote.service import SigningService, one_time_code
from lienthong.core.signing import DigestSigner

PIN = "135790"
CLIENT = "nut-thu-nghiem"
USER = "co-quan"


class Service:
    """A running service, one application of one user, and the keys that are put there."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._ahead = timedelta()
        self.signing = SigningService(url, clock=self.now)
        self.secret = self.signing.add_client(CLIENT, user_id=USER)
        self._codes: dict[str, bytes] = {}

    def now(self) -> datetime:
        return datetime.now(UTC) + self._ahead

    def keep(self, name: str, key: DigestSigner) -> None:
        self._codes[name] = self.signing.add_credential(name, user_id=USER, signer=key, pin=PIN)

    def code(self, name: str) -> str:
        """A one-time code that was not used yet: each is of half a minute of its own."""
        self._ahead += timedelta(seconds=30)
        return one_time_code(self._codes[name], self.now())


@contextmanager
def serving() -> Iterator[Service]:
    """Run the service on loopback until the block ends."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        service = Service(f"http://127.0.0.1:{listener.getsockname()[1]}")
        config = uvicorn.Config(make_app(service.signing), log_level="warning", lifespan="off")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            while not server.started and thread.is_alive():
                time.sleep(0.01)
            yield service
        finally:
            server.should_exit = True
            thread.join()
