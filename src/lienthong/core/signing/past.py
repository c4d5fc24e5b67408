"""Which evidence still counts: the sliding of time back along a chain (EN 319 102-1 5.6, SG 7.2).

A revocation list or an OCSP answer is as good as the key that signed it. While that key's
certificate is valid nothing more is asked. Afterwards the piece counts only when it is proved to
have existed before: by a document time-stamp over it, or by a proof of the caller (R52).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509

from lienthong.core.signing import ocsp
from lienthong.core.signing.evidence import NO_EVIDENCE, Evidence
from lienthong.core.signing.path import check_path
from lienthong.core.signing.trust import Trust

ROUNDS_MAX = 6  # the longest path


@dataclass(frozen=True, slots=True)
class Dated:
    """One piece of evidence and since when it is known to exist."""

    evidence: Evidence
    since: datetime


@dataclass(frozen=True, slots=True)
class Counted:
    """The evidence that counts, and whether some did not because nothing proves its age."""

    evidence: Evidence = NO_EVIDENCE
    dropped: bool = False


NOTHING_COUNTED = Counted()


def counted(pieces: Sequence[Dated], *, trust: Trust) -> Counted:
    """Keep the pieces whose signer's certificate was good when they are known to exist.

    Certificates are always kept: they prove themselves by their own signatures.
    """
    certificates = tuple(one for piece in pieces for one in piece.evidence.certificates)
    kept = NO_EVIDENCE + Evidence(certificates=certificates)
    waiting = [piece for piece in pieces if piece.evidence.crls or piece.evidence.ocsps]
    for _ in range(ROUNDS_MAX):
        good = [one for one in waiting if _holds(one, kept, trust)]
        if not good:
            break
        kept += sum((one.evidence for one in good), NO_EVIDENCE)
        waiting = [one for one in waiting if one not in good]
        if not waiting:
            break
    return Counted(kept, bool(waiting))


def _holds(piece: Dated, kept: Evidence, trust: Trust) -> bool:
    signers = _signers(piece.evidence, kept, trust)
    return any(_was_good(one, piece.since, kept, trust) for one in signers)


def _signers(evidence: Evidence, kept: Evidence, trust: Trust) -> Iterable[x509.Certificate]:
    """Whose certificate may have signed the piece; the signature itself is checked where used."""
    authorities = _authorities(kept, trust)
    for crl in evidence.crls:
        yield from (one for one in authorities if one.subject == crl.issuer)
    for answer in evidence.ocsps:
        carried = ocsp.responder_certificates(answer)
        yield from carried or authorities


def _authorities(kept: Evidence, trust: Trust) -> tuple[x509.Certificate, ...]:
    return (*trust.anchors, *trust.intermediates, *kept.certificates)


def _was_good(signer: x509.Certificate, at: datetime, kept: Evidence, trust: Trust) -> bool:
    if not signer.not_valid_before_utc <= at <= signer.not_valid_after_utc:
        return False
    if signer in trust.anchors:
        return True
    if _needs_no_status(signer):
        issuers = [one for one in _authorities(kept, trust) if one.subject == signer.issuer]
        return any(_was_good(one, at, kept, trust) for one in issuers if not _needs_no_status(one))
    path = check_path(signer, trust=trust, at=at, others=kept.certificates, evidence=kept)
    return path.trouble is None


def _needs_no_status(certificate: x509.Certificate) -> bool:
    """An OCSP responder's certificate that is not itself checked for revocation (SG 3.3)."""
    try:
        certificate.extensions.get_extension_for_class(x509.OCSPNoCheck)
    except (x509.ExtensionNotFound, ValueError):
        return False
    return True
