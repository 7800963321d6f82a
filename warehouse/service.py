"""The pages and forms of stock and demand, in the order of their tabs."""

from portal.sheets.pages import Service
from warehouse.stock.pages import FORMS as STOCK_FORMS
from warehouse.stock.pages import PAGES as STOCK_PAGES

SERVICE = Service(name="stock", title="Stock", pages=STOCK_PAGES, forms=STOCK_FORMS)
