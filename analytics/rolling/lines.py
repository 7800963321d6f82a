"""Sums of item lines: by product and by category."""

from collections.abc import Iterable

from analytics.rolling.facts import EPOCH_ORDINAL, SALE, Facts, day_of
from analytics.rolling.sums import Key, Rows
from transactions.decimals import quantity


def product_days(facts: Iterable[Facts]) -> Rows:
    """Each product in a store on a day."""
    rows: Rows = {}
    for one in facts:
        store, day, currency = one.store, one.day, one.sale.currency
        is_sale = one.kind == SALE
        # A line's discount counts in sales only, a basket once for however many lines hold the product.
        counted: set[int] = set()
        for product, line in one.items:
            key = (store, day, product, currency)
            row = rows.get(key)
            if row is None:
                row = rows[key] = [0, 0, 0, 0]
            row[0] += quantity(line.quantity)
            row[1] += line.amount
            if is_sale:
                row[2] += line.discount
                if product not in counted:
                    counted.add(product)
                    row[3] += 1
    return rows


def category_days(facts: Iterable[Facts]) -> Rows:
    """Each category in a store on a day; lines without one have the empty category."""
    rows: Rows = {}
    for one in facts:
        store, day, currency = one.store, one.day, one.sale.currency
        is_sale = one.kind == SALE
        counted: set[str] = set()
        for _, line in one.items:
            category = line.category or ""
            key = (store, day, category, currency)
            row = rows.get(key)
            if row is None:
                row = rows[key] = [0, 0, 0, 0]
            row[0] += quantity(line.quantity)
            row[1] += line.amount
            if is_sale:
                row[2] += line.discount
                if category not in counted:
                    counted.add(category)
                    row[3] += 1
    return rows


def product_months(days: Rows) -> Rows:
    """The days' rows by month, which is named by its first day."""
    firsts: dict[int | str, int] = {}
    by_month: Rows = {}
    for key, row in days.items():
        day = key[1]
        first = firsts.get(day)
        if first is None:
            first = firsts[day] = day_of(int(day)).replace(day=1).toordinal() - EPOCH_ORDINAL
        month: Key = (key[0], first, key[2], key[3])
        known = by_month.get(month)
        by_month[month] = row if known is None else [a + b for a, b in zip(known, row, strict=True)]
    return by_month
