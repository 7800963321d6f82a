"""Which product somebody means, and what products are called.

A product was sold (Product, named as it was sold last) or is only told of (Item, until its first sale). People name one
by its number at the till (sku), its GTIN, its exact name, its number here, or its key with the letter that says which
of these it is: `s:A-1`, `g:4006381333931`, `n:Whole milk 1 l`. The first of these that fits holds, in this order: key,
sku, number here, GTIN, name.
"""

from collections.abc import Collection, Iterable
from typing import Any, NamedTuple

from django.db import connection

from ledger.products import product_id

SKU_LENGTH_MAX = 40
NAME_LENGTH_MAX = 120
KEY_LENGTH_MAX = NAME_LENGTH_MAX + 2
KINDS = ("s:", "g:", "n:")
# Numbers are 53 bits (ledger/products.py).
NUMBER_DIGITS_MAX = 16

# An item's name stands in until it was sold. GTINs are told with leading zeros and without.
BOTH = """
    SELECT COALESCE(product.id, item.product) AS product, COALESCE(product.key, item.key) AS key,
           COALESCE(product.name, NULLIF(item.name, ''), substr(item.key, 3)) AS name,
           COALESCE(product.category, '') AS category, COALESCE(product.gtin, '') AS gtin
    FROM (SELECT id, key, name, category, gtin FROM warehouse_product WHERE retailer = %(retailer)s) AS product
    FULL JOIN (SELECT product, key, name FROM warehouse_item WHERE retailer_id = %(retailer)s) AS item
         ON item.product = product.id
"""
NAMED = f"SELECT * FROM ({BOTH}) AS known WHERE product = ANY(%(products)s::bigint[])"  # noqa: S608
MEANT = f"""
    SELECT * FROM ({BOTH}) AS known
    WHERE product = ANY(%(products)s::bigint[]) OR ltrim(gtin, '0') = ANY(%(gtins)s::text[])
       OR lower(name) = ANY(%(names)s::text[])
"""  # noqa: S608


class Known(NamedTuple):
    """A product as people see it; `category` and `gtin` are empty where nothing is known."""

    product: int
    key: str
    name: str
    category: str = ""
    gtin: str = ""

    @property
    def code(self) -> str:
        """What it is told apart by from another of the same name."""
        return self.key[2:] if self.key.startswith(("s:", "g:")) else ""


class Ambiguous(NamedTuple):
    """How many products a text may mean."""

    products: int


def names_of(retailer_id: int, products: Collection[int]) -> dict[int, Known]:
    """What these are called; those that nobody ever named are missing. One query."""
    if not products:
        return {}
    return {known.product: known for known in _read(NAMED, retailer_id, products=list(products))}


def called(known: Known | None, product: int) -> str:
    """A name for people, also of what nobody named."""
    return known.name if known else f"Product {product}"


def meant(retailer_id: int, texts: Iterable[str]) -> dict[str, Known | Ambiguous | None]:
    """The product that each text means; None where it means none. One query."""
    asked = {text: _numbers(retailer_id, text) for text in texts}
    found = _read(
        MEANT,
        retailer_id,
        products=[number for numbers in asked.values() for number in numbers],
        gtins=[text.lstrip("0") for text in asked if text.isdigit()],
        names=[text.lower() for text in asked],
    )
    by_number = {known.product: known for known in found}
    by_gtin = _together((known.gtin.lstrip("0"), known) for known in found if known.gtin)
    by_name = _together((known.name.lower(), known) for known in found)
    made: dict[str, Known | Ambiguous | None] = {}
    for text, numbers in asked.items():
        exact = next((by_number[number] for number in numbers if number in by_number), None)
        of_gtin = by_gtin.get(text.lstrip("0"), []) if text.isdigit() else []
        others = of_gtin or by_name.get(text.lower(), [])
        made[text] = exact or (others[0] if len(others) == 1 else Ambiguous(len(others)) if others else None)
    return made


def new_key(text: str) -> str:
    """The key of a product that was never sold. Raises ValueError with a sentence."""
    key = text if text.startswith(KINDS) else f"s:{text}"
    if not key[2:].strip():
        raise ValueError("A number is missing behind the letter.")
    if key.startswith("s:") and len(key) > SKU_LENGTH_MAX + 2:
        raise ValueError(f"A number at the till has at most {SKU_LENGTH_MAX} characters.")
    return key


def told(key: str) -> str:
    """A key as somebody writes it: the sku by itself, which nothing comes before."""
    return key[2:] if key.startswith("s:") and not key[2:].startswith(KINDS) else key


def _numbers(retailer_id: int, text: str) -> list[int]:
    """Numbers that a text may stand for, the likeliest first."""
    keys = [text] if text.startswith(KINDS) else []
    numbers = [product_id(retailer_id, key) for key in [*keys, f"s:{text}"]]
    if text.isascii() and text.isdigit() and len(text) <= NUMBER_DIGITS_MAX:
        numbers.append(int(text))
    return [*numbers, product_id(retailer_id, f"g:{text}"), product_id(retailer_id, f"n:{text}")]


def _together(pairs: Iterable[tuple[str, Known]]) -> dict[str, list[Known]]:
    found: dict[str, list[Known]] = {}
    for text, known in pairs:
        found.setdefault(text, []).append(known)
    return found


def _read(sql: str, retailer_id: int, **values: list[int] | list[str]) -> list[Known]:
    with connection.cursor() as cursor:
        parameters: dict[str, Any] = {"retailer": retailer_id, **values}
        cursor.execute(sql, parameters)
        return [Known(*row) for row in cursor.fetchall()]
