"""What the log serves in the layout of c2sp.org/tlog-tiles: tiles and entry bundles, up to what was signed."""

from django.db.models import Max

from ledger.log.models import Checkpoint, LogEntry
from ledger.log.tiles import LEVEL_MAX, WIDTH, Tile, bundle, level_width, read_tile_path
from ledger.log.tree import Span, read_hashes
from ledger.shards import LOG_DATABASE


def hash_tile(level: int, path: str) -> bytes | None:
    """A tile's hashes; None when there is no such tile below the newest checkpoint."""
    tile = _signed_tile(level, path)
    if tile is None:
        return None
    span = Span(level, tile.first, tile.first + tile.width)
    hashes = read_hashes({span})
    return b"".join(hashes[level, index] for index in range(span.first, span.end))


def entry_bundle(path: str) -> bytes | None:
    """The leaves of a level-0 tile; None when there is no such tile below the newest checkpoint."""
    tile = _signed_tile(0, path)
    if tile is None:
        return None
    entries = LogEntry.objects.using(LOG_DATABASE).filter(index__range=(tile.first, tile.first + tile.width - 1))
    return bundle(bytes(leaf) for leaf in entries.order_by("index").values_list("leaf", flat=True))


def _signed_tile(level: int, path: str) -> Tile | None:
    """The tile of a path, when a signed tree has it: a full one, or a partial one within it."""
    tile = read_tile_path(path)
    if tile is None or not 0 <= level <= LEVEL_MAX or tile.width > WIDTH or tile.first > 2**62:
        return None
    signed = Checkpoint.objects.using(LOG_DATABASE).aggregate(size=Max("size"))["size"] or 0
    return tile if tile.first + tile.width <= level_width(signed, level) else None
