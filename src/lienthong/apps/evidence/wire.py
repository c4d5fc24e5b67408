"""Logs and witnesses of other nodes over HTTP. Whoever asks decides what an answer is worth."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import httpx

from lienthong.apps.evidence.rules import LogAway, WitnessAway
from lienthong.core import tlog

ANSWER_WITHIN_S = 15.0
ANSWER_SIZE_MAX_BYTES = 256 * (0xFFFF + 2)
"""A full bundle of the longest entries."""


@cache
def _tls() -> ssl.SSLContext:
    """Made once: reading the machine's certificates costs more than a request."""
    return ssl.create_default_context()


@contextmanager
def fetching(url: str) -> Iterator[tlog.Fetch]:
    """Fetch below the address of a log. What cannot be fetched raises LogAway; 404 is None."""
    base = url.rstrip("/")
    with httpx.Client(
        timeout=ANSWER_WITHIN_S,
        trust_env=False,
        verify=_tls(),
        headers={"Cache-Control": "no-cache"},
    ) as http:

        def fetch(path: str) -> bytes | None:
            try:
                with http.stream("GET", f"{base}/{path}") as answer:
                    if answer.status_code in {404, 410}:
                        return None
                    answer.raise_for_status()
                    return _limited(answer, url)
            except httpx.HTTPError as error:
                raise LogAway(url=url, reason=type(error).__name__) from error

        yield fetch


def _limited(answer: httpx.Response, url: str) -> bytes:
    content = bytearray()
    for piece in answer.iter_bytes():
        content += piece
        if len(content) > ANSWER_SIZE_MAX_BYTES:
            raise LogAway(url=url, reason="quá lớn")
    return bytes(content)


def submit(url: str, name: str, request: tlog.AddCheckpoint) -> httpx.Response:
    """Ask a witness for its cosignature. Raises WitnessAway when it does not answer."""
    try:
        return httpx.post(
            f"{url.rstrip('/')}/add-checkpoint",
            content=request.encode(),
            headers={"Content-Type": "text/plain; charset=utf-8"},
            timeout=ANSWER_WITHIN_S,
            trust_env=False,
            verify=_tls(),
        )
    except httpx.HTTPError as error:
        raise WitnessAway(name=name, reason=type(error).__name__) from error


def incidents_at(url: str, name: str, origin: str) -> list[dict[str, object]]:
    """The open incidents that a witness has about a log of ours. Raises WitnessAway."""
    try:
        answer = httpx.get(
            f"{url.rstrip('/')}/incidents",
            params={"origin": origin},
            timeout=ANSWER_WITHIN_S,
            trust_env=False,
            verify=_tls(),
        )
        answer.raise_for_status()
        found = answer.json()["incidents"]
    except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
        raise WitnessAway(name=name, reason=type(error).__name__) from error
    return [each for each in found if isinstance(each, dict)]
