"""The authority as it runs, for tests: its services in a thread, a mandate for the ministry."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import uvicorn
from cryptography.hazmat.primitives.asymmetric import ec
from django.conf import settings
from django.utils import timezone

from lienthong.apps.accounts import api as accounts
from lienthong.apps.accounts.api import Actor, Role
from lienthong.apps.directory import api as directory
from lienthong.apps.pki import api as pki
from lienthong.apps.pki.authority import mandates, registry
from lienthong.apps.pki.authority.models import Mandate
from lienthong.apps.pki.contract import AT_AUTHORITY, SubjectKind
from lienthong.apps.pki.services.app import create_app
from lienthong.apps.pki.services.office import NodeKey, Office
from lienthong.core.signing.authority import make_ec_key

from .conftest import PIN, seated


@dataclass(frozen=True)
class Authority:
    """What runs on the other side."""

    folder: Path
    mandate: Mandate
    url: str


def certify(folder: Path, actor: Actor, organization_id: int) -> pki.Certificate:
    """A person's key and certificate, made by the authority directly."""
    return pki.issue_person(
        folder,
        person_id=actor.person_id,
        organization_id=organization_id,
        position=actor.position or "Cán bộ",
        pin=PIN,
        at=timezone.now(),
        key=make_ec_key(),
    )


def certify_later(authority: Authority, actor: Actor, organization_id: int) -> None:
    """As `certify`, while the services run; returns when they know the certificate."""
    certificate = certify(authority.folder, actor, organization_id)
    registry.sync(authority.folder, at=timezone.now())
    until = time.monotonic() + 20
    while True:
        try:
            pki.check_usable(certificate, at=timezone.now())
        except pki.CertificateStatusUnknown:
            assert time.monotonic() < until, "the services never knew the certificate"
            time.sleep(0.1)
        else:
            return


def give_mandate(folder: Path, organization: directory.Organization, *registrars: Actor) -> Mandate:
    """A mandate for an agency and all below it, by two officers of the authority (SG 4.4)."""
    axis = directory.register(name="Trung tâm chứng thực", codes={directory.Scheme.QD20: "G98"})
    officers = [
        seated(axis, f"cb{n}", f"Cán bộ cấp {n}", Role.CERTIFICATE_OFFICER, "Cán bộ")
        for n in (1, 2)
    ]
    for officer in officers:
        certify(folder, officer, axis.pk)
    named = [certify(folder, one, organization.pk) for one in registrars]
    now = timezone.now()
    registry.sync(folder, at=now)
    terms = mandates.Terms(
        agency_code=organization.code,
        root_code=organization.code,
        subjects=tuple(SubjectKind),
        kinds=AT_AUTHORITY,
        officers=tuple(mandates.officer_of(one.sha256) for one in named),
        per_day=50,
        lifetime_days=5 * 365,
        valid_from=now - timedelta(hours=1),
        valid_to=now + timedelta(days=365),
    )
    proposed = mandates.propose(officers[0], terms, at=now)
    signer = pki.person_signer(officers[1].person_id, PIN)
    return mandates.approve(officers[1], proposed, signer, at=timezone.now())


@contextmanager
def serving(folder: Path, *codes: str, port: int = 0) -> Iterator[str]:
    """Run the authority's services until the block ends; gives their address."""
    node = pki.node_signer().certificate.public_key()
    assert isinstance(node, ec.EllipticCurvePublicKey)
    nodes = {str(settings.NODE_NAME): NodeKey(node, frozenset(codes))}
    app = create_app(lambda: Office(folder, lambda: nodes))
    with socket.socket() as listener, accounts.everywhere():
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="on"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            while not server.started and thread.is_alive():
                time.sleep(0.01)
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()
