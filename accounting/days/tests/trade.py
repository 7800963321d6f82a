"""Sealed blocks of random sales at any time, fed to the consumer; and the days worked out once more, sale by sale."""

import json
import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db import transaction

from accounting.consumers import add_days
from accounting.days.due import CONSUMER
from ledger.blocks import seal
from ledger.feed import FedBlock
from ledger.feeding.models import Cursor
from ledger.records import assemble, received_at_text
from ledger.verification.reading import StoredBlock
from tests.factories import make_line, make_sale, sale_bytes
from transactions.models import Retailer, Store, Terminal
from transactions.stream import SHARD_COUNT

CODE = b"0K3F-BSNJ-RG3K-G1DC"
RATES = {"A": "12.00", "B": "21.00", "Z": None}
METHODS = ("cash", "card", "voucher")
KINDS = ("item", "item", "item", "discount", "deposit", "tip", "voucher", "other")
PLACES = {"item": "items", "discount": "discounts", "deposit": "deposits", "tip": "tips", "voucher": "vouchers",
          "other": "others"}  # fmt: skip
# A Sunday, and the Monday at whose cut-off (03:00, UTC in tests) it is closed.
DAY = date(2026, 11, 1)
MORNING = datetime(2026, 11, 2, 3, 0, tzinfo=UTC)

Key = tuple[Any, ...]


@dataclass
class Shop:
    """A store with tills that count their own sequences; `sent` is all that it ever sent, by what it sends."""

    store: Store
    terminals: list[int]
    sent: list[dict[str, Any]] = field(default_factory=list)
    sequences: Counter[int] = field(default_factory=Counter)
    blocks: int = 0

    @property
    def shard(self) -> int:
        """The shard of all its tills."""
        return self.terminals[0] % SHARD_COUNT

    def sale(self, day: date = DAY, *, till: int = 0, at: str = "10:00:00+00:00", **changes: Any) -> dict[str, Any]:
        """A right sale of one of its tills with the next sequence."""
        terminal = self.terminals[till]
        self.sequences[terminal] = changes.setdefault("sequence", self.sequences[terminal] + 1)
        return make_sale(**{"terminal": terminal, "issued_at": f"{day}T{at}", **changes})

    def feed(self, sales: Sequence[dict[str, Any]], sealed_at: datetime) -> None:
        """Seals sales into a block and feeds it; the feed is complete up to then."""
        self.blocks += 1
        block = sealed(self, sales, self.blocks, sealed_at)
        with transaction.atomic():
            add_days(block)
        self.sent += sales
        Cursor.objects.update_or_create(
            consumer=CONSUMER, shard=self.shard, defaults={"block": self.blocks, "complete_to": sealed_at}
        )

    def complete(self, moment: datetime) -> None:
        """Nothing was waiting at that moment, as the feed notes of idle shards."""
        Cursor.objects.filter(consumer=CONSUMER, shard=self.shard).update(complete_to=moment)


def make_shop(number: int = 11, *, retailer: int = 1, tills: int = 2) -> Shop:
    """A store of the retailer, in a shard of its own."""
    owner, _ = Retailer.objects.get_or_create(
        id=retailer, defaults={"name": f"Corner {retailer}", "tax_id": f"T{retailer}"}
    )
    store = Store.objects.create(id=number, retailer=owner, name=f"Store {number}", shard=number % SHARD_COUNT)
    terminals = [number % SHARD_COUNT + SHARD_COUNT * (number + place) for place in range(1, tills + 1)]
    Terminal.objects.bulk_create(Terminal(number=terminal, store=store) for terminal in terminals)
    return Shop(store, terminals)


def sealed(shop: Shop, sales: Sequence[dict[str, Any]], number: int, sealed_at: datetime) -> FedBlock:
    """A block as the feed hands it out; each sale was received when it was sealed."""
    received = received_at_text(int(sealed_at.timestamp() * 1000))
    records = [
        assemble(
            shard=shop.shard, epoch=1, number=place + 1, received_at=received, code=CODE,
            retailer=shop.store.retailer_id, store=shop.store.pk, sale=sale_bytes(sale),
        )
        for place, sale in enumerate(sales)
    ]  # fmt: skip
    made = seal(
        records, shard=shop.shard, block=number, epoch=1, first_number=1, previous=bytes(32), marks=(),
        sealed_at=sealed_at.isoformat(),
    )  # fmt: skip
    stored = StoredBlock(
        0, shop.shard, number, sealed_at.date(), sealed_at, 1, 1, len(records), made.raw_bytes, made.header, made.hash,
        made.body,
    )  # fmt: skip
    return FedBlock(stored)


def random_sales(shop: Shop, chance: random.Random, count: int, days: Sequence[date]) -> list[dict[str, Any]]:
    """Sales, refunds and voids of these days in the order of their times, with gaps in the numbers now and then."""
    moments = sorted(
        datetime(day.year, day.month, day.day, chance.randrange(24), chance.randrange(60), tzinfo=UTC)
        for day in chance.choices(list(days), k=count)
    )
    return [_random_sale(shop, chance, moment) for moment in moments]


def _random_sale(shop: Shop, chance: random.Random, moment: datetime) -> dict[str, Any]:
    kind = chance.choices(("sale", "refund", "void"), (20, 3, 2))[0]
    sign = 1 if kind == "sale" else -1
    lines = [_random_line(chance, sign) for _ in range(chance.randint(1, 5))]
    rounding = chance.choice((0, 0, sign * chance.randint(-50, 50)))
    included = chance.random() < 0.7
    taxes = _taxes(lines, included=included)
    total = sum(line["amount"] for line in lines) + rounding + (0 if included else sum(tax["tax"] for tax in taxes))
    cash = chance.choice((total, 0, total // 2))
    payments = [{"method": chance.choice(METHODS), "amount": amount} for amount in (cash, total - cash) if amount]
    till = chance.randrange(len(shop.terminals))
    shop.sequences[shop.terminals[till]] += chance.choice((0,) * 20 + (1, 3))
    return shop.sale(
        moment.date(),
        till=till,
        at=f"{moment:%H:%M:%S}+00:00",
        type=kind,
        mode=chance.choice(("online", "online", "offline")),
        currency=chance.choice(("CZK", "CZK", "CZK", "EUR")),
        lines=lines,
        taxes=taxes,
        taxes_included=included,
        rounding=rounding,
        total=total,
        payments=payments,
        refers_to=None if kind == "sale" else CODE.decode(),
    )


def _random_line(chance: random.Random, sign: int) -> dict[str, Any]:
    kind = chance.choice(KINDS)
    amount = sign * chance.randint(1, 50_000) * (-1 if kind == "discount" else 1)
    return make_line(
        kind=kind, quantity="1", unit_price=None, discount=sign * chance.choice((0, 0, 10)), amount=amount,
        tax=chance.choice(list(RATES)),
    )  # fmt: skip


def _taxes(lines: Iterable[dict[str, Any]], *, included: bool) -> list[dict[str, Any]]:
    amounts: Counter[str] = Counter()
    for line in lines:
        amounts[line["tax"]] += line["amount"]
    made = []
    for code, amount in amounts.items():
        rate = float(RATES[code] or 0) / 100
        tax = round(amount - amount / (1 + rate)) if included else round(amount * rate)
        made.append({"code": code, "rate": RATES[code], "net": amount - tax if included else amount, "tax": tax})
    return made


@dataclass
class Expected:
    """A terminal's day worked out from its sales: figures by currency, taxes by currency, code and rate, payments."""

    numbers: set[int] = field(default_factory=set)
    days: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    taxes: defaultdict[Key, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    payments: defaultdict[Key, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    times: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))


AMOUNTS = {"sale": "gross", "refund": "refunded", "void": "voided"}


def expected(sales: Iterable[dict[str, Any]], late: Iterable[int] = ()) -> dict[tuple[date, int], Expected]:
    """By day and terminal; `late` names the sales (by id()) that came more than ten minutes after their issue."""
    lates, found = set(late), defaultdict[tuple[date, int], Expected](Expected)
    for sale in sales:
        one = found[date.fromisoformat(sale["issued_at"][:10]), sale["terminal"]]
        currency, kinds = sale["currency"], f"{sale['type']}s"
        one.numbers.add(sale["sequence"])
        off = sum(line["discount"] - (line["amount"] if line["kind"] == "discount" else 0) for line in sale["lines"])
        one.days[currency].update(
            {
                kinds: 1,
                AMOUNTS[sale["type"]]: sale["total"],
                "rounding": sale["rounding"],
                "discounts": off if sale["type"] == "sale" else 0,
                "offline": int(sale["mode"] == "offline"),
                "late": int(id(sale) in lates),
            }
        )
        moment = datetime.fromisoformat(sale["issued_at"]).astimezone(UTC)
        one.times[currency].append(f"{moment:%Y-%m-%dT%H:%M:%S.}{moment.microsecond // 1000:03}Z")
        rates = {}
        for tax in sale["taxes"]:
            rates[tax["code"]] = key = (currency, tax["code"], tax["rate"] or "")
            one.taxes[key].update({f"{kinds}_net": tax["net"], f"{kinds}_tax": tax["tax"]})
        for line in sale["lines"]:
            one.taxes[rates[line["tax"]]][PLACES[line["kind"]]] += line["amount"]
        for payment in sale["payments"]:
            one.payments[currency, payment["method"]].update({"payments": 1, "amount": payment["amount"]})
    return found


def days_from(first: date, count: int) -> list[date]:
    """So many days in a row."""
    return [first + timedelta(days=place) for place in range(count)]


def plain(text: str) -> Any:
    """A content as plain JSON, read by nothing of ours."""
    return json.loads(text)
