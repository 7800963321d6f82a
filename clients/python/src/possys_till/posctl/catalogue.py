"""The products that a till knows, from a CSV or JSON file, and how they are found by what is scanned or typed.

CSV: a head line with at least gtin, sku, name, price and tax, before it settings in lines that begin with a hash.

    # currency: CZK
    # cash rounding: 1.00
    # tax A: 12.00
    gtin,sku,name,price,tax,unit,category,kind
    4006381333931,A-1,Whole milk 1 l,25.50,A,pcs,Dairy,item

JSON: {"currency": "CZK", "cash_rounding": "1.00", "taxes": {"A": "12.00"}, "products": [{"gtin": ..., ...}]}.
Prices are in whole units; `tax Z: exempt` is a code without a rate; `taxes: added` says that prices are without tax.
"""

import csv
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import Any, cast

from possys_till import amounts
from possys_till.faults import TillError
from possys_till.sale import KINDS, Kind, Line, Rules, gtin_is_valid

NEEDED = ("gtin", "sku", "name", "price", "tax")
EXEMPT = "exempt"
ADDED = "added"
FOUND_MAX = 9
DEMO = files(__package__) / "demo.csv"


class CatalogueError(TillError):
    """The file cannot be used; every bad row is named."""


@dataclass(frozen=True, slots=True)
class Product:
    """One product; `price` in minor units as a decimal string."""

    gtin: str | None
    sku: str
    name: str
    price: str
    tax: str
    unit: str = "pcs"
    category: str | None = None
    kind: Kind = "item"

    def line(self, quantity: str = "1", discount: int = 0) -> Line:
        """So much of it on a receipt."""
        return Line(
            self.name, self.price, self.tax, quantity, discount, kind=self.kind, sku=self.sku, gtin=self.gtin,
            category=self.category, unit=self.unit,
        )  # fmt: skip


@dataclass(frozen=True)
class Catalogue:
    """Products with the till's rules for its sums."""

    rules: Rules
    products: tuple[Product, ...] = field(default=())

    @cached_property
    def _by_key(self) -> dict[str, Product]:
        keys = {product.gtin: product for product in self.products if product.gtin}
        return {**keys, **{product.sku.lower(): product for product in self.products}}

    def find(self, typed: str) -> list[Product]:
        """The products that a text means: one by its GTIN or SKU, else those with words that begin so, at most nine."""
        wanted = typed.strip().lower()
        if exact := self._by_key.get(wanted):
            return [exact]
        parts = wanted.split()
        found = [product for product in self.products if parts and _begins(product.name.lower(), parts)]
        same = [product for product in found if product.name.lower() == wanted]
        # Whose name begins so comes before those that only have such a word.
        found.sort(key=lambda product: not product.name.lower().startswith(wanted))
        return (same or found)[:FOUND_MAX]


def _begins(name: str, parts: Iterable[str]) -> bool:
    """Whether each part begins a word of the name."""
    words = name.replace("/", " ").replace("(", " ").replace("-", " ").split()
    return all(any(word.startswith(part) for word in [*words, name]) for part in parts)


def load(path: Path | None) -> Catalogue:
    """Reads a catalogue; without a path the demo's, of real products of the demo's baskets. Raises CatalogueError."""
    try:
        text = DEMO.read_text("utf-8") if path is None else path.read_text("utf-8-sig")
        if path is not None and path.suffix.lower() == ".json":
            content = json.loads(text)
            rows, settings = content["products"], content
        else:
            rows, settings = _read_csv(text)
        rules = _rules(settings)
    except (OSError, ValueError, KeyError, TypeError, InvalidOperation) as fault:
        raise CatalogueError(f"{path}: {fault if str(fault) else type(fault).__name__}") from fault
    bad: list[str] = []
    products = [_product(place, row, rules, bad) for place, row in enumerate(rows, start=1)]
    if bad:
        raise CatalogueError(f"{path}:\n" + "\n".join(bad))
    return Catalogue(rules, tuple(product for product in products if product is not None))


def _read_csv(text: str) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    lines = text.splitlines()
    settings: dict[str, Any] = {"taxes": {}}
    for line in lines:
        if line.startswith("#"):
            name, _, value = line.lstrip("# ").partition(":")
            words = name.strip().split()
            if len(words) == 2 and words[0] == "tax":
                settings["taxes"][words[1]] = value.strip()
            else:
                settings["_".join(words) if words != ["taxes"] else "taxes_are"] = value.strip()
    reader = csv.DictReader([line for line in lines if line.strip() and not line.startswith("#")])
    missing = [name for name in NEEDED if name not in (reader.fieldnames or ())]
    if missing:
        raise ValueError(f"the head line lacks {', '.join(missing)}")
    return list(reader), settings


def _rules(settings: Mapping[str, Any]) -> Rules:
    """Raises ValueError."""
    currency = str(settings.get("currency", "EUR"))
    taxes = {code: None if rate in (None, EXEMPT) else str(rate) for code, rate in settings["taxes"].items()}
    for code, rate in taxes.items():
        if rate is not None and amounts.RATE.fullmatch(rate) is None:
            raise ValueError(f"tax {code}: {rate!r} is no rate in per cent such as 12.00")
    rounding = amounts.read_money(str(settings.get("cash_rounding", "0")), currency)
    added = settings.get("taxes_are") == ADDED or settings.get("taxes_included") is False
    return Rules(currency, taxes, not added, rounding)


def _product(place: int, row: Mapping[str, Any], rules: Rules, bad: list[str]) -> Product | None:
    """One row; what is wrong with it is added to the list."""
    told = {name: str(row.get(name) or "").strip() for name in (*NEEDED, "unit", "category", "kind")}
    faults = [f"{name} is missing" for name in ("sku", "name", "price", "tax") if not told[name]]
    if told["gtin"] and not gtin_is_valid(told["gtin"]):
        faults.append(f"gtin {told['gtin']} is no GTIN with a right check digit")
    if told["tax"] and told["tax"] not in rules.taxes:
        faults.append(f"tax {told['tax']} has no rate in this file")
    if told["kind"] and told["kind"] not in KINDS:
        faults.append(f"kind {told['kind']} is none of {', '.join(KINDS)}")
    price = "0"
    try:
        minor = Decimal(told["price"] or "0").scaleb(amounts.digits_of(rules.currency))
        price = format(minor.normalize(), "f")
        if amounts.PRICE.fullmatch(price) is None:
            raise InvalidOperation
    except InvalidOperation:
        faults.append(f"price {told['price']} is no amount")
    if faults:
        bad.append(f"row {place} ({told['name'] or told['sku'] or 'without a name'}): {'; '.join(faults)}")
        return None
    return Product(
        told["gtin"] or None, told["sku"], told["name"], price, told["tax"], told["unit"] or "pcs",
        told["category"] or None, cast(Kind, told["kind"] or "item"),
    )  # fmt: skip
