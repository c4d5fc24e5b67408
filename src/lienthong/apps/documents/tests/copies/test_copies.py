"""Electronic copies: form of copy, agency and time in the corner, the agency's signature alone."""

from __future__ import annotations

import io
import shutil
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pikepdf
import pypdfium2
import pytest
from django.test import Client
from django.utils import timezone
from PIL import Image, ImageChops
from pytest_django import Settings

from lienthong.apps.accounts import api as accounts
from lienthong.apps.documents import actions
from lienthong.apps.documents.common import text_marks, typeset
from lienthong.apps.documents.copies import making
from lienthong.apps.documents.copies.making import Wanted
from lienthong.apps.documents.models import ElectronicCopy, IncomingDocument, OutgoingDocument
from lienthong.apps.documents.problems import (
    CopyKindUnsuitable,
    CopyPagesUnclear,
    CopySourceNotValid,
)
from lienthong.apps.documents.tests.common.test_typeset import blank
from lienthong.apps.documents.tests.conftest import PIN, Desk, KeyCabinet
from lienthong.apps.documents.tests.incoming.test_arriving import arrived, carry, outbound_of, sent
from lienthong.apps.documents.tests.outgoing.test_issuing import drafted, sealed
from lienthong.apps.documents.tests.test_pages import as_, text_of
from lienthong.apps.files import api as files
from lienthong.apps.pki import api as pki
from lienthong.core import signing
from lienthong.core.errors import Problem
from lienthong.core.signing.text_marks import CopyKind, copy_lines, shown_time

PDFSIG = shutil.which("pdfsig")


@pytest.fixture(autouse=True)
def in_the_ministry(ministry: Desk) -> Iterator[None]:
    with accounts.scope(ministry.organization.pk):
        yield


@pytest.fixture(autouse=True)
def _static_directory(settings: Settings) -> None:
    Path(settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)


@pytest.fixture
def issued(ministry: Desk, province: Desk, keys: object) -> OutgoingDocument:
    """A document of the ministry with both signatures."""
    return sealed(ministry, drafted(ministry, province))


def words_in(pdf: bytes, box: list[float]) -> list[str]:
    """What page 1 shows within left, bottom, right, top; drawn fields too."""
    document = pypdfium2.PdfDocument(pdf)
    document.init_forms()
    pypdfium2.raw.FPDFPage_Flatten(document[0], pypdfium2.raw.FLAT_NORMALDISPLAY)
    left, bottom, right, top = box
    text = document[0].get_textpage().get_text_bounded(left, bottom, right, top)
    document.close()
    return str(text).split("\r\n")


def mark_of(pdf: bytes) -> tuple[pikepdf.Pdf, pikepdf.Object, list[float]]:
    """The PDF, the agency's field and its place on the page."""
    opened = pikepdf.open(io.BytesIO(pdf))
    (field,) = list(opened.Root.AcroForm.Fields)
    return opened, field, [float(edge) for edge in list(field.Rect)]


def test_a_true_copy_shows_form_agency_and_time_and_verifies(
    ministry: Desk, issued: OutgoingDocument
) -> None:
    """SG-A-05, SG-A-06, DX-59."""
    copy = actions.make_copy(ministry.clerk, issued, Wanted(CopyKind.TRUE_COPY), PIN)
    pdf = files.get(copy.sha256)
    pdf_file, field, box = mark_of(pdf)
    page = [float(edge) for edge in list(pdf_file.pages[0].mediabox)]
    font = next(iter(field.AP.N.Resources.Font.values()))
    report = signing.verify_pdf(pdf, trust=pki.trust(), at=timezone.now() + timedelta(seconds=2))

    assert words_in(pdf, box) == ["SAO Y", "Bộ Thử nghiệm", shown_time(copy.made_at)]
    assert str(field.V.M) == f"D:{timezone.localtime(copy.made_at):%Y%m%d%H%M%S}+07'00'"
    assert page[2] - box[2] == pytest.approx(15 * 72 / 25.4, abs=0.1), "15 mm from the right"
    assert page[3] - box[3] == pytest.approx(4 * 72 / 25.4, abs=0.1), "4 mm from the top"
    assert page[3] - box[1] < 20 * 72 / 25.4, "inside the top margin"
    assert "/FontFile2" in font.DescendantFonts[0].FontDescriptor
    assert "/XObject" not in field.AP.N.Resources, "words and no picture"
    assert report.verdict is signing.Verdict.VALID
    assert [one.field for one in report.signatures] == [signing.AGENCY_FIELD]
    assert "Số: 01/BTN-CCN" in typeset.first_page_text(pdf)


def test_the_letters_are_upright_ten_points_and_whole() -> None:
    mark = text_marks.words(copy_lines(CopyKind.COPY_OF_COPY, "ỦY BAN Ộg", timezone.now()))
    with pikepdf.open(io.BytesIO(mark)) as pdf:
        content = pdf.pages[0].Contents.read_bytes()
        (font,) = pdf.pages[0].Resources.Font.values()
        name = str(font.BaseFont)
    with Image.open(io.BytesIO(typeset.page_png(mark, 0, 1200))) as picture:
        ink = ImageChops.invert(picture.convert("L")).getbbox()
        width, height = picture.size

    assert b" 10 Tf" in content
    assert name.endswith("+LiberationSerif"), "neither bold nor italic"
    assert ink is not None
    assert 0 < ink[0] < ink[2] < width, "no letter is cut off at a side"
    assert 0 < ink[1] < ink[3] < height, "no accent or descender is cut off"


@pytest.mark.skipif(PDFSIG is None, reason="poppler-utils is not installed")
def test_pdfsig_finds_one_signature_over_the_whole_copy(
    ministry: Desk, issued: OutgoingDocument, tmp_path: Path
) -> None:
    copy = actions.make_copy(ministry.clerk, issued, Wanted(CopyKind.TRUE_COPY), PIN)
    file = tmp_path / "copy.pdf"
    file.write_bytes(files.get(copy.sha256))
    told = subprocess.run(
        [str(PDFSIG), "-nocert", str(file)], capture_output=True, text=True, check=False
    ).stdout

    assert told.count("Signature is Valid.") == 1
    assert "Total document signed" in told
    assert "Signature Field Name: CoQuan" in told


@pytest.mark.usefixtures("keys")
def test_an_extract_has_the_pages_asked_for(ministry: Desk, province: Desk) -> None:
    long = sealed(
        ministry,
        actions.draft_from_pdf(
            ministry.officer,
            pdf=blank(pages=3),
            filename="ba-trang.pdf",
            type_code=18,
            subject="báo cáo ba trang",
            urgency=0,
            recipients=[province.organization.pk],
            signatory_seat_id=ministry.deputy.seat_id,
            reviewer_seat_id=ministry.unit_head.seat_id,
        ),
    )

    copy = actions.make_copy(ministry.clerk, long, Wanted(CopyKind.EXTRACT, "1, 3"), PIN)

    pdf = files.get(copy.sha256)
    assert typeset.page_count(pdf) == 2
    assert words_in(pdf, mark_of(pdf)[2])[0] == "TRÍCH SAO"
    for unclear in ("", "0", "2-1", "4", "1-9999999999", "x", "1,,2"):
        with pytest.raises(CopyPagesUnclear):
            actions.make_copy(ministry.clerk, long, Wanted(CopyKind.EXTRACT, unclear), PIN)
    assert ElectronicCopy.objects.count() == 1


def test_a_copy_of_a_copy_keeps_the_first_mark_in_sight(
    ministry: Desk, issued: OutgoingDocument
) -> None:
    """SAO LỤC is made of a copy, and of nothing else."""
    with pytest.raises(CopyKindUnsuitable):
        actions.make_copy(ministry.clerk, issued, Wanted(CopyKind.COPY_OF_COPY), PIN)
    first = actions.make_copy(ministry.clerk, issued, Wanted(CopyKind.TRUE_COPY), PIN)
    issued.refresh_from_db()
    OutgoingDocument.objects.filter(pk=issued.pk).update(sealed_sha256=first.sha256)
    issued.refresh_from_db()

    second = actions.make_copy(ministry.clerk, issued, Wanted(CopyKind.COPY_OF_COPY), PIN)

    old, new = (mark_of(files.get(one.sha256))[2] for one in (first, second))
    pdf = files.get(second.sha256)
    assert new[2] <= old[0]
    assert words_in(pdf, old)[0] == "SAO Y"
    assert words_in(pdf, new)[0] == "SAO LỤC"
    with pytest.raises(CopyKindUnsuitable):
        actions.make_copy(ministry.clerk, issued, Wanted(CopyKind.TRUE_COPY), PIN)


def test_what_does_not_verify_is_not_copied(ministry: Desk, issued: OutgoingDocument) -> None:
    changed = files.put(files.get(issued.sealed_sha256).replace(b"/Pages", b"/Pagex", 1)).sha256
    OutgoingDocument.objects.filter(pk=issued.pk).update(sealed_sha256=changed)
    issued.refresh_from_db()

    with pytest.raises(CopySourceNotValid):
        actions.make_copy(ministry.clerk, issued, Wanted(CopyKind.TRUE_COPY), PIN)
    assert not ElectronicCopy.objects.exists()


def test_only_the_clerk_copies_and_only_what_is_issued(
    ministry: Desk, province: Desk, issued: OutgoingDocument
) -> None:
    draft = drafted(ministry, province)

    for actor, document in ((ministry.officer, issued), (ministry.clerk, draft)):
        with pytest.raises(Problem, match="forbidden"):
            actions.make_copy(actor, document, Wanted(CopyKind.TRUE_COPY), PIN)
        assert not making.may_copy(actor, document)


def test_the_clerk_of_the_receiver_copies_what_arrived_on_its_page(
    ministry: Desk, province: Desk, keys: KeyCabinet
) -> None:
    outgoing = sent(ministry, province)
    document: IncomingDocument = arrived(
        province, carry(outbound_of(ministry, outgoing.outbound_id), province)
    )
    keys.agency(province, PIN)
    client: Client = as_(province.clerk)
    page = f"/van-ban/den/{document.pk}"
    with accounts.scope(province.organization.pk):
        before = text_of(client.get(page))
        actions.accept(province.clerk, document)

    shown = text_of(client.get(page))
    wrong = client.post(f"{page}/ban-sao", {"kind": "sao_y", "pin": ""})
    made = client.post(f"{page}/ban-sao", {"kind": "sao_y", "pin": PIN})
    after = text_of(client.get(page))
    with accounts.scope(province.organization.pk):
        copy = ElectronicCopy.objects.get()
    pdf = client.get(f"{page}/ban-sao/{copy.pk}")

    assert "Làm bản sao điện tử" not in before
    assert "Làm bản sao điện tử" in shown
    assert wrong.status_code == 422
    assert made.status_code == 302
    assert f"{page}/ban-sao/{copy.pk}" in after
    assert b"".join(pdf)[:5] == b"%PDF-"
    assert client.get(f"{page}/ban-sao/{copy.pk + 1}").status_code == 404
