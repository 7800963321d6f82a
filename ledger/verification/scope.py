"""Which part of the ledger a run reads, and the parts that it is cut into."""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from django.db import connections

from ledger.archive.packs import archived_days, blocks_of
from ledger.log.leaves import LeafKind
from ledger.log.models import LogEntry
from ledger.models import Head
from ledger.shards import ALL_SHARDS, LOG_DATABASE, by_database
from ledger.verification.entries import PAGES_AT_ONCE, Pages, Screen, place_key, scan_entries
from ledger.verification.heads import find_twice
from ledger.verification.pool import Part
from ledger.verification.ranges import Range, check_range, removals_in
from ledger.verification.reading import partitions_of
from ledger.verification.rows import Keys

# Long enough that what a part costs besides does not count, short enough that all processes end together.
RANGE_BLOCKS = 120
PAGES_OF_A_PART = 4 * PAGES_AT_ONCE
# What a part costs beside reading so many records, for the estimate of the time left.
ROWS_A_PAGE = 90
ENTRY_WEIGHT, TWICE_WEIGHT, LEAF_WEIGHT = 0.11, 0.05, 0.6


@dataclass(frozen=True)
class Scope:
    """What is asked for: certain shards, what came since a day or a size of the log, a sample of so many blocks."""

    shards: tuple[int, ...] = tuple(ALL_SHARDS)
    since: date | int | None = None
    sample: int | None = None

    @property
    def is_whole(self) -> bool:
        """Whether every block of these shards is read; then all their entries are, too."""
        return self.since is None and self.sample is None

    @property
    def is_everything(self) -> bool:
        """Nothing is left out."""
        return self.is_whole and len(self.shards) == len(ALL_SHARDS)

    def __str__(self) -> str:
        if self.is_everything:
            return "everything"
        what = "all blocks" if self.sample is None else f"sample of {self.sample} blocks"
        if self.since is not None:
            what += f" since {self.since}" if isinstance(self.since, date) else f" since {self.since} leaves"
        if len(self.shards) == len(ALL_SHARDS):
            return what
        return f"{what} of shard{'s' * (len(self.shards) > 1)} {', '.join(map(str, self.shards))}"


def ranges_of(scope: Scope, ends: Mapping[int, int], logged: Mapping[int, int], log_due: str) -> list[Range]:
    """The ranges of blocks to read; `ends` has each shard's last block. Sealed before `log_due`, it must be logged."""
    firsts = _firsts(scope, ends, logged)
    if scope.sample is not None:
        blocks = _drawn(scope.sample, {shard: (firsts[shard], ends[shard]) for shard in ends})
        return [Range(shard, block, block, logged.get(shard, 0), log_due, looks_up=True) for shard, block in blocks]
    return [
        Range(shard, first, min(first + RANGE_BLOCKS - 1, end), logged.get(shard, 0), log_due, not scope.is_whole)
        for shard, end in ends.items()
        for first in range(firsts[shard], end + 1, RANGE_BLOCKS)
    ]


def _firsts(scope: Scope, ends: Mapping[int, int], logged: Mapping[int, int]) -> dict[int, int]:
    """Each shard's first block to read."""
    found: dict[int, int] = {}
    if scope.since is None:
        return dict.fromkeys(ends, 1)
    if isinstance(scope.since, date):
        for alias in by_database(ends):
            with connections[alias].cursor() as cursor:
                cursor.execute(
                    "SELECT shard, min(number) FROM ledger_block WHERE sealed_on >= %s GROUP BY shard", [scope.since]
                )
                found.update(dict(cursor.fetchall()))
        for day in archived_days():
            # Where some of the days are in files, their blocks come before those that are not.
            for shard in ends if day >= scope.since else ():
                block = next(blocks_of(day, shard), None)
                found[shard] = min(
                    found.get(shard, ends[shard] + 1), ends[shard] + 1 if block is None else block.number
                )
        return {shard: found.get(shard, end + 1) for shard, end in ends.items()}
    with connections[LOG_DATABASE].cursor() as cursor:
        cursor.execute(
            "SELECT shard, min(block) FROM ledger_logentry WHERE kind = %s AND index >= %s GROUP BY shard",
            [LeafKind.BLOCK.value, scope.since],
        )
        found.update(dict(cursor.fetchall()))
    # What is not in the log yet came after any size of it.
    return {shard: found.get(shard, logged.get(shard, 0) + 1) for shard in ends}


def _drawn(count: int, spans: Mapping[int, tuple[int, int]]) -> list[tuple[int, int]]:
    """So many blocks at random, all equally likely, none twice; nobody can know beforehand which."""
    sizes = {shard: max(0, end - first + 1) for shard, (first, end) in spans.items()}
    total = sum(sizes.values())
    drawn = sorted(secrets.SystemRandom().sample(range(total), min(count, total)))
    found = []
    shards = iter(sizes.items())
    shard, size, passed = 0, 0, 0
    for number in drawn:
        while number >= passed + size:
            passed += size
            shard, size = next(shards)
        found.append((shard, spans[shard][0] + number - passed))
    return found


def range_parts(ranges: Iterable[Range], heads: Mapping[int, Head], key: list[int]) -> list[Part]:
    """The blocks' parts."""
    found = []
    for own in ranges:
        head = heads[own.shard]
        weight = (own.last - own.first + 1) * head.records / max(1, head.block)
        found.append(Part(check_range, (own, key), weight))
    return found


def entry_parts(scope: Scope, screen: Screen) -> list[Part]:
    """The entries' parts: every day's table in pieces, and the search for identities on two days."""
    found = []
    for alias, shards in by_database(scope.shards).items():
        share = len(shards) / len(ALL_SHARDS)
        rows = 0
        for partition in partitions_of(alias, "ledger_entry"):
            for first in range(0, partition.pages, PAGES_OF_A_PART):
                piece = Pages(alias, partition, first, min(first + PAGES_OF_A_PART, partition.pages))
                rows += (piece.end - first) * ROWS_A_PAGE
                weight = (piece.end - first) * ROWS_A_PAGE * share * ENTRY_WEIGHT
                found.append(Part(scan_entries, (piece, screen), weight))
        found += [Part(find_twice, (alias, shard), rows / len(ALL_SHARDS) * TWICE_WEIGHT) for shard in shards]
    return found


def removed_places() -> Keys:
    """`place_keys` of all records whose removal the log names."""
    leaves = LogEntry.objects.using(LOG_DATABASE).filter(kind=LeafKind.REMOVAL).values_list("leaf", flat=True)
    removals = removals_in([bytes(leaf) for leaf in leaves])
    places: Sequence[int] = [place_key(one.shard, one.block, one.position) for one in removals]
    return np.array(places, dtype=np.int64)
