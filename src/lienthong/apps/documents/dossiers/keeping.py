"""A work file from its opening to its end: open, approve, fill, order, close, keep longer.

One function is one transaction with its entry in the journal.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils import timezone

from lienthong.apps.accounts import api as accounts
from lienthong.apps.accounts.api import Actor
from lienthong.apps.documents.common import numbering
from lienthong.apps.documents.common.text import bounded
from lienthong.apps.documents.dossiers import contents, queries, retention
from lienthong.apps.documents.dossiers.problems import (
    AlreadyInDossier,
    DossierCodeTaken,
    DossierNotFound,
    DossierNotReady,
    NothingToHandOver,
    NotInDossier,
)
from lienthong.apps.documents.models import (
    Document,
    Dossier,
    DossierItem,
    DossierListEntry,
    OutgoingDocument,
)
from lienthong.apps.documents.problems import DocumentNotFound
from lienthong.apps.documents.rules import number_text
from lienthong.apps.documents.rules.dossiers import (
    CODE_MAX,
    NOTE_MAX,
    TITLE_MAX,
    Access,
    DossierKind,
    DossierMove,
    DossierState,
    after,
)
from lienthong.apps.journal import api as journal


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a file is to be. code: "" takes the next number of the year."""

    title: str
    retention: str
    code: str = ""
    kind: DossierKind = DossierKind.ORDINARY
    access: Access = Access.NORMAL
    description: str = ""


@transaction.atomic
def open_from_list(actor: Actor, entry: DossierListEntry) -> Dossier:
    """Open a file of the issued yearly list, as the list says (DX-75). Raises DossierCodeTaken."""
    accounts.check(actor, "documents.dossier_open")
    on = timezone.localdate()
    dossier = Dossier(
        organization_id=actor.organization_id,
        year=entry.list.year,
        code=entry.code,
        title=entry.title,
        entry=entry,
        creator_id=actor.seat_id,
        kind=entry.kind,
        retention=entry.retention,
        opened_on=on,
    )
    _create(dossier)
    record(actor, dossier, "documents.dossier_opened", {"code": dossier.code, "list": True})
    return dossier


@transaction.atomic
def open_outside(actor: Actor, wanted: Wanted) -> Dossier:
    """Open a file that the yearly list does not have; it waits for approval (DX-75).

    Documents may be put into it meanwhile. Raises RetentionUnknown, DossierCodeTaken.
    """
    accounts.check(actor, "documents.dossier_open")
    on = timezone.localdate()
    kept = retention.period(wanted.retention, on)
    code = bounded(wanted.code, "số, ký hiệu hồ sơ", CODE_MAX, required=False)
    dossier = Dossier(
        organization_id=actor.organization_id,
        state=DossierState.PROPOSED,
        year=on.year,
        code=code or _next_code(actor.organization_id, on),
        title=bounded(wanted.title, "tiêu đề hồ sơ", TITLE_MAX),
        creator_id=actor.seat_id,
        kind=DossierKind(wanted.kind),
        access=Access(wanted.access),
        retention=kept.label,
        description=bounded(wanted.description, "ghi chú", NOTE_MAX, required=False),
        opened_on=on,
    )
    _create(dossier)
    record(actor, dossier, "documents.dossier_opened", {"code": dossier.code, "list": False})
    return dossier


@transaction.atomic
def approve(actor: Actor, dossier: Dossier) -> Dossier:
    """Approve a file outside the list: a leader or the head of the unit, not its keeper (DX-75)."""
    dossier = locked(dossier)
    accounts.check(actor, "documents.dossier_approve", dossier)
    dossier.state = after(DossierState(dossier.state), DossierMove.APPROVE)
    dossier.approved_by_id, dossier.approved_at = actor.seat_id, timezone.now()
    dossier.save(update_fields=["state", "approved_by", "approved_at"])
    record(actor, dossier, "documents.dossier_approved")
    return dossier


@transaction.atomic
def edit(actor: Actor, dossier: Dossier, wanted: Wanted) -> Dossier:
    """Change what is written about a file that is not closed. Raises DossierCodeTaken."""
    dossier = _kept(actor, dossier, DossierMove.EDIT)
    dossier.code = bounded(wanted.code, "số, ký hiệu hồ sơ", CODE_MAX)
    dossier.title = bounded(wanted.title, "tiêu đề hồ sơ", TITLE_MAX)
    dossier.retention = retention.period(wanted.retention, timezone.localdate()).label
    dossier.kind, dossier.access = DossierKind(wanted.kind), Access(wanted.access)
    dossier.description = bounded(wanted.description, "ghi chú", NOTE_MAX, required=False)
    try:
        with transaction.atomic():
            dossier.save()
    except IntegrityError:
        raise DossierCodeTaken(code=dossier.code) from None
    facts = {"code": dossier.code, "title": dossier.title, "retention": dossier.retention}
    record(actor, dossier, "documents.dossier_edited", facts)
    return dossier


@transaction.atomic
def put(actor: Actor, dossier: Dossier, document: Document) -> DossierItem:
    """Put a document that the actor may see at the end of the file (DX-76).

    The same document may be in several files, in each once. Raises AlreadyInDossier.
    """
    dossier = _kept(actor, dossier, DossierMove.FILL)
    if not accounts.can(actor, "documents.view", document):
        raise DocumentNotFound
    return enter(actor, dossier, document)


def enter(actor: Actor, dossier: Dossier, document: Document) -> DossierItem:
    """Write the document into a file that the caller has locked and may fill."""
    column = "outgoing" if isinstance(document, OutgoingDocument) else "incoming"
    last = dossier.items.aggregate(last=Max("position"))["last"] or 0
    item = DossierItem(
        organization_id=dossier.organization_id,
        dossier=dossier,
        position=last + 1,
        added_by_id=actor.seat_id,
        added_at=timezone.now(),
        **{column: document},
    )
    if dossier.items.filter(removed_at=None, **{column: document}).exists():
        raise AlreadyInDossier
    item.save()
    facts = {"document": document.journal_subject, "reference": document.reference}
    record(actor, dossier, "documents.dossier_filled", facts)
    return item


@transaction.atomic
def take_out(actor: Actor, dossier: Dossier, item_id: int, reason: str) -> None:
    """Take a document out of the file; the trace stays (DX-76). Raises NotInDossier."""
    dossier = _kept(actor, dossier, DossierMove.FILL)
    item = _item(dossier, item_id)
    item.removal_reason = bounded(reason, "lý do bỏ ra khỏi hồ sơ", NOTE_MAX)
    item.removed_by_id, item.removed_at = actor.seat_id, timezone.now()
    item.save(update_fields=["removal_reason", "removed_by", "removed_at"])
    document = item.incoming or item.outgoing
    facts = {
        "document": document.journal_subject if document else "",
        "reference": document.reference if document else "",
        "reason": item.removal_reason,
    }
    record(actor, dossier, "documents.dossier_taken_out", facts)


@transaction.atomic
def move(actor: Actor, dossier: Dossier, item_id: int, steps: int) -> None:
    """Move a document up (negative) or down in the order of the file. Raises NotInDossier."""
    dossier = _kept(actor, dossier, DossierMove.FILL)
    item = _item(dossier, item_id)
    order = list(dossier.items.filter(removed_at=None).order_by("position", "pk"))
    place = order.index(item)
    order.insert(max(0, min(len(order), place + steps)), order.pop(place))
    _renumber(order)
    record(actor, dossier, "documents.dossier_ordered", {"item": item.pk, "steps": steps})


@transaction.atomic
def order_by_time(actor: Actor, dossier: Dossier) -> None:
    """Put the documents of the file in the order of their dates."""
    dossier = _kept(actor, dossier, DossierMove.FILL)
    found = list(queries.items(dossier))
    found.sort(key=lambda item: contents.day_of(item) or date.max)
    _renumber(found)
    record(actor, dossier, "documents.dossier_ordered", {"by": "time"})


@transaction.atomic
def close(actor: Actor, dossier: Dossier, ended_on: date | None = None) -> Dossier:
    """Close the file once nothing grave stands against it, and start its clocks (DX-77, DX-78).

    ended_on: when the work ended, today by default; for construction its final settlement.
    Raises DossierNotReady, RetentionUnknown.
    """
    dossier = _kept(actor, dossier, DossierMove.CLOSE)
    today = timezone.localdate()
    ended_on = ended_on or today
    if not dossier.opened_on <= ended_on <= today:
        raise DossierNotReady(reason="ngày kết thúc phải từ ngày mở hồ sơ đến hôm nay.")
    grave = [one for one in contents.objections_to(dossier) if one.is_grave]
    if grave:
        reason = "; ".join(" ".join(filter(None, (one.document, one.text))) for one in grave)
        raise DossierNotReady(reason=reason[:NOTE_MAX])
    kept = retention.period(dossier.retention, today)
    _renumber(list(queries.items(dossier)))
    dossier.state = DossierState.CLOSED
    dossier.closed_on = ended_on
    dossier.hand_over_by = retention.hand_over_by(DossierKind(dossier.kind), kept, ended_on)
    dossier.due_on = dossier.hand_over_by
    dossier.retention_ends_on = retention.ends_on(kept, ended_on)
    dossier.save()
    due = dossier.hand_over_by.isoformat() if dossier.hand_over_by else None
    facts = {"ended_on": ended_on.isoformat(), "hand_over_by": due}
    record(actor, dossier, "documents.dossier_closed", facts)
    return dossier


@transaction.atomic
def reopen(actor: Actor, dossier: Dossier, reason: str) -> Dossier:
    """Open a closed file again, with a reason; its clocks stop."""
    dossier = _kept(actor, dossier, DossierMove.REOPEN)
    reason = bounded(reason, "lý do mở lại", NOTE_MAX)
    dossier.state = DossierState.OPEN
    dossier.closed_on = dossier.retention_ends_on = None
    dossier.hand_over_by = dossier.due_on = None
    dossier.kept_reason = ""
    dossier.save()
    record(actor, dossier, "documents.dossier_reopened", {"reason": reason})
    return dossier


@transaction.atomic
def keep_longer(actor: Actor, dossier: Dossier, until: date, reason: str) -> Dossier:
    """Consent in writing that the unit keeps the file beyond its day, two years at most (DX-78).

    Raises NothingToHandOver, KeptTooLong.
    """
    dossier = locked(dossier)
    accounts.check(actor, "documents.dossier_keep_longer", dossier)
    after(DossierState(dossier.state), DossierMove.KEEP_LONGER)
    if dossier.hand_over_by is None or dossier.due_on is None:
        raise NothingToHandOver(code=dossier.code)
    retention.check_keep_longer(dossier.hand_over_by, until)
    dossier.due_on = until
    dossier.kept_reason = bounded(reason, "văn bản đồng ý giữ lại", NOTE_MAX)
    dossier.save(update_fields=["due_on", "kept_reason"])
    facts = {"until": until.isoformat(), "reason": dossier.kept_reason}
    record(actor, dossier, "documents.dossier_kept_longer", facts)
    return dossier


def file_finished(actor: Actor, document: Document, dossier_id: int | None, title: str) -> Dossier:
    """File a document whose work ended: in an open file, or a new one outside the list (DX-76).

    Must run in the caller's transaction. Raises DossierNotFound, FieldMissing.
    """
    if dossier_id is None:
        kept = retention.periods(timezone.localdate())
        usual = next((one for one in kept if one.label == USUAL_RETENTION), kept[0])
        dossier = open_outside(actor, Wanted(title=title, retention=usual.label))
    else:
        found = queries.open_dossiers(actor).filter(pk=dossier_id).first()
        if found is None:
            raise DossierNotFound
        dossier = locked(found)
    if not queries.dossiers_of(document).filter(pk=dossier.pk).exists():
        enter(actor, dossier, document)
    return dossier


USUAL_RETENTION = "10 năm"


def locked(dossier: Dossier) -> Dossier:
    """Return the row as it is now, locked until the transaction ends. Raises DossierNotFound."""
    found = (
        Dossier.objects.select_for_update(of=("self",))
        .select_related("creator__person", "organization")
        .filter(pk=dossier.pk)
        .first()
    )
    if found is None:
        raise DossierNotFound
    return found


def record(
    actor: Actor | None, dossier: Dossier, act: str, facts: Mapping[str, Any] | None = None
) -> None:
    """Write an act on a file into the journal."""
    journal.record(
        organization_id=dossier.organization_id,
        act=act,
        subject=dossier.journal_subject,
        actor=actor,
        facts=facts,
    )


def _kept(actor: Actor, dossier: Dossier, wanted: DossierMove) -> Dossier:
    dossier = locked(dossier)
    accounts.check(actor, "documents.dossier_keep", dossier)
    after(DossierState(dossier.state), wanted)
    return dossier


def _create(dossier: Dossier) -> None:
    try:
        with transaction.atomic():
            dossier.save(force_insert=True)
    except IntegrityError:
        raise DossierCodeTaken(code=dossier.code) from None


def _next_code(organization_id: int, on: date) -> str:
    number = numbering.take(organization_id, numbering.Series.DOSSIER, on)
    return f"{number_text(number)}/{on.year}"


def _item(dossier: Dossier, item_id: int) -> DossierItem:
    item = dossier.items.filter(pk=item_id, removed_at=None).first()
    if item is None:
        raise NotInDossier
    return item


def _renumber(order: list[DossierItem]) -> None:
    for position, item in enumerate(order, start=1):
        item.position = position
    DossierItem.objects.bulk_update(order, ["position"])
