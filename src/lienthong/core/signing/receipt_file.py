"""A receipt of the axis as a file: the signed token, its place in the log, the signed checkpoint.

Everything is checked offline against a Trust: the signature, that the token is a leaf of the log,
and that what stands around the token is what the token says (SG 5.4, 5.5; R59, R60).
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cryptography import x509

from lienthong.core import tlog
from lienthong.core.errors import Problem
from lienthong.core.signing.evidence import NO_EVIDENCE, Evidence
from lienthong.core.signing.jws import RECEIPT_TYPE, read_jws, report_jws, strict_object
from lienthong.core.signing.log_audit import witnesses_in
from lienthong.core.signing.log_entry import receipt_leaf
from lienthong.core.signing.path import local
from lienthong.core.signing.poe import Poe
from lienthong.core.signing.report import (
    Check,
    Indication,
    SignatureReport,
    Verdict,
    lowest,
    verdict_of,
)
from lienthong.core.signing.trust import Trust

LOG_KEY = "log"

# What a receipt file may say: the token and its proof, or the axis' whole answer.
_FILE = {"receipt", "log"}
_ANSWER = _FILE | {"packet_id", "sha256", "received_at", "recipients", "warnings"}
_LOG = {"index", "size", "proof", "checkpoint", "entry"}


@dataclass(frozen=True, slots=True)
class ReceiptCheck:
    """What a receipt file says and whether it is proved. `is_receipt`: it has a receipt's shape."""

    verdict: Verdict
    checks: tuple[Check, ...]
    payload: Mapping[str, Any] = field(default_factory=dict)
    signed_at: str = ""
    is_receipt: bool = True

    def to_json(self) -> dict[str, Any]:
        return {
            "payload": dict(self.payload),
            "signed_at": self.signed_at,
            "checks": [{"id": one.id, "ok": one.ok, "text": one.text} for one in self.checks],
        }


def check_receipt(
    data: bytes,
    *,
    trust: Trust,
    at: datetime,
    packet: bytes | None = None,
    best: Poe | None = None,
    evidence: Evidence = NO_EVIDENCE,
) -> ReceiptCheck:
    """Verify a receipt file at the time `at`; with `packet`, that it is about these bytes.

    best, evidence: as for `report_jws`. Never raises for bad content.
    """
    payload: Mapping[str, Any] = {}
    signed_at = ""
    try:
        found = strict_object(data, "tệp")
        jws = read_jws(found["receipt"])
        payload, signed_at = jws.payload, jws.header["sigT"]
        report = report_jws(jws, trust=trust, at=at, best=best, evidence=evidence)
        checks = [
            *_shape_checks(found),
            *_log_checks(found["log"], found["receipt"], trust),
            *_match_checks(found, jws.payload, packet),
        ]
    except Problem as problem:
        refusal = Check("receipt", False, problem.sentence)
        return ReceiptCheck(Verdict.INVALID, (refusal,), payload, signed_at)
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        text = f"Tệp JSON này không phải biên nhận của trục ({type(error).__name__})."
        return ReceiptCheck(Verdict.INVALID, (Check("receipt", False, text),), is_receipt=False)
    if jws.header.get("typ") != RECEIPT_TYPE:
        checks.insert(0, Check("receipt", False, "Loại của chữ ký không phải biên nhận."))
    verdict = lowest((report.verdict, *(verdict_of(one.ok) for one in checks)))
    return ReceiptCheck(verdict, (*_signature_checks(report), *checks), payload, signed_at)


def receipt_certificate(data: bytes) -> x509.Certificate | None:
    """The certificate that a receipt file says it was signed with, if it can be read."""
    try:
        return read_jws(strict_object(data, "tệp")["receipt"]).certificate
    except (Problem, KeyError, TypeError, AttributeError):
        return None


def _signature_checks(report: SignatureReport) -> tuple[Check, ...]:
    """What is not good about the signature, or one line that it is good."""
    if report.indication is not Indication.PASSED or report.signer is None:
        return tuple(one for one in report.checks if one.ok is not True)
    text = f"Biên nhận do “{report.signer.name}” ký, {local(report.claimed_at)}."
    return (Check("signature", True, text),)


def _shape_checks(found: Mapping[str, Any]) -> list[Check]:
    """Nothing but what is signed or proved, and what the axis answers beside it."""
    if set(found) >= _FILE and set(found) <= _ANSWER and set(found["log"]) == _LOG:
        return []
    return [Check("receipt", False, "Tệp có trường lạ hoặc thiếu trường của biên nhận.")]


def _base64(text: str) -> bytes:
    """Decode base64 that is written the one canonical way. Raises ValueError."""
    data = base64.b64decode(text, validate=True)
    if base64.b64encode(data).decode() != text:
        raise ValueError("base64")
    return data


def _log_checks(log: Mapping[str, Any], receipt: str, trust: Trust) -> list[Check]:
    key = trust.keys.get(LOG_KEY)
    if key is None:
        text = "Không có khóa công khai của nhật ký (keys/log.pub) để kiểm tra."
        return [Check("checkpoint", None, text)]
    note = str(log["checkpoint"])
    checkpoint = tlog.verify_checkpoint(note, key, note.split("\n", 1)[0])
    text = f"Điểm kiểm tra của nhật ký “{checkpoint.origin}”, {checkpoint.size} mục, chữ ký đúng."
    checks = [Check("checkpoint", True, text), *witness_checks(note, trust)]
    if log["size"] != checkpoint.size:
        text = "Kích thước nhật ký ghi trong tệp khác với điểm kiểm tra."
        checks.append(Check("receipt", False, text))
    proof = [_base64(one) for one in log["proof"]]
    index = log["index"]
    leaf = receipt_leaf(log, receipt)
    tlog.verify_inclusion(index, checkpoint.size, leaf, proof, checkpoint.root)
    text = f"Biên nhận nằm trong nhật ký ở vị trí {index}; bằng chứng Merkle khớp."
    return [*checks, Check("inclusion", True, text)]


def witness_checks(note: str, trust: Trust) -> list[Check]:
    """A line for each known witness that signed the checkpoint. Raises CheckpointInvalid."""
    return [
        Check("witness", True, f"Nhân chứng “{each.witness}” đã ký, {local(each.at)}.")
        for each in tlog.cosignatures(note, witnesses_in(trust))
    ]


def _match_checks(
    found: Mapping[str, Any], payload: Mapping[str, Any], packet: bytes | None
) -> list[Check]:
    """What stands around the token must be what the token says (R59)."""
    checks = []
    for outer, inner in (("packet_id", "packet_id"), ("sha256", "packet_sha256")):
        if outer in found and found[outer] != payload.get(inner):
            text = f"Trường {outer} của tệp khác với nội dung được ký."
            checks.append(Check("receipt", False, text))
    if packet is not None:
        same = hashlib.sha256(packet).hexdigest() == payload.get("packet_sha256")
        text = "Biên nhận là của đúng gói tin này." if same else "Biên nhận là của gói tin khác."
        checks.append(Check("packet", same, text))
    return checks
