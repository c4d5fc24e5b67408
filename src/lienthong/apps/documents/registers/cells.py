"""What people typed, as cells of a table that no program takes for a formula.

A spreadsheet that opens a CSV runs what begins with =, +, -, @ (also in full width), or hides it
behind a tab or a line break. Such a text gets an apostrophe before it in CSV. In XLSX every cell is
written as a string and marked so, which shows the text as it is.
"""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import BinaryIO

import xlsxwriter

DANGEROUS = "=+-@\t\r\n|%＝＋－＠"
CELL_MAX = 32_767  # what a cell of XLSX holds
_FORBIDDEN = dict.fromkeys(set(range(32)) - {9, 10, 13})


def neutral(text: str) -> str:
    """The text for a cell of CSV: what a program could run begins with an apostrophe."""
    plain = text.translate(_FORBIDDEN)
    begins = plain.lstrip(" \u00a0\u200b\ufeff")[:1]
    return f"'{plain}" if (begins and begins in DANGEROUS) or plain[:1] in {"\t", "\r"} else plain


def csv_lines(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[bytes]:
    """Lines of CSV in UTF-8 with its mark, so that a spreadsheet reads the accents."""
    yield b"\xef\xbb\xbf"
    line = io.StringIO()
    writer = csv.writer(line)
    for row in itertools.chain([titles], rows):
        line.seek(0)
        line.truncate()
        writer.writerow([neutral(one) for one in row])
        yield line.getvalue().encode()


def write_xlsx(
    out: BinaryIO,
    title: str,
    columns: Sequence[tuple[str, float]],
    rows: Iterable[Sequence[str]],
    progress: Callable[[int], None] = lambda _: None,
) -> None:
    """Write one sheet, row by row: a million rows need little memory.

    columns: (title, width in letters). progress: told how many rows are written, now and then.
    """
    book = xlsxwriter.Workbook(
        out,
        {
            "constant_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        },
    )
    sheet = book.add_worksheet(title[:31])
    head = book.add_format({"bold": True, "text_wrap": True, "border": 1, "bg_color": "#EEEEEE"})
    text = book.add_format({"text_wrap": True, "valign": "top", "border": 1})
    text.set_quote_prefix()
    sheet.freeze_panes(1, 0)
    sheet.repeat_rows(0)
    sheet.set_landscape()
    sheet.set_paper(9)  # A4
    sheet.fit_to_pages(1, 0)
    for place, (name, width) in enumerate(columns):
        sheet.set_column(place, place, width)
        sheet.write_string(0, place, name, head)
    for number, row in enumerate(rows, start=1):
        for place, value in enumerate(row):
            sheet.write_string(number, place, value.translate(_FORBIDDEN)[:CELL_MAX], text)
        if number % 1000 == 0:
            progress(number)
    book.close()
