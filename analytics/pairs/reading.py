"""Reads a retailer's baskets for counting, some thousand at a time, as the places of what they hold."""

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
from django.db import connection

from analytics.filters import Span
from analytics.pairs.counting import Held, Integers, held
from analytics.queries.rows import rows
from transactions.stream import SALE_TYPES

SALE = SALE_TYPES.index("sale")
# Two that were together fewer times are chance, mostly; and a product that was sold fewer times is in no such pair.
COUNT_MIN = 20
# The table of 2,000 by 2,000 takes 16 MB; past the 2,000 most frequent, few products are in COUNT_MIN pairs.
PRODUCTS_MAX = 2_000
CATEGORIES_MAX = 500
# Some 20 MB while they are counted.
BASKETS_AT_ONCE = 20_000
NAMES_AT_ONCE = 50_000

STORES = "SELECT id FROM transactions_store WHERE retailer_id = %(retailer)s ORDER BY id"
FREQUENT = """
    SELECT product, count(*) FROM analytics_salerow, unnest(products) AS product
    WHERE store = ANY(%(stores)s) AND day BETWEEN %(first)s AND %(last)s AND type = %(sale)s
    GROUP BY product HAVING count(*) >= %(least)s
    ORDER BY 2 DESC, 1 LIMIT %(most)s
"""
BASKETS = """
    SELECT store, products FROM analytics_salerow
    WHERE store = ANY(%(stores)s) AND day BETWEEN %(first)s AND %(last)s AND type = %(sale)s
"""
CATEGORIES = """
    SELECT category FROM analytics_product WHERE retailer = %(retailer)s AND category <> ''
    GROUP BY category ORDER BY count(*) DESC, category LIMIT %(most)s
"""
CATEGORY_OF = "SELECT id, category FROM analytics_product WHERE retailer = %(retailer)s AND category <> '' ORDER BY id"
NAMES = """
    SELECT id, name, key FROM analytics_product WHERE retailer = %(retailer)s AND id = ANY(%(products)s)
"""


class Vocabulary(NamedTuple):
    """What is counted at a retailer: products by their ids, ascending; categories by name, and those of products."""

    products: Integers
    categories: list[str]
    known: Integers
    category_of: Integers


class Chunk(NamedTuple):
    """Some baskets: what they hold, and the place of each one's store among the retailer's."""

    products: Held
    categories: Held
    stores: Integers


def stores_of(retailer: int) -> list[int]:
    """The retailer's stores, ascending."""
    return [store for (store,) in rows(STORES, retailer=retailer)]


def vocabulary(retailer: int, stores: Sequence[int], span: Span) -> Vocabulary:
    """The most frequent products of a span, and the categories that have the most products."""
    frequent = rows(FREQUENT, **_of(stores, span), least=COUNT_MIN, most=PRODUCTS_MAX)
    categories = [category for (category,) in rows(CATEGORIES, retailer=retailer, most=CATEGORIES_MAX)]
    place = {category: number for number, category in enumerate(categories)}
    known: list[Integers] = [np.zeros(0, np.int64)]
    belongs: list[Integers] = [np.zeros(0, np.int64)]
    with connection.chunked_cursor() as cursor:
        cursor.execute(CATEGORY_OF, {"retailer": retailer})
        while found := cursor.fetchmany(NAMES_AT_ONCE):
            known.append(np.array([product for product, _ in found], np.int64))
            belongs.append(np.array([place.get(category, -1) for _, category in found], np.int64))
    products = np.array(sorted(product for product, _ in frequent), np.int64)
    return Vocabulary(products, categories, np.concatenate(known), np.concatenate(belongs))


def chunks(words: Vocabulary, stores: Sequence[int], span: Span) -> Iterator[Chunk]:
    """All sales of a span; within a DB transaction, the rows wait in the database."""
    places = np.arange(len(words.products))
    with connection.chunked_cursor() as cursor:
        cursor.execute(BASKETS, _of(stores, span))
        while found := cursor.fetchmany(BASKETS_AT_ONCE):
            of_stores = np.searchsorted(stores, np.fromiter((store for store, _ in found), np.int64, len(found)))
            lengths = np.fromiter((len(own) for _, own in found), np.int64, len(found))
            ids = np.fromiter(chain.from_iterable(own for _, own in found), np.int64, int(lengths.sum()))
            baskets = np.repeat(np.arange(len(found)), lengths)
            yield Chunk(
                held(baskets, _looked_up(ids, words.products, places), max(1, len(places))),
                held(baskets, _looked_up(ids, words.known, words.category_of), max(1, len(words.categories))),
                of_stores,
            )


def names(retailer: int, products: Sequence[int]) -> dict[int, tuple[str, str]]:
    """The names and keys of products by their ids."""
    return {product: (name, key) for product, name, key in rows(NAMES, retailer=retailer, products=list(products))}


def _of(stores: Sequence[int], span: Span) -> dict[str, Any]:
    return {"stores": list(stores), "first": span.first, "last": span.last, "sale": SALE}


def _looked_up(ids: Integers, known: Integers, answers: Integers) -> Integers:
    """For each id the answer that stands at its place among the known ones, which ascend; -1 for an unknown one."""
    if not len(known):
        return np.full(len(ids), -1, np.int64)
    places = np.minimum(np.searchsorted(known, ids), len(known) - 1)
    return np.where(known[places] == ids, answers[places], -1)
