"""What the worker does for the registry, on a schedule."""

from __future__ import annotations

from django.conf import settings

from lienthong.apps.outbox import api as outbox
from lienthong.apps.registry import actions, taking


@outbox.job("registry.keep", schedule="* * * * *")
def keep() -> None:
    """The axis numbers and signs what changed; an agency's node takes it."""
    if settings.NODE_KIND == "axis":
        actions.publish()
    else:
        taking.take_quietly(settings.HUB_URL)
