"""Which numbers a terminal left out, kept up as its sales come in any order. Pure.

    above the last       numbers in between are a gap
    inside a gap         fills it: from one end, or in the middle, which splits it; what is left keeps its origin
    below the first      the first number that was ever seen is where a till began, until a lower one comes

What lacks is always last - first + 1 - records, whatever the order was. Of a terminal that leaves out numbers
all the time, GAPS_MAX gaps are kept one by one and of the rest the count.
"""

from collections.abc import Iterable, Iterator

from msgspec import Struct

# A till in order has none, one that was offline some; past this many it is not the single gap that matters.
GAPS_MAX = 64
# The row of all others has no origin; numbers begin with 1.
NO_ORIGIN = 0


class Gap(Struct, gc=False):
    """A row of findings.models.Gap; moments in microseconds since 2000."""

    first: int
    last: int
    missing: int
    origin: int
    is_more: bool
    seen_us: int
    after_us: int
    before_us: int

    @property
    def row(self) -> tuple[int, ...]:
        """Its columns, in this order."""
        return (
            self.first, self.last, self.missing, self.origin, int(self.is_more), self.seen_us, self.after_us,
            self.before_us,
        )  # fmt: skip


class Numbers(Struct, gc=False):
    """The numbers of one terminal: the lowest and the highest, when these were issued, and what lacks between.

    `last` is 0 when none has come yet.
    """

    first: int = 0
    first_us: int = 0
    last: int = 0
    last_us: int = 0
    gaps: dict[int, Gap] = {}
    more: Gap | None = None

    def load(self, gaps: Iterable[Gap]) -> None:
        """Takes what the database has."""
        self.gaps = {}
        for gap in gaps:
            if gap.is_more:
                self.more = gap
            else:
                self.gaps[gap.first] = gap

    def rows(self) -> Iterator[Gap]:
        """What the database should have."""
        yield from self.gaps.values()
        if self.more is not None:
            yield self.more

    @property
    def missing(self) -> int:
        """How many numbers lack."""
        return sum(gap.missing for gap in self.rows())

    def add(self, number: int, issued_us: int, seen_us: int) -> tuple[int, int]:
        """A number that came; answers between which moments its neighbours say that it was issued.

        A neighbour that is not known is the moment itself. `seen_us` is for a gap that this opens.
        """
        if number > self.last:
            return self._above(number, issued_us, seen_us)
        if number < self.first:
            if number + 1 < self.first:
                self._open(number + 1, self.first - 1, seen_us, issued_us, self.first_us)
            before_us, self.first, self.first_us = self.first_us, number, issued_us
            return issued_us, before_us
        return self._fill(number, issued_us)

    def _above(self, number: int, issued_us: int, seen_us: int) -> tuple[int, int]:
        if not self.last:
            self.first, self.first_us = number, issued_us
            after_us = issued_us
        else:
            after_us = self.last_us
            if number > self.last + 1:
                self._open(self.last + 1, number - 1, seen_us, after_us, issued_us)
        self.last, self.last_us = number, issued_us
        return after_us, issued_us

    def _open(self, first: int, last: int, seen_us: int, after_us: int, before_us: int) -> None:
        self._keep(Gap(first, last, last - first + 1, first, False, seen_us, after_us, before_us))

    def _keep(self, gap: Gap) -> None:
        if len(self.gaps) < GAPS_MAX:
            self.gaps[gap.first] = gap
        elif self.more is None:
            self.more = Gap(gap.first, gap.last, gap.missing, NO_ORIGIN, True, gap.seen_us, gap.after_us, gap.before_us)
        else:
            more = self.more
            more.first, more.last = min(more.first, gap.first), max(more.last, gap.last)
            more.missing += gap.missing
            more.seen_us, more.after_us = min(more.seen_us, gap.seen_us), min(more.after_us, gap.after_us)
            more.before_us = min(more.before_us, gap.before_us)

    def _fill(self, number: int, issued_us: int) -> tuple[int, int]:
        gap = next((gap for gap in self.gaps.values() if gap.first <= number <= gap.last), None)
        if gap is None:
            more = self.more
            # A number that is not missing was issued on two days, which verification looks for.
            if more is not None and more.first <= number <= more.last:
                more.missing -= 1
                if not more.missing:
                    self.more = None
            return issued_us, issued_us
        del self.gaps[gap.first]
        after_us, before_us = gap.after_us, gap.before_us
        for first, last, low_us, high_us in (
            (gap.first, number - 1, after_us, issued_us),
            (number + 1, gap.last, issued_us, before_us),
        ):
            if first <= last:
                self._keep(Gap(first, last, last - first + 1, gap.origin, False, gap.seen_us, low_us, high_us))
        return after_us, before_us
