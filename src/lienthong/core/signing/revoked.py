"""A revocation as authorities record it and verifiers read it, in CRLs and OCSP answers alike."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from cryptography import x509

UNSPECIFIED = x509.ReasonFlags.unspecified
HOLD = x509.ReasonFlags.certificate_hold
REMOVED = x509.ReasonFlags.remove_from_crl

# CRLReason of RFC 5280 5.3.1; 7 is not used.
REASON_NUMBERS = {
    UNSPECIFIED: 0,
    x509.ReasonFlags.key_compromise: 1,
    x509.ReasonFlags.ca_compromise: 2,
    x509.ReasonFlags.affiliation_changed: 3,
    x509.ReasonFlags.superseded: 4,
    x509.ReasonFlags.cessation_of_operation: 5,
    HOLD: 6,
    REMOVED: 8,
    x509.ReasonFlags.privilege_withdrawn: 9,
    x509.ReasonFlags.aa_compromise: 10,
}
REASONS = {number: reason for reason, number in REASON_NUMBERS.items()}


@dataclass(frozen=True, slots=True)
class Revocation:
    """When and why a certificate was revoked. Times are aware and whole seconds."""

    at: datetime
    reason: x509.ReasonFlags = UNSPECIFIED
    invalidity_at: datetime | None = None

    @property
    def effective_at(self) -> datetime:
        """From when its signatures count as made by nobody: the invalidity date when it is
        earlier (SG-R-05)."""
        return min(self.at, self.invalidity_at) if self.invalidity_at else self.at
