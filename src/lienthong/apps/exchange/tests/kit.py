"""The client kit as the tests use it: answers must be the envelope, whatever happened."""

from __future__ import annotations

import hashlib
from typing import Any

from lienthong.client.conformance.kit import PREFIX, KitSystem, envelope

__all__ = ["PREFIX", "Kit"]


class Kit(KitSystem):
    """A system of the kit whose answers are read at once."""

    def post(
        self,
        method: str,
        content: bytes = b"",
        content_type: str = "application/json",
        **values: Any,
    ) -> dict[str, Any]:
        return envelope(self.call(method, content, content_type, **values))

    def send_packet(
        self, raw: bytes, sender: str, *, kind: str = "edoc", padded: bool = False
    ) -> dict[str, Any]:
        digest = hashlib.sha256(raw).hexdigest() if padded else ""
        return envelope(self.send(raw, sender, kind=kind, digest=digest))

    def listed(self, kind: str = "edoc", **values: Any) -> list[dict[str, str]]:
        method = "getReceivedEdocList"
        found = self.post(method, b"", servicetype="eDoc", messagetype=kind, **values)
        assert found["status"] == "OK", found
        return list(found["data"])
