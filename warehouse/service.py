"""The pages and forms of stock and demand, in the order of their tabs."""

from portal.sheets.pages import Service
from warehouse.stock.finding_pages import FINDINGS, LOTS
from warehouse.stock.forms import FORMS as STOCK_FORMS
from warehouse.stock.level_pages import LEVELS
from warehouse.stock.movement_pages import DOCUMENT, MOVEMENTS
from warehouse.stock.product_pages import PRODUCT
from warehouse.stock.value_pages import VALUE

SERVICE = Service(
    name="stock",
    title="Stock",
    pages=(LEVELS, PRODUCT, MOVEMENTS, DOCUMENT, VALUE, FINDINGS, LOTS),
    forms=STOCK_FORMS,
)
