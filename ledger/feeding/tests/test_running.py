"""Every block once and in order, together with its cursor, whoever fails."""

from collections.abc import Callable
from datetime import timedelta

from ledger.consumers import all_consumers
from ledger.feeding.models import Cursor
from ledger.feeding.running import TRY_AGAIN_AFTER, feed, feed_all
from ledger.feeding.tests.conftest import Keeper
from ledger.feeding.ticks import mark_complete
from ledger.flush import Flushed
from ledger.models import Entry, Head
from ledger.shards import ALL_SHARDS
from possys.clock import now_ms, utc
from tests.factories import make_sale
from tests.tampering import triggers_off
from tests.tills import Till

Flush = Callable[[], Flushed]


def sell(till: Till, flush_everything: Flush, *, blocks: int, each: int = 2) -> list[str]:
    """Codes of sales in as many blocks."""
    codes = []
    known = Head.objects.filter(shard=till.terminal.number % 64).values_list("records", flat=True)[0]
    for block in range(blocks):
        for place in range(each):
            sale = make_sale(terminal=till.terminal.number, sequence=known + 1 + block * each + place)
            codes.append(till.send(sale).json()["code"])
        flush_everything()
    return codes


def test_each_sale_is_fed_once_in_order_and_the_cursor_says_so(
    till: Till, flush_everything: Flush, keeper: Keeper
) -> None:
    codes = sell(till, flush_everything, blocks=3)
    shard = till.terminal.number % 64
    fed = keeper.feed()
    assert (fed.blocks, fed.sales, fed.stopped) == (3, 6, {})
    assert [row[2] for row in keeper.rows()] == codes
    assert [row[1] for row in keeper.rows()] == [1, 1, 2, 2, 3, 3]
    assert Cursor.objects.get(consumer="keeper", shard=shard).sales == Entry.objects.count() == 6
    assert keeper.feed().blocks == 0
    codes += sell(till, flush_everything, blocks=1)
    assert keeper.feed().sales == 2
    assert [row[2] for row in keeper.rows()] == codes


def test_a_conflict_is_not_fed(till: Till, flush_everything: Flush, keeper: Keeper) -> None:
    assert till.send(make_sale(terminal=till.terminal.number, sequence=1)).status == 201
    assert till.send(make_sale(terminal=till.terminal.number, sequence=1, operator="another")).status == 409
    flush_everything()
    assert keeper.feed().sales == 1


def test_who_fails_stops_alone_before_the_block_and_goes_on_from_it(
    till: Till, flush_everything: Flush, keeper: Keeper, neighbour: Keeper
) -> None:
    codes = sell(till, flush_everything, blocks=3)
    shard = till.terminal.number % 64
    keeper.fails_at = {(shard, 2)}
    both, moment = [keeper.consumer, neighbour.consumer], utc(now_ms())
    stopped = feed_all(ALL_SHARDS, moment, both).stopped
    assert stopped == {("keeper", shard): "block 2: ValueError: told to fail"}
    assert [row[2] for row in keeper.rows()] == codes[:2]
    assert [row[2] for row in neighbour.rows()] == codes
    cursor = Cursor.objects.get(consumer="keeper", shard=shard)
    assert (cursor.block, cursor.stopped_at) == (1, moment)
    keeper.fails_at = set()
    assert feed(ALL_SHARDS, moment + TRY_AGAIN_AFTER - timedelta(seconds=1), both).blocks == 0
    assert feed(ALL_SHARDS, moment + TRY_AGAIN_AFTER, both).blocks == 2
    assert [row[2] for row in keeper.rows()] == codes
    assert Cursor.objects.get(consumer="keeper", shard=shard).stopped_reason == ""


def test_a_damaged_block_stops_the_shard_for_everybody(till: Till, flush_everything: Flush, keeper: Keeper) -> None:
    sell(till, flush_everything, blocks=2)
    shard = till.terminal.number % 64
    with triggers_off() as cursor:
        cursor.execute("UPDATE ledger_block SET body = substr(body, 1, 40) WHERE number = 2 AND shard = %s", [shard])
    assert "block 2" in keeper.feed().stopped["keeper", shard]
    # Both were read together, so that none was fed: what is not proven is given to nobody.
    assert keeper.rows() == []


def test_what_waits_in_the_store_is_not_complete(till: Till, flush_everything: Flush, keeper: Keeper) -> None:
    shard = till.terminal.number % 64
    sell(till, flush_everything, blocks=1)
    keeper.feed()
    sealed_at = Head.objects.get(shard=shard).sealed_at
    assert till.send(make_sale(terminal=till.terminal.number, sequence=9)).status == 201
    mark_complete(ALL_SHARDS)
    assert Cursor.objects.get(consumer="keeper", shard=shard).complete_to == sealed_at
    flush_everything()
    mark_complete(ALL_SHARDS)
    assert Cursor.objects.get(consumer="keeper", shard=shard).complete_to == sealed_at
    keeper.feed()
    before = utc(now_ms())
    mark_complete(ALL_SHARDS)
    complete_to = Cursor.objects.get(consumer="keeper", shard=shard).complete_to
    assert complete_to is not None
    assert complete_to >= before
    assert keeper.consumer in all_consumers()
