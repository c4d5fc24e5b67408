"""Is the axis's receipt a proof that our packet is in its log? Pure."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from lienthong.client.problems import ReceiptNotTrusted
from lienthong.core import signing, tlog
from lienthong.core.errors import Problem

LOG_KEY = "log"


def check_receipt(
    answer: Mapping[str, Any],
    *,
    packet_sha256: str,
    sender_codes: frozenset[str],
    trust: signing.Trust,
    at: datetime,
) -> None:
    """Raise ReceiptNotTrusted unless the answer proves that this packet was taken in (TM-H-S).

    The signature chains to a root of ours, the payload names our packet and us, and it is a leaf of
    the log under a checkpoint signed by the log's key.
    """
    try:
        token, log = str(answer["receipt"]), answer["log"]
        payload = signing.verify_jws(token, trust=trust, at=at)
        if payload.get("packet_sha256") != packet_sha256:
            raise ReceiptNotTrusted(reason="packet_sha256")
        if payload.get("packet_id") != answer["packet_id"]:
            raise ReceiptNotTrusted(reason="packet_id")
        if payload.get("sender") not in sender_codes:
            raise ReceiptNotTrusted(reason="sender")
        checkpoint = tlog.verify_checkpoint(
            str(log["checkpoint"]), trust.keys[LOG_KEY], str(log["checkpoint"]).split("\n", 1)[0]
        )
        tlog.verify_inclusion(
            int(log["index"]),
            checkpoint.size,
            signing.receipt_leaf(log, token),
            [base64.b64decode(each, validate=True) for each in log["proof"]],
            checkpoint.root,
        )
    except ReceiptNotTrusted:
        raise
    except Problem as problem:
        raise ReceiptNotTrusted(reason=problem.code) from problem
    except (KeyError, TypeError, ValueError) as error:
        raise ReceiptNotTrusted(reason=type(error).__name__) from error
