"""Units of an organization as a tree that decisions change from their day on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from lienthong.apps.directory import rules
from lienthong.apps.directory.models import Unit, UnitChange
from lienthong.apps.directory.rules import UnitMove

DEPTH_MAX = 8


@dataclass(frozen=True, slots=True)
class Node:
    """A unit and how deep it stands in the tree; the top is 0."""

    unit: Unit
    depth: int


def standing_units(organization_id: int, on: date | None = None) -> QuerySet[Unit]:
    """The units that exist on that day, today by default, in Vietnamese order."""
    on = on or timezone.localdate()
    found = Unit.objects.filter(organization_id=organization_id, valid_from__lte=on)
    return found.filter(Q(valid_to=None) | Q(valid_to__gte=on))


def unit_tree(organization_id: int) -> list[Node]:
    """Today's units, each before those below it: one read, however deep the tree is."""
    found = list(standing_units(organization_id))
    known = {unit.pk for unit in found}
    below: dict[int | None, list[Unit]] = {}
    for unit in found:
        below.setdefault(unit.parent_id if unit.parent_id in known else None, []).append(unit)

    def walk(parent: int | None, depth: int) -> Iterator[Node]:
        for unit in below.get(parent, ()):
            yield Node(unit, depth)
            yield from walk(unit.pk, depth + 1)

    return list(walk(None, 0))


def unit(organization_id: int, pk: int) -> Unit:
    """One unit of an organization, whether it still exists or not. Raises UnitUnknown."""
    found = Unit.objects.filter(organization_id=organization_id, pk=pk).first()
    if found is None:
        raise rules.UnitUnknown
    return found


def name_on(found: Unit, on: date) -> str:
    """What the unit was called on that day."""
    later = found.changes.filter(
        move=UnitMove.RENAME, done_at__isnull=False, effective_on__gt=on
    ).first()
    return later.old_name if later else found.name


@transaction.atomic
def decide(
    found: Unit,
    move: UnitMove,
    *,
    effective_on: date,
    basis: str,
    name: str = "",
    code: str = "",
    target: Unit | None = None,
) -> UnitChange:
    """Enter a decision; it is carried out when its day has come. Raises UnitChangeRefused.

    target: the new parent of a move, None for the top; the heir of a merger.
    """
    found = Unit.objects.select_for_update().get(pk=found.pk)
    change = UnitChange(
        unit=found,
        move=move,
        effective_on=effective_on,
        basis=rules.composed(basis),
        name=rules.composed(name),
        code=code.strip(),
        target=target,
    )
    _check(change)
    change.save()
    if effective_on <= timezone.localdate():
        carry_out(change)
    return change


@transaction.atomic
def carry_out(change: UnitChange) -> None:
    """Do what a decision says. Raises UnitChangeRefused; safe to repeat."""
    change = UnitChange.objects.select_for_update().get(pk=change.pk)
    if change.done_at is not None:
        return
    found = Unit.objects.select_for_update().get(pk=change.unit_id)
    change.unit = found
    _check(change)
    change.old_name, change.old_code = found.name, found.code
    change.old_parent_id = found.parent_id
    match UnitMove(change.move):
        case UnitMove.RENAME:
            found.name, found.code = change.name or found.name, change.code or found.code
        case UnitMove.MOVE:
            found.parent = change.target
        case UnitMove.MERGE:
            found.children.filter(valid_to=None).update(parent=change.target)
            found.heir, found.valid_to = change.target, _last_day(found, change)
        case UnitMove.ABOLISH:
            found.valid_to = _last_day(found, change)
    found.save()
    change.done_at = timezone.now()
    change.save()


def _last_day(found: Unit, change: UnitChange) -> date:
    return max(found.valid_from, change.effective_on - timedelta(days=1))


def waiting_changes(organization_id: int) -> QuerySet[UnitChange]:
    """Decisions that are not carried out yet."""
    return UnitChange.objects.filter(
        unit__organization_id=organization_id, done_at=None
    ).select_related("unit", "target")


def due_changes(on: date) -> QuerySet[UnitChange]:
    """Decisions of every organization whose day has come."""
    return UnitChange.objects.filter(done_at=None, effective_on__lte=on).select_related(
        "unit", "target"
    )


@transaction.atomic
def withdraw(change: UnitChange) -> None:
    """Take back a decision that was not carried out. Raises UnitChangeRefused."""
    if not UnitChange.objects.filter(pk=change.pk, done_at=None).delete()[0]:
        raise rules.UnitChangeRefused(reason="quyết định đã được thực hiện.")


def _check(change: UnitChange) -> None:
    """Raise UnitChangeRefused unless the decision makes sense for the unit as it is."""
    reason = _obstacle(change)
    if reason:
        raise rules.UnitChangeRefused(reason=reason)


def _obstacle(change: UnitChange) -> str:
    found, target = change.unit, change.target
    if found.valid_to is not None:
        return "đơn vị đã kết thúc hoạt động."
    if change.effective_on < found.valid_from:
        return "ngày hiệu lực trước ngày thành lập đơn vị."
    last = found.changes.filter(done_at__isnull=False).last()
    if last is not None and change.effective_on < last.effective_on:
        return "ngày hiệu lực trước một quyết định đã thực hiện."
    if target is not None and _is_no_place(found, target):
        return "đơn vị đích không hợp lệ."
    return _own_obstacle(change)


def _own_obstacle(change: UnitChange) -> str:
    """What stands in the way of this kind of decision; "" for nothing."""
    found = change.unit
    match UnitMove(change.move):
        case UnitMove.RENAME:
            if not change.name:
                return "cần tên mới."
            others = standing_units(found.organization_id).exclude(pk=found.pk)
            if change.code and others.filter(code=change.code).exists():
                return "ký hiệu đã được dùng cho đơn vị khác."
        case UnitMove.MERGE:
            if change.target is None:
                return "cần nêu đơn vị nhận sáp nhập."
        case UnitMove.ABOLISH:
            if found.children.filter(valid_to=None).exists():
                return "còn đơn vị trực thuộc; hãy chuyển các đơn vị đó trước."
        case UnitMove.MOVE:
            pass
    return ""


def _is_no_place(found: Unit, target: Unit) -> bool:
    """Whether `target` is elsewhere, has ended, or stands below `found` itself."""
    if target.organization_id != found.organization_id or target.valid_to is not None:
        return True
    step: Unit | None = target
    for _ in range(DEPTH_MAX + 1):
        if step is None:
            return False
        if step.pk == found.pk:
            return True
        step = step.parent
    return True
