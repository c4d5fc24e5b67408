"""Every route of the native door. A new subject adds its module here and nowhere else."""

from __future__ import annotations

from . import evidence, fetching, lookup, operation, registry, sending, uploading
from .shared import RouteRow

ROUTES: tuple[RouteRow, ...] = (
    *sending.ROUTES,
    *uploading.ROUTES,
    *lookup.ROUTES,
    *fetching.ROUTES,
    *evidence.ROUTES,
    *registry.ROUTES,
    *operation.ROUTES,
)
