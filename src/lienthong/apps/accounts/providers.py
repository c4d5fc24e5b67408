"""The identity providers that this node trusts: one TOML file, LIENTHONG_OIDC_FILE."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from lienthong.apps.accounts.rules import ProviderUnknown

# Never a symmetric one, and never "none" (TM-X-06).
ALGORITHMS = frozenset({"RS256", "PS256", "ES256", "ES384", "EdDSA"})
LOOPBACK = frozenset({"127.0.0.1", "localhost"})


@dataclass(frozen=True, slots=True)
class Provider:
    """One identity provider.

    subject_claim: the claim that names a person for good; never an address of mail.
    strong_amr: values of `amr` (RFC 8176) by which the provider says it asked for two factors.
    """

    key: str
    name: str
    issuer: str
    client_id: str
    client_secret_file: str = ""
    scopes: tuple[str, ...] = ("openid",)
    subject_claim: str = "sub"
    algorithms: tuple[str, ...] = ("RS256", "ES256")
    strong_amr: tuple[str, ...] = field(default=())

    def __post_init__(self) -> None:
        if not is_safe(self.issuer):
            raise ValueError(f"{self.issuer} is not an https address")
        if not self.algorithms or set(self.algorithms) - ALGORITHMS:
            raise ValueError(f"algorithms of {self.key} must be among {sorted(ALGORITHMS)}")
        if self.subject_claim in {"email", "preferred_username", "name"}:
            raise ValueError(f"{self.subject_claim} of {self.key} can be given to somebody else")

    def client_secret(self) -> str:
        """The secret of this node at the provider; "" for a public client."""
        if not self.client_secret_file:
            return ""
        return Path(self.client_secret_file).read_text(encoding="utf-8").strip()


def is_safe(address: object) -> bool:
    """Say whether an address may be asked: TLS, or this machine itself."""
    parts = urlsplit(str(address))
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)


def shown() -> tuple[Provider, ...]:
    """The providers that the sign-in page offers. Raises ValueError for a wrong file."""
    if not settings.OIDC_FILE:
        return ()
    file = Path(settings.OIDC_FILE)
    return _read(file, file.stat().st_mtime_ns)


def provider(key: str) -> Provider:
    """The provider of that name. Raises ProviderUnknown."""
    for each in shown():
        if each.key == key:
            return each
    raise ProviderUnknown


@lru_cache(maxsize=4)
def _read(file: Path, _changed_at: int) -> tuple[Provider, ...]:
    entries: list[dict[str, Any]] = tomllib.loads(file.read_text(encoding="utf-8")).get(
        "provider", []
    )
    return tuple(
        Provider(**{name: _frozen(value) for name, value in each.items()}) for each in entries
    )


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
