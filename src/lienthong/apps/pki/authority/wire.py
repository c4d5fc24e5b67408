"""A registration on the wire: the registrar's signed JSON, read strictly (SG 4.4)."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from lienthong.apps.pki.authority.rules import Reason, RegistrarRefused, RegistrationInvalid
from lienthong.apps.pki.contract import (
    AT_AUTHORITY,
    ISSUING,
    REGISTRATION_TYPE,
    SUBJECT_FIELDS,
    TABLE_TYPE,
    VERSION,
    RequestKind,
    SubjectKind,
    row_leaf,
)
from lienthong.core import signing, tlog
from lienthong.core.signing.authority import KeyLevel, Subject
from lienthong.core.signing.jws import strict_object
from lienthong.core.signing.profiles import name_text_problem

TOKEN_SIZE_MAX_BYTES = 64 * 1024
_SHA256 = re.compile(r"[0-9a-f]{64}")
_CODE = re.compile(r"[A-Za-z0-9._-]{1,100}")
# What the registering side calls the ground of a revocation, as a reason code (D68 Art. 17).
_REASON_OF = {
    "lost": Reason.KEY_COMPROMISE,
    "disclosed": Reason.KEY_COMPROMISE,
    "moved": Reason.AFFILIATION_CHANGED,
    "broken": Reason.SUPERSEDED,
    "superseded": Reason.SUPERSEDED,
    "authorities": Reason.PRIVILEGE,
}


@dataclass(frozen=True, slots=True)
class Registration:
    """What a registrar asks for. Nothing in it has been checked against rows yet."""

    id: UUID
    kind: RequestKind
    profile: SubjectKind
    agency: str
    subject: Subject
    csr: bytes
    certificate: str
    reason: str
    reason_code: Reason
    invalidity_at: datetime | None
    entered_by: str
    approved_by: str
    file_valid_at: datetime
    approved_at: datetime
    mandate: UUID
    key_level: KeyLevel


@dataclass(frozen=True, slots=True)
class Signed:
    """A registration with the signature that covers it: its own, or that of a whole table."""

    payload: Mapping[str, Any]
    jws: str
    typ: str


def opened(text: str) -> Signed:
    """Take a message apart: a compact JWS, or a row of a table with its proof (SG-D-04).

    A row is JSON: {"act": JWS over the tree's root, "registration", "index", "proof": [hex]}.
    Raises RegistrationInvalid, RegistrarRefused, signing's JWSInvalid.
    """
    if len(text) > TOKEN_SIZE_MAX_BYTES:
        raise RegistrationInvalid(detail="quá lớn")
    if not text.startswith("{"):
        return Signed(_payload(text, REGISTRATION_TYPE), text, REGISTRATION_TYPE)
    row = strict_object(text.encode("ascii"), "dòng của bảng")
    act, registration = row.get("act"), row.get("registration")
    if not isinstance(act, str) or not isinstance(registration, dict):
        raise RegistrationInvalid(detail="dòng của bảng")
    _check_in_table(_payload(act, TABLE_TYPE), row, registration)
    return Signed(registration, act, TABLE_TYPE)


def _payload(jws: str, typ: str) -> Mapping[str, Any]:
    found = signing.read_jws(jws)
    if found.header.get("typ") != typ:
        raise RegistrationInvalid(detail="loại JWS")
    return found.payload


def _check_in_table(
    act: Mapping[str, Any], row: Mapping[str, Any], registration: Mapping[str, Any]
) -> None:
    """Raise unless the registrar signed for a tree with this row in it, by the same words."""
    for name in ("version", "mandate", "approved_by", "approved_at"):
        if act.get(name) != registration.get(name):
            raise RegistrationInvalid(detail=f"trường {name} khác với bảng")
    try:
        proof = [bytes.fromhex(one) for one in row["proof"]]
        root = bytes.fromhex(act["root"])
        leaf = row_leaf(registration)
        tlog.verify_inclusion(row["index"], act["size"], leaf, proof, root)
    except (KeyError, TypeError, ValueError, tlog.ProofInvalid) as error:
        raise RegistrarRefused(detail="dòng không nằm trong bảng đã ký") from error


def read(payload: Mapping[str, Any]) -> Registration:
    """Take a payload apart. Raises RegistrationInvalid with the field that is wrong."""
    if payload.get("version") != VERSION:
        raise RegistrationInvalid(detail="phiên bản lạ")
    kind = _choice(RequestKind, payload, "kind")
    if kind not in AT_AUTHORITY:
        raise RegistrationInvalid(detail="trường kind")
    profile = _choice(SubjectKind, payload, "profile")
    certificate = _text(payload, "certificate", 64)
    if (kind is not RequestKind.NEW) != bool(_SHA256.fullmatch(certificate)):
        raise RegistrationInvalid(detail="trường certificate")
    invalidity = payload.get("invalidity_at")
    ground = payload.get("ground")
    return Registration(
        id=_uuid(payload, "id"),
        kind=kind,
        profile=profile,
        agency=_code(payload, "agency"),
        subject=_subject(payload, profile),
        csr=_csr(payload, needed=kind in ISSUING),
        certificate=certificate,
        reason=_text(payload, "reason", 500),
        reason_code=_REASON_OF.get(str(ground), Reason.UNSPECIFIED),
        invalidity_at=_moment(payload, "invalidity_at") if invalidity is not None else None,
        entered_by=_code(payload, "entered_by"),
        approved_by=_code(payload, "approved_by"),
        file_valid_at=_moment(payload, "file_valid_at"),
        approved_at=_moment(payload, "approved_at"),
        mandate=_uuid(payload, "mandate"),
        key_level=_key_level(payload),
    )


def _text(source: Mapping[str, Any], name: str, length_max: int) -> str:
    value = source.get(name) or ""
    if not isinstance(value, str) or len(value) > length_max:
        raise RegistrationInvalid(detail=f"trường {name}")
    if value and name_text_problem(value[:200].replace("\n", " ")):
        raise RegistrationInvalid(detail=f"trường {name} có ký tự không dùng được")
    return value


def _code(source: Mapping[str, Any], name: str) -> str:
    value = source.get(name)
    if not isinstance(value, str) or not _CODE.fullmatch(value):
        raise RegistrationInvalid(detail=f"trường {name}")
    return value


def _uuid(source: Mapping[str, Any], name: str) -> UUID:
    try:
        return UUID(str(source.get(name)))
    except ValueError as error:
        raise RegistrationInvalid(detail=f"trường {name}") from error


def _moment(source: Mapping[str, Any], name: str) -> datetime:
    try:
        found = datetime.fromisoformat(str(source.get(name)))
    except ValueError as error:
        raise RegistrationInvalid(detail=f"trường {name}") from error
    if found.utcoffset() is None:
        raise RegistrationInvalid(detail=f"trường {name} thiếu múi giờ")
    return found


def _choice(kinds: type[Any], source: Mapping[str, Any], name: str) -> Any:
    try:
        return kinds(source.get(name))
    except ValueError as error:
        raise RegistrationInvalid(detail=f"trường {name}") from error


def _key_level(source: Mapping[str, Any]) -> KeyLevel:
    """Where the subject's key lies, as the registrar says; a file when nothing is said (SG 3.4)."""
    levels = {level.name.lower(): level for level in KeyLevel}
    found = levels.get(source.get("key_level", "software"))
    if found is None:
        raise RegistrationInvalid(detail="trường key_level")
    return found


def _subject(source: Mapping[str, Any], profile: SubjectKind) -> Subject:
    facts = source.get("subject")
    if not isinstance(facts, dict) or set(facts) - set(SUBJECT_FIELDS):
        raise RegistrationInvalid(detail="trường subject")
    values = {name: _text(facts, name, 200) for name in SUBJECT_FIELDS}
    if not values["common_name"].strip():
        raise RegistrationInvalid(detail="trường subject.common_name")
    code = values["organization_code"]
    is_service = profile is SubjectKind.SERVICE
    return Subject(
        values["common_name"],
        organization=values["organization"],
        organization_code=code,
        unit=values["unit"],
        title=values["title"],
        serial=values["serial"],
        place=values["place"],
        uri=f"urn:lienthong:service:{code}" if is_service else "",
    )


def _csr(source: Mapping[str, Any], *, needed: bool) -> bytes:
    text = source.get("csr") or ""
    try:
        data = base64.b64decode(text, validate=True) if isinstance(text, str) else b""
    except (binascii.Error, ValueError) as error:
        raise RegistrationInvalid(detail="trường csr") from error
    if bool(data) != needed:
        raise RegistrationInvalid(detail="trường csr")
    return data
