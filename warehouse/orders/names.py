"""What products are called: as they were sold last. One query."""

from collections.abc import Collection

from warehouse.stock.models import Product


def product_names(retailer_id: int, products: Collection[int]) -> dict[int, str]:
    """The names of those that were sold at all."""
    rows = Product.objects.filter(retailer=retailer_id, id__in=list(products))
    return dict(rows.values_list("id", "name"))
