"""What search does when the journal says that something happened."""

from __future__ import annotations

from uuid import UUID

from lienthong.apps.documents.models import DossierItem
from lienthong.apps.documents.search import index
from lienthong.apps.journal import api as journal


def take_recorded(event: journal.Recorded) -> None:
    """Make the entries of the document, or of all in the work file, anew; else nothing."""
    kind, _, key = event.subject.partition(":")
    if kind in index.MODELS:
        index.refresh(kind, [UUID(key)])
    elif kind == "dossier":
        for each in index.MODELS:
            filed = DossierItem.objects.filter(dossier_id=int(key)).exclude(**{each: None})
            index.refresh(each, filed.values_list(f"{each}_id", flat=True))
