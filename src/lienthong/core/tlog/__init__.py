"""An append-only Merkle log: hashes, tiles, proofs and signed checkpoints.

RFC 6962 hashing, C2SP tlog-tiles, signed-note and tlog-checkpoint (SG §5.5). The log's owner grows
tiles and makes proofs; anybody checks them offline, with these functions and nothing else.
"""

from lienthong.core.tlog.hashing import EMPTY_ROOT, SIZE_MAX, leaf_hash, node_hash
from lienthong.core.tlog.notes import (
    Checkpoint,
    CheckpointInvalid,
    key_id,
    open_note,
    sign_checkpoint,
    sign_note,
    verifier_key,
    verify_checkpoint,
)
from lienthong.core.tlog.paths import TilePathInvalid, entries_path, parse_tile_path, tile_path
from lienthong.core.tlog.proofs import ProofInvalid, verify_consistency, verify_inclusion
from lienthong.core.tlog.tiles import (
    TILE_WIDTH,
    Growth,
    MemoryTiles,
    TileInvalid,
    TileKey,
    Tiles,
    Tree,
    append,
    consistency_proof,
    entry_bundle,
    inclusion_proof,
    root,
    split_bundle,
)

__all__ = [
    "EMPTY_ROOT",
    "SIZE_MAX",
    "TILE_WIDTH",
    "Checkpoint",
    "CheckpointInvalid",
    "Growth",
    "MemoryTiles",
    "ProofInvalid",
    "TileInvalid",
    "TileKey",
    "TilePathInvalid",
    "Tiles",
    "Tree",
    "append",
    "consistency_proof",
    "entries_path",
    "entry_bundle",
    "inclusion_proof",
    "key_id",
    "leaf_hash",
    "node_hash",
    "open_note",
    "parse_tile_path",
    "root",
    "sign_checkpoint",
    "sign_note",
    "split_bundle",
    "tile_path",
    "verifier_key",
    "verify_checkpoint",
    "verify_consistency",
    "verify_inclusion",
]
