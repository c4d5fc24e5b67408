"""The application of a hub: a small Starlette, no Django in the hot path.

`uvicorn --factory lienthong.apps.exchange.hub.app:create_app` serves it. The routes are in the
modules that `routes` names; what they work on is `process.Hub`.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.routing import Route

from .archiving import keep_archived
from .config import HubConfig
from .evidence import doors, keep_anchored
from .faults import HANDLERS
from .kit.door import routes as kit_routes
from .process import Hub
from .routes import ROUTES
from .upkeep import keep_up

ROUNDS = (keep_anchored, keep_up, keep_archived)
"""What a hub process does beside its requests, each until it is cancelled."""


def create_app(config: HubConfig | None = None) -> Starlette:
    """The application. Without a configuration it is the hub of this node, by its settings."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        chosen = await asyncio.to_thread(_configure) if config is None else config
        hub = Hub(chosen)
        await hub.open()
        app.state.hub = hub
        app.router.routes.extend(doors(hub))
        upkeep = [
            asyncio.create_task(rounds(hub)) for rounds in (keep_anchored, keep_up, keep_archived)
        ]
        try:
            yield
        finally:
            for each in upkeep:
                each.cancel()
            await hub.close()

    return Starlette(
        routes=[
            *(Route(path, handler, methods=[method]) for method, path, handler in ROUTES),
            *kit_routes(),
        ],
        exception_handlers=HANDLERS,
        lifespan=lifespan,
    )


def _configure() -> HubConfig:
    import django  # noqa: PLC0415  only the process that serves by settings needs Django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lienthong.run.settings")
    django.setup()
    return HubConfig.from_settings()
