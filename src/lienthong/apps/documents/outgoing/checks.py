"""The signatures of a document of ours, before it goes on (DX-51, DX-65, DX-66)."""

from __future__ import annotations

from datetime import datetime, timedelta

from lienthong.apps.documents.common.parties import agency_codes, same_name
from lienthong.apps.documents.models import OutgoingDocument
from lienthong.apps.documents.problems import SignatureNotConfirmed
from lienthong.apps.pki import api as pki
from lienthong.core import signing


def check_person(document: OutgoingDocument, pdf: bytes, at: datetime) -> signing.DocumentReport:
    """Raise SignatureNotConfirmed unless the named signatory's signature is valid now (DX-51)."""
    report = signing.verify_pdf(pdf, trust=pki.trust(), at=at, second_opinion=True)
    name = document.signatory.person.full_name
    found = report.signature(signing.PERSON_FIELD)
    if found is None:
        raise SignatureNotConfirmed(who=name, reason="không tìm thấy chữ ký")
    if found.indication is not signing.Indication.PASSED:
        failed = [check.text for check in found.checks if check.ok is not True]
        raise SignatureNotConfirmed(who=name, reason="; ".join(failed) or found.sub_indication)
    signer = found.signer.name if found.signer else ""
    if not same_name(signer, name):
        raise SignatureNotConfirmed(who=name, reason=f"người ký là {signer}")
    return report


def check_both(document: OutgoingDocument, pdf: bytes, at: datetime) -> signing.DocumentReport:
    """Raise SignatureNotConfirmed unless both signatures are valid and ours (DX-65, DX-66)."""
    report = signing.check_official(
        # A signature made this very second must not lie in the future of the check.
        signing.verify_pdf(
            pdf, trust=pki.trust(), at=at + timedelta(seconds=1), second_opinion=True
        ),
        agency_codes=agency_codes(document.organization),
        signer_name=document.signatory.person.full_name,
    )
    if report.verdict is not signing.Verdict.VALID:
        reason = "; ".join(report.findings) or report.verdict.value
        raise SignatureNotConfirmed(who=document.organization.name, reason=reason)
    return report
