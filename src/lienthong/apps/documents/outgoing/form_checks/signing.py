"""Who signs, and where the signatures stand: F-09, F-19."""

from __future__ import annotations

from collections.abc import Iterator

from lienthong.apps.documents.outgoing.form_checks.findings import (
    Facts,
    Finding,
    Severity,
    at,
    missing,
)
from lienthong.apps.documents.outgoing.form_checks.heading import TITLES
from lienthong.apps.documents.outgoing.form_checks.reading import Line, Sheet
from lienthong.core.signing import AGENCY_FIELD, PERSON_FIELD

PREFIXES = ("TM.", "Q.", "KT.", "TL.", "TUQ.")
OVERLAP = (0.2, 0.5)  # of the person's signature: about a third


def authority(sheet: Sheet, facts: Facts) -> Iterator[Finding]:
    """F-09: competence and title in capitals 13–14 bold, the name without academic titles."""
    for line in _capacity(sheet):
        if line.text != line.text.upper():
            yield at("F-09", line, "Quyền hạn, chức vụ người ký phải viết in hoa.")
        if not line.bold or not 12.6 <= line.size <= 14.4:
            yield at("F-09", line, "Quyền hạn, chức vụ người ký phải cỡ 13 đến 14, đậm.")
        first = line.text.split(" ")[0]
        if first.endswith(".") and first not in PREFIXES:
            yield at("F-09", line, f"Quyền hạn ký “{first}” không có trong quy định.")
    name = _signer(sheet, facts)
    if name is not None and TITLES.match(name.text):
        yield at("F-09", name, "Trước họ tên người ký không ghi học hàm, học vị.")


def places(sheet: Sheet, facts: Facts) -> Iterator[Finding]:
    """F-19: the person's signature over the name; the seal over its left third (DX-55, DX-56)."""
    person, seal = sheet.fields.get(PERSON_FIELD), sheet.fields.get(AGENCY_FIELD)
    if person is None:
        return
    page, box = person
    name = _signer(sheet, facts)
    if name is not None and (name.page != page or not box.x1 < name.box.middle < box.x2):
        yield Finding("F-19", Severity.WARNING, OVER_NAME, page, box)
    if seal is None:
        yield missing("F-19", "Chưa có chỗ cho chữ ký số của cơ quan.", page)
        return
    covered = (seal[1].x2 - box.x1) / box.width
    if seal[0] != page or not OVERLAP[0] <= covered <= OVERLAP[1]:
        text = "Dấu của cơ quan phải trùm khoảng 1/3 chữ ký, về bên trái."
        yield Finding("F-19", Severity.WARNING, text, page, box)


def _capacity(sheet: Sheet) -> list[Line]:
    """The lines beside "Nơi nhận", on the right, down to the first gap."""
    start = sheet.find("Nơi nhận")
    if start is None:
        return []
    width = sheet.pages[start.page - 1].width
    right = [
        line
        for line in sheet.lines
        if line.page == start.page
        and line.box.middle > width / 2
        and line.box.y2 < start.box.y2 + 2 * start.size
    ]
    found: list[Line] = []
    for line in right:
        if found and found[-1].box.y1 - line.box.y2 > 2 * line.size:
            break
        found.append(line)
    return found


def _signer(sheet: Sheet, facts: Facts) -> Line | None:
    lines = [line for line in sheet.lines if facts.signer and line.text.endswith(facts.signer)]
    return lines[-1] if lines else None


OVER_NAME = "Chữ ký của người có thẩm quyền phải ở giữa, trên họ tên người ký."

CHECKS = (authority, places)
