"""Where shards live: today all in one database; the only place to change when they are shared out."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from transactions.stream import SHARD_COUNT

ALL_SHARDS = range(SHARD_COUNT)
# The one log of all shards' blocks, its checkpoints and the runs that check it.
LOG_DATABASE = "default"


def database_for(shard: int) -> str:
    """The alias of the database that holds the shard's ledger."""
    return "default"


def databases() -> list[str]:
    """Every database that holds a part of the ledger."""
    return sorted({database_for(shard) for shard in ALL_SHARDS})


def by_database(shards: Iterable[int]) -> dict[str, list[int]]:
    """The shards of each database."""
    found: dict[str, list[int]] = defaultdict(list)
    for shard in shards:
        found[database_for(shard)].append(shard)
    return dict(found)


def group(number: int, groups: int) -> Sequence[int]:
    """The shards of one flush group: every `groups`-th, so that busy neighbours are spread."""
    return range(number, SHARD_COUNT, groups)
