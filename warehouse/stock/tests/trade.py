"""A small trade: real baskets sold by the tills of two retailers, some late, some refunded or voided, and odd ones."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from ledger.flush import flush_all
from ledger.shards import ALL_SHARDS
from tests.factories import make_line, make_retailer, make_store, make_terminals, moment, sale_bytes
from tests.tills import Till
from transactions.models import Store
from transactions.replay.baskets import Return, fill, template
from transactions.replay.source import Year

# Of so many sales one comes late, one is refunded and one voided.
EVERY = 11
LATE = (timedelta(hours=7), timedelta(days=1), timedelta(days=3))


@dataclass
class Trade:
    """Two stores of one retailer in two shards, and one of another retailer that sells the same products."""

    year: Year
    stores: list[Store] = field(default_factory=list)
    tills: list[Till] = field(default_factory=list)
    made: int = 0

    def __post_init__(self) -> None:
        own, rival = make_retailer(), make_retailer()
        for retailer, shard in ((own, 3), (own, 40), (rival, 11)):
            self.stores.append(make_store(retailer, shard=shard))
            self.tills.append(Till(make_terminals(self.stores[-1])[0]))

    def sell(self, count: int) -> None:
        """So many baskets a till, and what is given back of them."""
        for till in self.tills:
            baskets = [(self.made + number) * 37 % len(self.year.numbers) for number in range(count)]
            self.made += count
            codes = self._send(till, [self._sale(till, basket) for basket in baskets])
            back = list(zip(baskets, codes, strict=True))
            # Only what the ledger has can be taken back.
            flush_all(ALL_SHARDS)
            for place, kind in ((0, b"refund"), (5, b"void")):
                self._send(till, [self._back(till, *one, kind) for one in back[place::EVERY]])

    def sell_odd(self) -> None:
        """What no real basket has."""
        whole = make_line(kind="discount", sku=None, gtin=None, category=None, unit_price=None, amount=-500)
        by_gtin, by_name = make_line(sku=None), make_line(sku="", gtin=None, category=None, name="Käse")
        dear = make_line(sku="B", tax="B", amount=4999, unit_price=None)
        back = make_line(quantity="-2.000", discount=-100, amount=-5000)
        odd: list[dict[str, Any]] = [
            {"lines": [make_line(), make_line(), whole]},
            {"lines": [by_gtin, by_name, dear], "currency": "EUR"},
            {"lines": [make_line(name="Milk, new name")], "issued_at": moment(days=-2), "mode": "offline"},
            {"lines": [make_line(), back, dear]},
            {"lines": [make_line(discount=100, amount=5000)]},
        ]
        till = self.tills[0]
        *_, sold = self._send(till, [sale_bytes(till.sale(**changes)) for changes in odd])
        flush_all(ALL_SHARDS)
        refund = till.sale(lines=[back], type="refund", refers_to=sold, reason="sour")
        self._send(till, [sale_bytes(refund)])

    def _sale(self, till: Till, basket: int) -> bytes:
        late = LATE[basket % len(LATE)] if basket % EVERY == 1 else timedelta(seconds=basket % 500)
        till.sequence += 1
        return fill(
            template(self.year, basket), terminal=till.number, sequence=till.sequence, issued_at=_issued(late),
            mode=b"offline" if basket % EVERY == 1 else b"online",
        )  # fmt: skip

    def _back(self, till: Till, basket: int, code: str, kind: bytes) -> bytes:
        till.sequence += 1
        return fill(
            template(self.year, basket, Return(code)), terminal=till.number, sequence=till.sequence,
            issued_at=_issued(timedelta(days=basket % 2)), kind=kind,
        )  # fmt: skip

    def _send(self, till: Till, sales: list[bytes]) -> list[str]:
        answers = till.send_batch(sales, token=till.gateway_token).json()["results"]
        assert {answer["status"] for answer in answers} == {201}
        return [answer["code"] for answer in answers]


def _issued(ago: timedelta) -> bytes:
    return (datetime.now(UTC) - ago).isoformat(timespec="milliseconds").encode()
