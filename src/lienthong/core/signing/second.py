"""When to ask for a second opinion about a PDF, and who was asked about already.

The opinion itself is pyHanko's (`pyhanko_opinion`), imported at its first use: most processes of a
node never need it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from weakref import WeakKeyDictionary

from lienthong.core.signing.report import Indication, SignatureReport
from lienthong.core.signing.trust import Trust

SAMPLE_OF = 100
SEEN_MAX = 10_000

_SEEN: WeakKeyDictionary[Trust, set[str]] = WeakKeyDictionary()


def is_asked_for(sha256: str, signatures: Sequence[SignatureReport], trust: Trust) -> bool:
    """Whether to ask pyHanko: signers not met under this Trust yet, or one document in a hundred.

    The sample is taken by the document's digest, so the same document is always treated alike.
    """
    return int(sha256[:8], 16) % SAMPLE_OF == 0 or _signers(signatures) not in _SEEN.get(trust, ())


def note_opinion(signatures: Sequence[SignatureReport], trust: Trust) -> None:
    """Remember that pyHanko agreed about these signers."""
    if all(one.indication is Indication.PASSED for one in signatures):
        seen = _SEEN.setdefault(trust, set())
        if len(seen) >= SEEN_MAX:
            seen.clear()
        seen.add(_signers(signatures))


def _signers(signatures: Sequence[SignatureReport]) -> str:
    return " ".join(one.signer.sha256 if one.signer else "" for one in signatures)


def second_opinion_of(data: bytes, *, trust: Trust, at: datetime) -> dict[str, str]:
    """Return field → reason for each signature that pyHanko does not accept."""
    from lienthong.core.signing import pyhanko_opinion  # noqa: PLC0415  half a second to import

    return pyhanko_opinion.refusals(data, trust=trust, at=at)
