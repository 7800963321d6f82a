"""A small trade: real baskets sold by the tills of several stores, some late or offline, some refunded or voided."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from ledger.flush import flush_all
from ledger.shards import ALL_SHARDS
from tests.factories import make_line, make_retailer, make_store, make_terminals, moment, sale_bytes
from tests.tills import Till
from transactions.replay.baskets import Return, fill, template
from transactions.replay.source import Year

BATCH_SALES = 500
TILLS = 3
# Of every so many sales one comes late, one is refunded, one is voided, and one was made offline and came in time.
EVERY = 13
# Two of these are another day than UTC's for a part of the day.
OFFSETS = (timezone(timedelta(hours=-5)), timezone(timedelta(hours=9)), UTC)
# In which a late sale was issued.
LATE = (timedelta(minutes=11), timedelta(hours=7), timedelta(days=1), timedelta(days=3))


@dataclass
class Trade:
    """Two retailers with two stores each; `acknowledged` counts what was taken."""

    year: Year
    stores: list[list[Till]] = field(default_factory=list)
    acknowledged: int = 0
    _made: int = 0

    def __post_init__(self) -> None:
        for shards in ((3, 40), (3, 11)):
            retailer = make_retailer()
            for shard in shards:
                terminals = make_terminals(make_store(retailer, shard=shard), TILLS)
                self.stores.append([Till(terminal) for terminal in terminals])

    def sell(self, count: int) -> None:
        """So many baskets, and what is given back of them."""
        for place, tills in enumerate(self.stores):
            share = range(place, count, len(self.stores))
            for at in range(0, len(share), BATCH_SALES):
                baskets = [
                    (self._made + number) * 37 % len(self.year.numbers) for number in share[at : at + BATCH_SALES]
                ]
                codes = self._send(tills, [self._sale(tills, basket) for basket in baskets])
                back = list(zip(baskets, codes, strict=True))
                # Only what the ledger has can be taken back.
                flush_all(ALL_SHARDS)
                self._send(tills, [self._back(tills, *one, b"refund") for one in back[::EVERY]])
                self._send(tills, [self._back(tills, *one, b"void") for one in back[5::EVERY]])
        self._made += count

    def sell_odd(self) -> None:
        """What no real basket has, by one till."""
        till = self.stores[-1][-1]
        *_, sold = self._send(self.stores[-1], [sale_bytes(till.sale(**changes)) for changes in odd_sales()])
        flush_all(ALL_SHARDS)
        lines = [
            make_line(quantity="-2.000", discount=-100, amount=-5000),
            make_line(kind="discount", amount=250, quantity="1", unit_price=None),
        ]
        back = {"type": "refund", "refers_to": sold, "reason": "sour", "lines": lines}
        self._send(self.stores[-1], [sale_bytes(till.sale(**back))])

    def _sale(self, tills: list[Till], basket: int) -> bytes:
        till = self._till(tills, basket)
        spread = basket % EVERY
        late = LATE[basket // EVERY % len(LATE)] if spread == 1 else timedelta(seconds=basket % 500)
        mode = b"offline" if spread in (1, 2) else b"online"
        return fill(
            template(self.year, basket),
            terminal=till.number,
            sequence=till.sequence,
            issued_at=_issued(late, basket),
            mode=mode,
        )

    def _back(self, tills: list[Till], basket: int, code: str, kind: bytes) -> bytes:
        till = self._till(tills, basket)
        return fill(
            template(self.year, basket, Return(code)),
            terminal=till.number,
            sequence=till.sequence,
            issued_at=_issued(timedelta(days=basket % 2), basket),
            kind=kind,
        )

    def _till(self, tills: list[Till], basket: int) -> Till:
        till = tills[basket % TILLS]
        till.sequence += 1
        return till

    def _send(self, tills: list[Till], sales: list[bytes]) -> list[str]:
        answers = tills[0].send_batch(sales, token=tills[0].gateway_token).json()["results"]
        assert {answer["status"] for answer in answers} == {201}
        self.acknowledged += len(sales)
        return [answer["code"] for answer in answers]


def odd_sales() -> list[dict[str, Any]]:
    """Changes to `make_sale`: discounts on the whole, products without a number, and the like."""
    whole = make_line(kind="discount", sku=None, gtin=None, category=None, quantity="1", unit_price=None, amount=-500)
    tip = make_line(kind="tip", sku=None, gtin=None, name="Tip", category=None, unit_price=None, amount=300)
    by_gtin, by_name = make_line(sku=None), make_line(sku="", gtin=None, category=None, name="Böhmischer Käse")
    weighed = make_line(sku="H", quantity="0.3125", unit_price="16000", discount=700, amount=4300)
    payments = [{"method": name, "amount": 1275} for name in ("card", "voucher", "account", "card")]
    exempt = [{"code": "A", "rate": None, "net": 5100, "tax": 0}]
    return [
        {"lines": [make_line(), make_line(), whole]},
        {"lines": [by_gtin, by_name, tip]},
        {"lines": [weighed], "currency": "EUR"},
        {"lines": [tip]},
        {"lines": [make_line(name=f"Line {place}", sku=f"L-{place % 110}") for place in range(120)]},
        {"lines": [make_line(name="Milk, new name")], "issued_at": moment(days=-2), "mode": "offline"},
        {"lines": [make_line(name="Milk, newer name", category=None)]},
        {"payments": payments},
        {"taxes": exempt},
        {"lines": [make_line(discount=100, amount=5000)]},
    ]  # fmt: skip


def _issued(ago: timedelta, basket: int) -> bytes:
    moment = (datetime.now(UTC) - ago).astimezone(OFFSETS[basket % len(OFFSETS)])
    return moment.isoformat(timespec="milliseconds").encode()
