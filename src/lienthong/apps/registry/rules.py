"""How an agency is told, how changes are chained, what a signed head says. No rows here."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import orjson
from django.db import models

from lienthong.core.errors import Problem

KIND = "registry"
VALID_FOR = timedelta(days=7)
"""How long a node may go by a head before it tells people that its directory is old."""
CHANGES_MAX = 5000
START = "0" * 64


class Paper(models.TextChoices):
    """The two lists of DX-17."""

    WITH = "with", "Được gửi kèm bản giấy"
    WITHOUT = "without", "Không gửi bản giấy"


class RegistryInvalid(Problem):
    """What the axis told about agencies is not what it signed, or not signed by it."""

    code = "registry.invalid"
    status = 422
    text = "Danh bạ nhận từ trục không hợp lệ: {reason}."


class RegistryAway(Problem):
    """The axis did not answer; the directory that is kept goes on."""

    code = "registry.away"
    status = 503
    text = "Không lấy được danh bạ từ trục: {reason}."


class RegistryNotSigned(Problem):
    """This node does not publish a registry, or nothing has been published yet."""

    code = "registry.not_published"
    status = 404
    text = "Nút này chưa công bố danh bạ."


@dataclass(frozen=True, slots=True)
class Head:
    """Where the registry stands: number of the last change, its chain, digest of all entries."""

    sequence: int
    chain: str
    state: str
    count: int
    at: datetime

    def to_payload(self, node: str) -> dict[str, Any]:
        return {
            "version": 1,
            "kind": KIND,
            "node": node,
            "sequence": self.sequence,
            "chain": self.chain,
            "state": self.state,
            "count": self.count,
            "at": self.at.isoformat(timespec="seconds"),
            "valid_until": (self.at + VALID_FOR).isoformat(timespec="seconds"),
        }


def head_of(payload: Mapping[str, Any]) -> Head:
    """Read a signed payload. Raises RegistryInvalid."""
    try:
        if payload["kind"] != KIND or payload["version"] != 1:
            raise RegistryInvalid(reason="loại")
        at = datetime.fromisoformat(payload["at"])
        numbers = int(payload["sequence"]), int(payload["count"])
        return Head(numbers[0], str(payload["chain"]), str(payload["state"]), numbers[1], at)
    except (KeyError, TypeError, ValueError) as error:
        raise RegistryInvalid(reason=type(error).__name__) from error


def written(entry: Mapping[str, Any]) -> str:
    """An entry as it is hashed and told: JSON with sorted names, no spaces."""
    return orjson.dumps(entry, option=orjson.OPT_SORT_KEYS).decode()


def chained(chain: str, sequence: int, key: str, body: str) -> str:
    """The chain after one more change."""
    text = f"{chain}\n{sequence}\n{key}\n{body}".encode()
    return hashlib.sha256(text).hexdigest()


class Numbered(NamedTuple):
    """A change with its number and the chain up to it; `body` is "" when the entry ended."""

    sequence: int
    key: str
    body: str
    chain: str


def numbered(sequence: int, chain: str, changed: Iterable[tuple[str, str]]) -> list[Numbered]:
    """These (key, body) as the changes after number `sequence`, whose chain is `chain`."""
    rows = []
    for key, body in changed:
        sequence += 1
        chain = chained(chain, sequence, key, body)
        rows.append(Numbered(sequence, key, body, chain))
    return rows


def state_of(entries: Iterable[tuple[str, str]]) -> str:
    """The digest of all entries, (key, body) in the order of their keys."""
    digest = hashlib.sha256()
    for key, body in entries:
        digest.update(f"{key}\n{body}\n".encode())
    return digest.hexdigest()
