"""What is to be looked into in a store's stock, each with what to do; and the lots that are left."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from django import forms

from portal.rights import Right
from portal.scope import Scope
from portal.sheets.asking import OneStoreAsking, StoreAsking
from portal.sheets.pages import Action, Contents, ListShape, Page
from portal.sheets.panels import Column, Figure, Kind, Panel, Row
from warehouse.stock.averaging import value
from warehouse.stock.completeness import complete_to
from warehouse.stock.costs import average_costs
from warehouse.stock.currency import stock_currency
from warehouse.stock.differences import Difference, differences
from warehouse.stock.level_pages import ALL, START
from warehouse.stock.listing import STORES_LIVE_MAX, TOO_MANY, Held, Wanted, held, kept
from warehouse.stock.lots import LeftLot, lots_left
from warehouse.stock.naming import Known, called, names_of
from warehouse.stock.product_pages import LOTS_ARE
from warehouse.stock.unknown import Unknown, unknown

# Expiring so soon, a price cut still sells it.
SOON_DAYS = 14
SOON_DAYS_MAX = 730
# Counts of a quarter; what was found before is settled or forgotten.
COUNTS_DAYS = 90

NAME = Column("name", "Product", Kind.TEXT)
NEGATIVE = (NAME, Column("on_hand", "On hand", Kind.QUANTITY), Column("counted_on", "Last count", Kind.DATE))
UNKNOWN = (NAME, Column("quantity", "Sold", Kind.QUANTITY), Column("net", "Net sales", Kind.MONEY))
COSTLESS = (NAME, Column("on_hand", "On hand", Kind.QUANTITY))
DIFFERENCES = (
    NAME,
    Column("day", "Counted on", Kind.DATE),
    Column("quantity", "Difference", Kind.QUANTITY),
    Column("value", "Its value", Kind.MONEY),
    Column("expected", "Expected", Kind.QUANTITY),
    Column("counted", "Counted", Kind.QUANTITY),
)
EXPIRING = (
    NAME,
    Column("expires_on", "Expires on", Kind.DATE),
    Column("days", "Days left", Kind.COUNT),
    Column("quantity", "Left", Kind.QUANTITY),
    Column("value", "Value", Kind.MONEY),
    Column("lot", "Lot", Kind.TEXT),
    Column("store", "Store", Kind.TEXT),
)
NEGATIVE_ARE = "More was sold than was ever there."
NEGATIVE_DO = (
    "A delivery was not entered, or was entered for another product, or a till sells one product under another's "
    "number. Enter the delivery if there was one; else count the product."
)
UNKNOWN_ARE = "Sold in this month or the last, but never counted or delivered here, so nobody knows what is there."
UNKNOWN_DO = "Count it, or say under Products that no stock is kept of it, as of services."
COSTLESS_ARE = "Something is there, but nobody said what one unit costs: it has no value and no margin."
COSTLESS_DO = "Say it with the next delivery, or count the product and enter the cost there."
DIFFERENCES_ARE = f"Counts of the last {COUNTS_DAYS} days that found other than should have been there."
DIFFERENCES_DO = (
    "What is missing was stolen, spoiled without being written off, or sold under another number; what is too much was "
    "delivered and not entered. If a count is wrong, count again."
)
EXPIRING_ARE = LOTS_ARE
EXPIRING_DO = "Write off what has expired; sell what soon will at a lower price, or move it."


class Found(NamedTuple):
    """Everything there is to be said of a store; `is_kept`: stock knows something of it at all."""

    is_kept: bool
    negative: dict[int, Held]
    unknown: list[Unknown]
    costless: dict[int, Held]
    differences: list[Difference]
    expiring: list[LeftLot]


class LotsAsking(StoreAsking):
    """Which lots: all, or those that expire within some days."""

    days = forms.IntegerField(
        label="Expires within days", required=False, min_value=0, max_value=SOON_DAYS_MAX,
        widget=forms.NumberInput({"placeholder": "any"}),
    )  # fmt: skip
    field_order = ("store", "days")


def find(retailer: int, store: int, today: date, currency: str, limit: int) -> Found:
    """Looks through a store: eight queries. Products of which no stock is kept are left out."""
    there = held([store])
    tracked = {one.known.product for one in kept(Wanted(retailer), ALL, products=there)}
    own = {product: one for product, one in there.items() if product in tracked}
    return Found(
        is_kept=bool(there),
        negative={product: one for product, one in own.items() if one.below},
        unknown=unknown(retailer, store, _month_before(today), currency, limit),
        costless={product: one for product, one in own.items() if one.costless},
        differences=differences([store], today - timedelta(COUNTS_DAYS)),
        expiring=lots_left([store], until=today + timedelta(SOON_DAYS)),
    )


def read_findings(scope: Scope, asked: dict[str, Any], now: datetime) -> Contents:
    """Five lists, the worst first."""
    store, limit, today = asked["store"], asked["limit"], now.date()
    if store is None:
        return Contents(notes=("You have no store.",))
    currency = stock_currency(scope.retailer_id)
    found = find(scope.retailer_id, store, today, currency, limit + 1)
    averages = average_costs([store], {lot.product for lot in found.expiring})
    products = {
        *found.negative, *found.costless, *(one.product for one in found.unknown),
        *(one.product for one in found.differences), *(one.product for one in found.expiring),
    }  # fmt: skip
    names = names_of(scope.retailer_id, products)

    notes = [f"Of each kind, the first {limit:,} are shown."] if _is_cut(found, limit) else []

    def panel(
        key: str, title: str, text: str, do: str, columns: tuple[Column, ...], rows: list[tuple[int, Row]]
    ) -> Panel:
        if rows:
            notes.append(f"{title}: {do}")
        return _panel(Panel(key, title, f"{text} {do}", columns, [], currency=currency), rows[:limit], names, store)

    negative = sorted(found.negative.items(), key=lambda one: (one[1].quantity, one[0]))
    panels = [
        panel("negative", "Below 0", NEGATIVE_ARE, NEGATIVE_DO, NEGATIVE,
              [(product, (one.quantity, one.stores[store].counted_on)) for product, one in negative]),
        panel("unknown", "Sold, but unknown to stock", UNKNOWN_ARE, UNKNOWN_DO, UNKNOWN,
              [(one.product, (one.quantity, one.net)) for one in found.unknown]),
        panel("costless", "Without a cost", COSTLESS_ARE, COSTLESS_DO, COSTLESS,
              [(product, (one.quantity,)) for product, one in _largest(found.costless)]),
        panel("differences", "Counts that differ", DIFFERENCES_ARE, DIFFERENCES_DO, DIFFERENCES,
              [(one.product, (one.day, one.quantity, one.value, one.expected, one.counted))
               for one in found.differences]),
        panel("expiring", "Expired, or soon", EXPIRING_ARE, EXPIRING_DO, EXPIRING,
              [(one.product, _lot_row(one, averages.get((store, one.product)), today, scope))
               for one in found.expiring]),
    ]  # fmt: skip
    return Contents(
        figures=_figures(found, currency, limit),
        panels=panels,
        complete_to=complete_to([store]),
        hints=() if found.is_kept else START[:1],
        notes=tuple(notes),
    )


def read_lots(scope: Scope, asked: dict[str, Any], now: datetime) -> Contents:
    """Lots with something left, the first to expire first."""
    stores, limit, today = asked["stores"], asked["limit"], now.date()
    if len(stores) > STORES_LIVE_MAX:
        return Contents(notes=(TOO_MANY,))
    until = None if asked["days"] is None else today + timedelta(asked["days"])
    found = lots_left(stores, until=until)
    skip = int(asked["after"]) if asked["after"].isascii() and asked["after"].isdigit() else 0
    shown = found[skip : skip + limit]
    products = {one.product for one in shown}
    averages, names = average_costs(stores, products), names_of(scope.retailer_id, products)
    rows = [(one.product, _lot_row(one, averages.get((one.store, one.product)), today, scope)) for one in shown]
    empty = Panel(
        "lots", "Lots", LOTS_ARE, EXPIRING, [], currency=stock_currency(scope.retailer_id),
        empty="No lot with a date is left. Dates are entered with a delivery or a count.",
    )  # fmt: skip
    is_more = skip + limit < len(found)
    return Contents(panels=[_panel(empty, rows, names, asked["store"])], after=str(skip + limit) if is_more else "")


def _panel(empty: Panel, rows: list[tuple[int, Row]], names: dict[int, Known], store: int | None) -> Panel:
    """The panel with rows behind their products' names, each leading to the product."""
    where = f"&store={store}" if store else ""
    return Panel(
        key=empty.key,
        title=empty.title,
        definition=empty.definition,
        columns=empty.columns,
        rows=[(called(names.get(product), product), *row) for product, row in rows],
        currency=empty.currency,
        links=[f"product?product={product}{where}" if product in names else "" for product, _ in rows],
        empty=empty.empty if empty.key == "lots" else "Nothing of this kind.",
    )


def _lot_row(one: LeftLot, average: int | None, today: date, scope: Scope) -> Row:
    store = next(store.name for store in scope.stores if store.id == one.store)
    return one.expires_on, (one.expires_on - today).days, one.quantity, value(one.quantity, average), one.lot, store


def _is_cut(found: Found, limit: int) -> bool:
    kinds = (found.negative, found.unknown, found.costless, found.differences, found.expiring)
    return any(len(kind) > limit for kind in kinds)


def _largest(found: dict[int, Held]) -> list[tuple[int, Held]]:
    return sorted(found.items(), key=lambda one: (-one[1].quantity, one[0]))


def _figures(found: Found, currency: str, limit: int) -> list[Figure]:
    missing = sum(min(0, one.value or 0) for one in found.differences)
    count: Callable[..., Figure] = lambda key, title, text, number: Figure(  # noqa: E731
        key, title, text, number, Kind.COUNT, needs_look=number > 0
    )
    return [
        count("negative", "Below 0", "Products of which less than nothing is there.", len(found.negative)),
        count("unknown", "Unknown", f"Sold, but never counted or delivered ({limit} at most).",
              min(len(found.unknown), limit)),
        count("costless", "Without a cost", "Products that are there and have no cost.", len(found.costless)),
        Figure("missing", "Missing", f"What counts of the last {COUNTS_DAYS} days did not find.", missing, Kind.MONEY,
               currency, needs_look=missing < 0),
        count("expiring", "Expiring", f"Lots that have expired, or will within {SOON_DAYS} days.",
              len(found.expiring)),
    ]  # fmt: skip


def _month_before(today: date) -> date:
    return (today.replace(day=1) - timedelta(1)).replace(day=1)


FINDINGS = Page(
    key="findings",
    title="Findings",
    lead="What does not fit together in a store's stock, what it means, and what to do.",
    right=Right.SEE_STOCK,
    read=read_findings,
    lists=(
        ListShape("negative", NEGATIVE),
        ListShape("unknown", UNKNOWN),
        ListShape("costless", COSTLESS),
        ListShape("differences", DIFFERENCES),
        ListShape("expiring", EXPIRING),
    ),
    asks=OneStoreAsking,
    actions=(
        Action("count", "Count"),
        Action("deliver", "Take in a delivery"),
        Action("write-off", "Write off"),
        Action("lots", "Lots"),
    ),
)
LOTS = Page(
    key="lots",
    title="Lots",
    lead="What is left of each lot, and until when it can be sold.",
    right=Right.SEE_STOCK,
    read=read_lots,
    lists=(ListShape("lots", EXPIRING),),
    asks=LotsAsking,
    actions=(Action("write-off", "Write off"),),
    tab="findings",
)
