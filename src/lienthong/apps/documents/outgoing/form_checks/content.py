"""Bases, addressees, annexes, agreement with the desk, capitals: F-12, F-14, F-16 to F-18."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lienthong.apps.documents.outgoing.form_checks.findings import (
    Facts,
    Finding,
    Severity,
    at,
    missing,
)
from lienthong.apps.documents.outgoing.form_checks.heading import DATE, head
from lienthong.apps.documents.outgoing.form_checks.layout import ANNEX, body_lines
from lienthong.apps.documents.outgoing.form_checks.reading import Line, Sheet

BASE = re.compile(r"^(Căn cứ|Theo đề nghị|Xét đề nghị)\b")
ROMAN = re.compile(r"^[IVXLC]+$")
NUMERALS = ("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII")
# F-18, Annex II: names that are always written so.
NAMES = ("Ủy ban nhân dân", "Hội đồng nhân dân", "Quốc hội", "Chính phủ", "Thủ tướng Chính phủ")


def bases(sheet: Sheet, _facts: Facts) -> Iterator[Finding]:
    """F-12: bases in italics, each ends with ";", the last one with "."."""
    found = _bases(sheet)
    for position, lines in enumerate(found, start=1):
        last, wanted = lines[-1], "." if position == len(found) else ";"
        if not all(line.italic for line in lines):
            yield at("F-12", lines[0], "Căn cứ ban hành phải là chữ nghiêng.")
        if not last.text.endswith(wanted):
            where = "Căn cứ cuối cùng" if wanted == "." else "Mỗi căn cứ"
            name = "dấu chấm" if wanted == "." else "dấu chấm phẩy"
            yield at("F-12", last, f"{where} phải kết thúc bằng {name} “{wanted}”.")


def _bases(sheet: Sheet) -> list[list[Line]]:
    """The bases, each with the lines it runs over."""
    found: list[list[Line]] = []
    for line in sheet.pages[0].lines:
        if BASE.match(line.text):
            found.append([line])
        elif found and found[-1][-1].text.endswith((";", ".")):
            break
        elif found and line.italic:
            found[-1].append(line)
        elif found:
            break
    return found


def recipients(sheet: Sheet, facts: Facts) -> Iterator[Finding]:
    """F-14: a công văn has "Kính gửi"; every document "Nơi nhận" with "Lưu: VT" at its end."""
    if facts.is_letter and sheet.find("Kính gửi") is None:
        yield missing("F-14", "Công văn phải có “Kính gửi:”.")
    line = sheet.find("Nơi nhận")
    if line is None:
        yield missing("F-14", "Thiếu “Nơi nhận:” ở cuối văn bản.", len(sheet.pages))
        return
    if not (line.bold and line.italic and 11.6 <= line.size <= 12.4):
        yield at("F-14", line, "“Nơi nhận:” phải cỡ 12, đậm, nghiêng.")
    places = [
        one
        for one in sheet.lines
        if one.page == line.page and one.box.y2 < line.box.y1 and one.text.startswith(("-", "–"))
    ]
    if not places or "Lưu: VT" not in places[-1].text:
        yield at("F-14", places[-1] if places else line, "Dòng cuối nơi nhận phải là “Lưu: VT, …”.")
    for place in places[:1]:
        if not 10.6 <= place.size <= 11.4:
            yield at("F-14", place, f"Các nơi nhận cỡ {place.size:g}, phải cỡ 11.")


def annexes(sheet: Sheet, _facts: Facts) -> Iterator[Finding]:
    """F-16: two or more annexes are numbered in Roman numerals, each mentioned in the body."""
    found = [
        (line, match["number"] or "")
        for line in sheet.lines
        if line.page > 1 and (match := ANNEX.match(line.text))
    ]
    end = found[0][0].page if found else 0
    text = " ".join(line.text for line in sheet.lines if line.page < end).lower()
    for position, (line, number) in enumerate(found):
        wanted = NUMERALS[position] if position < len(NUMERALS) else ""
        if len(found) > 1 and (not ROMAN.match(number) or number != wanted):
            yield at("F-16", line, f"Phụ lục phải đánh số La Mã, ở đây là “Phụ lục {wanted}”.")
        mention = f"phụ lục {number}".strip().lower() if len(found) > 1 else "phụ lục"
        if mention not in text:
            yield at("F-16", line, "Phụ lục chưa được dẫn trong nội dung văn bản.")


def agreement(sheet: Sheet, facts: Facts) -> Iterator[Finding]:
    """F-17: what stands in the file is what the desk says of the document."""
    top = head(sheet)
    number = next((line for line in top if line.text.startswith("Số:")), None)
    reference = f"{facts.number}/{facts.notation}" if facts.number else f"/{facts.notation}"
    if number is not None and facts.notation and reference not in number.text.replace(" ", ""):
        yield at("F-17", number, f"Số, ký hiệu trong tệp khác với {reference.strip('/')}.")
    date = next((line for line in top if DATE.match(line.text)), None)
    if date is not None and facts.date and facts.date not in date.text:
        yield at("F-17", date, f"Ngày trong tệp khác với {facts.date}.")
    whole = _folded(" ".join(line.text for line in sheet.lines))
    if facts.subject and _folded(facts.subject) not in whole:
        yield missing("F-17", f"Trích yếu “{facts.subject[:80]}” không có trong tệp.")
    if facts.signer and _folded(facts.signer) not in whole:
        yield missing("F-17", f"Không thấy tên người ký {facts.signer}.", len(sheet.pages))
    for addressee in facts.addressees:
        if _folded(addressee) not in whole:
            yield missing("F-17", f"Nơi nhận “{addressee}” không có trong tệp.")


def capitals(sheet: Sheet, _facts: Facts) -> Iterator[Finding]:
    """F-18, advice: sentences and the names of bodies begin as Annex II says."""
    for line in body_lines(sheet):
        for name in NAMES:
            place = line.text.lower().find(name.lower())
            if place >= 0 and line.text[place : place + len(name)][0] != name[0]:
                yield at("F-18", line, f"Nên viết hoa “{name}”.", Severity.ADVICE)
        if re.search(r"[.!?] [a-zà-ỹđ]", line.text):
            yield at("F-18", line, "Nên viết hoa chữ đầu câu.", Severity.ADVICE)


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())


CHECKS = (bases, recipients, annexes, agreement, capitals)
