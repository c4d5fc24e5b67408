"""Talks to the authority's registration service: node-signed requests, answers as data (SG 4.4)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlsplit

import httpx
from cryptography import x509
from django.conf import settings

from lienthong.apps.pki import queries
from lienthong.apps.pki.registration.rules import (
    AuthorityAnswerWrong,
    AuthorityRefused,
    AuthorityUnreachable,
)
from lienthong.core import signing

CONNECT_WITHIN_S = 3.0
ANSWER_WITHIN_S = 20.0
ANSWER_SIZE_MAX_BYTES = 1024 * 1024
BUSY = {429, 502, 503, 504}


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate from the authority, with its issuers and the proof of the certificate log."""

    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...]
    log: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Changed:
    """The new status of a certificate: "revoked", "on_hold" or "active", from `at` on."""

    status: str
    at: datetime


def send(token: str) -> Issued | Changed:
    """Hand over a signed request. The same one again gives the same answer.

    Raises AuthorityUnreachable (try again), AuthorityRefused, AuthorityAnswerWrong.
    """
    answer = _call("POST", "/pki/v1/requests", token.encode("ascii"))
    data = _object(answer)
    try:
        if answer.status_code == 201:
            chain = tuple(_certificate(one) for one in data["chain"])
            return Issued(_certificate(data["certificate"]), chain, data.get("log") or {})
        status = str(data["status"])
        if status not in {"revoked", "on_hold", "active"}:
            raise AuthorityAnswerWrong(detail=f"trạng thái lạ “{status[:20]}”")
        return Changed(status, datetime.fromisoformat(data["at"]))
    except (KeyError, TypeError, ValueError, binascii.Error) as error:
        raise AuthorityAnswerWrong(detail="thiếu hoặc sai trường") from error


def mandates(agency_code: str) -> list[dict[str, Any]]:
    """The mandates in force for an agency of this node. Raises as `send`."""
    answer = _call("GET", f"/pki/v1/mandates?agency={quote(agency_code)}")
    data = _object(answer)
    found = data.get("mandates", [])
    if not isinstance(found, list):
        raise AuthorityAnswerWrong(detail="danh sách uỷ quyền sai dạng")
    return [one for one in found if isinstance(one, dict)]


def _call(method: str, target: str, body: bytes = b"") -> httpx.Response:
    if not settings.PKI_URL:
        raise AuthorityUnreachable
    base = settings.PKI_URL.rstrip("/")
    headers = signing.sign_request(
        method,
        urlsplit(base).path + target,
        hashlib.sha256(body).digest(),
        key_id=queries.node_key_id(),
        signer=queries.node_signer(),
        at=datetime.now(UTC),
        nonce=secrets.token_urlsafe(12),
    )
    if body:
        headers["content-type"] = "application/jose"
    limits = httpx.Timeout(ANSWER_WITHIN_S, connect=CONNECT_WITHIN_S)
    try:
        with httpx.Client(timeout=limits, trust_env=False) as http:
            answer = http.request(method, base + target, content=body or None, headers=headers)
    except httpx.HTTPError as error:
        raise AuthorityUnreachable from error
    if answer.status_code in BUSY:
        raise AuthorityUnreachable
    if not answer.is_success:
        raise _refusal(answer)
    return answer


def _refusal(answer: httpx.Response) -> AuthorityRefused:
    try:
        problem = answer.json()
    except ValueError:
        problem = {}
    told = problem if isinstance(problem, dict) else {}
    return AuthorityRefused(
        code=str(told.get("code", answer.status_code))[:80],
        reason=str(told.get("text", "không nêu lý do"))[:400],
    )


def _object(answer: httpx.Response) -> dict[str, Any]:
    if len(answer.content) > ANSWER_SIZE_MAX_BYTES:
        raise AuthorityAnswerWrong(detail="quá lớn")
    try:
        data = answer.json()
    except ValueError as error:
        raise AuthorityAnswerWrong(detail="không phải JSON") from error
    if not isinstance(data, dict):
        raise AuthorityAnswerWrong(detail="không phải một đối tượng JSON")
    return data


def _certificate(text: str) -> x509.Certificate:
    return x509.load_der_x509_certificate(base64.b64decode(text, validate=True))
