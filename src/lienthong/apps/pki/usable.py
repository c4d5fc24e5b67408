"""May this key be used now? Asked before every signature of a person or an agency (SG-S-03 to 05).

What this node itself knows (revoked, held) counts at once; then the whole path is checked with the
node's trust and its revocation lists. "Could not be told" is a refusal too.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.utils import timezone

from lienthong.apps.pki.models import Certificate
from lienthong.apps.pki.rules import CertificateNotUsable, CertificateStatusUnknown
from lienthong.apps.pki.trusted import trust
from lienthong.core.signing.path import Trouble, check_path


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
    """Raise CertificateNotUsable or CertificateStatusUnknown unless its key may sign at `at`."""
    known = state_of(certificate, at)
    if known.state is not KeyState.ACTIVE:
        raise CertificateNotUsable(holder=certificate.subject, reason=known.text)
    path = check_path(certificate.certificate, trust=trust(), at=at)
    if path.trouble is Trouble.NO_STATUS:
        raise CertificateStatusUnknown(holder=certificate.subject)
    if path.trouble is not None:
        reason = (path.trouble_text or "không còn đường dẫn tin cậy").rstrip(".")
        raise CertificateNotUsable(
            holder=certificate.subject, reason=f"không qua được kiểm tra ({reason})"
        )
