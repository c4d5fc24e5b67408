"""A small identity provider over real HTTP on loopback: code flow, PKCE, discovery, keys."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey


@dataclass
class SmallProvider:
    """Signs in `subject` without asking. `claims` and `header` say what it lies about."""

    issuer: str = ""
    subject: str = "0a1b-canbo"
    claims: dict[str, Any] = field(default_factory=dict)
    header: dict[str, Any] = field(default_factory=dict)
    key: ECKey = field(default_factory=lambda: ECKey.generate_key("P-256", {"kid": "k1"}))
    signs_with: Any = None
    signature: Callable[[bytes], bytes] | None = None  # in place of one that the library makes
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def approve(self, address: str) -> dict[str, str]:
        """What a browser brings back after somebody said yes at the address it was led to."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        code = secrets.token_urlsafe(16)
        self.codes[code] = asked
        return {"code": code, "state": asked["state"], "iss": self.issuer}

    def token(self, form: dict[str, str]) -> dict[str, str] | None:
        """Tokens for a code, once, to whoever knows the verifier; None when refused."""
        asked = self.codes.pop(form.get("code", ""), None)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = _text(digest)
        if (
            asked is None
            or asked["code_challenge"] != challenge
            or asked["redirect_uri"] != form.get("redirect_uri")
        ):
            return None
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "sub": self.subject,
            "aud": asked["client_id"],
            "iat": now,
            "exp": now + 300,
            "nonce": asked["nonce"],
        } | self.claims
        header = {"alg": "ES256", "kid": "k1"} | self.header
        if self.signature:
            parts = [_text(json.dumps(part).encode()) for part in (header, claims)]
            return {"id_token": ".".join([*parts, _text(self.signature(".".join(parts).encode()))])}
        return {"id_token": jwt.encode(header, claims, self.signs_with or self.key)}

    def answer(self, path: str, form: dict[str, str]) -> dict[str, Any] | None:
        """One request; None is a refusal."""
        self.asked.append(path)
        if path == "/.well-known/openid-configuration":
            ends = ("authorization_endpoint", "token_endpoint", "jwks_uri")
            return {"issuer": self.issuer} | {end: f"{self.issuer}/{end}" for end in ends}
        if path == "/jwks_uri":
            return {"keys": [self.key.as_dict(private=False)]}
        return self.token(form)


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


@contextmanager
def running() -> Iterator[SmallProvider]:
    """A provider that answers at its issuer's address until the block ends."""
    provider = SmallProvider()

    class Door(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._say(provider.answer(self.path, {}))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = {name: values[0] for name, values in parse_qs(body).items()}
            self._say(provider.answer(self.path, form))

        def _say(self, found: dict[str, Any] | None) -> None:
            data = json.dumps(found or {"error": "invalid_grant"}).encode()
            self.send_response(200 if found else 400)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: Any) -> None:
            """The test's output is not a log."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Door) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        provider.issuer = f"http://127.0.0.1:{server.server_address[1]}"
        try:
            yield provider
        finally:
            server.shutdown()
            thread.join()
