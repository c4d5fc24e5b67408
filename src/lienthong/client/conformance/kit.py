"""A caller that speaks as the deployed client kit does (exchange rules, part H).

Sticky headers (H.1), one timestamp for the life of the object, file digests without padding (H.2).
"""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import httpx

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")
PREFIX = "XroadVnpt-"
BASE = "/XrdAdapter/RestService"
SIGNED_WHEN_THERE = ("servicetype", "messagetype", "from")


class KitSystem:
    """One object of the kit: what it sent once, it sends again with every later call (H.1)."""

    def __init__(self, url: str, system_id: str, secret: str) -> None:
        self.url = url + BASE
        self.system_id = system_id
        self.secret = secret
        self.stamp = datetime.now(VIETNAM).strftime("%d%m%YT%H%M%S+0536")
        self.sticky: dict[str, str] = {}
        self.http = httpx.Client(timeout=60, trust_env=False)

    def __enter__(self) -> KitSystem:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.http.close()

    def headers(self, content_type: str, **values: str) -> dict[str, str]:
        """Every header of a call, signed over a few of them as the kit does (H.2)."""
        self.sticky.update(
            {name.rstrip("_").replace("_", "-"): value for name, value in values.items()}
        )
        signed = {
            f"{PREFIX}systemid": self.system_id,
            f"{PREFIX}timestamp": self.stamp,
            f"{PREFIX}Content-Type": content_type,
        }
        for name in SIGNED_WHEN_THERE:
            if name in self.sticky:
                signed[f"{PREFIX}{name}"] = self.sticky[name]
        text = json.dumps(signed, separators=(",", ":"), ensure_ascii=False)
        digest = hmac.new(self.secret.encode(), text.encode(), hashlib.sha256).hexdigest()
        return {
            **{f"{PREFIX}{name}": value for name, value in self.sticky.items()},
            **signed,
            f"{PREFIX}version": "3.0.201608",
            f"{PREFIX}sign-header-key": ";".join(name.removeprefix(PREFIX) for name in signed),
            f"{PREFIX}sign-header": text,
            f"{PREFIX}hash-header": digest,
            "Content-Type": content_type,
            "User-Agent": "JAVASDKAgent/1.0.0 XRoad/VPCP",
        }

    def call(
        self,
        method: str,
        content: bytes = b"",
        content_type: str = "application/json",
        **values: str,
    ) -> httpx.Response:
        """POST a method and return the answer as it is."""
        headers = self.headers(content_type, **values)
        return self.http.post(f"{self.url}/{method}", content=content, headers=headers)

    def download(self, delivery_id: str) -> httpx.Response:
        """GET the bytes of a delivery."""
        headers = self.headers("application/json", docId=delivery_id)
        return self.http.get(f"{self.url}/downloadEdoc", headers=headers)

    def send(
        self, raw: bytes, sender: str, *, kind: str = "edoc", digest: str = ""
    ) -> httpx.Response:
        """Send a packet; `digest` is the kit's own form, without padding, unless one is given."""
        return self.call(
            "sendEdoc",
            raw + b"\r\n",
            "application/octet-stream",
            servicetype="eDoc",
            messagetype=kind,
            hash_file=digest or unpadded(hashlib.sha256(raw).digest()),
            filePath="C:/inbox",
            from_=sender,
        )


def unpadded(digest: bytes) -> str:
    """A digest as the kit prints it: bytes below 0x10 with one digit (H.2 point 5)."""
    return "".join(f"{byte:x}" for byte in digest)


def envelope(answer: httpx.Response) -> dict[str, Any]:
    """The JSON of an answer. Raises ValueError when the kit could not read it (H.3)."""
    if answer.status_code != 200:
        raise ValueError(f"HTTP {answer.status_code}")
    found = answer.json()
    if not isinstance(found, dict):
        raise ValueError("không phải đối tượng JSON")
    for name in ("status", "ErrorCode", "ErrorDesc", "DocId"):
        if not isinstance(found.get(name), str):
            raise ValueError(f"thiếu {name}")
    if found["status"] not in {"OK", "FAIL"}:
        raise ValueError(f"status {found['status']}")
    return found
