"""Plain makers of what stock is about: products that were sold, what was sold of them, and documents."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db.models import F

from ledger.products import product_id
from portal.rights import Role
from possys.accounts.models import User
from tests.cast import make_member
from tests.factories import make_retailer, make_store
from transactions.models import Retailer, Store
from warehouse.stock.documents import Line, Paper, write
from warehouse.stock.models import Document, Product, SoldDay, SoldMonth

# A Monday.
NOW = datetime(2026, 11, 30, 14, 35, tzinfo=UTC)
TODAY = NOW.date()
WHOLE = 10_000
# Of one whole unit, in ten-thousandths of a minor unit.
CROWN = 100 * 10_000
Kind = Document.Kind


def ago(days: int) -> date:
    return TODAY - timedelta(days)


def make_product(
    retailer: int, sku: str = "A-1", name: str = "Milk", *, category: str = "Dairy", gtin: str = "", key: str = ""
) -> int:
    """A product that was sold."""
    own = key or f"s:{sku}"
    product = product_id(retailer, own)
    Product.objects.create(
        retailer=retailer, id=product, key=own, name=name, category=category, gtin=gtin, named_on=TODAY
    )
    return product


def make_sold(store: int, product: int, day: date, units: float, *, net: int = 0, currency: str = "CZK") -> None:
    """Adds to what was sold."""
    quantity = round(units * WHOLE)
    sums = {"quantity": quantity, "amount": net, "net": net, "discounts": 0, "baskets": 1}
    for model, when in ((SoldDay, {"day": day}), (SoldMonth, {"month": day.replace(day=1)})):
        key: dict[str, Any] = {"store": store, "product": product, "currency": currency, **when}
        changed = {name: F(name) + value for name, value in sums.items()}
        if not model.objects.filter(**key).update(**changed):
            model.objects.create(**key, **sums)


def make_shop(name: str = "Corner Shops") -> tuple[Retailer, Store, Store, User]:
    """A retailer with two stores and its owner."""
    retailer = make_retailer(name)
    stores = make_store(retailer, name="High Street"), make_store(retailer, name="Mill Lane")
    owner = make_member(retailer, Role.OWNER, name=f"owner-{retailer.pk}").user
    return retailer, *stores, owner


def make_document(
    kind: Document.Kind, store: Store, day: date, *lines: Line, user: User, now: datetime = NOW, **head: Any
) -> Document:
    """Writes a document; where costs are, in crowns."""
    more: dict[str, Any] = {"currency": "CZK", **head}
    if kind == Kind.COUNT:
        more.setdefault("moment", "before")
    paper = Paper(kind=kind, retailer=store.retailer_id, store=store.pk, day=day, **more)
    return write(paper, lines, user=user, now=now)


def units(product: int, count: float, crowns: float | None = None, **more: Any) -> Line:
    """A line of so many units at so many crowns."""
    cost = None if crowns is None else round(crowns * CROWN)
    return Line(product, round(count * WHOLE), cost, **more)
