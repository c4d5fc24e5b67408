"""What the hub hands out: to whom, in which order, how often, and until when."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from lienthong.apps.exchange.hub import api as hub_api
from lienthong.apps.exchange.hub.models import Delivery, Packet
from lienthong.core import edxml, signing, tlog

from .country import Agency, Country, document
from .server import Caller, RunningHub

Connect = Callable[[Agency], Caller]


def test_urgent_packets_come_first_and_the_others_in_their_order(
    land: Country, ministry: Caller, province: Caller
) -> None:
    wanted = [
        edxml.Urgency.NORMAL,
        edxml.Urgency.EXPRESS,
        edxml.Urgency.NORMAL,
        edxml.Urgency.URGENT,
    ]
    ids = [
        ministry.post(document(land.ministry, land.province, urgency=urgency)).json()["packet_id"]
        for urgency in wanted
    ]

    inbox = province.inbox()

    assert [each["packet_id"] for each in inbox] == [ids[1], ids[3], ids[0], ids[2]]


def test_a_node_gets_what_is_for_any_of_its_agencies_and_nothing_else(
    land: Country, ministry: Caller, province: Caller, caller: Connect
) -> None:
    ministry.post(document(land.ministry, land.department))
    ministry.post(document(land.ministry, land.other))

    assert [each["recipient"] for each in province.inbox()] == ["H99.8"]
    assert [each["recipient"] for each in caller(land.other).inbox()] == ["G98"]


def test_the_bytes_handed_out_are_the_bytes_taken_in(
    land: Country, ministry: Caller, province: Caller, caller: Connect
) -> None:
    raw = edxml.encode(document(land.ministry, land.province))
    ministry.post(raw)
    [delivery] = province.inbox()
    path = f"/v1/deliveries/{delivery['delivery_id']}/packet"

    answer = province.call("GET", path)

    assert answer.content == raw
    assert answer.headers["packet-sha256"] == delivery["sha256"]
    assert caller(land.other).call("GET", path).json()["code"] == "hub.delivery_not_found"


def test_a_delivery_is_not_listed_again_until_its_lease_is_over(
    land: Country, ministry: Caller, province: Caller
) -> None:
    ministry.post(document(land.ministry, land.province))

    first, second = province.inbox(), province.inbox()
    Delivery.objects.update(next_at=datetime.now(UTC))
    third = province.inbox()

    assert [len(each) for each in (first, second, third)] == [1, 0, 1]
    assert third[0]["attempts"] == 2


def test_an_acknowledgement_ends_a_delivery_and_may_be_repeated(
    land: Country, ministry: Caller, province: Caller
) -> None:
    ministry.post(document(land.ministry, land.province))
    [delivery] = province.inbox()

    first = province.acknowledge(delivery)
    again = province.acknowledge(delivery, at="2026-01-01T00:00:00+00:00")

    assert (first.status_code, again.status_code) == (200, 200)
    assert again.json()["receipt"] == first.json()["receipt"]
    Delivery.objects.update(next_at=datetime.now(UTC))
    assert province.inbox() == []
    sender_view = ministry.call("GET", f"/v1/packets/{delivery['packet_id']}").json()
    assert sender_view["recipients"] == [{"code": "H99", "state": "DELIVERED"}]


def test_an_acknowledgement_for_another_packet_or_by_another_node_is_refused(
    land: Country, ministry: Caller, province: Caller, caller: Connect
) -> None:
    ministry.post(document(land.ministry, land.province))
    [delivery] = province.inbox()

    wrong_hash = province.acknowledge(delivery, packet_sha256="0" * 64)
    wrong_party = province.acknowledge(delivery, recipient="H99.8")
    wrong_node = caller(land.other).acknowledge(delivery)

    assert wrong_hash.json()["code"] == "hub.receipt_invalid"
    assert wrong_party.json()["code"] == "hub.receipt_invalid"
    assert wrong_node.json()["code"] == "hub.delivery_not_found"
    assert Delivery.objects.get().state == "FETCHED"


def test_a_long_poll_answers_as_soon_as_something_comes(
    land: Country, ministry: Caller, province: Caller
) -> None:
    packet = document(land.ministry, land.province)
    found: list[float] = []

    def poll() -> None:
        assert len(province.inbox(wait=20)) == 1
        found.append(time.monotonic())

    thread = threading.Thread(target=poll)
    thread.start()
    time.sleep(0.5)
    assert ministry.post(packet).status_code == 201
    sent = time.monotonic()
    thread.join()

    assert found[0] - sent < 5


def test_an_empty_long_poll_ends_at_its_time(province: Caller) -> None:
    began = time.monotonic()

    assert province.inbox(wait=1) == []

    assert 0.9 < time.monotonic() - began < 5


def test_a_receipt_can_be_fetched_again_by_the_parties_only(
    land: Country, ministry: Caller, province: Caller, caller: Connect
) -> None:
    first = ministry.post(document(land.ministry, land.province)).json()
    ministry.post(document(land.ministry, land.province))
    path = f"/v1/receipts/{first['packet_id']}"

    again = ministry.call("GET", path).json()

    assert again["receipt"] == first["receipt"]
    assert again["log"]["size"] == 2
    assert province.call("GET", path).status_code == 200
    assert caller(land.other).call("GET", path).json()["code"] == "hub.packet_not_found"
    assert ministry.call("GET", f"/v1/receipts/{uuid.uuid4()}").status_code == 404


def test_the_log_is_public_and_consistent(land: Country, hub: RunningHub, ministry: Caller) -> None:
    http = ministry.http
    heads = []
    for _ in range(3):
        ministry.post(document(land.ministry, land.province))
        note = http.get(f"{hub.url}/v1/log/checkpoint").text
        origin = note.split("\n", 1)[0]
        heads.append(tlog.verify_checkpoint(note, land.log_key.public_key(), origin))

    class Published:
        def read(self, level: int, index: int) -> bytes:
            width = heads[-1].size >> (8 * level)
            return http.get(f"{hub.url}/v1/log/{tlog.tile_path(level, index, width)}").content

    tree = tlog.Tree(Published(), heads[-1].size)
    assert tree.root() == heads[-1].root
    proof = tree.consistency_proof(heads[0].size)
    tlog.verify_consistency(heads[0].size, heads[-1].size, proof, heads[0].root, heads[-1].root)
    bundle = http.get(f"{hub.url}/v1/log/{tlog.entries_path(0, 3)}").content
    entries = tlog.split_bundle(bundle)
    assert [tlog.leaf_hash(entry) for entry in entries] == [tree.leaf(index) for index in range(3)]
    assert http.get(f"{hub.url}/v1/log/tile/0/007").status_code == 404


def test_the_trust_bundle_participants_and_health_answer(
    land: Country, hub: RunningHub, ministry: Caller
) -> None:
    bundle = ministry.http.get(f"{hub.url}/pki/bundle").content
    listed = ministry.call("GET", "/v1/participants").json()["participants"]
    health = ministry.http.get(f"{hub.url}/health").json()
    metrics = ministry.http.get(f"{hub.url}/metrics").text

    assert signing.Trust.from_bundle(bundle).epoch == land.trust.epoch
    assert [each["code"] for each in listed] == ["G98", "G99", "H99", "H99.8"]
    assert abs(datetime.fromisoformat(health["time"]) - datetime.now(UTC)) < timedelta(minutes=1)
    assert "lienthong_hub_backlog" in metrics


def test_what_the_operator_sees(land: Country, ministry: Caller, province: Caller) -> None:
    ministry.post(document(land.ministry, land.province))
    province.acknowledge(province.inbox()[0])

    packet = hub_api.packets().get()
    totals = hub_api.totals()
    people = {each.code: each for each in hub_api.participants()}

    assert hub_api.packet(packet.pk) == packet == Packet.objects.get()
    assert (totals.packets, totals.log_size, totals.waiting) == (1, 1, 0)
    assert people["H99.8"].node_id == "tinh"
