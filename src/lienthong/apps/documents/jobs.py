"""Work of the desk done later, safe to repeat."""

from __future__ import annotations

import logging

from django.db import transaction
from django.utils import timezone

from lienthong.apps.accounts import api as accounts
from lienthong.apps.documents.dossiers import reminding as dossier_reminding
from lienthong.apps.documents.incoming import reminding
from lienthong.apps.documents.outgoing import stamping
from lienthong.apps.documents.registers import making
from lienthong.apps.documents.search import index
from lienthong.apps.documents.verification import keeping
from lienthong.apps.outbox import api as outbox
from lienthong.core.errors import Problem

log = logging.getLogger(__name__)
AT_ONCE = 100
INDEX_ROUNDS = 200  # of AT_ONCE documents, in one run


@outbox.job("documents.add_timestamps", schedule="*/2 * * * *")
def add_timestamps() -> None:
    """Time-stamp what was signed while the authority could not be reached (SG 5.1)."""
    with accounts.everywhere():
        for document in stamping.without_timestamp().order_by("signed_at")[:AT_ONCE]:
            try:
                stamping.add_timestamp(document.pk)
            except Problem as problem:
                log.warning("document %s keeps no time-stamp yet: %s", document.pk, problem.code)
        for document in keeping.sent_without_timestamp().order_by("dispatched_at")[:AT_ONCE]:
            try:
                keeping.keep_sent(document.pk)
            except Problem as problem:
                log.warning("document %s went without a time-stamp: %s", document.pk, problem.code)


@outbox.job("documents.keep_evidence", schedule="*/2 * * * *")
def keep_evidence() -> None:
    """Collect what proves the documents that arrived; what cannot be decided waits a round."""
    with accounts.everywhere():
        waiting = keeping.without_evidence(timezone.now()).order_by("arrived_at")
        for document in waiting[:AT_ONCE]:
            try:
                keeping.keep_evidence(document.pk)
            except Problem as problem:
                log.warning("document %s has no evidence yet: %s", document.pk, problem.code)


@outbox.job("documents.remind_of_hand_overs", schedule="30 0 * * *")
def remind_of_hand_overs() -> None:
    """Tell keepers which files go to the archive soon or are late (DX-79)."""
    with accounts.everywhere():
        dossier_reminding.remind(timezone.localdate())


@outbox.job("documents.index_search", schedule="*/10 * * * *")
def index_search() -> None:
    """Make the search entries that an upgrade, or rows entered in bulk, left behind."""
    with accounts.everywhere():
        for kind in index.MODELS:
            for _ in range(INDEX_ROUNDS):
                keys = list(index.behind(kind).values_list("pk", flat=True)[:AT_ONCE])
                if not keys:
                    break
                index.refresh(kind, keys)


@outbox.job(making.JOB)
def write_register(*, organization_id: int, export_id: int) -> None:
    """Write a long register to a file (G.2); the scope is that of its organization."""
    making.write(export_id)


@outbox.job("documents.remind", schedule="*/5 * * * *")
def remind() -> None:
    """Remind of deadlines before and after they pass, and of work that nobody holds (DX-32)."""
    now = timezone.now()
    with accounts.everywhere():
        for document in reminding.in_work(now).order_by("due_at").iterator(AT_ONCE):
            with transaction.atomic():
                reminding.remind(document, now)
        for document in reminding.unregistered(now).order_by("register_by").iterator(AT_ONCE):
            with transaction.atomic():
                reminding.remind_waiting(document)
        for document in reminding.without_holder().iterator(AT_ONCE):
            reminding.tell_stranded(document)
