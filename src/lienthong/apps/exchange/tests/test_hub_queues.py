"""The queues of the recipients: lanes, fair shares, schedules, dead letters."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from lienthong.apps.exchange.hub import api as hub_api
from lienthong.apps.exchange.hub import clocks, deliveries
from lienthong.apps.exchange.hub.config import conninfo_of
from lienthong.apps.exchange.hub.kit import rows as kit_rows
from lienthong.apps.exchange.hub.models import Delivery, Lateness, Packet
from lienthong.apps.exchange.hub.store import Store

from .country import Agency, Country, document
from .server import Caller, RunningHub

Connect = Callable[[Agency], Caller]
STEPS = 13  # of the schedule of the last lane


def many(count: int, *, sender: str = "G99", recipient: str = "H99", urgency: int = 0) -> None:
    """Deliveries of one packet's row each, as the intake would have left them."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH made AS (
              INSERT INTO hub_packet (id, agency_code, node_id, kind, business, sha256, size,
                segment, position, signature, document_id, reference, status_code, urgency,
                received_at, receipt, warnings, checks, leaf_index)
              SELECT gen_random_uuid(), %(sender)s, 'bo', 'edoc', 0, md5(i::text || %(sender)s),
                1000, 1, 0, '', 'D' || i, i || '/BTN', '', %(urgency)s,
                now() - interval '1 day' + i * interval '1 millisecond', '', '[]', '[]',
                coalesce((SELECT max(leaf_index) FROM hub_packet), 0) + i
              FROM generate_series(1, %(count)s) AS i RETURNING id, received_at
            )
            INSERT INTO hub_delivery (id, packet_id, agency_code, sender_code, urgency, state,
              attempts, queued_at, next_at, acknowledgement)
            SELECT gen_random_uuid(), id, %(recipient)s, %(sender)s, %(urgency)s, 'QUEUED', 0,
              received_at, received_at, '' FROM made
            """,
            {"count": count, "sender": sender, "recipient": recipient, "urgency": urgency},
        )


def due_again() -> None:
    Delivery.objects.update(next_at=datetime.now(UTC) - timedelta(seconds=1))


def test_urgent_ones_overtake_a_long_queue_and_the_queue_keeps_its_share(
    province: Caller,
) -> None:
    many(300)
    many(300, sender="G98", urgency=3)

    inbox = province.inbox(limit=100)

    assert Counter(each["urgency"] for each in inbox) == {3: 90, 0: 10}
    assert [each["urgency"] for each in inbox] == [3] * 90 + [0] * 10


def test_a_sender_with_a_long_queue_leaves_the_others_their_share(province: Caller) -> None:
    many(500, sender="G99")
    many(20, sender="G98")
    many(5, sender="G97")

    inbox = province.inbox(limit=30)

    shares = Counter(each["sender"] for each in inbox)
    assert shares["G97"] == 5
    assert sorted(shares.values()) == [5, 12, 13]  # who has the odd one is chance


def test_of_more_senders_than_hand_outs_each_gets_its_turn(province: Caller) -> None:
    for sender in range(6):
        many(40, sender=f"G{sender}")

    found = {each["sender"] for _ in range(30) for each in province.inbox(limit=1)}

    assert found == {f"G{sender}" for sender in range(6)}


def test_a_recipient_that_was_off_for_days_gets_everything_in_order(province: Caller) -> None:
    many(120)
    Delivery.objects.update(next_at=datetime.now(UTC) - timedelta(days=5))

    inboxes = [province.inbox(limit=50) for _ in range(4)]

    assert [len(each) for each in inboxes] == [50, 50, 20, 0]
    assert not Delivery.objects.filter(state="DEAD").exists()


def test_two_polls_at_once_share_a_queue_and_neither_goes_away_empty(
    hub: RunningHub,
) -> None:
    many(60)

    def poll(_: int) -> int:
        return len(deliveries.claim(hub.hub.store, hub.hub.config.lanes, ["H99", "H99.8"], 40))

    with ThreadPoolExecutor(2) as pool:
        taken = sorted(pool.map(poll, range(2)))

    assert taken == [20, 40]


def test_a_delivery_never_acknowledged_becomes_a_dead_letter_that_both_sides_see(
    land: Country, ministry: Caller, province: Caller, caller: Connect
) -> None:
    sent = ministry.post(document(land.ministry, land.province)).json()
    Delivery.objects.update(attempts=STEPS - 1)
    assert len(province.inbox()) == 1
    due_again()

    assert province.inbox() == []

    for side in (ministry, province):
        [letter] = side.call("GET", "/v1/dead-letters").json()["dead_letters"]
        assert letter["packet_id"] == sent["packet_id"]
        assert (letter["sender"], letter["recipient"], letter["attempts"]) == ("G99", "H99", STEPS)
    assert caller(land.other).call("GET", "/v1/dead-letters").json() == {"dead_letters": []}
    view = ministry.call("GET", f"/v1/packets/{sent['packet_id']}").json()
    assert view["recipients"] == [{"code": "H99", "state": "DEAD"}]


def test_a_dead_letter_does_not_keep_the_others_back(
    land: Country, ministry: Caller, province: Caller
) -> None:
    ministry.post(document(land.ministry, land.province))
    Delivery.objects.update(attempts=STEPS)
    later = ministry.post(document(land.ministry, land.province)).json()

    [delivery] = province.inbox(limit=1)

    assert delivery["packet_id"] == later["packet_id"]
    assert hub_api.totals().stuck == 1


def test_the_operator_queues_dead_letters_again_and_they_arrive_once(
    land: Country, ministry: Caller, province: Caller
) -> None:
    ministry.post(document(land.ministry, land.province))
    Delivery.objects.update(attempts=STEPS)
    province.inbox()

    assert hub_api.deliver_dead_letters_again("G98") == 0
    assert hub_api.deliver_dead_letters_again("H99") == 1

    [delivery] = province.inbox()
    assert delivery["attempts"] == 1
    assert province.acknowledge(delivery).status_code == 200
    assert not hub_api.deliver_again(uuid.UUID(delivery["delivery_id"]))


def test_a_dead_letter_can_still_be_fetched_and_acknowledged_by_its_recipient(
    land: Country, ministry: Caller, province: Caller
) -> None:
    ministry.post(document(land.ministry, land.province))
    [delivery] = province.inbox()
    Delivery.objects.update(state="DEAD")

    assert (
        province.call("GET", f"/v1/deliveries/{delivery['delivery_id']}/packet").status_code == 200
    )
    assert province.acknowledge(delivery).json()["state"] == "DELIVERED"


def plan_nodes(node: dict[str, Any]) -> list[dict[str, Any]]:
    return [node] + [inner for each in node.get("Plans", ()) for inner in plan_nodes(each)]


@pytest.mark.parametrize("queued", [50_000])
def test_a_hand_out_reads_the_heads_of_the_flows_however_long_they_are(
    registered: Country, queued: int
) -> None:
    many(queued)
    many(20, sender="G98", urgency=3)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE hub_delivery")
        cursor.execute(
            "EXPLAIN (ANALYZE, FORMAT JSON) " + deliveries.CANDIDATES,
            {"codes": ["H99", "H99.8"], "limit": 50},
        )
        plan = cursor.fetchone()[0][0]["Plan"]

    touching = [each for each in plan_nodes(plan) if each.get("Relation Name") == "hub_delivery"]
    assert {each["Node Type"] for each in touching} <= {"Index Scan", "Index Only Scan"}
    assert {each["Index Name"] for each in touching} == {"hub_delivery_waiting"}
    assert sum(each["Actual Rows"] * each["Actual Loops"] for each in touching) < 200
    assert Packet.objects.count() == queued + 20


def test_a_list_of_the_kit_reads_what_it_shows_however_long_the_queue_is(
    registered: Country,
) -> None:
    """DX-91: urgent first, then oldest, from an index that has this order."""
    many(3000)
    many(20, sender="G98", urgency=3)
    values: dict[str, Any] = {
        "codes": ["H99"],
        "kind": "edoc",
        "limit": 50,
        "since": "-infinity",
        "until": "infinity",
    }
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE hub_delivery")
        cursor.execute("EXPLAIN (ANALYZE, FORMAT JSON) " + kit_rows._WAITING, values)
        plan = cursor.fetchone()[0][0]["Plan"]

    touching = [each for each in plan_nodes(plan) if each.get("Relation Name") == "hub_delivery"]
    assert [each["Index Name"] for each in touching] == ["hub_delivery_listed"]
    assert touching[0]["Actual Rows"] == 50


def test_the_clocks_catch_up_in_one_round(
    registered: Country, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DX-10: more is late than one step takes, and much of it since one instant."""
    many(7, urgency=3)
    instant = datetime.now(UTC) - timedelta(hours=1)
    Delivery.objects.filter(packet__document_id__in=["D2", "D3", "D4", "D5"]).update(
        queued_at=instant
    )
    monkeypatch.setattr(clocks, "STEP", 2)
    store = Store(conninfo_of(connection.settings_dict))
    store.open()
    try:
        raised = [clocks.sweep(store, datetime.now(UTC)) for _ in range(2)]
    finally:
        store.close()

    assert raised == [7, 0]
    assert Lateness.objects.filter(rule="DX-10").count() == 7
