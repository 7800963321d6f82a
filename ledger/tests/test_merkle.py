"""Merkle roots equal RFC 6962's own definition and its published vectors."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.merkle import (
    ProofError,
    check_consistency,
    consistency_path,
    inclusion_path,
    leaf_hash,
    mth_of,
    root,
    root_of_path,
)

# Inputs and roots of the vectors in RFC 6962's reference implementation (certificate-transparency, merkletree tests).
INPUTS = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def recursive_root(leaves: list[bytes]) -> bytes:
    """RFC 6962, 2.1, word by word: split at the largest power of two below n."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return sha256(b"\x01" + recursive_root(leaves[:split]) + recursive_root(leaves[split:])).digest()


@pytest.mark.parametrize("size", range(1, 9))
def test_roots_equal_the_published_ones(size: int) -> None:
    assert root([leaf_hash(bytes.fromhex(text)) for text in INPUTS[:size]]).hex() == ROOTS[size - 1]


def test_the_empty_tree_has_the_hash_of_nothing() -> None:
    assert root([]) == sha256(b"").digest()


@given(st.lists(st.binary(min_size=32, max_size=32), max_size=70))
def test_every_root_equals_the_definition(leaves: list[bytes]) -> None:
    assert root(leaves) == recursive_root(leaves)


@given(st.lists(st.binary(max_size=8), min_size=1, max_size=40), st.data())
def test_any_changed_leaf_changes_the_root(records: list[bytes], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(records) - 1))
    other = data.draw(st.binary(max_size=8).filter(lambda content: content != records[place]))
    changed = [*records[:place], other, *records[place + 1 :]]
    assert root([leaf_hash(each) for each in records]) != root([leaf_hash(each) for each in changed])


def test_a_leaf_never_has_the_hash_of_an_inner_node() -> None:
    left, right = leaf_hash(b"a"), leaf_hash(b"b")
    assert leaf_hash(left + right) != root([left, right])


def brute_path(index: int, leaves: list[bytes]) -> list[bytes]:
    """RFC 6962, 2.1.1, word by word."""
    if len(leaves) == 1:
        return []
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    if index < split:
        return [*brute_path(index, leaves[:split]), recursive_root(leaves[split:])]
    return [*brute_path(index - split, leaves[split:]), recursive_root(leaves[:split])]


def brute_subproof(old: int, leaves: list[bytes], *, whole: bool) -> list[bytes]:
    """RFC 6962, 2.1.2, word by word."""
    if old == len(leaves):
        return [] if whole else [recursive_root(leaves)]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    if old <= split:
        return [*brute_subproof(old, leaves[:split], whole=whole), recursive_root(leaves[split:])]
    return [*brute_subproof(old - split, leaves[split:], whole=False), recursive_root(leaves[:split])]


LEAVES = [leaf_hash(b"%d" % number) for number in range(301)]


@pytest.mark.parametrize("size", range(1, 301))
def test_every_path_is_the_specifications_own_and_leads_to_the_root(size: int) -> None:
    leaves = LEAVES[:size]
    expected = recursive_root(leaves)
    for index in range(size) if size < 40 else {0, 1, size // 2, size - 2, size - 1}:
        path = inclusion_path(mth_of(leaves), index, size)
        assert path == brute_path(index, leaves)
        assert root_of_path(leaves[index], index, size, path) == expected


@pytest.mark.parametrize("size", range(1, 301))
def test_every_consistency_proof_is_the_specifications_own_and_is_accepted(size: int) -> None:
    leaves = LEAVES[:size]
    for old in range(1, size) if size < 40 else {1, 2, size // 2, 1 << (size.bit_length() - 1), size - 1}:
        path = consistency_path(mth_of(leaves), old, size)
        assert path == brute_subproof(old, leaves, whole=True)
        check_consistency(old, size, recursive_root(leaves[:old]), recursive_root(leaves), path)


@given(size=st.integers(2, 300), data=st.data())
def test_a_path_proves_nothing_else(size: int, data: st.DataObject) -> None:
    leaves = LEAVES[:size]
    index = data.draw(st.integers(0, size - 1))
    path = inclusion_path(mth_of(leaves), index, size)
    expected = recursive_root(leaves)
    for wrong in (index + 1, index - 1):
        assert not proves(leaves[index], wrong, size, path, expected)
    assert not proves(leaves[index], index, size, [*path, path[0]], expected)
    assert not proves(leaves[index], index, size, path[:-1], expected)
    # An inner node passed as a leaf: the hashes of both begin with another byte.
    assert not proves(leaf_hash(leaves[index] + path[0]), index // 2, (size + 1) // 2, path[1:], expected)
    place = data.draw(st.integers(0, len(path) - 1))
    bit = data.draw(st.integers(0, 255))
    flipped = bytearray(path[place])
    flipped[bit // 8] ^= 1 << bit % 8
    assert not proves(leaves[index], index, size, [*path[:place], bytes(flipped), *path[place + 1 :]], expected)


def proves(leaf: bytes, index: int, size: int, path: list[bytes], expected: bytes) -> bool:
    try:
        return root_of_path(leaf, index, size, path) == expected
    except ProofError:
        return False


@given(size=st.integers(2, 300), data=st.data())
def test_a_consistency_proof_proves_nothing_else(size: int, data: st.DataObject) -> None:
    leaves = LEAVES[:size]
    old = data.draw(st.integers(1, size - 1))
    old_root, new_root = recursive_root(leaves[:old]), recursive_root(leaves)
    path = consistency_path(mth_of(leaves), old, size)
    wrong = [
        (old, size, new_root, new_root, path),
        (old, size, old_root, old_root, path),
        (old, size, old_root, new_root, path[:-1]),
        (old, size, old_root, new_root, [*path, old_root]),
        (size, old, new_root, old_root, path),
        (size, size, old_root, new_root, []),
        (0, size, old_root, new_root, []),
    ]
    for case in wrong:
        with pytest.raises(ProofError):
            check_consistency(*case)
