"""Whether every object of a file reads as it stands, and its pages are one tree (R31, R34).

The same library and the same question as on the reference path.
"""

from __future__ import annotations

import io

import pikepdf

from lienthong.core.errors import Problem
from lienthong.core.signing.fast.ask import Ask
from lienthong.core.signing.fast.tables import OBJECTS_MAX
from lienthong.core.signing.pdf_check import check_pages


def check_whole(data: bytes, *, pages: bool = True) -> None:
    """Raise Ask unless `data` reads without a warning, every object of it."""
    try:
        with pikepdf.open(io.BytesIO(data), attempt_recovery=False) as pdf:
            # The list is made by reading every object.
            if len(pdf.objects) > OBJECTS_MAX:
                raise Ask("many objects")
            if pages:
                check_pages(pdf)
            if pdf.get_warnings():
                raise Ask("the file reads with warnings")
    except (pikepdf.PdfError, RuntimeError, TypeError, ValueError, Problem) as error:
        raise Ask("the file does not read") from error
