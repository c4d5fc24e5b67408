"""Where a signer gets time-stamps, and what is asked of an answer before it is used (SG 6.2)."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from lienthong.core.signing import cms
from lienthong.core.signing.path import local
from lienthong.core.signing.problems import TimestampNotMade
from lienthong.core.signing.trust import Trust
from lienthong.core.signing.tsp.authority import TimestampAuthority
from lienthong.core.signing.tsp.check import OWN_CLOCK_TOLERANCE, check_token
from lienthong.core.signing.tsp.messages import build_request, read_response
from lienthong.core.signing.tsp.token import Token, parse_token, token_fault


class TimestampSource(Protocol):
    """Where a signer gets time-stamps: an authority behind a network, or one in this process."""

    def stamp(self, digest: bytes) -> bytes:
        """Return the DER TimeStampToken over a SHA-256 digest. Raises TimestampNotMade."""


class TimestampClient:
    """A TimestampSource that asks an authority by sending it requests.

    send: takes a TimeStampReq in DER, returns the TimeStampResp; raises OSError or TimestampNotMade
    when nobody answers. clock: this machine's time, for the check that the token is of now.
    """

    def __init__(
        self,
        send: Callable[[bytes], bytes],
        *,
        clock: Callable[[], datetime],
        policy_oid: str = "",
        trust: Trust | None = None,
    ) -> None:
        self._send = send
        self._clock = clock
        self._policy = policy_oid
        self._trust = trust

    def stamp(self, digest: bytes) -> bytes:
        """Return a checked token over a SHA-256 digest (SG 6.2 step 6). Raises TimestampNotMade."""
        nonce = int.from_bytes(os.urandom(8), "big")
        request = build_request(digest, nonce=nonce, policy_oid=self._policy)
        try:
            answer = self._send(request)
        except OSError as error:
            raise TimestampNotMade(detail="không kết nối được nơi cấp dấu thời gian") from error
        token = read_response(answer)
        now = self._clock()
        check_answer(token, digest, nonce=nonce, policy_oid=self._policy, at=now)
        if self._trust is not None:
            report = check_token(token, lambda _: digest, trust=self._trust, at=now)
            if not report.is_good:
                raise TimestampNotMade(detail=report.checks[-1].text)
        return token


def stamper(
    source: TimestampSource, at: datetime | None, *, required: bool = True
) -> Callable[[bytes], bytes]:
    """A function that gets a token from `source` for a SHA-256 digest and checks it.

    at: the signer's time, from which the token's may differ by five minutes; None: any time. When a
    token is not `required` and none can be had, the function returns no bytes.
    """

    def stamp(digest: bytes) -> bytes:
        try:
            token = source.stamp(digest)
            check_answer(token, digest, at=at)
        except TimestampNotMade:
            if required:
                raise
            return b""
        return token

    return stamp


def check_answer(
    data: bytes,
    digest: bytes,
    *,
    at: datetime | None,
    nonce: int | None = None,
    policy_oid: str = "",
) -> Token:
    """Check a token just received, all but its path; return it read. Raises TimestampNotMade."""
    try:
        token = parse_token(data)
    except cms.CMSInvalid as error:
        raise TimestampNotMade(detail=str(error)) from error
    _, reason = token_fault(token, lambda name: digest if name == "sha256" else b"")
    if not reason and nonce is not None and token.nonce != nonce:
        reason = "nonce khác"
    if not reason and policy_oid and token.policy != policy_oid:
        reason = "chính sách khác"
    if not reason and at is not None and abs(token.at - at) > OWN_CLOCK_TOLERANCE:
        reason = f"thời gian {local(token.at)} lệch quá 5 phút so với máy này"
    if reason:
        raise TimestampNotMade(detail=reason)
    return token


class LocalSource:
    """A TimestampSource over an authority in this process, for tests and the demonstration."""

    def __init__(self, authority: TimestampAuthority, clock: Callable[[], datetime]) -> None:
        self._authority = authority
        self._clock = clock

    def stamp(self, digest: bytes) -> bytes:
        issued = self._authority.issue(build_request(digest), self._clock())
        if not issued.token:
            raise TimestampNotMade(detail=issued.failure)
        return issued.token
