"""Time-stamps (RFC 3161) on checkpoints, one each hour; what the authority missed is caught up."""

from __future__ import annotations

import base64
import hashlib
import logging
from typing import Any

from django.utils import timezone

from lienthong.apps.evidence.models import Stamp
from lienthong.apps.evidence.rules import STAMP_EVERY, STAMPS_SHOWN
from lienthong.apps.evidence.sources import sources
from lienthong.apps.pki import api as pki
from lienthong.core import signing
from lienthong.core.errors import Problem

logger = logging.getLogger(__name__)

CATCH_UP_MAX = 100


def stamp_due(source: signing.TimestampSource | None = None) -> int:
    """Note each checkpoint that is due for a time-stamp, get those outstanding; how many came.

    source: the authority; by default that of this node's settings. Without one nothing is due.
    """
    authority = source or pki.timestamp_source()
    if authority is None:
        return 0
    now = timezone.now()
    for name, log in sources():
        last = Stamp.objects.filter(log=name).first()
        head = log.head()
        is_due = last is None or now - last.wanted_at >= STAMP_EVERY
        if is_due and (last is None or last.size != head.size):
            Stamp.objects.create(
                log=name, size=head.size, checkpoint=head.checkpoint, wanted_at=now
            )
    outstanding = Stamp.objects.filter(token=None).order_by("wanted_at")[:CATCH_UP_MAX]
    return sum(_get(each, authority) for each in outstanding)


def _get(stamp: Stamp, authority: signing.TimestampSource) -> bool:
    try:
        stamp.token = authority.stamp(stamped_digest(stamp.checkpoint))
    except Problem as problem:
        logger.warning("checkpoint of %s not stamped: %s", stamp.log, problem.sentence)
        Stamp.objects.filter(pk=stamp.pk).update(problem=problem.sentence)
        return False
    stamp.stamped_at, stamp.problem = timezone.now(), ""
    stamp.save(update_fields=["token", "stamped_at", "problem"])
    return True


def stamped_digest(checkpoint: str) -> bytes:
    """What a time-stamp is over: SHA-256 of the checkpoint as the log signed it."""
    return hashlib.sha256(checkpoint.encode()).digest()


def stamps_of(log: str) -> list[dict[str, Any]]:
    """The newest time-stamps of a log, for auditors: checkpoint and token, or that it is due."""
    return [
        {
            "size": each.size,
            "checkpoint": each.checkpoint,
            "wanted_at": each.wanted_at.isoformat(),
            "token": base64.b64encode(each.token).decode("ascii") if each.token else None,
        }
        for each in Stamp.objects.filter(log=log)[:STAMPS_SHOWN]
    ]
