"""The lottery in the admin in a real browser: a draw set up and opened by two people, and pictures of every page."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from playwright.sync_api import Page

from lottery.draws.models import Draw
from lottery.entries.models import Entry
from lottery.players.models import Player
from lottery.prizes.models import Win
from lottery.prizes.tests.conftest import make_expired, make_wins
from lottery.review.models import Suspicion
from lottery.review.operations import bar, look
from lottery.review.tests.test_operations import contest, enter, see
from lottery.tests.factories import (
    drawn_draw,
    freeze_now,
    make_draw,
    make_entry,
    make_player,
    make_staff,
    now,
    open_draw_now,
)
from tests.browser.test_admin import PASSWORD, Visit
from tests.factories import make_store
from tests.people import make_person


@pytest.fixture
def visit(
    ledger: Any, open_page: Callable[..., Page], shoot: Callable[[Page, str], Path], settings: Any
) -> Callable[[str], Visit]:
    """Signs somebody in who may do everything."""
    cache.clear()
    settings.UNFOLD = {**settings.UNFOLD, "SIDEBAR": {"navigation": "possys.accounts.admin.navigation"}}

    def enter_as(name: str) -> Visit:
        make_person(name, is_superuser=True, password=PASSWORD)
        page = open_page()
        page.goto("/admin/")
        page.fill("[name=username]", name)
        page.fill("[name=password]", PASSWORD)
        page.press("[name=password]", "Enter")
        page.wait_for_selector("text=To be reviewed")
        return Visit(page, shoot)

    return enter_as


def test_one_sets_a_draw_up_and_two_open_it(visit: Callable[[str], Visit]) -> None:
    vera, otto = visit("vera"), visit("otto")
    vera.open("lottery/draw/add/")
    page = vera.page
    page.fill("[name=name]", "December draw")
    page.fill("[name=currency]", "EUX")
    page.fill("[name=minimum_total]", "12.50")
    page.click("button:has-text('Save'):visible >> nth=-1")
    faulty = vera.seen("lottery-draft-faults")
    assert "no such currency" in faulty
    page.fill("[name=currency]", "EUR")
    page.check("[name=double_methods][value=card]")
    for row, (name, amount, winners) in enumerate((("Car", "25000", "1"), ("Voucher", "50", "100"))):
        page.fill(f"[name=prizes-{row}-rank]", str(row + 1))
        page.fill(f"[name=prizes-{row}-name]", name)
        page.fill(f"[name=prizes-{row}-amount]", amount)
        page.fill(f"[name=prizes-{row}-count]", winners)
    page.click("button:has-text('Save'):visible >> nth=-1")
    page.wait_for_selector("text=was added successfully")
    draw = Draw.objects.get()
    vera.open(f"lottery/draw/{draw.pk}/change/")
    for one in (vera, otto):
        one.page.goto(f"/admin/lottery/draw/{draw.pk}/open/")
        one.seen(f"lottery-open-{draw.state}")
        one.page.click("button:has-text('Approve the opening')")
    otto.page.wait_for_selector("text=is open: its rules are fixed")
    draw.refresh_from_db()
    assert draw.state == Draw.State.OPEN
    assert vera.too_wide == otto.too_wide == []


def test_every_page_of_a_draw_is_shown(visit: Callable[[str], Visit]) -> None:
    _entries(open_draw_now(name="Autumn draw"))
    make_draw(name="Spring draw")
    frozen = open_draw_now(name="Summer draw", mode="drand")
    make_entry(frozen, make_player())
    freeze_now(frozen)
    drawn = drawn_draw(name="Winter draw")
    vera = visit("vera")
    vera.open("lottery/draw/")
    opened = Draw.objects.get(name="Autumn draw")
    assert "Oak Avenue 16" in vera.open(f"lottery/draw/{opened.pk}/change/")
    for draw, step in (
        (opened, "postpone"), (opened, "copy"), (drawn, "change"), (drawn, "publish"), (frozen, "change"),
    ):  # fmt: skip
        vera.open(f"lottery/draw/{draw.pk}/{step}/")
    assert vera.too_wide == []


def test_every_page_of_wins_and_reviews_is_shown(visit: Callable[[str], Visit], claimed: Win) -> None:
    make_wins([{}, {}, {"player": None}], name="Summer draw")
    make_expired(2, prize=("Bicycle", 1_500_000), name="Spring draw")
    suspect = _suspect()
    bar(Player.objects.exclude(pk=suspect.player_id)[0], make_staff("rita"), "Forty strangers' receipts.", now())
    entry = Entry.objects.filter(player=suspect.player).latest("pk")
    vera = visit("vera")
    for path in (
        "win/", f"win/{claimed.pk}/change/", f"win/{claimed.pk}/approve/", f"win/{claimed.pk}/refuse/", "claim/",
        "suspicion/", f"suspicion/{suspect.pk}/change/", f"suspicion/{suspect.pk}/bar/", "suspicion/look/", "player/",
        f"player/{suspect.player_id}/change/", "entry/", f"entry/{entry.pk}/change/", "barring/",
    ):  # fmt: skip
        vera.open(f"lottery/{path}")
    vera.page.goto("/admin/lottery/suspicion/")
    vera.page.check("#action-toggle, .action-toggle >> nth=0")
    vera.page.select_option("select[name=action]", "bar_all")
    vera.page.click("button[name=index]")
    assert "players" in vera.seen("lottery-bulk")
    assert vera.too_wide == []


@pytest.fixture
def record(till: Any, flush_everything: Callable[[], Any]) -> Callable[..., str]:
    def make() -> str:
        code: str = till.send().json()["code"]
        flush_everything()
        return code

    return make


@pytest.fixture
def claimed(record: Callable[..., str]) -> Win:
    from lottery.prizes.claiming import claim
    from lottery.prizes.tests.conftest import JANA, make_win, player_of, reread

    win = make_win(code=record(), at=now())
    claim(win, player_of(win), JANA, now())
    return reread(win)


def _entries(draw: Draw) -> None:
    stores = [make_store(name=f"Oak Avenue {number}").pk for number in range(24)]
    for number in range(300):
        make_entry(
            draw, make_player(), store=stores[number * number % 24], tickets=1 + number % 5,
            entered_at=now() - timedelta(hours=3 * (number % 97) + number % 11),
        )  # fmt: skip


def _suspect() -> Suspicion:
    draw = open_draw_now(name="Autumn draw")
    player, others = make_player(), [make_player() for _ in range(8)]
    entries = enter(draw, player, 45, minutes_apart=0, stores=range(40))
    for number, entry in enumerate(entries[:27]):
        contest(entry, others[number % 3])
    for one in (player, *others):
        enter(draw, one, 2)
        see(one, "phone")
    look(draw, now())
    return Suspicion.objects.get(player=player)
