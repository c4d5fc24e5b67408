"""The evidence: heads that are signed and only grow, and receipts that stay provable."""

from __future__ import annotations

from lienthong.client.conformance.bench import Bench, Checks, expect
from lienthong.client.conformance.native import accepted, proved, usual
from lienthong.core import tlog

LOG_KEY = "log"
checks = Checks()


def fetcher(bench: Bench) -> tlog.Fetch:
    """Reads the log's files at the target (C2SP tlog-tiles), as a participant: entries too."""

    def fetch(path: str) -> bytes | None:
        target = f"/v1/log/{path}"
        headers = bench.headers(bench.profile.sender, "GET", target)
        answer = bench.http.get(f"{bench.target}{target}", headers=headers)
        return answer.content if answer.status_code == 200 else None

    return fetch


def head(bench: Bench) -> tlog.Seen:
    """The newest head of the log, with its signature verified."""
    note = bench.http.get(f"{bench.target}/v1/log/checkpoint").text
    origin = note.split("\n", 1)[0]
    found = tlog.verify_checkpoint(note, bench.profile.trust.keys[LOG_KEY], origin)
    return tlog.Seen(found.origin, found.size, found.root, note)


@checks("L-01", "Đầu nhật ký được ký và đã chứa gói tin vừa nhận", "SG 5.5; C2SP tlog-checkpoint")
def head_is_signed(bench: Bench) -> None:
    head(bench)
    answer = accepted(bench, usual(bench))
    seen = head(bench)
    expect(seen.size > answer["log"]["index"], f"đầu {seen.size}, mục {answer['log']['index']}")


@checks("L-02", "Nhật ký chỉ thêm; ô băm và mục mới khớp với đầu đã ký", "SG 5.5; TM-A")
def log_only_grows(bench: Bench) -> None:
    accepted(bench, usual(bench))
    old = head(bench)
    accepted(bench, usual(bench))
    key = bench.profile.trust.keys[LOG_KEY]
    report = tlog.audit(fetcher(bench), key, seen=old, whole=False)
    expect(report.ok, "; ".join(each.text for each in report.findings))
    expect(report.entries > 0, "không có mục mới")


@checks("L-03", "Biên nhận cũ chứng minh được dưới đầu nhật ký mới", "SG 5.4, 5.5")
def old_receipts_stay_provable(bench: Bench) -> None:
    sent = usual(bench)
    first = accepted(bench, sent)
    accepted(bench, usual(bench))
    with bench.client(bench.profile.sender) as client:
        again = client.receipt(first["packet_id"])
    expect(again["receipt"] == first["receipt"], "biên nhận đã đổi")
    expect(again["log"]["size"] > first["log"]["size"], "không dưới đầu nhật ký mới")
    proved(bench, sent, again)
