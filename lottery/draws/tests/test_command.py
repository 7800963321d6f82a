"""`manage.py draw`: the step that is due, with the beacon's answer from a file or from a pipe."""

import io
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from ledger.log.checkpointer import catch_up
from lottery.draws.models import Draw
from lottery.management.commands import draw as command
from lottery.tests.factories import (
    BEACON_ANSWER,
    BEACON_TIME,
    complete_feed,
    make_entry,
    open_draw_now,
)

pytestmark = pytest.mark.usefixtures("ledger")


def run(*arguments: str) -> str:
    said = StringIO()
    call_command("draw", *arguments, stdout=said)
    return said.getvalue()


@pytest.fixture
def frozen(monkeypatch: pytest.MonkeyPatch) -> Draw:
    """A draw that real round 1000 of the beacon decides, frozen by the command; then the clock stands at the round."""
    draw = open_draw_now(
        now=BEACON_TIME - timedelta(days=3),
        entries_until=BEACON_TIME - timedelta(hours=3),
        freezes_at=BEACON_TIME - timedelta(hours=2),
        draws_at=BEACON_TIME,
        mode=Draw.Mode.DRAND,
    )
    make_entry(draw)
    complete_feed(draw.freezes_at)
    monkeypatch.setattr(command, "now_ms", lambda: int(draw.freezes_at.timestamp() * 1000))
    said = run(str(draw.number))
    assert "is frozen: 1 tickets" in said
    assert "/public/1000 | manage.py draw 1 --beacon -" in said
    catch_up()
    monkeypatch.setattr(command, "now_ms", lambda: int(BEACON_TIME.timestamp() * 1000))
    return draw


def test_the_answer_comes_from_a_file(frozen: Draw, tmp_path: Path) -> None:
    answer = tmp_path / "round.json"
    answer.write_text(BEACON_ANSWER)
    assert "is drawn" in run("1", "--beacon", str(answer))
    assert Draw.objects.get().state == Draw.State.DRAWN


def test_the_answer_comes_through_a_pipe(frozen: Draw, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(BEACON_ANSWER))
    assert "is drawn" in run("1", "--beacon", "-")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("7",), "There is no draw 7"),
        (("1",), "give the beacon's answer for round 1000"),
        (("1", "--beacon", "/nowhere"), "No such file"),
    ],
)
def test_what_cannot_be_done_is_told(frozen: Draw, arguments: tuple[str, ...], said: str) -> None:
    with pytest.raises(CommandError, match=said):
        run(*arguments)
    assert Draw.objects.get().state == Draw.State.FROZEN


def test_a_draw_that_is_not_due_says_when(ledger: Any) -> None:
    draw = open_draw_now()
    with pytest.raises(CommandError, match="is frozen at"):
        run(str(draw.number))
