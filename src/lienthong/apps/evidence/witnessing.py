"""This node as a witness: it cosigns a checkpoint that appends to the last one it cosigned."""

from __future__ import annotations

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from lienthong.apps.evidence import rules
from lienthong.apps.evidence.incidents import raise_incident
from lienthong.apps.evidence.models import Watched
from lienthong.apps.pki import api as pki
from lienthong.core import tlog

WITNESS_KEY = "witness"


def own_key() -> tlog.VerifierKey:
    """The public key by which this node cosigns, made at its first use."""
    key = pki.own_key(WITNESS_KEY).public_key()
    return tlog.VerifierKey(rules.witness_name(settings.NODE_NAME), tlog.WITNESS_KIND, key)


def add_checkpoint(body: bytes) -> str:
    """Answer `add-checkpoint`: the line of our cosignature (C2SP tlog-witness).

    Another history is never signed and raises an incident with the log's own signature as proof.
    Raises WitnessRequestInvalid, LogUnknown, LogKeyUnknown, WitnessedSizeDiffers, HistoryForked.
    """
    request = tlog.parse_add_checkpoint(body)
    try:
        return _cosign(request)
    except tlog.HistoryForked as problem:
        raise_incident(request.origin, "forked", problem.sentence, proof=request.note)
        raise


@transaction.atomic
def _cosign(request: tlog.AddCheckpoint) -> str:
    """Check and remember under the lock of the log's row, then sign."""
    watched = Watched.objects.select_for_update().filter(origin=request.origin).first()
    if watched is None:
        raise tlog.LogUnknown(origin=request.origin)
    key = tlog.parse_verifier_key(watched.key).public_key
    checkpoint = tlog.check_checkpoint(request, seen_head(watched), [key])
    now = timezone.now()
    watched.size, watched.root = checkpoint.size, checkpoint.root
    watched.checkpoint, watched.cosigned_at = request.note, now
    watched.save(update_fields=["size", "root", "checkpoint", "cosigned_at"])
    name = rules.witness_name(settings.NODE_NAME)
    return tlog.cosign(request.note, pki.own_key(WITNESS_KEY), name, now)


def seen_head(watched: Watched) -> tlog.Checkpoint | None:
    """The last checkpoint this node cosigned, None before the first."""
    if not watched.size:
        return None
    return tlog.Checkpoint(watched.origin, watched.size, bytes(watched.root))
