"""The pages and forms of stock and demand, in the order of their tabs."""

from portal.sheets.pages import Service
from warehouse.demand.pages import FORMS as DEMAND_FORMS
from warehouse.demand.pages import PAGES as DEMAND_PAGES
from warehouse.orders.pages import FORMS as ORDERS_FORMS
from warehouse.orders.pages import PAGES as ORDERS_PAGES
from warehouse.stock.pages import FORMS as STOCK_FORMS
from warehouse.stock.pages import PAGES as STOCK_PAGES

# What is looked at every day stands first.
ORDER = ("levels", "demand", "reorder", "orders", "movements", "findings", "value", "dead-stock", "classes", "items")
PAGES = (*STOCK_PAGES, *DEMAND_PAGES, *ORDERS_PAGES)

SERVICE = Service(
    name="stock",
    title="Stock",
    pages=tuple(sorted(PAGES, key=lambda page: ORDER.index(page.key) if page.is_tab else len(ORDER))),
    forms=(*STOCK_FORMS, *ORDERS_FORMS, *DEMAND_FORMS),
)
