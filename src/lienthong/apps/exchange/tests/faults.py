"""Faults that a node could have, planted between a real hub and the client that tests it.

Each is a small change of a request or an answer. The self-test must name every one.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

Headers = dict[str, str]


@dataclass
class Answer:
    """An answer on its way out."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)

    def change(self, **values: Any) -> None:
        """Put other values into a JSON object."""
        self.body = json.dumps({**self.json(), **values}).encode()


@dataclass
class Fault:
    """What is wrong with the node. `answer` may look at the request and at what it kept before."""

    answer: Callable[[Fault, str, Headers, Answer], None] = lambda *_: None
    request: Callable[[Fault, str, Headers], Headers | None] = lambda *_: None
    kept: dict[str, Any] = field(default_factory=dict)


class Faulty:
    """An application that behaves as the one inside, but for one fault."""

    def __init__(self, inside: ASGIApp, fault: Fault) -> None:
        self.inside = inside
        self.fault = fault

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.inside(scope, receive, send)
            return
        path = scope["path"]
        asked = {name.decode(): value.decode("latin-1") for name, value in scope["headers"]}
        changed = self.fault.request(self.fault, path, asked)
        if changed is not None:
            encoded = [(name.encode(), value.encode("latin-1")) for name, value in changed.items()]
            scope = {**scope, "headers": encoded}
        answer = Answer(0, [], b"")

        async def collect(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer.status, answer.headers = message["status"], list(message["headers"])
            else:
                answer.body += message.get("body", b"")

        await self.inside(scope, receive, collect)
        if "gzip" not in str(answer.headers):
            self.fault.answer(self.fault, path, asked, answer)
        kept = [pair for pair in answer.headers if pair[0].lower() != b"content-length"]
        kept.append((b"content-length", str(len(answer.body)).encode()))
        await send({"type": "http.response.start", "status": answer.status, "headers": kept})
        await send({"type": "http.response.body", "body": answer.body})


def _takes_unsigned(_: Fault, path: str, asked: Headers, answer: Answer) -> None:
    if "signature" not in asked and path == "/v1/inbox":
        answer.status, answer.body = 200, b'{"deliveries": []}'


def _takes_replays(fault: Fault, _: str, asked: Headers, answer: Answer) -> None:
    if "signature" not in asked:
        return
    if answer.status == 200:
        fault.kept[asked["signature"]] = answer.body
    elif answer.status == 401 and asked["signature"] in fault.kept:
        answer.status, answer.body = 200, fault.kept[asked["signature"]]


def _new_receipt_each_time(_: Fault, path: str, __: Headers, answer: Answer) -> None:
    if path == "/v1/packets" and answer.status == 200:
        answer.status = 201


def _unsigned_receipts(_: Fault, path: str, __: Headers, answer: Answer) -> None:
    if path == "/v1/packets" and answer.status == 201:
        receipt = answer.json()["receipt"]
        answer.change(receipt=receipt[:-8] + ("A" * 8 if receipt[-8:] != "A" * 8 else "B" * 8))


def _one_finding(_: Fault, path: str, __: Headers, answer: Answer) -> None:
    if path == "/v1/packets" and answer.status == 422 and answer.json().get("findings"):
        answer.change(findings=answer.json()["findings"][:1])


def _changes_bytes(_: Fault, path: str, __: Headers, answer: Answer) -> None:
    if path.startswith("/v1/deliveries/") and path.endswith("/packet") and answer.status == 200:
        answer.body += b"\n"


def _never_done(fault: Fault, path: str, __: Headers, answer: Answer) -> None:
    if path == "/v1/inbox" and answer.status == 200:
        seen = fault.kept.setdefault("seen", {})
        seen.update({each["delivery_id"]: each for each in answer.json()["deliveries"]})
        answer.change(deliveries=list(seen.values()))


def _old_head(fault: Fault, path: str, __: Headers, answer: Answer) -> None:
    if path == "/v1/log/checkpoint":
        answer.body = fault.kept.setdefault("head", answer.body)


def _changed_tiles(_: Fault, path: str, __: Headers, answer: Answer) -> None:
    if path.startswith("/v1/log/tile/0/") and answer.status == 200:
        answer.body = bytes([answer.body[0] ^ 1]) + answer.body[1:]


def _no_doc_id(_: Fault, path: str, __: Headers, answer: Answer) -> None:
    if path.endswith("/sendEdoc") and answer.json()["status"] == "FAIL":
        found = answer.json()
        del found["DocId"]
        answer.body = json.dumps(found).encode()


def _talkative_download(_: Fault, path: str, __: Headers, answer: Answer) -> None:
    if path.endswith("/downloadEdoc") and answer.status == 404:
        answer.body = b'{"status":"FAIL"}'


def _http_errors(_: Fault, path: str, __: Headers, answer: Answer) -> None:
    if "/RestService/" in path and answer.body.startswith(b'{"status":"FAIL"'):
        answer.status = 500


def _padded_digests_only(_: Fault, path: str, asked: Headers) -> Headers | None:
    given = asked.get("xroadvnpt-hash-file", "")
    if path.endswith("/sendEdoc") and len(given) != 64:
        return {**asked, "xroadvnpt-hash-file": "0" * 64}
    return None


FAULTS: Mapping[str, tuple[Fault, str]] = {
    "takes unsigned requests": (Fault(_takes_unsigned), "N-02"),
    "takes a request again": (Fault(_takes_replays), "N-05"),
    "gives receipts that are not signed": (Fault(_unsigned_receipts), "N-07"),
    "takes the same bytes for new": (Fault(_new_receipt_each_time), "N-08"),
    "tells one finding only": (Fault(_one_finding), "N-12"),
    "hands out other bytes": (Fault(_changes_bytes), "N-17"),
    "delivers what was acknowledged": (Fault(_never_done), "N-19"),
    "shows an old head of its log": (Fault(_old_head), "L-01"),
    "shows tiles of another tree": (Fault(_changed_tiles), "L-02"),
    "takes padded digests only": (Fault(request=_padded_digests_only), "K-02"),
    "fails without DocId": (Fault(_no_doc_id), "K-04"),
    "answers failures with HTTP errors": (Fault(_http_errors), "K-04"),
    "answers a failed download with a body": (Fault(_talkative_download), "K-08"),
}
"""Each fault, and the first check that must name it."""
