"""What the hub takes in, and everything it refuses: a code, a sentence, and no half-state."""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from lienthong.apps.directory import api as directory
from lienthong.apps.exchange.hub.models import Delivery, LogHead, Packet, Refusal
from lienthong.core import edxml, signing, tlog

from .country import Agency, Country, document, plain_pdf, signed_pdf, status
from .server import Caller, RunningHub

Connect = Callable[[Agency], Caller]


def code_of(answer: httpx.Response, status: int) -> str:
    """The problem code of a refusal, which also has a Vietnamese sentence."""
    found = answer.json()
    assert answer.status_code == status, found
    assert found["status"] == status
    assert found["text"]
    assert "{" not in found["text"]
    return str(found["code"])


def nothing_was_kept() -> bool:
    return not Packet.objects.exists() and not Delivery.objects.exists()


def test_a_signed_packet_is_taken_in_and_its_receipt_verifies_offline(
    land: Country, ministry: Caller
) -> None:
    packet = document(land.ministry, land.province, land.department)

    answer = ministry.post(packet)

    found = answer.json()
    assert answer.status_code == 201, found
    assert found["recipients"] == [
        {"code": "H99", "state": "QUEUED"},
        {"code": "H99.8", "state": "QUEUED"},
    ]
    payload = signing.verify_jws(found["receipt"], trust=land.trust, at=datetime.now(UTC))
    assert payload["packet_id"] == found["packet_id"]
    assert payload["packet_sha256"] == found["sha256"]
    assert payload["receivers"] == ["H99", "H99.8"]
    assert payload["attachments"] == [hashlib.sha256(packet.attachments[0].data).hexdigest()]


def test_a_changed_byte_is_refused(land: Country, ministry: Caller) -> None:
    raw = edxml.encode(document(land.ministry, land.province))
    signature = signing.sign_detached(raw, signer=land.ministry.service, at=datetime.now(UTC))
    changed = raw.replace(b"Quy ch", b"Quy Ch", 1)
    assert changed != raw

    answer = ministry.post(changed, signature=signature)

    assert code_of(answer, 422) == "hub.packet_signature_invalid"
    assert nothing_was_kept()


def test_a_body_other_than_the_one_declared_is_refused(land: Country, ministry: Caller) -> None:
    raw = edxml.encode(document(land.ministry, land.province))

    answer = ministry.post(raw, content=raw.replace(b"Quy ch", b"Quy Ch", 1))

    assert code_of(answer, 422) == "hub.digest_mismatch"


def test_a_certificate_of_another_agency_is_refused(land: Country, ministry: Caller) -> None:
    raw = edxml.encode(document(land.ministry, land.province))
    signature = signing.sign_detached(raw, signer=land.other.service, at=datetime.now(UTC))

    answer = ministry.post(raw, signature=signature)

    assert code_of(answer, 422) == "hub.packet_signature_invalid"
    assert nothing_was_kept()


def test_a_seal_is_no_packet_signature(land: Country, ministry: Caller) -> None:
    raw = edxml.encode(document(land.ministry, land.province))
    signature = signing.sign_detached(raw, signer=land.ministry.seal, at=datetime.now(UTC))

    answer = ministry.post(raw, signature=signature)

    assert code_of(answer, 422) == "hub.packet_signature_invalid"


def test_a_node_speaks_for_its_own_agencies_only(land: Country, caller: Connect) -> None:
    impostor = caller(replace(land.ministry, node=land.other.node, node_id="bo-khac"))

    answer = impostor.post(document(land.ministry, land.province))

    assert code_of(answer, 403) == "hub.sender_not_of_node"


def test_a_node_signs_with_its_own_key(land: Country, caller: Connect) -> None:
    impostor = caller(replace(land.ministry, node=land.other.node))

    answer = impostor.post(document(land.ministry, land.province))

    assert code_of(answer, 401) == "signing.request_signature_invalid"
    assert not Refusal.objects.exists()


def test_a_sender_the_directory_does_not_know_is_refused(land: Country, ministry: Caller) -> None:
    nobody = replace(land.ministry, code="G77")

    answer = ministry.post(document(nobody, land.province))

    assert code_of(answer, 403) == "hub.sender_unknown"


def test_an_unsigned_document_is_refused(land: Country, ministry: Caller) -> None:
    answer = ministry.post(document(land.ministry, land.province, pdf=plain_pdf()))

    assert code_of(answer, 422) == "hub.document_unsigned"
    assert nothing_was_kept()


def test_a_document_changed_after_signing_is_refused(land: Country, ministry: Caller) -> None:
    pdf = signed_pdf(land.ministry, text="Dong y chi 100 trieu dong")
    changed = pdf.replace(b"chi 100 trieu", b"chi 900 trieu")
    assert changed != pdf or b"FlateDecode" in pdf
    changed = changed if changed != pdf else pdf[:900] + bytes([pdf[900] ^ 1]) + pdf[901:]

    answer = ministry.post(document(land.ministry, land.province, pdf=changed))

    assert code_of(answer, 422) in {"hub.document_signature_invalid", "hub.document_unsigned"}
    assert nothing_was_kept()


def test_a_document_signed_by_another_agency_is_refused(land: Country, ministry: Caller) -> None:
    answer = ministry.post(document(land.ministry, land.province, pdf=signed_pdf(land.other)))

    assert code_of(answer, 422) == "hub.document_signature_invalid"


def test_a_document_signed_by_another_person_is_refused(land: Country, ministry: Caller) -> None:
    signer = edxml.Signer("", "Thứ trưởng", "Trần Thị Ví Dụ")

    answer = ministry.post(document(land.ministry, land.province, signer=signer))

    assert code_of(answer, 422) == "hub.document_signature_invalid"


def test_an_unknown_recipient_is_refused_with_its_finding(land: Country, ministry: Caller) -> None:
    nobody = replace(land.province, code="H98")

    answer = ministry.post(document(land.ministry, land.department, nobody))

    assert code_of(answer, 422) == "hub.recipient_unknown"
    assert "V-15" in {finding["rule"] for finding in answer.json()["findings"]}
    assert nothing_was_kept()


def test_a_locked_recipient_is_refused(hub: RunningHub, land: Country, ministry: Caller) -> None:
    province = directory.find("H99")
    assert province is not None
    directory.lock(province)
    hub.refresh()

    answer = ministry.post(document(land.ministry, land.province))

    assert code_of(answer, 422) == "hub.recipient_locked"


def test_the_same_bytes_again_get_the_first_receipt(land: Country, ministry: Caller) -> None:
    raw = edxml.encode(document(land.ministry, land.province))
    first = ministry.post(raw)

    again = ministry.post(raw)

    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json()["receipt"] == first.json()["receipt"]
    assert Packet.objects.count() == 1
    assert Delivery.objects.count() == 1


def test_the_same_bytes_get_their_receipt_even_when_they_would_be_refused_now(
    hub: RunningHub, land: Country, ministry: Caller
) -> None:
    raw = edxml.encode(document(land.ministry, land.province))
    first = ministry.post(raw)
    province = directory.find("H99")
    assert province is not None
    directory.lock(province)
    hub.refresh()

    again = ministry.post(raw)

    assert again.status_code == 200
    assert again.json()["receipt"] == first.json()["receipt"]


def test_another_packet_with_the_same_document_id_is_refused(
    land: Country, ministry: Caller
) -> None:
    ministry.post(document(land.ministry, land.province, number="700"))

    answer = ministry.post(
        document(land.ministry, land.province, number="700", subject="V/v một việc khác")
    )

    assert code_of(answer, 409) == "hub.document_id_used"
    assert Packet.objects.count() == 1


def test_of_many_senders_of_one_document_id_exactly_one_wins(
    land: Country, ministry: Caller
) -> None:
    packets = [
        document(land.ministry, land.province, number="800", subject=f"V/v việc thứ {position}")
        for position in range(12)
    ]
    twice = [packet for packet in packets for _ in range(2)]

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ministry.post, twice))

    codes = sorted(answer.status_code for answer in answers)
    assert codes == [200, 201, *[409] * 22]
    assert Packet.objects.count() == 1
    assert LogHead.objects.get().size == 1


def test_a_document_type_declaration_is_refused(land: Country, ministry: Caller) -> None:
    raw = edxml.encode(document(land.ministry, land.province))
    hostile = raw.replace(b"?>", b'?><!DOCTYPE edXML [<!ENTITY x SYSTEM "file:///etc/passwd">]>', 1)

    answer = ministry.post(hostile)

    assert code_of(answer, 422) == "edxml.packet_invalid"
    assert [finding["rule"] for finding in answer.json()["findings"]] == ["V-07"]


def test_all_findings_come_in_one_answer(land: Country, ministry: Caller) -> None:
    answer = ministry.post(document(land.ministry, land.province, subject="", signer=None))

    assert code_of(answer, 422) == "edxml.packet_invalid"
    assert {"V-21", "V-23"} <= {finding["rule"] for finding in answer.json()["findings"]}


def test_a_secrecy_mark_is_refused_and_its_content_is_not_kept(
    land: Country, ministry: Caller
) -> None:
    answer = ministry.post(document(land.ministry, land.province, subject="TỐI MẬT: Kế hoạch"))

    assert code_of(answer, 422) == "hub.secret_content"
    assert nothing_was_kept()
    noted = Refusal.objects.get()
    assert noted.code == "hub.secret_content"
    assert "Kế hoạch" not in noted.text


def test_a_kind_that_does_not_fit_the_content_is_refused(land: Country, ministry: Caller) -> None:
    answer = ministry.post(document(land.ministry, land.province), kind="status")

    assert code_of(answer, 422) == "edxml.packet_invalid"


def test_a_declared_length_over_the_limit_is_refused_before_the_body_is_read(
    land: Country, ministry: Caller
) -> None:
    covered = {"packet-signature": ":AAAA:", "packet-kind": "edoc"}
    headers = ministry.signed("POST", "/v1/packets", b"", covered)
    headers["content-length"] = str(200 * 1024 * 1024)
    sent = 0

    def body() -> Iterator[bytes]:
        nonlocal sent
        for _ in range(200):
            sent += 1
            yield bytes(1024 * 1024)

    with httpx.Client(timeout=30, trust_env=False) as client:
        request = client.build_request(
            "POST", f"{ministry.url}/v1/packets", content=body(), headers=headers
        )
        request.headers.pop("transfer-encoding", None)
        answer = client.send(request)

    assert code_of(answer, 413) == "hub.packet_too_large"


def test_an_undeclared_length_over_the_limit_is_refused_while_it_streams(
    land: Country, hub: RunningHub, ministry: Caller
) -> None:
    hub.hub.config = replace(hub.hub.config, packet_max_bytes=6 * 1024 * 1024)
    covered = {"packet-signature": ":AAAA:", "packet-kind": "edoc"}
    headers = ministry.signed("POST", "/v1/packets", b"", covered)

    answer = ministry.http.post(
        f"{ministry.url}/v1/packets",
        content=(bytes(1024 * 1024) for _ in range(8)),
        headers=headers,
    )

    assert code_of(answer, 413) == "hub.packet_too_large"
    assert not list((hub.hub.config.data_dir / "segments" / "large").glob("receiving-*"))


def test_a_large_packet_gets_a_file_of_its_own(
    land: Country, hub: RunningHub, ministry: Caller, province: Caller
) -> None:
    pdf = signed_pdf(land.ministry, padding=os.urandom(5 * 1024 * 1024))
    raw = edxml.encode(document(land.ministry, land.province, pdf=pdf))

    answer = ministry.post(raw)

    assert answer.status_code == 201, answer.text
    packet = Packet.objects.get()
    assert packet.segment == 0
    [delivery] = province.inbox()
    fetched = province.call("GET", f"/v1/deliveries/{delivery['delivery_id']}/packet")
    assert fetched.content == raw
    assert ministry.post(raw).status_code == 200
    files = [
        path for path in (hub.hub.config.data_dir / "segments/large").rglob("*") if path.is_file()
    ]
    assert [path.name for path in files] == [packet.pk.hex]


@pytest.mark.parametrize("minutes", [-10, 10])
def test_a_clock_that_is_off_by_ten_minutes_is_refused(
    land: Country, hub: RunningHub, minutes: int
) -> None:
    with Caller(hub.url, land.ministry, clock_off=timedelta(minutes=minutes)) as wrong:
        answer = wrong.post(document(land.ministry, land.province))

    assert code_of(answer, 401) == "signing.request_clock_skew"


def test_a_request_that_was_seen_is_not_answered_twice(land: Country, ministry: Caller) -> None:
    headers = ministry.signed("GET", "/v1/inbox")
    first = ministry.http.get(f"{ministry.url}/v1/inbox", headers=headers)

    again = ministry.http.get(f"{ministry.url}/v1/inbox", headers=headers)

    assert first.status_code == 200
    assert code_of(again, 401) == "hub.request_replayed"


def test_an_unsigned_request_is_refused(ministry: Caller) -> None:
    answer = ministry.http.get(f"{ministry.url}/v1/participants")

    assert code_of(answer, 401) == "signing.request_signature_invalid"


def test_a_full_queue_answers_busy(land: Country, hub: RunningHub, ministry: Caller) -> None:
    for _ in range(hub.hub.config.waiting_max // 2):
        hub.hub.admission.enter("bo", 1)

    answer = ministry.post(document(land.ministry, land.province))

    assert code_of(answer, 503) == "hub.busy"
    assert answer.headers["retry-after"] == "2"


def test_one_node_that_floods_does_not_keep_another_out(
    land: Country, hub: RunningHub, caller: Connect
) -> None:
    for _ in range(hub.hub.config.waiting_max // 2):
        hub.hub.admission.enter("tinh", 1)

    answer = caller(land.ministry).post(document(land.ministry, land.province))

    assert answer.status_code == 201


def test_two_codes_of_one_agency_are_one_recipient(land: Country, ministry: Caller) -> None:
    by_old_code = replace(land.province, code=land.province.code102)

    answer = ministry.post(document(land.ministry, by_old_code))

    assert answer.json()["recipients"] == [{"code": "H99", "state": "QUEUED"}]


def test_one_bad_packet_does_not_fail_its_batch(land: Country, ministry: Caller) -> None:
    good = [document(land.ministry, land.province) for _ in range(10)]
    bad = [
        document(land.ministry, land.province, pdf=plain_pdf()),
        document(land.ministry, land.province, number="900"),
        document(land.ministry, land.province, number="900", subject="V/v việc khác"),
    ]

    with ThreadPoolExecutor(13) as pool:
        answers = list(pool.map(ministry.post, [*good[:5], *bad, *good[5:]]))

    codes = [answer.status_code for answer in answers]
    assert codes[:5] + codes[8:] == [201] * 10
    assert sorted(codes[5:8]) == [201, 409, 422]
    assert Packet.objects.count() == 11


def test_a_status_goes_back_to_the_sender_of_the_document(
    land: Country, ministry: Caller, province: Caller
) -> None:
    sent = document(land.ministry, land.province)
    ministry.post(sent)

    answer = province.post(status(land.province, sent, edxml.StatusCode.ARRIVED))

    assert answer.status_code == 201, answer.text
    [delivery] = ministry.inbox()
    assert (delivery["kind"], delivery["sender"]) == ("status", "H99")


def test_a_status_of_a_stranger_is_refused(
    land: Country, ministry: Caller, caller: Connect
) -> None:
    sent = document(land.ministry, land.province)
    ministry.post(sent)

    answer = caller(land.other).post(status(land.other, sent, edxml.StatusCode.ARRIVED))

    assert code_of(answer, 422) == "edxml.packet_invalid"
    assert [finding["rule"] for finding in answer.json()["findings"]] == ["S-02"]


def test_a_status_of_an_unknown_document_is_refused(land: Country, province: Caller) -> None:
    never_sent = document(land.ministry, land.province)

    answer = province.post(status(land.province, never_sent, edxml.StatusCode.ARRIVED))

    assert code_of(answer, 422) == "edxml.packet_invalid"


def test_a_revoked_service_certificate_is_refused(
    land: Country, hub: RunningHub, ministry: Caller
) -> None:
    now = datetime.now(UTC)
    revoked = replace_crl_revoking(land, land.ministry.service, now)
    hub.hub.trust = revoked

    answer = ministry.post(document(land.ministry, land.province))

    assert code_of(answer, 422) == "hub.packet_signature_invalid"


@pytest.mark.parametrize("role", ["person", "seal"])
def test_a_document_whose_signer_is_revoked_is_refused(
    land: Country, hub: RunningHub, ministry: Caller, role: str
) -> None:
    hub.hub.trust = replace_crl_revoking(land, getattr(land.ministry, role), datetime.now(UTC))

    answer = ministry.post(document(land.ministry, land.province))

    assert code_of(answer, 422) == "hub.document_signature_invalid"
    assert "thu hồi" in answer.text


def replace_crl_revoking(land: Country, signer: signing.KeySigner, at: datetime) -> signing.Trust:
    """The trust as it is after a revocation, without changing the one the other tests use."""
    authority = replace(land.authority, revoked=dict(land.authority.revoked))
    authority.revoke(signer.certificate, at=at - timedelta(hours=1))
    return land.trust.with_crls([authority.crl(at=at - timedelta(minutes=1))])


def test_the_packets_of_a_batch_are_leaves_under_one_signed_checkpoint(
    land: Country, ministry: Caller
) -> None:
    packets = [document(land.ministry, land.province) for _ in range(20)]

    with ThreadPoolExecutor(10) as pool:
        answers = [each.json() for each in pool.map(ministry.post, packets)]

    assert sorted(each["log"]["index"] for each in answers) == list(range(20))
    for each in answers:
        log = each["log"]
        origin = log["checkpoint"].split("\n", 1)[0]
        head = tlog.verify_checkpoint(log["checkpoint"], land.log_key.public_key(), origin)
        proof = [base64.b64decode(text, validate=True) for text in log["proof"]]
        leaf = signing.receipt_leaf(log, each["receipt"])
        assert head.size == log["size"]
        tlog.verify_inclusion(log["index"], head.size, leaf, proof, head.root)


def test_paper_beside_a_type_that_is_on_no_list_is_remarked(
    land: Country, hub: RunningHub, ministry: Caller
) -> None:
    """DX-17, V-36: the registry's lists decide, for this sender and this day."""
    allowed: dict[str, frozenset[int]] = {"types": frozenset()}
    hub.hub.participants = replace(
        hub.hub.participants, paper_types=lambda _codes, _on: allowed["types"]
    )
    packet = document(land.ministry, land.province)
    business = replace(packet.business, paper=1)

    remarked = ministry.post(replace(packet, business=business)).json()["warnings"]
    allowed["types"] = frozenset(range(1, 100))
    other = document(land.ministry, land.province)
    quiet = ministry.post(replace(other, business=replace(other.business, paper=1)))

    assert "V-36" in [each["rule"] for each in remarked]
    assert "V-36" not in [each["rule"] for each in quiet.json()["warnings"]]
