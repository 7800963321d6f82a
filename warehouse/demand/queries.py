"""What the pages of demand show: read for one store, a bounded number of queries each."""

from collections.abc import Collection
from datetime import date, timedelta
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Count, Max, Min, Q

from warehouse.demand.models import HORIZON_DAYS, Forecast, ForecastRun, Promotion
from warehouse.demand.series import store_ids
from warehouse.stock.models import SoldDay

# Of a name, literally.
ESCAPE = str.maketrans({"\\": r"\\", "%": r"\%", "_": r"\_"})
EXPECTED = """
    SELECT known.product, COALESCE(named.name, 'Product ' || known.product), COALESCE(named.category, ''),
           COALESCE(class.abc || class.xyz, ''), (SELECT sum(day) FROM unnest(known.mean[1:7]) AS day),
           (SELECT sum(day) FROM unnest(known.mean) AS day) AS month, known.unit, known.total_dispersion
    FROM warehouse_forecast AS known
    LEFT JOIN warehouse_product AS named ON named.retailer = known.retailer AND named.id = known.product
    LEFT JOIN warehouse_productclass AS class
         ON class.retailer = known.retailer AND class.store = known.store AND class.product = known.product
    WHERE known.store = %(store)s
      AND (%(like)s = '' OR named.name ILIKE %(like)s OR named.category ILIKE %(like)s OR named.key = %(key)s)
    ORDER BY month DESC, known.product LIMIT %(limit)s OFFSET %(offset)s
"""
# The last four weeks up to a day, and the four before.
LATELY = """
    SELECT product, sum(quantity) FILTER (WHERE day > %(last)s::date - 28)::bigint,
           sum(quantity) FILTER (WHERE day <= %(last)s::date - 28)::bigint
    FROM warehouse_soldday
    WHERE store = %(store)s AND product = ANY(%(products)s) AND day > %(last)s::date - 56 AND day <= %(last)s
    GROUP BY product
"""


class Expected(NamedTuple):
    """A product of a store: whole units in the next week and in four, and how sure that is."""

    product: int
    name: str
    category: str
    classes: str
    week: float
    month: float
    unit: float
    dispersion: float


def expected(store: int, search: str, *, limit: int, offset: int) -> list[Expected]:
    """The products that sell most come first."""
    like = f"%{search.translate(ESCAPE)}%" if search else ""
    values: dict[str, Any] = {"store": store, "like": like, "key": f"s:{search}", "limit": limit, "offset": offset}
    with connection.cursor() as cursor:
        cursor.execute(EXPECTED, values)
        return [Expected(*row) for row in cursor.fetchall()]


def sold_lately(store: int, products: Collection[int], last: date) -> dict[int, tuple[int, int]]:
    """In ten-thousandths: in the four weeks up to a day, and in the four before."""
    with connection.cursor() as cursor:
        cursor.execute(LATELY, {"store": store, "products": list(products), "last": last})
        return {product: (recent or 0, before or 0) for product, recent, before in cursor.fetchall()}


def forecasts_of(store: int) -> tuple[date | None, int]:
    """The last day that a store's forecasts know, and how many there are."""
    found: dict[str, Any] = Forecast.objects.filter(store=store).aggregate(newest=Max("cutoff"), count=Count("product"))
    return found["newest"], found["count"]


def newest_run(retailer_id: int) -> ForecastRun | None:
    """Of the retailer, by cut-off."""
    return ForecastRun.objects.filter(retailer=retailer_id).order_by("-cutoff").first()


def first_sale(retailer_id: int) -> date | None:
    """The first day on which anything was sold."""
    found: dict[str, Any] = SoldDay.objects.filter(store__in=store_ids(retailer_id)).aggregate(first=Min("day"))
    day: date | None = found["first"]
    return day


def promotions_ahead(retailer_id: int, stores: Collection[int], cutoff: date) -> list[Promotion]:
    """Those that forecasts of a cut-off count, the first to begin first."""
    return list(
        Promotion.objects.filter(
            Q(store=None) | Q(store__in=list(stores)),
            retailer=retailer_id,
            cancelled_at=None,
            first_day__lte=cutoff + timedelta(days=HORIZON_DAYS),
            last_day__gt=cutoff,
        ).order_by("first_day", "id")
    )
