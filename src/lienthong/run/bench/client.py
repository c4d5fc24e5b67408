"""One client process of the benchmark: sends its packets, keeps the times, verifies the receipts.

`python -m lienthong.run.bench.client PLAN.json` waits for a line on standard input before it sends,
so that all clients begin together, and answers with one JSON line.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import secrets
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from lienthong.core import signing, tlog
from lienthong.core.errors import Problem


@dataclass(frozen=True)
class Load:
    """A packet to send."""

    raw: bytes
    digest: bytes
    signature: str


def load(folder: Path, numbers: list[int]) -> list[Load]:
    found = []
    for number in numbers:
        raw = (folder / f"{number:06d}.edxml").read_bytes()
        signature = (folder / f"{number:06d}.sig").read_bytes()
        text = f":{base64.b64encode(signature).decode()}:"
        found.append(Load(raw, hashlib.sha256(raw).digest(), text))
    return found


async def send_all(
    url: str, loads: list[Load], signer: signing.DigestSigner, key_id: str, connections: int
) -> list[tuple[float, Load, dict[str, Any]]]:
    """Send everything over a few connections; return seconds, packet and answer for each."""
    results = []
    waiting = iter(loads)
    limits = httpx.Limits(max_connections=connections, max_keepalive_connections=connections)
    async with httpx.AsyncClient(limits=limits, timeout=120, trust_env=False) as http:

        async def work() -> None:
            for each in waiting:
                covered = {"packet-signature": each.signature, "packet-kind": "edoc"}
                headers = covered | signing.sign_request(
                    "POST",
                    "/v1/packets",
                    each.digest,
                    covered,
                    key_id=key_id,
                    signer=signer,
                    at=datetime.now(UTC),
                    nonce=secrets.token_hex(8),
                )
                began = time.perf_counter()
                answer = await http.post(f"{url}/v1/packets", content=each.raw, headers=headers)
                took = time.perf_counter() - began
                results.append((took, each, {"status": answer.status_code, **answer.json()}))

        await asyncio.gather(*(work() for _ in range(connections)))
    return results


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
    loads = load(Path(plan["packets"]), plan["numbers"])
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    began = time.time()
    results = asyncio.run(send_all(plan["url"], loads, signer, plan["key_id"], plan["connections"]))
    ended = time.time()
    now = datetime.now(UTC)
    good = sum(receipt_holds(each, answer, trust, now) for _, each, answer in results)
    answer = {
        "began": began,
        "ended": ended,
        "seconds": [took for took, _, _ in results],
        "verified": good,
    }
    sys.stdout.write(json.dumps(answer) + "\n")


if __name__ == "__main__":
    main()
