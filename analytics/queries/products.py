"""Products and categories: what sells most, and what fell most against the comparison.

Months are read from ProductMonth, the days at both ends from ProductDay (analytics/queries/months.py). Neither knows
hours, so today is left out of both sides of a comparison: it is taken off again from `compared`.
"""

from datetime import timedelta
from typing import Any, NamedTuple

from analytics.filters import Filters
from analytics.queries.comparing import BEFORE, CHANGE, days_before, sentence
from analytics.queries.months import NO_DAYS, Days, split
from analytics.queries.whose import sums
from portal.sheets.panels import Chart, Column, Kind, Panel, Row, change, share

# What a person reads; a search shows so many, too.
PRODUCTS_MAX = 25
CATEGORIES_MAX = 25

# The months, and the days at both ends that are added to them or taken off.
SUMS = """
    SELECT product, sum(amount) AS amount, sum(quantity) AS quantity, sum(baskets) AS baskets
    FROM (SELECT product, amount, quantity, baskets FROM {{product_months}}
          WHERE {{whose}} AND month = ANY(%({name}_months)s::date[]) AND currency = %(currency)s
          UNION ALL
          SELECT product, amount * %({name}_head_sign)s, quantity * %({name}_head_sign)s, baskets * %({name}_head_sign)s
          FROM {{product_days}} WHERE {{whose}}
           AND day BETWEEN %({name}_head_first)s AND %({name}_head_last)s AND currency = %(currency)s
          UNION ALL
          SELECT product, amount * %({name}_tail_sign)s, quantity * %({name}_tail_sign)s, baskets * %({name}_tail_sign)s
          FROM {{product_days}} WHERE {{whose}}
           AND day BETWEEN %({name}_tail_first)s AND %({name}_tail_last)s AND currency = %(currency)s
    ) AS {name}_rows
    GROUP BY product
"""
TODAY = """
    SELECT product, sum(amount) AS amount FROM {product_days}
    WHERE {whose} AND day >= %(today)s AND day <= %(last)s AND currency = %(currency)s
    GROUP BY product
"""
NOTHING = "SELECT NULL::bigint AS product, 0 AS amount WHERE false"
# The ranks are taken in one pass over the sums; only rows that are shown are named. Those of the same name are told
# apart by the retailer's own number: a supermarket has four petrols.
RANKED = """
    WITH now AS ({now}), before AS ({before}), today AS ({today}),
    compared AS (
        SELECT product, COALESCE(now.amount, 0) AS amount, COALESCE(now.quantity, 0) AS quantity,
               COALESCE(now.baskets, 0) AS baskets, COALESCE(before.amount, 0) AS before,
               COALESCE(now.amount, 0) - COALESCE(today.amount, 0) AS compared
        FROM now FULL JOIN before USING (product) LEFT JOIN today USING (product)
    ),
    ranked AS (
        SELECT compared.*, row_number() OVER (ORDER BY amount DESC, product) AS top,
               row_number() OVER (ORDER BY compared - before, product) AS fall
        FROM compared {narrowed}
    )
    SELECT product,
           CASE WHEN count(*) OVER (PARTITION BY name) > 1 AND key !~ '^n:' THEN name || ' (' || substr(key, 3) || ')'
                ELSE name END,
           category, amount::bigint, quantity::bigint, baskets::bigint, before::bigint,
           compared::bigint, top, fall, (SELECT sum(amount)::bigint FROM compared)
    FROM ranked LEFT JOIN analytics_product AS products ON products.id = ranked.product
         AND products.retailer = (SELECT min(retailer_id) FROM transactions_store WHERE id = ANY(%(stores)s))
    WHERE top <= %(limit)s OR fall <= %(limit)s
    ORDER BY top
"""
# A person's stores are all of one retailer, and a product's id is unique within it.
NARROWED = """
    WHERE product IN (SELECT id FROM analytics_product
                      WHERE retailer = (SELECT min(retailer_id) FROM transactions_store WHERE id = ANY(%(stores)s))
                        AND (%(category)s = '' OR category = %(category)s)
                        AND (%(search)s = '' OR name ILIKE %(like)s))
"""
CATEGORIES = """
    SELECT category, sum(amount) FILTER (WHERE day >= %(first)s)::bigint,
           sum(quantity) FILTER (WHERE day >= %(first)s)::bigint,
           sum(baskets) FILTER (WHERE day >= %(first)s)::bigint,
           COALESCE(sum(amount) FILTER (WHERE day BETWEEN %(before_first)s AND %(before_last)s), 0)::bigint,
           COALESCE(sum(amount) FILTER (WHERE day >= %(first)s AND day < %(today)s), 0)::bigint
    FROM {categories}
    WHERE {whose} AND currency = %(currency)s
      AND (day BETWEEN %(first)s AND %(last)s OR day BETWEEN %(before_first)s AND %(before_last)s)
    GROUP BY category
"""
DEFINITION = "Item lines less refunds and voids, taxes as on the receipt; discounts on whole receipts are not in it."
NONE_FELL = "Nothing sold less than before."


class Ranked(NamedTuple):
    """One product of a ranking; amounts in minor units, `compared` being the part of `amount` that is."""

    product: int
    name: str
    category: str
    amount: int
    quantity: int
    baskets: int
    before: int
    compared: int
    top: int
    fall: int
    whole: int


def ranking(filters: Filters, stores: tuple[int, ...], currency: str) -> list[Ranked]:
    """The products that sell most and those that fell most: one query."""
    before = days_before(filters)
    values: dict[str, Any] = {
        "currency": currency,
        "limit": PRODUCTS_MAX,
        "today": filters.today,
        "last": filters.span.last,
        "category": filters.category,
        "search": filters.search,
        "like": f"%{_escaped(filters.search)}%",
    }
    values |= _parameters("now", split(filters.span))
    values |= _parameters("before", split(before) if before else NO_DAYS)
    is_narrowed = filters.category or filters.search
    sql = RANKED.format(
        now=SUMS.format(name="now"),
        before=SUMS.format(name="before") if before else NOTHING,
        today=TODAY if before and filters.until else NOTHING,
        narrowed=NARROWED if is_narrowed else "",
    )
    return [Ranked(*row) for row in sums(sql, filters, stores, **values)]


def top(filters: Filters, currency: str, found: list[Ranked]) -> Panel:
    """The products that sell most."""
    own = [one for one in found if one.top <= PRODUCTS_MAX and (one.amount or one.quantity)]
    is_compared = days_before(filters) is not None
    title = f"Products with “{filters.search}”" if filters.search else "Top products"
    return Panel(
        key="top-products",
        title=title,
        definition=f"{DEFINITION} The {PRODUCTS_MAX} with the most revenue.{sentence(filters)}",
        columns=_columns("product", "Product", is_compared=is_compared),
        rows=[_row(one, is_compared=is_compared) for one in own],
        chart=Chart.BARS,
        currency=currency,
        links=[f"receipts?{filters.query(product=one.product)}" for one in own],
        empty="No such product was sold in this time." if filters.search else "Nothing was sold in this time.",
    )


def falling(filters: Filters, currency: str, found: list[Ranked]) -> Panel | None:
    """The products that lost most; None without a comparison."""
    if days_before(filters) is None:
        return None
    own = [one for one in found if one.fall <= PRODUCTS_MAX and one.compared < one.before]
    own.sort(key=lambda one: one.fall)
    return Panel(
        key="falling-products",
        title="Falling products",
        definition=f"The {PRODUCTS_MAX} products whose revenue fell most, in money.{sentence(filters)}",
        columns=_columns("product", "Product", is_compared=True),
        rows=[_row(one, is_compared=True) for one in own],
        currency=currency,
        links=[f"receipts?{filters.query(product=one.product)}" for one in own],
        empty=NONE_FELL,
    )


def categories(filters: Filters, stores: tuple[int, ...], currency: str) -> list[Panel]:
    """Top categories, and falling ones where there is a comparison: one query."""
    before = days_before(filters)
    found = sums(
        CATEGORIES,
        filters,
        stores,
        currency=currency,
        first=filters.span.first,
        last=filters.span.last,
        today=filters.today if filters.until else filters.span.last + timedelta(1),
        before_first=before.first if before else filters.span.first,
        before_last=before.last if before else filters.span.first - timedelta(1),
    )
    made = [
        _Category(name, amount or 0, quantity or 0, baskets or 0, *rest)
        for name, amount, quantity, baskets, *rest in found
    ]
    panels = [_top_categories(filters, currency, made, is_compared=before is not None)]
    if before is not None:
        panels.append(_falling_categories(filters, currency, made))
    return panels


class _Category(NamedTuple):
    name: str
    amount: int
    quantity: int
    baskets: int
    before: int
    compared: int


def _top_categories(filters: Filters, currency: str, found: list[_Category], *, is_compared: bool) -> Panel:
    whole = sum(one.amount for one in found)
    sold = sorted((one for one in found if one.amount or one.quantity), key=lambda one: (-one.amount, one.name))
    own = sold[:CATEGORIES_MAX]
    return Panel(
        key="top-categories",
        title="Top categories",
        definition=f"{DEFINITION} Categories are those on the receipts.{sentence(filters)}",
        columns=_columns("category", "Category", is_compared=is_compared, has_category=False),
        rows=[_category_row(one, whole, is_compared=is_compared) for one in own],
        chart=Chart.BARS,
        currency=currency,
        links=[_category_link(filters, one.name) for one in own],
    )


def _falling_categories(filters: Filters, currency: str, found: list[_Category]) -> Panel:
    whole = sum(one.amount for one in found)
    fell = sorted(
        (one for one in found if one.compared < one.before), key=lambda one: (one.compared - one.before, one.name)
    )
    own = fell[:CATEGORIES_MAX]
    return Panel(
        key="falling-categories",
        title="Falling categories",
        definition=f"Categories whose revenue fell, in money.{sentence(filters)}",
        columns=_columns("category", "Category", is_compared=True, has_category=False),
        rows=[_category_row(one, whole, is_compared=True) for one in own],
        currency=currency,
        links=[_category_link(filters, one.name) for one in own],
        empty=NONE_FELL,
    )


def _category_link(filters: Filters, name: str) -> str:
    return f"products?{filters.query(category=name)}" if name else ""


def _columns(key: str, title: str, *, is_compared: bool, has_category: bool = True) -> tuple[Column, ...]:
    columns = [Column(key, title, Kind.TEXT)]
    columns += [
        Column("amount", "Revenue", Kind.MONEY),
        Column("share", "Share", Kind.PERCENT),
        Column("quantity", "Quantity", Kind.QUANTITY),
        Column("baskets", "Sales with it", Kind.COUNT),
    ]
    if has_category:
        columns.append(Column("category", "Category", Kind.TEXT))
    return (*columns, BEFORE, CHANGE) if is_compared else tuple(columns)


def _row(one: Ranked, *, is_compared: bool) -> Row:
    name = one.name or f"Product {one.product}"
    row: Row = (name, one.amount, share(one.amount, one.whole), one.quantity, one.baskets, one.category or "")
    return (*row, one.before, change(one.compared, one.before)) if is_compared else row


def _category_row(one: _Category, whole: int, *, is_compared: bool) -> Row:
    row: Row = (one.name or "Without a category", one.amount, share(one.amount, whole), one.quantity, one.baskets)
    return (*row, one.before, change(one.compared, one.before)) if is_compared else row


def _parameters(name: str, days: Days) -> dict[str, Any]:
    values: dict[str, Any] = {f"{name}_months": days.months}
    for end, edge in (("head", days.head), ("tail", days.tail)):
        values |= {f"{name}_{end}_sign": edge.sign, f"{name}_{end}_first": edge.first, f"{name}_{end}_last": edge.last}
    return values


def _escaped(text: str) -> str:
    """A text as LIKE takes it literally."""
    return text.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
