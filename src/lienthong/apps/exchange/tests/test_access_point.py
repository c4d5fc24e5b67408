"""The agency's end against a running hub: nothing lost, nothing doubled, whatever happens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.db import connection
from procrastinate.contrib.django.models import ProcrastinateJob

from lienthong.apps.accounts import api as accounts
from lienthong.apps.directory import api as directory
from lienthong.apps.exchange.access_point import actions, api
from lienthong.apps.exchange.access_point.problems import ClockOffset
from lienthong.apps.exchange.access_point.service import AccessPoint, exchange_once
from lienthong.apps.exchange.hub.models import Delivery, Packet
from lienthong.apps.outbox import api as outbox
from lienthong.client import HubClient, HubRefused, HubUnreachable, ReceiptNotTrusted
from lienthong.core import edxml, signing

from .node import Node, build_node, hub_of_node
from .server import RunningHub

EVENTS = (api.PacketArrived, api.StatusArrived, api.PacketReceipted, api.PacketRefused)


@pytest.fixture(scope="session")
def authorities(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("authorities")


@pytest.fixture
def node(
    authorities: Path,
    tmp_path: Path,
    transactional_db: None,
    settings: object,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Node]:
    """This process as a node with two agencies, where somebody answers every event."""
    monkeypatch.setattr("lienthong.apps.outbox.queue._handlers", {})
    outbox.subscribe(dict.fromkeys(EVENTS, (look,)))
    settings.DATA_DIR = tmp_path  # type: ignore[attr-defined]
    settings.HUB_URL = "http://127.0.0.1:9"  # type: ignore[attr-defined]
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE procrastinate_jobs CASCADE")  # Django does not flush these
    with accounts.everywhere():
        yield build_node(authorities)


@pytest.fixture
def hub(node: Node, tmp_path: Path) -> Iterator[RunningHub]:
    with hub_of_node(tmp_path / "hub") as found:
        yield found


def queue(node: Node, packet: edxml.Packet) -> api.Outbound:
    organization = node.province if isinstance(packet, edxml.StatusPacket) else node.ministry
    return api.queue_packet(organization=organization, packet=packet, correlation="outgoing:1")


def look(_event: object) -> None:
    """Answers every event; the tests look at the rows that wait for it."""


def events() -> list[str]:
    """The events published, by name."""
    return [job.args["event"].rsplit(".", 1)[-1] for job in ProcrastinateJob.objects.order_by("id")]


def test_a_packet_travels_and_is_acknowledged(node: Node, hub: RunningHub) -> None:
    outbound = queue(node, node.document())

    sent, received = exchange_once(wait=2)

    assert (sent, received) == (1, 1)
    outbound.refresh_from_db()
    assert outbound.state == api.OutboundState.ACCEPTED
    assert api.receipt(outbound.pk) is not None
    inbound = api.Inbound.objects.get()
    assert inbound.state == api.InboundState.ACKED
    found = api.inbound(inbound.pk)
    assert found.packet.sender.code == "G99"
    assert found.packet_report.indication is signing.Indication.PASSED
    assert str(found.hub_packet_id) == str(outbound.hub_packet_id)
    assert Delivery.objects.get().state == "DELIVERED"
    assert events() == ["PacketReceipted", "PacketArrived"]


def test_a_status_comes_back_the_same_road(node: Node, hub: RunningHub) -> None:
    sent = node.document()
    queue(node, sent)
    exchange_once(wait=2)

    queue(node, node.status(sent, edxml.StatusCode.ARRIVED))
    exchange_once(wait=2)

    assert events()[-2:] == ["PacketReceipted", "StatusArrived"]
    arrived = api.Inbound.objects.get(kind="status")
    assert arrived.organization_id == node.ministry.pk


def test_packets_about_one_document_leave_in_their_order(node: Node, hub: RunningHub) -> None:
    sent = node.document()
    queue(node, sent)
    exchange_once(wait=2)
    codes = [edxml.StatusCode(code) for code in ("01", "03", "04", "05", "06")]
    for code in codes:
        queue(node, node.status(sent, code))

    exchange_once(wait=2)

    kept = Packet.objects.filter(kind="status").order_by("leaf_index")
    assert [packet.status_code for packet in kept] == codes


def test_a_refusal_of_the_hub_is_final_and_told(node: Node, hub: RunningHub) -> None:
    outbound = queue(node, node.document(subject="TỐI MẬT: Kế hoạch"))

    exchange_once()

    outbound.refresh_from_db()
    assert outbound.state == api.OutboundState.REFUSED
    assert outbound.problem is not None
    assert outbound.problem["code"] == "hub.secret_content"
    assert events() == ["PacketRefused"]


def test_a_hub_that_is_down_loses_nothing_and_is_sent_to_when_back(
    node: Node, tmp_path: Path, settings: object
) -> None:
    outbound = queue(node, node.document())
    with pytest.raises(HubUnreachable):
        exchange_once(base_url="http://127.0.0.1:9")
    outbound.refresh_from_db()
    assert outbound.state == api.OutboundState.QUEUED

    with hub_of_node(tmp_path / "hub"):
        actions.hurry_outbound()
        exchange_once(wait=2)

    outbound.refresh_from_db()
    assert outbound.state == api.OutboundState.ACCEPTED


def test_a_clock_that_is_off_is_shown_and_nothing_is_sent(node: Node, hub: RunningHub) -> None:
    outbound = queue(node, node.document())

    with pytest.raises(ClockOffset) as raised:
        exchange_once(clock=lambda: datetime.now(UTC) + timedelta(minutes=10))

    assert abs(int(raised.value.facts["offset_s"]) - 600) <= 2
    outbound.refresh_from_db()
    assert outbound.state == api.OutboundState.QUEUED
    assert not Packet.objects.exists()


def test_a_node_the_hub_does_not_know_keeps_its_packets(node: Node, hub: RunningHub) -> None:
    outbound = queue(node, node.document())
    hub.hub.participants = type(hub.hub.participants)({}, {})

    with pytest.raises(HubRefused):
        exchange_once()

    outbound.refresh_from_db()
    assert outbound.state == api.OutboundState.QUEUED
    assert outbound.problem is not None
    assert outbound.problem["code"] == "signing.request_signature_invalid"


@pytest.mark.parametrize("lost", ["answer to the packet", "row of the answer"])
def test_a_crash_while_sending_doubles_nothing(
    node: Node, hub: RunningHub, lost: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    outbound = queue(node, node.document())
    target = (
        "lienthong.client.hub.HubClient._json"
        if lost.startswith("answer")
        else "lienthong.apps.exchange.access_point.actions.note_accepted"
    )
    with monkeypatch.context() as patch:
        patch.setattr(target, crash)
        with pytest.raises(Crash):
            exchange_once()
    assert Packet.objects.count() == 1

    actions.release_outbound()
    exchange_once(wait=2)

    outbound.refresh_from_db()
    assert outbound.state == api.OutboundState.ACCEPTED
    assert Packet.objects.count() == 1
    assert api.Inbound.objects.count() == 1


@pytest.mark.parametrize("step", ["store_arrival", "note_acknowledged"])
def test_a_crash_while_receiving_loses_and_doubles_nothing(
    node: Node, hub: RunningHub, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue(node, node.document())
    with monkeypatch.context() as patch:
        patch.setattr(actions, step, crash)
        with pytest.raises(Crash):
            exchange_once(wait=2)

    Delivery.objects.update(next_at=datetime.now(UTC))  # as if the time of the hand-out had passed
    point = AccessPoint()
    try:
        point.receiver.acknowledge_stored()
        point.receiver.receive(wait=0)
    finally:
        point.stop()

    assert api.Inbound.objects.get().state == api.InboundState.ACKED
    assert Delivery.objects.get().state == "DELIVERED"
    assert events().count("PacketArrived") == 1


class Crash(BaseException):
    """Ends a thread where kill -9 would end the process."""


def crash(*_: object, **__: object) -> None:
    raise Crash


def test_a_receipt_for_another_packet_is_not_believed(
    node: Node, hub: RunningHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = queue(node, node.document("01")), queue(node, node.document("02"))
    exchange_once()
    first.refresh_from_db()
    answer = first.receipt
    second.refresh_from_db()
    again = {"state": "QUEUED", "receipt": None, "next_at": datetime.now(UTC)}
    api.Outbound.objects.filter(pk=second.pk).update(**again)
    monkeypatch.setattr(HubClient, "send", lambda *_args, **_kwargs: answer)

    with pytest.raises(ReceiptNotTrusted):
        exchange_once()

    second.refresh_from_db()
    assert second.state == api.OutboundState.QUEUED


def test_the_loops_carry_packets_both_ways_and_take_the_trust_bundle(
    node: Node, hub: RunningHub, wait_until: Callable[[Callable[[], bool]], None]
) -> None:
    point = AccessPoint(poll_s=1)
    point.start()
    try:
        sent = node.document()
        outbound = queue(node, sent)
        wait_until(lambda: api.Inbound.objects.filter(state="ACKED").count() == 1)
        queue(node, node.status(sent, edxml.StatusCode.ARRIVED))
        wait_until(lambda: api.Inbound.objects.filter(state="ACKED").count() == 2)
        wait_until(lambda: api.hub_state().reachable)
    finally:
        point.stop()

    outbound.refresh_from_db()
    assert outbound.state == api.OutboundState.ACCEPTED
    state = api.hub_state()
    assert state.queued == 0
    assert state.clock_offset_s is not None
    assert abs(state.clock_offset_s) < 5


def test_an_organization_sees_its_own_packets_only(node: Node, hub: RunningHub) -> None:
    queue(node, node.document())
    exchange_once(wait=2)

    with accounts.scope(node.province.pk):
        assert api.Outbound.objects.count() == 0
        assert api.Inbound.objects.count() == 1
    with accounts.scope():
        assert api.Inbound.objects.count() == 0


def test_a_locked_recipient_is_refused_with_its_code(node: Node, hub: RunningHub) -> None:
    directory.lock(node.province)
    hub.refresh()
    outbound = queue(node, node.document())

    exchange_once()

    outbound.refresh_from_db()
    assert outbound.problem is not None
    assert outbound.problem["code"] == "hub.recipient_locked"
