"""What closes say equals the sales, in however many parts; chains, numbers, gaps; and who closes when."""

import hashlib
import random
from collections import Counter, defaultdict
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounting.books.models import Books
from accounting.days import due
from accounting.days.closing import close_store
from accounting.days.content import read_content
from accounting.days.due import close_due, look_again
from accounting.days.models import (
    ClosedTo,
    StoreClose,
    TerminalClose,
    TerminalDay,
    TerminalPaymentDay,
    TerminalSequences,
    TerminalTaxDay,
)
from accounting.days.tests.trade import (
    DAY,
    MORNING,
    Expected,
    Shop,
    days_from,
    expected,
    make_shop,
    plain,
    random_sales,
)
from accounting.days.verification import verify

pytestmark = pytest.mark.django_db
NIGHT = MORNING - timedelta(hours=3, minutes=5)
LATER = MORNING + timedelta(hours=9)


def summed(contents: list[str]) -> Expected:
    """Some closes of one terminal's day added up, as plain JSON."""
    made = Expected()
    for content in map(plain, contents):
        for one in content["currencies"]:
            currency = one["currency"]
            taxes, payments = one.pop("taxes"), one.pop("payments")
            made.days[currency].update({name: value for name, value in one.items() if isinstance(value, int)})
            for row in taxes:
                made.taxes[currency, row.pop("code"), row.pop("rate")].update(row)
            for row in payments:
                made.payments[currency, row.pop("method")].update(row)
            made.days[currency].pop("grand_total")
    return made


def nonzero(counters: dict[Any, Counter[str]]) -> dict[Any, dict[str, int]]:
    """Without what is 0."""
    plain_ones = {key: {name: value for name, value in one.items() if value} for key, one in counters.items()}
    return {key: one for key, one in plain_ones.items() if one}


def check(shop: Shop, late: set[int]) -> None:
    """All parts of every day together say what was sent, to the last unit."""
    contents: defaultdict[tuple[date, int], list[str]] = defaultdict(list)
    for one in TerminalClose.objects.filter(close__store=shop.store).select_related("close"):
        contents[one.close.day, one.terminal].append(one.content)
    wanted = expected(shop.sent, late)
    assert contents.keys() == wanted.keys()
    for key, texts in contents.items():
        found = summed(texts)
        assert nonzero(found.days) == nonzero(wanted[key].days)
        assert nonzero(found.taxes) == nonzero(wanted[key].taxes)
        assert nonzero(found.payments) == nonzero(wanted[key].payments)
        assert sum(plain(text)["records"] for text in texts) == len(wanted[key].numbers)
        last = plain(texts[-1])
        assert (last["first_sequence"], last["last_sequence"]) == (min(wanted[key].numbers), max(wanted[key].numbers))
        for one in last["currencies"]:
            if one["first_issued_at"]:
                times = wanted[key].times[one["currency"]]
                assert (one["first_issued_at"], one["last_issued_at"]) == (min(times), max(times))


def check_chains() -> None:
    """Every Z report has the next number and the hash of the one before; grand totals run on."""
    chains: defaultdict[int, list[TerminalClose]] = defaultdict(list)
    for one in TerminalClose.objects.order_by("terminal", "number"):
        chains[one.terminal].append(one)
    for chain in chains.values():
        previous, totals = "", Counter[str]()
        for number, one in enumerate(chain, start=1):
            content = plain(one.content)
            assert (one.number, content["number"]) == (number, number)
            assert (one.previous_hash, content["previous"]) == (previous, previous)
            previous = one.hash
            assert hashlib.sha256(one.content.encode()).hexdigest() == one.hash
            for own in content["currencies"]:
                totals[own["currency"]] += own["gross"] + own["refunded"] + own["voided"]
            assert {own["currency"]: own["grand_total"] for own in content["currencies"]} == totals


def check_stores() -> None:
    """A store's close is the sum of its terminals' and names their hashes."""
    for close in StoreClose.objects.prefetch_related("terminals"):
        terminals = sorted(close.terminals.all(), key=lambda one: one.terminal)
        own, parts = summed([close.content]), summed([one.content for one in terminals])
        assert (nonzero(own.days), nonzero(own.taxes), nonzero(own.payments)) == (
            nonzero(parts.days), nonzero(parts.taxes), nonzero(parts.payments)
        )  # fmt: skip
        content = plain(close.content)
        assert content["hashes"] == [one.hash for one in terminals]
        assert content["terminals"] == [one.terminal for one in terminals]
        assert close.records == content["records"] == sum(plain(one.content)["records"] for one in terminals)


@pytest.mark.parametrize("seed", range(4))
def test_the_parts_of_every_day_together_are_its_sales(seed: int) -> None:
    chance = random.Random(seed)
    shop = make_shop(tills=3)
    days = days_from(DAY, 3)
    sales = random_sales(shop, chance, 120, days)
    # Most in time, some at any time later and so in any order.
    late, order = set[int](), []
    for sale in sales:
        day = date.fromisoformat(sale["issued_at"][:10])
        order.append((day + timedelta(days=chance.choice((0, 0, 0, 1, 2))), chance.random(), sale))
    for place in range(5):
        moment = MORNING + timedelta(days=place, minutes=-5)
        batch = [sale for day, _, sale in sorted(order, key=lambda row: row[:2]) if day == DAY + timedelta(days=place)]
        if batch:
            late.update(map(id, batch))
            shop.feed(batch, moment)
        shop.complete(moment + timedelta(minutes=5))
        close_due(moment + timedelta(minutes=5))
    assert StoreClose.objects.filter(part__gt=1).exists()
    check(shop, late)
    check_chains()
    check_stores()


def test_a_day_is_closed_when_its_cut_off_is_past_and_not_before() -> None:
    shop = make_shop()
    shop.feed([shop.sale()], NIGHT)
    shop.complete(LATER)
    assert close_due(MORNING - timedelta(seconds=1)) == 0
    assert close_due(MORNING) == 1
    assert close_due(MORNING) == close_due(LATER) == 0
    assert StoreClose.objects.get().day == DAY


def test_a_day_waits_for_the_feed_and_never_for_a_till() -> None:
    shop = make_shop()
    shop.feed([shop.sale()], NIGHT)
    shop.complete(MORNING - timedelta(seconds=1))
    assert close_due(LATER) == 0
    shop.complete(MORNING)
    assert close_due(LATER) == 1


def test_each_retailer_closes_at_its_own_time() -> None:
    early, late = make_shop(11), make_shop(12, retailer=2)
    Books.objects.create(retailer=late.store.retailer, close_at="12:00")
    for shop in (early, late):
        shop.feed([shop.sale()], NIGHT)
        shop.complete(MORNING + timedelta(days=1))
    assert close_due(MORNING) == 1
    assert close_due(MORNING + timedelta(hours=8, minutes=59)) == 0
    assert close_due(MORNING + timedelta(hours=9)) == 1
    assert close_due(MORNING + timedelta(hours=9)) == 0


def test_what_comes_later_is_a_supplement_with_the_differences_alone() -> None:
    shop = make_shop()
    first = [shop.sale(), shop.sale(till=1)]
    shop.feed(first, NIGHT)
    shop.complete(MORNING)
    close_due(MORNING)
    assert close_store(shop.store.pk, DAY, LATER) is None
    shop.feed([shop.sale(at="23:00:00+00:00", total=200, payments=[{"method": "card", "amount": 200}])], LATER)
    assert close_due(LATER) == 1
    supplement = StoreClose.objects.get(part=2)
    content = read_content(supplement.content)
    assert (content.records, content.terminals, content.currencies[0].gross) == (1, (shop.terminals[0],), 200)
    assert [payment.method for payment in content.currencies[0].payments] == ["card"]
    report = read_content(supplement.terminals.get().content)
    assert (report.number, report.currencies[0].grand_total, report.part) == (2, 5300, 2)


def test_a_number_of_another_day_is_no_gap_and_a_gap_is_named_once_and_filled_later() -> None:
    shop = make_shop(tills=1)
    # A till's clock stepped back at midnight: number 5 is of the day before; 3 and 7 to 9 are missing.
    today = [shop.sale(sequence=number) for number in (1, 2, 5)]
    tomorrow = [shop.sale(DAY + timedelta(days=1), sequence=number) for number in (4, 6, 10)]
    shop.feed(today, NIGHT)
    shop.feed(tomorrow, NIGHT + timedelta(days=1))
    shop.complete(MORNING + timedelta(days=1))
    assert close_due(MORNING + timedelta(days=1)) == 2
    one, two = (read_content(row.content) for row in TerminalClose.objects.order_by("number"))
    assert [(gap.first, gap.last) for gap in one.gaps] == [(3, 3)]
    assert (one.missing, one.outstanding) == (1, 1)
    assert [(gap.first, gap.last) for gap in two.gaps] == [(7, 9)]
    assert (two.missing, two.outstanding, [(gap.first, gap.last) for gap in two.outstanding_gaps]) == (
        3, 4, [(3, 3), (7, 9)],
    )  # fmt: skip
    # 8 comes late, and turns out to be of the first day.
    shop.feed([shop.sale(sequence=8)], LATER + timedelta(days=1))
    assert close_due(LATER + timedelta(days=1)) == 1
    three = read_content(TerminalClose.objects.get(number=3).content)
    assert (three.day, three.part, three.missing, three.filled) == (str(DAY), 2, 0, 1)
    assert [(gap.first, gap.last) for gap in three.filled_gaps] == [(8, 8)]
    assert [(gap.first, gap.last) for gap in three.outstanding_gaps] == [(3, 3), (7, 7), (9, 9)]


def test_many_gaps_are_counted_and_the_first_are_named() -> None:
    shop = make_shop(tills=1)
    shop.feed([shop.sale(sequence=number) for number in range(1, 242, 2)], NIGHT)
    shop.complete(MORNING)
    close_due(MORNING)
    content = read_content(TerminalClose.objects.get().content)
    assert (content.missing, len(content.gaps), content.outstanding) == (120, 50, 120)


def test_nothing_is_read_of_history_when_nothing_is_due() -> None:
    shop = make_shop()
    shop.feed([shop.sale()], NIGHT)
    shop.complete(MORNING)
    close_due(MORNING)
    with CaptureQueriesContext(connection) as quiet:
        assert close_due(LATER) == 0
    assert len(quiet) == 3
    # A sale of today: no day that is over has changed.
    shop.feed([shop.sale(DAY + timedelta(days=1))], LATER)
    with CaptureQueriesContext(connection) as busy:
        assert close_due(LATER) == 0
    assert not any("transactions_store" in one["sql"] for one in busy)
    assert ClosedTo.objects.get().block == 2


def test_a_store_that_cannot_be_closed_stops_nobody_else_and_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    shops = make_shop(11, tills=1), make_shop(75, tills=1)
    assert shops[0].shard == shops[1].shard
    # A damaged content stands in the chain of the first store's till.
    bad = StoreClose.objects.create(
        retailer=shops[0].store.retailer, store=shops[0].store, day=DAY - timedelta(days=1), part=1, records=0,
        content="{}", closed_at=NIGHT,
    )  # fmt: skip
    TerminalClose.objects.create(close=bad, terminal=shops[0].terminals[0], number=1, content="{", hash="0" * 64)
    for shop in shops:
        shop.blocks = max(one.blocks for one in shops)
        shop.feed([shop.sale()], NIGHT)
        shop.complete(MORNING)
    monkeypatch.setattr(due, "CLOSES_MAX", 1)
    assert close_due(MORNING) == 1
    assert set(StoreClose.objects.filter(day=DAY).values_list("store", flat=True)) == {shops[1].store.pk}
    assert not ClosedTo.objects.exists()
    assert close_due(MORNING) == 0


def test_the_first_days_of_a_long_history_are_closed_in_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(due, "CLOSES_MAX", 4)
    shop = make_shop()
    days = days_from(DAY - timedelta(days=9), 10)
    # All of it was sealed when the days were over.
    shop.feed([shop.sale(day, till=place % 2) for day in days for place in range(2)], LATER)
    assert [close_due(LATER) for _ in range(4)] == [4, 4, 2, 0]
    check(shop, set(map(id, shop.sent)))
    check_chains()


def test_a_removed_record_is_taken_back_by_a_supplement_once_its_feed_was_rebuilt() -> None:
    shop = make_shop()
    sales = [shop.sale(), shop.sale(), shop.sale(till=1)]
    shop.feed(sales, NIGHT)
    shop.complete(MORNING)
    close_due(MORNING)
    # The law had the first till's second sale removed, and all of the second till: so a rebuild leaves them out.
    for model in (TerminalDay, TerminalSequences, TerminalTaxDay, TerminalPaymentDay):
        model.objects.all().delete()
    shop.blocks, shop.sent = 0, []
    shop.feed(sales[:1], NIGHT)
    shop.complete(LATER)
    assert close_due(LATER) == 0
    look_again()
    assert close_due(LATER) == 1
    content = read_content(StoreClose.objects.get(part=2).content)
    assert (content.records, content.currencies[0].gross, content.missing) == (-2, -10200, 0)
    faults: list[str] = []
    assert verify(None, faults.append).waiting == 0
    assert faults == []
    assert close_due(LATER) == 0
