"""Bad input and haste at the pages of incoming documents: each is answered, none is half done."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from lienthong.apps.accounts import api as accounts
from lienthong.apps.accounts.api import Seat
from lienthong.apps.documents.common import numbering
from lienthong.apps.documents.incoming import queries, scans, stamp
from lienthong.apps.documents.models import IncomingDocument
from lienthong.apps.documents.rules.incoming import IncomingState, Medium
from lienthong.apps.documents.tests.common.test_typeset import blank
from lienthong.apps.documents.tests.conftest import Desk
from lienthong.apps.documents.tests.incoming.rows import paper_in
from lienthong.apps.documents.tests.test_pages import as_, text_of
from lienthong.apps.files import api as files

SCRIPT = "<script>alert('a')</script>"


@pytest.fixture(autouse=True)
def _static_directory(settings: Settings) -> None:
    Path(settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)


@pytest.fixture(autouse=True)
def _in_the_ministry(ministry: Desk) -> Iterator[None]:
    with accounts.scope(ministry.organization.pk):
        yield


def page(document: IncomingDocument) -> str:
    return f"/van-ban/den/{document.pk}"


def now_of(document: IncomingDocument) -> IncomingDocument:
    return IncomingDocument.objects.get(pk=document.pk)


def paper(**other: Any) -> dict[str, Any]:
    today = timezone.localdate()
    return {
        "pdf": SimpleUploadedFile("quet.pdf", blank(), "application/pdf"),
        "sender_name": "Hợp tác xã Đồng Xanh",
        "number": "12",
        "notation": "HTX-VP",
        "issued_on": (today - timedelta(days=3)).isoformat(),
        "type_name": "Công văn",
        "subject": "Đề nghị hỗ trợ",
        "urgency": "0",
        "arrived_on": today.isoformat(),
    } | other


def test_paper_is_registered_in_the_one_series_and_carries_the_mark(ministry: Desk) -> None:
    """DX-23: one series for paper and electronic; the scan only informs."""
    numbering.take(ministry.organization.pk, numbering.Series.ARRIVAL, timezone.localdate())
    clerk = as_(ministry.clerk)

    answer = clerk.post("/van-ban/den/ban-giay", paper())

    document = IncomingDocument.objects.get()
    assert answer["Location"] == page(document)
    assert (document.arrival_number, document.medium) == (2, Medium.PAPER)
    assert "Bản gốc là bản giấy" in text_of(clerk.get(page(document)))
    plain = files.get(document.pdf_sha256)
    assert stamp.printed(document) != plain
    with pikepdf.open(io.BytesIO(stamp.printed(document))) as printed:
        assert "ĐẾN" in stamp_text(stamp.printed(document))
        assert len(printed.pages) == 2
    assert clerk.get(f"{page(document)}/trang/1.png").headers["Content-Type"] == "image/png"
    assert files.get(document.pdf_sha256) == plain


def stamp_text(pdf: bytes) -> str:
    from lienthong.apps.documents.common import typeset  # noqa: PLC0415

    return typeset.first_page_text(pdf)


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"issued_on": "2099-01-01"}, "documents.date_in_future"),
        ({"arrived_on": "2020-01-01"}, "documents.dates_out_of_order"),
        ({"pdf": SimpleUploadedFile("a.pdf", b"khong phai")}, "signing.pdf_not_pdf"),
    ],
    ids=["day to come", "before it was written", "no PDF"],
)
def test_paper_with_wrong_facts_takes_no_number(
    ministry: Desk, wrong: dict[str, Any], code: str
) -> None:
    answer = as_(ministry.clerk).post("/van-ban/den/ban-giay", paper(**wrong))

    assert answer.status_code == 422
    assert code in text_of(answer)
    assert not IncomingDocument.objects.exists()


def test_a_scan_of_300_megabytes_is_refused_before_it_is_read(ministry: Desk) -> None:
    clerk = as_(ministry.clerk)

    answer = clerk.post(
        "/van-ban/den/ban-giay", paper(), headers={"Content-Length": str(300 * 1024 * 1024)}
    )

    assert answer.status_code == 413
    assert "300" in text_of(answer)
    assert not IncomingDocument.objects.exists()


def test_a_scan_is_told_what_it_lacks() -> None:
    """DX-60."""
    with pikepdf.new() as pdf:
        sheet = pdf.add_blank_page(page_size=(595, 842))
        picture = pikepdf.Stream(pdf, b"\x80" * (827 * 10))
        picture.update(
            {
                "/Type": pikepdf.Name.XObject,
                "/Subtype": pikepdf.Name.Image,
                "/Width": 827,
                "/Height": 10,
                "/ColorSpace": pikepdf.Name.DeviceGray,
                "/BitsPerComponent": 8,
            }
        )
        sheet.add_resource(picture, pikepdf.Name.XObject)
        out = io.BytesIO()
        pdf.save(out)

    found = scans.check(out.getvalue(), max_bytes=10_000_000)

    assert found.dpi == 100
    assert len(found.remarks) == 3


def test_a_double_click_does_it_once_and_says_so(ministry: Desk) -> None:
    """DX-23: one number; the back button and a second click change nothing."""
    document = paper_in(ministry, IncomingState.ASSIGNED)
    officer = as_(ministry.officer)
    form = {"text": "Đã xin số liệu", "version": document.version}

    first = officer.post(f"{page(document)}/tien-do", form)
    second = officer.post(f"{page(document)}/tien-do", form)

    assert (first.status_code, second.status_code) == (302, 409)
    assert "documents.changed_meanwhile" in text_of(second)
    assert "Ghi tiến độ" in text_of(second)
    assert len(queries.slip(document).notes) == 1


def test_two_people_on_one_document_the_second_hears_what_changed(ministry: Desk) -> None:
    document = paper_in(ministry)
    leader, deputy = as_(ministry.leader), as_(ministry.deputy)
    shown = text_of(deputy.get(page(document)))
    assert f'name="version" value="{document.version}"' in shown
    direction = {"version": document.version, "quick": ministry.unit_head.seat_id}

    leader.post(f"{page(document)}/phan-cong", direction)
    answer = deputy.post(
        f"{page(document)}/phan-cong", direction | {"quick": ministry.other_unit_head.seat_id}
    )

    assert answer.status_code == 409
    assert ministry.leader.name in text_of(answer)
    assert now_of(document).lead_id == ministry.unit_head.seat_id


def test_rights_that_ended_while_the_page_was_open_are_gone(ministry: Desk) -> None:
    document = paper_in(ministry, IncomingState.ASSIGNED)
    officer = as_(ministry.officer)
    assert officer.get(page(document)).status_code == 200

    as_(ministry.leader).post(
        f"{page(document)}/giao-lai", {"seat": ministry.colleague.seat_id, "reason": "Đổi việc"}
    )
    lost = officer.post(f"{page(document)}/bat-dau")
    Seat.objects.filter(pk=ministry.leader.seat_id).update(
        valid_to=timezone.localdate() - timedelta(days=1)
    )
    outside = as_(ministry.leader).post(f"{page(document)}/mo-lai", {"reason": "x"})

    assert lost.status_code == 404
    assert outside.status_code in {302, 401, 403}
    assert now_of(document).state == IncomingState.ASSIGNED


ACTS: list[tuple[str, str, dict[str, Any]]] = [
    ("clerk", "trinh", {"note": SCRIPT}),
    ("leader", "phan-cong", {"directive": SCRIPT}),
    ("officer", "tien-do", {"text": SCRIPT}),
    ("officer", "xin-y-kien", {"question": SCRIPT}),
    ("colleague", "y-kien", {"answer": SCRIPT}),
    ("officer", "xin-gia-han", {"reason": SCRIPT}),
    ("leader", "gia-han", {"granted": "no", "decision": SCRIPT}),
    ("leader", "giao-lai", {"reason": SCRIPT}),
]


def test_script_in_every_field_is_shown_as_text(ministry: Desk) -> None:
    due = timezone.localdate() + timedelta(days=3)
    document = paper_in(ministry, subject=SCRIPT, sender_name=SCRIPT)
    chosen: dict[str, dict[str, Any]] = {
        "trinh": {"to": ministry.leader.seat_id},
        "phan-cong": {"lead": ministry.officer.seat_id, "due_on": due.isoformat()},
        "xin-y-kien": {"asked": [ministry.colleague.seat_id]},
        "xin-gia-han": {"wanted_on": (due + timedelta(days=9)).isoformat()},
        "giao-lai": {"seat": ministry.unit_head.seat_id},
    }

    for who, slug, form in ACTS:
        actor = ministry.actors[who]
        answer = as_(actor).post(f"{page(document)}/{slug}", form | chosen.get(slug, {}))
        assert answer.status_code == 302, (slug, text_of(answer))

    clerk = as_(ministry.clerk)
    for path in (page(document), "/van-ban/den/", "/van-ban/den/theo-doi?muc=dang-mo"):
        raw = clerk.get(path).content.decode()
        assert SCRIPT not in raw
        assert "&lt;script&gt;" in raw


def test_a_leader_directs_with_one_choice_and_one_press(ministry: Desk) -> None:
    """DX-26 on a phone: open, choose a person, press."""
    document = paper_in(ministry)
    leader = as_(ministry.leader)

    shown = text_of(leader.get(page(document)))
    leader.post(f"{page(document)}/phan-cong", {"quick": ministry.unit_head.seat_id})

    assert shown.index('name="quick"') < shown.index('name="lead"')
    assert now_of(document).lead_id == ministry.unit_head.seat_id


def test_two_leads_are_one_too_many(ministry: Desk) -> None:
    """DX-26: exactly one."""
    document = paper_in(ministry)

    answer = as_(ministry.leader).post(
        f"{page(document)}/phan-cong",
        {"quick": ministry.unit_head.seat_id, "lead": ministry.officer.seat_id},
    )

    assert answer.status_code == 422
    assert now_of(document).state == IncomingState.REGISTERED


@pytest.mark.parametrize("due_on", ["2026-02-30", "hôm qua", "9999-99-99"])
def test_a_day_that_does_not_exist_is_asked_for_again(ministry: Desk, due_on: str) -> None:
    document = paper_in(ministry)

    answer = as_(ministry.leader).post(
        f"{page(document)}/phan-cong", {"quick": ministry.unit_head.seat_id, "due_on": due_on}
    )

    assert answer.status_code == 422
    assert now_of(document).state == IncomingState.REGISTERED


def test_the_list_registers_many_and_tells_of_those_it_left(ministry: Desk) -> None:
    """DX-20."""
    good = paper_in(ministry, IncomingState.ARRIVED, legal_value="equivalent")
    doubtful = paper_in(ministry, IncomingState.ARRIVED)
    clerk = as_(ministry.clerk)

    answer = clerk.post(
        "/van-ban/den/nhieu", {"act": "accept", "chosen": [good.pk, doubtful.pk]}, follow=True
    )
    nothing = clerk.post("/van-ban/den/nhieu", {"act": "accept"})
    forged = clerk.post("/van-ban/den/nhieu", {"act": "accept", "chosen": ["x"]})

    assert "Đã làm xong 1 văn bản" in text_of(answer)
    assert doubtful.reference in text_of(answer)
    assert (nothing.status_code, forged.status_code) == (422, 422)


def test_the_follow_up_page_hands_on_what_somebody_left(ministry: Desk) -> None:
    document = paper_in(ministry, IncomingState.PROCESSING)
    Seat.objects.filter(pk=ministry.officer.seat_id).update(
        valid_to=timezone.localdate() - timedelta(days=1)
    )
    head = as_(ministry.unit_head)

    shown = text_of(head.get("/van-ban/den/theo-doi"))
    head.post(
        f"/van-ban/den/giao-lai/{ministry.officer.seat_id}",
        {"to": ministry.colleague.seat_id, "reason": "Nghỉ hưu"},
    )

    assert ministry.officer.name in shown
    assert now_of(document).lead_id == ministry.colleague.seat_id


def test_a_long_list_costs_no_more_reads_than_a_short_one(
    ministry: Desk, django_assert_max_num_queries: Any
) -> None:
    for _ in range(12):
        paper_in(ministry, IncomingState.PROCESSING)
    client: Client = as_(ministry.leader)
    client.get("/van-ban/den/")

    with django_assert_max_num_queries(40):
        client.get("/van-ban/den/")
        client.get("/van-ban/den/theo-doi")
