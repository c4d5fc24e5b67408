"""The role `trust` of the axis: the authorities' services, told which nodes the axis knows.

`uvicorn --factory lienthong.run.trust:create_app` serves it. Certification stands below exchange,
so it is here that the two meet.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.applications import Starlette

    from lienthong.apps.pki.services.office import NodeKey, Office


def create_app() -> Starlette:
    """The services of this node, by its settings."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lienthong.run.settings")
    import django  # noqa: PLC0415  after the settings are named

    django.setup()
    from lienthong.apps.pki.services import app  # noqa: PLC0415  Django is ready now

    return app.create_app(_office)


def _office() -> Office:
    from lienthong.apps.pki.authority import registry  # noqa: PLC0415  Django is ready now
    from lienthong.apps.pki.services.office import Office  # noqa: PLC0415

    return Office(registry.authority_directory(), known_nodes)


def known_nodes() -> Mapping[str, NodeKey]:
    """The nodes registered at the axis with their request keys."""
    from cryptography import x509  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415

    from lienthong.apps.exchange.hub import api as hub  # noqa: PLC0415  Django is ready now
    from lienthong.apps.pki.services.office import NodeKey  # noqa: PLC0415

    found = {}
    for node_id, (pem, codes) in hub.node_keys().items():
        key = x509.load_pem_x509_certificate(pem.encode("ascii")).public_key()
        if isinstance(key, ec.EllipticCurvePublicKey):
            found[node_id] = NodeKey(key, codes)
    return found
