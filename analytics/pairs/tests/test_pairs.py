"""From sales to the page, on real baskets counted in another way; and who sees what."""

from collections.abc import Callable, Iterable
from datetime import date, timedelta
from typing import Any

import pandas as pd
import pytest
from celery import current_app
from django.conf import settings
from django.core.management import CommandError, call_command

from analytics.models import Pair, PairRun, PairStore, Product, SaleRow
from analytics.pairs import tasks
from analytics.pairs.operations import count_retailer, next_retailer, span_of
from analytics.pairs.panels import pair_panels
from analytics.tests.conftest import NOW, TODAY, asked
from portal.sheets.panels import Panel
from transactions.models import Retailer, Store
from transactions.replay.source import load_year

# Enough for some dozen pairs of twenty, and quick.
BASKETS = 3_000
YESTERDAY = TODAY - timedelta(days=1)

Basket = tuple[int, set[int]]


@pytest.fixture
def chain(db: None) -> tuple[Retailer, list[Store]]:
    """A retailer with three stores."""
    retailer = Retailer.objects.create(name="Chain", tax_id="T1")
    return retailer, [Store.objects.create(retailer=retailer, name=f"Store {number}", shard=0) for number in range(3)]


def sell(baskets: Iterable[Basket], *, day: date = YESTERDAY, kind: int = 0) -> None:
    """Writes the sales' own rows."""
    begun = SaleRow.objects.count()
    SaleRow.objects.bulk_create(
        SaleRow(
            identity=begun + number, store=store, day=day, issued_at=NOW, hour=10, type=kind, currency="CZK", total=1,
            discounts=0, lines=len(held), methods=1, is_late=False, products=sorted(held),
        )
        for number, (store, held) in enumerate(baskets)
    )  # fmt: skip


def name(retailer: Retailer, products: dict[int, tuple[str, str]]) -> None:
    """Gives products a name and a category."""
    Product.objects.bulk_create(
        Product(
            retailer=retailer.pk, id=product, key=f"s:{product}", name=named, category=category, gtin="",
            named_on=YESTERDAY,
        )
        for product, (named, category) in products.items()
    )  # fmt: skip


def panels(stores: Iterable[Store], text: str = "") -> list[Panel]:
    allowed = tuple(store.pk for store in stores)
    return pair_panels(asked(text, allowed=allowed), allowed)


def bread_and_butter(stores: list[Store]) -> list[Basket]:
    """In the first store 40 with both, in the second 10, in the third none; 100 sales each."""
    both = (40, 10, 0)
    return [
        (store.pk, {1, 2} if number < both[place] else {3} if number < 50 else {1, 3} if number < 55 else {2, 3})
        for place, store in enumerate(stores)
        for number in range(60)
    ]


BREAD = {1: ("Bread", "Bakery"), 2: ("Butter", "Dairy"), 3: ("Bag", "")}


def test_real_baskets_against_pandas(chain: tuple[Retailer, list[Store]]) -> None:
    """Every kept pair has pandas' counts, store by store, and no surer pair is missing."""
    retailer, stores = chain
    year = load_year()
    baskets: list[Basket] = [
        (stores[number % 3].pk, set(year.products[year.starts[number] : year.starts[number + 1]].tolist()))
        for number in range(BASKETS)
    ]
    sell(baskets)
    known = {product: year.catalogue.product(product) for _, held in baskets for product in held}
    name(retailer, {product: (one.name, one.category) for product, one in known.items()})
    done = count_retailer(retailer.pk, NOW)
    assert done.baskets == BASKETS

    of_stores = {row.number: row for row in PairStore.objects.filter(store=stores[1].pk)}
    for is_category in (False, True):
        lines = pd.DataFrame(
            [
                (number, store, known[product].category if is_category else product)
                for number, (store, held) in enumerate(baskets)
                for product in held
            ],
            columns=["basket", "store", "thing"],
        ).drop_duplicates()
        frequent = lines["thing"].value_counts()
        some = lines[lines["thing"].isin(frequent[frequent >= 20].index)]
        pairs = some.merge(some, on=["basket", "store"])
        pairs = pairs[pairs["thing_x"] < pairs["thing_y"]]
        together = pairs.groupby(["thing_x", "thing_y"]).size()
        there = pairs[pairs["store"] == stores[1].pk].groupby(["thing_x", "thing_y"]).size()
        kept = list(Pair.objects.filter(is_category=is_category).order_by("number"))
        assert len(kept) >= 10
        for pair in kept:
            ends: tuple[Any, Any] = (pair.first_name, pair.second_name) if is_category else (pair.first, pair.second)
            key = sorted(ends)
            assert pair.together == together[tuple(key)] >= 20
            assert (pair.with_first, pair.with_second) == (frequent[ends[0]], frequent[ends[1]])
            here = of_stores[pair.number]
            assert here.together == there.get(tuple(key), 0)
            assert here.baskets == BASKETS // 3
        # What pandas finds surest by the same rule is what was kept.
        rated = together[together >= 20].reset_index(name="n")
        expected = rated["n"] + 8 - 4 * (rated["n"] + 4) ** 0.5
        rated["lift"] = expected * BASKETS / (rated["thing_x"].map(frequent) * rated["thing_y"].map(frequent))
        best = rated[rated["lift"] > 1].nlargest(len(kept), "lift")
        found = {
            frozenset((pair.first_name, pair.second_name) if is_category else (pair.first, pair.second))
            for pair in kept
        }
        wanted = {frozenset(one) for one in best[["thing_x", "thing_y"]].itertuples(index=False, name=None)}
        # Ties at the end may fall either way.
        assert len(found & wanted) >= len(kept) - 2


def test_the_page_is_about_the_chosen_stores(chain: tuple[Retailer, list[Store]]) -> None:
    retailer, stores = chain
    sell(bread_and_butter(stores))
    name(retailer, BREAD)
    count_retailer(retailer.pk, NOW)
    products, categories = panels(stores)
    assert products.rows == [("Bread", "Butter", 50, 2_778, 7_692, 7_692, 21_300)]
    assert products.links == ["receipts?period=28d&product=1"]
    assert categories.rows == [("Bakery", "Dairy", 50, 2_778, 7_692, 7_692, 21_300)]
    # 10 of 60 sales in the second store, where bread and butter are in 15 each.
    assert panels(stores[1:2])[0].rows == [("Bread", "Butter", 10, 1_667, 6_667, 6_667, 26_700)]
    assert panels(stores, f"store={stores[1].pk}&store={stores[2].pk}")[0].rows[0][2:4] == (10, 833)
    assert panels(stores[2:])[0].rows == []


def test_others_see_nothing_of_it(chain: tuple[Retailer, list[Store]]) -> None:
    retailer, stores = chain
    sell(bread_and_butter(stores))
    name(retailer, BREAD)
    count_retailer(retailer.pk, NOW)
    rival = Retailer.objects.create(name="Rival", tax_id="T2")
    outside = Store.objects.create(retailer=rival, name="Outside", shard=0)
    count_retailer(rival.pk, NOW)
    assert [panel.rows for panel in panels([outside])] == [[], []]
    assert [panel.rows for panel in panels([])] == [[], []]


def test_of_a_retailer_with_one_store_there_is_one_row_a_pair(chain: tuple[Retailer, list[Store]]) -> None:
    retailer, stores = chain
    sell([*bread_and_butter(stores[:1]), *((stores[0].pk, {3}) for _ in range(200))])
    name(retailer, BREAD)
    count_retailer(retailer.pk, NOW)
    assert PairStore.objects.count() == 0
    # The other two sold nothing, so all stores are this one.
    assert panels(stores[:1])[0].rows == panels(stores)[0].rows
    assert panels(stores[:1])[0].rows[0][2] == 40


def test_only_sales_of_the_last_thirteen_weeks_count(chain: tuple[Retailer, list[Store]]) -> None:
    retailer, stores = chain
    baskets = bread_and_butter(stores)
    span = span_of(TODAY)
    assert (span.days, span.last) == (91, YESTERDAY)
    sell(baskets, day=span.first - timedelta(days=1))
    sell(baskets, day=TODAY)
    sell(baskets, kind=1)
    assert count_retailer(retailer.pk, NOW)[1:4] == (0, 0, 0)
    sell(baskets, day=span.first)
    assert count_retailer(retailer.pk, NOW).baskets == len(baskets)


def test_a_count_takes_the_place_of_the_last(chain: tuple[Retailer, list[Store]]) -> None:
    retailer, stores = chain
    sell(bread_and_butter(stores))
    name(retailer, BREAD)
    count_retailer(retailer.pk, NOW)
    before = list(Pair.objects.values())
    count_retailer(retailer.pk, NOW)
    assert list(Pair.objects.values()) == before
    SaleRow.objects.all().delete()
    count_retailer(retailer.pk, NOW)
    assert (Pair.objects.count(), PairStore.objects.count(), PairRun.objects.get().baskets) == (0, 0, 0)


def test_nineteen_together_are_not_told(chain: tuple[Retailer, list[Store]]) -> None:
    retailer, stores = chain
    sell([(stores[0].pk, {1, 2} if number < 19 else {3}) for number in range(1_000)])
    sell([(stores[1].pk, {1, 3}), (stores[1].pk, {2, 3})])
    assert count_retailer(retailer.pk, NOW).pairs == 0


def test_namesakes_are_told_apart(chain: tuple[Retailer, list[Store]]) -> None:
    retailer, stores = chain
    sell(bread_and_butter(stores))
    name(retailer, {1: ("Cola", "Drinks"), 2: ("Cola", "Drinks")})
    count_retailer(retailer.pk, NOW)
    assert panels(stores)[0].rows[0][:2] == ("Cola (1)", "Cola (2)")
    assert panels(stores)[1].rows == []


@pytest.mark.parametrize("chosen", [slice(3), slice(1)])
def test_the_page_takes_two_queries(
    chain: tuple[Retailer, list[Store]], chosen: slice, django_assert_num_queries: Callable[[int], Any]
) -> None:
    retailer, stores = chain
    sell(bread_and_butter(stores))
    count_retailer(retailer.pk, NOW)
    with django_assert_num_queries(2):
        panels(stores[chosen])


def test_the_nightly_task_counts_every_retailer(
    chain: tuple[Retailer, list[Store]], monkeypatch: pytest.MonkeyPatch
) -> None:
    rival = Retailer.objects.create(name="Rival", tax_id="T2")
    Store.objects.create(retailer=rival, name="Outside", shard=0)
    assert (next_retailer(0), next_retailer(chain[0].pk), next_retailer(rival.pk)) == (chain[0].pk, rival.pk, None)
    scheduled: Any = settings.CELERY_BEAT_SCHEDULE["count-pairs"]
    current_app.loader.import_default_modules()
    current_app.tasks[scheduled["task"]]()
    assert set(PairRun.objects.values_list("retailer", flat=True)) == {chain[0].pk, rival.pk}
    # Past its time it hands on to a successor, and counts nothing twice.
    queued: list[int] = []
    monkeypatch.setattr(tasks, "RUN_S", -1)
    monkeypatch.setattr(tasks.count_pairs, "delay", queued.append)
    tasks.count_pairs(chain[0].pk)
    assert queued == [chain[0].pk]


def test_the_command(chain: tuple[Retailer, list[Store]], capsys: pytest.CaptureFixture[str]) -> None:
    call_command("pairs")
    assert f"retailer {chain[0].pk}: 0 pairs among 0 products in 0 baskets" in capsys.readouterr().out
    with pytest.raises(CommandError, match="there is no retailer 7, 8"):
        call_command("pairs", chain[0].pk, 7, 8)
