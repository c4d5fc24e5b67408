"""The logs of the authorities in rows: issued certificates, time-stamp tokens (SG 5.5).

The row of a log's head is the lock; who holds it may grow the tree. Checkpoints are signed with the
log key of the axis under an origin of their own, so no log can pass for another.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.db import transaction

from lienthong.apps.pki import keyfiles
from lienthong.apps.pki.authority.models import LogEntry, LogHead, LogTile
from lienthong.apps.pki.authority.rules import LogBroken
from lienthong.core import tlog

ORIGINS = {"certificates": "certificate-log", "timestamps": "timestamp-log"}


def origin(name: str) -> str:
    """The name of a log in its checkpoints."""
    return f"{settings.NODE_NAME}/{ORIGINS[name]}"


class _Rows:
    """The tiles of one log, read from the database."""

    def __init__(self, name: str) -> None:
        self._name = name

    def read(self, level: int, index: int) -> bytes:
        found = LogTile.objects.filter(log=self._name, level=level, index=index).first()
        return bytes(found.hashes) if found else b""


@transaction.atomic
def append(name: str, entries: Sequence[bytes]) -> int:
    """Add leaves in order and sign the new head; return the index of the first.

    Raises LogBroken when the rows make no tree.
    """
    LogHead.objects.bulk_create([LogHead(name=name)], ignore_conflicts=True)
    head = LogHead.objects.select_for_update().get(name=name)
    first = head.size
    if not entries:
        return first
    leaves = [tlog.leaf_hash(entry) for entry in entries]
    try:
        growth = tlog.append(_Rows(name), head.size, leaves)
    except tlog.TileInvalid as error:
        raise LogBroken(name=name) from error
    LogEntry.objects.bulk_create(
        LogEntry(log=head, index=first + place, entry=entry) for place, entry in enumerate(entries)
    )
    LogTile.objects.bulk_create(
        [
            LogTile(log=head, level=level, index=index, hashes=hashes)
            for (level, index), hashes in growth.changed.items()
        ],
        update_conflicts=True,
        unique_fields=["log", "level", "index"],
        update_fields=["hashes"],
    )
    checkpoint = tlog.Checkpoint(origin(name), growth.size, growth.root)
    head.size = growth.size
    head.checkpoint = tlog.sign_checkpoint(checkpoint, keyfiles.log_key(), origin(name))
    head.save(update_fields=["size", "checkpoint"])
    return first


def evidence(name: str, index: int) -> dict[str, Any]:
    """What ties one leaf to the log now: index, size, inclusion proof, signed checkpoint."""
    head = LogHead.objects.get(name=name)
    tree = tlog.Tree(_Rows(name), head.size)
    return {
        "origin": origin(name),
        "index": index,
        "size": head.size,
        "proof": [base64.b64encode(one).decode("ascii") for one in tree.inclusion_proof(index)],
        "checkpoint": head.checkpoint,
    }


def tile(name: str, level: int, index: int) -> bytes:
    """The hashes of one tile; empty when there is none."""
    return _Rows(name).read(level, index)


def checkpoint(name: str) -> str:
    """The newest signed checkpoint; empty for a log that nothing has entered yet."""
    found = LogHead.objects.filter(name=name).first()
    return found.checkpoint if found else ""
