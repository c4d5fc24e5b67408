"""When to ask for a second opinion about a PDF, and who was asked about already.

The opinion itself is pyHanko's (`pyhanko_opinion`), imported at its first use: most processes of a
node never need it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from weakref import WeakKeyDictionary

from lienthong.core.signing.evidence import NO_EVIDENCE, Evidence
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


@dataclass(frozen=True, slots=True)
class Times:
    """At which times to judge, by field.

    best: a signature. control: its time-stamps, and document time-stamps. timestamps: the fields of
    the document time-stamps that were relied on. evidence: what was counted.
    """

    best: Mapping[str, datetime]
    control: Mapping[str, datetime]
    timestamps: tuple[str, ...] = ()
    evidence: Evidence = NO_EVIDENCE


def second_opinion_of(
    data: bytes, *, trust: Trust, at: datetime, times: Times | None = None
) -> dict[str, str]:
    """Return field → reason for each signature that pyHanko does not accept.

    A document time-stamp that it does not accept counts against the signatures it covers: the field
    "" then holds the reason.
    """
    from lienthong.core.signing import pyhanko_opinion  # noqa: PLC0415  half a second to import

    return pyhanko_opinion.refusals(data, trust=trust, at=at, times=times or Times({}, {}))
