"""Requests to a remote signing service over HTTP: OAuth 2 client credentials bound by DPoP."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import httpx
from cryptography.hazmat.primitives.asymmetric import ec

from lienthong.core.signing.csc import RemoteSigningUnavailable, refusal
from lienthong.core.signing.dpop import make_proof

TIMEOUT_S = 10.0
RENEW_BEFORE = timedelta(seconds=30)
LONG_AGO = datetime.min.replace(tzinfo=UTC)


class HTTPTransport:
    """A `Transport` of `core.signing.csc` to one service, for one registered application.

    url: the address before `/csc/v2`. The DPoP key is made here and never leaves; a token is
    fetched when it is needed and kept until shortly before it ends. Threads may share it.
    """

    def __init__(
        self,
        url: str,
        *,
        client_id: str,
        client_secret: str,
        http: httpx.Client | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._url = url.rstrip("/")
        self._id, self._secret = client_id, client_secret
        self._http = http or httpx.Client(timeout=TIMEOUT_S, trust_env=False)
        self._clock = clock
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._lock = threading.Lock()
        self._token, self._renew_at = "", LONG_AGO

    def post(self, method: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """See `Transport.post`. A token that the service has forgotten is fetched once more."""
        answer = self._send(method, body, self._access())
        if answer.status_code == 401:
            self._renew_at = LONG_AGO
            answer = self._send(method, body, self._access())
        return _object(answer)

    def close(self) -> None:
        self._http.close()

    def _send(self, method: str, body: Mapping[str, Any], token: str) -> httpx.Response:
        url = f"{self._url}/csc/v2/{method}"
        proof = make_proof(self._key, "POST", url, token=token, at=self._clock())
        headers = {"Authorization": f"DPoP {token}", "DPoP": proof}
        return self._ask(url, json=dict(body), headers=headers)

    def _access(self) -> str:
        with self._lock:
            if self._clock() >= self._renew_at:
                url = f"{self._url}/csc/v2/oauth2/token"
                answer = self._ask(
                    url,
                    data={"grant_type": "client_credentials"},
                    headers={"DPoP": make_proof(self._key, "POST", url, at=self._clock())},
                    auth=(quote(self._id, safe=""), quote(self._secret, safe="")),
                )
                found = _object(answer)
                token, lifetime = found.get("access_token"), found.get("expires_in")
                if not isinstance(token, str) or type(lifetime) is not int:
                    raise RemoteSigningUnavailable(detail="oauth2/token")
                self._token = token
                self._renew_at = self._clock() + timedelta(seconds=lifetime) - RENEW_BEFORE
            return self._token

    def _ask(self, url: str, **arguments: Any) -> httpx.Response:
        try:
            return self._http.post(url, follow_redirects=False, **arguments)
        except httpx.HTTPError as error:
            raise RemoteSigningUnavailable(detail=type(error).__name__) from error


def _object(answer: httpx.Response) -> Mapping[str, Any]:
    """The JSON object of a 200; else the refusal it tells."""
    try:
        found = answer.json()
    except (ValueError, RecursionError) as error:
        raise RemoteSigningUnavailable(detail=f"HTTP {answer.status_code}") from error
    if not isinstance(found, dict):
        raise RemoteSigningUnavailable(detail=f"HTTP {answer.status_code}")
    if answer.status_code == 200:
        return found
    error_code = found.get("error")
    if answer.status_code >= 500 or not isinstance(error_code, str):
        raise RemoteSigningUnavailable(detail=f"HTTP {answer.status_code}")
    raise refusal(error_code)
