"""QR codes as text: two modules above each other in one block character, so that they come out square."""

from functools import lru_cache

import segno

# Upper module, lower module.
BLOCKS = {(False, False): " ", (True, False): "▀", (False, True): "▄", (True, True): "█"}
# The standard asks for 4; on paper the margin is white, too, and readers do with 2.
QUIET_MODULES, QUIET_MIN_MODULES = 4, 1


@lru_cache(maxsize=16)
def modules(text: str) -> tuple[tuple[bool, ...], ...]:
    """The dark modules, row by row: error correction M, in as few modules as the text needs."""
    code = segno.make(text, error="m", boost_error=False, micro=False)
    return tuple(tuple(bool(module) for module in row) for row in code.matrix)


def lines(text: str, *, columns_max: int | None = None) -> list[str]:
    """The code as lines of text, dark on light, with as much white around it as fits; empty where it does not fit."""
    rows = modules(text)
    quiet = QUIET_MODULES
    if columns_max is not None:
        quiet = min(quiet, (columns_max - len(rows)) // 2)
        if quiet < QUIET_MIN_MODULES:
            return []
    side = len(rows) + 2 * quiet
    empty = (False,) * side
    framed = [empty] * quiet + [(False,) * quiet + row + (False,) * quiet for row in rows] + [empty] * quiet
    if side % 2:
        framed.append(empty)
    return [
        "".join(BLOCKS[pair] for pair in zip(upper, lower, strict=True))
        for upper, lower in zip(framed[::2], framed[1::2], strict=True)
    ]
