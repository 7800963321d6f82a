"""The pages and forms of stock and demand, in the order of their tabs."""

from portal.sheets.pages import Service
from warehouse.orders.pages import FORMS as ORDER_FORMS
from warehouse.orders.pages import PAGES as ORDER_PAGES
from warehouse.stock.finding_pages import FINDINGS, LOTS
from warehouse.stock.forms import FORMS as STOCK_FORMS
from warehouse.stock.level_pages import LEVELS
from warehouse.stock.movement_pages import DOCUMENT, MOVEMENTS
from warehouse.stock.product_pages import PRODUCT
from warehouse.stock.value_pages import VALUE

SERVICE = Service(
    name="stock",
    title="Stock",
    pages=(LEVELS, PRODUCT, *ORDER_PAGES, MOVEMENTS, DOCUMENT, VALUE, FINDINGS, LOTS),
    forms=(*STOCK_FORMS, *ORDER_FORMS),
)
