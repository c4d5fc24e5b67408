"""Fuzz the fast path of verifying and the reader of packets with atheris: docs/how-to/fuzz.md.

    .venv/bin/python tools/fuzz/fuzz.py TARGET [libFuzzer options]

TARGET: der, pdf (no crash, whatever the bytes), differ (nothing passed that the reference path
refuses) or packet (no crash, the same answer however a packet is read). Options are libFuzzer's,
such as -max_total_time=1200. The corpus is made at run time in a temporary directory; what is found
is written to the current directory as crash-….
"""

from __future__ import annotations

import logging
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).parent))

INSTRUMENTED = ["lienthong.core.signing", "lienthong.core.edxml"]
with atheris.instrument_imports(include=INSTRUMENTED, enable_loader_override=False):
    import packets
    import targets

SIZE_MAX_BYTES = 200_000


def der(data: bytes) -> None:
    targets.read_der(data)


def pdf(data: bytes) -> None:
    targets.read_pdf(data)


def differ(data: bytes) -> None:
    """The input is a recipe: which document, and the seed of its mutations, or the bytes alone."""
    targets.differ(data)
    targets.differ(targets.signed_mutation(int.from_bytes(data[-8:], "big")))


def packet(data: bytes) -> None:
    packets.read(data)


def mutator(data: bytes, max_size: int, seed: int) -> bytes:
    """Half of the time libFuzzer's own mutation, else one that keeps the structure."""
    if seed % 2:
        return atheris.Mutate(data, len(data))[:max_size]
    return targets.mutate(seed, data)[:max_size]


TARGETS: dict[str, tuple[Callable[[bytes], None], Callable[[], tuple[bytes, ...]]]] = {
    "der": (der, targets.messages),
    "pdf": (pdf, targets.documents),
    "differ": (differ, targets.documents),
    "packet": (packet, packets.seeds),
}


def main() -> None:
    if len(sys.argv) < 2 or sys.argv[1] not in TARGETS:
        sys.exit(__doc__)
    logging.disable(logging.ERROR)  # readers log what they find in broken files
    target, seeds = TARGETS[sys.argv[1]]
    with tempfile.TemporaryDirectory(prefix="lienthong-fuzz-") as corpus:
        for number, seed in enumerate(seeds()):
            (Path(corpus) / f"{number}").write_bytes(seed)
        options = [
            sys.argv[0],
            f"-max_len={SIZE_MAX_BYTES}",
            "-timeout=20",
            "-rss_limit_mb=2048",
            *sys.argv[2:],
            corpus,
        ]
        atheris.Setup(options, target, custom_mutator=mutator)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
