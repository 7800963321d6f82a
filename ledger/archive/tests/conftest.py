"""Days that are over: sealed, signed, and ready to be archived."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

from ledger.archive.tests.past_days import PastDay
from ledger.log.checkpointer import catch_up
from possys import clock
from tests.tills import Till

DAY_MS = 86_400_000


@pytest.fixture
def sealed_on(
    ledger: Any, flush_everything: Callable[[], object], monkeypatch: pytest.MonkeyPatch
) -> Callable[[date], None]:
    """Flushes everything as if it were that day."""

    def seal(day: date) -> None:
        days = (clock.utc(clock.now_ms()).date() - day).days
        with monkeypatch.context() as patch:
            patch.setattr("ledger.flush.now_ms", lambda: clock.now_ms() - days * DAY_MS)
            flush_everything()

    return seal


@pytest.fixture
def past_day(till: Till, rival: Till, sealed_on: Callable[[date], None]) -> PastDay:
    """Yesterday, signed."""
    day = clock.utc(clock.now_ms()).date() - timedelta(days=1)
    sales = till.sales(6)
    codes = []
    for at in (0, 3):
        answer = till.send_batch(sales[at : at + 3])
        codes += [result["code"] for result in answer.json()["results"]]
        if at == 0:
            rival_code = rival.send().json()["code"]
        sealed_on(day)
    catch_up()
    return PastDay(day, codes, sales, rival_code)
