"""What products are called in lists; those that nobody named are there, too. One query."""

from collections.abc import Collection

from warehouse.stock.naming import Known, called, names_of


def product_names(retailer_id: int, products: Collection[int]) -> dict[int, Known]:
    """Each of them as people see it."""
    found = names_of(retailer_id, products)
    return {product: found.get(product) or Known(product, "", called(None, product)) for product in products}
