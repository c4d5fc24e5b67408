"""The tree kept as tiles (C2SP tlog-tiles, height 8): grow it, and make proofs from it (SG §5.5).

A tile of level L holds up to 256 hashes, each the root of a complete subtree of 256**L leaves. A
full tile never changes; only the last tile of each level grows. So appending touches the right edge
alone, and a proof reads a handful of tiles whatever the size of the log.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Protocol

from lienthong.core.errors import Problem
from lienthong.core.tlog.hashing import EMPTY_ROOT, HASH_SIZE_BYTES, SIZE_MAX, node_hash

TILE_HEIGHT = 8
TILE_WIDTH = 1 << TILE_HEIGHT
TILE_SIZE_BYTES = TILE_WIDTH * HASH_SIZE_BYTES

TileKey = tuple[int, int]  # (level, index)


class TileInvalid(Problem):
    """A tile is missing, too short or not a row of hashes: the store lost or changed something."""

    code = "tlog.tile_invalid"
    status = 500
    text = "Mảnh {level}/{index} của nhật ký bị thiếu hoặc hỏng."


class Tiles(Protocol):
    """Where tiles are read from. The hashes come concatenated; a tile longer than asked is fine."""

    def read(self, level: int, index: int) -> bytes:
        """Return the tile, or b"" when there is none."""
        ...


class MemoryTiles:
    """Tiles in a dictionary, optionally laid over another store: what an append is about to write.

    `MemoryTiles(growth.changed, below=stored)` reads as the store will read after the write.
    """

    def __init__(
        self, tiles: Mapping[TileKey, bytes] | None = None, *, below: Tiles | None = None
    ) -> None:
        self._tiles = dict(tiles or {})
        self._below = below

    def read(self, level: int, index: int) -> bytes:
        found = self._tiles.get((level, index))
        if found is None:
            return self._below.read(level, index) if self._below else b""
        return found

    def write(self, changed: Mapping[TileKey, bytes]) -> None:
        self._tiles.update(changed)


@dataclass(frozen=True, slots=True)
class Growth:
    """What an append came to: the new head, and the whole content of every tile it changed."""

    size: int
    root: bytes
    changed: dict[TileKey, bytes]


def append(
    tiles: Tiles, size: int, leaf_hashes: Iterable[bytes], folds: Folds | None = None
) -> Growth:
    """Add leaves to the tree of `size` leaves. Nothing is written: the caller stores `changed`.

    Reads at most one tile of each level. folds: as for `Tree`. Raises TileInvalid when the right
    edge cannot be read.
    """
    added = list(leaf_hashes)
    if any(len(each) != HASH_SIZE_BYTES for each in added):
        raise ValueError("a leaf hash has 32 bytes")
    grown = size + len(added)
    if size < 0 or grown > SIZE_MAX:
        raise ValueError(f"no tree has {grown} leaves")
    changed: dict[TileKey, bytes] = {}
    level, count = 0, size
    while added:
        index, width = divmod(count, TILE_WIDTH)
        row = _read(tiles, level, index, width) + b"".join(added)
        count += len(added)
        added = []
        for start in range(0, len(row), TILE_SIZE_BYTES):
            tile = row[start : start + TILE_SIZE_BYTES]
            changed[level, index] = tile
            index += 1
            if len(tile) == TILE_SIZE_BYTES:
                added.append(tile_root(tile))
        level, count = level + 1, size >> (TILE_HEIGHT * (level + 1))
    tree = Tree(MemoryTiles(changed, below=tiles), grown, folds)
    return Growth(grown, tree.root(), changed)


def root(tiles: Tiles, size: int) -> bytes:
    """Return the head of the tree of the first `size` leaves."""
    return Tree(tiles, size).root()


def inclusion_proof(tiles: Tiles, index: int, size: int) -> list[bytes]:
    """Return the proof that leaf `index` is in the tree of `size` leaves.

    For many proofs of one size make one `Tree`. Raises ValueError for an index outside the tree.
    """
    return Tree(tiles, size).inclusion_proof(index)


def consistency_proof(tiles: Tiles, size1: int, size2: int) -> list[bytes]:
    """Return the proof that the tree of `size2` leaves appends to that of `size1` leaves.

    Raises ValueError when `size1` is 0 (nothing to prove, SG §5.5) or above `size2`.
    """
    return Tree(tiles, size2).consistency_proof(size1)


class Folds:
    """Inner hashes of tiles, row by row. A tile only grows, so what was folded of it stays true.

    For the owner of one log who makes a tree after each batch: only new pairs are hashed again.
    """

    def __init__(self, tiles_max: int = 64) -> None:
        self._tiles_max = tiles_max
        self._rows: OrderedDict[TileKey, list[bytes]] = OrderedDict()

    def rows(self, key: TileKey, tile: bytes) -> list[bytes]:
        """The rows above `tile`, the tile itself first; folded as far as it was asked before."""
        rows = self._rows.get(key)
        if rows is None or not tile.startswith(rows[0]):
            rows = self._rows[key] = [tile]
            while len(self._rows) > self._tiles_max:
                self._rows.popitem(last=False)
        elif len(rows[0]) < len(tile):
            rows[0] = tile
            for height in range(1, len(rows)):
                done = len(rows[height])
                rows[height] += _fold(rows[height - 1][2 * done :])
        return rows


class Tree:
    """The tree of the first `size` leaves, read from tiles; inner hashes are kept once computed.

    folds: what earlier trees of the same log have computed.
    """

    def __init__(self, tiles: Tiles, size: int, folds: Folds | None = None) -> None:
        if not 0 <= size <= SIZE_MAX:
            raise ValueError(f"no tree has {size} leaves")
        self.size = size
        self._tiles = tiles
        self._folds = folds or Folds()
        self._rows: dict[TileKey, list[bytes]] = {}
        self._edge: dict[int, bytes] = {}

    def root(self) -> bytes:
        return self._subtree(0, self.size) if self.size else EMPTY_ROOT

    def leaf(self, index: int) -> bytes:
        """Return the hash of the leaf at `index`."""
        if not 0 <= index < self.size:
            raise ValueError(f"no leaf {index} in a tree of {self.size}")
        return self._node(0, index)

    def inclusion_proof(self, index: int) -> list[bytes]:
        if not 0 <= index < self.size:
            raise ValueError(f"no leaf {index} in a tree of {self.size}")
        proof, low, high = [], 0, self.size
        while high - low > 1:
            middle = low + _left_size(high - low)
            if index < middle:
                proof.append(self._subtree(middle, high))
                high = middle
            else:
                proof.append(self._subtree(low, middle))
                low = middle
        proof.reverse()
        return proof

    def consistency_proof(self, size1: int) -> list[bytes]:
        if not 0 < size1 <= self.size:
            raise ValueError(f"no proof from size {size1} to size {self.size}")
        proof, low, high = [], 0, self.size
        while size1 < high:
            middle = low + _left_size(high - low)
            if size1 <= middle:
                proof.append(self._subtree(middle, high))
                high = middle
            else:
                proof.append(self._subtree(low, middle))
                low = middle
        if low:  # otherwise the verifier has this node already: it is the old root
            proof.append(self._subtree(low, high))
        proof.reverse()
        return proof

    def _subtree(self, low: int, high: int) -> bytes:
        """The hash over the leaves [low, high), a node of this tree."""
        width = high - low
        if width & (width - 1) == 0:
            level = width.bit_length() - 1
            return self._node(level, low >> level)
        # A node that is not complete ends at the right edge, so its left end names it.
        found = self._edge.get(low) if high == self.size else None
        if found is None:
            middle = low + _left_size(width)
            found = node_hash(self._subtree(low, middle), self._subtree(middle, high))
            if high == self.size:
                self._edge[low] = found
        return found

    def _node(self, level: int, index: int) -> bytes:
        """The hash of the complete subtree number `index` of 2**level leaves."""
        tile_level, height = divmod(level, TILE_HEIGHT)
        tile_index, position = divmod(index, TILE_WIDTH >> height)
        rows = self._rows.get((tile_level, tile_index))
        if rows is None:
            width = min(
                TILE_WIDTH, (self.size >> (TILE_HEIGHT * tile_level)) - TILE_WIDTH * tile_index
            )
            tile = _read(self._tiles, tile_level, tile_index, width)
            rows = self._folds.rows((tile_level, tile_index), tile)
            self._rows[tile_level, tile_index] = rows
        while len(rows) <= height:
            rows.append(_fold(rows[-1]))
        return rows[height][position * HASH_SIZE_BYTES : (position + 1) * HASH_SIZE_BYTES]


def _left_size(width: int) -> int:
    """The largest power of two below `width` (RFC 6962 §2.1)."""
    return 1 << ((width - 1).bit_length() - 1)


def _read(tiles: Tiles, level: int, index: int, width: int) -> bytes:
    if width == 0:
        return b""
    found = tiles.read(level, index)
    if len(found) < width * HASH_SIZE_BYTES or len(found) % HASH_SIZE_BYTES:
        raise TileInvalid(level=level, index=index)
    return bytes(found[: width * HASH_SIZE_BYTES])


def _fold(row: bytes) -> bytes:
    """One level up: the hash of each whole pair; an odd hash at the end has no parent yet."""
    whole = len(row) - len(row) % (2 * HASH_SIZE_BYTES)
    return b"".join([sha256(b"\x01" + row[at : at + 64]).digest() for at in range(0, whole, 64)])


def tile_root(tile: bytes) -> bytes:
    """Return the root over a full tile: its hash in the tile above."""
    while len(tile) > HASH_SIZE_BYTES:
        tile = _fold(tile)
    return tile


def entry_bundle(entries: Sequence[bytes]) -> bytes:
    """Return the entries of one tile as a bundle: each with its length in 16 bits before it."""
    if len(entries) > TILE_WIDTH or any(len(entry) > 0xFFFF for entry in entries):
        raise ValueError("a bundle holds at most 256 entries of at most 65535 bytes")
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)


def split_bundle(bundle: bytes) -> list[bytes]:
    """Return the entries of a bundle. Raises ValueError when its lengths do not add up."""
    entries, at = [], 0
    while at < len(bundle):
        end = at + 2 + int.from_bytes(bundle[at : at + 2], "big")
        if at + 2 > len(bundle) or end > len(bundle):
            raise ValueError("the bundle ends inside an entry")
        entries.append(bundle[at + 2 : end])
        at = end
    if len(entries) > TILE_WIDTH:
        raise ValueError("a bundle holds at most 256 entries")
    return entries
