"""Queues signed packets at the access point of the drill's agency, in a process of its node.

`python -m lienthong.run.durability.feed DIR` reads numbers of packets from standard input and says
each again once it is queued. When the database is away it tries again: then a packet may be queued
twice, and must still be at the axis once.
"""

from __future__ import annotations

import shutil
import sys
import time
from pathlib import Path

import django

from lienthong.run.bench.seed import CODES


def main() -> None:
    """Queue what standard input names, each packet in a transaction of its own."""
    django.setup()
    from django.db import DatabaseError, InterfaceError, connection  # noqa: PLC0415

    from lienthong.apps.accounts import api as accounts  # noqa: PLC0415  only after setup

    directory = Path(sys.argv[1])
    for line in sys.stdin:
        number = int(line)
        while True:
            try:
                with accounts.everywhere():
                    _queue(directory, number)
                break
            except (DatabaseError, InterfaceError):
                connection.close()
                time.sleep(0.2)
        print(number, flush=True)


def _queue(directory: Path, number: int) -> None:
    from lienthong.apps.directory import api as organizations  # noqa: PLC0415  only after setup
    from lienthong.apps.exchange.access_point import api as access_point  # noqa: PLC0415

    sender = organizations.find(CODES[0])
    if sender is None:
        raise LookupError(CODES[0])
    copy = directory / f"queueing-{number:06d}.edxml"
    shutil.copyfile(directory / "packets" / f"{number:06d}.edxml", copy)
    access_point.queue_file(
        organization=sender,
        path=copy,
        correlation=f"outgoing:00000000-0000-4000-8000-{number:012d}",
    )


if __name__ == "__main__":
    main()
