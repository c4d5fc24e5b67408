"""What the programs of all peers share: sending prepared requests and timing them. No dependency.

Runs inside a peer's environment, as a script beside the others; see `measuring`.
"""

from __future__ import annotations

import base64
import http.client
import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor

from place import HERE  # type: ignore[import-not-found]  # written by `measuring`

__all__ = ["HERE", "Answer", "Request", "headers_of", "payload", "run_client"]

PAYLOAD_BYTES = 204_800

Request = tuple[Mapping[str, str], bytes]
Answer = tuple[Mapping[str, str], bytes]


def payload() -> bytes:
    """An XML document of 200 KB that is different each time and hardly packs."""
    text = base64.b64encode(os.urandom(PAYLOAD_BYTES * 3 // 4))[: PAYLOAD_BYTES - 13]
    return b"<data>" + text + b"</data>"


def headers_of(environ: Mapping[str, object]) -> dict[str, str]:
    """The headers of a WSGI request."""
    found = {
        name[5:].replace("_", "-").title(): str(value)
        for name, value in environ.items()
        if name.startswith("HTTP_")
    }
    return found | {"Content-Type": str(environ.get("CONTENT_TYPE", ""))}


def run_client(path: str, requests: list[Request], verify: Callable[[int, Answer], bool]) -> None:
    """Say "ready", wait for a line, send everything, verify every receipt, print one JSON line.

    arguments: port, count (already used by the caller), connections.
    """
    port, connections = int(sys.argv[1]), int(sys.argv[3])
    waiting: Iterable[tuple[int, Request]] = iter(enumerate(requests))

    def work() -> list[tuple[int, Answer]]:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        found: list[tuple[int, Answer]] = []
        for index, (headers, body) in waiting:
            connection.request("POST", path, body, dict(headers))
            response = connection.getresponse()
            found.append((index, (dict(response.getheaders()), response.read())))
        return found

    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    began = time.perf_counter()
    with ThreadPoolExecutor(connections) as pool:
        answers = [
            one for each in [pool.submit(work) for _ in range(connections)] for one in each.result()
        ]
    seconds = time.perf_counter() - began
    sys.stdout.write("sent\n")
    sys.stdout.flush()
    verified = sum(verify(index, answer) for index, answer in answers)
    sys.stdout.write(json.dumps({"verified": verified, "seconds": seconds}) + "\n")
