"""Logs whose tree is kept in this context's rows. The row of the head is the lock (TM-A-04)."""

from __future__ import annotations

from collections.abc import Sequence

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import transaction
from django.utils import timezone

from lienthong.apps.evidence import rules
from lienthong.apps.evidence.models import OwnHead, OwnTile
from lienthong.apps.evidence.sources import Head, origin
from lienthong.core import tlog


class OwnTree:
    """The tiles of one log, read from rows."""

    def __init__(self, log: str) -> None:
        self._log = log

    def read(self, level: int, index: int) -> bytes:
        found = OwnTile.objects.filter(log=self._log, level=level, number=index).first()
        return bytes(found.hashes) if found else b""


def lock(log: str) -> int:
    """Lock the log's head for the caller's transaction and return the size of the log."""
    OwnHead.objects.bulk_create([OwnHead(log=log)], ignore_conflicts=True)
    return OwnHead.objects.select_for_update().get(log=log).size


@transaction.atomic
def append(log: str, leaf_hashes: Sequence[bytes], key: Ed25519PrivateKey) -> None:
    """Add leaves and sign the new head. Raises LogTampered when the rows make no tree.

    The head that is there must be the one that was signed: who put an older or another one there
    does not get it continued.
    """
    size = lock(log)
    head = OwnHead.objects.get(log=log)
    name = origin(log)
    try:
        growth = tlog.append(OwnTree(log), size, leaf_hashes)
        _check_head(head, name, key)
    except (tlog.TileInvalid, tlog.CheckpointInvalid) as error:
        raise rules.LogTampered(name=name) from error
    OwnTile.objects.bulk_create(
        [
            OwnTile(log=log, level=level, number=index, hashes=hashes)
            for (level, index), hashes in growth.changed.items()
        ],
        update_conflicts=True,
        unique_fields=["log", "level", "number"],
        update_fields=["hashes"],
    )
    head.size = growth.size
    head.checkpoint = tlog.sign_checkpoint(
        tlog.Checkpoint(name, growth.size, growth.root), key, name
    )
    head.signed_at = timezone.now()
    head.save(update_fields=["size", "checkpoint", "signed_at"])


def _check_head(head: OwnHead, name: str, key: Ed25519PrivateKey) -> None:
    if head.size == 0:
        return
    signed = tlog.verify_checkpoint(head.checkpoint, key.public_key(), name)
    if signed.size != head.size or tlog.root(OwnTree(head.log), head.size) != signed.root:
        raise tlog.CheckpointInvalid(reason="other_head")


def head_of(log: str) -> Head:
    """The newest checkpoint; size 0 when nothing entered the log."""
    found = OwnHead.objects.filter(log=log).first()
    return Head(found.size, found.checkpoint) if found else Head(0, "")
