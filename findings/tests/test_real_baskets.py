"""Real baskets of tills in order: nothing is found in them. The same with something wrong: only that is found."""

from datetime import datetime, timedelta, timezone

from findings.judging import KINDS, judge
from findings.models import Finding, Gap, TillDay
from findings.tests.history import MINUTE, History, rounded_now
from ledger.feeding.models import Cursor
from transactions.answers import Accepted
from transactions.replay.baskets import fill, template
from transactions.replay.source import load_year

BASKETS = 160
TILLS = 4
NOW = rounded_now()
OFFSET = timezone(timedelta(hours=2))
STEP = 2 * MINUTE


def basket(terminal: int, sequence: int, place: int, issued_at: datetime, mode: bytes) -> bytes:
    """A real basket as that till's sale."""
    text = issued_at.astimezone(OFFSET).isoformat(timespec="milliseconds").encode()
    return fill(
        template(load_year(), place * 37), terminal=terminal, sequence=sequence, issued_at=text, mode=mode, kind=b"sale"
    )


def test_nothing_is_found_in_real_baskets(history: History) -> None:
    tills = [history.till() for _ in range(TILLS)]
    count = BASKETS // TILLS
    for own, till in enumerate(tills):
        # A third of the trade is offline, and comes in one go when the network is there again.
        waiting = []
        for place in range(count):
            issued = NOW - (count - place) * STEP
            is_away = count // 3 <= place < 2 * count // 3
            sale = basket(till.number, place + 1, own * count + place, issued, b"offline" if is_away else b"online")
            if is_away:
                waiting.append(sale)
                continue
            answers = history.take(till, issued + timedelta(seconds=2), [sale])
            if waiting and place % 5 == 0:
                answers += history.take(till, issued + timedelta(seconds=3), waiting)
                waiting = []
            assert {type(answer) for answer in answers} == {Accepted}
        assert not waiting
        history.feed()
    assert sum(TillDay.objects.values_list("sales", flat=True)) == BASKETS
    Cursor.objects.update(complete_to=NOW)
    for kind in KINDS:
        assert judge(kind, NOW) == []
    assert not Finding.objects.exists()
    assert not Gap.objects.exists()
