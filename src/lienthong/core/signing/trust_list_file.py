"""A trust list as a file: may it be believed, by the operator pinned in a Trust (SG 3.8, R47)?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from lienthong.core.signing.path import local
from lienthong.core.signing.report import Verdict
from lienthong.core.signing.report_text import MARKS
from lienthong.core.signing.trust import Trust
from lienthong.core.signing.trust_list import (
    KINDS,
    ListState,
    TrustList,
    TrustListBroken,
    TrustListForged,
    TrustListOld,
    TrustListUnpinned,
)
from lienthong.core.signing.trust_list_in_use import in_use, read

_ROOT = re.compile(rb"<(\w+:)?TrustServiceStatusList[\s>]")


@dataclass(frozen=True, slots=True)
class ListVerdict:
    """What was found, in Vietnamese lines, and the list itself as plain data where it was read."""

    verdict: Verdict
    lines: tuple[str, ...]
    facts: dict[str, Any] = field(default_factory=dict)


def is_trust_list(data: bytes) -> bool:
    """Whether this XML says to be a trust list."""
    return _ROOT.search(data[:4096]) is not None


def check(data: bytes, *, trust: Trust, at: datetime) -> ListVerdict:
    """Judge the list `data` by the operators and the list in use of `trust`. Never raises for bad
    content.

    VALID: signed by a pinned operator and current. UNKNOWN: nobody is pinned, the signer is not,
    a newer list is in use, or it has expired. INVALID: the signature or the content is wrong.
    """
    try:
        found = read(trust, data, at=at, after=in_use(trust, at=at))
    except (TrustListUnpinned, TrustListOld) as problem:
        return _told(Verdict.UNKNOWN, problem.sentence)
    except (TrustListForged, TrustListBroken) as problem:
        return _told(Verdict.INVALID, problem.sentence)
    state = found.state_at(at)
    verdict = Verdict.UNKNOWN if state is ListState.EXPIRED else Verdict.VALID
    return ListVerdict(verdict, tuple(_lines(found, state, verdict, at)), _facts(found, state, at))


def _told(verdict: Verdict, sentence: str) -> ListVerdict:
    mark = MARKS[False if verdict is Verdict.INVALID else None]
    return ListVerdict(verdict, (f"Danh sách tin cậy: {verdict.label}", f"  [{mark}] {sentence}"))


def _lines(found: TrustList, state: ListState, verdict: Verdict, at: datetime) -> Iterator[str]:
    yield f"Danh sách tin cậy số {found.sequence}: {verdict.label}"
    yield f"  Đơn vị vận hành: {found.scheme.operator.vi}"
    mark = MARKS[None if state is ListState.EXPIRED else True]
    dates = f"phát hành {local(found.issued_at)}, bản kế tiếp trước {local(found.next_update)}"
    yield f"  [{mark}] Danh sách {state.label}: {dates}."
    granted = sum(one.granted_at(at) for one in found.services)
    yield f"  {len(found.services)} dịch vụ, {granted} đang được công nhận:"
    for one in found.services:
        word = "được công nhận" if one.granted_at(at) else "không được công nhận"
        since = one.last_change(at)
        yield f"    {one.kind:13} {one.name}: {word}{f' từ {local(since)}' if since else ''}"


def _facts(found: TrustList, state: ListState, at: datetime) -> dict[str, Any]:
    return {
        "sequence": found.sequence,
        "sha256": found.sha256,
        "operator": found.scheme.operator.vi,
        "issued_at": found.issued_at.isoformat(),
        "next_update": found.next_update.isoformat(),
        "state": state.value,
        "services": [
            {
                "provider": one.provider,
                "name": one.name,
                "kind": one.kind,
                "type": KINDS[one.kind],
                "certificate_sha256": one.sha256,
                "granted": one.granted_at(at),
                "statuses": [
                    {"since": status.since.isoformat(), "granted": status.granted}
                    for status in sorted(one.statuses, key=lambda each: each.since)
                ],
            }
            for one in found.services
        ],
    }
