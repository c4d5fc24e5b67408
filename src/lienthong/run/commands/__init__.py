"""The sub-commands of `lienthong`, one module each; `lienthong.run.cli` lists them."""

from __future__ import annotations

import os


def start_django() -> None:
    """Make models usable in this command; the settings come from the environment."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lienthong.run.settings")
    import django  # noqa: PLC0415  only for commands that need it

    django.setup()
