"""What other contexts and the node's tools may use of evidence."""

from lienthong.apps.evidence.actions import add_witness, close_incident, drop_witness, watch
from lienthong.apps.evidence.doors import (
    answered,
    checkpoint_answer,
    json_answer,
    log_answer,
    routes,
    rows_answer,
    tile_answer,
)
from lienthong.apps.evidence.incidents import open_count, raise_incident
from lienthong.apps.evidence.own_log import OwnTree, append, head_of, lock
from lienthong.apps.evidence.rules import (
    IncidentFound,
    LogAway,
    LogNotFound,
    LogTampered,
    log_origin,
    trust_label,
    witness_name,
)
from lienthong.apps.evidence.sources import Head, LogSource, origin, register_source, source
from lienthong.apps.evidence.stamping import stamp_due, stamped_digest, stamps_of
from lienthong.apps.evidence.submission import submit_all, witnessed
from lienthong.apps.evidence.watching import watch_all
from lienthong.apps.evidence.wire import fetching
from lienthong.apps.evidence.witnessing import own_key
from lienthong.core.signing.log_audit import Rows

__all__ = [
    "Head",
    "IncidentFound",
    "LogAway",
    "LogNotFound",
    "LogSource",
    "LogTampered",
    "OwnTree",
    "Rows",
    "add_witness",
    "answered",
    "append",
    "checkpoint_answer",
    "close_incident",
    "drop_witness",
    "fetching",
    "head_of",
    "json_answer",
    "lock",
    "log_answer",
    "log_origin",
    "open_count",
    "origin",
    "own_key",
    "raise_incident",
    "register_source",
    "routes",
    "rows_answer",
    "source",
    "stamp_due",
    "stamped_digest",
    "stamps_of",
    "submit_all",
    "tile_answer",
    "trust_label",
    "watch",
    "watch_all",
    "witness_name",
    "witnessed",
]
