"""The worker role: delivers events, runs jobs and schedules, until SIGTERM."""

from __future__ import annotations

import os
import signal
import threading
from types import FrameType


def main() -> None:
    """Run jobs until SIGTERM or SIGINT; the job in hand is finished first."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lienthong.run.settings")
    import django  # noqa: PLC0415  after the settings are named

    django.setup()
    from lienthong.apps.outbox import api as outbox  # noqa: PLC0415  Django is ready now

    stop = threading.Event()

    def ask_to_stop(number: int, frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, ask_to_stop)
    signal.signal(signal.SIGINT, ask_to_stop)
    outbox.run_worker(stop)


if __name__ == "__main__":
    main()
