"""The pages and forms of stock and demand, in the order of their tabs."""

from portal.sheets.pages import Service
from warehouse.demand.pages import FORMS as DEMAND_FORMS
from warehouse.demand.pages import PAGES as DEMAND_PAGES
from warehouse.orders.pages import FORMS as ORDERS_FORMS
from warehouse.orders.pages import PAGES as ORDERS_PAGES
from warehouse.stock.pages import FORMS as STOCK_FORMS
from warehouse.stock.pages import PAGES as STOCK_PAGES

SERVICE = Service(
    name="stock",
    title="Stock",
    pages=(*STOCK_PAGES, *ORDERS_PAGES, *DEMAND_PAGES),
    forms=(*STOCK_FORMS, *ORDERS_FORMS, *DEMAND_FORMS),
)
