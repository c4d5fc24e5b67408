"""Check inclusion and consistency proofs: pure code, no log and no database needed (TM-A-06).

The checks follow RFC 9162 §2.1.3.2 and §2.1.4.2. They are strict (SG §5.5, R60): size 0 proves
nothing, equal sizes need an empty proof and equal roots, a missing, extra or misplaced node is an
error, and whatever is not a number in range or a 32-byte hash is refused in the same way.
"""

from __future__ import annotations

from collections.abc import Sequence

from lienthong.core.errors import Problem
from lienthong.core.tlog.hashing import HASH_SIZE_BYTES, SIZE_MAX, node_hash

PROOF_LENGTH_MAX = 64  # a tree of SIZE_MAX leaves is 63 levels high; consistency may add one node


class ProofInvalid(Problem):
    """The proof does not prove what it should. The fact `reason` says what was found."""

    code = "tlog.proof_invalid"
    status = 422
    text = "Bằng chứng nhật ký không hợp lệ, không chứng minh được điều cần chứng minh."


def verify_inclusion(
    index: int, size: int, leaf_hash: bytes, proof: Sequence[bytes], root: bytes
) -> None:
    """Return when the leaf stands at `index` in the tree of `size` leaves whose head is `root`.

    Raises ProofInvalid for anything else, arguments of a wrong type or range included.
    """
    _check_size(size)
    _check_number(index, "index")
    if index >= size:
        raise ProofInvalid(reason="index_out_of_range")
    _check_hash(leaf_hash, "leaf_hash")
    _check_hash(root, "root")
    _check_proof(proof)
    position, last, found = index, size - 1, leaf_hash
    for node in proof:
        if last == 0:
            raise ProofInvalid(reason="proof_too_long")
        if position & 1 or position == last:
            found = node_hash(node, found)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            found = node_hash(found, node)
        position, last = position >> 1, last >> 1
    if last:
        raise ProofInvalid(reason="proof_too_short")
    if found != root:
        raise ProofInvalid(reason="root_differs")


def verify_consistency(
    size1: int, size2: int, proof: Sequence[bytes], root1: bytes, root2: bytes
) -> None:
    """Return when the tree (`size2`, `root2`) only appends to the tree (`size1`, `root1`).

    Raises ProofInvalid for anything else, arguments of a wrong type or range included.
    """
    _check_size(size1)
    _check_size(size2)
    if size1 > size2:
        raise ProofInvalid(reason="sizes_out_of_order")
    _check_hash(root1, "root1")
    _check_hash(root2, "root2")
    _check_proof(proof)
    if size1 == size2:
        if proof:
            raise ProofInvalid(reason="proof_too_long")
        if root1 != root2:
            raise ProofInvalid(reason="root_differs")
        return
    if not proof:
        raise ProofInvalid(reason="proof_too_short")
    # The first node is the old tree itself when that is one complete subtree, and then left out.
    nodes = [root1, *proof] if size1 & (size1 - 1) == 0 else list(proof)
    old, new = _roots_from(nodes, size1, size2)
    if old != root1 or new != root2:
        raise ProofInvalid(reason="root_differs")


def _roots_from(nodes: list[bytes], size1: int, size2: int) -> tuple[bytes, bytes]:
    position, last = size1 - 1, size2 - 1
    while position & 1:
        position, last = position >> 1, last >> 1
    old = new = nodes[0]
    for node in nodes[1:]:
        if last == 0:
            raise ProofInvalid(reason="proof_too_long")
        if position & 1 or position == last:
            old, new = node_hash(node, old), node_hash(node, new)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            new = node_hash(new, node)
        position, last = position >> 1, last >> 1
    if last:
        raise ProofInvalid(reason="proof_too_short")
    return old, new


# The arguments come from files and from the wire, so the annotations are not believed here.


def _check_number(value: object, name: str) -> None:
    if not isinstance(value, int) or isinstance(value, bool):
        raise ProofInvalid(reason=f"{name}_not_a_number")
    if not 0 <= value <= SIZE_MAX:
        raise ProofInvalid(reason=f"{name}_out_of_range")


def _check_size(value: object) -> None:
    _check_number(value, "size")
    if value == 0:
        raise ProofInvalid(reason="size_zero")


def _check_hash(value: object, name: str) -> None:
    if not isinstance(value, bytes) or len(value) != HASH_SIZE_BYTES:
        raise ProofInvalid(reason=f"{name}_not_a_hash")


def _check_proof(proof: object) -> None:
    if not isinstance(proof, Sequence) or isinstance(proof, str | bytes | bytearray | memoryview):
        raise ProofInvalid(reason="proof_not_a_list")
    if len(proof) > PROOF_LENGTH_MAX:
        raise ProofInvalid(reason="proof_too_long")
    for node in proof:
        _check_hash(node, "node")
