"""Reads of notices. Each starts from whose box it is."""

from __future__ import annotations

from datetime import datetime

from django.db.models import F, QuerySet

from lienthong.apps.accounts.api import Actor
from lienthong.apps.notices.models import Notice
from lienthong.apps.notices.rules import MAIL_WITHIN, NoticeNotFound


def box(actor: Actor) -> QuerySet[Notice]:
    """The notices of this person in this organization: unread first, then newest."""
    mine = Notice.objects.filter(person_id=actor.person_id, organization_id=actor.organization_id)
    return mine.order_by(F("read_at").asc(nulls_first=True), "-told_at", "-pk")


def unread(actor: Actor) -> int:
    """How many notices this person has not read."""
    return box(actor).filter(read_at=None).count()


def notice(actor: Actor, pk: int) -> Notice:
    """One notice of this person. Raises NoticeNotFound."""
    found = box(actor).filter(pk=pk).first()
    if found is None:
        raise NoticeNotFound
    return found


def to_mail(now: datetime) -> QuerySet[Notice]:
    """What is neither read nor sent yet and belongs to somebody with an address, by person."""
    fresh = Notice.objects.filter(read_at=None, mailed_at=None, told_at__gt=now - MAIL_WITHIN)
    reachable = fresh.exclude(person__email="").filter(person__is_active=True)
    return reachable.select_related("person").order_by("person_id", "-told_at")
