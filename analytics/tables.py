"""The dashboards' panels and figures as the templates show them: which of them are special, and which are not over."""

from datetime import tzinfo

from analytics.filters import Filters
from portal.sheets import tables
from portal.sheets.panels import Chart, Figure, Kind, Panel
from portal.sheets.tables import NO_MORE, Address, More, Stat, Table

# Bars along a scale, though its steps have names; and days with gaps, which a line would draw across.
ALONG = frozenset({"basket-sizes", "corrections-by-day", "discounts-by-day"})
# Panels whose rows lead to another page, named at their foot.
MORE = {
    "stores": ("Compare the stores", "stores"),
    "top-products": ("All products", "products"),
    "payments": ("All about money", "money"),
}
# Figures of which every one above 0 is to be looked into.
FAULTS = frozenset({"silent", "missing"})
# More of these is no good news and less no bad news: their changes have no colour.
NEUTRAL = frozenset({"refunds", "voids", "discounts", "tax", "items", "late", "offline"})


def table(panel: Panel, address: Address, zone: tzinfo, filters: Filters, *, with_more: bool = False) -> Table:
    """A panel; `with_more` leads on to the page that has more of it."""
    name, page = MORE.get(panel.key, ("", "")) if with_more else ("", "")
    more = More(name, address(f"{page}?{filters.query()}")) if page else NO_MORE
    opens = _open_from(panel, filters)
    along = panel.key in ALONG
    return tables.table(tables.change_forward(panel), address, zone, open_from=opens, more=more, along=along)


def stat(figure: Figure, address: Address) -> Stat:
    """A figure."""
    needs_look = figure.key in FAULTS and bool(figure.value)
    return tables.stat(figure, address, is_neutral=figure.key in NEUTRAL, needs_look=needs_look)


def _open_from(panel: Panel, filters: Filters) -> int:
    """The first row of a curve whose hour or days are not over: it will still grow, and later rows are to come."""
    if panel.chart is not Chart.LINE or filters.until is None:
        return len(panel.rows)
    if panel.columns[0].kind is Kind.HOUR:
        # The site's clock may be behind a store's: what has sales has begun.
        begun = [number for number, row in enumerate(panel.rows) if row[1]]
        return max(filters.hour_now, *begun) if begun else filters.hour_now
    return len(panel.rows) - 1 if panel.key not in ALONG else len(panel.rows)
