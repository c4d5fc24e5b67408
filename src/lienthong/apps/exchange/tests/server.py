"""A real hub for the tests: uvicorn in a thread, on a port of its own, over the tests' database."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from django.db import connection

from lienthong.apps.directory import api as directory
from lienthong.apps.exchange.hub import api as hub_api
from lienthong.apps.exchange.hub.app import create_app
from lienthong.apps.exchange.hub.config import HubConfig, and_close, conninfo_of
from lienthong.apps.exchange.hub.process import Hub
from lienthong.apps.exchange.hub.wire import GuardedProtocol
from lienthong.apps.pki import api as pki
from lienthong.core import edxml, signing

from .country import Agency, Country


def register_all(country: Country) -> None:
    """Put the agencies into the directory and let the nodes speak for them."""
    for agency in country.agencies:
        directory.register(
            name=agency.name,
            kind=directory.Kind.OTHER,
            codes={directory.Scheme.QD20: agency.code, directory.Scheme.QCVN102: agency.code102},
        )
    for node_id in {agency.node_id for agency in country.agencies}:
        members = [agency for agency in country.agencies if agency.node_id == node_id]
        hub_api.register_node(
            node_id, f"Nút {node_id}", members[0].node_pem, [each.code for each in members]
        )


def hub_config(country: Country, data_dir: Path, **values: Any) -> HubConfig:
    """The configuration of a hub over the tests' database."""
    wanted: dict[str, Any] = {
        "conninfo": conninfo_of(connection.settings_dict),
        "data_dir": data_dir,
        "node_name": "truc",
        "receipt_signer": country.receipt_signer,
        "axis_signer": country.axis_signer,
        "kit_key": pki.kit_key(),
        "log_key": country.log_key,
        "trust": lambda: country.trust,
        "directory": and_close(directory.snapshot),
        "bundle": country.trust.bundle,
        "check_threads": 2,
        "requery_s": 0.2,
    }
    return HubConfig(**(wanted | values))


@dataclass
class RunningHub:
    """A hub that answers on `url`. `hub` is its inside, for looking at and for planting faults."""

    url: str
    hub: Hub
    server: uvicorn.Server

    def refresh(self) -> None:
        """Read directory and nodes now instead of a few seconds later."""
        self.hub.participants, self.hub.trust = self.hub._load()


@contextmanager
def running(config: HubConfig, port: int = 0) -> Iterator[RunningHub]:
    """Run a hub until the block ends, on `port` or on a free one."""
    app = create_app(config)
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        port = listener.getsockname()[1]
        server = uvicorn.Server(
            uvicorn.Config(
                app,
                http=GuardedProtocol,
                log_level="error",
                lifespan="on",
                timeout_graceful_shutdown=5,
            )
        )
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            while not server.started:
                thread.join(0.01)
                if not thread.is_alive():
                    raise RuntimeError("the hub did not start")
            yield RunningHub(f"http://127.0.0.1:{port}", app.state.hub, server)
        finally:
            server.should_exit = True
            thread.join()


class Caller:
    """A node's software, reduced to signed requests."""

    def __init__(self, url: str, agency: Agency, *, clock_off: timedelta = timedelta()) -> None:
        self.url = url
        self.agency = agency
        self.clock_off = clock_off
        self.http = httpx.Client(timeout=30, trust_env=False)

    def __enter__(self) -> Caller:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    def signed(
        self, method: str, target: str, body: bytes = b"", headers: dict[str, str] | None = None
    ) -> dict[str, str]:
        """The headers of a signed request."""
        headers = headers or {}
        return headers | signing.sign_request(
            method,
            target,
            hashlib.sha256(body).digest(),
            headers,
            key_id=self.agency.node_id,
            signer=self.agency.node,
            at=datetime.now(UTC) + self.clock_off,
            nonce=secrets.token_hex(8),
        )

    def call(self, method: str, target: str, body: bytes = b"") -> httpx.Response:
        headers = self.signed(method, target, body)
        return self.http.request(method, self.url + target, content=body, headers=headers)

    def post(
        self,
        packet: edxml.Packet | bytes,
        *,
        signature: bytes | None = None,
        kind: str = "",
        content: Any = None,
    ) -> httpx.Response:
        """Send a packet. `content` sends another body than the one that was signed."""
        raw = packet if isinstance(packet, bytes) else edxml.encode(packet)
        kind = kind or ("status" if isinstance(packet, edxml.StatusPacket) else "edoc")
        if signature is None:
            signature = signing.sign_detached(raw, signer=self.agency.service, at=datetime.now(UTC))
        covered = {
            "packet-signature": f":{base64.b64encode(signature).decode()}:",
            "packet-kind": kind,
        }
        headers = self.signed("POST", "/v1/packets", raw, covered)
        headers["content-type"] = "application/edxml+xml"
        return self.http.post(
            f"{self.url}/v1/packets", content=raw if content is None else content, headers=headers
        )

    def inbox(self, wait: float = 0, limit: int = 50) -> list[dict[str, Any]]:
        answer = self.call("GET", f"/v1/inbox?wait={wait}&limit={limit}")
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()["deliveries"]
        return found

    def acknowledge(self, delivery: dict[str, Any], **changes: Any) -> httpx.Response:
        payload = {
            "version": 1,
            "kind": "arrived",
            "packet_id": delivery["packet_id"],
            "packet_sha256": delivery["sha256"],
            "recipient": delivery["recipient"],
            "at": datetime.now(UTC).isoformat(),
        }
        receipt = signing.sign_jws(payload | changes, key=self.agency.node, at=datetime.now(UTC))
        body = json.dumps({"receipt": receipt}).encode()
        return self.call("POST", f"/v1/deliveries/{delivery['delivery_id']}/ack", body)
