"""The rounds that a hub process makes beside its requests: follow the log, owe nothing, clocks."""

from __future__ import annotations

import asyncio
import logging
import time
from datetime import UTC, datetime
from uuid import UUID

import psycopg

from lienthong.core import edxml
from lienthong.core.errors import Problem

from . import circulation, clocks, duties
from .circulation import Row
from .process import Hub
from .segments import OWN_FILE

logger = logging.getLogger(__name__)


class HubSources:
    """Bodies and agencies of a hub (`circulation.Sources`)."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    def packet(self, row: Row) -> edxml.Packet | None:
        """Read again in the wide profile, with the widest limits, for it was taken in."""
        hub, packet_id = self._hub, UUID(row.id)
        limits, profile = hub.large_limits, edxml.Profile.COMPAT
        if row.segment == OWN_FILE:
            path, _ = hub.segments.locate(row.place, packet_id)
            return edxml.read_file(path, profile=profile, limits=limits).packet
        raw = hub.segments.read(row.place, packet_id, row.size, row.sha256)
        return edxml.read(raw, profile=profile, limits=limits).packet

    def code(self, text: str) -> str:
        agency = self._hub.participants.agencies.get(text)
        return agency.code if agency else text


async def follow(hub: Hub) -> None:
    """Take everything that came, then do what the axis owes, until nothing is left."""
    sources = HubSources(hub)
    while await hub.io(circulation.follow, hub.store, sources) or await duties.carry_out(hub):
        pass


async def keep_up(hub: Hub) -> None:
    """Make the rounds until the task is cancelled."""
    swept = 0.0
    while True:
        await asyncio.sleep(hub.config.follow_s)
        try:
            await follow(hub)
            if time.monotonic() - swept >= hub.config.clocks_s:
                swept = time.monotonic()
                await hub.io(clocks.sweep, hub.store, datetime.now(UTC))
        except (Problem, psycopg.Error, OSError):
            logger.warning("the log was not followed to its end yet", exc_info=True)
