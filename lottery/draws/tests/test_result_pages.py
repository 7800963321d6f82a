"""Results and the files for checking them: only of published draws, without personal data, in few queries."""

import json
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from ledger import notices
from ledger.log.checkpointer import catch_up
from lottery.draws import results
from lottery.draws.models import Draw
from lottery.entries.models import Entry
from lottery.players.models import Player
from lottery.prizes.models import Win
from lottery.tests.factories import drawn_draw, frozen_draw, make_draw, open_draw_now, published_draw

pytestmark = pytest.mark.usefixtures("ledger")
PAGES_OF_A_DRAW = ("", "check", "transcript.json", "tickets.bin")
RESULTS_QUERIES = 2
RESULT_QUERIES = 3
# The draw, the newest checkpoint, four kinds of statements, the transcript's size.
CHECK_QUERIES = 7
BATCH_QUERIES = 2


def text_of(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200, address
    return response.content.decode()


def statuses(client: Client, draw: Draw) -> dict[str, int]:
    return {page: client.get(f"/lottery/draws/{draw.number}/{page}").status_code for page in PAGES_OF_A_DRAW}


def test_drafts_and_open_draws_have_none_of_the_pages(client: Client) -> None:
    for draw in (make_draw(), open_draw_now()):
        assert set(statuses(client, draw).values()) == {404}
    assert client.get("/lottery/draws/99/").status_code == 404


def test_before_the_publication_there_is_the_list_and_no_result(client: Client) -> None:
    for draw in (frozen_draw(entries=5), drawn_draw(entries=5)):
        assert statuses(client, draw) == {"": 404, "check": 200, "transcript.json": 404, "tickets.bin": 200}
        page = text_of(client, f"/lottery/draws/{draw.number}/check")
        assert "the winners are not known yet" in page
        assert "transcript.json" not in page
        assert "drawn" not in [line.strip() for line in page.splitlines()]
        for win in Win.objects.filter(draw=draw):
            assert bytes(win.ticket).hex()[:12] not in page
        assert draw.name not in text_of(client, "/lottery/results/")


def test_the_result_names_every_winning_ticket_and_nobody(client: Client) -> None:
    draw = published_draw(entries=20)
    with CaptureQueriesContext(connection) as queries:
        page = text_of(client, f"/lottery/draws/{draw.number}/")
    assert len(queries) == RESULT_QUERIES
    wins = list(Win.objects.filter(draw=draw).select_related("prize", "entry__player"))
    assert len(wins) == 4
    for win in wins:
        assert bytes(win.ticket).hex()[:12] in page
        assert bytes(win.ticket).hex()[:13] not in page
        assert win.prize.name in page
        assert win.entry.code not in page
        assert win.entry.player is not None
        assert win.entry.player.contact not in page


def test_claims_are_counted_by_their_states(client: Client) -> None:
    draw = published_draw(entries=20)
    wins = list(Win.objects.filter(draw=draw).order_by("number"))
    for win, states in zip(wins, (("claimed", "approved", "paid"), ("claimed",), ("expired",), ()), strict=True):
        for state in states:
            Win.objects.filter(pk=win.pk).update(state=state)
    assert results.result(draw.number, 1).claims == (1, 1, 1, 1, 0)


def test_many_winners_come_in_pages(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results, "WINNERS_SHOWN", 3)
    draw = published_draw(entries=20)
    first, second = (text_of(client, f"/lottery/draws/{draw.number}/?page={number}") for number in (1, 2))
    wins = [bytes(win.ticket).hex()[:12] for win in Win.objects.filter(draw=draw).order_by("number")]
    assert [ticket in first for ticket in wins] == [True, True, True, False]
    assert [ticket in second for ticket in wins] == [False, False, False, True]
    assert "Page 1 of 2" in first
    assert 'rel="next"' in first
    assert 'rel="next"' not in second
    for odd in ("0", "3", "-1", "x", "99999999"):
        assert client.get(f"/lottery/draws/{draw.number}/?page={odd}").status_code == 200


def test_all_results_are_listed_the_latest_first(client: Client) -> None:
    assert "There is no result yet" in text_of(client, "/lottery/results/")
    draws = [published_draw(entries=2, name=name) for name in ("Spring draw", "Summer draw")]
    with CaptureQueriesContext(connection) as queries:
        page = text_of(client, "/lottery/results/")
    assert len(queries) == RESULTS_QUERIES
    assert page.index("Summer draw") < page.index("Spring draw")
    assert all(f"/lottery/draws/{draw.number}/" in page for draw in draws)


def test_the_check_page_has_the_facts_and_where_the_log_states_them(client: Client) -> None:
    draw = published_draw(entries=20)
    catch_up()
    with CaptureQueriesContext(connection) as queries:
        page = text_of(client, f"/lottery/draws/{draw.number}/check")
    assert len(queries) == CHECK_QUERIES
    transcript = json.loads(draw.transcript)
    facts = (transcript["rules_sha256"], transcript["freeze"]["root"], transcript["seed"])
    assert all(fact in page for fact in (*facts, sha256(draw.transcript.encode()).hexdigest()))
    assert f"curl -O {settings.SITE_URL}/lottery/draws/{draw.number}/tickets.bin" in page
    for event in ("opened", "frozen", "drawn"):
        (notice,) = notices.notices_of("lottery", f"draw {draw.number} {event}")
        address = next(part for part in page.split('"') if part.startswith("/log/tile/entries/"))
        assert notice.statement.encode().replace(b'"', b'\\"') in client.get(address).content


def test_the_files_are_what_was_kept_and_may_be_kept_for_ever(client: Client) -> None:
    draw = published_draw(entries=20)
    transcript = client.get(f"/lottery/draws/{draw.number}/transcript.json")
    assert transcript.content.decode("ascii") == draw.transcript
    with CaptureQueriesContext(connection) as queries:
        tickets = client.get(f"/lottery/draws/{draw.number}/tickets.bin")
        sent = b"".join(tickets.streaming_content)  # type: ignore[attr-defined]
    assert len(queries) == BATCH_QUERIES
    assert len(sent) == int(tickets["Content-Length"]) == 20 * 32
    assert "immutable" in transcript["Cache-Control"]
    assert "immutable" in tickets["Cache-Control"]
    head = client.head(f"/lottery/draws/{draw.number}/tickets.bin")
    assert (head["Content-Length"], b"".join(head.streaming_content)) == ("640", b"")  # type: ignore[attr-defined]


def test_what_can_be_downloaded_holds_the_draw_again_also_without_its_players(client: Client, tmp_path: Path) -> None:
    draw = published_draw(entries=20)
    entry = Entry.objects.filter(draw=draw).order_by("pk").first()
    assert entry is not None
    Player.objects.all().delete()
    for name, address in (
        ("draw.py", ""),
        ("transcript.json", f"draws/{draw.number}/"),
        ("tickets.bin", f"draws/{draw.number}/"),
    ):
        response = client.get(f"/lottery/{address}{name}")
        (tmp_path / name).write_bytes(response.getvalue())
    receipt = ["--receipt", entry.code, "--salt", bytes(entry.salt).hex()]
    done = subprocess.run(
        [sys.executable, "draw.py", "transcript.json", "tickets.bin", *receipt],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    assert done.stdout.splitlines()[-1] == "The draw is what it claims to be."
    assert "of the list" in done.stdout


def test_pages_can_be_shown_by_nothing_but_us_and_run_no_script(client: Client) -> None:
    draw = published_draw(entries=3)
    for page in ("", "check"):
        response = client.get(f"/lottery/draws/{draw.number}/{page}")
        assert "script-src 'self'" in response["Content-Security-Policy"]
        assert "<script>" not in response.content.decode()
        assert " style=" not in response.content.decode()
