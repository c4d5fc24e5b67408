"""A proof that is not exactly right is refused (SG §5.5, R60, TM-A-06)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lienthong.core.tlog import (
    SIZE_MAX,
    MemoryTiles,
    ProofInvalid,
    Tree,
    append,
    leaf_hash,
    verify_consistency,
    verify_inclusion,
)

SIZE_LARGEST = 600
LEAVES = [leaf_hash(number.to_bytes(4, "big")) for number in range(SIZE_LARGEST)]
TILES = MemoryTiles(append(MemoryTiles(), 0, LEAVES).changed)
TREES = [Tree(TILES, size) for size in range(SIZE_LARGEST + 1)]
OTHER = leaf_hash(b"another entry")

Change = Callable[[list[bytes], int], list[bytes]]
CHANGES: dict[str, Change] = {
    "missing first": lambda proof, at: proof[1:],
    "missing last": lambda proof, at: proof[:-1],
    "missing one": lambda proof, at: proof[:at] + proof[at + 1 :],
    "all missing": lambda proof, at: [],
    "extra first": lambda proof, at: [OTHER, *proof],
    "extra last": lambda proof, at: [*proof, OTHER],
    "one doubled": lambda proof, at: [*proof[: at + 1], *proof[at:]],
    "one replaced": lambda proof, at: [*proof[:at], OTHER, *proof[at + 1 :]],
    "one bit": lambda proof, at: [
        *proof[:at],
        bytes([proof[at][0] ^ 8]) + proof[at][1:],
        *proof[at + 1 :],
    ],
    "two swapped": lambda proof, at: [*proof[:at], *proof[at : at + 2][::-1], *proof[at + 2 :]],
    "turned round": lambda proof, at: proof[::-1],
    "one short": lambda proof, at: [*proof[:at], proof[at][:-1], *proof[at + 1 :]],
    "one long": lambda proof, at: [*proof[:at], proof[at] + b"\x00", *proof[at + 1 :]],
    "one empty": lambda proof, at: [*proof[:at], b"", *proof[at + 1 :]],
}


@given(st.integers(2, SIZE_LARGEST), st.data(), st.sampled_from(sorted(CHANGES)))
def test_a_changed_inclusion_proof_is_refused(size: int, data: st.DataObject, change: str) -> None:
    index = data.draw(st.integers(0, size - 1))
    proof = TREES[size].inclusion_proof(index)
    changed = CHANGES[change](proof, data.draw(st.integers(0, len(proof) - 1)))

    if changed == proof:  # swapping the last node with nothing
        verify_inclusion(index, size, LEAVES[index], changed, TREES[size].root())
        return
    with pytest.raises(ProofInvalid):
        verify_inclusion(index, size, LEAVES[index], changed, TREES[size].root())


@given(st.integers(2, SIZE_LARGEST), st.data(), st.sampled_from(sorted(CHANGES)))
def test_a_changed_consistency_proof_is_refused(
    size2: int, data: st.DataObject, change: str
) -> None:
    size1 = data.draw(st.integers(1, size2 - 1))
    proof = TREES[size2].consistency_proof(size1)
    changed = CHANGES[change](proof, data.draw(st.integers(0, len(proof) - 1)))
    roots = TREES[size1].root(), TREES[size2].root()

    if changed == proof:
        verify_consistency(size1, size2, changed, *roots)
        return
    with pytest.raises(ProofInvalid):
        verify_consistency(size1, size2, changed, *roots)


@given(st.integers(1, SIZE_LARGEST), st.data())
def test_a_leaf_is_proved_at_its_own_place_only(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    claimed = data.draw(st.integers(-2, size + 2).filter(lambda number: number != index))
    proof, root = TREES[size].inclusion_proof(index), TREES[size].root()

    with pytest.raises(ProofInvalid):
        verify_inclusion(claimed, size, LEAVES[index], proof, root)


@given(st.integers(1, SIZE_LARGEST), st.data())
def test_another_leaf_or_root_is_refused(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    proof, root = TREES[size].inclusion_proof(index), TREES[size].root()

    with pytest.raises(ProofInvalid):
        verify_inclusion(index, size, OTHER, proof, root)
    with pytest.raises(ProofInvalid):
        verify_inclusion(index, size, LEAVES[index], proof, OTHER)


@given(st.integers(1, SIZE_LARGEST), st.integers(1, SIZE_LARGEST), st.data())
def test_a_proof_for_another_height_is_refused(
    size: int, claimed: int, data: st.DataObject
) -> None:
    """Between sizes in which the leaf has the same path only the root tells them apart."""
    index = data.draw(st.integers(0, size - 1))
    proof = TREES[size].inclusion_proof(index)
    if size != claimed and TREES[claimed].root() != TREES[size].root():
        with pytest.raises(ProofInvalid):
            verify_inclusion(index, claimed, LEAVES[index], proof, TREES[claimed].root())


@given(st.integers(1, SIZE_LARGEST), st.integers(1, SIZE_LARGEST))
def test_a_fork_is_no_continuation(size1: int, size2: int) -> None:
    size1, size2 = sorted((size1, size2))
    proof = TREES[size2].consistency_proof(size1)

    with pytest.raises(ProofInvalid):
        verify_consistency(size1, size2, proof, OTHER, TREES[size2].root())
    with pytest.raises(ProofInvalid):
        verify_consistency(size1, size2, proof, TREES[size1].root(), OTHER)


@given(st.integers(1, SIZE_LARGEST), st.integers(-1, SIZE_LARGEST + 1), st.data())
def test_consistency_holds_from_its_own_size_only(
    size2: int, claimed: int, data: st.DataObject
) -> None:
    size1 = data.draw(st.integers(1, size2))
    proof = TREES[size2].consistency_proof(size1)
    if claimed != size1:
        with pytest.raises(ProofInvalid):
            verify_consistency(claimed, size2, proof, TREES[size1].root(), TREES[size2].root())


@given(st.integers(1, SIZE_LARGEST))
def test_equal_sizes_need_an_empty_proof_and_equal_roots(size: int) -> None:
    root = TREES[size].root()

    verify_consistency(size, size, [], root, root)
    with pytest.raises(ProofInvalid):
        verify_consistency(size, size, [], root, OTHER)
    with pytest.raises(ProofInvalid):
        verify_consistency(size, size, [root], root, root)


def test_nothing_is_proved_from_size_0() -> None:
    root0, root1 = TREES[0].root(), TREES[1].root()

    for size1, size2, roots in ((0, 0, (root0, root0)), (0, 1, (root0, root1))):
        with pytest.raises(ProofInvalid) as refusal:
            verify_consistency(size1, size2, [], *roots)
        assert refusal.value.facts == {"reason": "size_zero"}
    with pytest.raises(ProofInvalid):
        verify_inclusion(0, 0, root0, [], root0)


def test_a_tree_does_not_shrink() -> None:
    with pytest.raises(ProofInvalid):
        verify_consistency(2, 1, [], TREES[2].root(), TREES[1].root())


NO_NUMBERS: list[Any] = [-1, SIZE_MAX + 1, 10**100, True, 1.0, "1", b"1", None]
NO_HASHES: list[Any] = [
    b"",
    b"x" * 31,
    b"x" * 33,
    bytearray(32),
    memoryview(bytes(32)),
    "x" * 32,
    None,
    7,
]
NO_PROOFS: list[Any] = [None, 7, b"x" * 32, "x", {OTHER}, iter([OTHER]), [OTHER] * 65, [[OTHER]]]


@pytest.mark.parametrize("wrong", NO_NUMBERS, ids=repr)
def test_what_is_no_number_in_range_is_refused(wrong: Any) -> None:
    leaf, proof, root = LEAVES[1], TREES[7].inclusion_proof(1), TREES[7].root()

    with pytest.raises(ProofInvalid):
        verify_inclusion(wrong, 7, leaf, proof, root)
    with pytest.raises(ProofInvalid):
        verify_inclusion(1, wrong, leaf, proof, root)
    with pytest.raises(ProofInvalid):
        verify_consistency(wrong, 7, proof, root, root)
    with pytest.raises(ProofInvalid):
        verify_consistency(1, wrong, proof, root, root)


@pytest.mark.parametrize("wrong", NO_HASHES, ids=lambda wrong: type(wrong).__name__)
def test_what_is_no_hash_is_refused(wrong: Any) -> None:
    leaf, proof, root = LEAVES[1], TREES[7].inclusion_proof(1), TREES[7].root()
    calls: Sequence[Callable[[], None]] = (
        lambda: verify_inclusion(1, 7, wrong, proof, root),
        lambda: verify_inclusion(1, 7, leaf, proof, wrong),
        lambda: verify_inclusion(1, 7, leaf, [*proof[:-1], wrong], root),
        lambda: verify_consistency(7, 7, [], wrong, wrong),
        lambda: verify_consistency(3, 7, TREES[7].consistency_proof(3), wrong, root),
        lambda: verify_consistency(3, 7, TREES[7].consistency_proof(3), TREES[3].root(), wrong),
        lambda: verify_consistency(3, 7, [wrong], TREES[3].root(), root),
    )

    for call in calls:
        with pytest.raises(ProofInvalid):
            call()


@pytest.mark.parametrize("wrong", NO_PROOFS, ids=lambda wrong: type(wrong).__name__)
def test_what_is_no_list_of_hashes_is_refused(wrong: Any) -> None:
    with pytest.raises(ProofInvalid):
        verify_inclusion(1, 7, LEAVES[1], wrong, TREES[7].root())
    with pytest.raises(ProofInvalid):
        verify_consistency(3, 7, wrong, TREES[3].root(), TREES[7].root())


def test_the_names_of_the_arguments_are_part_of_the_interface() -> None:
    root = TREES[7].root()

    verify_inclusion(
        index=1, size=7, leaf_hash=LEAVES[1], proof=TREES[7].inclusion_proof(1), root=root
    )
    verify_inclusion(1, 7, LEAVES[1], tuple(TREES[7].inclusion_proof(1)), root)
    verify_consistency(
        size1=3,
        size2=7,
        proof=TREES[7].consistency_proof(3),
        root1=TREES[3].root(),
        root2=root,
    )
