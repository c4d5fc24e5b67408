"""Talks to the axis: signed requests (RFC 9421), typed answers."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, Self, cast
from urllib.parse import urlsplit

import httpx

from lienthong.client import large
from lienthong.client.answers import Accepted, Delivery, PacketState
from lienthong.client.problems import HubRefused, HubUnreachable, PacketDamaged
from lienthong.core import signing

CONNECT_WITHIN_S = 5.0
ANSWER_WITHIN_S = 60.0
INBOX_WAIT_S = 25


@dataclass(frozen=True, slots=True)
class Fetched:
    """A packet as the axis hands it out."""

    raw: bytes
    signature: bytes


def _packet_headers(signature: bytes, kind: str) -> dict[str, str]:
    encoded = base64.b64encode(signature).decode("ascii")
    return {"packet-signature": f":{encoded}:", "packet-kind": kind}


def utc_now() -> datetime:
    return datetime.now(UTC)


class HubClient:
    """A connection to the axis. May be used by several threads.

    base_url: where the native door is. key_id, signer: the node's name at the axis and its key.
    clock: the time put into requests; the axis refuses what is more than 300 s off. Every method
    raises HubUnreachable when there is no answer and HubRefused when the axis refuses.
    """

    def __init__(
        self,
        base_url: str,
        *,
        key_id: str,
        signer: signing.DigestSigner,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._base = base_url.rstrip("/")
        self._prefix = urlsplit(self._base).path
        self._key_id = key_id
        self._signer = signer
        self._clock = clock
        self.clock_offset_s: float | None = None
        self._stopped = False
        self._http = httpx.Client(
            timeout=httpx.Timeout(ANSWER_WITHIN_S, connect=CONNECT_WITHIN_S),
            trust_env=False,
        )

    def close(self) -> None:
        self._http.close()

    def stop(self) -> None:
        """Ask nothing more: what sends or fetches a large packet ends before the next piece."""
        self._stopped = True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def send(self, raw: bytes, *, signature: bytes, kind: str) -> Accepted:
        """Hand a packet over; return once it is durable at the axis. Safe to repeat.

        raw: an edXML packet. signature: its detached CAdES signature, DER, by the sending agency's
        service certificate. kind: "edoc" or "status". Look at the answer with `check_receipt`.
        """
        headers = {"content-type": "application/edxml+xml", **_packet_headers(signature, kind)}
        answer = self._call("POST", "/v1/packets", body=raw, headers=headers)
        return cast("Accepted", self._json(answer))

    def send_file(self, path: Path, *, sha256: str, signature: bytes, kind: str) -> Accepted:
        """As `send`, for a packet in a file: in chunks, and on from where an earlier try ended.

        sha256: of the whole file, lower-case hex, which `signature` is over as well.
        """
        return large.send(self._call, path, sha256=sha256, headers=_packet_headers(signature, kind))

    def packet(self, packet_id: str) -> PacketState:
        """How far a packet that this node sent or gets is on its way."""
        return cast("PacketState", self._json(self._call("GET", f"/v1/packets/{packet_id}")))

    def receipt(self, packet_id: str) -> Accepted:
        """The first answer to a packet again, proved under the newest head of the log."""
        return cast("Accepted", self._json(self._call("GET", f"/v1/receipts/{packet_id}")))

    def inbox(self, *, wait: int = INBOX_WAIT_S, limit: int = 50) -> list[Delivery]:
        """What waits for the agencies of this node, urgent first; waits up to `wait` seconds."""
        answer = self._call("GET", f"/v1/inbox?wait={wait}&limit={limit}")
        return cast("list[Delivery]", self._json(answer).get("deliveries", []))

    def fetch(self, delivery_id: str, sha256: str) -> Fetched:
        """The bytes of a delivery and their signature. Raises PacketDamaged."""
        answer = self._call("GET", f"/v1/deliveries/{delivery_id}/packet")
        if hashlib.sha256(answer.content).hexdigest() != sha256:
            raise PacketDamaged
        return Fetched(answer.content, large.signature_of(answer))

    def fetch_file(self, delivery: Delivery, target: Path) -> bytes:
        """Fetch a packet into a file, behind what it holds of it, and return the signature.

        Raises PacketDamaged; then what is in the file is of no use and is removed.
        """
        signature = large.fetch(self._call, delivery, target)
        with target.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != delivery["sha256"]:
            target.unlink()
            raise PacketDamaged
        return signature

    def acknowledge(self, delivery_id: str, receipt: str) -> None:
        """Hand over the signed acknowledgement (`acknowledgement`). Safe to repeat."""
        body = json.dumps({"receipt": receipt}).encode()
        headers = {"content-type": "application/json"}
        self._call("POST", f"/v1/deliveries/{delivery_id}/ack", body=body, headers=headers)

    def acknowledgement(self, *, packet_id: str, sha256: str, sender: str, recipient: str) -> str:
        """A JWS by the node's key: this packet is stored durably at the recipient's."""
        at = self._clock()
        payload = {
            "version": 1,
            "kind": "arrived",
            "packet_id": packet_id,
            "packet_sha256": sha256,
            "sender": sender,
            "recipient": recipient,
            "at": at.isoformat(timespec="milliseconds"),
        }
        certificate = self._signer.certificate
        return signing.sign_jws(payload, key=self._signer, certificate=certificate, at=at)

    def bundle(self) -> bytes:
        """The trust bundle the axis publishes. What is in it proves itself."""
        return self._call("GET", "/pki/bundle", signed=False).content

    def measure_clock(self) -> None:
        """Ask for the axis's time, without a signature that a wrong clock would spoil."""
        self._call("GET", "/health", signed=False)

    def _call(
        self,
        method: str,
        target: str,
        *,
        body: bytes = b"",
        headers: dict[str, str] | None = None,
        signed: bool = True,
    ) -> httpx.Response:
        if self._stopped:
            raise HubUnreachable
        sent = dict(headers or {})
        if signed:
            covered = {
                name: value
                for name, value in sent.items()
                if name in {"packet-signature", "packet-kind"}
            }
            sent |= signing.sign_request(
                method,
                self._prefix + target,
                hashlib.sha256(body).digest(),
                covered,
                key_id=self._key_id,
                signer=self._signer,
                at=self._clock(),
                nonce=secrets.token_urlsafe(12),
            )
        began = time.monotonic()
        try:
            answer = self._http.request(
                method, self._base + target, content=body or None, headers=sent
            )
        except httpx.HTTPError as error:
            raise HubUnreachable from error
        self._note_clock(answer, time.monotonic() - began)
        if answer.status_code >= 400:
            raise HubRefused(answer.status_code, self._problem(answer))
        return answer

    def _note_clock(self, answer: httpx.Response, took_s: float) -> None:
        """How far this clock is ahead of the axis's, known to about a second (its Date header)."""
        try:
            there = parsedate_to_datetime(answer.headers.get("date", ""))
        except ValueError:
            return
        here = self._clock().timestamp() - min(took_s, 1.0) / 2
        self.clock_offset_s = here - (there.timestamp() + 0.5)

    def _json(self, answer: httpx.Response) -> dict[str, Any]:
        try:
            found = answer.json()
        except ValueError as error:
            raise HubUnreachable from error
        if not isinstance(found, dict):
            raise HubUnreachable
        return found

    def _problem(self, answer: httpx.Response) -> dict[str, Any]:
        try:
            found = answer.json()
        except ValueError:
            found = None
        return found if isinstance(found, dict) else {"code": "hub.answer_unknown"}
