"""The lottery's benchmark in small: it fills, freezes, draws, and the script agrees. It judges no timing."""

import pytest
import redis

from benchmarks.draw_size import measure
from lottery.draws.models import Draw
from lottery.prizes.models import Win


def test_a_small_draw(ledger: redis.Redis, capfd: pytest.CaptureFixture[str]) -> None:
    took = measure(1000)
    draw = Draw.objects.get()
    assert draw.ticket_count == 990
    assert Win.objects.count() == 990
    assert set(took) == {"fill", "freeze", "draw", "memory", "script"}
    assert "The draw is what it claims to be." in capfd.readouterr().out
