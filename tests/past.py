"""A retailer's past for the dashboards' tests: random sales, the same each time, and the roll-ups that add them up.

The rows are made here and not by the consumers, so that a page can be looked at without a ledger; what the consumers
make is compared with the ledger elsewhere.
"""

import random
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from analytics import models
from benchmarks.rollup_rows import add_up_stores
from ledger.consumers import all_consumers
from ledger.feeding.models import Cursor
from possys.clock import now_ms, utc
from transactions.models import Store, Terminal

CURRENCY = "CZK"
OPEN_HOURS = range(8, 21)
# How busy each weekday and hour is, of 10.
WEEKDAY_TRADE = (6, 6, 7, 7, 9, 10, 5)
HOUR_TRADE = dict(zip(OPEN_HOURS, (4, 5, 6, 7, 9, 8, 6, 6, 8, 10, 9, 6, 3), strict=True))
METHODS = ("card", "card", "card", "cash", "cash", "voucher")
PRODUCTS = (
    ("Whole milk 1 l", "Dairy", 2550),
    ("Butter 250 g", "Dairy", 5490),
    ("Natural yoghurt", "Dairy", 1890),
    ("Cottage cheese", "Dairy", 3290),
    ("Rye bread", "Bakery", 4290),
    ("Rolls, 5 pieces", "Bakery", 1750),
    ("Apple strudel", "Bakery", 3900),
    ("Ham, sliced", "Deli", 6290),
    ("Salami", "Deli", 8990),
    ("Olives with garlic", "Deli", 7490),
    ("Bananas", "Fruit", 3490),
    ("Apples, Golden Delicious", "Fruit", 4190),
    ("Tomatoes on the vine", "Vegetables", 5990),
    ("Cucumber", "Vegetables", 1990),
    ("Potatoes 2 kg", "Vegetables", 4990),
    ("Sparkling water 1.5 l", "Drinks", 1590),
    ("Lager 0.5 l", "Drinks", 2290),
    ("Orange juice 1 l", "Drinks", 4590),
    ("Ground coffee 250 g", "Drinks", 9990),
    ("Dark chocolate 100 g", "Sweets", 3990),
    ("Washing powder 3 kg", "Household", 27900),
    ("Paper towels", "Household", 6490),
    ("Toothpaste", "Household", 5290),
    ("Pasta, penne", "Staples", 2890),
)
# What is added up, in which table, and by what.
KEYS: dict[str, tuple[Any, ...]] = {
    "hours": (models.StoreHour, "store", "day", "hour", "currency"),
    "products": (models.ProductDay, "store", "day", "product", "currency"),
    "months": (models.ProductMonth, "store", "month", "product", "currency"),
    "categories": (models.CategoryDay, "store", "day", "category", "currency"),
    "taxes": (models.TaxDay, "store", "day", "code", "rate", "currency"),
    "payments": (models.PaymentDay, "store", "day", "method", "currency"),
    "baskets": (models.BasketDay, "store", "day", "lines", "currency"),
}
RATES = {"A": 12, "B": 21}


@dataclass
class Past:
    """What was made: the stores' terminals, and the product rows by name."""

    tills: dict[int, list[int]]
    products: dict[str, int] = field(default_factory=dict)
    sales: list[models.SaleRow] = field(default_factory=list)


class _Sums(defaultdict[tuple[Any, ...], Counter[str]]):
    """Counters by key, as rows of a model."""

    def __init__(self) -> None:
        super().__init__(Counter)

    def rows(self, model: Any, *names: str) -> Iterator[Any]:
        plain = {one.name for one in model._meta.get_fields()} - set(names) - {"pk"}
        for key, sums in self.items():
            yield model(**dict(zip(names, key, strict=True)), **{name: sums[name] for name in plain})


def make_past(
    stores: list[Store], *, days: int, sales_a_day: int, until: datetime | None = None, currency: str = CURRENCY
) -> Past:
    """Sales of the days up to the moment (now), about so many a store and day, and their roll-ups in the database."""
    until = until or utc(now_ms())
    terminals = Terminal.objects.filter(store__in=stores).order_by("number").values_list("store", "number")
    tills: dict[int, list[int]] = defaultdict(list)
    for shop, number in terminals:
        tills[shop].append(number)
    past = Past(dict(tills), _products(stores[0].retailer_id))
    maker = _Maker(past, currency, random.Random(7))
    for back in reversed(range(days)):
        day = until.date() - timedelta(days=back)
        for rank, store in enumerate(stores):
            maker.make_day(store.pk, day, sales_a_day * (10 + back % 3 - 2 * rank) // 10, until)
    maker.write()
    set_complete_to(stores, until)
    return past


def set_complete_to(stores: list[Store], moment: datetime) -> None:
    """Says that everything taken before the moment is counted, as the feed does of these stores' shards."""
    Cursor.objects.bulk_create(
        [
            Cursor(consumer=one.name, shard=shard, block=0, complete_to=moment)
            for one in all_consumers()
            for shard in {store.shard for store in stores}
        ],
        update_conflicts=True,
        unique_fields=["consumer", "shard"],
        update_fields=["complete_to"],
    )


def _products(retailer: int) -> dict[str, int]:
    products = {name: retailer << 16 | number for number, (name, _, _) in enumerate(PRODUCTS)}
    models.Product.objects.bulk_create(
        models.Product(
            retailer=retailer, id=products[name], key=f"n:{name}", name=name, category=category,
            named_on=utc(now_ms()).date(),
        )
        for name, category, _ in PRODUCTS
    )  # fmt: skip
    return products


class _Maker:
    """Draws sales and adds them up."""

    def __init__(self, past: Past, currency: str, chance: random.Random) -> None:
        self.past, self.currency, self.chance = past, currency, chance
        self.sequences: Counter[int] = Counter()
        self.sums: dict[str, _Sums] = {kind: _Sums() for kind in (*KEYS, "tills")}
        self.moments: dict[int, list[datetime]] = defaultdict(list)

    def make_day(self, store: int, day: date, sales: int, until: datetime) -> None:
        weight = sum(HOUR_TRADE.values())
        for hour, trade in HOUR_TRADE.items():
            wanted = sales * trade * WEEKDAY_TRADE[day.weekday()] / weight / 7
            for _ in range(int(wanted + self.chance.random())):
                moment = datetime(day.year, day.month, day.day, hour, self.chance.randrange(60), tzinfo=UTC)
                if moment < until:
                    self._sell(store, moment)

    def _sell(self, store: int, moment: datetime) -> None:
        chance, day = self.chance, moment.date()
        terminal = chance.choice(self.past.tills[store])
        # Now and then a number is missing.
        self.sequences[terminal] += 2 if chance.random() < 0.0005 else 1
        kind = 1 if chance.random() < 0.02 else 0
        sign = -1 if kind else 1
        late, offline = int(chance.random() < 0.01), int(chance.random() < 0.02)
        bought = sorted(
            {
                min(int(chance.expovariate(0.14)), len(PRODUCTS) - 1)
                for _ in range(1 if kind else 1 + int(chance.expovariate(0.25)))
            }
        )
        method = chance.choice(METHODS)
        total, discounts = 0, 0
        for number in bought:
            name, category, price = PRODUCTS[number]
            pieces = sign * chance.choice((1, 1, 1, 2, 3))
            off = price // 10 if chance.random() < 0.1 and not kind else 0
            amount = pieces * price - off
            total, discounts = total + amount, discounts + off
            values = {"quantity": pieces * 10_000, "amount": amount, "discounts": off, "baskets": 1 - kind}
            product = self.past.products[name]
            self.sums["products"][store, day, product, self.currency].update(values)
            self.sums["months"][store, day.replace(day=1), product, self.currency].update(values)
            self.sums["categories"][store, day, category, self.currency].update(values)
            code = "B" if category == "Household" else "A"
            tax = amount * RATES[code] // (100 + RATES[code])
            self.sums["taxes"][store, day, code, f"{RATES[code]}.00", self.currency].update(net=amount - tax, tax=tax)
        self.sums["payments"][store, day, method, self.currency].update(payments=1, amount=total)
        if not kind:
            self.sums["baskets"][store, day, len(bought), self.currency].update(sales=1, amount=total)
        self.sums["hours"][store, day, moment.hour, self.currency].update(
            sales=1 - kind, refunds=kind, gross=0 if kind else total, refunded=total if kind else 0, tax=total // 9,
            discounts=discounts, discounted=int(discounts > 0), lines=0 if kind else len(bought), offline=offline,
            late=late,
        )  # fmt: skip
        self.sums["tills"][terminal, day, self.currency, store].update(
            sales=1 - kind, refunds=kind, amount=total, offline=offline, late=late
        )
        self.moments[terminal].append(moment)
        self.past.sales.append(
            models.SaleRow(
                identity=terminal << 29 | self.sequences[terminal], store=store, day=day, issued_at=moment,
                hour=moment.hour, type=kind, currency=self.currency, total=total, discounts=discounts,
                lines=len(bought), methods=1 << models.PAYMENT_METHODS.index(method), is_late=bool(late),
                products=[self.past.products[PRODUCTS[number][0]] for number in bought],
            )
        )  # fmt: skip

    def write(self) -> None:
        for name, (model, *key) in KEYS.items():
            model.objects.bulk_create(self.sums[name].rows(model, *key))
        models.SaleRow.objects.bulk_create(self.past.sales)
        add_up_stores(lambda _: None)
        self._write_tills()

    def _write_tills(self) -> None:
        days, health = [], []
        for (terminal, day, currency, store), sums in self.sums["tills"].items():
            own = [moment for moment in self.moments[terminal] if moment.date() == day]
            days.append(
                models.TerminalDay(
                    terminal=terminal, day=day, currency=currency, store=store, first_issued_at=min(own),
                    last_issued_at=max(own), first_sequence=1, last_sequence=self.sequences[terminal], voids=0,
                    **{name: sums[name] for name in ("sales", "refunds", "amount", "offline", "late")},
                )
            )  # fmt: skip
        for store, terminals in self.past.tills.items():
            for terminal in terminals:
                if not self.moments[terminal]:
                    continue
                first, last = min(self.moments[terminal]), max(self.moments[terminal])
                health.append(
                    models.TerminalHealth(
                        terminal=terminal, store=store, first_sequence=1, last_sequence=self.sequences[terminal],
                        records=len(self.moments[terminal]), first_issued_at=first, last_issued_at=last,
                        last_received_at=last,
                    )
                )  # fmt: skip
        models.TerminalDay.objects.bulk_create(days)
        models.TerminalHealth.objects.bulk_create(health)
