"""What a document looks like: words and signatures at their places, text that stays text."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

import pikepdf
import pypdfium2
import pytest
from PIL import Image

from lienthong.apps.documents.common import typeset
from lienthong.apps.documents.outgoing import marks
from lienthong.apps.documents.rules import UrgencyLevel
from lienthong.core.signing import Box

MM = 72 / 25.4
A4 = (210 * MM, 297 * MM)

LETTER = typeset.Letter(
    superior="",
    agency="Bộ Thử nghiệm",
    place="Hà Nội",
    notation="BTN-CNTT",
    subject="triển khai kết nối, liên thông văn bản điện tử",
    type_name="",
    addressees=["Ủy ban nhân dân tỉnh Đồng Xanh"],
    bases=[],
    body=["Đoạn thứ nhất của văn bản thử nghiệm.", "Đoạn thứ hai./."],
    places=["- Như trên;", "- Lưu: VT, CNTT."],
    capacity=["KT. BỘ TRƯỞNG", "Thứ trưởng"],
    signer="Nguyễn Thị Ánh Tuyết",
    number="07",
    date="ngày 05 tháng 02 năm 2026",
)


def page_text(pdf: bytes, page: int = 0) -> str:
    document = pypdfium2.PdfDocument(pdf)
    try:
        return str(document[page].get_textpage().get_text_range()).replace("\r\n", "\n")
    finally:
        document.close()


def place_of(pdf: bytes, words: str, page: int = 0) -> tuple[float, float, float, float]:
    """The rectangle of `words` on the page: left, bottom, right, top in points."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        text = document[page].get_textpage()
        found = text.search(words, match_case=True).get_next()
        assert found is not None, words
        boxes = [text.get_charbox(found[0] + step) for step in range(found[1])]
    finally:
        document.close()
    return (
        min(box[0] for box in boxes),
        min(box[1] for box in boxes),
        max(box[2] for box in boxes),
        max(box[3] for box in boxes),
    )


def inside(inner: Box, width: float, height: float) -> bool:
    return 0 <= inner.x1 < inner.x2 <= width and 0 <= inner.y1 < inner.y2 <= height


def test_the_words_of_decree_30_stand_in_their_places() -> None:
    """D30 Annex I: boxes 1–9b, F-05 to F-10, F-14."""
    pdf = typeset.render_form(LETTER).pdf

    nation = place_of(pdf, "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM")
    motto = place_of(pdf, "Độc lập - Tự do - Hạnh phúc")
    agency = place_of(pdf, "BỘ THỬ NGHIỆM")
    number = place_of(pdf, "Số: 07/BTN-CNTT")
    when = place_of(pdf, "Hà Nội, ngày 05 tháng 02 năm 2026")
    subject = place_of(pdf, "V/v triển khai")
    addressee = place_of(pdf, "Kính gửi: Ủy ban nhân dân tỉnh Đồng Xanh")
    receivers = place_of(pdf, "Nơi nhận:")
    capacity = place_of(pdf, "KT. BỘ TRƯỞNG")
    signer = place_of(pdf, "Nguyễn Thị Ánh Tuyết")

    assert agency[2] < nation[0], "agency left, national name right"
    assert abs(agency[3] - nation[3]) < 6, "on one line"
    assert motto[3] < nation[1]
    assert number[3] < agency[1]
    assert abs(number[1] - when[1]) < 4, "number and date on one line"
    assert subject[3] < number[1]
    assert addressee[3] < subject[1]
    assert receivers[2] < capacity[0]
    assert signer[3] < capacity[1]
    left, right = 30 * MM, A4[0] - 15 * MM
    for place in (nation, motto, agency, number, when, addressee, receivers, capacity, signer):
        assert left - 1 <= place[0]
        assert place[2] <= right + 1, "inside the margins (F-02)"


def test_the_page_is_a4_and_all_fonts_are_embedded() -> None:
    """F-01, F-03."""
    pdf = typeset.render_form(LETTER).pdf

    with pikepdf.open(io.BytesIO(pdf)) as document:
        box = [float(side) for side in document.pages[0].mediabox]
        fonts = [font for font in document.objects if is_font_descriptor(font)]

    assert box == pytest.approx([0, 0, *A4], abs=0.5)
    assert fonts
    assert all({"/FontFile2", "/FontFile3"} & set(font.keys()) for font in fonts)
    assert all("LiberationSerif" in str(font["/FontName"]) for font in fonts)


def is_font_descriptor(thing: Any) -> bool:
    return isinstance(thing, pikepdf.Dictionary) and thing.get("/Type") == "/FontDescriptor"


def test_the_first_line_of_a_paragraph_is_indented() -> None:
    """F-13."""
    pdf = typeset.render_form(replace(LETTER, body=["Một " + "chữ " * 60])).pdf

    first = place_of(pdf, "Một")

    assert first[0] == pytest.approx((30 + 12.7) * MM, abs=2)


def test_a_document_with_a_type_has_its_name_and_subject_in_the_middle() -> None:
    """F-10, F-12."""
    decision = replace(
        LETTER,
        type_name="Quyết định",
        notation="QĐ-BTN",
        addressees=[],
        bases=typeset.bases(["Căn cứ Luật thứ nhất", "Theo đề nghị của Cục trưởng;"]),
    )

    pdf = typeset.render_form(decision).pdf
    title = place_of(pdf, "QUYẾT ĐỊNH")
    text = page_text(pdf)

    assert (title[0] + title[2]) / 2 == pytest.approx((30 + 165 / 2) * MM, abs=2)
    assert "Căn cứ Luật thứ nhất;" in text
    assert "Theo đề nghị của Cục trưởng." in text
    assert "V/v" not in text
    assert "Kính gửi" not in text


def test_the_superior_stands_above_the_agency() -> None:
    """F-06."""
    pdf = typeset.render_form(replace(LETTER, superior="Ủy ban nhân dân tỉnh Lá")).pdf

    assert place_of(pdf, "ỦY BAN NHÂN DÂN TỈNH LÁ")[1] > place_of(pdf, "BỘ THỬ NGHIỆM")[1]


def test_several_addressees_are_a_list() -> None:
    pdf = typeset.render_form(replace(LETTER, addressees=["Bộ Một", "Bộ Hai"])).pdf

    text = page_text(pdf)

    assert "- Bộ Một;" in text
    assert "- Bộ Hai." in text


@pytest.mark.parametrize(
    ("urgency", "stamp"),
    [(UrgencyLevel.URGENT, "KHẨN"), (UrgencyLevel.EXPRESS, "HỎA TỐC"), (UrgencyLevel.NORMAL, "")],
)
def test_urgency_is_stamped(urgency: UrgencyLevel, stamp: str) -> None:
    """F-15."""
    text = page_text(typeset.render_form(replace(LETTER, urgency=urgency)).pdf)

    assert (stamp in text) if stamp else ("KHẨN" not in text and "HỎA TỐC" not in text)


def test_a_draft_leaves_number_and_date_blank() -> None:
    text = page_text(typeset.render_form(replace(LETTER, number="", date="")).pdf)

    assert "07/" not in text
    assert "/BTN-CNTT" in text
    assert "05 tháng 02" not in text


def test_page_numbers_begin_on_the_second_page() -> None:
    """F-04."""
    made = typeset.render_form(replace(LETTER, body=["Một đoạn rất dài. " * 40] * 8))

    first, second = page_text(made.pdf, 0), page_text(made.pdf, 1)

    assert made.pages >= 2
    assert not first.startswith("1\n")
    assert "2" in second.splitlines()[0]
    assert made.person_box.page == made.pages - 1, "the signature stands on the last page"


def test_the_seal_covers_a_third_of_the_signature_on_its_left() -> None:
    """DX-55, DX-56: between position and name; both inside the page."""
    made = typeset.render_form(LETTER)
    person, agency = made.person_box, made.agency_box

    overlap = min(person.x2, agency.x2) - max(person.x1, agency.x1)
    position = place_of(made.pdf, "THỨ TRƯỞNG")
    name = place_of(made.pdf, "Nguyễn Thị Ánh Tuyết")

    assert inside(person, *A4)
    assert inside(agency, *A4)
    assert overlap / (person.x2 - person.x1) == pytest.approx(1 / 3, abs=0.02)
    assert agency.x1 < person.x1
    assert position[1] > person.y2
    assert name[3] < person.y1
    middle = (person.x1 + person.x2) / 2
    assert middle == pytest.approx((name[0] + name[2]) / 2, abs=3)
    assert agency.x2 - agency.x1 == pytest.approx(36 * MM)


@pytest.mark.parametrize(
    "text",
    [
        '#include "document.typ"',
        '#read("/etc/passwd")',
        "$ sum_(i=0)^n a^2 $",
        "*đậm* _nghiêng_ `mã` = tiêu đề @ref <label>",
        "\\#{ panic() } // chú thích /* x */",
        '"] #eval("1+1") [',
        "#sys.inputs.form",
    ],
)
def test_what_a_person_types_is_text_and_never_markup(text: str) -> None:
    """TM: nothing typed into a form is read as the language of the typesetter."""
    letter = replace(
        LETTER,
        subject=text,
        body=[text],
        addressees=[text, text],
        places=[text],
        signer=text,
        bases=[text],
        agency="Bộ " + text,
    )

    made = typeset.render_form(letter)

    shown = "".join("".join(page_text(made.pdf, page).split()) for page in range(made.pages))
    wanted = "".join(text.split())
    # Six of the seven places; the agency is set in capitals.
    assert shown.replace("\ufffe", "").count(wanted) >= 5


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
@pytest.mark.parametrize(
    "size", [(595, 842), (842, 595), (200, 120), (60, 400), (2000, 3000), (100, 100)]
)
def test_an_uploaded_page_gets_both_places_inside_it(size: tuple[int, int], rotation: int) -> None:
    pdf = blank(*size, rotation=rotation)

    person, agency = typeset.boxes_on_last_page(pdf)

    width, height = size if rotation in {0, 180} else size[::-1]
    assert inside(person, width, height)
    assert inside(agency, width, height)
    overlap = agency.x2 - person.x1
    assert overlap / (person.x2 - person.x1) == pytest.approx(1 / 3, abs=0.01)
    assert agency.x1 < person.x1
    assert (person.x1 + person.x2) / 2 > width / 2, "at the right"
    assert (person.y1 + person.y2) / 2 < height / 2, "at the bottom"


def blank(width: float = 595, height: float = 842, *, rotation: int = 0, pages: int = 2) -> bytes:
    with pikepdf.new() as pdf:
        for _ in range(pages):
            pdf.add_blank_page(page_size=(width, height))
        pdf.pages[-1].rotate(rotation, relative=False)
        out = io.BytesIO()
        pdf.save(out)
    return out.getvalue()


def test_a_page_becomes_a_picture_of_the_width_asked() -> None:
    png = typeset.page_png(typeset.render_form(LETTER).pdf, 0, 600)

    with Image.open(io.BytesIO(png)) as picture:
        assert picture.format == "PNG"
        assert picture.width == pytest.approx(600, abs=1)
        assert picture.height == pytest.approx(600 * 297 / 210, abs=2)


def test_a_page_that_does_not_exist_is_no_picture() -> None:
    with pytest.raises(IndexError):
        typeset.page_png(typeset.render_form(LETTER).pdf, 5)


def test_receivers_end_with_the_file_copy() -> None:
    """F-14."""
    letter = typeset.places(["Bộ trưởng (để b/c);", "- Cục A."], archive="Lưu: VT", is_letter=True)
    decision = typeset.places(["Như Điều 3", "Lưu: VT, PC"], archive="Lưu: VT", is_letter=False)

    assert letter == ["- Như trên;", "- Bộ trưởng (để b/c);", "- Cục A;", "- Lưu: VT."]
    assert decision == ["- Như Điều 3;", "- Lưu: VT, PC."]


@pytest.mark.parametrize("picture", [marks.seal("Bộ Thử nghiệm"), marks.handwriting("Lê Thị B")])
def test_a_mark_is_a_small_transparent_picture(picture: bytes) -> None:
    """SG-A-07: 300 dpi at its size, at most 200 KB, with transparency."""
    with Image.open(io.BytesIO(picture)) as opened:
        alpha = opened.convert("RGBA").getchannel("A")
        assert opened.mode == "RGBA"
        assert alpha.getextrema() == (0, max(alpha.getextrema()))
    assert len(picture) < 200 * 1024
