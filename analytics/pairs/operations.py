"""Counts a retailer's pairs and puts them in the place of the last count's."""

import time
from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from typing import NamedTuple

import numpy as np
from django.db import connection, transaction

from analytics.filters import Span
from analytics.pairs import reading
from analytics.pairs.counting import Held, Integers, PairTable, StoreTable
from analytics.pairs.measures import PairCounts
from analytics.pairs.models import Pair, PairRun, PairStore
from analytics.pairs.reading import COUNT_MIN, Chunk, Vocabulary
from analytics.queries.rows import rows

# A quarter with every weekday as often: habits of more than a season, and what is sold now.
DAYS = 91
# More than a page shows, so that some stores' own order can differ from that of all.
PRODUCT_PAIRS_MAX = 200
CATEGORY_PAIRS_MAX = 50
# Two at once would count in each other's place; the number is only these locks' own.
LOCK = 7_301
UNNAMED = ("", "")

COPY = """
    COPY analytics_pairstore (retailer, store, number, together, with_first, with_second, baskets) FROM STDIN
"""

NEXT = "SELECT min(retailer_id) FROM transactions_store WHERE retailer_id > %(after)s"


class Counted(NamedTuple):
    """What a count came to."""

    retailer: int
    baskets: int
    products: int
    pairs: int
    took_ms: int


class Level(NamedTuple):
    """Products or categories: how many there are, what of a chunk they are, and the pairs that were chosen."""

    size: int
    of: Callable[[Chunk], Held]
    pairs: list[tuple[int, int]]


def next_retailer(after: int) -> int | None:
    """The retailer with stores whose number comes next; None after the last."""
    found: int | None = rows(NEXT, after=after)[0][0]
    return found


def count_retailer(retailer: int, now: datetime) -> Counted:
    """Counts what was sold together in the DAYS before a local day; one DB transaction.

    Its memory is bounded by reading.PRODUCTS_MAX squared and by the number of the retailer's products, not by its
    sales. These are read twice: to choose pairs among all, then to count those in each store.
    """
    begun_s = time.monotonic()
    span = span_of(now.date())
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [LOCK, retailer])
        stores = reading.stores_of(retailer)
        words = reading.vocabulary(retailer, stores, span)
        products = Level(len(words.products), lambda chunk: chunk.products, [])
        categories = Level(len(words.categories), lambda chunk: chunk.categories, [])
        chosen = _choose(reading.chunks(words, stores, span), (products, categories))
        baskets, by_store = _count(reading.chunks(words, stores, span), chosen, len(stores))
        pairs = _named(retailer, words, chosen)
        took_ms = round((time.monotonic() - begun_s) * 1000)
        run = PairRun(
            retailer=retailer,
            first=span.first,
            last=span.last,
            baskets=int(baskets.sum()),
            stores=[store for store, own in zip(stores, baskets.tolist(), strict=True) if own],
            products=products.size,
            categories=categories.size,
            counted_at=now,
            took_ms=took_ms,
        )
        _write(run, pairs, dict(zip(stores, by_store, strict=True)))
    return Counted(retailer, run.baskets, products.size, len(pairs), took_ms)


def span_of(today: date) -> Span:
    """The days that are counted: those before today, which is not over."""
    return Span(today - timedelta(DAYS), today - timedelta(1))


def _choose(chunks: Iterable[Chunk], levels: tuple[Level, Level]) -> tuple[Level, Level]:
    """Counts all pairs of both levels at once, and keeps the surest."""
    tables = [PairTable(level.size) for level in levels]
    for chunk in chunks:
        for level, table in zip(levels, tables, strict=True):
            table.add(level.of(chunk), len(chunk.stores))
    products, categories = (
        level._replace(pairs=table.best(COUNT_MIN, most))
        for level, table, most in zip(levels, tables, (PRODUCT_PAIRS_MAX, CATEGORY_PAIRS_MAX), strict=True)
    )
    return products, categories


def _count(
    chunks: Iterable[Chunk], levels: tuple[Level, Level], stores: int
) -> tuple[Integers, list[list[PairCounts]]]:
    """By store, its baskets, and the counts of the chosen pairs, those of products first."""
    tables = [StoreTable(level.pairs, level.size, stores) for level in levels]
    baskets = np.zeros(stores, np.int64)
    for chunk in chunks:
        baskets += np.bincount(chunk.stores, minlength=stores)
        for level, table in zip(levels, tables, strict=True):
            table.add(level.of(chunk), chunk.stores)
    products, categories = (table.counts(baskets) for table in tables)
    return baskets, [[*own, *more] for own, more in zip(products, categories, strict=True)]


def _named(retailer: int, words: Vocabulary, levels: tuple[Level, Level]) -> list[Pair]:
    """The chosen pairs with the things' names, still without counts."""
    products, categories = levels
    ids = [(int(words.products[first]), int(words.products[second])) for first, second in products.pairs]
    known = reading.names(retailer, sorted({one for pair in ids for one in pair}))
    found = []
    for first, second in ids:
        first_name, second_name = _told_apart(known.get(first, UNNAMED), known.get(second, UNNAMED))
        found.append(
            Pair(is_category=False, first=first, second=second, first_name=first_name, second_name=second_name)
        )
    for one, other in categories.pairs:
        first_name, second_name = words.categories[one], words.categories[other]
        found.append(Pair(is_category=True, first=0, second=0, first_name=first_name, second_name=second_name))
    for number, pair in enumerate(found):
        pair.retailer, pair.number = retailer, number
    return found


def _told_apart(first: tuple[str, str], second: tuple[str, str]) -> tuple[str, str]:
    """The names of two products; where they are the same, with what tells them apart."""
    if first[0] != second[0]:
        return first[0], second[0]
    return tuple(f"{name} ({key.partition(':')[2]})" for name, key in (first, second))  # type: ignore[return-value]


def _write(run: PairRun, pairs: list[Pair], by_store: dict[int, list[PairCounts]]) -> None:
    """Puts a count in the place of the last one."""
    for model in (PairRun, Pair, PairStore):
        model._default_manager.filter(retailer=run.retailer).delete()
    run.save(force_insert=True)
    for place, pair in enumerate(pairs):
        own = [by_store[store][place] for store in run.stores]
        pair.together, pair.with_first, pair.with_second = (sum(row[column] for row in own) for column in range(3))
    Pair.objects.bulk_create(pairs)
    if len(run.stores) == 1:
        return
    with connection.cursor() as cursor, cursor.copy(COPY) as copy:
        for store in run.stores:
            for number, counts in enumerate(by_store[store]):
                copy.write_row((run.retailer, store, number, *counts))
