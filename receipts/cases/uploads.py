"""Taking the form's body: the photo stays in memory, never touches a disk, and nothing larger than allowed is kept."""

from io import BytesIO
from typing import Any

from django.core.files.uploadedfile import InMemoryUploadedFile
from django.core.files.uploadhandler import FileUploadHandler, SkipFile
from django.http import HttpRequest

from receipts.cases.photos import PHOTO_BYTES_MAX

# Up to this much is read through, so that whoever chose too large a photo gets the form back with what was typed.
BODY_BYTES_MAX = 32 * 1024 * 1024
# Of a larger body so much is thrown away before the answer: a browser that is still sending shows no answer at all.
DRAINED_BYTES_MAX = 96 * 1024 * 1024
CHUNK_BYTES = 256 * 1024


class PhotoHandler(FileUploadHandler):
    """Keeps the one file of the field `photo`; of one that is too large only how large it is."""

    def __init__(self, request: HttpRequest | None = None) -> None:
        super().__init__(request)
        self.parts: list[bytes] = []
        self.is_taken = False

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """Skips every other file."""
        super().new_file(*args, **kwargs)
        if self.field_name != "photo" or self.is_taken:
            raise SkipFile
        self.is_taken = True
        self.parts = []

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Keeps it while it fits."""
        if start + len(raw_data) > PHOTO_BYTES_MAX:
            self.parts.clear()
        else:
            self.parts.append(raw_data)

    def file_complete(self, file_size: int) -> InMemoryUploadedFile:
        """The file, with its size as it was sent; empty when that was too much."""
        name = self.file_name or ""
        return InMemoryUploadedFile(
            BytesIO(b"".join(self.parts)), self.field_name, name, self.content_type or "", file_size, self.charset
        )


def is_too_large(request: HttpRequest) -> bool:
    """Whether the body is more than is read; then it is thrown away, as far as that makes sense."""
    length = int(request.META.get("CONTENT_LENGTH") or 0)
    if length <= BODY_BYTES_MAX:
        request.upload_handlers = [PhotoHandler(request)]
        return False
    left = min(length, DRAINED_BYTES_MAX)
    while left > 0 and (chunk := request.read(min(CHUNK_BYTES, left))):
        left -= len(chunk)
    return True
