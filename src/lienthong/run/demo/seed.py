"""Fills one node with the country's data, in a process with that node's settings.

`python -m lienthong.run.demo.seed authorities|node|participants DIRECTORY`. Safe to repeat.
"""

from __future__ import annotations

import sys
from pathlib import Path

import django


def main(what: str, directory: Path) -> None:
    """Do one step for the node named in the settings."""
    django.setup()
    from lienthong.run.demo import seeding  # noqa: PLC0415  its models need Django set up

    seeding.STEPS[what](directory)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
