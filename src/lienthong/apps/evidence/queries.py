"""What the operator sees of evidence. Reads only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from lienthong.apps.accounts import api as accounts
from lienthong.apps.accounts.api import Actor, Role
from lienthong.apps.evidence.models import Incident, Stamp, Standing, Watched, Witness
from lienthong.apps.evidence.sources import origin, sources

CLOSED_SHOWN = 20


@accounts.rule("evidence.operate")
def may_operate(actor: Actor, _object: object) -> bool:
    """Alarms about logs are for those who run the node."""
    return bool({Role.AXIS_OPERATOR, Role.ADMINISTRATOR} & set(actor.roles))


@dataclass(frozen=True, slots=True)
class OwnLog:
    """A log of this node, who saw how much of it, and its time-stamps."""

    origin: str
    size: int
    standings: tuple[Standing, ...]
    stamped_at: datetime | None
    stamps_waiting: int


def own_logs() -> list[OwnLog]:
    """The logs of this node that something has entered."""
    found = []
    for name, log in sources():
        stamps = Stamp.objects.filter(log=name)
        last = stamps.exclude(stamped_at=None).order_by("-stamped_at").first()
        standings = Standing.objects.filter(log=name).select_related("witness").order_by("witness")
        found.append(
            OwnLog(
                origin(name),
                log.head().size,
                tuple(standings),
                last.stamped_at if last else None,
                stamps.filter(token=None).count(),
            )
        )
    return found


def witnesses() -> QuerySet[Witness]:
    """Who witnesses our logs."""
    return Witness.objects.order_by("name")


def watched() -> QuerySet[Watched]:
    """The logs that this node watches."""
    return Watched.objects.order_by("origin")


def open_incidents() -> QuerySet[Incident]:
    """Incidents that wait for a person, the newest first."""
    return Incident.objects.filter(closed_at=None)


def closed_incidents() -> QuerySet[Incident]:
    """The incidents that were closed last."""
    return Incident.objects.exclude(closed_at=None).order_by("-closed_at")[:CLOSED_SHOWN]
