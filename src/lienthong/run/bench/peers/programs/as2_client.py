"""Signed AS2 messages, made before they are sent; a receipt counts when its signed MDN verifies.

Arguments: port, count, connections, path. Speaks to pyas2lib and to django-pyas2.
"""

from __future__ import annotations

import sys

from pyas2lib.as2 import Mdn, Message, Organization, Partner  # type: ignore[import-not-found]
from wire import HERE, Answer, payload, run_client  # type: ignore[import-not-found]


def message() -> Message:
    made = Message(OURS, THEIRS)
    made.build(payload(), filename="data.xml", content_type="application/xml")
    return made


def verify(index: int, answer: Answer) -> bool:
    headers, body = answer
    raw = "".join(f"{name}: {value}\r\n" for name, value in headers.items()).encode()
    status, _ = Mdn().parse(raw + b"\r\n" + body, lambda *_: MADE[index])
    return bool(status == "processed")


OURS = Organization("client", sign_key=(HERE / "client.p12").read_bytes(), sign_key_pass="bench")  # noqa: S106
THEIRS = Partner(
    "server",
    verify_cert=(HERE / "server.pem").read_bytes(),
    validate_certs=False,
    sign=True,
    digest_alg="sha256",
    mdn_mode="SYNC",
    mdn_digest_alg="sha256",
)
MADE = [message() for _ in range(int(sys.argv[2]))]
run_client(sys.argv[4], [(each.headers, each.content) for each in MADE], verify)
