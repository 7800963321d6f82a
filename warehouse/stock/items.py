"""What a retailer says of products and suppliers. What stock knows has an Item, at first with defaults."""

from collections.abc import Collection, Mapping
from typing import Any

from django.db import IntegrityError, connection, transaction

from warehouse.stock.faults import StockFault
from warehouse.stock.models import Item, Supplier

KNOW = """
    INSERT INTO warehouse_item (retailer_id, product, key, name, pack, order_minimum, shelf_minimum, is_tracked)
    SELECT retailer, id, key, '', 10000, 0, 0, true FROM warehouse_product
    WHERE retailer = %(retailer)s AND id = ANY(%(products)s::bigint[])
    ORDER BY id
    ON CONFLICT (retailer_id, product) DO NOTHING
"""


def know(retailer_id: int, products: Collection[int]) -> None:
    """Makes stock know products that were sold."""
    with connection.cursor() as cursor:
        cursor.execute(KNOW, {"retailer": retailer_id, "products": list(products)})


def name_items(retailer_id: int, named: Mapping[int, tuple[str, str]]) -> None:
    """Makes stock know products that were never sold, by their keys and names; those that it knows stay as they are."""
    Item.objects.bulk_create(
        (
            Item(retailer_id=retailer_id, product=product, key=key, name=name)
            for product, (key, name) in sorted(named.items())
        ),
        ignore_conflicts=True,
    )


def save_items(retailer_id: int, changes: Mapping[int, Mapping[str, Any]]) -> None:
    """Changes what is said of products that stock knows."""
    with transaction.atomic():
        # In one order, or two who change the same items would wait for each other.
        for product in sorted(changes):
            if changes[product]:
                Item.objects.filter(retailer=retailer_id, product=product).update(**changes[product])


def save_supplier(retailer_id: int, supplier_id: int | None, values: Mapping[str, Any]) -> Supplier:
    """Adds a supplier, or changes one. Raises StockFault."""
    if supplier_id is None:
        supplier = Supplier(retailer_id=retailer_id)
    else:
        found = Supplier.objects.filter(retailer=retailer_id, pk=supplier_id).first()
        if found is None:
            raise StockFault({"supplier": "There is no such supplier."})
        supplier = found
    for name, value in values.items():
        setattr(supplier, name, value)
    try:
        with transaction.atomic():
            supplier.save()
    except IntegrityError as fault:
        raise StockFault({"name": "There is a supplier of this name already."}) from fault
    return supplier
