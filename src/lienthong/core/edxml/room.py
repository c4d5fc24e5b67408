"""A place on disk for files that come out of a packet, and that are gone when they are not kept."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Self


class Room:
    """Files with names of our own in `folder`, or in a temporary directory when there is none.

    Whatever was made and not kept is removed at the end, after an error everything.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._temporary: tempfile.TemporaryDirectory[str] | None = None
        self._made: list[Path] = []
        self._kept: set[Path] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for path in self._made:
            if kind is not None or path not in self._kept:
                path.unlink(missing_ok=True)
        if self._temporary is not None:
            self._temporary.cleanup()

    def new(self) -> Path:
        """A path that nothing has; the file is for the caller to write."""
        if self._folder is None:
            self._temporary = tempfile.TemporaryDirectory(prefix="lienthong-packet-")
            self._folder = Path(self._temporary.name)
        path = self._folder / f"attachment-{len(self._made) + 1}"
        self._made.append(path)
        return path

    def keep(self, paths: Iterable[Path]) -> None:
        self._kept.update(paths)
