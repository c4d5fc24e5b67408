"""pyas2lib behind WSGI: verify the signed message, answer with a signed MDN. Stores nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from pyas2lib.as2 import Message, Organization, Partner  # type: ignore[import-not-found]
from wire import HERE, headers_of  # type: ignore[import-not-found]

OURS = Organization("server", sign_key=(HERE / "server.p12").read_bytes(), sign_key_pass="bench")  # noqa: S106
THEIRS = Partner("client", verify_cert=(HERE / "client.pem").read_bytes(), validate_certs=False)


def application(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
    body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
    head = "".join(f"{name}: {value}\r\n" for name, value in headers_of(environ).items())
    _, _, mdn = Message().parse(head.encode() + b"\r\n" + body, lambda _: OURS, lambda _: THEIRS)
    start("200 OK", [(name, value.replace("\n", "")) for name, value in mdn.headers.items()])
    return [mdn.content]
