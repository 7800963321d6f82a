"""A customer's picture: read by decoding it, whatever its name says, and written anew without anything but its pixels.

What a telephone adds (place, time, its owner's name, a preview of what was cropped away) is in no byte that is kept.
"""

from io import BytesIO
from typing import NamedTuple

from django.utils.translation import gettext_lazy as _
from PIL import Image, ImageOps

# A telephone's best pictures have six or seven.
PHOTO_BYTES_MAX = 8 * 1024 * 1024
# The formats of telephones and screenshots; no other decoder of Pillow is let near a stranger's bytes.
# A JPEG is decoded at a fraction of its size, the others whole, at four bytes a pixel.
PIXELS_MAX = {"JPEG": 50_000_000, "PNG": 25_000_000, "WEBP": 25_000_000}
# A receipt's small print can be read at this.
SIDE_MAX = 2048
JPEG_QUALITY = 85
WHITE = (255, 255, 255)


class PhotoError(ValueError):
    """The sentence for the customer."""


class TakenPhoto(NamedTuple):
    """A JPEG of our own making."""

    content: bytes
    width: int
    height: int


def take_photo(content: bytes) -> TakenPhoto:
    """The picture, upright, of at most SIDE_MAX, without metadata. Raises PhotoError."""
    try:
        with Image.open(BytesIO(content), formats=list(PIXELS_MAX)) as opened:
            width, height = opened.size
            # Before anything is decoded: a small file can say that it is a huge picture.
            if width * height > PIXELS_MAX[opened.format or ""]:
                raise PhotoError(_("The photo has too many pixels. Send a smaller copy of it."))
            opened.thumbnail((SIDE_MAX, SIDE_MAX))
            return _written(_plain(_upright(opened)))
    except PhotoError:
        raise
    except Image.DecompressionBombError as fault:
        raise PhotoError(_("The photo has too many pixels. Send a smaller copy of it.")) from fault
    except Exception as fault:
        # Decoders fed with a stranger's bytes raise whatever they like; no picture came of it, that is all.
        raise PhotoError(_("The file is no photo that can be read. Send a JPEG, PNG or WebP picture.")) from fault


def _upright(image: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(image)
    except Exception:
        # Metadata that cannot be read says nothing of how the camera was held; the picture is good all the same.
        return image


def _plain(image: Image.Image) -> Image.Image:
    """The pixels alone, on white, in a new image: Pillow would write the old one's comment again."""
    if image.mode.startswith("I"):
        # Sixteen bits of grey.
        image = image.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    clean = Image.new("RGB", image.size, WHITE)
    if image.has_transparency_data:
        image = image.convert("RGBA")
        clean.paste(image, mask=image.getchannel("A"))
    else:
        clean.paste(image.convert("RGB"))
    return clean


def _written(image: Image.Image) -> TakenPhoto:
    file = BytesIO()
    image.save(file, "JPEG", quality=JPEG_QUALITY, optimize=True)
    return TakenPhoto(file.getvalue(), image.width, image.height)
