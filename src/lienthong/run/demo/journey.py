"""The main path as people walk it: each step is a page read or a form posted at a desk."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lienthong.core.signing import read_jws
from lienthong.run.demo.desk import Desk

SUBJECT = "Góp ý dự thảo Quy chế trao đổi văn bản điện tử"
BODY = "\n\n".join(
    (
        "Bộ Thử nghiệm đang xây dựng dự thảo Quy chế trao đổi văn bản điện tử giữa các cơ quan nhà "
        "nước trên Trục liên thông văn bản quốc gia.",
        "Để hoàn thiện dự thảo, Bộ Thử nghiệm đề nghị Quý Ủy ban nghiên cứu, cho ý kiến về các nội "
        "dung: thời hạn gửi và tiếp nhận; kiểm tra chữ ký số trước khi tiếp nhận; cập nhật trạng "
        "thái xử lý.",
        "Ý kiến của Quý Ủy ban đề nghị gửi về Bộ Thử nghiệm trước ngày hạn trả lời để tổng hợp, "
        "báo cáo cấp có thẩm quyền./.",
    )
)


SIGNATURES = {
    "": "chữ ký gói tin",
    "GoiTin": "chữ ký gói tin",
    "NguoiKy": "chữ ký của người ký (NguoiKy)",
    "CoQuan": "chữ ký của cơ quan (CoQuan)",
}


@dataclass
class Step:
    """One line of the timeline. `ms` is wall time; `checks` are what was verified in this step."""

    name: str
    title: str
    node: str
    who: str
    at: str = ""
    ms: int = 0
    checks: list[str] = field(default_factory=list)


@dataclass
class Outcome:
    """What the journey left behind."""

    ok: bool
    statuses: list[str]
    steps: list[Step]
    packet_id: str
    reference: str
    files: dict[str, str]

    def to_json(self) -> str:
        """The facts on one line."""
        return json.dumps(asdict(self), ensure_ascii=False, separators=(",", ":"))


@dataclass(frozen=True)
class Account:
    """How one person signs in; `pin` opens the signing key, empty when there is none."""

    username: str
    password: str
    full_name: str
    pin: str = ""
    seal_pin: str = ""


class Journey:
    """Walks one document through the country and keeps the timeline."""

    def __init__(
        self,
        *,
        urls: dict[str, str],
        accounts: dict[str, Account],
        out: Path,
        report: Callable[[Step], None],
    ) -> None:
        self._urls = urls
        self._accounts = accounts
        self._out = out
        self._report = report
        self.steps: list[Step] = []

    def walk(self, pdf: Path | None) -> Outcome:
        """Walk the whole road. Raises PageRefused or WaitedTooLong where it ends early."""
        sent = self._send(pdf)
        self._receive(sent)
        return self._home(sent)

    @contextmanager
    def _step(self, name: str, title: str, node: str, username: str) -> Iterator[Step]:
        who = self._accounts[username].full_name if username else "hệ thống"
        step = Step(name=name, title=title, node=node, who=who)
        started = time.perf_counter()
        yield step
        step.ms = round((time.perf_counter() - started) * 1000)
        step.at = datetime.now(UTC).astimezone().isoformat(timespec="milliseconds")
        self.steps.append(step)
        self._report(step)

    @contextmanager
    def _at_desk(self, node: str, username: str) -> Iterator[Desk]:
        with Desk(self._urls[node], username) as desk:
            desk.sign_in(self._accounts[username].password)
            yield desk

    def _send(self, pdf: Path | None) -> str:
        """Ministry: from an empty page to the hub's receipt. Returns the path of the document."""
        with self._at_desk("bo", "chuyenvien.btn") as desk:
            with self._step("draft", "Soạn dự thảo", "bo", "chuyenvien.btn"):
                path = self._draft(desk, pdf)
            with self._step("submit", "Trình duyệt", "bo", "chuyenvien.btn"):
                desk.submit(f"{path}/trinh", {})
        with (
            self._at_desk("bo", "vutruong.btn") as desk,
            self._step("review", "Duyệt nội dung", "bo", "vutruong.btn"),
        ):
            desk.submit(f"{path}/duyet", {"comment": "Đồng ý trình ký."})
        with (
            self._at_desk("bo", "vanthu.btn") as desk,
            self._step("form_review", "Duyệt thể thức", "bo", "vanthu.btn"),
        ):
            desk.submit(f"{path}/duyet-the-thuc", {"comment": ""})
        with (
            self._at_desk("bo", "thutruong.btn") as desk,
            self._step("sign", "Cấp số và ký số", "bo", "thutruong.btn") as step,
        ):
            desk.submit(f"{path}/ky", {"pin": self._accounts["thutruong.btn"].pin})
            step.checks.append(f"số {desk.page(path).fact('reference')}")
        with self._at_desk("bo", "vanthu.btn") as desk:
            with self._step("seal", "Đóng dấu (chữ ký số của cơ quan)", "bo", "vanthu.btn") as step:
                desk.submit(f"{path}/dong-dau", {"pin": self._accounts["vanthu.btn"].seal_pin})
                step.checks.append(
                    "chữ ký của người có thẩm quyền được kiểm tra trước khi đóng dấu"
                )
            with self._step("dispatch", "Phát hành", "bo", "vanthu.btn"):
                desk.submit(f"{path}/phat-hanh", {})
            with self._step("hub", "Trục kiểm tra, lưu và cấp biên nhận", "truc", "") as step:
                desk.wait(path, "biên nhận của trục", lambda page: bool(page.fact("packet-id")))
                receipt = json.loads(desk.file(f"{path}/bien-nhan"))
                step.checks += _passed_at_hub(receipt)
                step.checks.append(f"biên nhận ở vị trí {receipt['log']['index']} của nhật ký")
        return path

    def _draft(self, desk: Desk, pdf: Path | None) -> str:
        page = desk.page("/van-ban/di/soan")
        form: dict[str, Any] = {
            "type_code": "18",
            "subject": SUBJECT,
            "urgency": "1",
            "due_on": "",
            "recipients": [page.choice("recipients", "Ủy ban nhân dân tỉnh Minh Họa")],
            "signatory": page.choice("signatory", "Lê Minh Họa"),
            "reviewer": page.choice("reviewer", "Phạm Thu Vụ"),
        }
        if pdf is not None:
            upload = {"pdf": (pdf.name, pdf.read_bytes(), "application/pdf")}
            return desk.submit("/van-ban/di/soan", {**form, "source": "upload"}, upload)
        texts = {
            "source": "form",
            "addressee": "",
            "body": BODY,
            "places": "Như trên\nLưu: VT, CNTT",
        }
        return desk.submit("/van-ban/di/soan", {**form, **texts})

    def _receive(self, sent: str) -> None:
        """Province: from the arrival list to the dossier."""
        document_id = self._document_id(sent)
        with self._at_desk("tinh", "vanthu.ubnd") as desk:
            with self._step("arrive", "Đến, kiểm tra, báo 01", "tinh", "") as step:
                page = desk.wait(
                    "/van-ban/den/",
                    "văn bản đến",
                    lambda page: document_id in page.facts("document-id"),
                )
                path = page.beside("document-id", document_id, "href")
                report = json.loads(desk.file(f"{path}/ket-qua-kiem-tra.json"))
                step.checks += [
                    f"{SIGNATURES[each['field']]}: {each['indication']}"
                    for each in (report["packet"], *report["document"]["signatures"])
                ]
            with self._step("register", "Tiếp nhận, vào sổ, báo 03", "tinh", "vanthu.ubnd") as step:
                desk.submit(f"{path}/tiep-nhan", {})
                number = desk.page(path).fact("arrival-number")
                step.checks.append(f"số đến {number}")
        with (
            self._at_desk("tinh", "chutich.ubnd") as desk,
            self._step("assign", "Chỉ đạo, phân công, báo 04", "tinh", "chutich.ubnd"),
        ):
            lead = desk.page(path).choice("lead", "Đặng Hồng Sơ")
            directive = "Nghiên cứu, dự thảo ý kiến của Ủy ban nhân dân tỉnh."
            desk.submit(f"{path}/phan-cong", {"lead": lead, "directive": directive, "due_on": ""})
        with self._at_desk("tinh", "chuyenvien.ubnd") as desk:
            with self._step("work", "Bắt đầu xử lý, báo 05", "tinh", "chuyenvien.ubnd"):
                desk.submit(f"{path}/bat-dau", {})
            with self._step("finish", "Hoàn thành, lập hồ sơ, báo 06", "tinh", "chuyenvien.ubnd"):
                note = "Đã có văn bản góp ý."
                title = "Góp ý dự thảo Quy chế trao đổi văn bản điện tử"
                desk.submit(f"{path}/hoan-thanh", {"note": note, "dossier_title": title})

    def _document_id(self, sent: str) -> str:
        with self._at_desk("bo", "vanthu.btn") as desk:
            return desk.page(sent).fact("document-id")

    def _home(self, sent: str) -> Outcome:
        """Ministry again: the last status is home; keep the files a person would download."""
        with self._at_desk("bo", "vanthu.btn") as desk:
            with self._step("home", "Trạng thái 06 về tới nơi gửi", "bo", ""):
                page = desk.wait(
                    sent, "trạng thái 06", lambda page: "06" in page.facts("status-entry")
                )
            reference = page.fact("reference")
            files = self._keep(desk, sent, reference)
        statuses = page.facts("status-entry")
        return Outcome(
            ok=statuses == ["01", "03", "04", "05", "06"],
            statuses=statuses,
            steps=self.steps,
            packet_id=page.fact("packet-id"),
            reference=reference,
            files=files,
        )

    def _keep(self, desk: Desk, sent: str, reference: str) -> dict[str, str]:
        self._out.mkdir(parents=True, exist_ok=True)
        name = re.sub(r"[^\w-]+", "_", reference)
        kept = {}
        for key, page, suffix in (
            ("pdf", "ban-pdf", ".pdf"),
            ("packet", "goi-tin", ".edxml"),
            ("packet_signature", "goi-tin.p7s", ".edxml.p7s"),
            ("receipt", "bien-nhan", ".receipt.json"),
        ):
            target = self._out / f"{name}{suffix}"
            target.write_bytes(desk.file(f"{sent}/{page}"))
            kept[key] = str(target)
        return kept


def _passed_at_hub(answer: dict[str, Any]) -> list[str]:
    """What the axis says, under its signature, that it verified."""
    payload = json.loads(read_jws(answer["receipt"]).payload_bytes)
    fields = [check.partition(":")[2] for check in payload["checks"]]
    return [f"{SIGNATURES[name]}: TOTAL-PASSED" for name in fields]
