"""The trust list in use: taken only when it may be believed, kept until a newer one may (SG 3.8).

A Trust carries the list as signed bytes with the operators pinned for it. What the list says
becomes the services of the Trust, with one more status: none is granted once the list has expired.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from cryptography import x509

from lienthong.core.signing.trust import Trust
from lienthong.core.signing.trust_list import TrustList, TrustListUnpinned, read_trust_list


def taken(trust: Trust, data: bytes, *, at: datetime) -> Trust:
    """Return `trust` with the list `data` in use.

    Raises TrustListUnpinned, TrustListForged, TrustListBroken, and TrustListOld for a list that
    comes before the one in use; then the one in use stays.
    """
    if data == trust.trust_list:
        return applied(trust, at=at)
    before = in_use(trust, at=at)
    pivots = _pivots(trust, before, at)
    found = _read(trust, data, at, pivots, before)
    return replace(found.as_trust(trust), trust_list=data, pivots=pivots)


def read(trust: Trust, data: bytes, *, at: datetime, after: TrustList | None) -> TrustList:
    """The list `data` when `trust` may believe it after the list `after`. Raises as `taken`."""
    is_same = after is not None and data == trust.trust_list
    return _read(trust, data, at, trust.pivots if is_same else _pivots(trust, after, at), after)


def in_use(trust: Trust, *, at: datetime) -> TrustList | None:
    """The list of this trust, checked again; None without one. Raises as `taken`."""
    return _read(trust, trust.trust_list, at, trust.pivots) if trust.trust_list else None


def applied(trust: Trust, *, at: datetime) -> Trust:
    """`trust` with the services of its own list, which is checked first. Raises as `taken`."""
    found = in_use(trust, at=at)
    return trust if found is None else found.as_trust(trust)


def _read(
    trust: Trust,
    data: bytes,
    at: datetime,
    pivots: Sequence[bytes],
    after: TrustList | None = None,
) -> TrustList:
    if not trust.operators:
        raise TrustListUnpinned(detail="chưa ghim chứng thư nào của đơn vị vận hành")
    return read_trust_list(data, pinned=trust.operators, at=at, pivots=pivots, after=after)


def _pivots(trust: Trust, before: TrustList | None, at: datetime) -> tuple[bytes, ...]:
    """The pivots that the next list is read with: the list in use is one when it names others."""
    if before is not None and _names_others(before, _allowed(trust, at)):
        return (*trust.pivots, trust.trust_list)
    return trust.pivots


def _allowed(trust: Trust, at: datetime) -> Sequence[x509.Certificate]:
    """Who may sign the list in use: whom the last pivot names, else the pinned operators."""
    if not trust.pivots:
        return trust.operators
    *earlier, last = trust.pivots
    return _read(trust, last, at, earlier).signers


def _names_others(found: TrustList, allowed: Sequence[x509.Certificate]) -> bool:
    """Whether the list passes the right to sign on; one that names nobody does not."""
    return bool(found.signers) and set(found.signers) != set(allowed)
