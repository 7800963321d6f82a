"""Whose sums a page adds up: those of some stores, or of a whole retailer, whose rows are as few as one store's.

A query names its tables `{hours}`, `{product_days}` and so on, and the rows in them `{whose}`: both kinds of tables
have the same sums. Filters.whole tells which are read, and nothing else does.
"""

from typing import Any

from analytics.filters import Filters
from analytics.queries.rows import rows

_TABLES = {
    "hours": ("storehour", "retailerhour"),
    "taxes": ("taxday", "retailertaxday"),
    "payments": ("paymentday", "retailerpaymentday"),
    "baskets": ("basketday", "retailerbasketday"),
    "product_days": ("productday", "retailerproductday"),
    "product_months": ("productmonth", "retailerproductmonth"),
    "categories": ("categoryday", "retailercategoryday"),
}
_OF_STORES = {name: f"analytics_{table}" for name, (table, _) in _TABLES.items()}
_OF_STORES["whose"] = "store = ANY(%(stores)s)"
_OF_RETAILER = {name: f"analytics_{table}" for name, (_, table) in _TABLES.items()}
_OF_RETAILER["whose"] = "retailer = %(retailer)s"


def sums(sql: str, filters: Filters, stores: tuple[int, ...], **parameters: Any) -> list[tuple[Any, ...]]:
    """All rows of a query over the sums of these stores, or of the retailer when they are all of its stores."""
    names = _OF_STORES if filters.whole is None else _OF_RETAILER
    return rows(sql.format(**names), stores=stores, retailer=filters.whole, **parameters)
