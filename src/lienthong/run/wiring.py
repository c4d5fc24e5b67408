"""Who reacts to what, as data. The one place to look when an event has happened."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from lienthong.apps.accounts import api as accounts
from lienthong.apps.documents import api as documents
from lienthong.apps.evidence import api as evidence
from lienthong.apps.exchange.access_point import api as access_point
from lienthong.apps.journal import api as journal
from lienthong.apps.notices import api as notices
from lienthong.apps.outbox import api as outbox
from lienthong.apps.pki import api as pki

HANDLERS: Mapping[type, tuple[Callable[[Any], None], ...]] = {
    accounts.SignedIn: (journal.take_signed_in,),
    accounts.SeatTaken: (journal.take_seat_taken,),
    accounts.SignInFailed: (journal.take_sign_in_failed,),
    journal.Recorded: (documents.take_recorded,),
    accounts.ProofChanged: (journal.take_proof_changed,),
    accounts.NewDevice: (journal.take_new_device, notices.take_new_device),
    evidence.IncidentFound: (journal.take_incident,),
    pki.RequestActed: (journal.take_request_acted,),
    pki.CertificateEnds: (journal.take_certificate_ends,),
    pki.KeyUseRefused: (journal.take_key_use_refused,),
    access_point.PacketArrived: (documents.take_arrival,),
    access_point.StatusArrived: (documents.take_status,),
    access_point.PacketReceipted: (documents.take_receipt,),
    access_point.PacketRefused: (documents.take_refusal,),
}


def connect() -> None:
    """Tell the outbox which handlers answer which events. Safe to call again."""
    outbox.subscribe(HANDLERS)
