"""The pages and forms of stock and demand, in the order of their tabs."""

from portal.sheets.pages import Service

SERVICE = Service(name="stock", title="Stock", pages=(), forms=())
