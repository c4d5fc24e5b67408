"""The yearly list of files: proposed by units, copied, issued by the head (DX-75)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from lienthong.apps.accounts import api as accounts
from lienthong.apps.accounts.api import Actor
from lienthong.apps.documents.common.text import bounded
from lienthong.apps.documents.dossiers import retention
from lienthong.apps.documents.dossiers.problems import DossierCodeTaken, ListMissing, ListNotOpen
from lienthong.apps.documents.models import DossierList, DossierListEntry
from lienthong.apps.documents.problems import SeatUnsuitable
from lienthong.apps.documents.rules.dossiers import CODE_MAX, TITLE_MAX, DossierKind, ListState
from lienthong.apps.journal import api as journal

BASIS_MAX = 200


@dataclass(frozen=True, slots=True)
class Line:
    """A file that a unit means to make. keeper_seat_id: None for who proposes it."""

    code: str
    title: str
    retention: str
    kind: DossierKind = DossierKind.ORDINARY
    keeper_seat_id: int | None = None


@transaction.atomic
def propose(actor: Actor, year: int, line: Line) -> DossierListEntry:
    """Propose a line of the list of a year, while it is not issued.

    Raises ListNotOpen, DossierCodeTaken, RetentionUnknown, SeatUnsuitable.
    """
    accounts.check(actor, "documents.dossier_list_propose")
    found = _draft(actor, year)
    keeper_id = line.keeper_seat_id or actor.seat_id
    keeper = accounts.seats(actor.organization_id).filter(pk=keeper_id).first()
    if keeper is None:
        raise SeatUnsuitable(purpose="người lập hồ sơ")
    entry = DossierListEntry(
        organization_id=actor.organization_id,
        list=found,
        code=bounded(line.code, "số, ký hiệu hồ sơ", CODE_MAX),
        title=bounded(line.title, "tiêu đề hồ sơ", TITLE_MAX),
        retention=retention.period(line.retention, timezone.localdate()).label,
        kind=DossierKind(line.kind),
        unit=keeper.unit,
        keeper=keeper,
        proposed_by_id=actor.seat_id,
        proposed_at=timezone.now(),
    )
    try:
        with transaction.atomic():
            entry.save()
    except IntegrityError:
        raise DossierCodeTaken(code=entry.code) from None
    _record(actor, found, "documents.dossier_list_proposed", {"code": entry.code})
    return entry


@transaction.atomic
def withdraw(actor: Actor, entry: DossierListEntry) -> None:
    """Take a line off a list that is not issued. Raises ListNotOpen."""
    accounts.check(actor, "documents.dossier_list_withdraw", entry)
    found = _draft(actor, entry.list.year)
    entry.delete()
    _record(actor, found, "documents.dossier_list_withdrawn", {"code": entry.code})


@transaction.atomic
def copy(actor: Actor, year: int) -> DossierList:
    """Begin the list of `year` with the lines of the year before that it does not have yet.

    Raises ListMissing when the year before has none, ListNotOpen when `year` is issued.
    """
    accounts.check(actor, "documents.dossier_list_copy")
    before = DossierListEntry.objects.filter(
        organization_id=actor.organization_id, list__year=year - 1
    )
    if not before.exists():
        raise ListMissing(year=year - 1)
    found = _draft(actor, year)
    known = set(found.entries.values_list("code", flat=True))
    now = timezone.now()
    made = [
        DossierListEntry(
            organization_id=actor.organization_id,
            list=found,
            code=entry.code,
            title=entry.title,
            retention=entry.retention,
            kind=entry.kind,
            unit_id=entry.unit_id,
            keeper_id=entry.keeper_id,
            proposed_by_id=actor.seat_id,
            proposed_at=now,
        )
        for entry in before
        if entry.code not in known
    ]
    DossierListEntry.objects.bulk_create(made)
    _record(actor, found, "documents.dossier_list_copied", {"lines": len(made)})
    return found


@transaction.atomic
def issue(actor: Actor, year: int, basis: str) -> DossierList:
    """Approve and issue the list; from now on files are opened from it. Raises ListMissing."""
    accounts.check(actor, "documents.dossier_list_issue")
    found = _draft(actor, year)
    if not found.entries.exists():
        raise ListMissing(year=year)
    found.state = ListState.ISSUED
    found.basis = bounded(basis, "văn bản ban hành danh mục", BASIS_MAX)
    found.issued_on = timezone.localdate()
    found.issued_by_id = actor.seat_id
    found.save()
    _record(actor, found, "documents.dossier_list_issued", {"basis": found.basis})
    return found


def _draft(actor: Actor, year: int) -> DossierList:
    """The list of that year, made when there is none, locked. Raises ListNotOpen once issued."""
    DossierList.objects.bulk_create(
        [DossierList(organization_id=actor.organization_id, year=year)], ignore_conflicts=True
    )
    found = DossierList.objects.select_for_update().get(
        organization_id=actor.organization_id, year=year
    )
    if found.state != ListState.DRAFT:
        raise ListNotOpen(year=year)
    return found


def _record(actor: Actor, found: DossierList, act: str, facts: Mapping[str, Any]) -> None:
    journal.record(
        organization_id=found.organization_id,
        act=act,
        subject=f"dossier_list:{found.pk}",
        actor=actor,
        facts={"year": found.year, **facts},
    )
