"""Fills one node with the country's data, in a process with that node's settings.

`python -m lienthong.run.demo.seed DIRECTORY STEP…`, where a step is one of `seeding.STEPS`, or
`wait`: read one line of standard input first. Each finished step is printed. Safe to repeat.
"""

from __future__ import annotations

import sys
from pathlib import Path

import django


def main(directory: Path, *steps: str) -> None:
    """Do the steps for the node named in the settings."""
    django.setup()
    from lienthong.run.demo import seeding  # noqa: PLC0415  its models need Django set up

    for step in steps:
        if step == "wait":
            sys.stdin.readline()
        else:
            seeding.STEPS[step](directory)
        print(step, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
