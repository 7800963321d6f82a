"""What people enter into the demo's books, for local work: the sales of the past and their closes make the rest.

    settings     the company for audit files; the last quarter locked, once all of its days are closed
    by hand      the month's rent; an invoice that was entered twice, and the reversal of the second
    cash-ups     two weeks in the stores of the manager: small differences, a large one, one corrected, one forgotten
    till totals  what some tills counted themselves; one of them has lost a sale

All of it goes through the operations that the pages use. A part that is there, the demo's or a person's, is left alone.
"""

import random
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date, datetime, time, timedelta

from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from accounting.books.chart import add_account, open_books
from accounting.books.manual import ManualEntry, ManualLine, lock_until, write_by_hand
from accounting.books.models import Account, Books, JournalEntry
from accounting.books.posting import reverse
from accounting.books.settings import Settings, change_settings
from accounting.cash.counting import Count, count_cash
from accounting.cash.expecting import cash_sales, usual_currency
from accounting.cash.models import CashUp
from accounting.days.closing import BATCH_DAYS, close_days
from accounting.days.due import last_due
from accounting.days.models import StoreClose, TerminalDay, TerminalPaymentDay, TerminalSequences, TillTotals
from accounting.days.receiving import keep_totals
from accounting.days.till_totals import Totals
from portal.demo import DemoShop
from transactions.models import Store, Terminal
from transactions.stream import Credential, CredentialKind

# The same chance at every start and on every machine.
SEED = 7
COUNTED_DAYS = 14
# In minor units: what is left in the drawers, and how counts differ, of which most do not.
FLOAT = 30_000
SMALL_DIFFERENCES = (0, 0, 0, 0, 0, 0, -5, 10, -25, 40, -150, 200, -310)
LARGE_DIFFERENCE = -5_000
LARGE_AT, CORRECTED_AT = 5, 9
COUNTED_AT = time(21, 15)
RENT, CLEANING = 240_000, 18_450
BANK, RENT_ACCOUNT, OTHER_EXPENSES = "1020", "6100", "6900"
# Terminals that send totals of their own, and for how many days.
TOTALS_TILLS, TOTALS_DAYS = 3, 3
STREET, CITY, POSTAL_CODE, COUNTRY = "1 Market Square", "Fairview", "45001", "US"


def make_books(shop: DemoShop, now: datetime, say: Callable[[str], None]) -> None:
    """Everything that is missing in the books of one retailer. Again it changes nothing."""
    stores = list(Store.objects.filter(retailer=shop.retailer).order_by("pk"))
    books, currency = open_books(shop.retailer.pk), usual_currency([store.pk for store in stores])
    _name_company(shop, books, now)
    if not currency:
        say(f"{shop.retailer.name}: nothing was sold in cash yet")
        return
    until = last_due(timezone.localtime(now), books.close_at)
    for rank, store in enumerate(shop.managed):
        _close([store], until - timedelta(COUNTED_DAYS), until, now)
        _count(shop, store, currency, until, is_whole=rank == 0)
    _write_entries(shop, currency, now)
    _send_totals(shop.managed, until, now)
    _lock_last_quarter(stores, books, now)
    say(f"{shop.retailer.name}: books are made")


def _name_company(shop: DemoShop, books: Books, now: datetime) -> None:
    if books.legal_name:
        return
    name = f"{shop.retailer.name}, Inc."
    asked = Settings(books.close_at, books.vat_period, name, STREET, CITY, POSTAL_CODE, COUNTRY, None)
    change_settings(shop.retailer.pk, replace(asked, vat_period=Books.VatPeriod.QUARTER), now)


@transaction.atomic
def _count(shop: DemoShop, store: Store, currency: str, until: date, *, is_whole: bool) -> None:
    """Two weeks of counts, each made in the evening of its day; where not `is_whole`, somebody forgot yesterday's."""
    if CashUp.objects.filter(store=store).exists():
        return
    chance = random.Random(SEED + store.pk)  # noqa: S311
    first = until - timedelta(COUNTED_DAYS - 1)
    open_days = TerminalSequences.objects.filter(store=store.pk, day__range=(first, until))
    days = sorted(set(open_days.values_list("day", flat=True)))
    drawer = FLOAT
    for place, day in enumerate(days if is_whole else days[:-1]):
        difference = chance.choice(SMALL_DIFFERENCES)
        sold = cash_sales(store.pk, None, day, currency)
        if is_whole and place == LARGE_AT:
            difference = LARGE_DIFFERENCE
        note = "A fifty was missing, nobody knows why." if difference == LARGE_DIFFERENCE else ""
        counted = max(0, drawer + sold + difference)
        evening = timezone.make_aware(datetime.combine(day, COUNTED_AT))
        count = Count(store, None, day, currency, drawer, counted, max(0, counted - FLOAT), note)
        if is_whole and place == CORRECTED_AT:
            wrong = replace(count, counted=counted + 2_000, banked=count.banked)
            count_cash(wrong, shop.manager, evening)
            count = replace(count, note="Counted again: a twenty stuck to another.", is_correction=True)
        count_cash(count, shop.manager, evening)
        drawer = count.counted - count.banked


@transaction.atomic
def _write_entries(shop: DemoShop, currency: str, now: datetime) -> None:
    retailer = shop.retailer.pk
    if JournalEntry.objects.filter(retailer=retailer, kind=JournalEntry.Kind.MANUAL).exists():
        return
    if not Account.objects.filter(retailer=retailer, number=RENT_ACCOUNT).exists():
        add_account(retailer, number=RENT_ACCOUNT, name="Rent", kind=Account.Kind.EXPENSE)
    today = timezone.localtime(now).date()
    month = today.replace(day=1)
    rent = _paid(RENT_ACCOUNT, RENT, month, currency, f"Rent of {shop.managed[0].name}, {month:%B %Y}")
    write_by_hand(retailer, replace(rent, store_id=shop.managed[0].pk), shop.accountant, now)
    cleaning = _paid(OTHER_EXPENSES, CLEANING, max(month, today - timedelta(9)), currency, "Cleaning, invoice 1187")
    write_by_hand(retailer, cleaning, shop.accountant, now)
    twice = write_by_hand(retailer, cleaning, shop.accountant, now)
    reverse(twice, shop.accountant, now, f"Reversal of entry {twice.number}: the invoice was entered twice")


def _paid(account: str, amount: int, day: date, currency: str, text: str) -> ManualEntry:
    """Something that was paid by bank."""
    return ManualEntry(day, currency, text, (ManualLine(account, amount, 0), ManualLine(BANK, 0, amount)))


def _send_totals(stores: Iterable[Store], until: date, now: datetime) -> None:
    """Of the busiest tills of the last days; the first one of all has lost a sale."""
    sold = TerminalDay.objects.filter(store__in=[store.pk for store in stores], day__lte=until, sales__gt=1)
    rows = sold.filter(day__gt=until - timedelta(TOTALS_DAYS)).order_by("-day", "-sales", "terminal")
    terminals = list(dict.fromkeys(row.terminal for row in rows))[:TOTALS_TILLS]
    if TillTotals.objects.filter(terminal__in=terminals).exists():
        return
    versions = dict(Terminal.objects.filter(pk__in=terminals).values_list("pk", "key_version"))
    for place, row in enumerate(row for row in rows if row.terminal in terminals):
        counted = _counted(row)
        if place == 0:
            counted = replace(counted, sales=row.sales - 1, total=counted.total - row.gross // row.sales, payments={})
        keep_totals(Credential(CredentialKind.TERMINAL, row.terminal, versions[row.terminal]), counted, now)


def _counted(row: TerminalDay) -> Totals:
    paid = TerminalPaymentDay.objects.filter(store=row.store, day=row.day, terminal=row.terminal, currency=row.currency)
    return Totals(
        terminal=row.terminal,
        day=row.day,
        currency=row.currency,
        sales=row.sales,
        refunds=row.refunds,
        voids=row.voids,
        total=row.gross + row.refunded + row.voided,
        payments=dict(paid.values_list("method", "amount")),
    )


def _lock_last_quarter(stores: list[Store], books: Books, now: datetime) -> None:
    """Closes first what was sold in it, or that would be posted behind the lock.

    A quarter in which nothing was sold stays open: a longer past may still be loaded.
    """
    today = timezone.localtime(now).date()
    end = date(today.year, (today.month - 1) // 3 * 3 + 1, 1) - timedelta(1)
    sold = TerminalSequences.objects.filter(store__in=[store.pk for store in stores], day__lte=end)
    if books.locked_until is not None or not sold.exists():
        return
    _close(stores, date.min, end, now)
    lock_until(books.pk, end, now)


def _close(stores: list[Store], first: date, last: date, now: datetime) -> None:
    """Closes what the server would close by itself some minutes later."""
    for store in stores:
        fed = TerminalSequences.objects.filter(store=store.pk, day__range=(first, last))
        sums = dict(fed.values_list("day").annotate(sum=Sum("records")))
        closed = StoreClose.objects.filter(store=store, day__range=(first, last))
        done = dict(closed.values_list("day").annotate(sum=Sum("records")))
        days = sorted(day for day, records in sums.items() if records != done.get(day, 0))
        for at in range(0, len(days), BATCH_DAYS):
            close_days(store.pk, days[at : at + BATCH_DAYS], now)
