"""A disk that can be full: a small file system when we are root, else a limit on files."""

from __future__ import annotations

import errno
import os
import resource
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SIZE_MB = 16


class Disk:
    """What a directory lies on. `fill` leaves no room, `free` gives it back."""

    def __init__(self, directory: Path) -> None:
        self._filler = directory / "filler"

    def fill(self) -> None:
        block = bytes(64 * 1024)
        with self._filler.open("wb", buffering=0) as file:
            while True:
                try:
                    written = file.write(block)
                except OSError as error:
                    if error.errno != errno.ENOSPC or len(block) == 1:
                        break
                    written = 0
                if not written:
                    block = block[: len(block) // 2] or block[:1]

    def free(self) -> None:
        self._filler.unlink(missing_ok=True)


class LimitedFiles(Disk):
    """For those who may not mount: the kernel refuses to grow any file of this process.

    Python ignores the signal that comes with it.
    """

    def fill(self) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))

    def free(self) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


@contextmanager
def small_disk(directory: Path) -> Iterator[Disk]:
    """Put `directory` on a disk of SIZE_MB for the block; what it held before is back after."""
    directory.mkdir(parents=True, exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={SIZE_MB}m,mode=700", "tmpfs", str(directory)]
    is_mounted = os.geteuid() == 0 and (
        subprocess.run(command, check=False, capture_output=True).returncode == 0
    )
    disk = Disk(directory) if is_mounted else LimitedFiles(directory)
    try:
        yield disk
    finally:
        disk.free()
        if is_mounted:
            # Lazily: a server of the test may hold a file open until it has stopped.
            subprocess.run(["umount", "--lazy", str(directory)], check=True)
