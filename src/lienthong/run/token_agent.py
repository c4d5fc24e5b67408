"""The signing agent beside the browser: an HTTP server on loopback over one PKCS#11 token.

POST /sign: {"id", "digest", "certificate", "facts"} from the page -> the answer that
`core.signing.agent` takes. POST /key: {"subject": fields of a Subject} -> {"csr"}: a key made in
the token with its request. Both show what it is about and ask for the PIN first, which goes nowhere
else. Only pages of the named origins are answered, and only under the name of this machine.
"""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Callable, Collection, Mapping
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, ClassVar

from cryptography import x509
from cryptography.exceptions import InvalidSignature

from lienthong.core.errors import Problem
from lienthong.core.signing.authority import Subject
from lienthong.core.signing.keys import verify_digest
from lienthong.core.signing.pkcs11 import KeyType, Token
from lienthong.core.signing.policy import check_key
from lienthong.core.signing.problems import SignatureNotMade
from lienthong.core.signing.profiles import subject_name

BODY_MAX_BYTES = 64 * 1024
LABEL_MAX = 120

# Shows what a key is used for and returns the PIN.
AskPin = Callable[[Mapping[str, str]], str]


class AgentRequestUnreadable(Problem):
    """The page sent something that is no request to sign or to make a key."""

    code = "run.agent_request_unreadable"
    status = 400
    text = "Yêu cầu gửi tới trình ký không đúng dạng."


class TokenAgent:
    """What the agent does with one token. ask_pin: by the person in front of it."""

    def __init__(self, module: str, label: str, ask_pin: AskPin) -> None:
        self._module, self._label, self._ask_pin = module, label, ask_pin

    def sign(self, body: Mapping[str, Any]) -> dict[str, str]:
        """The answer to a request to sign. Raises AgentRequestUnreadable and as Token.sign."""
        try:
            digest = base64.b64decode(body["digest"], validate=True)
            certificate = x509.load_pem_x509_certificate(body["certificate"].encode("ascii"))
            facts = {str(name): str(text) for name, text in body["facts"].items()}
            request_id = str(body["id"])
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise AgentRequestUnreadable from error
        if len(digest) != 32:
            raise AgentRequestUnreadable
        key = check_key(certificate.public_key())
        token = self._opened({**facts, "Mã băm SHA-256": digest.hex()})
        try:
            signature = token.sign(token.find_by(key), digest)
            verify_digest(key, digest, signature)
        except InvalidSignature as error:
            raise SignatureNotMade(detail="thiết bị trả về chữ ký sai") from error
        finally:
            token.close()
        return {
            "id": request_id,
            "digest": body["digest"],
            "certificate": body["certificate"],
            "signature": base64.b64encode(signature).decode("ascii"),
        }

    def make_key(self, body: Mapping[str, Any]) -> dict[str, str]:
        """A new key of the token and its request. Raises as `sign` and Token.generate."""
        try:
            told = {name: text for name, text in body["subject"].items() if text}
            name = subject_name(subject := Subject(**told))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise AgentRequestUnreadable from error
        token = self._opened({"Tạo khóa mới cho": subject.common_name})
        key_id = secrets.token_bytes(16)
        try:
            token.generate(KeyType.RSA3072, key_id=key_id, label=subject.common_name[:LABEL_MAX])
            csr = token.request(name, key_id=key_id)
        finally:
            token.close()
        return {"csr": base64.b64encode(csr).decode("ascii")}

    def _opened(self, facts: Mapping[str, str]) -> Token:
        return Token(self._module, self._label, self._ask_pin(facts))


def make_server(agent: TokenAgent, *, origins: Collection[str], port: int) -> HTTPServer:
    """The server on 127.0.0.1; port 0 takes a free one. One request at a time."""

    class Handler(_Handler):
        allowed = frozenset(origins)
        does: ClassVar = {"/sign": agent.sign, "/key": agent.make_key}

    return HTTPServer(("127.0.0.1", port), Handler)


class _Handler(BaseHTTPRequestHandler):
    allowed: ClassVar[Collection[str]] = ()
    does: ClassVar[Mapping[str, Callable[[Mapping[str, Any]], dict[str, str]]]] = {}

    def do_OPTIONS(self) -> None:
        """A browser asks whether the page may ask."""
        self._answer(204 if self._may_ask() else 403, None)

    def do_POST(self) -> None:
        """Sign, or make a key."""
        if not self._may_ask():
            self._answer(403, {"code": "forbidden", "text": "Trang này không được dùng trình ký."})
            return
        try:
            work = self.does.get(self.path)
            found = work(self._body()) if work else None
            self._answer(200 if work else 404, found)
        except Problem as problem:
            self._answer(problem.status, {"code": problem.code, "text": problem.sentence})

    def _may_ask(self) -> bool:
        """A page we know, under our own name: another name on this address is somebody's trick."""
        host = self.headers.get("Host", "").partition(":")[0]
        known = self.headers.get("Origin") in self.allowed
        return known and host in {"127.0.0.1", "localhost"}

    def _body(self) -> Mapping[str, Any]:
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > BODY_MAX_BYTES:
            raise AgentRequestUnreadable
        try:
            found = json.loads(self.rfile.read(int(length)))
        except (ValueError, RecursionError) as error:
            raise AgentRequestUnreadable from error
        if not isinstance(found, dict):
            raise AgentRequestUnreadable
        return found

    def _answer(self, status: int, body: Mapping[str, str] | None) -> None:
        data = json.dumps(body, ensure_ascii=False).encode() if body is not None else b""
        self.send_response(status)
        if self.headers.get("Origin") in self.allowed:
            self.send_header("Access-Control-Allow-Origin", self.headers["Origin"])
            self.send_header("Access-Control-Allow-Methods", "POST")
            self.send_header("Access-Control-Allow-Headers", "content-type")
            self.send_header("Access-Control-Allow-Private-Network", "true")
            self.send_header("Vary", "Origin")
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_arguments: Any) -> None:
        """Nothing: what was asked stands on the terminal already."""
