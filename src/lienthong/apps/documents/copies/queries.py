"""Electronic copies as files."""

from __future__ import annotations

from lienthong.apps.documents.common import sheets
from lienthong.apps.documents.models import Document
from lienthong.apps.documents.problems import FileNotFound
from lienthong.apps.files import api as files


def copy_file(document: Document, pk: int) -> tuple[str, bytes]:
    """Return file name and bytes of an electronic copy. Raises FileNotFound, DocumentRecalled."""
    sheets.check_readable(document)
    found = document.copies.filter(pk=pk).first()
    if found is None:
        raise FileNotFound
    name = f"{found.kind.replace('_', '-')}-{document.reference}.pdf".replace("/", "-")
    return name, files.get(found.sha256)
