"""as4 behind WSGI: verify, decrypt, unpack, answer with a signed receipt. Stores nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from as4.peppol import parse_peppol_message  # type: ignore[import-not-found]
from as4_parties import party, policy  # type: ignore[import-not-found]
from wire import headers_of  # type: ignore[import-not-found]

OURS = party("server")
TRUSTED = policy("client")


def application(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
    body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
    received = parse_peppol_message(
        request_headers=headers_of(environ),
        request_body=body,
        local_party=OURS,
        security_policy=TRUSTED,
        accept_participant=lambda *_: True,
    )
    if received.successful:
        next(iter(received.message.decrypted_data.values()))
    headers, signal = received.build_signal()
    start("200 OK", list(headers.items()))
    return [signal if isinstance(signal, bytes) else signal.encode()]
