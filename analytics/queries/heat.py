"""When in the week it is busy: hour by weekday, the mean of all such hours in the period."""

from collections import Counter, defaultdict
from datetime import timedelta

from analytics.filters import Filters
from analytics.queries.takings import Slice
from portal.sheets.panels import Chart, Column, Kind, Panel, Row, ratio
from transactions.decimals import QUANTITY_SCALE

DEFINITION = (
    "Revenue and sales of an hour, divided by how often the period has that weekday: the mean of all Mondays from 10 "
    "to 11. Hours that are not over yet are left out."
)
COLUMNS = (
    Column("weekday", "Weekday", Kind.WEEKDAY),
    Column("hour", "Hour", Kind.HOUR),
    Column("revenue", "Mean revenue", Kind.MONEY),
    Column("sales", "Mean sales", Kind.QUANTITY),
)


def heat(filters: Filters, currency: str, now: list[Slice]) -> Panel:
    """A row for each weekday of the period and each hour between the earliest and the latest with a sale."""
    until = filters.until
    kept = [one for one in now if until is None or (one.day, one.hour) < until]
    revenue: defaultdict[tuple[int, int], int] = defaultdict(int)
    sales: Counter[tuple[int, int]] = Counter()
    for one in kept:
        place = one.day.weekday(), one.hour
        revenue[place] += one.sums.revenue
        sales[place] += one.sums.sales
    rows: list[Row] = []
    links: list[str] = []
    hours = range(min(one.hour for one in kept), max(one.hour for one in kept) + 1) if kept else range(0)
    for weekday in range(7):
        for hour in hours:
            times = _times(filters, weekday, hour)
            if times:
                place = weekday, hour
                rows.append((weekday, hour, ratio(revenue[place], times), ratio(sales[place] * QUANTITY_SCALE, times)))
                links.append(f"receipts?{filters.query(weekday=weekday, hour=hour)}")
    return Panel(
        key="heat",
        title="The week by hour",
        definition=DEFINITION,
        columns=COLUMNS,
        rows=rows,
        chart=Chart.HEAT,
        currency=currency,
        links=links,
    )


def _times(filters: Filters, weekday: int, hour: int) -> int:
    """How often the period has this hour of this weekday, as far as it is over."""
    first, last = filters.span
    to_first = (weekday - first.weekday()) % 7
    until = filters.until
    if until is not None and last >= until[0]:
        is_over = weekday != until[0].weekday() or hour < until[1]
        last = until[0] if is_over else until[0] - timedelta(1)
    days = (last - first).days - to_first
    return days // 7 + 1 if days >= 0 else 0
