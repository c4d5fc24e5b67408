"""Paper, margins, fonts, page numbers, body: F-01 to F-04, F-13."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator

from lienthong.apps.documents.common.typeset import POINTS_PER_MM as MM
from lienthong.apps.documents.outgoing.form_checks.findings import (
    Facts,
    Finding,
    Severity,
    at,
    missing,
)
from lienthong.apps.documents.outgoing.form_checks.reading import Line, Page, Sheet

ANNEX = re.compile(r"^(PHỤ LỤC|Phụ lục)(?:\s+(?P<number>\S+))?$")  # a heading of its own
A4 = (210.0, 297.0)
SLACK_MM = 1.0  # what a converter rounds
TOP_MM = BOTTOM_MM = 20.0
LEFT_MM, LEFT_MAX_MM = 30.0, 35.0
RIGHT_MM = 15.0
# Liberation Serif and Tinos have the widths of Times New Roman and its look.
FONTS = ("timesnewroman", "liberationserif", "tinos")
INDENT_MM = (10.0, 12.7)
PITCH = (1.0, 1.75)  # of the size: single to one and a half, with the leading of the font


def paper(sheet: Sheet, _facts: Facts) -> Iterator[Finding]:
    """F-01: A4, portrait; landscape is for wide tables."""
    for page in sheet.pages:
        edges = sorted((page.width / MM, page.height / MM))
        if any(abs(edge - wanted) > 2 for edge, wanted in zip(edges, A4, strict=True)):
            size = f"{page.width / MM:.0f} × {page.height / MM:.0f} mm"
            yield missing("F-01", f"Khổ giấy {size}, không phải A4.", page.number)
        elif page.width > page.height and page.number == 1:
            yield missing("F-01", "Trang đầu nằm ngang; văn bản trình bày theo chiều dọc.")


def margins(sheet: Sheet, _facts: Facts) -> Iterator[Finding]:
    """F-02: top and bottom 20–25 mm, left 30–35 mm, right 15–20 mm."""
    for page in sheet.pages:
        lines = [line for line in page.lines if not is_page_number(page, line)]
        if not lines or page.width > page.height:
            continue
        top = max(lines, key=lambda line: line.box.y2)
        bottom = min(lines, key=lambda line: line.box.y1)
        left = min(lines, key=lambda line: line.box.x1)
        right = max(lines, key=lambda line: line.box.x2)
        sides = (
            ("trên", top, (page.height - top.box.y2) / MM, TOP_MM),
            ("dưới", bottom, bottom.box.y1 / MM, BOTTOM_MM),
            ("trái", left, left.box.x1 / MM, LEFT_MM),
            ("phải", right, (page.width - right.box.x2) / MM, RIGHT_MM),
        )
        for side, line, measured, least in sides:
            if measured < least - SLACK_MM:
                text = f"Lề {side} {measured:.0f} mm, ít nhất phải {least:.0f} mm."
                yield at("F-02", line, text)
        if left.box.x1 / MM > LEFT_MAX_MM + SLACK_MM and len(lines) > 3:
            text = f"Lề trái {left.box.x1 / MM:.0f} mm, nhiều nhất {LEFT_MAX_MM:.0f} mm."
            yield at("F-02", left, text)


def fonts(sheet: Sheet, _facts: Facts) -> Iterator[Finding]:
    """F-03: Times New Roman, Unicode, black; said once for each font and colour."""
    said: set[str] = set()
    for line in sheet.lines:
        for letter in line.letters:
            if not letter.text.strip():
                continue
            if not _is_times(letter.font) and letter.font not in said:
                said.add(letter.font)
                name = letter.font or "không tên"
                yield at("F-03", line, f"Phông chữ “{name}”, không phải Times New Roman.")
            if not letter.black and "colour" not in said:
                said.add("colour")
                yield at("F-03", line, "Chữ không phải màu đen.")


def page_numbers(sheet: Sheet, _facts: Facts) -> Iterator[Finding]:
    """F-04: from page 2, Arabic, 13–14, in the middle of the top margin; an annex begins anew."""
    expected = 1
    for page in sheet.pages:
        number = next((line for line in page.lines if is_page_number(page, line)), None)
        begins = page.number == 1 or _begins_annex(page)
        expected = 1 if begins else expected + 1
        if begins and number is not None:
            yield at("F-04", number, "Trang đầu không đánh số trang.")
        elif not begins and number is None:
            yield missing(
                "F-04", f"Trang {page.number} thiếu số trang ở giữa lề trên.", page.number
            )
        elif number is not None:
            yield from _page_number(page, number, expected)


def _page_number(page: Page, number: Line, expected: int) -> Iterator[Finding]:
    if number.text != str(expected):
        yield at("F-04", number, f"Số trang là {number.text}, đáng lẽ là {expected}.")
    if not 12.6 <= number.size <= 14.4:
        yield at("F-04", number, f"Số trang cỡ {number.size:g}, phải cỡ 13 đến 14.")
    if abs(number.box.middle - page.width / 2) > 12 * MM:
        yield at("F-04", number, "Số trang không ở giữa lề trên.")


def body(sheet: Sheet, _facts: Facts) -> Iterator[Finding]:
    """F-13: size 13–14, first line 1 or 1.27 cm in, lines single to one and a half apart."""
    lines = body_lines(sheet)
    wrong = [line for line in lines if not 12.6 <= line.size <= 14.4]
    if wrong:
        yield at("F-13", wrong[0], f"Nội dung cỡ chữ {wrong[0].size:g}, phải cỡ 13 đến 14.")
    yield from _indents(lines)
    for above, below in itertools.pairwise(lines):
        pitch = (above.box.y1 - below.box.y1) / max(above.size, 1)
        if (
            above.page == below.page
            and _same_paragraph(above, below)
            and not (PITCH[0] <= pitch <= PITCH[1])
        ):
            yield at("F-13", below, "Khoảng cách dòng phải từ dòng đơn đến 1,5 dòng.")
            return


def _indents(lines: list[Line]) -> Iterator[Finding]:
    if not lines:
        return
    edge = min(line.box.x1 for line in lines)
    for line in lines:
        indent = (line.box.x1 - edge) / MM
        wide = line.box.width > 60 * MM
        low, high = INDENT_MM[0] - SLACK_MM, INDENT_MM[1] + SLACK_MM
        if wide and not line.bold and indent > SLACK_MM and not low <= indent <= high:
            text = f"Dòng đầu đoạn lùi {indent / 10:.1f} cm, phải 1 cm hoặc 1,27 cm."
            yield Finding("F-13", Severity.ADVICE, text, line.page, line.box)
            return


def _same_paragraph(above: Line, below: Line) -> bool:
    return below.box.x1 <= above.box.x1 + 1 and above.box.width > 120 * MM


def body_lines(sheet: Sheet) -> list[Line]:
    """The lines between the heading and "Nơi nhận", page numbers left out."""
    first = sheet.pages[0]
    date = next((line for line in first.lines if "tháng" in line.text and "năm" in line.text), None)
    start = sheet.find("Kính gửi") or sheet.find("Căn cứ") or date
    end = sheet.find("Nơi nhận")
    lines = [
        line
        for page in sheet.pages
        for line in page.lines
        if not is_page_number(page, line) and not line.text.startswith(("Kính gửi", "V/v"))
    ]
    if start in lines:
        lines = lines[lines.index(start) + 1 :]
    elif start is not None:
        lines = [line for line in lines if line.page > 1 or line.box.y2 < start.box.y1]
    if end in lines:
        lines = lines[: lines.index(end)]
    return [line for line in lines if line.box.width > 60 * MM]


def is_page_number(page: Page, line: Line) -> bool:
    """A number alone in the top margin."""
    return line.text.isdecimal() and line.box.y1 > page.height - (TOP_MM + 2) * MM


def _begins_annex(page: Page) -> bool:
    return any(ANNEX.match(line.text) for line in page.lines[:4])


def _is_times(font: str) -> bool:
    plain = "".join(letter for letter in font.lower() if letter.isalnum())
    return plain.startswith(FONTS)


CHECKS = (paper, margins, fonts, page_numbers, body)
