"""The demo's books: made once, through the same doors as a person's, and only in local work."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from accounting.books.models import Books, JournalEntry
from accounting.cash.models import CashUp
from accounting.days.models import StoreClose, TillTotals
from accounting.days.tests.trade import Shop
from accounting.days.verification import verify
from accounting.demo import COUNTED_DAYS, LARGE_DIFFERENCE, make_books
from portal.demo import LARGEST, DemoShop, demo_people, demo_shops
from tests.factories import make_retailer, make_store, make_terminals

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 30, 14, 35, tzinfo=UTC)
# The last day of September and the three weeks before today.
DAYS = [datetime(2026, 9, 30, tzinfo=UTC).date(), *(NOW.date() - timedelta(days=back) for back in range(21, 0, -1))]


@pytest.fixture
def shop(settings: Any) -> DemoShop:
    """The largest demo retailer with two stores that sold every day."""
    settings.LOCAL_WORK = True
    retailer = make_retailer(LARGEST)
    stores = [make_store(retailer, name=name, shard=shard) for name, shard in (("High Street", 3), ("Mill Lane", 4))]
    demo_people()
    for store in stores:
        trade = Shop(store, [terminal.number for terminal in make_terminals(store, 2)])
        sales = [trade.sale(day, till=till) for day in DAYS for till in (0, 1, 1)]
        trade.feed(sales, NOW)
    (found,) = demo_shops()
    return found


def counts() -> list[int]:
    return [model.objects.count() for model in (JournalEntry, CashUp, TillTotals, StoreClose)]


def test_everything_is_made_once_and_is_as_a_persons_would_be(shop: DemoShop) -> None:
    make_books(shop, NOW, lambda _: None)
    made = counts()
    make_books(shop, NOW + timedelta(hours=1), lambda _: None)
    assert counts() == made
    assert verify(shop.retailer.pk, print).faults == 0
    kinds = Counter(JournalEntry.objects.values_list("kind", flat=True))
    assert kinds["manual"] == 3
    # The invoice, and the entry of the count that was corrected.
    assert kinds["reversal"] == 2
    by_store = Counter(CashUp.objects.filter(replaces=None).values_list("store", flat=True))
    assert [by_store[store.pk] for store in shop.managed] == [COUNTED_DAYS, COUNTED_DAYS - 1]
    standing = CashUp.objects.filter(store=shop.managed[0], replaced_by=None).order_by("day")
    assert LARGE_DIFFERENCE in {one.difference for one in standing}
    for before, after in pairwise(standing):
        assert after.opening == before.remaining


def test_the_last_quarter_is_locked_behind_its_own_closes(shop: DemoShop) -> None:
    make_books(shop, NOW, lambda _: None)
    assert Books.objects.get(pk=shop.retailer.pk).locked_until == DAYS[0]
    assert StoreClose.objects.filter(day=DAYS[0]).count() == 2
    assert not JournalEntry.objects.filter(for_day__isnull=False).exists()


def test_there_is_no_demo_beside_real_data(shop: DemoShop, settings: Any) -> None:
    settings.LOCAL_WORK = False
    assert demo_shops() == []
