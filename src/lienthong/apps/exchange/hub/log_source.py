"""The exchange log as its rows say now, over the pool of the hub or the connection of a worker."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING

from lienthong.core import tlog

from .log_rows import Connection, entries, head, rows_outside, tile, witnessed

if TYPE_CHECKING:
    from lienthong.apps.evidence.api import Head, Rows

LOG = "exchange"
Reading = Callable[[], AbstractContextManager[Connection]]


class ExchangeLog:
    """The log of packets and acknowledged deliveries (`evidence.LogSource`)."""

    def __init__(self, reading: Reading, key: Callable[[], tlog.VerifierKey]) -> None:
        self._reading = reading
        self.key = key

    def head(self) -> Head:
        from lienthong.apps.evidence.api import Head  # noqa: PLC0415  Django is set up by now

        with self._reading() as connection:
            return Head(*head(connection))

    def shown(self) -> str:
        """The newest checkpoint, with the cosignatures it has."""
        with self._reading() as connection:
            size, checkpoint = head(connection)
            return witnessed(connection, size) or checkpoint

    def read(self, level: int, index: int) -> bytes:
        with self._reading() as connection:
            return tile(connection, level, index)

    def entries(self, first: int, count: int) -> list[bytes]:
        with self._reading() as connection:
            return entries(connection, first, count)

    def rows(self) -> Rows:
        from lienthong.apps.evidence.api import Rows  # noqa: PLC0415  Django is set up by now

        with self._reading() as connection:
            return Rows(**rows_outside(connection))


@contextmanager
def django_connection() -> Iterator[Connection]:
    """The connection that Django has in this thread, as the hub's own statements want it."""
    from django.db import connection  # noqa: PLC0415  only after django.setup()

    connection.ensure_connection()
    yield connection.connection


def register() -> None:
    """Name the exchange log among the logs of this node; it is empty at an agency."""
    from lienthong.apps.evidence import api as evidence  # noqa: PLC0415  apps are ready
    from lienthong.apps.pki import api as pki  # noqa: PLC0415

    def key() -> tlog.VerifierKey:
        return tlog.VerifierKey(evidence.origin(LOG), tlog.LOG_KIND, pki.log_key().public_key())

    evidence.register_source(LOG, ExchangeLog(django_connection, key))
