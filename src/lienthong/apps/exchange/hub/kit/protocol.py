"""The client kit's conventions: parameters in headers, a shared secret, one JSON envelope.

Pure: bytes and texts in, decisions out. The kit has defects that cannot be mended from here; each
is accepted where it is met, and named: header parameters of earlier calls come again (H.1), the
digest of a file is printed without padding (H.2), an answer without `DocId` hides its error text
(H.3).
Rules: part H of the exchange rules, DX-90 to DX-99.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import orjson

from lienthong.core.edxml import PacketInvalid, Severity
from lienthong.core.errors import Problem

PREFIX = "xroadvnpt-"
SIGNED_ALWAYS = frozenset({"systemid", "timestamp"})
SIGN_HEADER_MAX_CHARS = 8192
FRESHNESS = timedelta(minutes=5)
REFUSES = Severity.REFUSE.value
TRAILER = b"\r\n"  # the kit puts a line break after the bytes of a packet


class Code(StrEnum):
    """`ErrorCode` of an answer (H.3)."""

    OK = "0"
    FILE_INVALID = "10"
    SYSTEM_WRONG = "15"
    RECIPIENT_UNKNOWN = "18"
    SENDER_UNKNOWN = "19"
    SYSTEM_ERROR = "20"
    FILE_ERROR = "21"
    FORMAT_WRONG = "22"
    RECIPIENT_LOCKED = "23"


REFUSALS: Mapping[str, tuple[Code, str]] = {
    "hub.digest_mismatch": (Code.FILE_ERROR, "V-03"),
    "hub.document_id_used": (Code.FILE_ERROR, "V-19"),
    "hub.document_signature_invalid": (Code.FILE_INVALID, "V-46"),
    "hub.document_unsigned": (Code.FILE_INVALID, "V-46"),
    "hub.kit_file_digest": (Code.FILE_ERROR, "V-03"),
    "hub.kit_header_wrong": (Code.SYSTEM_WRONG, "V-01"),
    "hub.kit_system_refused": (Code.SYSTEM_WRONG, "V-01"),
    "hub.packet_too_large": (Code.FILE_INVALID, "V-04"),
    "hub.recipient_locked": (Code.RECIPIENT_LOCKED, "V-15"),
    "hub.recipient_unknown": (Code.RECIPIENT_UNKNOWN, "V-15"),
    "hub.secret_content": (Code.FILE_INVALID, "V-29"),
    "hub.sender_not_of_node": (Code.SENDER_UNKNOWN, "V-02"),
    "hub.sender_unknown": (Code.SENDER_UNKNOWN, "V-02"),
}
"""Which `ErrorCode` and rule tell a refusal of ours; every other one is a system error (20)."""


class KitSystemRefused(Problem):
    """The system is unknown or locked, or its secret is another one: one answer for all three."""

    code = "hub.kit_system_refused"
    status = 401
    text = "Mã hệ thống hoặc khóa bí mật không đúng, hoặc hệ thống đang bị khóa."


class KitHeaderWrong(Problem):
    """What was signed is not what came."""

    code = "hub.kit_header_wrong"
    status = 401
    text = "Phần ký của yêu cầu không khớp với tham số “{name}”."


class KitFileDigestWrong(Problem):
    """The bytes received have another digest than the one declared."""

    code = "hub.kit_file_digest"
    status = 422
    text = "Tệp nhận được không khớp với giá trị hash-file đã khai."


class KitParameterMissing(Problem):
    """A method was called without a parameter it needs."""

    code = "hub.kit_parameter_missing"
    status = 400
    text = "Thiếu tham số {name} hoặc tham số không đúng."


@dataclass(frozen=True, slots=True)
class Parameters:
    """The parameters of one call, by lower-case name without the prefix."""

    values: Mapping[str, str]

    @classmethod
    def of(cls, headers: Mapping[bytes, bytes] | list[tuple[bytes, bytes]]) -> Parameters:
        """Read them from raw headers; texts are UTF-8, the first of a repeated name counts."""
        values: dict[str, str] = {}
        for name, value in headers.items() if isinstance(headers, Mapping) else headers:
            key = name.decode("latin-1").lower()
            if key.startswith(PREFIX):
                values.setdefault(key.removeprefix(PREFIX), _text(value))
        return cls(values)

    def get(self, name: str) -> str:
        """The value, empty when there is none."""
        return self.values.get(name.lower(), "")

    def need(self, name: str) -> str:
        """The value. Raises KitParameterMissing."""
        value = self.get(name)
        if not value:
            raise KitParameterMissing(name=name)
        return value


def _text(value: bytes) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("latin-1")


def check_signature(
    parameters: Parameters, content_type: str, secret: str, *, now: datetime, fresh: bool
) -> None:
    """Check the HMAC over the sign-header exactly as sent, then that it says what came (H.2).

    content_type: the request's own header, which the kit signs under its prefix as well. fresh: the
    system can make a new timestamp for each call, so one older than five minutes is refused.
    Raises KitSystemRefused, KitHeaderWrong.
    """
    signed = parameters.get("sign-header")
    wanted = hmac.new(secret.encode(), signed.encode(), hashlib.sha256).hexdigest()
    given = parameters.get("hash-header").lower()
    if len(signed) > SIGN_HEADER_MAX_CHARS or not hmac.compare_digest(
        wanted.encode(), given.encode()
    ):
        raise KitSystemRefused
    entries = _entries(signed)
    if missing := SIGNED_ALWAYS - entries.keys():
        raise KitHeaderWrong(name=min(missing))
    for name, value in entries.items():
        came = parameters.get(name)
        if not came and name == "content-type":
            came = content_type
        if value != came:
            raise KitHeaderWrong(name=name)
    if fresh and not _is_fresh(parameters.get("timestamp"), now):
        raise KitHeaderWrong(name="timestamp")


def _entries(signed: str) -> dict[str, str]:
    """The sign-header by lower-case name without prefix; no name may come twice."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, str]:
        found: dict[str, str] = {}
        for name, value in pairs:
            key = name.lower().removeprefix(PREFIX)
            if key in found or not isinstance(value, str):
                raise KitHeaderWrong(name=key[:40])
            found[key] = value
        return found

    try:
        entries = json.loads(signed, object_pairs_hook=once)
    except (ValueError, RecursionError) as error:
        raise KitHeaderWrong(name="sign-header") from error
    if not isinstance(entries, dict):
        raise KitHeaderWrong(name="sign-header")
    return entries


def _is_fresh(stamp: str, now: datetime) -> bool:
    """`ddMMyyyy'T'HHmmss+SSSS`, local time of the client; the tail is milliseconds (H.1)."""
    try:
        at = datetime.strptime(stamp.partition("+")[0], "%d%m%YT%H%M%S")  # noqa: DTZ007  no zone in it
    except ValueError:
        return False
    return abs(at - now.replace(tzinfo=None)) <= FRESHNESS


class FileDigest(StrEnum):
    """How a declared digest was written."""

    RIGHT = "right"
    UNPADDED = "unpadded"


def check_file(declared: str, digest: bytes) -> FileDigest:
    """Compare the declared hash-file with the SHA-256 of the bytes (H.2 point 5).

    Both the correct form and the kit's own are taken, which drops the zero of each byte below 0x10.
    Raises KitFileDigestWrong.
    """
    found = declared.lower()
    if hmac.compare_digest(found.encode(), digest.hex().encode()):
        return FileDigest.RIGHT
    if hmac.compare_digest(found.encode(), unpadded(digest).encode()):
        return FileDigest.UNPADDED
    raise KitFileDigestWrong


def unpadded(digest: bytes) -> str:
    """The digest as the kit prints it."""
    return "".join(f"{byte:x}" for byte in digest)


def done(data: Any = "", **more: Any) -> bytes:
    """The envelope of a call that was carried out. Empty lists stay lists (H.3)."""
    return orjson.dumps(
        {
            "status": "OK",
            "ErrorCode": Code.OK,
            "ErrorDesc": "Thanh cong",
            "DocId": "",
            "data": data,
            **more,
        }
    )


def refused(problem: Problem) -> bytes:
    """The envelope of a refusal: works for every method of both versions of the kit (H.3)."""
    return orjson.dumps(
        {
            "status": "FAIL",
            "ErrorCode": error_code(problem),
            "ErrorDesc": description(problem),
            "DocId": "",
            "data": "",
        }
    )


def error_code(problem: Problem) -> str:
    """The code of a refusal; for a packet that of its first finding that refuses."""
    if isinstance(problem, PacketInvalid):
        return str(problem.wire_code)
    return REFUSALS[problem.code][0] if problem.code in REFUSALS else Code.SYSTEM_ERROR


def description(problem: Problem) -> str:
    """The sentence of a refusal with its rule; for a packet, those of all findings that refuse."""
    findings = problem.to_json().get("findings", ())
    told = [f"{each['rule']}: {each['text']}" for each in findings if each["severity"] == REFUSES]
    if told:
        return "; ".join(told)
    rule = REFUSALS[problem.code][1] if problem.code in REFUSALS else ""
    return f"{rule}: {problem.sentence}" if rule else problem.sentence
