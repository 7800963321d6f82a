"""What each kind of finding rests on: the shape of Finding.evidence.

`extent` says how much of it there is, in the kind's own measure: what a person dismissed opens again only when the
extent has grown past what was dismissed, by `GROWS` times where a measure always moves a little.
"""

from typing import Any, ClassVar, Self

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
        found: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(self))
        return found

    @classmethod
    def read(cls, kept: dict[str, Any]) -> Self:
        """An evidence out of the database. Raises msgspec.ValidationError when an older version wrote another shape."""
        return msgspec.convert(kept, cls)


class GapEvidence(Evidence):
    """Numbers that did not come; `extent` is how many. Subject: the first number of the gap as it was first seen."""

    ranges: list[tuple[int, int]]
    missing: int
    seen_at: str
    # When the numbers around it were issued, and until when what was issued then may come: None while an outage that
    # is declared and goes on keeps that time from running.
    issued_after: str
    issued_before: str
    due_at: str | None
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
    """No sale where its own history has many; `extent` is the hours of silence. Subject: when the last sale came.

    `scope`: "till"; "store", all tills of which are silent; "retailer", most of whose stores are. For these two the
    terminal is the store's first one, and the figures are of the store.
    """

    GROWS: ClassVar[float] = 2.0

    scope: str
    last_received_at: str
    last_issued_at: str
    # Up to when it was judged, which is when the store's other tills fell silent, too, if all did.
    judged_until: str
    expected_sales: float
    # Days on which it usually sells, and how far they are over.
    due_days: float
    # That a till in order is silent for such a span, and the same as "once in so many such spans".
    probability: float
    once_in: int
    # What it is judged by: so many weeks of history, and receipts in a usual week.
    weeks: int
    usual_week: float
    # Other tills of the store, and what they sold since; of a retailer, its silent stores.
    other_tills: int = 0
    others_sold: int = 0
    silent_stores: int = 0
    # What the history has of a usual week's hours: (weekday from Monday 0, hour, mean sales), hours without left out.
    hours: list[tuple[int, int, float]] = []


class Receipt(Struct):
    """One sale, refund or void that a finding names; `issued_at` as the till wrote it."""

    code: str
    kind: str
    issued_at: str
    total: int
    operator: str | None = None
    refers_to: str | None = None


class OperatorPart(Struct):
    """How many refunds and voids of the window one operator made, and their amount (negative)."""

    operator: str
    refunds: int
    voids: int
    amount: int


class RefundsEvidence(Evidence):
    """More is taken back than usual, or oddly; `extent` is how many refunds and voids of the window. No subject.

    `reasons`, one at least: "refunds", "voids" (too many), "amount" (too much money), "round" (round amounts), "series"
    (one after the other without a customer between), "before-close" (just before the store's end of business).
    """

    GROWS: ClassVar[float] = 1.5

    since: str
    until: str
    reasons: list[str]
    sales: int
    refunds: int
    voids: int
    currency: str
    gross: int
    refunded: int
    voided: int
    # How many refunds, and voids, its store's and retailer's other tills would have, and its own past.
    expected_refunds: float
    expected_voids: float
    # Refunds and voids for a sale: of the till's own past, of its store's other tills, of the retailer's others.
    usual_share: float
    store_share: float
    others_share: float
    # That one of all tills looked at shows this by chance, and of how many.
    probability: float
    once_in: int
    looked_at: int
    # Of the refunds and voids that were read (at most some hundred): what stands out.
    round_amounts: int = 0
    in_series: int = 0
    before_close: int = 0
    quick_voids: int = 0
    operators: list[OperatorPart] = []
    receipts: list[Receipt] = []


class LateDay(Struct):
    """What was sold after the close of one day. Moments are of the till's own time, as HH:MM."""

    day: str
    usual_end: str
    first_at: str
    last_at: str
    sales: int
    amount: int


class AfterCloseEvidence(Evidence):
    """Sales well after the store's usual end of business; `extent` is how many. No subject.

    `reasons`, one at least: "repeated" (on several days), "large" (much in one night), "backdated".
    `backdated`: sales that came after midnight, with numbers behind those of the new day, but are dated before it.
    """

    GROWS: ClassVar[float] = 1.5

    since: str
    until: str
    sales: int
    amount: int
    currency: str
    # Part of what the till sold in the window, of the money.
    share: float
    days: list[LateDay]
    backdated: int
    probability: float
    once_in: int
    looked_at: int
    receipts: list[Receipt] = []
    reasons: list[str] = []


class UnknownProductsEvidence(Evidence):
    """Lines of items without sku and GTIN; `extent` is how many lines of the window. No subject."""

    GROWS: ClassVar[float] = 1.5

    since: str
    until: str
    lines: int
    unknown_lines: int
    unknown_amount: int
    currency: str
    expected_lines: float
    # Shares of unknown lines: of the till's own past, of its store's other tills, of the retailer's others.
    usual_share: float
    store_share: float
    others_share: float
    probability: float
    once_in: int
    looked_at: int
    # Names that such lines have, the most frequent first: (name, lines).
    names: list[tuple[str, int]] = []
    receipts: list[Receipt] = []
