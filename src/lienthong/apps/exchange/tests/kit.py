"""A client that speaks as the deployed kit does: sticky headers, a stale clock, short digests."""

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


class Kit:
    """One object of the kit: what it sent once, it sends again with every later call (H.1)."""

    def __init__(self, url: str, system_id: str, secret: str) -> None:
        self.url = url + BASE
        self.system_id = system_id
        self.secret = secret
        self.stamp = datetime.now(VIETNAM).strftime("%d%m%YT%H%M%S+0536")
        self.sticky: dict[str, str] = {}
        self.http = httpx.Client(timeout=30, trust_env=False)

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
        for name in ("servicetype", "messagetype", "from"):
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

    def post(
        self,
        method: str,
        content: bytes = b"",
        content_type: str = "application/json",
        **values: Any,
    ) -> dict[str, Any]:
        headers = self.headers(content_type, **values)
        answer = self.http.post(f"{self.url}/{method}", content=content, headers=headers)
        assert answer.status_code == 200
        found: dict[str, Any] = answer.json()
        return found

    def send(self, raw: bytes, sender: str, *, kind: str = "edoc", padded: bool = False) -> Any:
        digest = hashlib.sha256(raw).digest()
        short = "".join(f"{byte:x}" for byte in digest)
        return self.post(
            "sendEdoc",
            raw + b"\r\n",
            "application/octet-stream",
            servicetype="eDoc",
            messagetype=kind,
            hash_file=digest.hex() if padded else short,
            filePath="C:/inbox",
            from_=sender,
        )

    def listed(self, kind: str = "edoc", **values: Any) -> list[dict[str, str]]:
        found = self.post("getReceivedEdocList", servicetype="eDoc", messagetype=kind, **values)
        assert found["status"] == "OK", found
        return list(found["data"])
