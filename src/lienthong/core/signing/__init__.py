"""Sign and verify: PDF (PAdES), packets (CAdES), receipts (JWS), HTTP requests (RFC 9421).

Pure code over bytes, keys and a Trust; the clock is always a parameter. Each name is imported from
its module at its first use: a command that validates one certificate needs no PDF reader.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lienthong.core.signing.cades import SHA256Digest, sign_detached, verify_detached
    from lienthong.core.signing.canonical import canonical_json
    from lienthong.core.signing.document import Difference, Verifier, verify_document
    from lienthong.core.signing.evidence import Evidence
    from lienthong.core.signing.http import Verified, sign_request, verify_request
    from lienthong.core.signing.jws import JWS, read_jws, sign_jws, verify_jws
    from lienthong.core.signing.keys import DigestSigner, KeySigner
    from lienthong.core.signing.log_entry import packet_entry, receipt_leaf
    from lienthong.core.signing.path import common_name
    from lienthong.core.signing.pdf_check import PdfFacts, check_unsigned_pdf
    from lienthong.core.signing.pdf_prepare import AGENCY_FIELD, PERSON_FIELD, Box, prepare_pdf
    from lienthong.core.signing.pdf_sign import PreparedPdf, sign_pdf
    from lienthong.core.signing.pdf_verify import check_official, verify_pdf
    from lienthong.core.signing.poe import KnownPoe, PoeKind
    from lienthong.core.signing.problems import (
        CertificateProfileBroken,
        ContainerInvalid,
        JWSInvalid,
        KeyPasswordWrong,
        PdfActiveContent,
        PdfBoxOutside,
        PdfBroken,
        PdfEncrypted,
        PdfHiddenContent,
        PdfNotPdf,
        PdfNotPrepared,
        PdfSignedAlready,
        PdfTooLarge,
        RequestClockSkew,
        RequestSignatureInvalid,
        SignatureNotMade,
        SignerCertificateNotValid,
        TimestampNotMade,
        TrustInvalid,
    )
    from lienthong.core.signing.report import (
        Check,
        DocumentReport,
        Indication,
        SignatureReport,
        SignerCard,
        TimestampReport,
        Verdict,
    )
    from lienthong.core.signing.trust import Trust
    from lienthong.core.signing.tsp import TimestampSource

# module: the names it gives. The same names as above and below; a test compares them.
HOMES: Mapping[str, tuple[str, ...]] = {
    "cades": (
        "SHA256Digest",
        "sign_detached",
        "verify_detached",
    ),
    "canonical": ("canonical_json",),
    "document": (
        "Difference",
        "Verifier",
        "verify_document",
    ),
    "evidence": ("Evidence",),
    "http": (
        "Verified",
        "sign_request",
        "verify_request",
    ),
    "jws": (
        "JWS",
        "read_jws",
        "sign_jws",
        "verify_jws",
    ),
    "keys": (
        "DigestSigner",
        "KeySigner",
    ),
    "log_entry": (
        "packet_entry",
        "receipt_leaf",
    ),
    "path": ("common_name",),
    "pdf_check": (
        "PdfFacts",
        "check_unsigned_pdf",
    ),
    "pdf_prepare": (
        "AGENCY_FIELD",
        "PERSON_FIELD",
        "Box",
        "prepare_pdf",
    ),
    "pdf_sign": (
        "PreparedPdf",
        "sign_pdf",
    ),
    "pdf_verify": (
        "check_official",
        "verify_pdf",
    ),
    "poe": (
        "KnownPoe",
        "PoeKind",
    ),
    "problems": (
        "CertificateProfileBroken",
        "ContainerInvalid",
        "JWSInvalid",
        "KeyPasswordWrong",
        "PdfActiveContent",
        "PdfBoxOutside",
        "PdfBroken",
        "PdfEncrypted",
        "PdfHiddenContent",
        "PdfNotPdf",
        "PdfNotPrepared",
        "PdfSignedAlready",
        "PdfTooLarge",
        "RequestClockSkew",
        "RequestSignatureInvalid",
        "SignatureNotMade",
        "SignerCertificateNotValid",
        "TimestampNotMade",
        "TrustInvalid",
    ),
    "report": (
        "Check",
        "DocumentReport",
        "Indication",
        "SignatureReport",
        "SignerCard",
        "TimestampReport",
        "Verdict",
    ),
    "trust": ("Trust",),
    "tsp": ("TimestampSource",),
}


def __getattr__(name: str) -> Any:
    """Import a name from its module and keep it here."""
    for module, names in HOMES.items():
        if name in names:
            found = getattr(importlib.import_module(f"{__name__}.{module}"), name)
            globals()[name] = found
            return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted((*globals(), *__all__))


__all__ = [
    "AGENCY_FIELD",
    "JWS",
    "PERSON_FIELD",
    "Box",
    "CertificateProfileBroken",
    "Check",
    "ContainerInvalid",
    "Difference",
    "DigestSigner",
    "DocumentReport",
    "Evidence",
    "Indication",
    "JWSInvalid",
    "KeyPasswordWrong",
    "KeySigner",
    "KnownPoe",
    "PdfActiveContent",
    "PdfBoxOutside",
    "PdfBroken",
    "PdfEncrypted",
    "PdfFacts",
    "PdfHiddenContent",
    "PdfNotPdf",
    "PdfNotPrepared",
    "PdfSignedAlready",
    "PdfTooLarge",
    "PoeKind",
    "PreparedPdf",
    "RequestClockSkew",
    "RequestSignatureInvalid",
    "SHA256Digest",
    "SignatureNotMade",
    "SignatureReport",
    "SignerCard",
    "SignerCertificateNotValid",
    "TimestampNotMade",
    "TimestampReport",
    "TimestampSource",
    "Trust",
    "TrustInvalid",
    "Verdict",
    "Verified",
    "Verifier",
    "canonical_json",
    "check_official",
    "check_unsigned_pdf",
    "common_name",
    "packet_entry",
    "prepare_pdf",
    "read_jws",
    "receipt_leaf",
    "sign_detached",
    "sign_jws",
    "sign_pdf",
    "sign_request",
    "verify_detached",
    "verify_document",
    "verify_jws",
    "verify_pdf",
    "verify_request",
]
