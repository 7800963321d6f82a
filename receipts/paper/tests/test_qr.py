"""The QR code: it leads where it should, read by an independent decoder, and is no larger than it must be."""

import re
from datetime import date
from xml.etree import ElementTree as ET

import pytest
import zxingcpp
from django.template import Context, Template
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from possys import receipt_keys
from possys.codes import ALPHABET, Environment
from possys.qr import QUIET_ZONE, qr_svg, symbol
from receipts.offline_address import ADDRESS_LENGTH_MAX, read_offline
from receipts.paper.tests.receipts import CODE, LINK, LONGEST_LINK, SIGNED_LINK

SVG = "{http://www.w3.org/2000/svg}"
BOX = re.compile(r"M(\d+) (\d+)h(\d+)v1h-(\d+)z")


def drawn(svg: bytes, module_px: int = 4) -> Image.Image:
    """The SVG as pixels: its paths are boxes, so that drawing them takes no browser."""
    root = ET.fromstring(svg)  # noqa: S314
    side = int(root.attrib["viewBox"].split()[2])
    picture = Image.new("L", (side * module_px, side * module_px), 128)
    pen = ImageDraw.Draw(picture)
    white, black = root.findall(f"{SVG}path")
    assert (white.attrib["fill"], white.attrib["d"]) == ("#fff", f"M0 0h{side}v{side}H0z")
    assert black.attrib["fill"] == "#000"
    pen.rectangle((0, 0, side * module_px, side * module_px), fill=255)
    for left, top, length, back in BOX.findall(black.attrib["d"]):
        assert length == back
        start, end = int(left) * module_px, (int(left) + int(length)) * module_px - 1
        pen.rectangle((start, int(top) * module_px, end, (int(top) + 1) * module_px - 1), fill=0)
    return picture


def decoded(picture: Image.Image) -> str:
    """What a scanner reads."""
    found = zxingcpp.read_barcodes(picture, formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode))
    assert len(found) == 1
    return str(found[0].text)


def test_the_svg_leads_to_the_receipt() -> None:
    assert decoded(drawn(qr_svg(LINK))) == LINK


@settings(deadline=None, max_examples=50)
@given(st.text(ALPHABET, min_size=20, max_size=20))
def test_every_link_can_be_read(ending: str) -> None:
    link = f"HTTPS://CHECK.EXAMPLE/{ending}"
    assert decoded(drawn(qr_svg(link))) == link


def test_a_link_of_a_short_host_takes_version_3_at_level_m() -> None:
    found = symbol(LINK)
    assert (found.version, found.error, found.mode) == (3, "M", "alphanumeric")
    assert symbol("HTTPS://A.CZ/0A0B0C0D123400007XYZ").version == 2


@pytest.mark.parametrize(
    ("host", "link", "version"),
    [
        ("R.EXAMPLE", SIGNED_LINK, 6),
        ("CHECK.EXAMPLE", SIGNED_LINK, 7),
        ("R.EXAMPLE", LONGEST_LINK, 7),
        ("CHECK.EXAMPLE", LONGEST_LINK, 8),
        ("A" * 34, SIGNED_LINK, 7),
        ("A" * 35, SIGNED_LINK, 8),
        ("A" * 52, LONGEST_LINK, 8),
    ],
)
def test_a_signed_offline_address_takes_version_6_to_8(host: str, link: str, version: int) -> None:
    found = symbol(link.replace("CHECK.EXAMPLE", host))
    assert (found.version, found.error, found.mode) == (version, "M", "alphanumeric")


def test_the_longest_address_is_the_one_that_the_site_takes() -> None:
    text = LONGEST_LINK.rpartition("/")[2]
    assert len(text) == ADDRESS_LENGTH_MAX
    assert read_offline(text).key == 65535


def test_a_path_in_small_letters_still_makes_a_code() -> None:
    link = "HTTPS://CHECK.EXAMPLE/pos/0A0B0C0D123400007XYZ"
    assert symbol(link).mode == "byte"
    assert decoded(drawn(qr_svg(link))) == link


def test_the_quiet_zone_is_four_modules_of_white_on_every_side() -> None:
    picture = drawn(qr_svg(LINK), module_px=1)
    inner = picture.point(lambda level: 255 - level).getbbox()
    side = picture.width - QUIET_ZONE
    assert inner == (QUIET_ZONE, QUIET_ZONE, side, side)


def test_the_svg_has_no_style_and_no_script_for_a_policy_to_stop() -> None:
    assert not re.search(rb"style|script|href|on\w+=", qr_svg(LINK))


def test_a_page_shows_it_with_a_name_for_screen_readers() -> None:
    code = receipt_keys.table().encode(Environment.PRODUCTION, date(2026, 11, 23), 64, 1)
    html = Template("{% load receipt_qr %}{% receipt_qr code %}").render(Context({"code": code}))
    assert 'role="img"' in html
    assert "aria-label=" in html
    assert "style" not in html
    shown = html.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ').strip().encode()
    assert decoded(drawn(shown)) == receipt_keys.links().of(code)


@pytest.mark.parametrize("damaged", [0.02, 0.05])
def test_a_scratched_code_is_still_read(damaged: float) -> None:
    picture = drawn(qr_svg(LINK), module_px=6)
    side = picture.width
    ImageDraw.Draw(picture).rectangle((side * 0.5, side * 0.5, side * (0.5 + damaged), side * 0.8), fill=255)
    assert decoded(picture) == LINK
    assert CODE.replace("-", "") in LINK
