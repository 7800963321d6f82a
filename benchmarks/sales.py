"""Requests ready to be sent: real baskets, issued now, two in a hundred late; about a microsecond a sale."""

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from benchmarks.fleet import Fleet
from benchmarks.sizes import TILLS
from possys_till.endpoints import post
from possys_till.signing import TillKey, batch
from transactions.replay.baskets import fill

BATCH_SALES = 500
# One sale in this many is late (2 in 100), issued on one of these days before today.
LATE_EVERY = 50
LATE_DAYS = (1, 2, 3)
# A till's clock shows milliseconds; here it is read anew this often.
CLOCK_STEP_S = 0.02


@dataclass(slots=True)
class Sales:
    """Makes the sales of one load process; `share` (place, of) deals out the stores among several."""

    fleet: Fleet
    templates: list[bytes]
    sequences: memoryview
    share: tuple[int, int] = (0, 1)
    terminals_max: int = 1 << 30
    made: int = 0
    # What the tills sign their sales with; all have the same key here, which costs the server no less.
    key: TillKey | None = None
    _times: tuple[bytes, ...] = ()
    _until_s: float = 0.0
    _place: int = field(default=-1)

    def sale(self, store: int, till: int) -> bytes:
        """The next sale of a till."""
        place = store * TILLS + till
        sequence = self.sequences[place] + 1
        self.sequences[place] = sequence
        made = self.made
        self.made = made + 1
        template = self.templates[made % len(self.templates)]
        terminal = self.fleet.stores[store][till]
        if made % LATE_EVERY:
            return self._signed(fill(template, terminal=terminal, sequence=sequence, issued_at=self._times[0]))
        late = self._times[1 + made // LATE_EVERY % len(LATE_DAYS)]
        return self._signed(fill(template, terminal=terminal, sequence=sequence, issued_at=late, mode=b"offline"))

    def _signed(self, sale: bytes) -> bytes:
        return sale if self.key is None else self.key.envelope(sale)

    def one(self, path: bytes, scheme: bytes, tokens: list[bytes]) -> bytes:
        """A request with one sale of the next terminal in turn."""
        self.read_clock()
        terminals = min(self.fleet.terminals, self.terminals_max)
        # Neighbours in time are tills of different stores, as in life.
        till, store = divmod(self._next(terminals), terminals // TILLS)
        body = self.sale(store, till)
        return post(path, body, token=tokens[store * TILLS + till], scheme=scheme)

    def batch(self, path: bytes, spread: int) -> bytes:
        """A gateway's request with 500 sales of the next `spread` stores in turn, each in a shard of its own."""
        self.read_clock()
        first = self._next(len(self.fleet.stores) // spread) * spread
        sales = [self.sale(first + number % spread, number // spread % TILLS) for number in range(BATCH_SALES)]
        return post(path, batch(sales), token=self.fleet.gateway_tokens[first])

    def _next(self, count: int) -> int:
        """This process's next place of so many in turn; no other process gets the same one."""
        self._place += 1
        own = range(self.share[0], count, self.share[1])
        return own[self._place % len(own)]

    def read_clock(self) -> None:
        """Moves the time of issue on; a maker of requests does it once for each."""
        now_s = time.monotonic()
        if now_s < self._until_s:
            return
        self._until_s = now_s + CLOCK_STEP_S
        now = datetime.now(UTC)
        self._times = tuple(
            (now - timedelta(days=days)).isoformat(timespec="milliseconds").encode() for days in (0, *LATE_DAYS)
        )
