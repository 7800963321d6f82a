"""Two workers that close the same days at once, and a block that is fed in between: nothing twice, nothing torn."""

import random
import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.db.models import Sum

from accounting.consumers import add_days
from accounting.days.closing import close_days
from accounting.days.due import close_due
from accounting.days.models import StoreClose, TerminalClose, TerminalDay
from accounting.days.tests.test_closing import check_chains, check_stores
from accounting.days.tests.trade import DAY, MORNING, days_from, make_shop, random_sales, sealed
from accounting.days.verification import verify

NOW = MORNING + timedelta(days=6)


@pytest.mark.django_db(transaction=True)
def test_two_workers_close_every_day_once() -> None:
    shops = [make_shop(number, tills=2) for number in (11, 12, 75)]
    for shop in shops:
        shop.feed(random_sales(shop, random.Random(shop.store.pk), 60, days_from(DAY, 6)), NOW)
    closed: list[int] = []
    begin = threading.Barrier(2)

    def work() -> None:
        begin.wait()
        closed.append(close_due(NOW))
        connection.close()

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sum(closed) == StoreClose.objects.count() == 18
    assert set(StoreClose.objects.values_list("part", flat=True)) == {1}
    check_chains()
    check_stores()
    faults: list[str] = []
    assert verify(None, faults.append).waiting == 0
    assert faults == []


@pytest.mark.django_db(transaction=True)
def test_who_waits_for_a_store_closes_nothing_again() -> None:
    shop = make_shop(11)
    shop.feed([shop.sale()], MORNING)
    found: list[int] = []

    def work() -> None:
        found.append(len(close_days(shop.store.pk, [DAY], NOW)))
        connection.close()

    with transaction.atomic():
        assert len(close_days(shop.store.pk, [DAY], NOW)) == 1
        worker = threading.Thread(target=work)
        worker.start()
        # It waits for the lock, and a block is fed meanwhile that it must not close by half.
        worker.join(0.3)
        assert worker.is_alive()
    worker.join()
    assert found == [0]
    assert StoreClose.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_close_is_of_one_moment_while_blocks_are_fed() -> None:
    shop = make_shop(11)
    stop = threading.Event()

    def feed() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            with transaction.atomic():
                add_days(sealed(shop, [shop.sale() for _ in range(5)], number, NOW))
        connection.close()

    feeder = threading.Thread(target=feed)
    feeder.start()
    try:
        parts = [close for _ in range(30) for close in close_days(shop.store.pk, [DAY], NOW)]
    finally:
        stop.set()
        feeder.join()
    parts += close_days(shop.store.pk, [DAY], NOW)
    # Every part has the same number of records in its counts, in its payments and in its taxes.
    for row in TerminalClose.objects.all():
        check_whole(row.content)
    assert len(parts) > 2
    fed = TerminalDay.objects.aggregate(sum=Sum("sales"))["sum"]
    assert StoreClose.objects.aggregate(sum=Sum("records"))["sum"] == fed


def check_whole(text: str) -> None:
    """Sales of 51.00 each: all figures say the same number of them."""
    from accounting.days.content import read_content

    content = read_content(text)
    (one,) = content.currencies
    assert one.payments[0].payments == one.sales == content.records
    assert one.gross == one.payments[0].amount == one.taxes[0].items == 5100 * one.sales
