"""The logs that this node owns, whoever keeps their rows: the exchange, the journal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from django.conf import settings

from lienthong.apps.evidence import rules
from lienthong.core import tlog
from lienthong.core.signing.log_audit import Rows


@dataclass(frozen=True, slots=True)
class Head:
    """The newest checkpoint of a log."""

    size: int
    checkpoint: str


class LogSource(Protocol):
    """A log of this node. Methods read rows; a log that nothing has entered has size 0."""

    def head(self) -> Head: ...

    def read(self, level: int, index: int) -> bytes:
        """The hashes of a tile, b"" when there is none."""
        ...

    def entries(self, first: int, count: int) -> list[bytes]:
        """Entries as the rows say now; b"" for one whose row is gone."""
        ...

    def rows(self) -> Rows: ...

    def key(self) -> tlog.VerifierKey:
        """The public key of the log. Raises KeyMissing."""
        ...


_sources: dict[str, LogSource] = {}


def register_source(name: str, source: LogSource) -> None:
    """Name a log of this node. Said once, when the owning context starts."""
    _sources[name] = source


def source(name: str) -> LogSource:
    """The log of that name. Raises LogNotFound."""
    if name not in _sources:
        raise rules.LogNotFound
    return _sources[name]


def sources() -> Iterator[tuple[str, LogSource]]:
    """Every log of this node that something has entered."""
    for name, found in sorted(_sources.items()):
        if found.head().size:
            yield name, found


def origin(name: str) -> str:
    """The origin line of a log of this node."""
    return rules.log_origin(settings.NODE_NAME, name)
