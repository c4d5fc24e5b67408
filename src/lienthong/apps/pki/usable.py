"""May this key be used now? Asked before every signature of a person or an agency (SG-S-03 to 05).

What this node itself knows (revoked, held) counts at once. Then the authority is asked for the
status of now (OCSP), within a bounded time, and the whole path is checked with the node's trust,
the answers and the revocation lists. SG-S-05 asks for one of both: without an answer a list that
still holds is enough; without either "could not be told" is a refusal too (SG-V-10).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from cryptography import x509
from django.utils import timezone

from lienthong.apps.pki.models import Certificate, TrustListCheck
from lienthong.apps.pki.outside import fetch_within
from lienthong.apps.pki.rules import CertificateNotUsable, CertificateStatusUnknown, ClockBehind
from lienthong.apps.pki.trusted import trust
from lienthong.core.signing import status_now
from lienthong.core.signing.path import PathResult, Trouble, check_path, local

STATUS_WITHIN_S = 4.0  # for all answers about one signer together

CLOCK_TOLERANCE = timedelta(minutes=5)


class KeyState(StrEnum):
    """What a person sees about a certificate (SG 4.3)."""

    ACTIVE = "active"
    NOT_YET = "not_yet"
    EXPIRED = "expired"
    ON_HOLD = "on_hold"
    REVOKED = "revoked"

    @property
    def label(self) -> str:
        """A few words, as they stand after "chứng thư"."""
        return _LABELS[self]


_LABELS = {
    KeyState.ACTIVE: "đang có hiệu lực",
    KeyState.NOT_YET: "chỉ có hiệu lực",
    KeyState.EXPIRED: "đã hết hạn",
    KeyState.ON_HOLD: "đang bị tạm dừng",
    KeyState.REVOKED: "đã bị thu hồi",
}


@dataclass(frozen=True, slots=True)
class Found:
    """The state of a certificate by this node's own rows, since when, and the words for it."""

    state: KeyState
    since: datetime | None

    @property
    def text(self) -> str:
        """The words after "chứng thư", with the day."""
        if self.since is None:
            return self.state.label
        local = timezone.localtime(self.since)
        return f"{self.state.label} từ {local:%H:%M, %d/%m/%Y}"


def state_of(certificate: Certificate, at: datetime) -> Found:
    """What this node knows of the certificate at that moment."""
    if certificate.revoked_at is not None and certificate.revoked_at <= at:
        return Found(KeyState.REVOKED, certificate.revoked_at)
    if certificate.held_at is not None and certificate.held_at <= at:
        return Found(KeyState.ON_HOLD, certificate.held_at)
    if certificate.not_after < at:
        return Found(KeyState.EXPIRED, certificate.not_after)
    if certificate.not_before > at:
        return Found(KeyState.NOT_YET, certificate.not_before)
    return Found(KeyState.ACTIVE, None)


def check_usable(certificate: Certificate, *, at: datetime) -> None:
    """Raise CertificateNotUsable or CertificateStatusUnknown unless its key may sign at `at`.

    Raises ClockBehind when `at` cannot be now.
    """
    check_clock(at)
    known = state_of(certificate, at)
    if known.state is not KeyState.ACTIVE:
        raise CertificateNotUsable(holder=certificate.subject, reason=known.text)
    path = _checked_now(certificate.certificate, at)
    if path.trouble is Trouble.NO_STATUS:
        raise CertificateStatusUnknown(holder=certificate.subject)
    if path.trouble is Trouble.REVOKED and path.revoked_at is not None:
        reason = f"đã bị thu hồi hoặc tạm dừng từ {local(path.revoked_at)}"
        raise CertificateNotUsable(holder=certificate.subject, reason=reason)
    if path.trouble is not None:
        reason = (path.trouble_text or "không còn đường dẫn tin cậy").rstrip(".")
        raise CertificateNotUsable(
            holder=certificate.subject, reason=f"không qua được kiểm tra ({reason})"
        )


def _checked_now(certificate: x509.Certificate, at: datetime) -> PathResult:
    """The path with the authority's answers of now; as the lists tell when it does not answer."""
    found = check_path(certificate, trust=trust(), at=at)
    if found.trouble not in {None, Trouble.NO_STATUS}:
        return found
    answers = status_now.ask(found.certificates, at=at, fetch=fetch_within(STATUS_WITHIN_S))
    return check_path(certificate, trust=trust(), at=at, evidence=answers) if answers else found


def check_clock(at: datetime) -> None:
    """Raise ClockBehind when lists that this node believes were made after `at`, its clock."""
    last = TrustListCheck.objects.exclude(issued_at=None).first()
    told = [one for one in (trust().told_at, last and last.issued_at) if one]
    if told and max(told) > at + CLOCK_TOLERANCE:
        raise ClockBehind(known=f"{timezone.localtime(max(told)):%H:%M, %d/%m/%Y}")
