"""Movements as lists: of a time, and of one document."""

from collections.abc import Collection
from datetime import date
from typing import Any, NamedTuple

from django.db import connection

# Newest documents first, within one as it was written.
SQL = """
    SELECT document.id, movement.position, movement.day, document.kind, movement.store_id, movement.product,
           movement.quantity, movement.unit_cost, movement.moment, movement.lot, movement.expires_on,
           document.reference, document.reason, document.note, supplier.name, document.to_store_id,
           document.store_id, document.currency,
           document.kind = 'reversal' OR EXISTS (
               SELECT FROM warehouse_document AS later WHERE later.reverses_id = document.id)
    FROM warehouse_movement AS movement
    JOIN warehouse_document AS document ON document.id = movement.document_id
    LEFT JOIN warehouse_supplier AS supplier ON supplier.id = document.supplier_id
    WHERE document.retailer_id = %(retailer)s AND movement.store_id = ANY(%(stores)s)
      {narrowed}
    ORDER BY document.id DESC, movement.position LIMIT %(limit)s
"""


class Moved(NamedTuple):
    """One row; `is_void`: it is taken back, or takes something back."""

    document: int
    position: int
    day: date
    kind: str
    store: int
    product: int
    quantity: int
    unit_cost: int | None
    moment: str
    lot: str
    expires_on: date | None
    reference: str
    reason: str
    note: str
    supplier: str | None
    to_store: int | None
    from_store: int
    currency: str
    is_void: bool


class Place(NamedTuple):
    """Where a list goes on: behind this row."""

    document: int
    position: int


def movements(
    retailer: int, stores: Collection[int], limit: int, *, after: Place | None = None, **narrowed: Any
) -> list[Moved]:
    """Rows of these stores: of days `first` to `last`, a `kind`, a `product`, a `document`. One query."""
    conditions = {
        "first": "AND movement.day >= %(first)s",
        "last": "AND movement.day <= %(last)s",
        "kind": "AND document.kind = %(kind)s",
        "product": "AND movement.product = %(product)s",
        "document": "AND document.id = %(document)s",
    }
    parts = [conditions[name] for name, value in narrowed.items() if value is not None]
    if after:
        parts.append(
            "AND (document.id < %(after_document)s OR document.id = %(after_document)s"
            " AND movement.position > %(after_position)s)"
        )
    values: dict[str, Any] = {
        "retailer": retailer, "stores": list(stores), "limit": limit, **narrowed,
        "after_document": after.document if after else None, "after_position": after.position if after else None,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(SQL.format(narrowed=" ".join(parts)), values)
        return [Moved(*row) for row in cursor.fetchall()]
