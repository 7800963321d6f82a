"""Plain makers of what tests are about: sales, and the retailers, stores and terminals that send them."""

import itertools
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from transactions.models import Retailer, Store, Terminal
from transactions.operations import create_retailer, create_store, enrol_terminals

TAX_ID = itertools.count(1)


def moment(*, days: int = 0, seconds: int = 0) -> str:
    """An `issued_at` in UTC, so many days and seconds from now."""
    return (datetime.now(UTC) + timedelta(days=days, seconds=seconds)).isoformat(timespec="milliseconds")


def make_line(**changes: Any) -> dict[str, Any]:
    """One line: two litres of milk, 51.00; `changes` replace fields."""
    return {
        "kind": "item",
        "sku": "A-1",
        "gtin": "4006381333931",
        "name": "Whole milk 1 l",
        "category": "Dairy",
        "quantity": "2.000",
        "unit": "pcs",
        "unit_price": "2550",
        "discount": 0,
        "amount": 5100,
        "tax": "A",
        **changes,
    }


def make_sale(**changes: Any) -> dict[str, Any]:
    """A sale that is right in every way; `changes` replace fields.

    Where `lines` or `rounding` are changed, taxes, total and payments follow unless they are given too.
    """
    lines = changes.get("lines", [make_line()])
    amounts: dict[str, int] = {}
    for line in lines:
        amounts[line["tax"]] = amounts.get(line["tax"], 0) + line["amount"]
    total = sum(amounts.values()) + changes.get("rounding", 0)
    taxes = [make_tax(code, amount) for code, amount in amounts.items()]
    return {
        "terminal": 64,
        "sequence": 1,
        "type": "sale",
        "mode": "online",
        "issued_at": moment(),
        "currency": "CZK",
        "total": total,
        "rounding": 0,
        "taxes_included": True,
        "lines": lines,
        "taxes": taxes,
        "payments": [{"method": "cash", "amount": changes.get("total", total)}],
        "tendered": None,
        "refers_to": None,
        "reason": None,
        "operator": "7",
        "buyer": None,
        "lottery": None,
        **changes,
    }


def make_tax(code: str, amount: int) -> dict[str, Any]:
    """A row of the recap for lines of that amount, 12 per cent of tax included."""
    tax = amount - round(amount / 1.12)
    return {"code": code, "rate": "12.00", "net": amount - tax, "tax": tax}


def make_refund(code: str, **changes: Any) -> dict[str, Any]:
    """The refund of the whole of `make_sale()`; `code` is the receipt's."""
    lines = [make_line(quantity="-2.000", amount=-5100)]
    return make_sale(**{"type": "refund", "refers_to": code, "reason": "sour", "lines": lines, **changes})


def sale_bytes(sale: Mapping[str, Any]) -> bytes:
    """The sale as a till sends it."""
    return json.dumps(sale, ensure_ascii=False, separators=(",", ":")).encode()


def batch_bytes(sales: Iterable[bytes | Mapping[str, Any]]) -> bytes:
    """A batch of sales, each given as it is sent or as its fields."""
    return b"[" + b",".join([sale if isinstance(sale, bytes) else sale_bytes(sale) for sale in sales]) + b"]"


def make_retailer(name: str = "Corner Shops", tax_id: str | None = None) -> Retailer:
    """A retailer with a tax id of its own."""
    return create_retailer(name=name, tax_id=tax_id or f"TAX-{next(TAX_ID)}")


def make_store(retailer: Retailer | None = None, *, name: str = "High Street", shard: int | None = None) -> Store:
    """A store, of a new retailer unless one is given; `shard` moves it there before it has terminals."""
    store = create_store(retailer=retailer or make_retailer(), name=name, address="1 High Street")
    if shard is not None:
        store.shard = shard
        store.save(update_fields=["shard"])
    return store


def make_terminals(store: Store | None = None, count: int = 1, *, shard: int | None = None) -> list[Terminal]:
    """Enrolled terminals, known to the capture store; of a new store unless one is given."""
    return enrol_terminals(store=store or make_store(shard=shard), count=count)
