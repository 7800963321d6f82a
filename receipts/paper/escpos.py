"""A receipt's QR code as bytes for receipt printers: ESC/POS, Epson's commands, which most makers' printers know.

    native  GS ( k   the printer makes the code itself; the fewest bytes and the sharpest print
    raster  GS v 0   a picture, for printers that know no QR codes

Both are a part of a receipt: they begin and end at the start of a line, leave the alignment at left and reset nothing.
Source: Epson, "ESC/POS Command Reference", functions 165, 167, 169, 180, 181 of GS ( k, and GS v 0.
"""

from collections.abc import Callable

from possys.qr import QUIET_ZONE, symbol

# Dots along a module's side. Thermal printers have 8 dots a millimetre (203 dpi), so 6 make 0.75 mm.
MODULE_DOTS = 6
# Below 3 dots (0.38 mm) phones fail on worn print heads; the commands end at 16.
MODULE_DOTS_MIN = 3
MODULE_DOTS_MAX = 16
# What prints on 58 mm paper (48 mm) at 203 dpi; 80 mm paper has 576.
LINE_DOTS = 384
# The length of what GS ( k stores is two bytes and counts three of its own; version 40-M would hold fewer still.
LINK_BYTES_MAX = 1000

CENTRE = b"\x1ba\x01"
LEFT = b"\x1ba\x00"
_FEED_DOTS = b"\x1bJ"
_QR = b"\x1d(k"
_QR_FOR = b"\x31"
_MODEL_2 = b"\x04\x00\x31\x41\x32\x00"
_LEVEL_M = b"\x03\x00\x31\x45\x31"
_PRINT = b"\x03\x00\x31\x51\x30"
_RASTER = b"\x1dv0\x00"


# (link, module_dots) to the commands.
Maker = Callable[[str, int], bytes]


class PaperTooNarrowError(ValueError):
    """The code with its quiet zone is wider than the narrowest paper prints."""

    def __init__(self, dots: int) -> None:
        super().__init__(f"the QR code would be {dots} dots wide, but 58 mm paper prints {LINE_DOTS}")


def qr(link: str, module_dots: int = MODULE_DOTS) -> bytes:
    """The native commands: model, module size, level M, the link, print; white above and below as the quiet zone.

    The printer chooses version and mode itself. Raises ValueError as `check` does.
    """
    check(link, module_dots)
    data = link.encode("ascii")
    stored = (len(data) + 3).to_bytes(2, "little") + _QR_FOR + b"\x50\x30" + data
    size = b"\x03\x00\x31\x43" + bytes([module_dots])
    quiet = _FEED_DOTS + bytes([QUIET_ZONE * module_dots])
    parts = (_MODEL_2, size, _LEVEL_M, stored, _PRINT)
    return CENTRE + quiet + b"".join(_QR + part for part in parts) + quiet + LEFT


def qr_raster(link: str, module_dots: int = MODULE_DOTS) -> bytes:
    """The same as a picture, quiet zone and all, a bit for each dot. Raises ValueError as `check` does."""
    check(link, module_dots)
    drawn = symbol(link)
    dots = drawn.width * module_dots
    # Whole bytes: at most seven white dots are added at the right, where they are as good as paper.
    row_bytes = -(-dots // 8)
    white = bytes(row_bytes) * (QUIET_ZONE * module_dots)
    rows = b"".join(_row(modules, module_dots, row_bytes) * module_dots for modules in drawn.rows)
    head = _RASTER + row_bytes.to_bytes(2, "little") + dots.to_bytes(2, "little")
    return CENTRE + head + white + rows + white + LEFT


def check(link: str, module_dots: int) -> None:
    """Raises ValueError saying what is wrong: a size out of bounds, a link that is no short ASCII, paper too narrow."""
    if not MODULE_DOTS_MIN <= module_dots <= MODULE_DOTS_MAX:
        raise ValueError(f"a module is {MODULE_DOTS_MIN} to {MODULE_DOTS_MAX} dots wide, not {module_dots}")
    if not link.isascii() or len(link) > LINK_BYTES_MAX:
        raise ValueError(f"the link must be ASCII and at most {LINK_BYTES_MAX} bytes long")
    dots = symbol(link).width * module_dots
    if dots > LINE_DOTS:
        raise PaperTooNarrowError(dots)


def _row(modules: tuple[bool, ...], module_dots: int, row_bytes: int) -> bytes:
    quiet = "0" * (QUIET_ZONE * module_dots)
    bits = quiet + "".join(("1" if is_dark else "0") * module_dots for is_dark in modules)
    return int(bits.ljust(row_bytes * 8, "0"), 2).to_bytes(row_bytes, "big")
