"""What a dashboard's address asks for: period, comparison, stores, category, currency, and what a list is about. Pure.

    period      today, 7d, 28d, month, quarter, year (the last three: so far), 2026-10-01..2026-10-31, or one day
    compare     before (as long a time, the same weekdays), year (364 days earlier, the same weekdays), none
    store       a store's number; may stand several times; without it, all that may be seen
    category    one category of products
    currency    three letters; without it, the one that is used most
    search      a part of a product's name
    hour, weekday, method, type, late, terminal, product      what a list of receipts is narrowed down to

An empty value is as none, as forms send it.

Days are those of the tills, as written on receipts; which of them is today is told by the site's time zone, because no
roll-up keeps what offset a store is in. A comparison of a period that is not over ends at the same hour: today until
14:00 stands against last Monday until 14:00.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple, Self
from urllib.parse import urlencode

from analytics.models import PAYMENT_METHODS
from transactions.stream import SALE_TYPES

# A year with a month around it; more is not looked at but exported month by month.
DAYS_MAX = 400
# An address has room for a few hundred; whoever wants nearly all stores leaves some out by asking for none.
STORES_MAX = 200
CATEGORY_LENGTH_MAX = 60
SEARCH_LENGTH_MAX = 120
ID_MAX = 2**31 - 1
# Products' numbers are hashes (ledger/products.py).
PRODUCT_MAX = 2**53 - 1
# The oldest and newest day that a receipt code can name.
FIRST_DAY = date(2020, 1, 1)
LAST_DAY = date(2064, 11, 8)
YEAR_DAYS = 364

PERIODS = ("today", "7d", "28d", "month", "quarter", "year")
COMPARISONS = ("before", "year", "none")
_ROLLING = {"today": 1, "7d": 7, "28d": 28}
_SINGLE = (
    "period", "compare", "category", "currency", "search", "hour", "weekday", "method", "type", "late", "terminal",
    "product",
)  # fmt: skip
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_NUMBER = re.compile(r"\d{1,16}", re.ASCII)
_CURRENCY = re.compile(r"[A-Z]{3}", re.ASCII)


class FiltersError(ValueError):
    """What an address asks for cannot be shown; `faults` has a sentence for each faulty name in it."""

    def __init__(self, faults: dict[str, str]) -> None:
        super().__init__("; ".join(f"{name}: {fault}" for name, fault in faults.items()))
        self.faults = faults


class UnknownStoreError(LookupError):
    """A store that does not exist, or is another's: nobody is told which."""


class Span(NamedTuple):
    """Days from `first` to `last`, both included."""

    first: date
    last: date

    @property
    def days(self) -> int:
        """How many days."""
        return (self.last - self.first).days + 1

    def earlier(self, days: int) -> "Span":
        """The same days so many earlier."""
        return Span(self.first - timedelta(days), self.last - timedelta(days))

    def __str__(self) -> str:
        return f"{self.first}" if self.first == self.last else f"{self.first}..{self.last}"


@dataclass(frozen=True)
class Filters:
    """What is asked for; `span` and `before` are the days, `until` is set where the period is not over."""

    period: str
    span: Span
    today: date
    hour_now: int
    compare: str = "before"
    stores: tuple[int, ...] = ()
    category: str = ""
    currency: str = ""
    search: str = ""
    hour: int | None = None
    weekday: int | None = None
    method: str = ""
    type: str = ""
    late: bool = False
    terminal: int | None = None
    product: int | None = None
    retailer: int | None = None

    @classmethod
    def read(
        cls,
        asked: Mapping[str, Sequence[str]],
        allowed: Sequence[int],
        now: datetime,
        *,
        period: str = "28d",
        retailer: int | None = None,
    ) -> Self:
        """From an address's query (a list of values a name, as of `QueryDict.lists()`) and the site's local time.

        `allowed` are the stores that the person may see, `retailer` whose they are when these are all that it has, for
        good; `period` is for an address without one. Raises FiltersError with everything that is wrong, and
        UnknownStoreError. Other names than those above are left alone.
        """
        return cls(**_Reading(asked, now).fields(allowed, period), retailer=retailer)

    @property
    def until(self) -> tuple[date, int] | None:
        """The day and the hour that are not over: only what lies before is compared. None when the period is over."""
        return (self.today, self.hour_now) if self.span.last >= self.today else None

    @property
    def until_before(self) -> tuple[date, int] | None:
        """The same on the side of the comparison."""
        return (self.today - timedelta(self.shift_days), self.hour_now) if self.until else None

    @property
    def shift_days(self) -> int:
        """How much earlier the comparison lies: whole weeks, so that the weekdays agree."""
        return YEAR_DAYS if self.compare == "year" else -(-self.span.days // 7) * 7

    @property
    def before(self) -> Span | None:
        """The days that are compared with, if any."""
        return None if self.compare == "none" else self.span.earlier(self.shift_days)

    @property
    def whole(self) -> int | None:
        """The retailer all of whose stores the figures are about; None when they are about some stores."""
        return None if self.stores else self.retailer

    def chosen(self, allowed: tuple[int, ...]) -> tuple[int, ...]:
        """The stores that figures are about: those asked for, else all that may be seen."""
        return self.stores or allowed

    def query(self, **changes: Any) -> str:
        """The canonical query with some fields changed (None takes one out), so that links keep the rest.

        `period` may be any text that `read` takes, a Span or a date.
        """
        fields: dict[str, Any] = {name: getattr(self, name) for name in (*_SINGLE, "stores")}
        if unknown := changes.keys() - fields.keys():
            raise TypeError(f"filters have no {', '.join(sorted(unknown))}")
        fields |= changes
        pairs = [("period", str(fields["period"]))]
        if fields["compare"] not in {None, "before"}:
            pairs.append(("compare", fields["compare"]))
        pairs += [("store", str(store)) for store in sorted(set(fields["stores"] or ()))]
        for name in _SINGLE[2:]:
            value = fields[name]
            if value is None or value is False or value == "":
                continue
            pairs.append((name, "1" if value is True else str(value)))
        return urlencode(pairs)

    def given(self, names: Iterable[str]) -> dict[str, Any]:
        """The fields of these names that ask for something; hour 0 and weekday 0 do."""
        values = {name: getattr(self, name) for name in names}
        return {name: value for name, value in values.items() if not (value is None or value is False or value == "")}

    def narrowed(self, **changes: Any) -> "Filters":
        """These filters with fields replaced."""
        return replace(self, **changes)


class _Reading:
    """One address being read; collects what is wrong."""

    def __init__(self, asked: Mapping[str, Sequence[str]], now: datetime) -> None:
        self._asked = asked
        self._today, self._hour = now.date(), now.hour
        self._faults: dict[str, str] = {}

    def fields(self, allowed: Sequence[int], period: str) -> dict[str, Any]:
        text, span = self._period(self._one("period") or period)
        found = {
            "period": text,
            "span": span,
            "today": self._today,
            "hour_now": self._hour,
            "compare": self._choice("compare", COMPARISONS) or "before",
            "stores": self._stores(allowed),
            "category": self._text("category", CATEGORY_LENGTH_MAX),
            "currency": self._currency(),
            "search": self._text("search", SEARCH_LENGTH_MAX).strip(),
            "hour": self._number("hour", 23),
            "weekday": self._number("weekday", 6),
            "method": self._choice("method", PAYMENT_METHODS),
            "type": self._choice("type", SALE_TYPES),
            "late": self._choice("late", ("1",)) == "1",
            "terminal": self._number("terminal", ID_MAX),
            "product": self._number("product", PRODUCT_MAX),
        }
        if self._faults:
            raise FiltersError(self._faults)
        return found

    def _one(self, name: str) -> str:
        values = self._asked.get(name, ())
        if len(values) > 1:
            self._faults[name] = "Give it once."
        return values[0] if values else ""

    def _period(self, text: str) -> tuple[str, Span]:
        span = _named_span(text, self._today) or self._days(text)
        if span is None:
            self._faults.setdefault("period", f"Choose one of {', '.join(PERIODS)}, or days as 2026-10-01..2026-10-31.")
            return text, Span(self._today, self._today)
        return (text if text in PERIODS else str(span)), span

    def _days(self, text: str) -> Span | None:
        first, _, last = text.partition("..")
        if not (_DAY.fullmatch(first) and _DAY.fullmatch(last or first)):
            return None
        try:
            span = Span(date.fromisoformat(first), date.fromisoformat(last or first))
        except ValueError:
            self._faults["period"] = "There is no such day."
            return None
        # Stores east of the site's time zone are a day ahead for some hours.
        newest = min(self._today + timedelta(days=1), LAST_DAY)
        if span.last < span.first:
            self._faults["period"] = "The first day lies behind the last."
        elif span.first < FIRST_DAY or span.last > newest:
            self._faults["period"] = f"Days from {FIRST_DAY} to {newest} can be shown."
        elif span.days > DAYS_MAX:
            self._faults["period"] = f"At most {DAYS_MAX} days can be shown at once; these are {span.days}."
        else:
            return span
        return None

    def _stores(self, allowed: Sequence[int]) -> tuple[int, ...]:
        texts = set(self._asked.get("store", ())) - {""}
        if len(texts) > STORES_MAX:
            self._faults["store"] = f"At most {STORES_MAX} stores can be chosen; with none, all are shown."
            return ()
        if not all(_NUMBER.fullmatch(text) for text in texts):
            raise UnknownStoreError
        found = {int(text) for text in texts}
        if not found <= set(allowed):
            raise UnknownStoreError
        return tuple(sorted(found))

    def _text(self, name: str, length_max: int) -> str:
        text = self._one(name)
        if len(text) > length_max:
            self._faults[name] = f"At most {length_max} characters."
        elif not text.isprintable():
            self._faults[name] = "Only characters that can be printed."
        return text

    def _currency(self) -> str:
        text = self._one("currency")
        if text and not _CURRENCY.fullmatch(text):
            self._faults["currency"] = "Three capital letters, such as CZK."
        return text

    def _choice(self, name: str, choices: Sequence[str]) -> str:
        text = self._one(name)
        if text and text not in choices:
            self._faults[name] = f"Choose one of {', '.join(choices)}."
        return text

    def _number(self, name: str, most: int) -> int | None:
        text = self._one(name)
        if text and not (_NUMBER.fullmatch(text) and int(text) <= most):
            self._faults[name] = f"A whole number from 0 to {most}."
            return None
        return int(text) if text else None


def _named_span(text: str, today: date) -> Span | None:
    """The days of a named period; None when it is none of the names."""
    if text in _ROLLING:
        return Span(today - timedelta(_ROLLING[text] - 1), today)
    if text == "month":
        return Span(today.replace(day=1), today)
    if text == "quarter":
        return Span(today.replace(month=(today.month - 1) // 3 * 3 + 1, day=1), today)
    if text == "year":
        return Span(today.replace(month=1, day=1), today)
    return None
