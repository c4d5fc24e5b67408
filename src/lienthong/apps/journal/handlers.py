"""What the journal writes down because others said that it happened."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lienthong.apps.accounts.api import (
    NewDevice,
    ProofChanged,
    SeatTaken,
    SignedIn,
    SignInFailed,
    actor_of_seat,
)
from lienthong.apps.evidence.api import IncidentFound
from lienthong.apps.journal.actions import record
from lienthong.apps.pki.api import CertificateEnds, KeyUseRefused, RequestActed


def take_signed_in(event: SignedIn) -> None:
    """Write down who signed in, and from where."""
    facts = {"address": event.address, "happened_at": event.at}
    _record_of(event.organization_id, "accounts.signed_in", event.seat_id, facts)


def take_seat_taken(event: SeatTaken) -> None:
    """Write down who took another seat, or stands in for the person of that seat."""
    facts: dict[str, Any] = {"address": event.address, "happened_at": event.at}
    if event.holder_id:
        facts["stands_in_seat"] = event.seat_id
    seat_id = event.holder_id or event.seat_id
    _record_of(event.organization_id, "accounts.seat_taken", seat_id, facts)


def take_proof_changed(event: ProofChanged) -> None:
    """Write down that a person changed how they prove themself, or ended sessions."""
    facts = {"detail": event.detail, "happened_at": event.at}
    _record_of(event.organization_id, f"accounts.{event.act}", event.seat_id, facts)


def take_new_device(event: NewDevice) -> None:
    """Write down a sign-in from a device that was not known."""
    record(
        organization_id=event.organization_id,
        act="accounts.new_device",
        subject=f"person:{event.person_id}",
        facts={"device": event.device, "address": event.address, "happened_at": event.at},
    )


def _record_of(organization_id: int, act: str, seat_id: int, facts: Mapping[str, Any]) -> None:
    actor = actor_of_seat(seat_id)
    record(
        organization_id=organization_id,
        act=act,
        subject=f"person:{actor.person_id}",
        actor=actor,
        facts=facts,
    )


def take_sign_in_failed(event: SignInFailed) -> None:
    """Write down a wrong password in the chain of the node: no organization is known yet."""
    record(
        organization_id=None,
        act="accounts.sign_in_failed",
        subject=f"person:{event.person_id or 'unknown'}",
        facts={"address": event.address, "happened_at": event.at},
    )


def take_request_acted(event: RequestActed) -> None:
    """Write down what was done to a certificate request, by whom or by the node itself."""
    record(
        organization_id=event.organization_id,
        act=f"pki.request_{event.act}",
        subject=f"certificate_request:{event.request_id}",
        actor=actor_of_seat(event.seat_id) if event.seat_id else None,
        facts={"detail": event.detail, "happened_at": event.at},
    )


def take_certificate_ends(event: CertificateEnds) -> None:
    """Write down that a holder was reminded to renew."""
    record(
        organization_id=event.organization_id,
        act="pki.reminded",
        subject=f"certificate:{event.certificate_sha256}",
        facts={"holder": event.holder, "days": event.days, "happened_at": event.at},
    )


def take_key_use_refused(event: KeyUseRefused) -> None:
    """Write down that a key was to be used and was not (SG-K-09); without content."""
    record(
        organization_id=event.organization_id,
        act="pki.key_use_refused",
        subject=f"certificate:{event.certificate_sha256}",
        actor=actor_of_seat(event.seat_id),
        facts={
            "key": event.place,
            "document_sha256": event.document_sha256,
            "problem": event.problem,
            "happened_at": event.at,
        },
    )


def take_incident(event: IncidentFound) -> None:
    """Write down an alarm about a log in the chain of the node."""
    record(
        organization_id=None,
        act=f"evidence.{event.kind}",
        subject=f"incident:{event.incident_id}",
        facts={"log": event.origin, "text": event.text, "happened_at": event.at},
    )
