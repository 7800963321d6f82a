"""From a tag that a till sent to an entry, through the real feed; and what the feed says was taken back."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.management import call_command

from lottery.draws.models import Draw
from lottery.draws.operations import freeze
from lottery.entries.collecting import collect_all, waiting_shards
from lottery.entries.models import Entry, TaggedSale, TakenBack
from lottery.entries.taken_back import mark_taken_back
from lottery.tests.factories import complete_feed, make_player, now, open_draw_now

Record = Callable[..., str]
Fed = Callable[[], object]


def test_a_tagged_sale_takes_part_by_itself(record: Record, fed: Fed, draw: Draw) -> None:
    player = make_player()
    code = record(lottery=player.tag)
    record()
    fed()
    assert collect_all(now()) == 1
    entry = Entry.objects.get()
    assert (entry.code, entry.player, entry.source) == (code, player, Entry.Source.TAG)
    assert (entry.retailer, entry.store, entry.total, entry.tickets) == (1, 1, 5100, 1)
    assert collect_all(now()) == 0


def test_tags_of_nobody_are_left_alone(record: Record, fed: Fed, draw: Draw) -> None:
    record(lottery="nobody's")
    fed()
    assert collect_all(now()) == 0
    assert TaggedSale.objects.count() == 1
    assert not waiting_shards(draw)


def test_caps_hold_for_tags_too(record: Record, fed: Fed, draw: Draw) -> None:
    player, barred = make_player(), make_player(barred_at=now(), barred_reason="A ring")
    for tag in (player.tag, player.tag, barred.tag):
        record(lottery=tag)
    fed()
    assert collect_all(now()) == 1


def test_a_draw_that_opens_later_takes_earlier_sales_of_its_days(record: Record, fed: Fed, draw: Draw) -> None:
    record(lottery=make_player().tag)
    fed()
    collect_all(now())
    later = open_draw_now(number=2)
    assert collect_all(now()) == 1
    assert Entry.objects.filter(draw=later).count() == 1


def test_a_rebuild_of_the_feeds_tables_enters_nothing_twice(record: Record, fed: Fed, draw: Draw) -> None:
    code = record(lottery=make_player().tag)
    fed()
    collect_all(now())
    call_command("rebuild", "lottery")
    assert TaggedSale.objects.get().code == code
    assert collect_all(now()) == 0
    assert Entry.objects.count() == 1


def test_refunds_and_voids_are_kept_by_the_sale_they_take_back(
    record: Record, fed: Fed, draw: Draw, take_back: Callable[..., str]
) -> None:
    code, other = record(lottery=(player := make_player()).tag), record()
    take_back(code)
    take_back(other, type="void")
    fed()
    collect_all(now())
    assert TakenBack.objects.count() == 2
    assert mark_taken_back(draw) == 1
    assert Entry.objects.get(player=player).state == Entry.State.TAKEN_BACK


def test_a_freeze_collects_what_waits(record: Record, fed: Fed, draw: Draw) -> None:
    record(lottery=make_player().tag)
    fed()
    complete_feed(draw.freezes_at)
    freeze(draw, draw.freezes_at + timedelta(seconds=1))
    draw.refresh_from_db()
    assert draw.ticket_count == 1


@pytest.mark.parametrize("rows_max", [1, 2, 3])
def test_large_blocks_are_taken_whole(
    record: Record, fed: Fed, draw: Draw, monkeypatch: pytest.MonkeyPatch, rows_max: int
) -> None:
    monkeypatch.setattr("lottery.entries.collecting.ROWS_MAX", rows_max)
    for _ in range(5):
        record(lottery=make_player().tag)
    fed()
    assert collect_all(now()) == 5
