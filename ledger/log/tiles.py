"""Addresses and contents of tiles (c2sp.org/tlog-tiles): 256 hashes each, a level for each power of 256. Pure."""

import re
from collections.abc import Iterable
from typing import NamedTuple

HEIGHT = 8
WIDTH = 1 << HEIGHT
# Level 7 of a log with 2^63 leaves is its last.
LEVEL_MAX = 7
LEAF_BYTES_MAX = 2**16 - 1
_PATH = re.compile(r"((?:x[0-9]{3}/)*[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?")


class Tile(NamedTuple):
    """A tile's number within its level and how many hashes it has; 256 is a full one."""

    number: int
    width: int

    @property
    def first(self) -> int:
        """The index, within the level, of its first hash."""
        return self.number * WIDTH


def tile_path(tile: Tile) -> str:
    """`x001/x234/067`, and `.p/W` behind a partial one."""
    digits = f"{tile.number:03d}"
    digits = digits.rjust(-(-len(digits) // 3) * 3, "0")
    groups = [digits[at : at + 3] for at in range(0, len(digits), 3)]
    path = "/".join([*[f"x{group}" for group in groups[:-1]], groups[-1]])
    return path if tile.width == WIDTH else f"{path}.p/{tile.width}"


def read_tile_path(path: str) -> Tile | None:
    """The tile of a path; None for one that no tile has."""
    found = _PATH.fullmatch(path)
    if found is None:
        return None
    number = int(found[1].replace("x", "").replace("/", ""))
    tile = Tile(number, int(found[2] or WIDTH))
    # Written in one way only, so that a cache keeps each once.
    return tile if tile_path(tile) == path else None


def level_width(size: int, level: int) -> int:
    """How many hashes a level has in a log of so many leaves."""
    return size >> (HEIGHT * level)


def bundle(leaves: Iterable[bytes]) -> bytes:
    """Leaves as an entry bundle: each behind its length in two bytes, big-endian."""
    return b"".join(len(leaf).to_bytes(2, "big") + leaf for leaf in leaves)
