"""Sign-in at an agency's identity provider: OpenID Connect, code flow with PKCE (TM-X-06).

The provider says who somebody is, and nothing else: whether there is an account, which seats it
holds and what they allow is decided here.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import urlencode

import httpx
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, KeySetSerialization

from lienthong.apps.accounts import providers, rules
from lienthong.apps.accounts.providers import Provider

TIMEOUT_S = 5
ANSWER_MAX_BYTES = 256 * 1024
KEPT_S = 600  # discovery and keys are asked again after ten minutes
LEEWAY_S = 30
TOKEN_AGE_MAX_S = 600


@dataclass(frozen=True, slots=True)
class Proven:
    """Who somebody is at an issuer, and whether the issuer asked for two factors."""

    issuer: str
    subject: str
    is_strong: bool


def begin(provider: Provider, return_to: str) -> tuple[str, dict[str, Any]]:
    """Where to send the browser, and what the session keeps for `finish`.

    Raises ProviderAway.
    """
    verifier = secrets.token_urlsafe(48)
    digest = hashlib.sha256(verifier.encode()).digest()
    kept = {
        "provider": provider.key,
        "state": secrets.token_urlsafe(32),
        "nonce": secrets.token_urlsafe(32),
        "verifier": verifier,
        "return_to": return_to,
        "at": int(time.time()),
    }
    query = {
        "response_type": "code",
        "client_id": provider.client_id,
        "redirect_uri": return_to,
        "scope": " ".join(provider.scopes),
        "state": kept["state"],
        "nonce": kept["nonce"],
        "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii"),
        "code_challenge_method": "S256",
    }
    endpoint = _endpoint(_metadata(provider), "authorization_endpoint")
    return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(query)}", kept


def finish(provider: Provider, kept: Mapping[str, Any], answer: Mapping[str, str]) -> Proven:
    """Who came back. Raises StepExpired, ProviderRefused, ProviderAway.

    kept: what `begin` gave. answer: the query of the address that the browser came back to.
    """
    if not kept or kept["provider"] != provider.key:
        raise rules.StepExpired
    if time.time() - kept["at"] > rules.STEP_MAX.total_seconds():
        raise rules.StepExpired
    if not hmac.compare_digest(answer.get("state", "").encode(), kept["state"].encode()):
        raise rules.ProviderRefused
    # RFC 9207: an answer that names its issuer names ours.
    if answer.get("iss", provider.issuer) != provider.issuer or not answer.get("code"):
        raise rules.ProviderRefused
    tokens = _exchange(provider, kept, answer["code"])
    claims = _claims(provider, str(tokens.get("id_token", "")), kept["nonce"])
    subject = claims.get(provider.subject_claim)
    if not isinstance(subject, str) or not 0 < len(subject) <= 255:
        raise rules.ProviderRefused
    amr = claims.get("amr")
    methods = {str(each) for each in amr} if isinstance(amr, list) else set()
    return Proven(provider.issuer, subject, bool(methods & set(provider.strong_amr)))


def _exchange(provider: Provider, kept: Mapping[str, Any], code: str) -> dict[str, Any]:
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": kept["return_to"],
        "client_id": provider.client_id,
        "code_verifier": kept["verifier"],
    }
    if secret := provider.client_secret():
        form["client_secret"] = secret
    return _asked("POST", _endpoint(_metadata(provider), "token_endpoint"), form)


def _claims(provider: Provider, token: str, nonce: str) -> dict[str, Any]:
    """The claims of an ID token that says what it must (OpenID Connect Core §3.1.3.7).

    The keys are the issuer's own by its discovery; addresses inside the token are never followed.
    """
    claims = _verified(provider, token)
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    now = time.time()
    expires, issued = _seconds(claims.get("exp")), _seconds(claims.get("iat"))
    is_ours = (
        claims.get("iss") == provider.issuer
        and provider.client_id in audiences
        and (len(audiences) == 1 or claims.get("azp") == provider.client_id)
        and claims.get("azp", provider.client_id) == provider.client_id
    )
    is_now = now < expires + LEEWAY_S and -LEEWAY_S <= now - issued <= TOKEN_AGE_MAX_S
    is_answer = hmac.compare_digest(str(claims.get("nonce", "")).encode(), nonce.encode())
    if not (is_ours and is_now and is_answer):
        raise rules.ProviderRefused
    return claims


def _seconds(value: object) -> float:
    """A time of a token; what is no number is long past."""
    return float(value) if isinstance(value, (int, float)) else 0.0


def _verified(provider: Provider, token: str) -> dict[str, Any]:
    """The claims under the issuer's signature; new keys are asked for once when none fits."""
    for anew in (False, True):
        keys = _keys(provider, anew=anew)
        try:
            return dict(jwt.decode(token, keys, algorithms=list(provider.algorithms)).claims)
        except (JoseError, ValueError, TypeError, KeyError, AttributeError):
            continue
    raise rules.ProviderRefused


_known: dict[str, tuple[float, dict[str, Any]]] = {}


def forget() -> None:
    """Ask providers again from now on."""
    _known.clear()


def _metadata(provider: Provider) -> dict[str, Any]:
    """The provider's discovery document, which must be of the issuer that is configured."""
    address = f"{provider.issuer.rstrip('/')}/.well-known/openid-configuration"
    found = _remembered(address)
    if found.get("issuer") != provider.issuer:
        _known.pop(address, None)
        raise rules.ProviderAway
    return found


def _keys(provider: Provider, *, anew: bool = False) -> KeySet:
    """The provider's signing keys. Raises ProviderAway."""
    address = _endpoint(_metadata(provider), "jwks_uri")
    if anew:
        _known.pop(address, None)
    try:
        return KeySet.import_key_set(cast("KeySetSerialization", _remembered(address)))
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise rules.ProviderAway from error


def _endpoint(metadata: Mapping[str, Any], name: str) -> str:
    """An address of the provider. Raises ProviderAway for one that must not be asked."""
    address = metadata.get(name)
    if not isinstance(address, str) or not providers.is_safe(address):
        raise rules.ProviderAway
    return address


def _remembered(address: str) -> dict[str, Any]:
    known = _known.get(address)
    if known is None or time.monotonic() - known[0] > KEPT_S:
        known = _known[address] = (time.monotonic(), _asked("GET", address))
    return known[1]


def _asked(method: str, address: str, form: dict[str, str] | None = None) -> dict[str, Any]:
    """A JSON object from the provider: no redirects, bounded in time and size.

    Raises ProviderRefused for a refused code, ProviderAway for everything else.
    """
    try:
        with (
            httpx.Client(timeout=TIMEOUT_S, follow_redirects=False) as client,
            client.stream(method, address, data=form) as answer,
        ):
            body = b""
            for piece in answer.iter_bytes():
                body += piece
                if len(body) > ANSWER_MAX_BYTES:
                    raise rules.ProviderAway
        found = json.loads(body)
    except (httpx.HTTPError, ValueError) as error:
        raise rules.ProviderAway from error
    if answer.status_code == 400 and form is not None:
        raise rules.ProviderRefused
    if answer.status_code != 200 or not isinstance(found, dict):
        raise rules.ProviderAway
    return found
