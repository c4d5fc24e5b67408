"""The description of the hub says what the hub serves."""

from __future__ import annotations

import re

from lienthong.apps.exchange.hub.openapi import DESCRIPTION
from lienthong.apps.exchange.hub.routes import ROUTES


def test_every_route_is_described_and_nothing_else() -> None:
    served = {(method.lower(), re.sub(r":\w+}", "}", path)) for method, path, _ in ROUTES}

    described = {
        (method, path) for path, methods in DESCRIPTION["paths"].items() for method in methods
    }

    assert described == served
