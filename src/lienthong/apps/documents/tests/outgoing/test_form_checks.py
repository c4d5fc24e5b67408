"""F-01 to F-19: a document in its form has no finding; one thing broken is found, and where."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from lienthong.apps.accounts import api as accounts
from lienthong.apps.documents import actions
from lienthong.apps.documents.common import typeset
from lienthong.apps.documents.outgoing import form_checks
from lienthong.apps.documents.outgoing.form_checks import Facts, Finding, Severity
from lienthong.apps.documents.rules import UrgencyLevel
from lienthong.apps.documents.tests.common.test_typeset import LETTER, blank
from lienthong.apps.documents.tests.conftest import Desk
from lienthong.apps.documents.tests.outgoing.test_issuing import header
from lienthong.apps.documents.tests.test_pages import as_, text_of
from lienthong.core import signing

SOURCE = (typeset.TEMPLATES / "document.typ").read_text(encoding="utf-8")
LONG = [
    "Bộ Thử nghiệm đề nghị Quý cơ quan nghiên cứu, cho ý kiến về dự thảo theo Phụ lục I và "
    f"Phụ lục II kèm theo, gửi về Bộ để tổng hợp lần thứ {number}."
    for number in range(1, 16)
]
GOOD = replace(LETTER, body=LONG, bases=["Căn cứ Luật A;", "Căn cứ Luật B."])
FACTS = Facts(
    type_name="Công văn",
    abbreviation="",
    is_letter=True,
    subject=LETTER.subject,
    agency=LETTER.agency,
    signer=LETTER.signer,
    number="07",
    notation="BTN-CNTT",
    date="ngày 05 tháng 02 năm 2026",
    addressees=["Ủy ban nhân dân tỉnh Đồng Xanh"],
)
URGENT = {"urgency": "KHẨN", "urgency_width_mm": 20.0}
ANNEXES = "\n#pagebreak()\n#align(center)[{0}]\n#pagebreak()\n#align(center)[{1}]\n"


@dataclass(frozen=True)
class Broken:
    """One departure: of the template (old, new), of the words, or of what the desk knows."""

    rule: str
    words: str
    template: tuple[str, str] = ("", "")
    letter: Any = None
    facts: Any = None


TABLE = [
    Broken("F-01", "A4", ('paper: "a4"', "width: 230mm, height: 297mm")),
    Broken("F-02", "Lề trái", ("left: 30mm", "left: 20mm")),
    Broken("F-03", "đen", ("fill: black", 'fill: rgb("#cc2020")')),
    Broken("F-03", "Times", ("#let rule", '#set text(font: "DejaVu Sans Mono")\n#let rule')),
    Broken("F-04", "thiếu số trang", ("if page > 1 {", "if page > 9 {")),
    Broken("F-04", "cỡ 9", ("size: 13pt, str(page)", "size: 9pt, str(page)")),
    Broken("F-05", "Tiêu ngữ", ("Độc lập - Tự do - Hạnh phúc", "Độc lập, Tự do, Hạnh phúc")),
    Broken("F-05", "đường kẻ", ("rule(5.4cm)", "none")),
    Broken("F-06", "in hoa", ('weight: "bold", upper(doc.agency)', 'weight: "bold", doc.agency')),
    Broken("F-07", "Số, ký hiệu", ('doc.number + "/"', 'doc.number + " - "')),
    Broken("F-08", "số 0", letter={"date": "ngày 5 tháng 02 năm 2026"}, facts={"date": ""}),
    Broken("F-08", "nghiêng", ('size: 13pt, style: "italic", doc.place', "size: 13pt, doc.place")),
    Broken(
        "F-09",
        "in hoa",
        ('"bold", upper(line)); parbreak() }\n    v', '"bold", line); parbreak() }\n    v'),
    ),
    Broken("F-09", "học vị", letter={"signer": "TS. Nguyễn Thị Ánh Tuyết"}),
    Broken("F-10", "V/v", ('"V/v " + doc.subject', '"Việc: " + doc.subject')),
    Broken("F-11", "tên loại", letter={"notation": "QĐ-BTN"}, facts={"notation": "QĐ-BTN"}),
    Broken("F-12", "chấm phẩy", letter={"bases": ["Căn cứ Luật A", "Căn cứ Luật B."]}),
    Broken("F-12", "nghiêng", ('text(style: "italic", base)', "text(base)")),
    Broken("F-13", "cỡ chữ 11", ("#text(paragraph)", "#text(size: 11pt, paragraph)")),
    Broken("F-13", "Dòng đầu", ("amount: 1.27cm", "amount: 2cm")),
    Broken("F-14", "Nơi nhận", ('"Nơi nhận:"', '"Gửi tới:"')),
    Broken("F-14", "Lưu: VT", letter={"places": ["- Như trên."]}),
    Broken(
        "F-15", "20 × 8", ("height: 8mm", "height: 14mm"), {"urgency": UrgencyLevel.URGENT}, URGENT
    ),
    Broken("F-15", "Thiếu dấu", facts=URGENT),
    Broken("F-16", "La Mã", ("", ANNEXES.format("Phụ lục 1", "Phụ lục 2"))),
    Broken(
        "F-16",
        "chưa được dẫn",
        ("", ANNEXES.format("Phụ lục I", "Phụ lục II")),
        {"body": ["Văn bản./."] * 40},
    ),
    Broken("F-17", "Trích yếu", facts={"subject": "việc khác hẳn"}),
    Broken("F-17", "khác với 08", facts={"number": "08"}),
    Broken("F-17", "người ký", facts={"signer": "Lê Văn Khác"}),
    Broken(
        "F-18",
        "Ủy ban",
        letter={"body": ["Đề nghị các ủy ban nhân dân tỉnh, thành phố báo cáo./."]},
    ),
]


def checked(broken: Broken, folder: Path) -> list[Finding]:
    old, new = broken.template
    assert old in SOURCE
    source = SOURCE.replace(old, new) if old else SOURCE + new
    template = folder / "document.typ"
    template.write_text(source, encoding="utf-8")
    made = typeset.render_form(replace(GOOD, **(broken.letter or {})), template)
    return form_checks.check(made.pdf, replace(FACTS, **(broken.facts or {})))


@pytest.mark.parametrize("broken", TABLE, ids=[f"{one.rule}-{one.words}" for one in TABLE])
def test_what_departs_from_the_form_is_found(broken: Broken, tmp_path: Path) -> None:
    found = [one for one in checked(broken, tmp_path) if one.rule == broken.rule]

    assert [one for one in found if broken.words in one.text], found


def test_a_letter_in_its_form_has_no_finding(tmp_path: Path) -> None:
    assert checked(Broken("", ""), tmp_path) == []


def test_a_very_short_letter_in_its_form_has_no_finding(tmp_path: Path) -> None:
    """“Nơi nhận:” then stands in the upper part of the page, and names no agency."""
    short = Broken("", "", letter={"body": ["Trân trọng./."], "bases": []})

    assert checked(short, tmp_path) == []


def test_every_rule_of_the_form_is_broken_once() -> None:
    assert {one.rule for one in TABLE} | {"F-19"} == {f"F-{n:02d}" for n in range(1, 20)}


def test_a_finding_says_where(tmp_path: Path) -> None:
    """The place is that of the line, in points of its page."""
    found = next(one for one in checked(TABLE[6], tmp_path) if one.rule == "F-05")
    notation = next(one for one in checked(TABLE[9], tmp_path) if one.rule == "F-07")

    assert (found.page, found.place) == (1, None), "what is not there has a page only"
    assert notation.page == 1
    assert notation.place is not None
    assert 85 < notation.place.x1 < notation.place.x2 < 300
    assert 700 < notation.place.y1 < 800


@pytest.mark.parametrize(
    ("move", "words"),
    [
        (lambda box: replace(box, x1=box.x1 + 90, x2=box.x2 + 90), "1/3"),
        (lambda box: box, ""),
    ],
    ids=["apart", "in-place"],
)
def test_the_seal_stands_over_a_third_of_the_signature(
    move: Callable[[signing.Box], signing.Box], words: str
) -> None:
    """F-19: DX-55, DX-56."""
    made = typeset.render_form(GOOD)
    ready = signing.prepare_pdf(
        made.pdf, person=made.person_box, agency=move(made.agency_box), title="x"
    )

    found = [one for one in form_checks.check(ready, FACTS) if one.rule == "F-19"]

    assert [words in one.text for one in found] == ([True] if words else [])


def test_a_scan_is_not_called_good() -> None:
    """What could not be read is said, and is never "no finding"."""
    found = form_checks.check(blank(), FACTS)

    assert [(one.rule, one.severity) for one in found] == [("F-00", Severity.WARNING)]


def test_the_page_of_a_draft_lists_the_findings_and_marks_them(
    ministry: Desk, province: Desk
) -> None:
    """A PDF from elsewhere: its wrong date is listed and framed on the picture of its page."""
    wrong = typeset.render_form(replace(GOOD, date="ngày 5 tháng 02 năm 2026")).pdf
    with accounts.scope(ministry.organization.pk):
        document = actions.draft_from_pdf(
            ministry.officer, pdf=wrong, filename="a.pdf", **header(ministry, province)
        )
    officer, page = as_(ministry.officer), f"/van-ban/di/{document.pk}"

    part = text_of(officer.get(f"{page}/the-thuc", headers={"HX-Request": "true"}))
    whole = text_of(officer.get(f"{page}/the-thuc"))
    marked = officer.get(f"{page}/the-thuc/1.png")

    assert "Ngày nhỏ hơn 10 phải ghi thêm số 0 ở trước." in part
    assert f"{page}/the-thuc/1.png" in whole
    plain = officer.get(f"{page}/trang/1.png")
    assert marked["Content-Type"] == "image/png"
    assert marked.content != plain.content
    assert officer.get(f"{page}/the-thuc/9.png").status_code == 404
