"""The pages and forms of bookkeeping, in the order of their tabs."""

from portal.sheets.pages import Service

SERVICE = Service(name="books", title="Books", pages=(), forms=())
