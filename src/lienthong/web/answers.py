"""Answers that several contexts give: an invalid form, a PDF, a page image, a download."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

# A file that a user sent is shown without scripts, forms, frames or an origin of ours (TM-X-31).
FILE_POLICY = "sandbox; default-src 'none'; frame-ancestors 'self'"


def form_page(
    request: HttpRequest, template: str, context: Mapping[str, Any], *, is_bound: bool
) -> HttpResponse:
    """Show a form: 200 when it is new, 422 when what was sent in it needs another look."""
    response = render(request, template, dict(context), status=422 if is_bound else 200)
    if is_bound:
        # htmx posted the form from inside the page; the answer takes the place of the whole of it.
        response.headers["HX-Retarget"] = "body"
        response.headers["HX-Reswap"] = "innerHTML show:top"
    return response


def inline_pdf(data: bytes, name: str) -> HttpResponse:
    """A PDF to look at in the browser, in a sandbox."""
    response = HttpResponse(data, content_type="application/pdf")
    response.headers["Content-Disposition"] = _disposition("inline", name)
    response.headers["Content-Security-Policy"] = FILE_POLICY
    return response


def download(data: bytes, name: str) -> HttpResponse:
    """A file to keep. Its type is not told, so that no browser tries to show it."""
    response = HttpResponse(data, content_type="application/octet-stream")
    response.headers["Content-Disposition"] = _disposition("attachment", name)
    response.headers["Content-Security-Policy"] = FILE_POLICY
    return response


def json_file(data: Mapping[str, Any], name: str) -> HttpResponse:
    """Facts to keep: one JSON object, readable by a person."""
    return download(json.dumps(data, ensure_ascii=False, indent=1).encode(), name)


# TM-R-E: a cell that begins so would be a formula in a spreadsheet.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def inert(cell: object) -> str:
    """The text of a cell as a spreadsheet shows it, and never as a formula."""
    text = str(cell)
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def csv_file(rows: Iterable[Iterable[object]], name: str) -> HttpResponse:
    """A table to keep, which spreadsheets open with Vietnamese letters and without formulas."""
    written = io.StringIO()
    csv.writer(written).writerows([inert(cell) for cell in row] for row in rows)
    return download(written.getvalue().encode("utf-8-sig"), name)


def page_image(data: bytes) -> HttpResponse:
    """One page of a document as PNG; the address names the version, so it may be kept a while."""
    response = HttpResponse(data, content_type="image/png")
    response.headers["Cache-Control"] = "private, max-age=600"
    return response


def _disposition(kind: str, name: str) -> str:
    ascii_name = "".join(c if c.isascii() and (c.isalnum() or c in "-_.") else "_" for c in name)
    return f"{kind}; filename=\"{ascii_name}\"; filename*=UTF-8''{quote(name, safe='')}"


# What to do with a file of a packet by its type; everything else is downloaded.
BY_TYPE = {"application/pdf": inline_pdf}
