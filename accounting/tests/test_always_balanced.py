"""The journal balances after every step: closes, supplements, counts, entries by hand, reversals, locks.

A model beside it knows what each account must have, computed in its own way: with fractions, from what the steps were
made of and not from what closes say.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounting.books.faults import BooksFault
from accounting.books.manual import ManualEntry, ManualLine, lock_until, write_by_hand
from accounting.books.models import Account, Books, JournalEntry
from accounting.books.posting import post_close, reverse
from accounting.books.queries import balances
from accounting.cash.counting import Count, count_cash
from accounting.cash.models import CashUp
from accounting.days.content import CurrencyFigures, PaymentFigures, TaxFigures
from accounting.tests.closes import NOW, make_close
from accounting.vat.ledger import vat_check, vat_rows
from possys.accounts.models import User
from tests.cast import make_user
from tests.factories import make_retailer, make_store
from transactions.models import Store

pytestmark = pytest.mark.django_db
FIRST, DAYS = date(2026, 11, 1), 10
LAST = FIRST + timedelta(days=60)
SPECIAL = {"deposits": "2200", "tips": "2220", "vouchers": "2210", "others": "4900"}
METHODS = {"cash": "1000", "card": "1100", "transfer": "1110", "voucher": "1120", "account": "1200", "shells": "1290"}
CURRENCIES = ("CZK", "EUR")

amounts = st.integers(-50_000, 100_000)
kinds = st.fixed_dictionaries({"items": amounts}, optional=dict.fromkeys((*SPECIAL, "discounts"), amounts))
tax_rows = st.tuples(st.sampled_from(["", "0", "12.00", "21.00"]), st.booleans(), st.integers(-1, 1), kinds)
places = st.tuples(st.integers(0, 1), st.integers(0, DAYS - 1), st.sampled_from(CURRENCIES))
steps = st.one_of(
    st.tuples(
        st.just("close"), places, st.lists(tax_rows, max_size=3), st.dictionaries(st.sampled_from([*METHODS]), amounts)
    ),
    st.tuples(st.just("count"), places, st.integers(0, 90_000), st.integers(0, 90_000)),
    st.tuples(st.just("hand"), places, st.lists(amounts, max_size=4)),
    st.tuples(st.just("reverse"), st.integers(0, 30)),
    st.tuples(st.just("lock"), st.integers(0, DAYS)),
)


@dataclass
class Trade:
    """The steps as they are taken, and what every account must have by (currency, number)."""

    stores: list[Store]
    clerk: User
    known: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))
    entries: list[JournalEntry] = field(default_factory=list)
    moved: dict[int, dict[str, int]] = field(default_factory=dict)
    tax: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    parts: dict[tuple[int, int], int] = field(default_factory=lambda: defaultdict(int))
    cash: dict[tuple[int, int, str], int] = field(default_factory=lambda: defaultdict(int))
    counts: dict[tuple[int, int, str], tuple[CashUp, dict[str, int]]] = field(default_factory=dict)
    locked: date | None = None

    def take(self, name: str, *asked: Any) -> None:
        getattr(self, name)(*asked)

    def close(self, place: tuple[int, int, str], rows: list[Any], payments: dict[str, int]) -> None:
        store, day, currency = place
        expected: dict[str, int] = defaultdict(int)
        taxes = tuple(
            self._tax_row(code, *row, expected=expected, currency=currency)
            for code, row in zip("ABC", rows, strict=False)
        )
        for method, amount in payments.items():
            expected[METHODS[method]] += amount
        expected["6010"] -= sum(expected.values())
        self.parts[store, day] += 1
        self.cash[store, day, currency] += payments.get("cash", 0)
        paid = tuple(PaymentFigures(method, 1, amount) for method, amount in sorted(payments.items()))
        figures = CurrencyFigures(currency, taxes=taxes, payments=paid)
        made = make_close(self.stores[store], figures, day=self.day(day), part=self.parts[store, day])
        self.add(currency, expected, post_close(made, NOW), self.day(day))

    def count(self, place: tuple[int, int, str], counted: int, banked: int) -> None:
        store, day, currency = place
        before = self.counts.get(place)
        banked = min(banked, counted)
        asked = Count(
            self.stores[store], None, self.day(day), currency, 0, counted, banked, is_correction=before is not None
        )
        made = count_cash(asked, self.clerk, NOW)
        # Without a close the feed is asked, which has nothing here.
        difference = counted - (self.cash[place] if self.parts[store, day] else 0)
        moved = {"1000": difference - banked, "6000": -difference, "1010": banked}
        if before and before[0].entry:
            self.entries += JournalEntry.objects.filter(reverses=before[0].entry)[:1]
            self.add(currency, {number: -amount for number, amount in before[1].items()}, [], self.day(day))
        self.add(currency, moved, [made.entry] if made.entry else [], self.day(day))
        self.counts[place] = (made, moved)

    def hand(self, place: tuple[int, int, str], given: list[int]) -> None:
        store, day, currency = place
        rows = [("1020", amount) for amount in given] + [("2100", -sum(given))]
        lines = tuple(ManualLine(number, max(amount, 0), max(-amount, 0)) for number, amount in rows if amount)
        asked = ManualEntry(self.day(day), currency, "By hand", lines, self.stores[store].pk)
        is_refused = not lines or (self.locked is not None and self.day(day) <= self.locked)
        try:
            made = write_by_hand(self.stores[0].retailer_id, asked, self.clerk, NOW)
        except BooksFault:
            assert is_refused
        else:
            assert not is_refused
            self.add(currency, {"1020": sum(given), "2100": -sum(given)}, [made], self.day(day))

    def reverse(self, number: int) -> None:
        # A count's entry is reversed by the count that takes its place.
        own = [entry for entry in self.entries if entry.kind not in {"cash_up"} and entry.pk in self.moved]
        if not own:
            return
        entry = own[number % len(own)]
        is_reversed = JournalEntry.objects.filter(reverses=entry).exists()
        try:
            made = reverse(entry, self.clerk, NOW)
        except BooksFault:
            assert is_reversed
        else:
            assert not is_reversed
            back = {number: -amount for number, amount in self.moved[entry.pk].items()}
            self.add(entry.currency, back, [made], entry.dated)

    def lock(self, day: int) -> None:
        until = self.day(day)
        try:
            lock_until(self.stores[0].retailer_id, until, NOW)
        except BooksFault:
            assert self.locked is not None
            assert until < self.locked
        else:
            self.locked = until

    def add(self, currency: str, moved: dict[str, int], made: list[JournalEntry], day: date) -> None:
        for number, amount in moved.items():
            self.known[currency, number] += amount
        for entry in made:
            open_day = day if self.locked is None or day > self.locked else self.locked + timedelta(days=1)
            assert entry.dated == open_day
            assert entry.for_day == (None if day == open_day else day)
            self.moved[entry.pk] = dict(moved)
        self.entries += made

    def day(self, number: int) -> date:
        return FIRST + timedelta(days=number)

    def _tax_row(
        self, code: str, rate: str, is_printed: bool, off: int, lines: dict[str, int], *, expected: Any, currency: str
    ) -> TaxFigures:
        printed, share = sum(lines.values()), Fraction(rate or 0) / 100
        tax = nearest(printed * share / (1 + share) if is_printed else printed * share)
        # So near to nothing nobody can tell whether the tax is in what is printed.
        is_printed, off = (True, 0) if abs(tax) < 3 else (is_printed, off)
        tax = nearest(printed * share / (1 + share) if is_printed else printed * share)
        net = (printed - tax if is_printed else printed) + off
        special = 0
        for name, account in SPECIAL.items():
            own = nearest(Fraction(lines.get(name, 0)) / (1 + share if is_printed else 1))
            expected[account] -= own
            special += own
        expected["4000"] -= net - special
        expected["2100"] -= tax
        self.tax[currency] += tax
        return TaxFigures(code, rate, sales_net=net, sales_tax=tax, **lines)


def nearest(number: Fraction) -> int:
    """Half away from zero."""
    size = int(abs(number) + Fraction(1, 2))
    return size if number >= 0 else -size


def check(trade: Trade) -> None:
    """What must hold after every step."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        cursor.execute("SELECT entry_id FROM accounting_journalline GROUP BY entry_id HAVING sum(amount) <> 0")
        assert cursor.fetchall() == []
    retailer = trade.stores[0].retailer_id
    numbers = list(JournalEntry.objects.order_by("number").values_list("number", flat=True))
    assert numbers == list(range(1, len(numbers) + 1))
    books = Books.objects.filter(pk=retailer).first()
    assert books is None or (books.last_number, books.locked_until) == (len(numbers), trade.locked)
    for currency in CURRENCIES:
        found = balances(retailer, currency, FIRST, LAST)
        assert {row.account.number: row.closing for row in found if row.closing} == {
            number: amount for (of, number), amount in trade.known.items() if of == currency and amount
        }
        assert sum(row.closing for row in found) == 0
        assert sum(row.debit for row in found) == sum(row.credit for row in found)
        ledger = vat_check(retailer, currency, FIRST, LAST, vat_rows(retailer, currency, FIRST, LAST))
        assert ledger.ledger == ledger.from_closes == trade.tax[currency]
        assert ledger.ledger + ledger.otherwise == -trade.known[currency, "2100"]


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(taken=st.lists(steps, min_size=3, max_size=12))
def test_the_journal_balances_after_every_step(db: None, taken: list[Any]) -> None:
    with transaction.atomic():
        retailer = make_retailer()
        trade = Trade([make_store(retailer), make_store(retailer)], make_user("clerk"))
        for step in taken:
            trade.take(*step)
            check(trade)
        transaction.set_rollback(True)


def test_the_model_is_about_something(db: None) -> None:
    """Every kind of step leaves what it should, so that the test above does not pass by doing nothing."""
    retailer = make_retailer()
    trade = Trade([make_store(retailer), make_store(retailer)], make_user("clerk"))
    place = (0, 2, "CZK")
    for step in (
        ("close", place, [("21.00", True, 1, {"items": 1210, "deposits": 605})], {"cash": 1000, "shells": 815}),
        ("close", place, [("12.00", False, 0, {"items": -100, "tips": 50})], {"cash": -56}),
        ("count", place, 900, 300),
        ("count", place, 950, 300),
        ("hand", place, [70, 30]),
        ("reverse", 0),
        ("lock", 5),
        ("reverse", 1),
        ("count", place, 944, 300),
        ("lock", 3),
    ):
        trade.take(*step)
        check(trade)
    assert [entry.kind for entry in JournalEntry.objects.order_by("number")] == [
        "close", "close", "cash_up", "reversal", "cash_up", "manual", "reversal", "reversal", "reversal", "cash_up",
    ]  # fmt: skip
    assert [entry.line_count for entry in JournalEntry.objects.order_by("number")] == [6, 4, 4, 4, 4, 3, 6, 4, 4, 2]
    assert Account.objects.count() == 22
