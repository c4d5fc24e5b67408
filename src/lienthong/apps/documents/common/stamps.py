"""Time-stamps and validation data of our documents: at the signature, or later by a job.

A person signs B-T, the agency's signature is completed to B-LT (SG 5.1). Where no time-stamp could
be had the document stays B-B, is marked, and gets one later: in the file while it lies here, beside
it once it was sent (`keeping.keep_sent`).
"""

from __future__ import annotations

from datetime import datetime

from lienthong.apps.pki import api as pki
from lienthong.core import signing
from lienthong.core.signing import pdf_longterm
from lienthong.core.signing.poe import PoeKind

UNPROVED = {"", PoeKind.CHECK.value}


def stamped_at(report: signing.DocumentReport) -> datetime | None:
    """When every signature of the file is proved to have existed; None while one is not."""
    moments = [None if one.best_kind in UNPROVED else one.best_at for one in report.signatures]
    proved = [moment for moment in moments if moment is not None]
    return max(proved) if proved and len(proved) == len(moments) else None


def with_validation_data(pdf: bytes, at: datetime) -> bytes:
    """Add what proves the signatures (B-LT); the file as it is where no authority is known."""
    if pki.timestamp_source() is None:
        return pdf
    found = pdf_longterm.collect(pdf, trust=pki.trust(), at=at, fetch=pki.fetch)
    return pdf_longterm.add_validation_data(pdf, found) if found else pdf
