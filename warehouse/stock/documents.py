"""Writes documents: deliveries, counts, moves, write-offs, returns, and what reverses one of them.

Each is one DB transaction that holds its stores: the document, its movements, products that are new to stock, and the
average costs of all of them. Nothing is changed afterwards; a mistake is reversed, and then both are as if they had
never been.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple

from django.db import transaction

from possys.accounts.models import User
from warehouse.stock.costs import average_costs, recompute
from warehouse.stock.currency import stock_currency
from warehouse.stock.faults import StockFault
from warehouse.stock.items import know
from warehouse.stock.locking import lock_stores
from warehouse.stock.models import Document, Movement
from warehouse.stock.on_hand import levels

Kind = Document.Kind
# What a person or a till's file brings at once; a longer document comes in parts.
LINES_MAX = 2_000
# Ten-thousandths of a unit: a million tonnes by the kilogram.
QUANTITY_MAX = 10**9 * 10_000
# Ten-thousandths of a minor unit: a hundred million in major units of two decimals. Larger ones are a slip.
COST_MAX = 10**14
# No retailer's books begin before the ledger's first day.
FIRST_DAY = date(2020, 1, 1)
# The same paper from the same person within this time is a button that was pressed twice.
TWICE_WITHIN = timedelta(minutes=10)
# A smallint numbers the rows of a document.
POSITION_MAX = 32_767
# The sign of a document's quantities in its own store; a move's are positive in the other one.
SIGNS = {Kind.DELIVERY: 1, Kind.COUNT: 1, Kind.MOVE: -1, Kind.WRITE_OFF: -1, Kind.RETURN: -1}


class Line(NamedTuple):
    """One product: a quantity above 0 (of a count, 0 too) and what a whole unit costs, both in ten-thousandths."""

    product: int
    quantity: int
    unit_cost: int | None = None
    lot: str = ""
    expires_on: date | None = None


@dataclass(frozen=True, kw_only=True)
class Paper:
    """What stands at the head of a document. The caller has checked that its stores are the person's.

    `is_whole`, of a count: what is neither in it nor in another one of the same time is not there.
    """

    kind: Document.Kind
    retailer: int
    store: int
    day: date
    to_store: int | None = None
    moment: str = ""
    supplier: int | None = None
    reference: str = ""
    reason: str = ""
    note: str = ""
    currency: str = ""
    is_whole: bool = False

    @property
    def stores(self) -> list[int]:
        """Every store that it changes."""
        return [self.store] if self.to_store is None else [self.store, self.to_store]


def write(paper: Paper, lines: Sequence[Line], *, user: User, now: datetime) -> Document:
    """Writes a document. Raises StockFault, and then nothing is written."""
    _check(paper, lines, now)
    with transaction.atomic():
        lock_stores(paper.stores)
        _refuse_twice(paper, lines, user, now)
        know(paper.retailer, [line.product for line in lines])
        own = [*lines, *_not_counted(paper, lines)] if paper.is_whole else list(lines)
        document = _document(paper, own, user, now)
        _move(document, own)
        for store in paper.stores:
            recompute(store, {line.product for line in own})
    return document


def reverse(document: Document, *, user: User, now: datetime, note: str = "") -> Document:
    """Writes the document that takes another one back. Raises StockFault."""
    stores = [document.store_id] if document.to_store_id is None else [document.store_id, document.to_store_id]
    with transaction.atomic():
        lock_stores(stores)
        if document.kind == Kind.REVERSAL:
            raise StockFault({"document": "This is a reversal: enter the document again instead."})
        if Document.objects.filter(reverses=document).exists():
            raise StockFault({"document": "This document is reversed already."})
        made = Document.objects.create(
            retailer_id=document.retailer_id, kind=Kind.REVERSAL, store_id=document.store_id,
            to_store_id=document.to_store_id, day=document.day, supplier_id=document.supplier_id,
            reference=document.reference, note=note, currency="", reverses=document, made_by=user, made_at=now,
        )  # fmt: skip
        taken = list(document.movements.all())
        Movement.objects.bulk_create(
            Movement(
                document=made, position=one.position, kind=Kind.REVERSAL, store_id=one.store_id, product=one.product,
                day=one.day, quantity=-one.quantity, unit_cost=one.unit_cost, lot=one.lot, expires_on=one.expires_on,
            )
            for one in taken
        )  # fmt: skip
        for store in stores:
            recompute(store, {one.product for one in taken if one.store_id == store})
    return made


def _check(paper: Paper, lines: Sequence[Line], now: datetime) -> None:
    faults: dict[str, str] = {}
    if not FIRST_DAY <= paper.day <= now.date():
        faults["day"] = f"The day lies between {FIRST_DAY:%-d %B %Y} and today."
    if paper.to_store == paper.store:
        faults["to_store"] = "Goods are moved to another store."
    if not lines:
        faults["rows"] = "Fill in at least one row."
    if len(lines) > LINES_MAX:
        faults["rows"] = f"At most {LINES_MAX:,} rows; these are {len(lines):,}. Enter them in parts."
    least = 0 if paper.kind == Kind.COUNT else 1
    for number, line in enumerate(lines[:LINES_MAX]):
        if not least <= line.quantity <= QUANTITY_MAX:
            faults[f"rows.{number}.quantity"] = "Enter more than 0." if line.quantity < least else "This is too much."
        if line.unit_cost is not None and not 0 <= line.unit_cost <= COST_MAX:
            faults[f"rows.{number}.unit_cost"] = "This cost is too high: enter what one unit costs."
    if faults:
        raise StockFault(faults)


def _refuse_twice(paper: Paper, lines: Sequence[Line], user: User, now: datetime) -> None:
    """A reference once for a store and supplier; the same paper not again at once."""
    standing = Document.objects.filter(store=paper.store, kind=paper.kind, reversed_by__isnull=True)
    if paper.kind == Kind.DELIVERY and paper.reference:
        same = standing.filter(supplier=paper.supplier, reference=paper.reference).order_by("id").first()
        if same is not None:
            raise StockFault(
                {
                    "reference": f"The delivery {paper.reference} of this supplier was entered already, for "
                    f"{same.day:%-d %B %Y}. If that was wrong, reverse it first."
                }
            )
    latest = standing.filter(made_by=user, made_at__gt=now - TWICE_WITHIN).order_by("-id").first()
    if latest is not None and _is_same(latest, paper, lines):
        raise StockFault(
            {"": "Exactly this was entered some minutes ago. If it happened twice, say so in the note of the second."}
        )


def _is_same(document: Document, paper: Paper, lines: Sequence[Line]) -> bool:
    head = (paper.to_store, paper.day, paper.moment, paper.supplier, paper.reference, paper.reason, paper.note)
    if head != (
        document.to_store_id, document.day, document.moment, document.supplier_id, document.reference, document.reason,
        document.note,
    ):  # fmt: skip
        return False
    rows = document.movements.filter(store=paper.store, position__lte=len(lines)).order_by("position")
    kept = [(one.product, abs(one.quantity), one.lot, one.expires_on) for one in rows]
    return kept == [(line.product, line.quantity, line.lot, line.expires_on) for line in lines]


def _not_counted(paper: Paper, lines: Sequence[Line]) -> list[Line]:
    """Rows of 0 for what is in no count of this time."""
    counted = {line.product for line in lines} | set(
        Movement.objects.filter(
            store=paper.store, kind=Kind.COUNT, day=paper.day, moment=paper.moment,
            document__reversed_by__isnull=True,
        ).values_list("product", flat=True)
    )  # fmt: skip
    missing = sorted(product for _, product in levels([paper.store]) if product not in counted)
    if len(missing) + len(lines) > POSITION_MAX:
        raise StockFault({"is_whole": f"{len(missing):,} products would be set to 0, which is too many at once."})
    return [Line(product, 0) for product in missing]


def _document(paper: Paper, lines: Sequence[Line], user: User, now: datetime) -> Document:
    has_cost = any(line.unit_cost is not None for line in lines)
    currency = stock_currency(paper.retailer) or paper.currency
    if has_cost and not currency:
        raise StockFault({"currency": "Say in which currency costs are: nothing was sold yet that would tell it."})
    if has_cost and paper.currency not in {"", currency}:
        raise StockFault({"currency": f"This retailer's stock is valued in {currency}. Convert the costs."})
    return Document.objects.create(
        retailer_id=paper.retailer, kind=paper.kind, store_id=paper.store, to_store_id=paper.to_store, day=paper.day,
        moment=paper.moment, supplier_id=paper.supplier, reference=paper.reference, reason=paper.reason,
        note=paper.note, currency=currency if has_cost else "", made_by=user, made_at=now,
    )  # fmt: skip


def _move(document: Document, lines: Sequence[Line]) -> None:
    """The rows in the document's own store, and of a move those in the other one, at the average of the first."""
    sign = SIGNS[Kind(document.kind)]
    rows = [_movement(document, position, document.store_id, sign, line) for position, line in enumerate(lines, 1)]
    if document.to_store_id is not None:
        costs = average_costs([document.store_id], {line.product for line in lines}, day=document.day)
        rows += [
            _movement(
                document, len(lines) + position, document.to_store_id, 1,
                line._replace(unit_cost=costs.get((document.store_id, line.product))),
            )
            for position, line in enumerate(lines, 1)
        ]  # fmt: skip
    Movement.objects.bulk_create(rows)


def _movement(document: Document, position: int, store: int, sign: int, line: Line) -> Movement:
    return Movement(
        document=document, position=position, kind=document.kind, store_id=store, product=line.product,
        day=document.day, moment=document.moment, quantity=sign * line.quantity, unit_cost=line.unit_cost,
        lot=line.lot, expires_on=line.expires_on,
    )  # fmt: skip
