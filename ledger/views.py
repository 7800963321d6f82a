"""The log for the tools of transparency logs (c2sp.org/tlog-tiles): checkpoint, tiles, entry bundles."""

import gzip

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from ledger.log import serving
from ledger.witness.quorum import note_with_cosignatures, published_checkpoint

TEXT = "text/plain; charset=utf-8"
BYTES = "application/octet-stream"
# A tile never changes; a checkpoint is followed by the next within seconds.
TILE_CACHE = "public, max-age=31536000, immutable"
CHECKPOINT_CACHE = "public, max-age=1"


@require_safe
def checkpoint(request: HttpRequest) -> HttpResponse:
    """The newest signed checkpoint, with its witnesses' lines. Raises Http404 while there is none."""
    newest = published_checkpoint()
    if newest is None:
        raise Http404("nothing was signed yet")
    return HttpResponse(note_with_cosignatures(newest), content_type=TEXT, headers={"Cache-Control": CHECKPOINT_CACHE})


@require_safe
def tile(request: HttpRequest, level: int, path: str) -> HttpResponse:
    """Up to 256 hashes. Raises Http404."""
    return _file(serving.hash_tile(level, path))


@require_safe
def entries(request: HttpRequest, path: str) -> HttpResponse:
    """Up to 256 leaves, each behind its length in two bytes. Raises Http404."""
    response = _file(serving.entry_bundle(path))
    response["Vary"] = "Accept-Encoding"
    if "gzip" in request.headers.get("Accept-Encoding", ""):
        response.content = gzip.compress(response.content, mtime=0)
        response["Content-Encoding"] = "gzip"
    return response


def _file(content: bytes | None) -> HttpResponse:
    if content is None:
        raise Http404("the log has no such tile")
    return HttpResponse(content, content_type=BYTES, headers={"Cache-Control": TILE_CACHE})
