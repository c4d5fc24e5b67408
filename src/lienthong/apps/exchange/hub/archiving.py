"""The rounds of the archive: copy what is closed, look whether it is there, let local files go.

The row of a segment is written after its object was read back whole. A local file goes only when
it was archived long enough ago and the object still has its size; an object that is missing is an
incident each time it is looked for, and its local file, if there is one, stays.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import timedelta

import psycopg

from lienthong.core.errors import Problem

from .archive import Archive
from .problems import ArchiveDamaged, ArchiveMissing
from .process import Hub
from .rows import Connection
from .segments import Segments

logger = logging.getLogger(__name__)

LOOKED_AT = 200
"""Archived segments whose objects one round looks for, those first that were looked for first."""

_LOCK = "SELECT pg_try_advisory_lock(hashtextextended('hub-archive', 0))"
_UNLOCK = "SELECT pg_advisory_unlock(hashtextextended('hub-archive', 0))"
_KEEP = (
    "INSERT INTO hub_archived_segment (number, size, sha256, archived_at, checked_at)"
    " VALUES (%s, %s, %s, now(), now())"
)
_OLDEST = (
    "SELECT number, size, archived_at < now() - %s::interval FROM hub_archived_segment"
    " ORDER BY checked_at LIMIT %s"
)
_CHECKED = "UPDATE hub_archived_segment SET checked_at = now() WHERE number = %s"

Alarm = Callable[[int], None]
"""Called with the number of a segment whose object is missing or not the one that was put."""


def round_(
    connection: Connection,
    segments: Segments,
    archive: Archive,
    alarm: Alarm,
    kept: timedelta,
) -> int:
    """One round; how many segments it copied. 0 also when another process makes one.

    kept: how long local files stay. Raises ArchiveAway.
    """
    [(is_mine,)] = connection.execute(_LOCK).fetchall()
    if not is_mine:
        return 0
    try:
        copied = _copy(connection, segments, archive, alarm)
        _look(connection, segments, archive, alarm, kept)
    finally:
        connection.execute(_UNLOCK)
    return copied


def _copy(connection: Connection, segments: Segments, archive: Archive, alarm: Alarm) -> int:
    rows = connection.execute("SELECT number FROM hub_archived_segment").fetchall()
    copied = 0
    for number in sorted(set(segments.closed()) - {row[0] for row in rows}):
        try:
            copy = archive.put(number, segments.path(number))
        except ArchiveDamaged:
            alarm(number)
            continue
        connection.execute(_KEEP, [copy.number, copy.size, copy.sha256])
        copied += 1
    return copied


def _look(
    connection: Connection,
    segments: Segments,
    archive: Archive,
    alarm: Alarm,
    kept: timedelta,
) -> None:
    closed = set(segments.closed())
    for number, size, is_old in connection.execute(_OLDEST, [kept, LOOKED_AT]).fetchall():
        try:
            is_there = archive.size(number) == size
        except ArchiveMissing:
            is_there = False
        connection.execute(_CHECKED, [number])
        if not is_there:
            alarm(number)
        elif is_old and number in closed:
            segments.path(number).unlink()
            logger.info("segment %d is in the archive alone now", number)


async def keep_archived(hub: Hub) -> None:
    """Make rounds until the task is cancelled; nothing to do without an archive."""
    archive, kept = hub.config.archive, timedelta(days=hub.config.archive_local_days)
    if archive is None:
        return

    def work() -> None:
        with hub.store.writing() as connection:
            round_(connection, hub.segments, archive, hub.archive_alarm, kept)

    while True:
        await asyncio.sleep(hub.config.archive_s)
        try:
            await hub.io(work)
        except (Problem, psycopg.Error, OSError) as error:
            logger.warning("closed segments were not archived yet: %s", error)
