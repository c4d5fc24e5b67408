"""What other contexts may use of the journal."""

from lienthong.apps.journal.actions import record
from lienthong.apps.journal.anchoring import anchor
from lienthong.apps.journal.checks import check_chain
from lienthong.apps.journal.events import Recorded
from lienthong.apps.journal.handlers import (
    take_certificate_ends,
    take_incident,
    take_key_use_refused,
    take_new_device,
    take_proof_changed,
    take_request_acted,
    take_seat_taken,
    take_sign_in_failed,
    take_signed_in,
)
from lienthong.apps.journal.models import Entry, Reading
from lienthong.apps.journal.policy import name_acts
from lienthong.apps.journal.queries import history, readings
from lienthong.apps.journal.reading import bind, check_readings, note_reading
from lienthong.apps.journal.rules import ChainBroken, ReadingsChanged

__all__ = [
    "ChainBroken",
    "Entry",
    "Reading",
    "ReadingsChanged",
    "Recorded",
    "anchor",
    "bind",
    "check_chain",
    "check_readings",
    "history",
    "name_acts",
    "note_reading",
    "readings",
    "record",
    "take_certificate_ends",
    "take_incident",
    "take_key_use_refused",
    "take_new_device",
    "take_proof_changed",
    "take_request_acted",
    "take_seat_taken",
    "take_sign_in_failed",
    "take_signed_in",
]
