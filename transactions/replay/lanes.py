"""A lane: one thread that sends the sales of its own stores over its own connection, in order and in time.

A store belongs to one lane, so a till's sales follow each other as they do in life.
"""

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from transactions.replay.acknowledgements import Sent
from transactions.replay.baskets import Return, fill, template
from transactions.replay.delivery import Delivery
from transactions.replay.payments import spread
from transactions.replay.sequences import Sequences
from transactions.replay.source import STORE_OFFSET_S, Year, issued_at

# A gateway passes on what it has at least this often, however few sales there are.
GATEWAY_WAIT_S = 1.0
# A lane that fell behind its rate does not catch up on more than this: a flood after an outage is not its
# task.
CATCH_UP_S = 1.0
REFUND_PARTS = 10_000
# Only what the ledger has can be taken back; it has a sale within a second or two. What tills say that they did while
# they were offline is taken whatever the ledger has.
RECORDED_AFTER_S = 3.0


@dataclass(frozen=True, slots=True)
class StoreTills:
    """A store's terminals with their tokens, and its retailer's gateway token."""

    retailer: int
    gateway_token: str
    terminals: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """What a replay does. `baskets` are in order of time, `wall_s` is each one's moved time at its store."""

    url: str
    batch: int
    rate: float
    live: bool
    endless: bool
    refunds: float
    baskets: Sequence[int]
    wall_s: Sequence[int]


class Returnable(NamedTuple):
    """An acknowledged sale that can be taken back from a moment of the process's clock on."""

    basket: int
    terminal: int
    code: str
    from_s: float


@dataclass(slots=True)
class Lane:
    """One lane's share: places in the plan's baskets, and what it needs to send them."""

    plan: Plan
    share: Sequence[int]
    year: Year
    tills: Mapping[int, StoreTills]
    sequences: Sequences
    delivery: Delivery
    stop: threading.Event

    # Each store's latest acknowledged sale, which its next refund takes back, once; and while that is too new, the one
    # before that was not.
    latest: dict[int, Returnable] = field(default_factory=dict)
    returnable: dict[int, Returnable] = field(default_factory=dict)
    # Refunds whose store has no acknowledged sale yet: in a gateway's batches answers come late.
    owed: dict[int, int] = field(default_factory=dict)
    gathered: dict[int, list[Sent]] = field(default_factory=dict)

    def run(self) -> None:
        """Sends the share, once or until stopped, and what gathered in the gateway."""
        oldest_s, moment = time.monotonic(), ""
        for place in self._in_time():
            moment = self._moment(place)
            for sale in self._sales(place, moment):
                self._gather(sale)
            if self.plan.rate and time.monotonic() - oldest_s > GATEWAY_WAIT_S:
                self._send_all()
                oldest_s = time.monotonic()
        self._send_all()
        for store in list(self.owed):
            for refund in self._refunds(store, moment):
                self._gather(refund)
        self._send_all()
        self.delivery.close()

    def _in_time(self) -> Iterator[int]:
        """The share's places, each when it is due; ends when the share does, or the replay is stopped."""
        interval_s = 0.0
        if self.plan.rate:
            interval_s = len(self.plan.baskets) / len(self.share) / self.plan.rate
        # Lanes begin spread over their interval, so that a slow replay is steady.
        due_s = time.monotonic() + interval_s * (spread(self.share[0]) % 100) / 100
        while True:
            for place in self.share:
                if interval_s:
                    due_s = max(due_s + interval_s, time.monotonic() - CATCH_UP_S)
                    if self.stop.wait(max(0.0, due_s - time.monotonic())):
                        return
                if self.stop.is_set():
                    return
                yield place
            if not self.plan.endless:
                return

    def _moment(self, place: int) -> str:
        """When a basket is issued: now, or at its moved time."""
        return issued_at(int(time.time()) + STORE_OFFSET_S if self.plan.live else self.plan.wall_s[place])

    def _sales(self, place: int, moment: str) -> Iterator[Sent]:
        """The basket's sale, and now and then refunds of earlier sales of that store."""
        basket = self.plan.baskets[place]
        number, store = int(self.year.numbers[basket]), int(self.year.stores[basket])
        terminals = self.tills[store].terminals
        yield self._sale(basket, terminals[number % len(terminals)][0], moment, None)
        if spread(number) % REFUND_PARTS < self.plan.refunds * REFUND_PARTS:
            self.owed[store] = self.owed.get(store, 0) + 1
        if store in self.owed:
            yield from self._refunds(store, moment)

    def _refunds(self, store: int, moment: str) -> Iterator[Sent]:
        """A refund that the store owes, when a sale of its own was acknowledged that none took back."""
        self._let_ripen(store)
        if found := self.returnable.pop(store, None):
            self.owed[store] -= 1
            if not self.owed[store]:
                del self.owed[store]
            yield self._sale(found.basket, found.terminal, moment, Return(found.code))

    def _let_ripen(self, store: int) -> None:
        """The store's latest sale can be taken back as soon as it is old enough."""
        if store in self.latest and time.monotonic() >= self.latest[store].from_s:
            self.returnable[store] = self.latest.pop(store)

    def _sale(self, basket: int, terminal: int, moment: str, refund: Return | None) -> Sent:
        """The bytes to send, with a number of their own; moved sales say that they were made offline."""
        sequence = self.sequences.take(terminal)
        body = fill(
            template(self.year, basket, refund),
            terminal=terminal,
            sequence=sequence,
            issued_at=moment.encode("ascii"),
            mode=b"online" if self.plan.live else b"offline",
            kind=b"refund" if refund else b"sale",
        )
        store = int(self.year.stores[basket])
        return Sent(terminal, sequence, moment[:10], body, store, basket, refund is not None)

    def _gather(self, sale: Sent) -> None:
        """Sends a batch of one store when it is full; without batches every sale at once."""
        waiting = self.gathered.setdefault(sale.store, [])
        waiting.append(sale)
        if len(waiting) >= self.plan.batch:
            del self.gathered[sale.store]
            self._send(waiting)

    def _send_all(self) -> None:
        """Sends what waits, filling batches with several stores of one retailer."""
        by_retailer: dict[int, list[Sent]] = {}
        for store, sales in self.gathered.items():
            by_retailer.setdefault(self.tills[store].retailer, []).extend(sales)
        self.gathered.clear()
        for sales in by_retailer.values():
            for start in range(0, len(sales), self.plan.batch):
                self._send(sales[start : start + self.plan.batch])

    def _send(self, sales: list[Sent]) -> None:
        """Delivers one request's sales and remembers what can be given back."""
        tills = self.tills[sales[0].store]
        token = dict(tills.terminals)[sales[0].terminal] if self.plan.batch == 1 else tills.gateway_token
        for sale, code in self.delivery.deliver(sales, token):
            if not sale.is_refund:
                self._let_ripen(sale.store)
                # A newer one does not push out one that still ripens, or a busy store would never have any.
                from_s = time.monotonic() + (RECORDED_AFTER_S if self.plan.live else 0)
                self.latest.setdefault(sale.store, Returnable(sale.basket, sale.terminal, code, from_s))


def shares(plan: Plan, year: Year, lanes: int) -> list[list[int]]:
    """Places of the plan's baskets for each lane: whole stores, the busiest first, to the emptiest lane."""
    by_store: dict[int, list[int]] = {}
    for place, basket in enumerate(plan.baskets):
        by_store.setdefault(int(year.stores[basket]), []).append(place)
    dealt: list[list[int]] = [[] for _ in range(lanes)]
    for _, places in sorted(by_store.items(), key=lambda pair: (-len(pair[1]), pair[0])):
        min(dealt, key=len).extend(places)
    return [sorted(places) for places in dealt if places]
