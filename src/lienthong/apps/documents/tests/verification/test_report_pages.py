"""Reports on signatures as officers see and download them, and the check of any file."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone, translation
from pytest_django import Settings

from lienthong.apps.accounts import api as accounts
from lienthong.apps.documents.common import sheets
from lienthong.apps.documents.models import IncomingDocument, OutgoingDocument
from lienthong.apps.documents.tests.conftest import Desk
from lienthong.apps.documents.tests.incoming.test_arriving import arrived, carry, outbound_of, sent
from lienthong.apps.documents.tests.test_pages import as_, text_of
from lienthong.apps.journal import api as journal
from lienthong.apps.pki import api as pki
from lienthong.core import signing
from lienthong.core.signing import Trust, Verdict, evidence_file
from lienthong.core.signing.verify_file import verify_bytes

CHECK = "/van-ban/kiem-tra/"


@pytest.fixture(autouse=True)
def _static_directory(settings: Settings) -> None:
    Path(settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)


@pytest.fixture(autouse=True)
def _vietnamese() -> Iterator[None]:
    with translation.override("vi"):
        yield


@pytest.fixture
def outgoing(ministry: Desk, province: Desk, keys: None) -> OutgoingDocument:
    return sent(ministry, province)


@pytest.fixture
def incoming(ministry: Desk, province: Desk, outgoing: OutgoingDocument) -> IncomingDocument:
    return arrived(province, carry(outbound_of(ministry, outgoing.outbound_id), province))


def anchors_only() -> Trust:
    return Trust(pki.trust().anchors)


def upload(data: bytes, name: str = "tep.pdf", **other: Any) -> dict[str, Any]:
    return {"file": SimpleUploadedFile(name, data), **other}


def test_the_report_of_an_incoming_document_says_who_signed_in_one_look(
    province: Desk, incoming: IncomingDocument
) -> None:
    clerk = as_(province.clerk)
    detail = clerk.get(f"/van-ban/den/{incoming.pk}")
    page = clerk.get(f"/van-ban/den/{incoming.pk}/kiem-tra")

    shown = text_of(page)
    assert f"/van-ban/den/{incoming.pk}/kiem-tra" in text_of(detail)
    assert page.status_code == 200
    assert 'data-verdict="VALID"' in shown
    assert "Nội dung còn nguyên vẹn kể từ khi ký" in shown
    assert "Hoàng Phó btn" in shown
    assert "Tải hồ sơ chứng cứ" in shown


def test_the_pdf_report_is_signed_by_the_service_and_verifies(
    province: Desk, incoming: IncomingDocument
) -> None:
    answer = as_(province.clerk).get(f"/van-ban/den/{incoming.pk}/bao-cao.pdf")

    found = verify_bytes(answer.content, trust=pki.trust(), at=timezone.now())
    assert answer["Content-Type"] == "application/pdf"
    assert (found.kind, found.ok) == ("pdf", True), found.text()
    assert "không phải trên văn bản" in found.text()


@pytest.mark.skipif(not shutil.which("pdftotext"), reason="needs pdftotext")
def test_reports_tell_the_number_of_the_trust_list(
    ministry: Desk, province: Desk, outgoing: OutgoingDocument, tmp_path: Path
) -> None:
    """SG 7.8: which list the verdict goes by, on the page, in the JSON and in the PDF."""
    replace(pki.trust(), list_number=41).save(tmp_path / "numbered")
    pki.install_trust(tmp_path / "numbered")
    incoming = arrived(province, carry(outbound_of(ministry, outgoing.outbound_id), province))

    clerk = as_(province.clerk)
    address = f"/van-ban/den/{incoming.pk}"
    page = text_of(clerk.get(f"{address}/kiem-tra"))
    token = clerk.get(f"{address}/bao-cao.jws").content
    pdf = clerk.get(f"{address}/bao-cao.pdf").content

    document = signing.read_jws(token.decode()).payload["document"]
    (tmp_path / "report.pdf").write_bytes(pdf)
    words = subprocess.run(
        ["pdftotext", str(tmp_path / "report.pdf"), "-"], check=True, capture_output=True, text=True
    ).stdout
    assert "<dt>Danh sách tin cậy</dt><dd>Số 41</dd>" in page
    assert document["trust_list_sequence"] == 41
    assert "số 41" in unicodedata.normalize("NFC", words)


def test_the_json_report_is_sealed_and_verifies(province: Desk, incoming: IncomingDocument) -> None:
    answer = as_(province.clerk).get(f"/van-ban/den/{incoming.pk}/bao-cao.jws")

    found = verify_bytes(answer.content, trust=pki.trust(), at=timezone.now())
    assert (found.kind, found.ok) == ("jws", True), found.text()
    assert found.report_json["payload"]["document"]["sha256"] == incoming.pdf_sha256


def test_a_sealed_report_is_an_entry_of_the_journal(
    province: Desk, incoming: IncomingDocument
) -> None:
    """SG 7.8: and so a leaf of the node's log, which is made of these entries."""
    clerk = as_(province.clerk)
    pages = [f"/van-ban/den/{incoming.pk}/bao-cao.{kind}" for kind in ("pdf", "jws")]

    given = [clerk.get(page).content for page in pages]

    with accounts.everywhere():
        entries = journal.Entry.objects.filter(act="documents.report_sealed")
        sealed = set(entries.values_list("subject", flat=True))
    assert sealed == {f"report:{hashlib.sha256(one).hexdigest()}" for one in given}


def test_the_evidence_of_an_incoming_document_verifies_with_the_roots_alone(
    province: Desk, incoming: IncomingDocument
) -> None:
    answer = as_(province.clerk).get(f"/van-ban/den/{incoming.pk}/chung-cu")

    found = evidence_file.check(answer.content, trust=anchors_only(), at=timezone.now())
    assert answer["Content-Disposition"].startswith("attachment")
    assert found.verdict is Verdict.VALID, [one for one in found.checks if one.ok is not True]
    assert found.packet is not None
    assert found.record["facts"]["reference"] == incoming.reference


def test_the_evidence_of_an_outgoing_document_verifies_too(
    ministry: Desk, outgoing: OutgoingDocument
) -> None:
    clerk = as_(ministry.clerk)
    page = clerk.get(f"/van-ban/di/{outgoing.pk}/kiem-tra")
    answer = clerk.get(f"/van-ban/di/{outgoing.pk}/chung-cu")
    report = clerk.get(f"/van-ban/di/{outgoing.pk}/bao-cao.pdf")
    token = clerk.get(f"/van-ban/di/{outgoing.pk}/bao-cao.jws")

    found = evidence_file.check(answer.content, trust=anchors_only(), at=timezone.now())
    assert 'data-verdict="VALID"' in text_of(page)
    assert found.verdict is Verdict.VALID, [one for one in found.checks if one.ok is not True]
    assert "biên nhận của trục và bằng chứng nhật ký" in found.missing
    assert report.content.startswith(b"%PDF-")
    assert token.content.count(b".") == 2


def test_who_may_not_see_a_document_gets_no_report_of_it(
    ministry: Desk, province: Desk, incoming: IncomingDocument
) -> None:
    for end in ("kiem-tra", "bao-cao.pdf", "bao-cao.jws", "chung-cu"):
        answer = as_(ministry.clerk).get(f"/van-ban/den/{incoming.pk}/{end}")

        assert answer.status_code == 404


def test_a_file_is_checked_and_not_kept(province: Desk, incoming: IncomingDocument) -> None:
    data = sheets.pdf(incoming)
    officer = as_(province.officer)

    good = officer.post(CHECK, upload(data))
    changed = officer.post(CHECK, upload(data[:200] + bytes([data[200] ^ 1]) + data[201:]))

    assert 'data-verdict="VALID"' in text_of(good)
    assert 'data-verdict="VALID"' not in text_of(changed)
    assert "data-verdict" in text_of(changed)
    assert "không được lưu lại" in text_of(officer.get(CHECK))


def test_an_evidence_file_is_checked_on_the_page(
    province: Desk, incoming: IncomingDocument
) -> None:
    officer = as_(province.officer)
    clerk = as_(province.clerk)
    data = clerk.get(f"/van-ban/den/{incoming.pk}/chung-cu").content

    shown = text_of(officer.post(CHECK, upload(data, "hs.asice")))

    assert 'data-verdict="VALID"' in shown
    assert "Văn bản là tệp nằm trong gói tin." in shown
    assert "Niêm phong hồ sơ" in shown


@pytest.mark.parametrize(
    "data", [b"xin chao", b"<a/>", b"{}", b"PK\x03\x04", b"\x30\x03", b"%PDF-"]
)
def test_a_file_that_says_nothing_is_never_valid(province: Desk, keys: None, data: bytes) -> None:
    answer = as_(province.officer).post(CHECK, upload(data))

    assert answer.status_code == 200
    assert 'data-verdict="VALID"' not in text_of(answer)
    assert "data-verdict" in text_of(answer)


def test_the_answer_may_be_a_signed_report(province: Desk, incoming: IncomingDocument) -> None:
    data = sheets.pdf(incoming)
    officer = as_(province.officer)

    report = officer.post(CHECK, upload(data, output="pdf"))
    token = officer.post(CHECK, upload(data, output="json"))

    for answer in (report, token):
        assert verify_bytes(answer.content, trust=pki.trust(), at=timezone.now()).ok


def test_a_packet_is_checked_with_the_signature_beside_it(
    ministry: Desk, outgoing: OutgoingDocument
) -> None:
    officer = as_(ministry.clerk)
    packet = officer.get(f"/van-ban/di/{outgoing.pk}/goi-tin").content
    signature = officer.get(f"/van-ban/di/{outgoing.pk}/goi-tin.p7s").content
    beside = SimpleUploadedFile("goi-tin.p7s", signature)

    alone = officer.post(CHECK, upload(packet, "goi-tin.edxml"))
    both = officer.post(CHECK, upload(packet, "goi-tin.edxml", beside=beside))

    assert 'data-verdict="UNKNOWN"' in text_of(alone)
    assert 'data-verdict="VALID"' in text_of(both)


def test_no_file_an_empty_file_and_a_huge_file_are_told(
    province: Desk, keys: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lienthong.apps.documents.verification import forms  # noqa: PLC0415

    officer = as_(province.officer)
    none = officer.post(CHECK, {})
    empty = officer.post(CHECK, upload(b""))
    monkeypatch.setattr(forms.CheckFileForm, "SIZE_MAX_BYTES", 10)
    huge = officer.post(CHECK, upload(b"x" * 11))

    assert [one.status_code for one in (none, empty, huge)] == [422, 422, 422]
    assert "Tệp lớn quá 50 MB." in text_of(huge)
