"""What is known about a file once its bytes have been seen: in memory, or as they stream by."""

from __future__ import annotations

import codecs
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from lienthong.core.edxml import sniff

REPLACEMENT = b"\xef\xbf\xbd"
"""U+FFFD, which a text decoder leaves for each byte that it does not understand."""
_REPLACEMENT = re.compile(REPLACEMENT)


@dataclass(frozen=True, slots=True)
class Contents:
    """One file. `data` is None when it lies on disk, `path` is None when it was not kept there."""

    size: int
    sha256: str = ""
    kind: str = ""
    corrupt: bool = False
    data: bytes | None = None
    path: Path | None = None


def examine(data: bytes) -> Contents:
    """Look at a file in memory."""
    kind = sniff.kind_of(data)
    return Contents(
        size=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        kind=kind,
        corrupt=is_corrupt(kind, len(data), count_replacements(data)),
        data=data,
    )


def count_replacements(data: bytes) -> int:
    """How often U+FFFD stands in the data; a search finds "never" twice as fast as a count."""
    return data.count(REPLACEMENT) if _REPLACEMENT.search(data) else 0


def is_corrupt(kind: str, size: int, replacements: int) -> bool:
    """More than 0.1 % of a binary file is U+FFFD: it went through a text decoder (§6.2(7))."""
    return kind not in sniff.TEXT_KINDS and replacements * len(REPLACEMENT) * 1000 > size


class Examiner:
    """Looks at a file that streams by; the answers are those of `examine`."""

    def __init__(self) -> None:
        self.size = 0
        self.head = b""
        self._digest = hashlib.sha256()
        self._tail = b""
        self._replacements = 0
        self._text: codecs.IncrementalDecoder | None = codecs.getincrementaldecoder("utf-8")()
        self._nul = False

    def update(self, chunk: bytes) -> None:
        self.size += len(chunk)
        self._digest.update(chunk)
        if len(self.head) < sniff.HEAD_BYTES:
            self.head += chunk[: sniff.HEAD_BYTES - len(self.head)]
        self._replacements += count_replacements(self._tail + chunk)
        self._tail = (self._tail + chunk)[-2:]
        self._nul = self._nul or b"\x00" in chunk
        self._decode(chunk)

    def _decode(self, chunk: bytes, *, final: bool = False) -> None:
        if self._text is None:
            return
        try:
            self._text.decode(chunk, final)
        except UnicodeDecodeError:
            self._text = None

    def finish(self, reopen: Callable[[], IO[bytes]] | None, path: Path | None = None) -> Contents:
        """The answers. `reopen` gives the file again, for the names inside an office document."""
        self._decode(b"", final=True)
        kind = sniff.kind_of_head(self.head)
        if kind == "zip" and reopen is not None:
            with reopen() as file:
                kind = sniff.office_kind(file)
        if not kind:
            kind = sniff.text_kind(self.head, nul=self._nul, utf8=self._text is not None)
        corrupt = is_corrupt(kind, self.size, self._replacements)
        return Contents(self.size, self._digest.hexdigest(), kind, corrupt, path=path)
