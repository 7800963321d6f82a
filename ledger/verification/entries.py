"""Entries read for a run: whole days in page order, or those of certain records by the primary key."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ledger.models import BLOCK_BITS
from ledger.verification.faults import Fault, FaultKind
from ledger.verification.reading import Partition, read_entries
from ledger.verification.rows import Keys, Rows, RowsError, row_hashes
from ledger.verification.tally import Sums, Tally

# Some hundred thousand rows: what is read at once takes ten megabytes.
PAGES_AT_ONCE = 1024
DAY_BITS = 32


def block_keys(rows: Rows) -> Keys:
    """The key of the block that each row names (`ledger.models.block_key`)."""
    keys: Keys = rows["shard"].astype(np.int64) << BLOCK_BITS | rows["block"].astype(np.int64) & (1 << BLOCK_BITS) - 1
    return keys


def add_rows(rows: Rows, key: list[int], sums: Sums, totals: Sums) -> None:
    """Adds rows to the sums by block and to the control totals by shard and day of issue."""
    if not len(rows):
        return
    ones = np.ones(len(rows), dtype=np.uint64)
    sums.add(block_keys(rows), ones, row_hashes(rows, key))
    days = rows["shard"].astype(np.int64) << DAY_BITS | rows["issued_on"].astype(np.int64)
    totals.add(days, ones, rows["total"].astype(np.uint64))


@dataclass(frozen=True)
class Screen:
    """What a scan of entries leaves out, and the key of the run's sums.

    `ends` has each shard's last block of this run: what was sealed later is the next run's. `removed` has the
    `place_keys` of removed records: what these said can no longer be known.
    """

    key: list[int]
    ends: Sequence[int]
    removed: Keys
    shards: list[int] | None = None


@dataclass(frozen=True)
class Pages:
    """A part of one partition of entries: from page `first` up to page `end`, which is left out."""

    alias: str
    partition: Partition
    first: int
    end: int


def scan_entries(pages: Pages, screen: Screen) -> Tally:
    """Adds up the entries on these pages."""
    tally = Tally()
    days = (pages.partition.first, pages.partition.end)
    where = "" if screen.shards is None else " AND shard = ANY(%s)"
    for page in range(pages.first, pages.end, PAGES_AT_ONCE):
        end = min(page + PAGES_AT_ONCE, pages.end)
        # Through the parent, since no role but the owner's may read a partition; the days leave one to be read.
        source = (
            f"ledger_entry WHERE issued_on >= %s AND issued_on < %s AND ctid >= '({page},0)' AND ctid < '({end},0)'"
        )
        try:
            rows = read_entries(
                pages.alias, source + where, (*days, *([] if screen.shards is None else [screen.shards]))
            )
        except RowsError as fault:
            tally.note(Fault(FaultKind.ENTRY_CHANGED, f"{pages.partition.name}: {fault}"))
            continue
        tally.entries += len(rows)
        if len(screen.removed):
            is_removed = np.isin(place_keys(rows), screen.removed)
            tally.removed_refunds.update(place_keys(rows[is_removed & (rows["type"] != 0)]).tolist())
            rows = rows[~is_removed]
        later = _is_later(rows, screen.ends)
        tally.later += int(later.sum())
        add_rows(rows[~later], screen.key, tally.entry_sums, tally.entry_totals)
        # They name blocks that must be there at least.
        keys = np.unique(block_keys(rows[later]))
        tally.entry_sums.add(keys, np.ones(len(keys), dtype=np.uint64), np.zeros(len(keys), dtype=np.uint64))
    return tally


def _is_later(rows: Rows, ends: Sequence[int]) -> npt.NDArray[np.bool_]:
    """Which rows name a block behind the run's last one of a shard that exists."""
    exists = (rows["shard"] >= 0) & (rows["shard"] < len(ends))
    last = np.array(ends, dtype=np.int64)[np.where(exists, rows["shard"], 0)]
    later: npt.NDArray[np.bool_] = exists & (rows["block"] > last)
    return later


def place_keys(rows: Rows) -> Keys:
    """Shard, block and position of each row in one number."""
    keys: Keys = block_keys(rows) * 4096 + rows["position"].astype(np.int64)
    return keys


def place_key(shard: int, block: int, position: int) -> int:
    """Shard, block and position in one number."""
    return (shard << BLOCK_BITS | block) * 4096 + position


def look_up(alias: str, shard: int, rows: Rows) -> Rows:
    """The entries of the same identities on the same days, wherever they say that their records are."""
    days = np.unique(rows["issued_on"]).tolist()
    return read_entries(
        alias,
        "ledger_entry WHERE shard = %s AND issued_on = ANY(ARRAY(SELECT DATE '2000-01-01' + unnest(%s::int[]))) "
        "AND identity = ANY(%s)",
        (shard, days, rows["identity"].tolist()),
    )
