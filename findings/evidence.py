"""What each kind of finding rests on: the shape of Finding.evidence.

`extent` says how much of it there is, in the kind's own measure: what a person dismissed opens again only when the
extent has grown past what was dismissed, by `GROWS` times where a measure always moves a little.
"""

from typing import Any, ClassVar

import msgspec
from msgspec import Struct


class Evidence(Struct, kw_only=True, omit_defaults=False):
    """What all kinds have. Moments are RFC 3339 in UTC."""

    GROWS: ClassVar[float] = 1.0

    extent: int

    def has_grown(self, past: "Evidence | dict[str, Any]") -> bool:
        """Whether there is more of it than in an earlier evidence of the same finding."""
        before = past["extent"] if isinstance(past, dict) else past.extent
        return self.extent > before * self.GROWS

    def as_json(self) -> dict[str, Any]:
        """As it is kept in the database."""
        found: dict[str, Any] = msgspec.to_builtins(self)
        return found


class GapEvidence(Evidence):
    """Numbers that did not come; `extent` is how many. Subject: the first number of the gap as it was first seen."""

    ranges: list[tuple[int, int]]
    missing: int
    seen_at: str
    # When the numbers around it were issued, and until when what was issued then may come.
    issued_after: str
    issued_before: str
    due_at: str
    is_overdue: bool
    # The till lacks more than is kept one by one, and of these only the count is known.
    is_more: bool = False


class Spot(Struct):
    """Where a record is in the ledger."""

    sealed_on: str
    block: int
    position: int


class ConflictEvidence(Evidence):
    """One identity with several contents; `extent` is how many others came. Subject: the sequence."""

    sequence: int
    shard: int
    # The one that counts; None when its place is not known.
    first: Spot | None
    others: list[Spot]
    sealed_at: str
    # Names of the sale's fields in which the newest other one differs, as JSON pointers; empty when only the way of
    # writing differs.
    fields: list[str]
    # None when a record was removed by law.
    total: int | None
    other_total: int | None
    currency: str = ""


class ClockEvidence(Evidence):
    """A clock that was certainly wrong; `extent` is the worst of it in seconds. Subject: the day it began."""

    GROWS: ClassVar[float] = 2.0

    ahead_sales: int
    ahead_worst_s: int
    behind_sales: int
    behind_worst_s: int
    backwards_sales: int
    backwards_worst_s: int
    first_at: str
    last_at: str
    first_sequence: int
    last_sequence: int
    offset_s: int


class SilentEvidence(Evidence):
    """No sale where its own history has many; `extent` is the hours of silence. Subject: when the last sale came."""

    GROWS: ClassVar[float] = 2.0

    last_received_at: str
    last_issued_at: str
    expected_sales: float
    # That so many sales fail to come by chance.
    probability: float
    weeks: int
    # What the history has of each hour that passed in silence: (weekday, hour, mean sales).
    hours: list[tuple[int, int, float]]


class RefundsEvidence(Evidence):
    """More is taken back than usual; `extent` is how many refunds and voids. Subject: the day."""

    GROWS: ClassVar[float] = 1.5

    day: str
    sales: int
    refunds: int
    voids: int
    currency: str
    gross: int
    refunded: int
    voided: int
    # Of the till's own past, and of the retailer's other tills, as shares of the sales.
    usual_share: float
    others_share: float


class AfterCloseEvidence(Evidence):
    """Sales just after a day's close; `extent` is how many. Subject: the day."""

    day: str
    sales: int
    # The hour, in the till's own time, after which it usually sells nothing any more.
    usual_last_hour: int
    last_issued_at: str


class UnknownProductsEvidence(Evidence):
    """Lines of items without sku and GTIN; `extent` is how many lines. Subject: the day."""

    GROWS: ClassVar[float] = 1.5

    day: str
    lines: int
    unknown_lines: int
    unknown_amount: int
    currency: str
    usual_share: float
