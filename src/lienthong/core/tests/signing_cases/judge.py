"""Every verifier is asked, and a refusal holds for all of them."""

from __future__ import annotations

from datetime import datetime

from lienthong.core import signing
from lienthong.core.signing import DocumentReport, Indication, SignatureReport, Trust, Verdict, fast
from lienthong.core.tests.pki_fixture import NOW, test_pki
from lienthong.core.tests.signing_cases import forger


def refused(data: bytes, *, trust: Trust | None = None, at: datetime = NOW) -> DocumentReport:
    """The report of a document that must not be valid, for no verifier and no signature in it."""
    trust = trust or test_pki().trust
    report = signing.verify_pdf(data, trust=trust, at=at, second_opinion=False)

    assert report.verdict is not Verdict.VALID
    assert fast.check_pdf(data, trust=trust, at=at) is None
    return report


def no_signature_passes(report: DocumentReport) -> None:
    """Not only the document: none of its signatures is called good."""
    passed = [one.field for one in report.signatures if one.indication is Indication.PASSED]
    assert passed == []


def accepted(
    data: bytes, *, trust: Trust | None = None, at: datetime = NOW, second_opinion: bool = True
) -> DocumentReport:
    """The report of a document that must be valid, for the second validator too."""
    trust = trust or test_pki().trust
    report = signing.verify_pdf(data, trust=trust, at=at, second_opinion=second_opinion)

    assert report.verdict is Verdict.VALID, report.findings
    return report


def packet(
    make: forger.Make,
    *,
    trust: Trust | None = None,
    at: datetime = NOW,
    content: bytes = b"goi tin",
) -> SignatureReport:
    """The report of a packet whose detached signature `make` made with the agency's service key."""
    pki = test_pki()
    signature = make(pki.service(), content)
    return signing.verify_detached(content, signature, trust=trust or pki.trust, at=at)


def refused_everywhere(make: forger.Make) -> tuple[DocumentReport, SignatureReport]:
    """The CMS that `make` returns is refused in a document and beside a packet."""
    document = refused(forger.in_document(make))
    beside = packet(make)

    assert beside.indication is not Indication.PASSED
    no_signature_passes(document)
    return document, beside
