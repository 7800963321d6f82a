"""The facts that made-up histories leave, through capture, flush and feed."""

import random
from datetime import timedelta

from findings.consumers import CONSUMER
from findings.models import ClockDay, Gap, TillDay, TillHour, TillState
from findings.tests.history import MINUTE, History, day, rounded_now, table_rows
from ledger.archive.tests.runs import run_killed
from ledger.consumers import consumer_named
from ledger.feeding.rebuilding import rebuild
from tests.factories import make_line

NOON = rounded_now().replace(hour=12, minute=0) - timedelta(days=1)


FEED = (
    "from ledger.feeding.running import feed_all; from ledger.consumers import consumer_named;"
    "from possys.clock import now_ms, utc;"
    f"feed_all(range(64), utc(now_ms()), [consumer_named({CONSUMER!r})])"
)


def gaps(terminal: int) -> list[tuple[int, int]]:
    return sorted(Gap.objects.filter(terminal=terminal).values_list("first", "last"))


def test_a_till_in_order_leaves_sums_and_no_gap(history: History) -> None:
    till = history.till()
    for number in range(1, 5):
        history.sell(till, number, NOON + number * MINUTE)
    history.sell(till, 5, NOON + timedelta(hours=2), issued=NOON + timedelta(hours=1), mode="offline")
    nameless = make_line(sku=None, gtin=None, name="Soup of the day")
    history.sell(till, 6, NOON + timedelta(hours=2), lines=[make_line(), nameless, nameless])
    history.feed()
    state = TillState.objects.get()
    assert (state.terminal, state.retailer) == (till.number, till.terminal.store.retailer_id)
    assert (state.records, state.first_sequence, state.last_sequence) == (6, 1, 6)
    assert (state.first_issued_at, state.last_issued_at) == (NOON + MINUTE, NOON + timedelta(hours=2))
    assert (state.clock_offset_s, state.online_at, state.behind_sales) == (0, NOON + timedelta(hours=2), 0)
    (one,) = TillDay.objects.all()
    assert (one.day, one.currency, one.sales, one.gross) == (day(NOON), "CZK", 6, 5 * 5100 + 3 * 5100)
    assert (one.offline, one.late, one.lines, one.unknown_lines, one.unknown_amount) == (1, 1, 8, 2, 2 * 5100)
    assert (one.first_issued_at, one.last_issued_at) == (NOON + MINUTE, NOON + timedelta(hours=2))
    hours = TillHour.objects.values_list("weekday", "hour", "sales").order_by("hour")
    assert list(hours) == [(NOON.weekday(), 12, 4), (NOON.weekday(), 13, 1), (NOON.weekday(), 14, 1)]
    assert {one.week.weekday() for one in TillHour.objects.all()} == {0}
    assert gaps(till.number) == []
    assert not ClockDay.objects.exists()


def test_a_gap_opens_splits_and_closes_across_blocks(history: History) -> None:
    till = history.till()
    for number in (1, 9):
        history.sell(till, number, NOON + number * MINUTE)
    history.feed(NOON + timedelta(minutes=10))
    (gap,) = Gap.objects.all()
    assert (gap.first, gap.last, gap.missing, gap.origin, gap.is_more) == (2, 8, 7, 2, False)
    assert (gap.issued_after, gap.issued_before) == (NOON + MINUTE, NOON + 9 * MINUTE)
    assert gap.seen_at == NOON + timedelta(minutes=10)
    history.sell(till, 5, NOON + timedelta(minutes=20), issued=NOON + 5 * MINUTE, mode="offline")
    history.feed()
    assert sorted(Gap.objects.values_list("first", "last", "origin")) == [(2, 4, 2), (6, 8, 2)]
    assert set(Gap.objects.values_list("seen_at", flat=True)) == {NOON + timedelta(minutes=10)}
    for number in (4, 3, 2, 6, 8, 7):
        history.sell(till, number, NOON + timedelta(minutes=30), issued=NOON + number * MINUTE, mode="offline")
    history.feed()
    assert gaps(till.number) == []
    assert not ClockDay.objects.exists()


def test_any_order_in_any_blocks_leaves_the_facts_of_the_order_of_issue(history: History) -> None:
    tidy = history.till()
    chance = random.Random(8)
    numbers = list(range(1, 41))
    for number in numbers:
        history.sell(tidy, number, NOON + 40 * MINUTE, issued=NOON + number * MINUTE, mode="offline")
    history.feed(NOON + timedelta(hours=1))
    wanted = table_rows("terminal", "block", "last_received_at")
    for _ in range(3):
        chance.shuffle(numbers)
        till = history.till()
        for place, number in enumerate(numbers):
            history.sell(till, number, NOON + 40 * MINUTE, issued=NOON + number * MINUTE, mode="offline")
            if chance.random() < 0.1 or place == 20:
                history.feed(NOON + timedelta(hours=1))
        assert Gap.objects.exists()
        history.feed(NOON + timedelta(hours=1))
        assert gaps(till.number) == []
    assert table_rows("terminal", "block", "last_received_at") == {
        table: [row for row in rows for _ in range(4)] for table, rows in wanted.items()
    }


def test_killed_or_rebuilt_the_facts_are_those_of_block_after_block(history: History) -> None:
    chance = random.Random(3)
    tills = [history.till() for _ in range(3)]
    for block in range(3):
        for till in tills:
            for number in range(block * 20 + 1, block * 20 + 21):
                if chance.random() < 0.8:
                    moment = NOON + block * timedelta(hours=1) + number * MINUTE
                    issued = moment + chance.choice((0, 0, -30, 10)) * MINUTE
                    history.sell(till, number, moment, issued=issued)
        history.feed()
    assert Gap.objects.exists()
    assert ClockDay.objects.exists()
    before = table_rows()
    for till in tills:
        history.sell(till, 70, NOON + timedelta(hours=4))
    history.flush()
    # Rows are added to what is there; killed when all but the commit is done.
    run_killed("feed.before-commit", "shell", "-c", FEED)
    assert table_rows() == before
    history.feed()
    before = table_rows()
    done = rebuild(consumer_named(CONSUMER), lambda done, total: None)
    assert done.blocks == 4
    assert table_rows() == before
