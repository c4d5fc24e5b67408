"""The pages of a document's newest file."""

from __future__ import annotations

from lienthong.apps.documents.common import typeset
from lienthong.apps.documents.models import Document, IncomingDocument
from lienthong.apps.documents.problems import DocumentRecalled, FileNotFound
from lienthong.apps.documents.rules.incoming import IncomingState
from lienthong.apps.files import api as files

PAGE_WIDTH_PX = 1240
SHEETS_MAX = 200  # a longer document is read in its own file


def pdf(document: Document) -> bytes:
    """Return the newest file of the document. Raises FileNotFound when it has none."""
    check_readable(document)
    if not document.pdf_sha256:
        raise FileNotFound
    return files.get(document.pdf_sha256)


def page_png(document: Document, page: int, width: int = 1000) -> bytes:
    """Return a picture of one page, counted from 1. Raises FileNotFound."""
    try:
        return typeset.page_png(pdf(document), page - 1, width)
    except IndexError:
        raise FileNotFound from None


def page_count(document: Document) -> int:
    """How many pages the newest file has, 0 without a file or when it was recalled."""
    if not document.pdf_sha256 or _is_recalled(document):
        return 0
    return typeset.page_count(pdf(document))


def check_readable(document: Document) -> None:
    """Raise DocumentRecalled when the content is no longer shown (DX-37)."""
    if _is_recalled(document):
        raise DocumentRecalled


def _is_recalled(document: Document) -> bool:
    return isinstance(document, IncomingDocument) and document.state == IncomingState.RECALLED
