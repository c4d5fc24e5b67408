"""Signed HTTP requests: RFC 9421 with ecdsa-p256-sha256, bodies by Content-Digest (RFC 9530).

Method, path, query and body digest are always covered, and the headers that the caller names.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from cryptography.exceptions import InvalidSignature

from lienthong.core.signing.jws import raw_signature, verify_raw
from lienthong.core.signing.keys import DigestSigner, PublicKey
from lienthong.core.signing.problems import RequestClockSkew, RequestSignatureInvalid

LABEL = "lt"
ALGORITHM = "ecdsa-p256-sha256"
ALWAYS = ("@method", "@path", "@query", "content-digest")
COMPONENTS_MAX = 20
VALUE_MAX = 64 * 1024
_INPUT = re.compile(
    rf'{LABEL}=(\(([a-z0-9@ "-]*)\)((?:;[a-z]+=(?:"[\x20\x21\x23-\x5b\x5d-\x7e]*"|\d+))*))'
)
_PARAMETER = re.compile(r';([a-z]+)=(?:"([^"]*)"|(\d+))')
_NAME = re.compile(r"@?[a-z0-9-]+")
_KEY_ID = re.compile(r"[A-Za-z0-9._:@/-]{1,128}")


@dataclass(frozen=True, slots=True)
class Verified:
    """A request whose signature holds. The body is the caller's to compare with `body_sha256`."""

    key_id: str
    created: int
    body_sha256: bytes
    nonce: str
    covered: tuple[str, ...]


def sign_request(
    method: str,
    target: str,
    body_sha256: bytes,
    headers: Mapping[str, str] | None = None,
    *,
    key_id: str,
    signer: DigestSigner,
    at: datetime,
    nonce: str,
) -> dict[str, str]:
    """Return Content-Digest, Signature-Input and Signature for a request.

    target: path and query as sent. headers: more headers to cover, with the values as sent.
    """
    if not _KEY_ID.fullmatch(key_id) or not _KEY_ID.fullmatch(nonce):
        raise ValueError("key id and nonce are plain ASCII words")
    digest = f"sha-256=:{base64.b64encode(body_sha256).decode()}:"
    values = {"content-digest": digest}
    values.update({name.lower(): value for name, value in (headers or {}).items()})
    names = (*ALWAYS, *(name for name in values if name not in ALWAYS))
    parameters = (
        "(" + " ".join(f'"{name}"' for name in names) + ")"
        f';created={int(at.timestamp())};keyid="{key_id}";alg="{ALGORITHM}";nonce="{nonce}"'
    )
    base = _base(method, target, values, names, parameters)
    signature = raw_signature(signer, hashlib.sha256(base).digest())
    return {
        "Content-Digest": digest,
        "Signature-Input": f"{LABEL}={parameters}",
        "Signature": f"{LABEL}=:{base64.b64encode(signature).decode()}:",
    }


def verify_request(
    method: str,
    target: str,
    headers: Mapping[str, str],
    *,
    public_key_of: Callable[[str], PublicKey | None],
    now: datetime,
    skew_s: int = 300,
    required: Collection[str] = (),
) -> Verified:
    """Verify the signature of a request.

    public_key_of: the key for a key id, None when unknown. required: headers that must be covered
    besides the usual. Raises RequestSignatureInvalid or RequestClockSkew.
    """
    values = {name.lower(): value.strip() for name, value in headers.items()}
    names, parameters, given = _input(values.get("signature-input", ""))
    missing = {*ALWAYS, *(name.lower() for name in required)} - set(names)
    if missing:
        raise RequestSignatureInvalid(detail=f"chữ ký không phủ {', '.join(sorted(missing))}")
    created, key_id = given.get("created", ""), given.get("keyid", "")
    if not created.isdigit() or given.get("alg") != ALGORITHM or not _KEY_ID.fullmatch(key_id):
        raise RequestSignatureInvalid(detail="tham số chữ ký sai hoặc thiếu")
    key = public_key_of(key_id)
    if key is None:
        raise RequestSignatureInvalid(detail="không biết khóa của máy gửi")
    base = _base(method, target, values, names, parameters)
    try:
        verify_raw(key, hashlib.sha256(base).digest(), _bytes(values.get("signature", "")))
    except InvalidSignature as error:
        raise RequestSignatureInvalid(detail="chữ ký không khớp với yêu cầu") from error
    offset = round(now.timestamp() - int(created))
    if abs(offset) > skew_s:
        raise RequestClockSkew(offset_s=offset, allowed_s=skew_s)
    body = _digest(values["content-digest"])
    return Verified(key_id, int(created), body, given.get("nonce", ""), names)


def _base(
    method: str, target: str, values: Mapping[str, str], names: Collection[str], parameters: str
) -> bytes:
    """The signature base (RFC 9421 section 2.5)."""
    path, _, query = target.partition("?")
    derived = {"@method": method.upper(), "@path": path or "/", "@query": f"?{query}"}
    lines = []
    for name in names:
        value = derived.get(name) if name.startswith("@") else values.get(name)
        if value is None:
            raise RequestSignatureInvalid(detail=f"thiếu {name}")
        if "\n" in value or "\r" in value or len(value) > VALUE_MAX:
            raise RequestSignatureInvalid(detail=f"giá trị {name} không dùng được")
        lines.append(f'"{name}": {value.strip()}')
    lines.append(f'"@signature-params": {parameters}')
    return "\n".join(lines).encode("utf-8")


def _input(text: str) -> tuple[tuple[str, ...], str, dict[str, str]]:
    """Signature-Input: covered names, the parameters as written, and the parameters by name."""
    found = _INPUT.fullmatch(text) if len(text) < 4096 else None
    if found is None:
        raise RequestSignatureInvalid(detail="thiếu hoặc sai Signature-Input")
    names = _names(found.group(2))
    pairs = [(name, text or number) for name, text, number in _PARAMETER.findall(found.group(3))]
    if len({name for name, _ in pairs}) != len(pairs):
        raise RequestSignatureInvalid(detail="tham số chữ ký lặp lại")
    return names, found.group(1), dict(pairs)


@lru_cache(maxsize=256)
def _names(listed: str) -> tuple[str, ...]:
    """The covered names; a client lists the same ones in every request."""
    quoted = listed.split(" ")
    names = tuple(name[1:-1] for name in quoted)
    well_formed = all(
        quoted_name == f'"{name}"' and _NAME.fullmatch(name)
        for quoted_name, name in zip(quoted, names, strict=True)
    )
    if not well_formed or len(set(names)) != len(names) or len(names) > COMPONENTS_MAX:
        raise RequestSignatureInvalid(detail="danh sách phần được ký sai")
    return names


def _bytes(text: str) -> bytes:
    if not (text.startswith(f"{LABEL}=:") and text.endswith(":")):
        raise RequestSignatureInvalid(detail="thiếu hoặc sai Signature")
    return _base64(text[len(LABEL) + 2 : -1])


def _digest(text: str) -> bytes:
    if not (text.startswith("sha-256=:") and text.endswith(":")):
        raise RequestSignatureInvalid(detail="Content-Digest phải là sha-256")
    digest = _base64(text[len("sha-256=:") : -1])
    if len(digest) != 32:
        raise RequestSignatureInvalid(detail="Content-Digest sai độ dài")
    return digest


def _base64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error) as error:
        raise RequestSignatureInvalid(detail="base64 sai") from error
