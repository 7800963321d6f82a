"""Reads the body of a request as the bytes that were sent, within limits that are checked before reading."""

from typing import IO, Any

from django.http import HttpRequest
from rest_framework import status
from rest_framework.exceptions import APIException
from rest_framework.parsers import BaseParser
from rest_framework.request import Request

from transactions.envelope import ENVELOPE_BYTES_MAX
from transactions.sale import SALE_BYTES_MAX

# 500 sales of ordinary length are half a megabyte; this leaves room for long ones.
BATCH_BYTES_MAX = 4 * 1024 * 1024
JSON_TYPES = frozenset({"application/json", "application/json; charset=utf-8", "application/json;charset=utf-8"})


class BodyTooLarge(APIException):
    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_code = "body-too-large"


class LengthRequired(APIException):
    status_code = status.HTTP_411_LENGTH_REQUIRED
    default_code = "length-required"
    default_detail = "Send the header Content-Length; chunked bodies are not taken."


class BodyIncomplete(APIException):
    status_code = status.HTTP_400_BAD_REQUEST
    default_code = "body-incomplete"
    default_detail = "The body ended before Content-Length; nothing of it was kept. Send it again."


class UnsupportedContent(APIException):
    status_code = status.HTTP_415_UNSUPPORTED_MEDIA_TYPE
    default_code = "unsupported-media-type"


class SaleBytesParser(BaseParser):
    """The body of one sale, as bytes: what is kept is exactly what was sent."""

    media_type = "application/json"
    bytes_max = SALE_BYTES_MAX + ENVELOPE_BYTES_MAX

    def parse(self, stream: IO[Any], media_type: str | None = None, parser_context: Any = None) -> Any:
        """The body. Raises BodyTooLarge, LengthRequired, BodyIncomplete, UnsupportedContent."""
        request: Request = (parser_context or {})["request"]
        return read_body(request._request, self.bytes_max)


class BatchBytesParser(SaleBytesParser):
    """The body of a batch."""

    bytes_max = BATCH_BYTES_MAX


def read_body(request: HttpRequest, bytes_max: int) -> bytes:
    """The body of at most that many bytes. Raises the exceptions above, each saying what to change."""
    meta = request.META
    content_type = meta.get("CONTENT_TYPE", "")
    if content_type not in JSON_TYPES and content_type.lower().replace('"', "") not in JSON_TYPES:
        raise UnsupportedContent(f"Send Content-Type: application/json in UTF-8, not {content_type[:100] or 'none'!r}.")
    if encoding := meta.get("HTTP_CONTENT_ENCODING"):
        raise UnsupportedContent(f"Send the body as it is, without Content-Encoding: {encoding[:40]}.")
    try:
        length = int(meta.get("CONTENT_LENGTH") or "")
    except ValueError:
        raise LengthRequired from None
    if length > bytes_max:
        raise BodyTooLarge(f"The body has {length} bytes; at most {bytes_max} are taken here.")
    try:
        body = request.read(length)
    except OSError:
        raise BodyIncomplete from None
    if len(body) != length:
        raise BodyIncomplete
    return body
