"""Bytes for receipt printers: exact, and readable when printed at the sizes that docs/printing.md names."""

import re

import pytest
from django.conf import settings
from PIL import Image, ImageFilter

from possys.qr import symbol
from receipts.paper import escpos
from receipts.paper.tests.receipts import LINK, LONGEST_LINK, SIGNED_LINK
from receipts.paper.tests.test_qr import decoded

# What a phone that is held far away has left of a module.
CAMERA_PX = 3
DOCUMENT = settings.BASE_DIR / "docs" / "printing.md"


def printed(commands: bytes) -> Image.Image:
    """What a printer's head makes of `qr_raster`, a pixel a dot, on paper that is white all around."""
    head = re.match(rb"\x1ba\x01\x1dv0\x00(..)(..)", commands, re.DOTALL)
    assert head is not None
    row_bytes, rows = (int.from_bytes(part, "little") for part in head.groups())
    data, end = commands[head.end() :][: row_bytes * rows], commands[head.end() :][row_bytes * rows :]
    assert len(data) == row_bytes * rows
    assert end == b"\x1ba\x00"
    paper = Image.new("L", (max(row_bytes * 8, escpos.LINE_DOTS), rows), 255)
    dots = Image.frombytes("1", (row_bytes * 8, rows), data).convert("L").point(lambda level: 255 - level)
    paper.paste(dots, ((paper.width - dots.width) // 2, 0))
    return paper


def test_the_native_commands_are_these_bytes() -> None:
    assert escpos.qr("HTTPS://A.CZ/0A0B0C0D123400007XYZ", 6) == (
        b"\x1b\x61\x01"  # centre
        b"\x1b\x4a\x18"  # 24 dots of white
        b"\x1d\x28\x6b\x04\x00\x31\x41\x32\x00"  # model 2
        b"\x1d\x28\x6b\x03\x00\x31\x43\x06"  # 6 dots a module
        b"\x1d\x28\x6b\x03\x00\x31\x45\x31"  # level M
        b"\x1d\x28\x6b\x24\x00\x31\x50\x30HTTPS://A.CZ/0A0B0C0D123400007XYZ"  # store 33 + 3 bytes
        b"\x1d\x28\x6b\x03\x00\x31\x51\x30"  # print
        b"\x1b\x4a\x18"
        b"\x1b\x61\x00"  # left
    )


@pytest.mark.parametrize("module_dots", range(escpos.MODULE_DOTS_MIN, 11))
def test_the_picture_is_read_at_every_size_that_fits(module_dots: int) -> None:
    assert decoded(printed(escpos.qr_raster(LINK, module_dots))) == LINK


def test_the_picture_is_as_wide_as_modules_and_quiet_zone() -> None:
    commands = escpos.qr_raster(LINK, 6)
    dots = symbol(LINK).width * 6
    assert dots == 222
    assert commands[3:11] == b"\x1dv0\x00" + (28).to_bytes(2, "little") + dots.to_bytes(2, "little")
    assert len(commands) == 3 + 8 + 28 * 222 + 3
    # Four modules of 6 dots are white on every side; on the paper of 384 dots the rows of 28 bytes stand in the middle.
    ink = printed(commands).point(lambda level: 255 - level).getbbox()
    left = (escpos.LINE_DOTS - 28 * 8) // 2 + 24
    assert ink == (left, 24, left + 29 * 6, 24 + 29 * 6)


@pytest.mark.parametrize(
    ("link", "module_dots"),
    [*((LINK, dots) for dots in (3, 4, 5, 6, 8)), (SIGNED_LINK, 4), (SIGNED_LINK, 6), (LONGEST_LINK, 4)],
)
def test_a_hot_head_and_a_blurred_camera_leave_it_readable(link: str, module_dots: int) -> None:
    paper = printed(escpos.qr_raster(link, module_dots))
    # Each dot bleeds half a dot into its neighbours; a camera then sees three pixels a module, blurred and turned.
    bled = paper.resize((paper.width * 2, paper.height * 2), Image.Resampling.NEAREST).filter(ImageFilter.MinFilter(3))
    seen = bled.rotate(4, fillcolor=255, expand=True).filter(ImageFilter.GaussianBlur(module_dots / 2))
    share = CAMERA_PX / module_dots / 2
    size = (round(seen.width * share), round(seen.height * share))
    assert decoded(seen.resize(size, Image.Resampling.BILINEAR)) == link


@pytest.mark.parametrize("make", [escpos.qr, escpos.qr_raster])
def test_what_cannot_be_printed_is_refused_in_one_sentence(make: escpos.Maker) -> None:
    for module_dots in (escpos.MODULE_DOTS_MIN - 1, escpos.MODULE_DOTS_MAX + 1):
        with pytest.raises(ValueError, match="3 to 16 dots"):
            make(LINK, module_dots)
    with pytest.raises(escpos.PaperTooNarrowError, match="407 dots wide, but 58 mm paper prints 384"):
        make(LINK, 11)
    with pytest.raises(ValueError, match="ASCII"):
        make("HTTPS://ČEK.EXAMPLE/", 6)
    with pytest.raises(ValueError, match="1000 bytes"):
        make("A" * (escpos.LINK_BYTES_MAX + 1), 3)


def test_the_document_s_example_prints_the_same_bytes() -> None:
    example = re.search(r"```python\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)
    assert example is not None
    names: dict[str, object] = {"__name__": "example"}
    exec(example.group(1), names)  # noqa: S102
    qr = names["qr"]
    assert callable(qr)
    assert qr(LINK) == escpos.qr(LINK)
    assert qr(LINK, 4) == escpos.qr(LINK, 4)


def test_the_document_shows_the_very_bytes() -> None:
    rows = re.findall(r"^\| `((?:[0-9A-F]{2} ?)+)`(…)? \|", DOCUMENT.read_text(), re.MULTILINE)
    shown = [bytes.fromhex(text) for text, _ in rows]
    rest = escpos.qr("HTTPS://CHECK.EXAMPLE/0A0B0C0D123400007XYZ")
    for part in shown:
        assert part in rest
    assert b"".join(shown).startswith(escpos.CENTRE)
    assert len(shown) == 9
