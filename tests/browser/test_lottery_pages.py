"""The lottery's pages in a real browser: they fit, keep WCAG AA, and the clock counts on as the server said it."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.cache import cache
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from lottery.draws.models import Draw
from lottery.entries.models import Entry
from lottery.entries.tests.conftest import browser_of
from lottery.prizes.models import Win
from lottery.tests.factories import frozen_draw, make_entry, make_player, now, open_draw_now, published_draw
from lottery.wording import time_left
from tests.browser.scene import sticks_out
from tests.tills import Till

OpenPage = Callable[..., Page]
Shoot = Callable[[Page, str], Path]
LOOKS = [("desktop", "light"), ("desktop", "dark"), ("phone", "light"), ("narrow", "dark")]
HOUR_MS = 3_600_000
PRIZES = (("First prize", 100_000_000, 1), ("Second prize", 5_000_000, 3), ("Shopping voucher", 100_000, 250))


@pytest.fixture
def draw(till: Till) -> Draw:
    """An open draw with some receipts, and one before it with its result."""
    cache.clear()
    published_draw(3, name="Summer draw")
    moment = now()
    draw = open_draw_now(
        prizes=PRIZES,
        entries_until=moment + timedelta(days=3, hours=4, minutes=30),
        freezes_at=moment + timedelta(days=4),
        draws_at=moment + timedelta(days=5),
        ticket_each=10_000,
        double_methods=["card"],
    )
    for number in range(3):
        make_entry(draw, make_player(), tickets=1 + number)
    return draw


@pytest.mark.parametrize(("size", "scheme"), LOOKS)
def test_the_pages_fit_and_can_be_used_by_everybody(
    open_page: OpenPage,
    shoot: Shoot,
    check_accessible: Callable[..., None],
    live_server: LiveServer,
    draw: Draw,
    size: str,
    scheme: str,
) -> None:
    page = open_page(size=size, scheme=scheme)
    last = Draw.objects.get(state=Draw.State.PUBLISHED)
    win = Win.objects.filter(draw=last).select_related("entry__player")[0]
    assert win.entry.player is not None
    make_entry(draw, win.entry.player)
    make_entry(draw, win.entry.player, state=Entry.State.TAKEN_BACK)
    cookies = browser_of(win.entry.player).cookies
    addresses = {
        "home": "/lottery/",
        "rules": f"/lottery/draws/{draw.number}/rules",
        "results": "/lottery/results/",
        "result": f"/lottery/draws/{last.number}/",
        "check": f"/lottery/draws/{last.number}/check",
        "sign-in": "/lottery/sign-in",
        "tickets": "/lottery/tickets",
        "ticket": f"/lottery/tickets/{win.entry_id}",
        "claim": f"/lottery/claims/{win.pk}",
        "data": "/lottery/my-data",
        "delete": "/lottery/my-data/delete",
    }
    page.context.add_cookies(
        [{"name": name, "value": kept.value, "url": live_server.url} for name, kept in cookies.items()]
    )
    for name, address in addresses.items():
        page.goto(address)
        shoot(page, f"lottery-{name}-{size}-{scheme}")
        assert sticks_out(page) == []
        check_accessible(page, f"lottery-{name}")


@pytest.mark.parametrize(("size", "scheme"), [("desktop", "light"), ("narrow", "dark")])
def test_the_first_page_fits_while_no_draw_is_open(
    open_page: OpenPage, shoot: Shoot, check_accessible: Callable[..., None], till: Till, size: str, scheme: str
) -> None:
    page = open_page(size=size, scheme=scheme)
    page.goto("/lottery/")
    shoot(page, f"lottery-home-empty-{size}-{scheme}")
    frozen_draw(3)
    page.reload()
    expect(page.get_by_text("List frozen").first).to_be_visible()
    shoot(page, f"lottery-home-frozen-{size}-{scheme}")
    assert sticks_out(page) == []
    check_accessible(page, "lottery-home-frozen")


def test_the_clock_says_what_the_server_said_and_counts_on(open_page: OpenPage, draw: Draw) -> None:
    page = open_page(javascript=False)
    page.goto("/lottery/")
    left = page.locator("[data-until]")
    said = {time_left(draw.entries_until - now() + timedelta(seconds=later)) for later in (0, 5)}
    assert left.inner_text() in said
    page = open_page()
    page.clock.install(time=draw.entries_until - timedelta(seconds=62))
    page.goto("/lottery/")
    left = page.locator("[data-until]")
    # The page's clock differs from the server's by days, so that the server's counts.
    assert left.inner_text() in said
    page.clock.fast_forward(72 * HOUR_MS)
    expect(left).to_have_text(time_left(draw.entries_until - now() - timedelta(days=3)))
    page.clock.fast_forward(24 * HOUR_MS)
    expect(left).to_have_text("Entries have closed")
