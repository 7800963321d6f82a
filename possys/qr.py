"""QR codes (ISO/IEC 18004): the modules of a text, and the SVG that pages show and printers print."""

from functools import lru_cache
from itertools import groupby
from typing import NamedTuple

import segno

# Level M restores 15 per cent: enough for a creased receipt, and a step smaller than Q.
ERROR_LEVEL = "m"
# ISO/IEC 18004 asks for four light modules on every side; scanners miss symbols that have fewer.
QUIET_ZONE = 4
# A receipt's page, its SVG and its PDF follow each other closely; a symbol takes a millisecond or two and 4 kB.
KEPT_SYMBOLS = 256


class Symbol(NamedTuple):
    """A QR code without its quiet zone: rows of modules, True where dark."""

    version: int
    error: str
    mode: str
    rows: tuple[tuple[bool, ...], ...]

    @property
    def width(self) -> int:
        """Modules along one side, the quiet zone included."""
        return len(self.rows) + 2 * QUIET_ZONE

    @property
    def path(self) -> str:
        """The dark modules as an SVG path in module units, one stroke-free box for each run in a row."""
        return "".join(
            f"M{start + QUIET_ZONE} {row + QUIET_ZONE}h{length}v1h-{length}z"
            for row, modules in enumerate(self.rows)
            for start, length in dark_runs(modules)
        )


@lru_cache(maxsize=KEPT_SYMBOLS)
def symbol(link: str) -> Symbol:
    """The QR code of a link, or of another short text.

    Of a host's bare address it is alphanumeric; a path in small letters, which only some deployments have, needs bytes.
    """
    made = segno.make_qr(link, error=ERROR_LEVEL, boost_error=False)
    rows = tuple(tuple(bool(module) for module in row) for row in made.matrix)
    return Symbol(int(made.version), str(made.error), str(made.mode), rows)


def dark_runs(modules: tuple[bool, ...]) -> list[tuple[int, int]]:
    """Where dark modules follow each other in a row: (first, how many)."""
    runs = []
    at = 0
    for is_dark, group in groupby(modules):
        length = len(list(group))
        if is_dark:
            runs.append((at, length))
        at += length
    return runs


def qr_svg(link: str) -> bytes:
    """An SVG document; it has no name of its own, since what embeds it says what it is (`alt`).

    Black on white whatever the colour scheme, as many scanners read no inverted code. The colours are attributes, not
    a style, which the content security policy would stop.
    """
    drawn = symbol(link)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {drawn.width} {drawn.width}" '
        f'shape-rendering="crispEdges"><path fill="#fff" d="M0 0h{drawn.width}v{drawn.width}H0z"/>'
        f'<path fill="#000" d="{drawn.path}"/></svg>\n'
    ).encode()
