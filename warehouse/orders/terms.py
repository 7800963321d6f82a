"""On what terms each product is ordered: of whom, how often, in what packs. One query."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from transactions.decimals import QUANTITY_SCALE
from warehouse.orders.quantities import Terms
from warehouse.stock.models import Item

# Of a product without a supplier, the same as a new supplier's: until somebody says better.
LEAD_DAYS = 2
REVIEW_DAYS = 7
# A supplier who takes a year is no supplier.
LEAD_DAYS_MAX = REVIEW_DAYS_MAX = 365
COLUMNS = (
    "supplier", "supplier__is_active", "supplier__name", "supplier__lead_days", "supplier__review_days",
    "pack", "order_minimum", "shelf_minimum", "lead_days", "is_tracked",
)  # fmt: skip
# Of one, as many as one likes, and none that must be there.
SINGLE = Terms(QUANTITY_SCALE, 0, 0)


@dataclass(frozen=True, slots=True)
class ItemTerms:
    """Of one product; an order takes at least a day, so that today's customers count."""

    sizes: Terms = SINGLE
    supplier: int | None = None
    supplier_name: str = ""
    lead_days: int = LEAD_DAYS
    review_days: int = REVIEW_DAYS
    is_tracked: bool = True


UNKNOWN = ItemTerms()


def terms_of(retailer_id: int, products: Collection[int] | None = None) -> dict[int, ItemTerms]:
    """The terms of every product (of these) that the retailer said anything of; UNKNOWN is for the others."""
    items = Item.objects.filter(retailer=retailer_id)
    if products is not None:
        items = items.filter(product__in=list(products))
    rows = items.values_list("product", *COLUMNS)
    # Columns instead of models: a fifth of the time, of ten thousand items.
    return {product: _terms(dict(zip(COLUMNS, row, strict=True))) for product, *row in rows}


def _terms(item: dict[str, Any]) -> ItemTerms:
    has_supplier = bool(item["supplier__is_active"])
    lead = item["lead_days"] if item["lead_days"] is not None else item["supplier__lead_days"] if has_supplier else None
    return ItemTerms(
        sizes=Terms(item["pack"], item["order_minimum"], item["shelf_minimum"]),
        supplier=item["supplier"] if has_supplier else None,
        supplier_name=item["supplier__name"] if has_supplier else "",
        lead_days=min(max(LEAD_DAYS if lead is None else lead, 1), LEAD_DAYS_MAX),
        review_days=min(max(item["supplier__review_days"] if has_supplier else REVIEW_DAYS, 1), REVIEW_DAYS_MAX),
        is_tracked=item["is_tracked"],
    )
