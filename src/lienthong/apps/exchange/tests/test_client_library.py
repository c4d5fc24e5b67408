"""`lienthong.client` against a running hub: what an agency's own software would do."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest

from lienthong.client import (
    Accepted,
    HubClient,
    HubRefused,
    HubUnreachable,
    PacketDamaged,
    ReceiptNotTrusted,
    check_receipt,
)
from lienthong.core import edxml, signing

from .country import Agency, Country, document
from .server import RunningHub


def client_of(hub: RunningHub, agency: Agency, *, ahead: timedelta = timedelta()) -> HubClient:
    return HubClient(
        hub.url,
        key_id=agency.node_id,
        signer=agency.node,
        clock=lambda: datetime.now(UTC) + ahead,
    )


def signed(agency: Agency, packet: edxml.Packet) -> tuple[bytes, bytes]:
    raw = edxml.encode(packet)
    return raw, signing.sign_detached(raw, signer=agency.service, at=datetime.now(UTC))


def send(hub: RunningHub, land: Country) -> tuple[bytes, Accepted]:
    raw, signature = signed(land.ministry, document(land.ministry, land.province))
    with client_of(hub, land.ministry) as ministry:
        return raw, ministry.send(raw, signature=signature, kind="edoc")


def test_a_packet_goes_from_one_software_to_another_and_each_has_its_proof(
    hub: RunningHub, land: Country
) -> None:
    raw, answer = send(hub, land)
    digest = hashlib.sha256(raw).hexdigest()
    check_receipt(
        answer,
        packet_sha256=digest,
        sender_codes=frozenset({land.ministry.code}),
        trust=land.trust,
        at=datetime.now(UTC),
    )

    with client_of(hub, land.province) as province:
        [delivery] = province.inbox(wait=0)
        fetched = province.fetch(delivery["delivery_id"], delivery["sha256"])
        acknowledgement = province.acknowledgement(
            packet_id=delivery["packet_id"],
            sha256=delivery["sha256"],
            sender=delivery["sender"],
            recipient=delivery["recipient"],
        )
        province.acknowledge(delivery["delivery_id"], acknowledgement)
        assert province.inbox(wait=0) == []

    assert fetched.raw == raw
    with client_of(hub, land.ministry) as ministry:
        state = ministry.packet(answer["packet_id"])
        again = ministry.receipt(answer["packet_id"])
    assert state["recipients"] == [{"code": "H99", "state": "DELIVERED"}]
    assert again["receipt"] == answer["receipt"]


def test_a_receipt_for_other_bytes_proves_nothing(hub: RunningHub, land: Country) -> None:
    _, answer = send(hub, land)

    with pytest.raises(ReceiptNotTrusted):
        check_receipt(
            answer,
            packet_sha256=hashlib.sha256(b"others").hexdigest(),
            sender_codes=frozenset({land.ministry.code}),
            trust=land.trust,
            at=datetime.now(UTC),
        )


def test_a_receipt_moved_to_another_place_in_the_log_proves_nothing(
    hub: RunningHub, land: Country
) -> None:
    raw, answer = send(hub, land)
    moved = cast("Accepted", {**answer, "log": {**answer["log"], "index": 7}})

    with pytest.raises(ReceiptNotTrusted):
        check_receipt(
            moved,
            packet_sha256=hashlib.sha256(raw).hexdigest(),
            sender_codes=frozenset({land.ministry.code}),
            trust=land.trust,
            at=datetime.now(UTC),
        )


def test_the_axis_refusal_comes_with_its_code_and_its_findings(
    hub: RunningHub, land: Country
) -> None:
    raw = edxml.encode(document(land.ministry, land.province))
    raw = raw.replace(b"<edXML:Subject>", b"<edXML:Other>").replace(
        b"</edXML:Subject>", b"</edXML:Other>"
    )
    signature = signing.sign_detached(raw, signer=land.ministry.service, at=datetime.now(UTC))

    with client_of(hub, land.ministry) as ministry, pytest.raises(HubRefused) as refused:
        ministry.send(raw, signature=signature, kind="edoc")

    assert refused.value.hub_code == "edxml.packet_invalid"
    assert "V-21" in {each["rule"] for each in refused.value.answer["findings"]}


def test_a_clock_that_is_off_is_refused_and_the_difference_is_known(
    hub: RunningHub, land: Country
) -> None:
    with client_of(hub, land.ministry, ahead=timedelta(minutes=10)) as ministry:
        with pytest.raises(HubRefused) as refused:
            ministry.inbox(wait=0)
        ministry.measure_clock()
        assert ministry.clock_offset_s is not None
        assert 595 < ministry.clock_offset_s < 605

    assert refused.value.hub_code == "signing.request_clock_skew"


def test_bytes_that_are_not_the_announced_ones_are_not_handed_over(
    hub: RunningHub, land: Country
) -> None:
    send(hub, land)
    with client_of(hub, land.province) as province:
        [delivery] = province.inbox(wait=0)
        with pytest.raises(PacketDamaged):
            province.fetch(delivery["delivery_id"], hashlib.sha256(b"others").hexdigest())


def test_an_axis_that_is_away_is_said_to_be_away(land: Country) -> None:
    nobody = HubClient(
        "http://127.0.0.1:9", key_id=land.ministry.node_id, signer=land.ministry.node
    )
    with nobody, pytest.raises(HubUnreachable):
        nobody.inbox(wait=0)
