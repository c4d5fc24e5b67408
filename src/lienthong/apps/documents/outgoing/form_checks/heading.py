"""The head of page 1: F-05 to F-11, F-15."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lienthong.apps.documents.common.typeset import POINTS_PER_MM as MM
from lienthong.apps.documents.outgoing.form_checks.findings import Facts, Finding, at, missing
from lienthong.apps.documents.outgoing.form_checks.reading import Line, Rectangle, Sheet

NATION = re.compile(r"CỘNG H(ÒA|OÀ) XÃ HỘI CHỦ NGHĨA VIỆT NAM")
MOTTO = re.compile(r"Độc lập ?[-–] ?Tự do ?[-–] ?Hạnh phúc")
NUMBER = re.compile(r"^Số:\s?\d{2,}[a-zđ]?(/\d{4})?/[^\W_]+(-[^\W_]+)*$")
UNNUMBERED = re.compile(r"^Số:\s*/[^\W_]+(-[^\W_]+)*$")
DATE = re.compile(r"^(?P<place>.+), ngày (?P<day>\d+) tháng (?P<month>\d+) năm (?P<year>\d{4})$")
UNDATED = re.compile(r"^.+, ngày\s+tháng\s+năm")
TITLES = re.compile(r"^(GS|PGS|TS|ThS|BS|CN|KS)\.|^(Giáo sư|Tiến sĩ|Thạc sĩ)\b")


def nation(sheet: Sheet, _facts: Facts) -> Iterator[Finding]:
    """F-05: national name 12–13 bold, motto 13–14 bold with a line under it, top right."""
    page = sheet.pages[0]
    name = next((line for line in page.lines if NATION.search(line.text)), None)
    motto = next((line for line in page.lines if MOTTO.search(line.text)), None)
    if name is None:
        yield missing("F-05", "Thiếu Quốc hiệu “CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM”.")
    else:
        yield from _set_as("F-05", name, "Quốc hiệu", 12, 13)
        if name.box.middle < page.width / 2:
            yield at("F-05", name, "Quốc hiệu phải ở phía trên, bên phải.")
    if motto is None:
        yield missing("F-05", "Thiếu Tiêu ngữ “Độc lập - Tự do - Hạnh phúc”.")
    else:
        yield from _set_as("F-05", motto, "Tiêu ngữ", 13, 14)
        if not any(_under(stroke, motto.box) for stroke in page.strokes):
            yield at("F-05", motto, "Dưới Tiêu ngữ phải có đường kẻ ngang.")


def agency(sheet: Sheet, facts: Facts) -> Iterator[Finding]:
    """F-06: the issuing agency in capitals 12–13 bold, top left."""
    page = sheet.pages[0]
    left = [line for line in head(sheet) if line.box.middle < page.width / 2]
    number = next((line for line in left if line.text.startswith("Số")), None)
    # A short letter has "Nơi nhận:" in the same part of the page.
    above = [line for line in left if number is None or line.box.y1 > number.box.y1]
    bold = [line for line in above if line.bold]
    if not bold:
        yield missing("F-06", "Thiếu tên cơ quan ban hành, in hoa, đậm, ở góc trên bên trái.")
        return
    for line in bold:
        if line.text != line.text.upper():
            yield at("F-06", line, "Tên cơ quan ban hành phải viết in hoa.")
        yield from _set_as("F-06", line, "Tên cơ quan ban hành", 12, 13)
    written = " ".join(line.text for line in bold)
    if facts.agency and _plain(facts.agency) not in _plain(written):
        yield at("F-17", bold[0], f"Cơ quan ban hành không phải “{facts.agency}”.")


def number(sheet: Sheet, facts: Facts) -> Iterator[Finding]:
    """F-07: "Số: n/KH"; F-11: the notation agrees with the type."""
    line = next((one for one in head(sheet) if one.text.startswith("Số")), None)
    if line is None:
        yield missing("F-07", "Thiếu số, ký hiệu của văn bản.")
        return
    if not NUMBER.match(line.text) and not (UNNUMBERED.match(line.text) and not facts.number):
        yield at(
            "F-07", line, f"Số, ký hiệu “{line.text}” sai cách viết, ví dụ đúng: Số: 05/QĐ-BTN."
        )
        return
    first = line.text.rpartition("/")[2].split("-")[0]
    if facts.abbreviation and first != facts.abbreviation:
        text = f"Ký hiệu của {facts.type_name.lower()} phải bắt đầu bằng “{facts.abbreviation}”."
        yield at("F-11", line, text)
    if facts.is_letter and first in ABBREVIATIONS:
        yield at("F-11", line, "Công văn không ghi chữ viết tắt tên loại trong ký hiệu.")


def date(sheet: Sheet, facts: Facts) -> Iterator[Finding]:
    """F-08: place and date in italics 13–14; zeros before days under 10 and months 1 and 2 only."""
    line = next((one for one in head(sheet) if "tháng" in one.text and "năm" in one.text), None)
    if line is None:
        yield missing("F-08", "Thiếu địa danh và thời gian ban hành.")
        return
    found = DATE.match(line.text)
    if found is None:
        if facts.date or not UNDATED.match(line.text):
            yield at(
                "F-08", line, "Địa danh, thời gian phải viết: Hà Nội, ngày 05 tháng 02 năm 2026."
            )
        return
    day, month = found["day"], found["month"]
    if len(day) != 2:
        yield at("F-08", line, "Ngày nhỏ hơn 10 phải ghi thêm số 0 ở trước.")
    if (len(month) != 2) == (int(month) in {1, 2, 10, 11, 12}):
        yield at("F-08", line, "Chỉ tháng 1 và tháng 2 ghi thêm số 0 ở trước.")
    if not line.italic:
        yield at("F-08", line, "Địa danh và thời gian phải là chữ nghiêng.")
    yield from _size("F-08", line, "Địa danh và thời gian", 13, 14)


def title(sheet: Sheet, facts: Facts) -> Iterator[Finding]:
    """F-10: the type in capitals 13–14 bold, centred; for a công văn "V/v …" under the number."""
    page = sheet.pages[0]
    if facts.is_letter:
        line = next((one for one in head(sheet) if one.text.startswith("V/v")), None)
        if line is None:
            yield missing("F-10", "Công văn phải có trích yếu “V/v …” dưới số, ký hiệu.")
        else:
            yield from _size("F-10", line, "Trích yếu của công văn", 12, 13)
        return
    name = next((one for one in page.lines if one.text == facts.type_name.upper()), None)
    if name is None:
        yield missing("F-10", f"Thiếu tên loại “{facts.type_name.upper()}” in hoa, đậm, ở giữa.")
        return
    yield from _set_as("F-10", name, "Tên loại văn bản", 13, 14)
    # Centred in the text, which lies 7.5 mm right of the middle of the page.
    if abs(name.box.middle - page.width / 2) > 16 * MM:
        yield at("F-10", name, "Tên loại văn bản phải ở giữa trang.")


def urgency(sheet: Sheet, facts: Facts) -> Iterator[Finding]:
    """F-15: the stamp stands in its frame of 30, 40 or 20 × 8 mm and agrees with the urgency."""
    words = {"HỎA TỐC", "HOẢ TỐC", "THƯỢNG KHẨN", "KHẨN", "HỎA TỐC HẸN GIỜ"}
    stamps = [line for line in sheet.pages[0].lines if line.text in words]
    if not facts.urgency:
        for line in stamps:
            yield at("F-15", line, f"Có dấu “{line.text}” nhưng độ khẩn của văn bản là thường.")
        return
    stamp = next((one for one in stamps if _plain(one.text) == _plain(facts.urgency)), None)
    if stamp is None:
        yield missing("F-15", f"Thiếu dấu chỉ mức độ khẩn “{facts.urgency}”.")
        return
    wanted = (facts.urgency_width_mm, 8.0)
    frames = [frame for frame in sheet.pages[0].frames if _around(frame, stamp.box)]
    sizes = [(frame.width / MM, frame.height / MM) for frame in frames]
    if not any(abs(w - wanted[0]) < 2 and abs(h - wanted[1]) < 2 for w, h in sizes):
        yield at("F-15", stamp, f"Khung dấu “{facts.urgency}” phải {wanted[0]:.0f} × 8 mm.")


def head(sheet: Sheet) -> list[Line]:
    """The lines of page 1 above the addressee, the bases and the body: the upper 40 %."""
    page = sheet.pages[0]
    return [line for line in page.lines if line.box.y1 > page.height * 0.6]


def _set_as(rule: str, line: Line, what: str, low: float, high: float) -> Iterator[Finding]:
    if not line.bold:
        yield at(rule, line, f"{what} phải là chữ đậm.")
    yield from _size(rule, line, what, low, high)


def _size(rule: str, line: Line, what: str, low: float, high: float) -> Iterator[Finding]:
    if not low - 0.4 <= line.size <= high + 0.4:
        yield at(rule, line, f"{what} cỡ {line.size:g}, phải cỡ {low:g} đến {high:g}.")


def _under(stroke: Rectangle, box: Rectangle) -> bool:
    return 0 <= box.y1 - stroke.y2 < 14 and stroke.x1 < box.middle < stroke.x2


def _around(frame: Rectangle, box: Rectangle) -> bool:
    return frame.x1 <= box.x1 and frame.x2 >= box.x2 and frame.y1 <= box.y1 + 3 <= frame.y2


def _plain(text: str) -> str:
    """For comparing: one case, one way of placing tone marks on "oa"."""
    return " ".join(text.upper().replace("HOẢ", "HỎA").replace("HOÀ", "HÒA").split())


# Annex III: the abbreviations of the types.
_ADMINISTRATIVE = "NQ QĐ CT QC QyĐ TC TB HD CTr KH PA ĐA DA BC BB TTr HĐ CĐ BGN BTT GUQ GM GGT GNP"
ABBREVIATIONS = frozenset(f"{_ADMINISTRATIVE} PG PC PB SY SL TrS".split())

CHECKS = (nation, agency, number, date, title, urgency)
