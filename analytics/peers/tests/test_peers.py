"""From roll-ups to the page: cohorts, publication once a week, and what stands beside one's own figure."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from celery import current_app
from django.conf import settings
from django.core.management import call_command
from django.db import IntegrityError

from analytics.models import ChosenKind, CohortStore, PeerFigure, PeerWeek, StoreHour
from analytics.peers.operations import KEPT, publish
from analytics.peers.panels import NONE_HERE, TOO_FEW, peer_panels
from analytics.peers.tests.conftest import TERM, WEEK, Shop, days, fill
from analytics.tests.conftest import NOW, asked
from portal.sheets.panels import Panel
from transactions.models import Store

ME = 1


def panels(*stores: Store, text: str = "") -> dict[str, Panel]:
    allowed = tuple(store.pk for store in stores)
    return {one.key: one for one in peer_panels(asked(text, allowed=allowed), allowed)}


def test_own_figures_stand_beside_the_peers(shop: Shop, rivals: list[Store]) -> None:
    mine = shop(ME, basket=2_000)
    done = publish(NOW)
    assert (done.week, done.stores, done.figures, done.reason) == (WEEK, 21, 21 * 6, "")
    found = panels(mine)
    told = "20 or more: mostly bread, 10 to 29 sales a week"
    assert {key: one.rows[0][1:] for key, one in found.items() if key != "peers-kinds"} == {
        "peers-basket": (2_000, 1_000, 1_100, 1_100, told),
        "peers-items": (30_000, 30_000, 30_000, 30_000, told),
        "peers-hour": (19_900, 10_000, 11_000, 11_000, told),
        "peers-refunds": (50, 50, 50, 50, told),
        "peers-card": (5_000, 5_000, 5_000, 5_000, told),
        "peers-growth": (0, 0, 0, 0, told),
    }
    assert found["peers-kinds"].rows == [
        ("Shop of 1", "mostly bread, 10 to 29 sales a week", "bread", 10_000, 10, "sales")
    ]
    assert found["peers-basket"].links == [f"overview?period=28d&store={mine.pk}"]


def test_nineteen_others_are_told_nothing_of(shop: Shop, rivals: list[Store]) -> None:
    mine = shop(ME)
    StoreHour.objects.filter(store=rivals[0].pk).delete()
    shop(ME)
    assert publish(NOW).told == 0
    for key, panel in panels(mine).items():
        if key != "peers-kinds":
            assert panel.rows[0][2:] == (None, None, None, TOO_FEW)
            assert panel.rows[0][1] is not None


def test_a_store_beside_whom_others_are_compared_sees_its_own_rows_only(shop: Shop, rivals: list[Store]) -> None:
    mine = shop(ME)
    publish(NOW)
    outsider = shop(99, sells=False)
    found = panels(outsider)
    assert {panel.empty for panel in found.values() if not panel.rows} == {NONE_HERE}
    assert all(panel.rows == [] for panel in found.values())
    assert [row[0] for row in panels(mine)["peers-basket"].rows] == [mine.name]
    # One of twenty-one whose four own stores do not count has seventeen others.
    assert panels(rivals[0])["peers-basket"].rows[0][2:] == (None, None, None, TOO_FEW)


def test_what_was_published_is_never_worked_out_again(shop: Shop, rivals: list[Store]) -> None:
    mine = shop(ME)
    publish(NOW)
    before = list(PeerFigure.objects.order_by("store", "figure").values())
    # A rival's late sales, a rival that is gone, and shops that come: the same night, and the next.
    StoreHour.objects.filter(store=rivals[3].pk).update(gross=99_999_999)
    StoreHour.objects.filter(store=rivals[4].pk).delete()
    shop(ME, basket=50_000)
    assert publish(NOW).reason == "it was published"
    assert publish(NOW + timedelta(days=1)).reason == "it was published"
    assert list(PeerFigure.objects.order_by("store", "figure").values()) == before
    assert mine.pk in {row["store"] for row in before}


def test_who_comes_after_a_term_began_waits_for_the_next(shop: Shop, rivals: list[Store]) -> None:
    mine = shop(ME)
    publish(NOW - timedelta(days=7))
    newcomers = [shop(50 + number, basket=77_000) for number in range(30)]
    publish(NOW)
    assert PeerFigure.objects.filter(week=WEEK, store=mine.pk).exists()
    assert not PeerFigure.objects.filter(store__in=[one.pk for one in newcomers]).exists()
    assert CohortStore.objects.count() == 21


@pytest.mark.parametrize("missing", ["a week", "sales"])
def test_who_sells_too_seldom_takes_no_part(shop: Shop, rivals: list[Store], missing: str) -> None:
    idle = shop(ME, sells=False)
    fill(idle.pk, when=days()[1:] if missing == "a week" else days())
    if missing == "sales":
        StoreHour.objects.filter(store=idle.pk).update(sales=4)
    publish(NOW)
    assert not CohortStore.objects.filter(store=idle.pk).exists()
    assert panels(idle)["peers-basket"].rows == []


def test_other_kinds_are_not_compared(shop: Shop, rivals: list[Store]) -> None:
    butcher = shop(ME, category="Meat")
    publish(NOW)
    assert panels(butcher)["peers-basket"].rows[0][2:] == (None, None, None, TOO_FEW)


def test_what_staff_chose_comes_first(shop: Shop, rivals: list[Store]) -> None:
    butcher, baker = shop(ME, category="Meat"), shop(ME)
    for store in (*rivals, butcher):
        ChosenKind.objects.create(store=store.pk, name=" Market stall ")
    publish(NOW)
    assert panels(butcher)["peers-basket"].rows[0][2] is not None
    assert panels(butcher)["peers-kinds"].rows[0][1:] == (
        "market stall, 10 to 29 sales a week", "meat", 10_000, 10, "staff",
    )  # fmt: skip
    assert panels(baker)["peers-basket"].rows[0][2] is None


def test_nothing_is_published_before_the_feed_has_come_so_far(
    shop: Shop, rivals: list[Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    from analytics.peers import reading
    from ledger.consumers import Consumer
    from ledger.feeding.models import Cursor

    handle: Any = lambda block: None  # noqa: E731
    handle.__module__ = "analytics.consumers"
    monkeypatch.setattr(reading, "all_consumers", lambda: [Consumer("rolling", handle, ())])
    over = datetime(2026, 11, 25, tzinfo=NOW.tzinfo)
    cursor = Cursor.objects.create(consumer="rolling", shard=3, complete_to=over - timedelta(seconds=1))
    assert publish(NOW).reason == "the roll-ups are not complete up to its end"
    assert not PeerWeek.objects.exists()
    Cursor.objects.filter(pk=cursor.pk).update(complete_to=over)
    assert publish(NOW).reason == ""


def test_without_stores_nothing_is_published(db: None) -> None:
    assert publish(NOW).reason == "no store sold in each of the eight weeks before its term"


def test_old_weeks_are_forgotten(shop: Shop, rivals: list[Store]) -> None:
    old = WEEK - KEPT - timedelta(days=7)
    PeerWeek.objects.create(week=old, term=TERM, stores=0, published_at=NOW)
    PeerFigure.objects.create(store=1, week=old, figure="basket", currency="CZK", kind="x", own=1)
    publish(NOW)
    assert list(PeerWeek.objects.values_list("week", flat=True)) == [WEEK]
    assert not PeerFigure.objects.filter(week=old).exists()


@pytest.mark.parametrize("numbers", [{"others_at_least": 19}, {"others_at_least": None}, {"median": None}])
def test_the_database_refuses_figures_of_too_few(db: None, numbers: dict[str, int | None]) -> None:
    whole: dict[str, Any] = {"lower": 1, "median": 2, "upper": 3, "others_at_least": 20, **numbers}
    with pytest.raises(IntegrityError, match="peers_are_enough_or_not_told"):
        PeerFigure.objects.create(store=1, week=WEEK, figure="basket", currency="CZK", kind="x", own=1, **whole)


def test_a_page_takes_two_queries(shop: Shop, rivals: list[Store], django_assert_num_queries: Any) -> None:
    publish(NOW)
    with django_assert_num_queries(2):
        panels(*rivals)


def test_the_command_and_the_task_publish_what_is_due(
    shop: Shop, rivals: list[Store], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    at_ms = int(NOW.timestamp() * 1000)
    for edge in ("management.commands.peers", "peers.tasks"):
        monkeypatch.setattr(f"analytics.{edge}.now_ms", lambda: at_ms)
    call_command("peers")
    assert "week from 2026-11-16: 20 stores, 120 figures, 0 of them" in capsys.readouterr().out
    scheduled: Any = settings.CELERY_BEAT_SCHEDULE["publish-peers"]
    current_app.loader.import_default_modules()
    current_app.tasks[scheduled["task"]]()
    call_command("peers")
    assert "nothing published, it was published" in capsys.readouterr().out
