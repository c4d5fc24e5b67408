"""No text that people typed is run by the program that opens a table."""

from __future__ import annotations

import csv
import io
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lienthong.apps.documents.registers import cells

STARTS = [
    "=",
    "+",
    "-",
    "@",
    "\t=",
    "\r=",
    "\n=",
    "|",
    "%",
    "＝",
    "＋",
    "－",
    "＠",
    " =",
    "\u00a0=",
    "\ufeff=",
]


def read(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))


@pytest.mark.parametrize("start", STARTS, ids=[f"{ord(one[0]):04x}-{len(one)}" for one in STARTS])
def test_a_dangerous_start_is_made_text(start: str) -> None:
    assert cells.neutral(f"{start}cmd|' /C calc'!A0").startswith("'")


@pytest.mark.parametrize("text", ["Báo cáo", "15/BTN-CCN", "", "100", "'đã có"])
def test_an_ordinary_text_stays_as_it_is(text: str) -> None:
    assert cells.neutral(text) == text


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1))
def test_no_cell_of_csv_begins_a_formula(row: list[str]) -> None:
    written = read(b"".join(cells.csv_lines(["A"] * len(row), [row])))

    values = [value for line in written[1:] for value in line]
    assert not [one for one in values if one.lstrip()[:1] in {"=", "+", "@", "-"}]


def test_csv_keeps_accents_commas_quotes_and_lines() -> None:
    row = ["Đề nghị, “khẩn”", 'nói "được"', "hai\ndòng"]

    assert read(b"".join(cells.csv_lines(["a", "b", "c"], [row])))[1] == row


def test_cells_of_xlsx_are_strings_and_never_formulas() -> None:
    out, told = io.BytesIO(), list[int]()
    rows = [[f"{start}1+1", "http://evil.example", "00123"] for start in STARTS] * 80

    cells.write_xlsx(out, "Sổ", [("A", 10), ("B", 10), ("C", 10)], rows, told.append)

    with zipfile.ZipFile(out) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
        styles = book.read("xl/styles.xml").decode()
    assert "<f>" not in sheet
    assert "hyperlink" not in sheet
    assert "00123" in sheet
    assert sheet.count('t="inlineStr"') == 3 * (len(rows) + 1)
    assert 'quotePrefix="1"' in styles
    assert told == [1000]
