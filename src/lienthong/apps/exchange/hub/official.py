"""V-46: whether the main document carries the signatures of the person and of the agency.

In strict it does or the packet is refused. In compat a document without them is taken in with a
warning, because it then travels for information only; its check says that it did not hold.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from lienthong.core import edxml, signing

from .participants import Agency
from .problems import DocumentSignatureInvalid, DocumentUnsigned

PDF = "application/pdf"
RULE = "V-46"
CHECK = "document_signature"


@dataclass(frozen=True, slots=True)
class Signed:
    """What the signatures of the main document say. at: the first signing time, as claimed."""

    checks: list[dict[str, Any]] = field(default_factory=list)
    at: datetime | None = None
    findings: list[dict[str, Any]] = field(default_factory=list)


class Officially:
    """The check of one hub process, with what its verifier remembers of documents seen."""

    def __init__(self, verifier: signing.Verifier) -> None:
        self._verifier = verifier

    def check(
        self,
        packet: edxml.DocumentPacket,
        sender: Agency,
        trust: signing.Trust,
        now: datetime,
        profile: edxml.Profile,
    ) -> Signed:
        """What is to be noted. Raises DocumentUnsigned, DocumentSignatureInvalid in strict."""
        try:
            return self._signed(packet, sender, trust, now)
        except (DocumentUnsigned, DocumentSignatureInvalid) as problem:
            if profile is edxml.Profile.STRICT:
                raise
            finding = edxml.finding(RULE, profile, str(problem.facts["name"]), problem.sentence)
            failed = {"check": CHECK, "ok": False, "signer": ""}
            return Signed([failed], findings=[finding.to_json()])

    def _signed(
        self, packet: edxml.DocumentPacket, sender: Agency, trust: signing.Trust, now: datetime
    ) -> Signed:
        """Both signatures, by the one who signs and by `From`; nothing without attachments."""
        main = main_document(packet)
        if main is None:
            if packet.attachments:
                raise DocumentUnsigned(name=packet.attachments[0].name)
            return Signed()
        report = self._verifier.verify(main.data, trust=trust, at=now)
        if not report.signatures:
            raise DocumentUnsigned(name=main.name)
        signer_name = packet.signer.full_name if packet.signer else None
        report = signing.check_official(
            report, agency_codes=set(sender.codes) | {sender.code}, signer_name=signer_name
        )
        if report.verdict is not signing.Verdict.VALID:
            reason = "; ".join(report.findings) or str(report.verdict)
            raise DocumentSignatureInvalid(name=main.name, reason=reason)
        times = [each.claimed_at for each in report.signatures if each.claimed_at is not None]
        return Signed(
            [
                {"check": CHECK, "ok": True, "field": each.field, "signer": name_in(each)}
                for each in report.signatures
            ],
            min(times, default=None),
        )


def main_document(packet: edxml.DocumentPacket) -> edxml.Attachment | None:
    """The document itself: the first PDF. Other files enclose it."""
    return next((each for each in packet.attachments if each.content_type == PDF), None)


def name_in(report: signing.SignatureReport) -> str:
    """Whose signature it is, "" when nobody is known."""
    return report.signer.name if report.signer else ""
