"""What the card of signatures shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lienthong.core.signing import DocumentReport, SignatureReport


@dataclass(frozen=True, slots=True)
class Verification:
    """What the card of signatures shows."""

    document: DocumentReport | None = None
    packet: SignatureReport | None = None


def verification(report: Mapping[str, Any]) -> Verification:
    """Read the report that is stored with an incoming document."""
    document, packet = report.get("document"), report.get("packet")
    return Verification(
        DocumentReport.from_json(document) if document else None,
        SignatureReport.from_json(packet) if packet else None,
    )
