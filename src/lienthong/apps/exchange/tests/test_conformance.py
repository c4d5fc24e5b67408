"""The self-test of a node: green against our own hub, and it names each fault that is planted."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
import uvicorn

from lienthong.apps.exchange.hub.kit import systems
from lienthong.apps.exchange.hub.models import NodeOrganization
from lienthong.client import conformance
from lienthong.core import edxml, signing
from lienthong.core.signing.verify_file import verify_bytes

from .country import SIGNER, Agency, Country
from .faults import FAULTS, Faulty
from .server import RunningHub


def native(agency: Agency) -> conformance.Party:
    return conformance.Party(
        code=agency.code,
        name=agency.name,
        person_name=SIGNER,
        person=agency.person,
        seal=agency.seal,
        node_id=agency.node_id,
        node=agency.node,
        service=agency.service,
    )


def by_kit(agency: Agency, system_id: str) -> conformance.Party:
    NodeOrganization.objects.filter(agency_code=agency.code).delete()
    made = systems.register(system_id, agency.name, [agency.code], profile=edxml.Profile.STRICT)
    return conformance.Party(
        code=agency.code,
        name=agency.name,
        person_name=SIGNER,
        person=agency.person,
        seal=agency.seal,
        system_id=system_id,
        secret=made.secret,
    )


@pytest.fixture
def profile(land: Country, hub: RunningHub) -> conformance.Profile:
    found = conformance.Profile(
        trust=land.trust,
        sender=native(land.ministry),
        recipient=native(land.province),
        kit_sender=by_kit(land.other, "kiem.thu.01"),
        kit_recipient=by_kit(land.department, "kiem.thu.02"),
    )
    hub.refresh()
    return found


@contextmanager
def faulty(hub: RunningHub, name: str) -> Iterator[str]:
    """The same hub behind one planted fault, at an address of its own."""
    fault = FAULTS[name][0]
    fault.kept.clear()
    inside = hub.server.config.loaded_app
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        config = uvicorn.Config(Faulty(inside, fault), log_level="error", lifespan="off")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            while not server.started:
                thread.join(0.01)
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


def test_our_own_hub_passes_every_check_and_the_report_is_signed(
    land: Country, hub: RunningHub, profile: conformance.Profile
) -> None:
    heard: list[str] = []

    report = conformance.run(hub.url, profile, tell=lambda outcome: heard.append(outcome.id))

    assert [f"{each.id}: {each.saw}" for each in report.failed] == []
    assert report.ok
    assert heard == [each.id for each in conformance.CHECKS]
    signed = conformance.sign_report(report, land.ministry.seal)
    verdict = verify_bytes(signed.encode(), trust=land.trust, at=datetime.now(UTC))
    assert (verdict.kind, verdict.ok) == ("jws", True), verdict.lines
    assert signing.read_jws(signed).payload["passed"] == len(conformance.CHECKS)


@pytest.mark.parametrize("name", list(FAULTS))
def test_a_planted_fault_is_named(hub: RunningHub, profile: conformance.Profile, name: str) -> None:
    expected = FAULTS[name][1]
    check = next(each for each in conformance.CHECKS if each.id == expected)
    with faulty(hub, name) as url:
        report = conformance.run(url, profile, checks=[check])

    assert [each.id for each in report.failed] == [expected]
    assert report.failed[0].saw


def test_a_node_that_is_away_fails_every_check(profile: conformance.Profile) -> None:
    report = conformance.run("http://127.0.0.1:9", profile)

    assert len(report.failed) == len(conformance.CHECKS)
    assert not report.ok


def test_a_run_without_checks_proves_nothing(profile: conformance.Profile) -> None:
    assert not conformance.run("http://127.0.0.1:9", profile, checks=[]).ok
