"""The demo's lottery: it is held, shows claims and a ring, comes again as it was, and exists on one desk only."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from ledger.log.checkpointer import catch_up
from lottery import demo
from lottery.draws.models import Draw
from lottery.entries.models import Entry
from lottery.prizes.models import Win
from lottery.review.models import Suspicion
from lottery.tests.factories import complete_feed, now
from possys.accounts.models import User
from tests.factories import make_store, make_terminals
from tests.tills import Till


@pytest.fixture
def sales(ledger: object, flush_everything: Callable[[], object]) -> None:
    """Sales in dollars in many stores."""
    for number in range(20):
        till = Till(make_terminals(make_store(name=f"Oak Avenue {number}"))[0])
        till.send_batch([till.sale(currency="USD") for _ in range(3)])
    flush_everything()


def test_the_demo_s_draw_is_held_and_comes_again_as_it_was(sales: None, monkeypatch: pytest.MonkeyPatch) -> None:
    # There is no front desk here; `make run` has one.
    monkeypatch.setattr(demo, "GIVEN_BACK", 0)
    for login in demo.demo_staff():
        assert User.objects.get(username=login.username).check_password(login.password)
    begin()
    first = Draw.objects.get(number=1)
    complete_feed(first.freezes_at)
    assert demo.go_on(first.freezes_at)
    catch_up()
    assert demo.go_on(first.draws_at)
    assert demo.go_on(first.draws_at)
    assert not demo.go_on(first.draws_at)
    made = shown()
    assert made["states"] == ["draft", "open", "published"]
    assert made["wins"]["paid"] == 1
    assert made["wins"]["claimed"] == 2
    assert made["suspicions"] == demo.RING
    begin()
    assert not demo.go_on(now())
    assert shown() == made


def begin() -> None:
    """What the command does before it waits."""
    assert demo.is_wanted()
    demo.open_second(now())
    demo.make_ring(now)
    demo.open_first(now())
    demo.take_part(now, "http://127.0.0.1:1")


def shown() -> dict[str, Any]:
    """What there is to look at."""
    return {
        "states": list(Draw.objects.order_by("-number").values_list("state", flat=True)),
        "entries": Entry.objects.count(),
        "wins": Counter(Win.objects.values_list("state", flat=True)),
        "suspicions": Suspicion.objects.count(),
    }


def test_somebody_s_own_draws_and_real_work_are_left_alone(db: None, settings: Any) -> None:
    assert demo.is_wanted()
    settings.LOCAL_WORK = False
    assert not demo.is_wanted()
    assert demo.demo_staff() == []
