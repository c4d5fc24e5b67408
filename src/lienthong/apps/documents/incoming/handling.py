"""The work of the lead: begin, note progress, finish; and opening again what was finished.

Every step is one transaction with its journal entry and its status to the sender (DX-28).
"""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from lienthong.apps.accounts import api as accounts
from lienthong.apps.accounts.api import Actor
from lienthong.apps.documents.common.text import bounded
from lienthong.apps.documents.dossiers import keeping as filing
from lienthong.apps.documents.incoming import telling
from lienthong.apps.documents.incoming.acting import LONG_TEXT_MAX, TEXT_MAX, done, locked
from lienthong.apps.documents.models import IncomingDocument, ProgressNote
from lienthong.apps.documents.rules.incoming import IncomingMove, IncomingState, after_incoming


@transaction.atomic
def start_work(actor: Actor, document: IncomingDocument) -> IncomingDocument:
    """The lead begins (status 05)."""
    document = locked(document)
    accounts.check(actor, "documents.work", document)
    begin(actor, document)
    return document


def begin(actor: Actor | None, document: IncomingDocument) -> None:
    """Move a locked document into work (DX-27: nothing is waited for)."""
    document.state = after_incoming(IncomingState(document.state), IncomingMove.START)
    document.started_at = timezone.now()
    document.save(update_fields=["state", "started_at"])
    done(actor, document, "documents.started", {})


@transaction.atomic
def note_progress(actor: Actor, document: IncomingDocument, text: str) -> IncomingDocument:
    """Write down how far the work is; lead and supporters do."""
    document = locked(document)
    accounts.check(actor, "documents.note_progress", document)
    after_incoming(IncomingState(document.state), IncomingMove.NOTE)
    note = ProgressNote.objects.create(
        organization_id=document.organization_id,
        document=document,
        by_id=actor.seat_id,
        text=bounded(text, "tiến độ", LONG_TEXT_MAX),
        at=timezone.now(),
    )
    done(actor, document, "documents.progress_noted", {"text": note.text})
    return document


@transaction.atomic
def finish(
    actor: Actor,
    document: IncomingDocument,
    note: str,
    dossier_id: int | None = None,
    dossier_title: str = "",
) -> IncomingDocument:
    """Close the work with a note and file the document in a dossier (DX-76, status 06).

    The dossier is an open one of the actor's unit, or a new one with `dossier_title` (DX-75).
    """
    document = locked(document)
    accounts.check(actor, "documents.work", document)
    document.state = after_incoming(IncomingState(document.state), IncomingMove.FINISH)
    document.result_note = bounded(note, "kết quả xử lý", LONG_TEXT_MAX)
    document.dossier = filing.file_finished(actor, document, dossier_id, dossier_title)
    close(actor, document, {"note": document.result_note, "dossier": document.dossier.code})
    return document


@transaction.atomic
def file_away(actor: Actor, document: IncomingDocument, note: str) -> IncomingDocument:
    """Close what needs no work: read, kept, answered for by who decided so (status 06)."""
    document = locked(document)
    accounts.check(actor, "documents.file_away", document)
    document.state = after_incoming(IncomingState(document.state), IncomingMove.FILE)
    document.lead_id = actor.seat_id
    document.result_note = bounded(note, "lý do không phải xử lý", TEXT_MAX)
    document.save(update_fields=["lead"])
    close(actor, document, {"note": document.result_note})
    return document


def close(actor: Actor | None, document: IncomingDocument, facts: dict[str, str]) -> None:
    """Write down the end of the work of a locked document whose state says so already."""
    document.completed_at = timezone.now()
    document.save(update_fields=["state", "result_note", "dossier", "completed_at"])
    done(actor, document, "documents.finished", facts)


@transaction.atomic
def reopen(actor: Actor, document: IncomingDocument, reason: str) -> IncomingDocument:
    """Open finished work again; the sender, who was told it is done, is told nothing new."""
    document = locked(document)
    accounts.check(actor, "documents.reopen", document)
    document.state = after_incoming(IncomingState(document.state), IncomingMove.REOPEN)
    document.completed_at = None
    document.save(update_fields=["state", "completed_at"])
    reason = bounded(reason, "lý do mở lại", TEXT_MAX)
    done(actor, document, "documents.reopened", {"reason": reason})
    telling.reopened(document, reason)
    return document
