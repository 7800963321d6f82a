"""The pages of results in a real browser: they fit, and keep WCAG AA, also with many winners and before the seed."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.cache import cache
from playwright.sync_api import Page

from ledger.log.checkpointer import catch_up
from lottery.draws import results
from lottery.tests.factories import frozen_draw, published_draw
from tests.browser.scene import sticks_out
from tests.tills import Till

OpenPage = Callable[..., Page]
Shoot = Callable[[Page, str], Path]
LOOKS = [("desktop", "light"), ("phone", "dark"), ("narrow", "light")]
PRIZES = (("First prize", 100_000_000, 1), ("Weekend for two", 1_000_000, 5), ("Shopping voucher", 100_000, 14))


def test_the_pages_fit_and_can_be_used_by_everybody(
    open_page: OpenPage,
    shoot: Shoot,
    check_accessible: Callable[..., None],
    till: Till,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(results, "WINNERS_SHOWN", 15)
    published, frozen = published_draw(25, prizes=PRIZES), frozen_draw(5)
    catch_up()
    addresses = {
        "results": "/lottery/results/",
        "result": f"/lottery/draws/{published.number}/",
        "check": f"/lottery/draws/{published.number}/check",
        "check-frozen": f"/lottery/draws/{frozen.number}/check",
    }
    for size, scheme in LOOKS:
        page = open_page(size=size, scheme=scheme)
        for name, address in addresses.items():
            cache.clear()
            page.goto(address)
            shoot(page, f"lottery-{name}-{size}-{scheme}")
            assert sticks_out(page) == [], (name, size)
            check_accessible(page, f"lottery-{name}")
