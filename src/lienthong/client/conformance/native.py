"""The native door: who may speak, what is taken in, what is refused, and how it is handed out."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from lienthong.client.answers import Accepted, Delivery
from lienthong.client.conformance.bench import Bench, Checks, Sent, expect
from lienthong.client.conformance.profile import Party
from lienthong.client.problems import HubRefused
from lienthong.client.receipts import check_receipt
from lienthong.core import edxml, signing

PATHS = ("/v1/packets", "/v1/inbox", "/v1/deliveries/{id}/packet", "/v1/log/{path}")
checks = Checks()


def refused(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The problem of an answer, which must have this status and code."""
    expect(answer.status_code == status, f"HTTP {answer.status_code} {answer.text[:120]}")
    problem: dict[str, Any] = answer.json()
    expect(problem.get("code") == code, f"mã {problem.get('code')}")
    expect(problem.get("text"), "thiếu câu giải thích")
    return problem


def accepted(bench: Bench, sent: Sent) -> Accepted:
    """The answer to a packet of the sender that is new and right."""
    answer = bench.post(bench.profile.sender, sent)
    expect(answer.status_code == 201, f"HTTP {answer.status_code} {answer.text[:200]}")
    found: Accepted = answer.json()
    return found


def proved(bench: Bench, sent: Sent, answer: Accepted) -> None:
    """End the check unless the answer proves that the packet is in the log."""
    check_receipt(
        answer,
        packet_sha256=sent.sha256,
        sender_codes=frozenset({bench.profile.sender.code}),
        trust=bench.profile.trust,
        at=datetime.now(UTC),
    )


def usual(bench: Bench, **changes: Any) -> Sent:
    """A new document from the sender to the recipient."""
    parties = bench.profile
    packet = bench.document(parties.sender, parties.recipient, **changes)
    return bench.signed(parties.sender, packet)


def waiting(bench: Bench, party: Party, sha256: str, *, wait: int = 5) -> list[Delivery]:
    """Deliveries of these bytes that wait for a party, or come within `wait` seconds."""
    with bench.client(party) as client:
        return [each for each in client.inbox(wait=wait, limit=200) if each["sha256"] == sha256]


# -- who may speak --------------------------------------------------------------------------------


@checks("N-01", "Nút trả lời và mô tả giao diện của mình", "hub-api")
def describes_itself(bench: Bench) -> None:
    expect(bench.http.get(f"{bench.target}/health").status_code == 200, "/health không trả lời 200")
    described = bench.http.get(f"{bench.target}/openapi.json").json()["paths"]
    expect(not set(PATHS) - described.keys(), f"thiếu {set(PATHS) - described.keys()}")


@checks("N-02", "Yêu cầu không ký bị từ chối", "TM-X; RFC 9421")
def unsigned_is_refused(bench: Bench) -> None:
    sent = usual(bench)
    url = f"{bench.target}/v1/packets"
    answer = bench.http.post(url, content=sent.raw, headers=sent.headers())
    refused(answer, 401, "signing.request_signature_invalid")
    refused(bench.http.get(f"{bench.target}/v1/inbox"), 401, "signing.request_signature_invalid")


@checks("N-03", "Yêu cầu ký bằng khóa của nút khác bị từ chối", "TM-X; RFC 9421")
def strange_key_is_refused(bench: Bench) -> None:
    answer = bench.post(bench.profile.sender, usual(bench), signer=bench.profile.recipient.node)
    refused(answer, 401, "signing.request_signature_invalid")


@checks("N-04", "Yêu cầu ký từ 10 phút trước bị từ chối", "DX-18; RFC 9421")
def old_request_is_refused(bench: Bench) -> None:
    answer = bench.post(bench.profile.sender, usual(bench), late=timedelta(minutes=10))
    refused(answer, 401, "signing.request_clock_skew")


@checks("N-05", "Yêu cầu gửi lại nguyên văn bị từ chối", "TM-H; RFC 9421")
def replay_is_refused(bench: Bench) -> None:
    target = "/v1/inbox?wait=0&limit=1"
    headers = bench.headers(bench.profile.recipient, "GET", target)
    first = bench.http.get(f"{bench.target}{target}", headers=headers)
    expect(first.status_code == 200, f"lần đầu HTTP {first.status_code}")
    again = bench.http.get(f"{bench.target}{target}", headers=headers)
    refused(again, 401, "hub.request_replayed")


@checks("N-06", "Nội dung khác với mã băm đã ký bị từ chối", "V-03; RFC 9530")
def other_body_is_refused(bench: Bench) -> None:
    sent = usual(bench)
    sender = bench.profile.sender
    headers = bench.headers(sender, "POST", "/v1/packets", sent.raw, sent.headers())
    body = sent.raw + b" "
    answer = bench.http.post(f"{bench.target}/v1/packets", content=body, headers=headers)
    refused(answer, 422, "hub.digest_mismatch")


# -- what is taken in -----------------------------------------------------------------------------


@checks("N-07", "Văn bản đúng được nhận, có biên nhận chứng minh được", "SG 5.4, 5.5; TM-H-S")
def packet_is_taken_in(bench: Bench) -> None:
    sent = usual(bench)
    proved(bench, sent, accepted(bench, sent))


@checks("N-08", "Gửi lại cùng nội dung nhận lại biên nhận đầu tiên", "V-19; DX-90")
def repetition_gets_first_receipt(bench: Bench) -> None:
    sent = usual(bench)
    first = accepted(bench, sent)
    again = bench.post(bench.profile.sender, sent)
    expect(again.status_code == 200, f"HTTP {again.status_code}")
    expect(again.json()["receipt"] == first["receipt"], "biên nhận khác lần đầu")
    expect(len(waiting(bench, bench.profile.recipient, sent.sha256)) == 1, "giao hơn một lần")


@checks("N-09", "Mã định danh văn bản đã dùng bị từ chối", "V-19")
def used_id_is_refused(bench: Bench) -> None:
    parties = bench.profile
    packet = bench.document(parties.sender, parties.recipient)
    accepted(bench, bench.signed(parties.sender, packet))
    other = bench.document(
        parties.sender,
        parties.recipient,
        document_id=packet.document_id,
        number=packet.number,
        subject="Văn bản khác trùng mã định danh",
    )
    answer = bench.post(parties.sender, bench.signed(parties.sender, other))
    refused(answer, 409, "hub.document_id_used")


@checks("N-10", "Chữ ký gói tin của cơ quan khác bị từ chối", "V-47; SG 5.3")
def strange_packet_signature_is_refused(bench: Bench) -> None:
    parties = bench.profile
    packet = bench.document(parties.sender, parties.recipient)
    sent = bench.signed(parties.recipient, packet)
    refused(bench.post(parties.sender, sent), 422, "hub.packet_signature_invalid")


@checks("N-11", "Gửi thay cơ quan khác bị từ chối", "V-02")
def other_sender_is_refused(bench: Bench) -> None:
    parties = bench.profile
    sent = bench.signed(parties.recipient, bench.document(parties.recipient, parties.sender))
    refused(bench.post(parties.sender, sent), 403, "hub.sender_not_of_node")


@checks("N-12", "Mọi lỗi của gói tin được trả lời một lần, có số quy tắc", "V-11, V-21, V-17")
def all_findings_at_once(bench: Bench) -> None:
    raw = edxml.encode(bench.document(bench.profile.sender, bench.profile.recipient))
    for name in (b"Subject", b"PromulgationDate"):
        raw = raw.replace(name + b">", name + b"Bad>")
    sent = bench.signed(bench.profile.sender, raw)
    problem = refused(bench.post(bench.profile.sender, sent), 422, "edxml.packet_invalid")
    rules = {each["rule"] for each in problem.get("findings", ())}
    expect({"V-17", "V-21"} <= rules, f"chỉ nêu {sorted(rules)}")


@checks("N-13", "DOCTYPE và thực thể XML bị từ chối", "V-07; TM 5.1")
def doctype_is_refused(bench: Bench) -> None:
    raw = edxml.encode(bench.document(bench.profile.sender, bench.profile.recipient))
    start = raw.index(b"?>") + 2
    bomb = b'<!DOCTYPE edXML [<!ENTITY a "aaaa">]>'
    sent = bench.signed(bench.profile.sender, raw[:start] + bomb + raw[start:])
    problem = refused(bench.post(bench.profile.sender, sent), 422, "edxml.packet_invalid")
    expect("V-07" in {each["rule"] for each in problem.get("findings", ())}, "không nêu V-07")


@checks("N-14", "Nơi nhận không tồn tại bị từ chối", "V-15")
def unknown_recipient_is_refused(bench: Bench) -> None:
    nobody = (edxml.Organization("Z99.99", "Cơ quan không có thật"),)
    answer = bench.post(bench.profile.sender, usual(bench, receivers=nobody))
    refused(answer, 422, "hub.recipient_unknown")


@checks("N-15", "Văn bản bị sửa sau khi ký bị từ chối", "V-46; SG 7")
def changed_document_is_refused(bench: Bench) -> None:
    data = bench.pdf(bench.profile.sender)
    place = data.index(b"595")
    changed = data[:place] + b"596" + data[place + 3 :]
    files = (edxml.Attachment.of("sua.pdf", changed),)
    answer = bench.post(bench.profile.sender, usual(bench, attachments=files))
    refused(answer, 422, "hub.document_signature_invalid")


@checks("N-16", "Văn bản mật không được nhận", "V-29; DX-02")
def secret_is_refused(bench: Bench) -> None:
    answer = bench.post(bench.profile.sender, usual(bench, subject="Báo cáo TỐI MẬT"))
    refused(answer, 422, "hub.secret_content")


# -- how it is handed out -------------------------------------------------------------------------


@checks("N-17", "Bên nhận lấy đúng từng byte, chữ ký gói tin còn đúng", "SG 5.3; DX-90")
def bytes_arrive_unchanged(bench: Bench) -> None:
    sent = usual(bench)
    accepted(bench, sent)
    deliveries = waiting(bench, bench.profile.recipient, sent.sha256)
    expect(len(deliveries) == 1, f"{len(deliveries)} lần giao")
    with bench.client(bench.profile.recipient) as client:
        fetched = client.fetch(deliveries[0]["delivery_id"], sent.sha256)
    expect(fetched.raw == sent.raw, "nội dung khác")
    report = signing.verify_detached(
        fetched.raw, fetched.signature, trust=bench.profile.trust, at=datetime.now(UTC)
    )
    expect(report.indication is signing.Indication.PASSED, report.indication.label)


@checks("N-18", "Nút khác không lấy được gói tin không gửi cho mình", "DX-95; TM-H-I")
def strangers_get_nothing(bench: Bench) -> None:
    sent = usual(bench)
    accepted(bench, sent)
    [delivery] = waiting(bench, bench.profile.recipient, sent.sha256)
    target = f"/v1/deliveries/{delivery['delivery_id']}/packet"
    headers = bench.headers(bench.profile.sender, "GET", target)
    refused(
        bench.http.get(f"{bench.target}{target}", headers=headers), 404, "hub.delivery_not_found"
    )


@checks("N-19", "Báo nhận sai gói tin không được chấp nhận, báo nhận đúng kết thúc giao", "DX-92")
def acknowledgement_ends_delivery(bench: Bench) -> None:
    sent = usual(bench)
    answer = accepted(bench, sent)
    [delivery] = waiting(bench, bench.profile.recipient, sent.sha256)
    with bench.client(bench.profile.recipient) as client:
        facts = {
            "packet_id": delivery["packet_id"],
            "sender": delivery["sender"],
            "recipient": delivery["recipient"],
        }
        wrong = client.acknowledgement(sha256=hashlib.sha256(b"").hexdigest(), **facts)
        try:
            client.acknowledge(delivery["delivery_id"], wrong)
        except HubRefused:
            pass
        else:
            expect(False, "nhận cả báo nhận của nội dung khác")
        right = client.acknowledgement(sha256=sent.sha256, **facts)
        client.acknowledge(delivery["delivery_id"], right)
    with bench.client(bench.profile.sender) as client:
        states = client.packet(answer["packet_id"])["recipients"]
    expect([each["state"] for each in states] == ["DELIVERED"], states)
    expect(
        not waiting(bench, bench.profile.recipient, sent.sha256, wait=0), "vẫn còn trong hộp nhận"
    )


@checks("N-20", "Trạng thái đi ngược về nơi gửi; người ngoài không báo trạng thái được", "S-02")
def status_comes_back(bench: Bench) -> None:
    parties = bench.profile
    packet = bench.document(parties.sender, parties.recipient)
    accepted(bench, bench.signed(parties.sender, packet))
    told = bench.status(parties.recipient, packet, edxml.StatusCode.ARRIVED)
    sent = bench.signed(parties.recipient, told)
    answer = bench.post(parties.recipient, sent, kind="status")
    expect(answer.status_code == 201, f"HTTP {answer.status_code} {answer.text[:200]}")
    expect(waiting(bench, parties.sender, sent.sha256), "trạng thái không tới nơi gửi")
    false = bench.status(parties.sender, packet, edxml.StatusCode.ARRIVED)
    answer = bench.post(parties.sender, bench.signed(parties.sender, false), kind="status")
    problem = refused(answer, 422, "edxml.packet_invalid")
    expect("S-02" in {each["rule"] for each in problem.get("findings", ())}, "không nêu S-02")
