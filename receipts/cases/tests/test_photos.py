"""Photos: decoded whatever they are called, bounded, turned upright, and nothing kept but the pixels."""

import struct
import zlib
from io import BytesIO

import pytest
from django.utils.translation import override
from PIL import Image

from receipts.cases import photos
from receipts.cases.photos import PIXELS_MAX, SIDE_MAX, PhotoError, take_photo
from receipts.cases.tests.conftest import picture

ORIENTATION, GPS, GPS_LATITUDE, MAKER = 0x0112, 0x8825, 2, 0x010F


def opened(content: bytes) -> Image.Image:
    image = Image.open(BytesIO(content))
    image.load()
    return image


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    file = BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def png_that_says(width: int, height: int) -> bytes:
    """A small PNG whose header says that it is so large."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(100))) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_each_format_becomes_a_jpeg(kind: str) -> None:
    taken = take_photo(picture(kind).read())
    image = opened(taken.content)
    assert (image.format, image.size, image.mode) == ("JPEG", (60, 40), "RGB")
    red, _green, blue = image.getpixel((5, 5))  # type: ignore[misc]
    assert red > 200
    assert blue < 60


@pytest.mark.parametrize("kind", ["GIF", "BMP", "TIFF", "PPM"])
def test_other_formats_are_refused_whatever_they_are_called(kind: str) -> None:
    with pytest.raises(PhotoError, match="no photo that can be read"):
        take_photo(picture(kind, name="receipt.jpg").read())


@pytest.mark.parametrize(
    "content",
    [b"", b"hello", b"\xff\xd8\xff", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"%!PS-Adobe-3.0 EPSF-3.0\n"],
)
def test_what_is_no_photo_is_refused(content: bytes) -> None:
    with override("en"), pytest.raises(PhotoError, match="no photo that can be read"):
        take_photo(content)


def test_a_photo_that_breaks_off_is_refused() -> None:
    for kind in ("JPEG", "PNG", "WEBP"):
        content = picture(kind, size=(400, 300)).read()
        with pytest.raises(PhotoError):
            take_photo(content[: len(content) // 2])


def test_place_maker_and_comment_are_gone() -> None:
    exif = Image.Exif()
    exif[MAKER] = "Telephones of Jana"
    exif.get_ifd(GPS)[GPS_LATITUDE] = (50.0, 5.0, 16.0)
    sent = picture(exif=exif, comment=b"my kitchen", icc_profile=b"profile of Jana").read()
    assert opened(sent).getexif().get_ifd(GPS)
    assert b"my kitchen" in sent
    content = take_photo(sent).content
    assert not opened(content).getexif()
    for told in (b"Jana", b"my kitchen", b"Exif"):
        assert told not in content
    assert "comment" not in opened(content).info


def test_nothing_that_was_behind_the_picture_is_kept() -> None:
    assert b"secret" not in take_photo(picture().read() + b"secret").content


def test_a_photo_taken_sideways_stands_upright() -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    taken = take_photo(picture(exif=exif).read())
    assert (taken.width, taken.height) == (40, 60)
    image = opened(taken.content)
    # Turned to the right, the left half is above.
    assert image.getpixel((20, 5))[0] > 200  # type: ignore[index]
    assert image.getpixel((20, 55))[2] > 200  # type: ignore[index]


def test_a_photo_with_unreadable_metadata_is_taken() -> None:
    assert take_photo(picture(exif=b"Exif\x00\x00MM\x00\x2a\x00\x00\x00\x08\xff\xff\x01\x12").read()).width == 60


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_a_large_photo_is_made_smaller(kind: str) -> None:
    taken = take_photo(picture(kind, size=(3000, 1500)).read())
    assert (taken.width, taken.height) == (SIDE_MAX, SIDE_MAX // 2)
    assert len(taken.content) < 1_000_000


@pytest.mark.parametrize("size", [(5001, 5000), (20_000, 20_000), (2**31 - 1, 1), (2**31 - 1, 2**31 - 1)])
def test_a_file_that_says_it_is_huge_is_refused_before_it_is_decoded(
    size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(photos, "SIDE_MAX", None)  # Would fail if it were reached.
    with pytest.raises(PhotoError, match="too many pixels"):
        take_photo(png_that_says(*size))


def test_a_telephone_s_largest_pictures_are_taken_and_larger_ones_refused() -> None:
    width = PIXELS_MAX["JPEG"] // 5000
    assert take_photo(encoded(Image.new("L", (width, 5000)), "JPEG")).width == SIDE_MAX
    with pytest.raises(PhotoError, match="too many pixels"):
        take_photo(encoded(Image.new("L", (width, 5001)), "JPEG"))


def test_the_most_pixels_are_taken() -> None:
    side = int(PIXELS_MAX["PNG"] ** 0.5)
    assert take_photo(encoded(Image.new("L", (side, side)), "PNG")).width == SIDE_MAX


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "I;16"])
def test_every_kind_of_colour_is_taken(mode: str) -> None:
    image = Image.new(mode, (20, 20), 30_000 if mode == "I;16" else None)
    taken = opened(take_photo(encoded(image, "PNG")).content)
    assert taken.mode == "RGB"
    if mode in {"LA", "RGBA"}:
        # What could be seen through stands on white.
        assert taken.getpixel((10, 10)) == (255, 255, 255)
    if mode == "I;16":
        assert 100 < taken.getpixel((10, 10))[0] < 130  # type: ignore[index]


def test_a_printer_s_colours_are_taken() -> None:
    assert take_photo(encoded(Image.new("CMYK", (20, 20)), "JPEG")).width == 20
