"""Time-stamps over HTTP (RFC 3161 3.4), for commands."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lienthong.core.signing import Trust
    from lienthong.core.signing.tsp import TimestampSource

TIMEOUT_S = 10.0
ANSWER_SIZE_MAX_BYTES = 64 * 1024


def timestamp_source(url: str, trust: Trust | None) -> TimestampSource:
    """Time-stamps of the authority at `url`; with a trust, only of one that it knows.

    Its `stamp` raises TimestampNotMade when the authority is away, refuses or answers with another
    thing than was asked for.
    """
    import httpx  # noqa: PLC0415  heavy

    from lienthong.core.signing.problems import TimestampNotMade  # noqa: PLC0415
    from lienthong.core.signing.tsp import TimestampClient  # noqa: PLC0415

    def send(request: bytes) -> bytes:
        headers = {"Content-Type": "application/timestamp-query"}
        try:
            answer = httpx.post(
                url, content=request, headers=headers, timeout=TIMEOUT_S, trust_env=False
            )
        except httpx.HTTPError as error:
            raise TimestampNotMade(detail="không kết nối được nơi cấp dấu thời gian") from error
        if answer.status_code != 200 or len(answer.content) > ANSWER_SIZE_MAX_BYTES:
            raise TimestampNotMade(detail=f"HTTP {answer.status_code}")
        return answer.content

    return TimestampClient(send, clock=lambda: datetime.now(UTC), trust=trust)
