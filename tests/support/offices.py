"""Two agencies with their people, keys and access point, in this process, and the road between."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import time

from django.conf import settings
from django.db import connection
from django.test import Client
from django.utils import timezone

from lienthong.apps.accounts import api as accounts
from lienthong.apps.accounts.api import Actor
from lienthong.apps.documents.tests.conftest import PIN, Desk, KeyCabinet, make_desk
from lienthong.apps.exchange.access_point import api as access_point
from lienthong.apps.exchange.access_point.service import exchange_once
from lienthong.apps.exchange.hub import api as hub
from lienthong.apps.outbox import api as outbox
from lienthong.apps.pki import api as pki
from lienthong.core.signing.authority import make_ec_key
from lienthong.core.signing.verify_file import FileVerdict, verify_bytes


def make_authorities(directory: Path) -> Path:
    """Roots, sub-authorities and the key of the axis's log; this node pins their trust."""
    at = timezone.now()
    pki.make_national_pki(directory, at=at, root_key=make_ec_key, sub_key=make_ec_key)
    pki.make_log_key(directory)
    pki.install_trust(directory / "trust")
    return directory


def open_ministry(cabinet: KeyCabinet) -> Desk:
    """A ministry whose deputy minister signs, whose clerk seals."""
    ministry = make_desk(
        name="Bộ Thử nghiệm",
        short_name="BTN",
        code="G90",
        code102="000.00.00.G90",
        place="Hà Nội",
        key="btn",
    )
    cabinet.person(ministry.deputy, PIN)
    cabinet.agency(ministry, PIN)
    cabinet.service(ministry)
    return ministry


def open_province(cabinet: KeyCabinet) -> Desk:
    """A province that receives, and answers with statuses."""
    province = make_desk(
        name="Ủy ban nhân dân tỉnh Đồng Xanh",
        short_name="UBND",
        code="H90",
        code102="000.00.00.H90",
        place="Đồng Xanh",
        key="dx",
    )
    cabinet.service(province)
    return province


def connect_to_axis(authorities: Path, *offices: Desk) -> None:
    """Let this process's access point speak for the offices, and give the axis its receipt key."""
    at = timezone.now()
    node = pki.issue_node(authorities, at=at)
    pki.issue_receipt(authorities, at=at)
    codes = [office.organization.code for office in offices]
    hub.register_node(settings.NODE_NAME, "Nút thử nghiệm", node.pem, codes)


def forget_jobs() -> None:
    """Empty the queue of events, which Django's clean-up after a test does not know."""
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE procrastinate_jobs CASCADE")


@contextmanager
def at(office: Desk) -> Iterator[None]:
    """Work at this office: its rows are seen, and no others."""
    with accounts.scope(office.organization.pk):
        yield


def carry() -> tuple[int, int]:
    """Let packets and events move until nothing moves. Returns packets (sent, received)."""
    sent = received = 0
    while True:
        out, came = exchange_once()
        done = outbox.run_pending()
        sent, received = sent + out, received + came
        if not (out or came or done):
            return sent, received


def as_(actor: Actor) -> Client:
    """A browser in which this person has just signed in, in this seat."""
    client = Client()
    client.force_login(accounts.Person.objects.get(pk=actor.person_id))
    session = client.session
    session.update({"seat": actor.seat_id, "seen_at": int(time()), "signed_in_at": int(time())})
    session.save()
    return client


def proved(outbound: access_point.Outbound) -> FileVerdict:
    """What anybody finds who verifies the receipt of a packet, offline, with the packet at hand."""
    assert outbound.receipt is not None
    return verify_bytes(
        json.dumps(outbound.receipt).encode(),
        trust=pki.trust(),
        at=timezone.now(),
        companion=access_point.outbound_bytes(outbound.pk),
    )
