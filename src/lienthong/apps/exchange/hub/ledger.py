"""The exchange log of one hub process: grows the tree, signs its head, makes the proofs.

Pure but for what it remembers: the newest tiles, so that a batch reads nothing from the database,
and the inner hashes above them, so that a batch hashes only what is new.
The row of the log's head is the lock; whoever holds it may grow the tree.
"""

from __future__ import annotations

import base64
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from lienthong.core import tlog

TILES_REMEMBERED = 64

ReadTile = Callable[[int, int], bytes]


@dataclass(frozen=True, slots=True)
class Head:
    """The head of the log: what a checkpoint says."""

    size: int
    root: bytes
    checkpoint: str


@dataclass(frozen=True, slots=True)
class Step:
    """One growth of the log, not yet kept."""

    before: int
    head: Head
    changed: Mapping[tlog.TileKey, bytes]


class Ledger:
    """Grows the log of `origin`. Used by one thread at a time."""

    def __init__(self, origin: str, key: Ed25519PrivateKey) -> None:
        self.origin = origin
        self._key = key
        self._size = 0
        self._tiles: OrderedDict[tlog.TileKey, bytes] = OrderedDict()
        self._folds = tlog.Folds(TILES_REMEMBERED)

    @property
    def size(self) -> int:
        """How many leaves the log had when this process grew it last."""
        return self._size

    def grow(self, size: int, leaf_hashes: Sequence[bytes], read_tile: ReadTile) -> Step:
        """Return the log with these leaves added to the one of `size` leaves."""
        if size != self._size:  # another process has grown the log since
            self._tiles.clear()
            self._size = size
        growth = tlog.append(_Known(self._tiles, read_tile), size, leaf_hashes, self._folds)
        return Step(size, self._head(growth.size, growth.root), growth.changed)

    def keep(self, step: Step) -> None:
        """Remember a growth that is now in the database."""
        self._size = step.head.size
        for key, hashes in step.changed.items():
            self._tiles[key] = hashes
            self._tiles.move_to_end(key)
        while len(self._tiles) > TILES_REMEMBERED:
            self._tiles.popitem(last=False)

    def tree(self, size: int, read_tile: ReadTile) -> tlog.Tree:
        """The tree of `size` leaves, for proofs. Raises tlog.TileInvalid when tiles are missing."""
        known = self._tiles if size == self._size else {}
        return tlog.Tree(_Known(known, read_tile), size, self._folds)

    def empty(self) -> Head:
        """The head of a log that nothing has entered yet."""
        return self._head(0, tlog.EMPTY_ROOT)

    def _head(self, size: int, root: bytes) -> Head:
        checkpoint = tlog.Checkpoint(self.origin, size, root)
        return Head(size, root, tlog.sign_checkpoint(checkpoint, self._key, self.origin))


def evidence(tree: tlog.Tree, index: int, entry: bytes, checkpoint: str) -> dict[str, Any]:
    """The part of a receipt that ties it to the log: entry, index, size, proof, checkpoint."""
    return {
        "index": index,
        "entry": entry.decode("ascii"),
        "size": tree.size,
        "proof": [base64.b64encode(each).decode("ascii") for each in tree.inclusion_proof(index)],
        "checkpoint": checkpoint,
    }


class _Known:
    """Tiles: those remembered, else those of the database."""

    def __init__(self, known: Mapping[tlog.TileKey, bytes], below: ReadTile) -> None:
        self._known = known
        self._below = below

    def read(self, level: int, index: int) -> bytes:
        found = self._known.get((level, index))
        return self._below(level, index) if found is None else found
