"""The services as they run: uvicorn in a thread, on a port of its own, over the tests' database."""

from __future__ import annotations

import hashlib
import secrets
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
import uvicorn

from lienthong.apps.pki.authority.tests.office import CHILD, CODE
from lienthong.apps.pki.authority.tests.office import Office as People
from lienthong.apps.pki.services.app import create_app
from lienthong.apps.pki.services.office import NodeKey, Office
from lienthong.core import signing


@dataclass
class Running:
    """A service that answers on `url`, and a node that may ask it."""

    url: str
    people: People
    node_key: signing.KeySigner

    def call(self, method: str, target: str, body: bytes = b"", **signed: Any) -> httpx.Response:
        """A request signed as the ministry's node would."""
        headers = signing.sign_request(
            method,
            target,
            hashlib.sha256(signed.get("over", body)).digest(),
            key_id=signed.get("key_id", "bo"),
            signer=self.node_key,
            at=datetime.now(UTC),
            nonce=secrets.token_urlsafe(12),
        )
        return httpx.request(
            method, self.url + target, content=body or None, headers=headers, trust_env=False
        )

    def get(self, target: str) -> httpx.Response:
        return httpx.get(self.url + target, trust_env=False)

    def post(self, target: str, body: bytes) -> httpx.Response:
        return httpx.post(self.url + target, content=body, trust_env=False)


@contextmanager
def running(people: People, node_key: signing.KeySigner) -> Iterator[Running]:
    """Run the services until the block ends."""
    public = node_key.public_key
    nodes = {"bo": NodeKey(public, frozenset({CODE, CHILD}))}
    app = create_app(lambda: Office(people.folder, lambda: nodes))
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="on"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            while not server.started and thread.is_alive():
                time.sleep(0.01)
            yield Running(url, people, node_key)
        finally:
            server.should_exit = True
            thread.join()
