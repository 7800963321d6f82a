"""The curve of revenue and sales: by hour of a day, by day, by week of a long time, with the comparison beside it."""

from collections.abc import Callable
from datetime import date, timedelta

from analytics.filters import Filters, Span
from analytics.queries.takings import Slice, Sums, total
from portal.sheets.panels import Chart, Column, Kind, Panel, Row, Value

# A curve of more points is read no better: past a quarter, weeks.
DAYS_BY_DAY_MAX = 92
HOURS = range(24)


def over_time(filters: Filters, currency: str, now: list[Slice], before: list[Slice] | None) -> Panel:
    """Revenue and sales along the period; a row for every hour, day or week, also where nothing was sold."""
    if filters.span.days == 1:
        return _panel(filters, currency, "Hour", Kind.HOUR, _by_hour(filters, now, before))
    if filters.span.days <= DAYS_BY_DAY_MAX:
        return _panel(filters, currency, "Day", Kind.DATE, _by_days(filters, now, before, 1))
    return _panel(filters, currency, "Week from", Kind.DATE, _by_days(filters, now, before, 7))


def _panel(filters: Filters, currency: str, title: str, kind: Kind, made: tuple[list[Row], list[str]]) -> Panel:
    columns = [
        Column(title.partition(" ")[0].lower(), title, kind),
        Column("revenue", "Revenue", Kind.MONEY),
        Column("sales", "Sales", Kind.COUNT),
    ]
    definition = "Sales less refunds and voids, by the time on the receipt."
    if filters.before is not None:
        columns += [
            Column("revenue_before", "Revenue before", Kind.MONEY),
            Column("sales_before", "Sales before", Kind.COUNT),
        ]
        definition += f" Before: the same time {filters.shift_days} days earlier."
    rows, links = made
    has_any = any(any(row[1:]) for row in rows)
    return Panel(
        key="over-time",
        title="Revenue over time",
        definition=definition,
        columns=tuple(columns),
        rows=rows if has_any else [],
        chart=Chart.LINE,
        currency=currency,
        links=links if has_any else [],
    )


def _by_hour(filters: Filters, now: list[Slice], before: list[Slice] | None) -> tuple[list[Row], list[str]]:
    own = {one.hour: one.sums for one in now}
    earlier = None if before is None else {one.hour: one.sums for one in before}
    rows = [_row(hour, own.get(hour), None if earlier is None else earlier.get(hour, Sums())) for hour in HOURS]
    return rows, [f"receipts?{filters.query(hour=hour)}" for hour in HOURS]


def _by_days(filters: Filters, now: list[Slice], before: list[Slice] | None, step: int) -> tuple[list[Row], list[str]]:
    """Rows of `step` days from the first on; the last may be shorter."""
    first = filters.span.first
    own = _grouped(now, lambda day: (day - first).days // step)
    shift = timedelta(filters.shift_days)
    earlier = None if before is None else _grouped(before, lambda day: (day + shift - first).days // step)
    rows, links = [], []
    for number in range(-(-filters.span.days // step)):
        begin = first + timedelta(number * step)
        end = min(begin + timedelta(step - 1), filters.span.last)
        rows.append(_row(begin, own.get(number), None if earlier is None else earlier.get(number, Sums())))
        # A week opens the same page for its days; a day the receipts.
        page = "overview" if step > 1 else "receipts"
        links.append(f"{page}?{filters.query(period=Span(begin, end))}")
    return rows, links


def _grouped(slices: list[Slice], number: Callable[[date], int]) -> dict[int, Sums]:
    found: dict[int, list[Slice]] = {}
    for one in slices:
        found.setdefault(number(one.day), []).append(one)
    return {key: total(own) for key, own in found.items()}


def _row(begin: Value, own: Sums | None, earlier: Sums | None) -> Row:
    sums = own or Sums()
    row: Row = (begin, sums.revenue, sums.sales)
    return row if earlier is None else (*row, earlier.revenue, earlier.sales)
