"""The client kit's door, as deployed kits use it (exchange rules, part H)."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from lienthong.client.conformance.bench import Bench, Checks, expect
from lienthong.client.conformance.kit import KitSystem, envelope
from lienthong.client.conformance.profile import Party
from lienthong.core import edxml

NOWHERE = "00000000-0000-7000-8000-000000000000"
LISTS = ("getAgenciesList", "getAgenciesListQD20", "getSynchronizeUnit", "getSentEdocList")
checks = Checks()


def failed(found: dict[str, Any], code: str) -> None:
    """The envelope of a refusal with this code and a text for people (H.3)."""
    expect(found["status"] == "FAIL", found)
    expect(found["ErrorCode"] == code, f"ErrorCode {found['ErrorCode']}: {found['ErrorDesc']}")
    expect(found["ErrorDesc"], "ErrorDesc trống")
    expect(found["DocId"] == "", f"DocId {found['DocId']}")


def packet(bench: Bench) -> bytes:
    """A new document from the kit's sender to the kit's recipient."""
    return edxml.encode(bench.document(bench.profile.kit_sender, bench.profile.kit_recipient))


def send(bench: Bench, raw: bytes, **how: str) -> dict[str, Any]:
    """The envelope that answers a packet of the kit's sender."""
    party = bench.profile.kit_sender
    with bench.kit(party) as kit:
        return envelope(kit.send(raw, party.code, **how))


def listed(kit: KitSystem, kind: str = "edoc") -> list[dict[str, str]]:
    """What waits for a system."""
    found = envelope(kit.call("getReceivedEdocList", servicetype="eDoc", messagetype=kind))
    expect(found["status"] == "OK", found)
    expect(isinstance(found["data"], list), "data không phải danh sách")
    rows: list[dict[str, str]] = found["data"]
    return rows


def sent_row(bench: Bench, kit: KitSystem, raw: bytes) -> dict[str, str]:
    """Send a packet and find its row in the recipient's list."""
    before = {row["docId"] for row in listed(kit)}
    answer = send(bench, raw)
    expect(answer["status"] == "OK", answer)
    rows = [row for row in listed(kit) if row["docId"] not in before]
    expect(len(rows) == 1, f"{len(rows)} dòng mới trong danh sách nhận")
    return rows[0]


@checks("K-01", "Sai khóa bí mật và sai mã hệ thống nhận cùng một trả lời, mã 15", "V-01; H.2")
def wrong_secret_is_refused(bench: Bench) -> None:
    party = bench.profile.kit_sender
    answers = []
    for system, secret in ((party.system_id, "sai"), ("khong.co", party.secret)):
        with KitSystem(bench.target, system, secret) as kit:
            answers.append(envelope(kit.call("countReceiveEdoc", b"{}")))
    failed(answers[0], "15")
    expect(answers[0] == answers[1], "hai trả lời khác nhau")


@checks("K-02", "Gói tin được nhận với mã băm thiếu số 0 của bộ kết nối", "V-03; H.2 (5)")
def unpadded_digest_is_taken(bench: Bench) -> None:
    answer = send(bench, packet(bench))
    expect(answer["status"] == "OK", answer)
    expect(answer["ErrorCode"] == "0", answer)
    expect(answer["DocId"], "thiếu DocId")


@checks("K-03", "Gói tin được nhận với mã băm viết đúng", "V-03; H.2 (5)")
def padded_digest_is_taken(bench: Bench) -> None:
    raw = packet(bench)
    answer = send(bench, raw, digest=hashlib.sha256(raw).hexdigest())
    expect(answer["status"] == "OK", answer)


@checks("K-04", "Mã băm sai bị từ chối với mã 21, có DocId rỗng", "V-03; H.3")
def wrong_digest_is_refused(bench: Bench) -> None:
    failed(send(bench, packet(bench), digest="0" * 64), "21")


@checks("K-05", "Gói tin sai định dạng bị từ chối với mã 22 và số quy tắc", "V-06, V-21; H.3")
def malformed_packet_is_refused(bench: Bench) -> None:
    failed(send(bench, b"<edXML>"), "22")
    broken = packet(bench).replace(b"Subject>", b"SubjectBad>")
    found = send(bench, broken)
    failed(found, "22")
    expect(found["ErrorDesc"].startswith("V-21"), found["ErrorDesc"])


@checks("K-06", "Gửi thay cơ quan khác bị từ chối với mã 19, nơi nhận lạ với mã 18", "V-02, V-15")
def strangers_are_refused(bench: Bench) -> None:
    parties = bench.profile
    with bench.kit(parties.kit_sender) as kit:
        failed(envelope(kit.send(packet(bench), parties.kit_recipient.code)), "19")
    nobody = Party("Z99.99", "Không có thật", "", parties.sender.person, parties.sender.seal)
    failed(send(bench, edxml.encode(bench.document(parties.kit_sender, nobody))), "18")


@checks(
    "K-07", "Danh sách, lấy gói tin, báo xong: đúng từng byte, rồi rời danh sách", "DX-91, DX-92"
)
def packet_is_fetched_and_done(bench: Bench) -> None:
    raw = packet(bench)
    with bench.kit(bench.profile.kit_recipient) as kit:
        row = sent_row(bench, kit, raw)
        expect(row["status"] == "initial", row)
        found = envelope(kit.call("getEdoc", b"{}", docId=row["docId"]))
        expect(base64.b64decode(found["data"]) == raw, "nội dung khác")
        expect(row["docId"] in {each["docId"] for each in listed(kit)}, "mất trước khi báo xong")
        envelope(kit.call("updateStatus", b"{}", docid=row["docId"], status="done"))
        expect(row["docId"] not in {each["docId"] for each in listed(kit)}, "vẫn trong danh sách")


@checks("K-08", "downloadEdoc trả đúng nội dung; khi lỗi trả 204 hoặc 404 và thân rỗng", "H.4")
def download_is_bytes_or_nothing(bench: Bench) -> None:
    raw = packet(bench)
    with bench.kit(bench.profile.kit_recipient) as kit:
        row = sent_row(bench, kit, raw)
        expect(kit.download(row["docId"]).content == raw, "nội dung khác")
        missing = kit.download(NOWHERE)
    expect(missing.status_code in {204, 404}, f"HTTP {missing.status_code}")
    expect(missing.content == b"", f"thân có {len(missing.content)} byte")


@checks("K-09", "Gói tin của hệ thống khác được trả lời như không có, mã 20", "DX-95")
def foreign_is_like_unknown(bench: Bench) -> None:
    with bench.kit(bench.profile.kit_recipient) as kit:
        row = sent_row(bench, kit, packet(bench))
    with bench.kit(bench.profile.kit_sender) as kit:
        foreign = envelope(kit.call("getEdoc", b"{}", docId=row["docId"]))
        unknown = envelope(kit.call("getEdoc", b"{}", docId=NOWHERE))
    failed(foreign, "20")
    expect(foreign == unknown, "hai trả lời khác nhau")


@checks("K-10", "Tham số còn sót của lời gọi trước không đổi kết quả", "H.1")
def sticky_parameters_are_ignored(bench: Bench) -> None:
    with bench.kit(bench.profile.kit_recipient) as kit:
        row = sent_row(bench, kit, packet(bench))
        envelope(kit.call("getEdoc", b"{}", docId=row["docId"], status="fail", from_="Z99"))
        found = envelope(kit.call("updateStatus", b"{}", docid=row["docId"], status="done"))
        expect(found["status"] == "OK", found)
        expect(listed(kit) is not None, "")
        for method in LISTS:
            expect(envelope(kit.call(method, level="1"))["status"] == "OK", method)


@checks(
    "K-11", "Mọi phương thức tra cứu trả danh sách hoặc số, thân rỗng hay {} đều được", "H.3, H.4"
)
def every_method_answers(bench: Bench) -> None:
    with bench.kit(bench.profile.kit_sender) as kit:
        for body in (b"", b"{}"):
            for method in LISTS:
                found = envelope(
                    kit.call(method, body, level="1", servicetype="eDoc", messagetype="edoc")
                )
                expect(found["status"] == "OK", f"{method}: {found['ErrorDesc']}")
                expect(isinstance(found["data"], list), f"{method}: data")
            for method in ("countReceiveEdoc", "countReceiveStatus"):
                found = envelope(kit.call(method, body))
                expect(type(found["count"]) is int, f"{method}: count")


@checks("K-12", "Gói trạng thái của bộ kết nối về tới nơi gửi", "DX-90, DX-94")
def status_goes_back(bench: Bench) -> None:
    parties = bench.profile
    document = bench.document(parties.kit_sender, parties.kit_recipient)
    expect(send(bench, edxml.encode(document))["status"] == "OK", "văn bản không được nhận")
    told = bench.status(parties.kit_recipient, document, edxml.StatusCode.ARRIVED)
    with bench.kit(parties.kit_sender) as home:
        before = {row["docId"] for row in listed(home, "status")}
        with bench.kit(parties.kit_recipient) as kit:
            raw = edxml.encode(told)
            answer = envelope(kit.send(raw, parties.kit_recipient.code, kind="status"))
        expect(answer["status"] == "OK", answer)
        new = [row for row in listed(home, "status") if row["docId"] not in before]
    expect(len(new) == 1, f"{len(new)} trạng thái mới")


@checks("K-13", "Đăng ký cơ quan ngoài nhánh của mình bị từ chối", "DX-97")
def foreign_branch_is_refused(bench: Bench) -> None:
    with bench.kit(bench.profile.kit_sender) as kit:
        wanted = b'{"id":"1","pcode":"Z99","code":"Z99.1","name":"X","mail":"x@vidu.example"}'
        failed(envelope(kit.call("registerAgency", wanted)), "19")
