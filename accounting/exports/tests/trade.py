"""A store that sold something on one day, with everything in it that a table could stumble over."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from accounting.days.closing import close_store
from accounting.days.due import CONSUMER
from accounting.days.models import StoreClose
from ledger.consumers import consumer_named
from ledger.feeding.running import feed_all
from possys.clock import now_ms, utc
from tests.factories import make_line, make_refund, make_store, make_tax, make_terminals, moment, sale_bytes
from tests.tills import Till
from transactions.models import Store

Sale = dict[str, Any]
HOSTILE = "=cmd|'/c calc'!A1; \"quoted\", 'and' <b>&amp;"


@dataclass
class Trade:
    """Two tills of a store; `sold` are the sales of each closed part of the day, and `codes` all receipts' codes."""

    flush: Callable[[], Any]
    store: Store = field(default_factory=lambda: make_store(name=HOSTILE))
    sold: list[list[Sale]] = field(default_factory=list)
    codes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.tills = [Till(terminal) for terminal in make_terminals(self.store, 2)]
        self.at = moment()
        self.day = date.fromisoformat(self.at[:10])

    def sell(self, *sales: Sale) -> list[Sale]:
        """Sent by the store's gateway and flushed; not counted in any part."""
        till = self.tills[0]
        answers = till.send_batch(map(sale_bytes, sales), token=till.gateway_token).json()["results"]
        assert [answer["status"] for answer in answers] == [201] * len(sales)
        self.codes += [answer["code"] for answer in answers]
        self.flush()
        return list(sales)

    def sell_part(self) -> None:
        """Sales of both tills, a refund and a void: a part of the day."""
        one, two = self.tills
        first = self.sell(*[till.sale(issued_at=self.at, **changes) for till in (one, two) for changes in odd_sales()])
        sold = self.codes[-len(first) :]
        back = make_refund(sold[-1], issued_at=self.at, terminal=one.number, sequence=self._next(one))
        void = make_refund(sold[0], type="void", issued_at=self.at, terminal=two.number, sequence=self._next(two))
        self.close(first + self.sell(back, void))

    def close(self, sold: list[Sale]) -> StoreClose:
        """Feeds and closes what was sold since the last part."""
        self.sold.append(sold)
        feed_all([self.store.shard], utc(now_ms()), [consumer_named(CONSUMER)])
        close = close_store(self.store.pk, self.day, utc(now_ms()))
        assert close is not None
        return close

    def _next(self, till: Till) -> int:
        till.sequence += 1
        return till.sequence


def odd_sales() -> list[dict[str, Any]]:
    """What differs from an ordinary sale."""
    discount = make_line(
        kind="discount", name="Regular", sku=None, gtin=None, quantity="1", unit_price=None, amount=-500
    )
    tip = make_line(kind="tip", name="Tip", sku=None, gtin=None, unit_price=None, amount=300, tax="0")
    hostile = make_line(name=HOSTILE, sku="-1+1", category="@SUM(A1)", unit="=kg")
    bottles = make_line(kind="deposit", name="Bottles", quantity="-3", unit_price="300", amount=-900)
    weighed = make_line(name="Ham", quantity="0.3125", unit_price="16000", discount=700, amount=4300, tax="B")
    exempt = {"code": "0", "rate": None, "net": 300, "tax": 0}
    net = make_line(amount=5100)
    parts = [{"method": "card", "amount": 1100}, {"method": "voucher", "amount": 4000}]
    return [
        {},
        {"lines": [make_line(), discount], "rounding": 20},
        {"lines": [make_line(), tip], "taxes": [make_tax("A", 5100), exempt], "total": 5400},
        {"lines": [hostile, bottles], "rounding": -1, "operator": "+1", "buyer": "@buyer"},
        {"lines": [weighed], "taxes": [{"code": "B", "rate": "7.5", "net": 4000, "tax": 300}]},
        {"currency": "EUR"},
        {
            "lines": [net], "taxes_included": False, "taxes": [{"code": "A", "rate": "12.00", "net": 5100, "tax": 612}],
            "total": 5712, "payments": [{"method": "cash", "amount": 5712}],
        },
        {"payments": parts},
    ]  # fmt: skip
