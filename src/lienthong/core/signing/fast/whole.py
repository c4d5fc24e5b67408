"""Whether every object of a file reads as it stands, and its pages are one tree (R31, R34).

The same library and the same question as on the reference path.
"""

from __future__ import annotations

import pikepdf

from lienthong.core.errors import Problem
from lienthong.core.signing.fast.tables import OBJECTS_MAX
from lienthong.core.signing.pdf_check import check_pages


def is_whole(pdf: pikepdf.Pdf) -> bool:
    """Whether every object of an open file reads, and its pages are one tree."""
    try:
        if len(pdf.objects) > OBJECTS_MAX:  # the list is made by reading every object
            return False
        check_pages(pdf)
    except (pikepdf.PdfError, RuntimeError, TypeError, ValueError, Problem):
        return False
    return not pdf.get_warnings()
