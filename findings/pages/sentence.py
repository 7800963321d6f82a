"""What a finding is, in one sentence of words and figures: what stands in every list. Pure."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from findings.pages.texts import WORDS
from portal.sheets.cells import with_currency
from possys.clock import lasting

# Of many ranges, the first ones say enough.
RANGES_SHOWN = 3
# A clock that is off by more than two days is off by days.
MINUTE_S, HOUR_S, DAY_S = 60, 3600, 86400

Said = Mapping[str, Any]


def sentence(kind: str, evidence: Said, began_at: datetime, now: datetime) -> str:
    """The sentence; of evidence that an older version wrote in another shape only the kind's name."""
    try:
        return _SENTENCES[str(kind)](evidence, lasting(now - began_at))
    except (KeyError, TypeError, ValueError, IndexError):
        return WORDS[str(kind)].name if str(kind) in WORDS else str(kind)


def numbers(ranges: Sequence[Sequence[int]]) -> str:
    """Ranges of numbers: `88121 to 88123, 88130 and 2 more ranges`."""
    shown = ", ".join(
        f"{first}" if first == last else f"{first} to {last}" for first, last in list(ranges)[:RANGES_SHOWN]
    )
    more = len(ranges) - RANGES_SHOWN
    return f"{shown} and {more} more range{'s' if more > 1 else ''}" if more > 0 else shown


def span(seconds: int) -> str:
    """How far a clock is off, exactly enough: `45 s`, `12 min`, `1 h 2 min`, `3 days`."""
    size = abs(seconds)
    if size < MINUTE_S:
        return f"{size} s"
    if size < HOUR_S:
        return f"{size // MINUTE_S} min"
    if size < 2 * DAY_S:
        minutes = size % HOUR_S // MINUTE_S
        return f"{size // HOUR_S} h" + (f" {minutes} min" if minutes else "")
    return f"{size // DAY_S} days"


def moment(text: str) -> datetime:
    """A moment of an evidence: RFC 3339 in UTC."""
    return datetime.fromisoformat(text).astimezone(UTC)


def window(evidence: Said) -> str:
    """How long the days are that an evidence is about, both ends included."""
    first, last = (date.fromisoformat(evidence[name][:10]) for name in ("since", "until"))
    return counted((last - first).days + 1, "day")


def seldom(evidence: Said) -> str:
    """How seldom a till that is in order shows it."""
    return f"Of tills that are in order, one in {evidence['once_in']:,} shows this by chance."


def per_cent(share: float) -> str:
    """A share for people: `12%`, `1.5%`."""
    return f"{share * 100:.0f}%" if share >= 0.1 else f"{share * 100:.1f}%"


def counted(count: int, one: str, many: str = "") -> str:
    """`1 receipt`, `3,120 receipts`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def _gap(evidence: Said, age: str) -> str:
    found, ranges = counted(evidence["missing"], "receipt"), evidence["ranges"]
    if evidence.get("is_more"):
        # Of so many only the count is known.
        return f"{found} missing somewhere between {ranges[0][0]} and {ranges[-1][1]}, for {age}"
    return f"{found} missing: {numbers(ranges)}, for {age}"


def _conflict(evidence: Said, age: str) -> str:
    times = {1: "twice", 2: "three times"}.get(evidence["extent"], f"{evidence['extent'] + 1} times")
    currency, totals = evidence["currency"], (evidence["total"], evidence["other_total"])
    shown = [with_currency(total, currency) for total in totals if total is not None and currency]
    said = f": {shown[0]} and {shown[1]}" if len(shown) == len(totals) and shown[0] != shown[1] else ""
    return f"Receipt {evidence['sequence']} was sent {times} with different contents{said}"


def _silent(evidence: Said, age: str) -> str:
    usual = f"where about {counted(max(1, round(evidence['expected_sales'])), 'sale')} would be usual"
    if evidence["scope"] == "retailer":
        return f"Nothing from {counted(evidence['silent_stores'], 'store')} of the retailer for {age}"
    if evidence["scope"] == "store":
        return f"Nothing from any till of the store for {age}, {usual}"
    return f"Nothing for {age}, {usual}"


def _clock(evidence: Said, age: str) -> str:
    found = [
        (evidence["ahead_sales"], evidence["ahead_worst_s"], "ahead"),
        (evidence["behind_sales"], evidence["behind_worst_s"], "behind"),
        (evidence["backwards_sales"], evidence["backwards_worst_s"], "back"),
    ]
    sales, worst, way = max(found, key=lambda one: one[1])
    said = f"The clock jumped {span(worst)} back" if way == "back" else f"The clock was {span(worst)} {way}"
    return f"{said}, on {counted(sales, 'receipt')}"


def _refunds(evidence: Said, age: str) -> str:
    parts = [counted(evidence[name], name[:-1]) for name in ("refunds", "voids") if evidence[name]]
    back = with_currency(-(evidence["refunded"] + evidence["voided"]), evidence["currency"])
    return (
        f"{' and '.join(parts)} to {counted(evidence['sales'], 'sale')} in {window(evidence)}, {back} given back; "
        f"usually {per_cent(evidence['usual_share'])} of sales"
    )


def _after_close(evidence: Said, age: str) -> str:
    money = with_currency(evidence["amount"], evidence["currency"])
    days = counted(len(evidence["days"]), "day")
    return f"{counted(evidence['sales'], 'sale')} after the day's close on {days}, {money} in all"


def _unknown(evidence: Said, age: str) -> str:
    money = with_currency(evidence["unknown_amount"], evidence["currency"])
    return (
        f"{evidence['unknown_lines']:,} of {counted(evidence['lines'], 'line')} in {window(evidence)} name no product "
        f"({money}); usually {per_cent(evidence['usual_share'])}"
    )


_SENTENCES: dict[str, Callable[[Said, str], str]] = {
    "gap": _gap,
    "conflict": _conflict,
    "silent": _silent,
    "clock": _clock,
    "refunds": _refunds,
    "after-close": _after_close,
    "unknown-products": _unknown,
}
