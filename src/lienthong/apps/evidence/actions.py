"""Writes of the operator: witnesses of our logs, logs we watch, incidents that are closed."""

from __future__ import annotations

from django.utils import timezone

from lienthong.apps.evidence import rules
from lienthong.apps.evidence.models import Incident, Watched, Witness
from lienthong.core import tlog


def add_witness(key: str, url: str) -> Witness:
    """Let a node witness our logs. key: as it prints it; url: where its witness door is.

    Safe to repeat. Raises WitnessKeyWrong.
    """
    found = _key(key, tlog.WITNESS_KIND, "một nhân chứng")
    witness, _ = Witness.objects.update_or_create(
        name=found.name, defaults={"key": str(found), "url": url, "active": True}
    )
    return witness


def drop_witness(name: str) -> None:
    """No longer ask a witness; what it signed stays."""
    Witness.objects.filter(name=name).update(active=False)


def watch(key: str, url: str = "") -> Watched:
    """Witness the log with this key; its name is the origin. url: where the log is read.

    Safe to repeat; what was seen of the log stays. Raises WitnessKeyWrong.
    """
    found = _key(key, tlog.LOG_KIND, "một nhật ký")
    watched, _ = Watched.objects.update_or_create(
        origin=found.name, defaults={"key": str(found), "url": url}
    )
    return watched


def close_incident(incident_id: int, *, by: str, explanation: str) -> None:
    """End an incident with the words of the person who looked into it."""
    Incident.objects.filter(pk=incident_id, closed_at=None).update(
        closed_at=timezone.now(), closed_by=by, explanation=explanation
    )


def _key(text: str, kind: int, wanted: str) -> tlog.VerifierKey:
    try:
        found = tlog.parse_verifier_key(text)
    except tlog.CheckpointInvalid as error:
        raise rules.WitnessKeyWrong(key=text[:120], wanted=wanted) from error
    if found.kind != kind:
        raise rules.WitnessKeyWrong(key=text[:120], wanted=wanted)
    return found
