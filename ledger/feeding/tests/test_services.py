"""How consumers are doing: in the admin with its outsiders, in `manage.py health`, in metrics, with few queries."""

import json
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.core.management import call_command

from ledger.admin_services import service_cards
from ledger.consumers import forget
from ledger.feeding.models import FeedToken
from ledger.feeding.queries import ServiceState, services
from ledger.feeding.running import feed_all
from ledger.feeding.tests.conftest import Keeper
from ledger.feeding.tests.test_running import Flush, sell
from ledger.feeding.ticks import mark_complete
from ledger.feeding.tokens import issue
from ledger.models import Block
from ledger.shards import ALL_SHARDS
from possys.clock import now_ms, utc
from tests.people import make_cast, make_person, signed_in
from tests.scraping import scrape
from tests.tampering import triggers_off
from tests.tills import Till

PAGE = "/admin/ledger/service/"
TOKENS = "/admin/ledger/feedtoken/"


def state_of(name: str) -> ServiceState:
    return next(one for one in services() if one.name == name)


def stop_at(keeper: Keeper, shard: int, block: int) -> None:
    keeper.fails_at = {(shard, block)}
    assert keeper.feed().stopped


def said_by_health() -> tuple[str, int]:
    out, code = StringIO(), 0
    try:
        call_command("health", stdout=out)
    except SystemExit as ended:
        code = int(str(ended.code))
    return out.getvalue(), code


def test_how_far_a_consumer_is_behind_is_counted_from_the_first_block_that_it_lacks(
    till: Till, flush_everything: Flush, keeper: Keeper
) -> None:
    sell(till, flush_everything, blocks=2)
    keeper.feed()
    mark_complete(ALL_SHARDS)
    sealed = list(Block.objects.order_by("id").values_list("sealed_at", flat=True))
    even = state_of("keeper")
    assert (even.blocks, even.sales, even.behind_blocks, even.behind_records) == (2, 4, 0, 0)
    assert even.complete_to is not None
    sell(till, flush_everything, blocks=3)
    found = state_of("keeper")
    third = Block.objects.get(number=3).sealed_at
    assert (found.behind_blocks, found.behind_records, found.behind_since) == (3, 6, third)
    assert third > sealed[1]
    assert not found.is_late(third + timedelta(seconds=60))
    assert found.is_late(third + timedelta(seconds=61))
    assert found.behind(third - timedelta(seconds=1)) == timedelta(0)


def test_a_consumer_that_was_never_fed_lacks_everything_also_what_is_archived(
    till: Till, flush_everything: Flush, keeper: Keeper
) -> None:
    sell(till, flush_everything, blocks=2)
    found = state_of("keeper")
    assert (found.behind_blocks, found.behind_records, found.complete_to) == (2, 4, None)
    with triggers_off() as cursor:
        cursor.execute("DELETE FROM ledger_block WHERE number = 1")
    found = state_of("keeper")
    assert (found.behind_records, found.behind_since, found.behind(utc(now_ms()))) == (4, None, None)
    assert found.is_late(utc(now_ms()))


def test_the_page_shows_a_stop_in_full_to_those_who_may_look(
    till: Till, flush_everything: Flush, keeper: Keeper, neighbour: Keeper
) -> None:
    cast = make_cast()
    sell(till, flush_everything, blocks=2)
    stop_at(keeper, till.number % 64, 2)
    neighbour.feed()
    page = cast.viewer.get(PAGE)
    text = page.content.decode()
    cards = {card.name: card for card in page.context["services"]}
    assert cards["keeper"].state == "STOPPED in 1 of 64 shards."
    assert cards["keeper"].stops[0].title == f"Shard {till.number % 64}, block 2"
    assert cards["keeper"].stops[0].reason == "ValueError: told to fail"
    assert "ValueError: told to fail" in text
    assert next(iter(cards)) == "keeper"
    assert cards["neighbour"].state == "It keeps up."
    assert ("Behind", "nothing") in cards["neighbour"].facts
    assert "Try keeper again now" not in text
    assert "Try keeper again now" in cast.superuser.get(PAGE).content.decode()
    assert cast.without_rights.get(PAGE).status_code == 403
    assert cast.anonymous.get(PAGE).headers["Location"].startswith("/admin/login/")


def test_who_has_the_right_has_a_service_tried_again_and_nobody_else(
    till: Till, flush_everything: Flush, keeper: Keeper
) -> None:
    cast = make_cast()
    sell(till, flush_everything, blocks=1)
    shard = till.number % 64
    stop_at(keeper, shard, 1)
    keeper.fails_at = set()
    assert keeper.feed().blocks == 0
    for client in (cast.viewer, cast.without_rights):
        assert client.post(PAGE, {"name": "keeper"}).status_code == 403
    assert cast.anonymous.post(PAGE, {"name": "keeper"}).headers["Location"].startswith("/admin/login/")
    assert keeper.feed().blocks == 0
    worker = signed_in(make_person("on-duty", "view_service", "change_service"))
    assert "Nothing was done" in worker.post(PAGE, {"name": "neighbour"}, follow=True).content.decode()
    assert not LogEntry.objects.exists()
    assert "tried again now in 1 shard." in worker.post(PAGE, {"name": "keeper"}, follow=True).content.decode()
    assert LogEntry.objects.get().object_id == "keeper"
    assert "due to be tried again now" in worker.get(PAGE).content.decode()
    assert keeper.feed().blocks == 1


def test_a_service_whose_code_is_gone_is_shown_as_such(till: Till, flush_everything: Flush, keeper: Keeper) -> None:
    cast = make_cast()
    sell(till, flush_everything, blocks=1)
    keeper.feed()
    forget("keeper")
    found = state_of("keeper")
    assert not found.is_declared
    assert "Its code is not installed here" in cast.viewer.get(PAGE).content.decode()
    assert "service keeper: its code is not installed here" in said_by_health()[0]


def test_the_pages_queries_do_not_grow_with_services_shards_and_blocks(
    till: Till, rival: Till, flush_everything: Flush, keeper: Keeper, neighbour: Keeper, django_assert_num_queries: Any
) -> None:
    cast = make_cast()
    sell(till, flush_everything, blocks=1)
    # Session and person; then cursors, heads, blocks.
    with django_assert_num_queries(2 + 3):
        cast.superuser.get(PAGE)
    sell(rival, flush_everything, blocks=3)
    sell(till, flush_everything, blocks=2)
    stop_at(keeper, till.number % 64, 2)
    for one in (keeper, neighbour):
        feed_all([rival.number % 64], utc(now_ms()), [one.consumer])
    with django_assert_num_queries(2 + 3):
        cast.superuser.get(PAGE)


def test_the_first_page_says_when_a_service_is_stopped_or_late(
    till: Till, flush_everything: Flush, keeper: Keeper, settings: Any
) -> None:
    settings.UNFOLD = {**settings.UNFOLD, "DASHBOARD_CALLBACK": "possys.home.dashboard"}
    cast = make_cast()
    sell(till, flush_everything, blocks=2)
    assert "Service keeper is" not in cast.viewer.get("/admin/").content.decode()
    with triggers_off():
        Block.objects.update(sealed_at=utc(now_ms()) - timedelta(seconds=90))
    assert (
        "Service keeper does not keep up; behind: 2 blocks, 4 records, 1 min."
        in cast.viewer.get("/admin/").content.decode()
    )
    stop_at(keeper, till.number % 64, 2)
    assert f"Service keeper is stopped in shard {till.number % 64}: block 2: ValueError" in (
        cast.viewer.get("/admin/").content.decode()
    )
    assert "keeper" not in cast.without_rights.get("/admin/").content.decode()


def test_metrics_and_health_name_each_consumer(
    till: Till, flush_everything: Flush, keeper: Keeper, neighbour: Keeper, capsys: pytest.CaptureFixture[str]
) -> None:
    sell(till, flush_everything, blocks=3)
    neighbour.feed()
    text, code = said_by_health()
    assert "service neighbour: 6 sales fed, behind: nothing, complete up to: " in text
    assert "service keeper: 0 sales fed, behind: 3 blocks, 6 records, " in text
    assert code == 0
    shard = till.number % 64
    stop_at(keeper, shard, 2)
    found = scrape()
    assert found["possys_consumer_behind_blocks"]["keeper"] == 2
    assert found["possys_consumer_behind_blocks"]["neighbour"] == 0
    assert 0 < found["possys_consumer_behind_seconds"]["keeper"] < 60
    assert found["possys_consumer_sales_total"]["neighbour"] == 6
    assert found["possys_consumer_stopped_shards"]["keeper"] == 1
    text, code = said_by_health()
    assert f"STOPPED service keeper, shard {shard}: block 2: ValueError: told to fail" in text
    assert code == 1
    with pytest.raises(SystemExit):
        call_command("health", "--json")
    said = json.loads(capsys.readouterr().out)["services"]
    assert said["neighbour"] == {
        "declared": True, "blocks": 3, "sales": 6, "behind_blocks": 0, "behind_records": 0, "behind_s": 0,
        "complete_to": None, "stopped": {},
    }  # fmt: skip
    assert said["keeper"]["stopped"] == {str(shard): "block 2: ValueError: told to fail"}


def test_tokens_are_listed_and_revoked_by_those_who_may(keeper: Keeper) -> None:
    cast = make_cast()
    token = issue("stock", utc(now_ms()))
    row = FeedToken.objects.get()
    page = f"{TOKENS}{row.pk}/change/"
    for url in (TOKENS, page):
        assert cast.viewer.get(url).status_code == 200
        assert token not in cast.superuser.get(url).content.decode()
        assert cast.without_rights.get(url).status_code == 403
        assert cast.anonymous.get(url).headers["Location"].startswith("/admin/login/")
    assert "Revoke it" not in cast.viewer.get(page).content.decode()
    for client in (cast.viewer, cast.without_rights, cast.anonymous):
        client.post(page)
        assert FeedToken.objects.get().revoked_at is None
    assert cast.superuser.get(f"{TOKENS}add/").status_code == 403
    assert "refused from now on" in cast.superuser.post(page, follow=True).content.decode()
    assert FeedToken.objects.get().revoked_at is not None
    assert LogEntry.objects.get().change_message
    again = issue("stock", utc(now_ms()))
    assert "was revoked before" in cast.superuser.post(page, follow=True).content.decode()
    assert FeedToken.objects.filter(revoked_at=None).count() == 1
    assert again != token


def test_an_error_that_stops_many_shards_is_shown_once(
    till: Till, rival: Till, flush_everything: Flush, keeper: Keeper
) -> None:
    for seller in (till, rival):
        sell(seller, flush_everything, blocks=1)
    keeper.fails_at = {(seller.number % 64, 1) for seller in (till, rival)}
    keeper.feed()
    (stop,) = service_cards()[0].stops
    first, second = sorted(seller.number % 64 for seller in (till, rival))
    assert stop.title == f"Shard {first}, block 1; shard {second}, block 1"
