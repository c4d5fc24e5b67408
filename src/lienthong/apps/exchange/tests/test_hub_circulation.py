"""Recall, update, replacement and what is late, through a running hub (DX-09, 10, 22, 34–41)."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.db.models import Q

from lienthong.apps.exchange.hub import circulation, clocks, deadlines
from lienthong.apps.exchange.hub.evidence import anchor
from lienthong.apps.exchange.hub.ledger import Ledger
from lienthong.apps.exchange.hub.log_rows import entries
from lienthong.apps.exchange.hub.models import Circulation, Delivery, Event, Lateness, Packet
from lienthong.apps.exchange.hub.upkeep import HubSources
from lienthong.core import edxml, tlog

from .country import VIETNAM, Agency, Country, document, status
from .server import Caller, RunningHub, hub_config, running

CODE = edxml.StatusCode


@pytest.fixture
def hub(registered: Country, tmp_path: Path) -> Iterator[RunningHub]:
    """A hub that follows its log at once; its clocks are run by the tests."""
    with running(hub_config(registered, tmp_path, follow_s=0.05, clocks_s=3600)) as found:
        yield found


def settle(hub: RunningHub) -> None:
    """Return when the log has been followed to its end and the axis owes nothing."""
    until = time.monotonic() + 20
    late = Q(warnings__contains=[{"late": True}])
    moving = Packet.objects.filter(Q(kind="status") | ~Q(business=0) | late)
    while True:
        newest = moving.order_by("-leaf_index").first()
        followed = newest is None or circulation.position(hub.hub.store) >= newest.leaf_index
        if followed and not Circulation.objects.exclude(duty="").exists():
            return
        assert time.monotonic() < until, "the log was not followed to its end"
        time.sleep(0.05)


def place(document_id: str, recipient: str) -> Circulation:
    return Circulation.objects.get(document_id=document_id, recipient_code=recipient)


def kinds(document_id: str) -> list[str]:
    return list(
        Event.objects.filter(document_id=document_id).order_by("id").values_list("kind", flat=True)
    )


def recall(sent: edxml.DocumentPacket, *receivers: Agency) -> edxml.DocumentPacket:
    return replace(
        sent,
        receivers=tuple(each.as_organization() for each in receivers),
        attachments=(),
        business=edxml.Business(
            kind=edxml.BusinessKind.RECALL,
            reason="Gửi nhầm nơi nhận",
            document_id=sent.document_id,
            staff=edxml.Staff("Văn thư", "Người Gửi", "", ""),
        ),
    )


def ok(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code in {200, 201}, answer.text
    found: dict[str, Any] = answer.json()
    return found


def take(caller: Caller) -> list[dict[str, Any]]:
    found = caller.inbox()
    for each in found:
        ok(caller.acknowledge(each))
    return found


def test_a_recall_of_what_was_not_fetched_is_carried_out_by_the_axis(
    land: Country, hub: RunningHub, ministry: Caller, province: Caller
) -> None:
    sent = document(land.ministry, land.province)
    first = ok(ministry.post(sent))
    ok(ministry.post(recall(sent, land.province)))

    settle(hub)

    assert province.inbox() == []
    assert set(Delivery.objects.filter(agency_code="H99").values_list("state", flat=True)) == {
        "WITHDRAWN"
    }
    assert place(sent.document_id, "H99").state == "recalled"
    assert kinds(sent.document_id) == ["ASKED", "WITHDRAWN", "AGREED"]
    [answer] = ministry.inbox()
    raw = ministry.call("GET", f"/v1/deliveries/{answer['delivery_id']}/packet").content
    said = edxml.decode(raw)
    assert isinstance(said, edxml.StatusPacket)
    assert (said.status, said.sender.code) == (CODE.AGREED, "H99")
    assert "tự thu hồi" in said.description
    view = ok(ministry.call("GET", f"/v1/packets/{first['packet_id']}"))
    assert view["recipients"] == [{"code": "H99", "state": "WITHDRAWN"}]


def test_a_receiver_who_has_the_document_agrees_or_refuses(
    land: Country, hub: RunningHub, ministry: Caller, province: Caller
) -> None:
    agreed, refused = (document(land.ministry, land.province) for _ in range(2))
    for sent in (agreed, refused):
        ok(ministry.post(sent))
    take(province)
    for sent in (agreed, refused):
        ok(province.post(status(land.province, sent, CODE.ACCEPTED)))
        ok(ministry.post(recall(sent, land.province)))
    settle(hub)
    asked = place(refused.document_id, "H99")
    ok(province.post(status(land.province, agreed, CODE.AGREED)))
    ok(province.post(status(land.province, refused, CODE.DECLINED, "Đã thực hiện xong")))
    settle(hub)

    assert (asked.state, asked.before, asked.reason) == (
        "recall_pending",
        "accepted",
        "Gửi nhầm nơi nhận",
    )
    assert asked.asked_at is not None
    assert asked.answer_by == deadlines.answer_by(asked.asked_at)
    assert place(agreed.document_id, "H99").state == "recalled"
    assert place(refused.document_id, "H99").state == "accepted"
    assert kinds(agreed.document_id) == ["ASKED", "AGREED"]
    assert kinds(refused.document_id) == ["ASKED", "DECLINED", "ESCALATED"]


def test_a_recall_goes_on_to_whom_the_document_was_passed_on(
    land: Country, hub: RunningHub, ministry: Caller, province: Caller, caller: Any
) -> None:
    other = caller(land.other)
    sent = document(land.ministry, land.province)
    ok(ministry.post(sent))
    take(province)
    passed_on = replace(
        document(land.province, land.other, number=sent.number, attachments=sent.attachments),
        document_id=sent.document_id,
    )
    forward(passed_on)
    take(other)

    ok(ministry.post(recall(sent, land.province)))
    settle(hub)

    [asked] = other.inbox()
    raw = other.call("GET", f"/v1/deliveries/{asked['delivery_id']}/packet").content
    said = edxml.decode(raw)
    assert isinstance(said, edxml.StatusPacket)
    assert (said.status, said.sender.code, said.response_for.code) == (CODE.TAKE_BACK, "H99", "G98")
    assert "Gửi nhầm nơi nhận" in said.description
    tree = {
        (each.sender_code, each.recipient_code): each.state for each in Circulation.objects.all()
    }
    assert tree == {("G99", "H99"): "recall_pending", ("H99", "G98"): "recall_pending"}
    assert "PROPAGATED" in kinds(sent.document_id)


def forward(packet: edxml.DocumentPacket) -> None:
    """Rows as the intake leaves them for a document passed on under its first identifier."""
    original = Packet.objects.get(document_id=packet.document_id)
    copy = Packet.objects.create(
        agency_code=packet.sender.code,
        node_id="tinh",
        kind="edoc",
        sha256="f" * 64,
        size=original.size,
        segment=original.segment,
        position=original.position,
        signature=b"",
        document_id=packet.document_id,
        reference=packet.reference,
        received_at=original.received_at,
        receipt=original.receipt,
        leaf_index=10_000,
    )
    for receiver in packet.receivers:
        Delivery.objects.create(
            packet=copy,
            agency_code=receiver.code,
            sender_code=packet.sender.code,
            state="DELIVERED",
            next_at=original.received_at,
            fetched_at=original.received_at,
            delivered_at=original.received_at,
            leaf_index=10_001,
        )


def test_an_update_waits_for_the_receiver_and_takes_back_from_those_it_removes(
    land: Country, hub: RunningHub, ministry: Caller, province: Caller, caller: Any
) -> None:
    sent = document(land.ministry, land.province, land.other)
    ok(ministry.post(sent))
    other = caller(land.other)
    take(province)
    take(other)
    changed = replace(
        sent,
        receivers=(land.province.as_organization(),),
        business=edxml.Business(
            kind=edxml.BusinessKind.UPDATE,
            reason="Bớt nơi nhận",
            document_id=sent.document_id,
            staff=edxml.Staff("Văn thư", "Người Gửi", "", ""),
            update=edxml.Update(
                content_changes=True,
                receivers_change=True,
                receivers=(edxml.ReceiverChange("G98", added=False),),
            ),
        ),
    )
    ok(ministry.post(changed))
    settle(hub)

    assert place(sent.document_id, "H99").state == "update_pending"
    assert place(sent.document_id, "G98").state == "recall_pending"
    assert [each["kind"] for each in other.inbox()] == ["status"]
    ok(province.post(status(land.province, sent, CODE.AGREED)))
    settle(hub)
    assert place(sent.document_id, "H99").state == "sent"


def test_a_replacement_links_both_documents(
    land: Country, hub: RunningHub, ministry: Caller, province: Caller
) -> None:
    old = document(land.ministry, land.province)
    first = ok(ministry.post(old))
    take(province)
    new = document(land.ministry, land.province)
    new = replace(
        new,
        business=edxml.Business(
            kind=edxml.BusinessKind.REPLACEMENT,
            reason="Sai nội dung",
            staff=edxml.Staff("Văn thư", "Người Gửi", "", ""),
            replacements=(edxml.Replacement(old.document_id, ("H99",)),),
        ),
    )
    ok(ministry.post(new))
    settle(hub)

    target = f"/v1/packets/{first['packet_id']}/circulation"
    [seen] = ok(ministry.call("GET", target))["places"]
    assert (seen["ask"], seen["replaced_by"]) == ("replacement", new.document_id)
    assert ok(province.call("GET", target))["places"] == [seen]


def test_every_event_is_a_leaf_of_the_log(land: Country, hub: RunningHub, ministry: Caller) -> None:
    sent = document(land.ministry, land.province)
    ok(ministry.post(sent))
    ok(ministry.post(recall(sent, land.province)))
    settle(hub)
    anchor(hub.hub, Ledger(hub.hub.config.log_origin, hub.hub.config.log_key))

    with hub.hub.store.reading() as connection:
        for event in Event.objects.all():
            assert event.leaf_index is not None
            [entry] = entries(connection, event.leaf_index, 1)
            tile = hub.hub.store.tile(0, 0)
            leaf = tile[event.leaf_index * 32 : event.leaf_index * 32 + 32]
            assert leaf == tlog.leaf_hash(entry)
        Event.objects.filter(kind="WITHDRAWN").update(agency_code="G98")
        changed = Event.objects.get(kind="WITHDRAWN").leaf_index
        [entry] = entries(connection, changed or 0, 1)
    assert tlog.leaf_hash(entry) != tile[(changed or 0) * 32 : (changed or 0) * 32 + 32]


def test_what_was_followed_is_not_followed_again_after_a_stop(
    land: Country, hub: RunningHub, ministry: Caller, province: Caller
) -> None:
    sent = document(land.ministry, land.province)
    ok(ministry.post(sent))
    take(province)
    ok(province.post(status(land.province, sent, CODE.ARRIVED)))
    ok(ministry.post(recall(sent, land.province)))
    settle(hub)

    assert circulation.follow(hub.hub.store, HubSources(hub.hub)) == 0
    assert kinds(sent.document_id) == ["ASKED"]


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=VIETNAM)


@pytest.mark.parametrize(
    ("signed", "due"),
    [
        ("2026-03-02T09:00", "2026-03-03T12:00"),
        ("2026-03-06T16:59", "2026-03-09T12:00"),  # Friday: Monday's morning
    ],
)
def test_a_document_is_sent_by_the_next_working_morning(signed: str, due: str) -> None:
    last = moment(due)

    assert deadlines.send_by(moment(signed), is_urgent=False) == last
    assert deadlines.sent_late(moment(signed), last, is_urgent=False) is None
    assert deadlines.sent_late(moment(signed), last + timedelta(seconds=1), is_urgent=False) == last
    assert deadlines.sent_late(
        moment(signed), moment(signed) + timedelta(minutes=16), is_urgent=True
    )


def test_notice_of_receipt_is_due_on_the_day_and_an_answer_on_the_next_working_day() -> None:
    assert deadlines.notice_by(moment("2026-03-02T09:00")) == moment("2026-03-02T17:00")
    assert deadlines.notice_by(moment("2026-03-02T20:00")) == moment("2026-03-03T17:00")
    assert deadlines.notice_by(moment("2026-03-07T09:00")) == moment("2026-03-09T17:00")
    assert deadlines.answer_by(moment("2026-03-06T09:00")) == moment("2026-03-09T17:00")


def test_what_is_late_is_raised_once_shown_to_both_and_ends(
    land: Country, hub: RunningHub, ministry: Caller, province: Caller
) -> None:
    store, later = hub.hub.store, datetime.now(UTC) + timedelta(days=10)
    ordinary = document(land.ministry, land.province)
    urgent = document(land.ministry, land.department, urgency=edxml.Urgency.EXPRESS)
    ok(ministry.post(ordinary))
    [delivery] = province.inbox()
    ok(province.acknowledge(delivery))
    ok(ministry.post(urgent))
    ok(ministry.post(recall(ordinary, land.province)))
    settle(hub)

    raised = clocks.sweep(store, later)
    again = clocks.sweep(store, later)

    assert (raised, again) == (3, 0)
    rules = {each.rule: each for each in Lateness.objects.all()}
    assert set(rules) == {"DX-10", "DX-22", "DX-36"}
    assert (rules["DX-36"].agency_code, rules["DX-36"].other_code) == ("H99", "G99")
    assert kinds(ordinary.document_id).count("ESCALATED") == 1
    for side in (ministry, province):
        assert len(ok(side.call("GET", "/v1/lateness"))["lateness"]) == 3
    for each in province.inbox():
        ok(province.acknowledge(each))
    ok(province.post(status(land.province, ordinary, CODE.ARRIVED)))
    ok(province.post(status(land.province, ordinary, CODE.AGREED)))
    settle(hub)
    clocks.sweep(store, later)
    assert all(Lateness.objects.get(pk=each.pk).ended_at for each in rules.values())


def test_a_document_sent_late_is_taken_in_and_its_sender_is_told(
    land: Country, hub: RunningHub, ministry: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deadlines, "AT_ONCE", timedelta())

    answer = ok(
        ministry.post(document(land.ministry, land.province, urgency=edxml.Urgency.EXPRESS))
    )
    settle(hub)

    [warning] = [each for each in answer["warnings"] if each["rule"] == "DX-10"]
    assert "Văn bản gửi chậm" in warning["text"]
    late = Lateness.objects.get()
    assert (late.rule, late.agency_code, late.subject_id) == ("DX-10", "G99", answer["packet_id"])
    assert late.ended_at is not None
