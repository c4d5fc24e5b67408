"""Packets too large for one request: sent in chunks, fetched in ranges, continued after a stop.

`HubClient.send_file` and `HubClient.fetch_file` are the ways in. Memory holds one chunk.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol, cast

import httpx

from lienthong.client.answers import Accepted, Delivery, UploadState
from lienthong.client.problems import HubRefused, HubUnreachable, PacketDamaged

FETCH_BYTES = 2 * 1024 * 1024
UPLOAD_GONE = "hub.upload_not_found"
UPLOAD_INCOMPLETE = "hub.upload_incomplete"
ROUNDS_MAX = 3


class Call(Protocol):
    """A signed request of a `HubClient`."""

    def __call__(
        self,
        method: str,
        target: str,
        *,
        body: bytes = b"",
        headers: dict[str, str] | None = None,
    ) -> httpx.Response: ...


def send(call: Call, path: Path, *, sha256: str, headers: Mapping[str, str]) -> Accepted:
    """Send the packet in the file `path`; what the axis has of it already is not sent again.

    headers: those of a packet, with its signature. Raises HubRefused, HubUnreachable.
    """
    size = path.stat().st_size
    for _ in range(ROUNDS_MAX):
        _send_missing(call, path, sha256, size)
        try:
            answer = call("POST", f"/v1/uploads/{sha256}/packet", headers=dict(headers))
        except HubRefused as refusal:
            # The axis lost the upload or a part of it since: what is missing is asked for again.
            if refusal.hub_code in {UPLOAD_GONE, UPLOAD_INCOMPLETE}:
                continue
            raise
        return cast("Accepted", _json(answer))
    raise HubUnreachable


def _send_missing(call: Call, path: Path, sha256: str, size: int) -> None:
    wanted = json.dumps({"sha256": sha256, "size": size}).encode()
    headers = {"content-type": "application/json"}
    state = cast("UploadState", _json(call("POST", "/v1/uploads", body=wanted, headers=headers)))
    chunk_bytes = state["chunk_bytes"]
    with path.open("rb") as file:
        for missing in state["missing"]:
            for offset in range(missing["from"], missing["to"], chunk_bytes):
                file.seek(offset)
                chunk = file.read(min(chunk_bytes, missing["to"] - offset))
                call("PUT", f"/v1/uploads/{sha256}/{offset}", body=chunk)


def fetch(call: Call, delivery: Delivery, target: Path) -> bytes:
    """Fetch a packet into the file `target`, going on behind the bytes that it has.

    Returns the packet's signature. The bytes are not checked here. Raises PacketDamaged when the
    axis answers with something else than was asked for.
    """
    signature = b""
    with target.open("ab") as file:
        file.truncate(min(file.tell(), delivery["size"]))
        have = file.seek(0, os.SEEK_END)
        while have < delivery["size"] or not signature:
            start = min(have, delivery["size"] - 1)  # whole already: one byte, for the signature
            end = min(start + FETCH_BYTES, delivery["size"])
            answer = call(
                "GET",
                f"/v1/deliveries/{delivery['delivery_id']}/packet",
                headers={"range": f"bytes={start}-{end - 1}"},
            )
            expected = f"bytes {start}-{end - 1}/{delivery['size']}"
            if (
                answer.headers.get("content-range") != expected
                or len(answer.content) != end - start
            ):
                raise PacketDamaged
            signature = signature_of(answer)
            if start == have:
                file.write(answer.content)
                have = end
        file.flush()
        os.fsync(file.fileno())
    return signature


def signature_of(answer: httpx.Response) -> bytes:
    """The packet's signature in the header of an answer. Raises PacketDamaged."""
    try:
        return base64.b64decode(answer.headers["packet-signature"].strip(":"), validate=True)
    except (KeyError, binascii.Error) as error:
        raise PacketDamaged from error


def _json(answer: httpx.Response) -> dict[str, Any]:
    try:
        found = answer.json()
    except ValueError as error:
        raise HubUnreachable from error
    if not isinstance(found, dict):
        raise HubUnreachable
    return found
