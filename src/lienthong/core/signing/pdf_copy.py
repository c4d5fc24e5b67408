"""The pages of a signed PDF as a plain one: what an electronic copy is made of (DX-59).

A copy shows what the original shows, the pictures of its signatures too; the signatures stay in the
original. Nothing but pages comes over: no fields, scripts, attachments or old revisions.
"""

from __future__ import annotations

import io
from collections.abc import Sequence

import pikepdf

from lienthong.core.signing.pdf_check import open_strict
from lienthong.core.signing.problems import PdfBoxOutside


def plain_pages(data: bytes, pages: Sequence[int] | None = None) -> bytes:
    """Return the pages of `data` with its marks drawn on them, without any signature.

    pages: which ones, from 0, in this order; None for all. The same input gives the same bytes.

    Raises PdfBoxOutside for a page that is not there, and what open_strict raises.
    """
    with open_strict(data) as source, pikepdf.new() as made:
        wanted = range(len(source.pages)) if pages is None else pages
        for number in wanted:
            if not 0 <= number < len(source.pages):
                raise PdfBoxOutside(page=number + 1)
        source.flatten_annotations("all")
        for number in wanted:
            made.pages.append(source.pages[number])
        out = io.BytesIO()
        made.save(out, deterministic_id=True, force_version="1.7")
    return out.getvalue()
