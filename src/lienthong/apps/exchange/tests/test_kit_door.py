"""The kit's methods over a running hub, called as the kit calls them (H.4, DX-90 to DX-99)."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import httpx
import pytest

from lienthong.apps.directory import api as directory
from lienthong.apps.exchange.hub import api as hub_api
from lienthong.apps.exchange.hub.kit import systems
from lienthong.apps.exchange.hub.models import Delivery, NodeOrganization, Packet
from lienthong.core import edxml, signing

from .country import Country, document, plain_pdf, signed_pdf, status
from .kit import Kit
from .server import Caller, RunningHub


@pytest.fixture
def kits(land: Country, hub: RunningHub) -> Iterator[dict[str, Kit]]:
    """The ministry's other system and the other ministry's, both with the kit."""
    found = {}
    for name, agency in (("bo", land.ministry), ("khac", land.other)):
        NodeOrganization.objects.filter(agency_code=agency.code).delete()
        system_id = f"test.{name}.01"
        made = systems.register(system_id, f"Hệ thống {name}", [agency.code])
        found[name] = Kit(hub.url, system_id, made.secret)
    hub.refresh()
    yield found
    for kit in found.values():
        kit.close()


def test_a_packet_goes_from_one_kit_to_another_unchanged(
    land: Country, kits: dict[str, Kit]
) -> None:
    raw = edxml.encode(document(land.ministry, land.other))

    sent = kits["bo"].send_packet(raw, land.ministry.code)
    (row,) = kits["khac"].listed()
    fetched = kits["khac"].post("getEdoc", b"{}", docId=row["docId"])
    kits["khac"].post("updateStatus", b"{}", docid=row["docId"], status="done")

    assert sent["status"] == "OK"
    assert sent["ErrorCode"] == "0"
    assert row["from"] == land.ministry.code
    assert row["to"] == land.other.code
    assert row["status"] == "initial"
    assert base64.b64decode(fetched["data"]) == raw
    assert kits["khac"].listed() == []
    (told,) = kits["bo"].post("getSentEdocList", docId=sent["DocId"])["data"]
    assert (told["receiverDocId"], told["receiveStatus"]) == (row["docId"], "done")


def test_a_packet_from_a_kit_reaches_a_native_node_sealed_by_the_axis(
    land: Country, kits: dict[str, Kit], province: Caller
) -> None:
    raw = edxml.encode(document(land.ministry, land.province))

    kits["bo"].send_packet(raw, land.ministry.code, padded=True)

    (delivery,) = province.inbox()
    answer = province.call("GET", f"/v1/deliveries/{delivery['delivery_id']}/packet")
    signature = base64.b64decode(answer.headers["packet-signature"].strip(":"))
    report = signing.verify_detached(raw, signature, trust=land.trust, at=datetime.now(UTC))
    assert answer.content == raw
    assert report.indication is signing.Indication.PASSED
    assert report.signer is not None
    assert report.signer.name == "Trục liên thông"


def test_a_native_packet_reaches_a_kit(
    land: Country, kits: dict[str, Kit], province: Caller
) -> None:
    raw = edxml.encode(document(land.province, land.other, pdf=signed_pdf(land.province)))
    province.post(raw)

    (row,) = kits["khac"].listed()
    headers = kits["khac"].headers("application/json", docId=row["docId"])
    answer = kits["khac"].http.get(f"{kits['khac'].url}/downloadEdoc", headers=headers)

    assert answer.content == raw
    assert kits["khac"].post("countReceiveEdoc", b"{}")["count"] == 1
    assert kits["khac"].post("countReceiveStatus", b"{}")["count"] == 0


def test_a_packet_that_readers_could_misread_is_written_anew(
    land: Country, kits: dict[str, Kit]
) -> None:
    packet = document(land.ministry, land.other)
    raw = edxml.encode(packet)
    misleading = re.sub(rb"ContentType>[^<]*<", b"ContentType>application/zip<", raw)
    assert misleading != raw

    sent = kits["bo"].send_packet(misleading, land.ministry.code)
    (row,) = kits["khac"].listed()
    fetched = base64.b64decode(kits["khac"].post("getEdoc", b"{}", docId=row["docId"])["data"])

    assert sent["status"] == "OK", sent
    assert fetched != misleading
    found = edxml.read(fetched, profile=edxml.Profile.STRICT)
    assert "V-41" not in {each.rule for each in found.findings}
    assert isinstance(found.packet, edxml.DocumentPacket)
    assert [each.data for each in found.packet.attachments] == [
        each.data for each in packet.attachments
    ]


def test_a_status_goes_back_by_the_kit(land: Country, kits: dict[str, Kit]) -> None:
    packet = document(land.ministry, land.other)
    kits["bo"].send_packet(edxml.encode(packet), land.ministry.code)

    raw = edxml.encode(status(land.other, packet, edxml.StatusCode.ARRIVED))
    sent = kits["khac"].send_packet(raw, land.other.code, kind="status")

    assert sent["ErrorCode"] == "0", sent
    assert [row["messageType"] for row in kits["bo"].listed("status")] == ["status"]


def test_the_same_bytes_again_get_the_first_id(land: Country, kits: dict[str, Kit]) -> None:
    raw = edxml.encode(document(land.ministry, land.other))

    first = kits["bo"].send_packet(raw, land.ministry.code)
    again = kits["bo"].send_packet(raw, land.ministry.code)

    assert again["DocId"] == first["DocId"]
    assert len(kits["khac"].listed()) == 1


def test_failing_keeps_a_delivery_for_the_operator_who_queues_it_again(
    land: Country, kits: dict[str, Kit]
) -> None:
    kits["bo"].send_packet(edxml.encode(document(land.ministry, land.other)), land.ministry.code)
    (row,) = kits["khac"].listed()

    kits["khac"].post("updateStatus", b"{}", docId=row["docId"], status="fail")
    failed = kits["khac"].listed()
    hub_api.deliver_again(Delivery.objects.get(pk=row["docId"]).pk)

    assert failed == []
    assert [each["docId"] for each in kits["khac"].listed()] == [row["docId"]]


def test_what_is_done_stays_done(land: Country, kits: dict[str, Kit]) -> None:
    kits["bo"].send_packet(edxml.encode(document(land.ministry, land.other)), land.ministry.code)
    (row,) = kits["khac"].listed()
    kits["khac"].post("updateStatus", b"{}", docid=row["docId"], status="done")

    again = kits["khac"].post("updateStatus", b"{}", docid=row["docId"], status="fail")

    assert again["status"] == "OK"
    assert Delivery.objects.get(pk=row["docId"]).state == "DELIVERED"


def test_a_foreign_delivery_is_answered_like_an_unknown_one(
    land: Country, kits: dict[str, Kit]
) -> None:
    kits["bo"].send_packet(edxml.encode(document(land.ministry, land.other)), land.ministry.code)
    (row,) = kits["khac"].listed()

    foreign = kits["bo"].post("getEdoc", b"{}", docId=row["docId"])
    unknown = kits["bo"].post("getEdoc", b"{}", docId="7d793037-a076-4a4b-9f2a-000000000000")
    nonsense = kits["bo"].post("getEdoc", b"{}", docId="1'; DROP TABLE hub_packet")

    assert foreign == unknown == nonsense
    assert foreign["ErrorCode"] == "20"
    headers = kits["bo"].headers("application/json", docId=row["docId"])
    answer = kits["bo"].http.get(f"{kits['bo'].url}/downloadEdoc", headers=headers)
    assert (answer.status_code, answer.content) == (404, b"")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda kit: setattr(kit, "secret", "another"), "15"),
        (lambda kit: setattr(kit, "system_id", "test.nobody"), "15"),
    ],
)
def test_a_wrong_secret_and_an_unknown_system_get_one_answer(
    kits: dict[str, Kit], change: Callable[[Kit], None], code: str
) -> None:
    change(kits["bo"])

    found = kits["bo"].post("countReceiveEdoc", b"{}")

    assert (found["status"], found["ErrorCode"], found["DocId"]) == ("FAIL", code, "")


def test_a_locked_system_is_refused(land: Country, hub: RunningHub, kits: dict[str, Kit]) -> None:
    systems.change(
        "test.bo.01",
        name="Hệ thống",
        codes=[land.ministry.code],
        profile=edxml.Profile.COMPAT,
        fresh_time=False,
        active=False,
    )
    hub.refresh()

    assert kits["bo"].post("countReceiveEdoc", b"{}")["ErrorCode"] == "15"


def test_refusals_of_a_packet_say_why_in_the_kits_codes(
    land: Country, kits: dict[str, Kit]
) -> None:
    kit, packet = kits["bo"], edxml.encode(document(land.ministry, land.other))

    assert (
        kit.send_packet(packet, land.other.code)["ErrorCode"] == "19"
    )  # not an agency of this system
    assert kit.send_packet(packet, "K00")["ErrorCode"] == "19"
    assert kit.send_packet(b"no packet", land.ministry.code)["ErrorCode"] == "22"
    broken = kit.send_packet(
        packet.replace(b"<edXML:Subject>", b"<edXML:Subjekt>"), land.ministry.code
    )
    assert broken["ErrorCode"] == "22"
    assert "V-" in broken["ErrorDesc"]
    kit.post("sendEdoc", packet + b"x", hash_file="0" * 64)
    other = kit.post(
        "sendEdoc",
        packet,
        messagetype="edoc",
        hash_file="0" * 64,
        **{"from": land.ministry.code},
    )
    assert other["ErrorCode"] == "21"
    assert other["ErrorDesc"].startswith("V-03")
    assert other["DocId"] == ""


def test_compat_takes_a_document_without_valid_signatures_for_information(
    land: Country, kits: dict[str, Kit]
) -> None:
    """V-46: a warning in compat, and never a check that held."""
    for pdf in (plain_pdf(), signed_pdf(land.other)):
        sent = kits["bo"].send_packet(
            edxml.encode(document(land.ministry, land.other, pdf=pdf)), land.ministry.code
        )

        assert sent["status"] == "OK"
        packet = Packet.objects.get(pk=sent["DocId"])
        assert [(each["rule"], each["severity"]) for each in packet.warnings] == [("V-46", "W")]
        assert [each["ok"] for each in packet.checks if each["check"] == "document_signature"] == [
            False
        ]


def test_strict_refuses_a_document_without_signatures_from_a_kit(
    land: Country, hub: RunningHub
) -> None:
    """V-46: refused with the transport code the kit knows."""
    NodeOrganization.objects.filter(agency_code=land.ministry.code).delete()
    made = systems.register(
        "test.chat.01", "Hệ thống chặt", [land.ministry.code], profile=edxml.Profile.STRICT
    )
    hub.refresh()
    kit = Kit(hub.url, "test.chat.01", made.secret)
    with kit:
        raw = edxml.encode(document(land.ministry, land.other, pdf=plain_pdf()))
        sent = kit.send_packet(raw, land.ministry.code)

    assert (sent["status"], sent["ErrorCode"]) == ("FAIL", "10")
    assert sent["ErrorDesc"].startswith("V-46")
    assert not Packet.objects.exists()


def test_a_recipient_that_does_not_exist_has_its_own_code(
    land: Country, kits: dict[str, Kit]
) -> None:
    nobody = edxml.Organization(code="K00", name="Không có")
    packet = document(land.ministry, land.other, receivers=(nobody,))

    found = kits["bo"].send_packet(edxml.encode(packet), land.ministry.code)

    assert found["ErrorCode"] == "18", found


def test_the_lists_of_agencies_have_the_kits_fields(land: Country, kits: dict[str, Kit]) -> None:
    kit = kits["bo"]

    agencies = {each["code"]: each for each in kit.post("getAgenciesList")["data"]}
    top = {each["code"] for each in kit.post("getAgenciesListQD20", level="1")["data"]}
    units = kit.post("getSynchronizeUnit")["data"]

    assert agencies["H99.8"]["pid"] == "H99"
    assert agencies["H99.8"]["oldCode"] == "000.00.08.H99"
    assert "H99" in top
    assert "H99.8" not in top
    assert len({each["version"] for each in units}) == 1
    assert kit.post("getAgenciesListQD20", level="x")["status"] == "FAIL"


def test_a_new_agency_below_ones_own_waits_for_the_operator(
    land: Country, hub: RunningHub, kits: dict[str, Kit]
) -> None:
    wanted = b'{"id":"1","pcode":"G98","code":"G98.7","name":"Cuc Moi","mail":"a@khac.example"}'

    asked = kits["khac"].post("registerAgency", wanted)
    before = directory.find("G98.7")
    (proposal,) = systems.proposals()
    systems.decide(proposal.pk, approved=True)
    hub.refresh()

    assert asked["status"] == "OK"
    assert before is None
    found = {each["code"]: each for each in kits["khac"].post("getAgenciesList")["data"]}
    assert found["G98.7"]["name"] == "Cuc Moi"
    assert "G98.7" in hub.hub.participants.nodes["test.khac.01"].codes


def test_an_agency_of_another_branch_cannot_be_asked_for(kits: dict[str, Kit]) -> None:
    foreign = b'{"pcode":"H99","code":"H99.9","name":"X"}'
    skipped = b'{"pcode":"G98","code":"G98.7.1","name":"X"}'

    for wanted in (foreign, skipped, b"{}", b"[]", b"{"):
        assert kits["khac"].post("registerAgency", wanted)["status"] == "FAIL"
    assert kits["khac"].post("deleteAgency", b"{}", AgencyCode="H99.8")["ErrorCode"] == "19"
    assert not systems.proposals().exists()


def test_an_agency_that_leaves_is_locked_by_the_operator(
    land: Country, kits: dict[str, Kit]
) -> None:
    kits["khac"].post("deleteAgency", b"{}", AgencyCode=land.other.code)
    (proposal,) = systems.proposals()

    systems.decide(proposal.pk, approved=True)

    found = directory.find(land.other.code)
    assert found is not None
    assert found.locked
    with pytest.raises(systems.ProposalDecided):
        systems.decide(proposal.pk, approved=False)


def test_a_kit_system_cannot_come_by_the_native_door_without_a_key(
    land: Country, hub: RunningHub, kits: dict[str, Kit]
) -> None:
    answer = httpx.get(f"{hub.url}/v1/inbox", headers={"signature": "x"}, trust_env=False)

    assert answer.status_code in {400, 401}
    assert hub.hub.participants.key_of("test.bo.01") is None


def test_a_kit_system_is_no_node_of_the_authority(land: Country, kits: dict[str, Kit]) -> None:
    assert "test.bo.01" not in hub_api.node_keys()
    assert all(pem.startswith("-----BEGIN") for pem, _ in hub_api.node_keys().values())


def test_every_method_answers_below_any_path(hub: RunningHub, kits: dict[str, Kit]) -> None:
    kits["bo"].url = f"{hub.url}/any/where"
    below = kits["bo"].post("countReceiveEdoc", b"{}")
    kits["bo"].url = hub.url

    assert below["status"] == "OK"
    assert kits["bo"].post("countReceiveEdoc", b"{}") == below
