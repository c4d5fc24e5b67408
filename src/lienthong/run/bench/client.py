"""One client process of the benchmark: sends its packets, keeps the times, verifies the receipts.

`python -m lienthong.run.bench.client PLAN.json` signs its requests, waits for a line on standard
input so that all clients begin together, and answers with one JSON line. Requests are ready as
bytes before it sends, and receipts are verified afterwards: the client takes as little as possible
of the cores that it shares with the hub.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import socket
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from http.client import HTTPResponse
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from lienthong.core import signing, tlog
from lienthong.core.errors import Problem

TIMEOUT_S = 120.0


@dataclass(frozen=True)
class Load:
    """A packet to send: the request's head, signed, and its body."""

    head: bytes
    raw: bytes
    digest: bytes


@dataclass(frozen=True)
class Sent:
    """What came back for a packet. began: seconds since the start of sending."""

    load: Load
    began: float
    seconds: float
    answer: dict[str, Any]


def load(plan: dict[str, Any], signer: signing.DigestSigner) -> list[Load]:
    """Read the packets of the plan and sign their requests."""
    folder, host = Path(plan["packets"]), urlsplit(plan["url"]).netloc
    found = []
    for number in plan["numbers"]:
        raw = (folder / f"{number:06d}.edxml").read_bytes()
        signature = (folder / f"{number:06d}.sig").read_bytes()
        digest = hashlib.sha256(raw).digest()
        covered = {
            "packet-signature": f":{base64.b64encode(signature).decode()}:",
            "packet-kind": "edoc",
        }
        headers = {"host": host, "content-length": str(len(raw))} | covered
        headers |= signing.sign_request(
            "POST",
            "/v1/packets",
            digest,
            covered,
            key_id=plan["key_id"],
            signer=signer,
            at=datetime.now(UTC),
            nonce=secrets.token_hex(8),
        )
        lines = [f"{name}: {value}\r\n" for name, value in headers.items()]
        head = f"POST /v1/packets HTTP/1.1\r\n{''.join(lines)}\r\n".encode("ascii")
        found.append(Load(head, raw, digest))
    return found


def send_all(url: str, loads: list[Load], connections: int, per_second: float | None) -> list[Sent]:
    """Send everything over a few connections, at most `per_second` when given.

    Paced sending is open: each packet has its moment, and its time counts from that moment on, so a
    hub that falls behind shows it.
    """
    address = urlsplit(url)
    waiting = iter(enumerate(loads))
    start = time.perf_counter()

    def work() -> list[Sent]:
        target = (address.hostname or "", address.port or 80)
        with socket.create_connection(target, timeout=TIMEOUT_S) as stream:
            stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return list(_exchanges(stream, waiting, start, per_second))

    with ThreadPoolExecutor(connections) as pool:
        running = [pool.submit(work) for _ in range(connections)]
        return [sent for each in running for sent in each.result()]


def _exchanges(
    stream: socket.socket,
    waiting: Iterator[tuple[int, Load]],
    start: float,
    per_second: float | None,
) -> Iterator[Sent]:
    for index, each in waiting:
        began = start + index / per_second if per_second else time.perf_counter()
        if (early := began - time.perf_counter()) > 0:
            time.sleep(early)
        stream.sendall(each.head)
        stream.sendall(each.raw)
        response = HTTPResponse(stream, method="POST")
        response.begin()
        answer = {"status": response.status, **json.loads(response.read())}
        response.close()
        yield Sent(each, began - start, time.perf_counter() - began, answer)


def receipt_holds(each: Load, answer: dict[str, Any], trust: signing.Trust, at: datetime) -> bool:
    """Whether the receipt is signed by the axis, for this packet, and in its log."""
    try:
        payload = signing.verify_jws(str(answer["receipt"]), trust=trust, at=at)
        log = answer["log"]
        origin = log["checkpoint"].split("\n", 1)[0]
        head = tlog.verify_checkpoint(log["checkpoint"], trust.keys["log"], origin)
        leaf = signing.receipt_leaf(log, answer["receipt"])
        proof = [base64.b64decode(text, validate=True) for text in log["proof"]]
        tlog.verify_inclusion(log["index"], head.size, leaf, proof, head.root)
    except (Problem, KeyError, ValueError) as error:
        sys.stderr.write(f"receipt not good: {error} {answer.get('code', '')}\n")
        return False
    return str(payload["packet_sha256"]) == each.digest.hex()


def main() -> None:
    plan = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    key = json.loads(Path(plan["client"]).read_text(encoding="utf-8"))
    signer = signing.KeySigner.from_pkcs12(Path(key["p12"]).read_bytes(), key["password"])
    trust = signing.Trust.from_directory(Path(plan["trust"]))
    loads = load(plan, signer)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    began = time.time()
    results = send_all(plan["url"], loads, plan["connections"], plan["per_second"])
    ended = time.time()
    now = datetime.now(UTC)
    answer = {
        "began": began,
        "ended": ended,
        "seconds": [each.seconds for each in results],
        "verified": sum(receipt_holds(each.load, each.answer, trust, now) for each in results),
    }
    sys.stdout.write(json.dumps(answer) + "\n")


if __name__ == "__main__":
    main()
