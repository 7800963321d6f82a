"""Forecasts in a real browser: the chart with its band, in both colour schemes and on a phone; the lists around it."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db.models import Sum
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from portal.rights import Role
from possys.clock import now_ms, utc
from tests.browser.test_receipt_pages import fits
from tests.cast import make_member
from tests.factories import make_retailer
from tests.people import signed_in
from warehouse.demand.classing import Place, count_classes
from warehouse.demand.running import forecast_all
from warehouse.demand.tests.baskets import fill
from warehouse.models import Promotion, SoldDay

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
OpenPage = Callable[..., Page]
DRAWN = "(figure) => charts.drawnOf(figure)"


class Chain:
    """Two stores with real sales and forecasts of last night and of four weeks ago."""

    def __init__(self, open_page: OpenPage, url: str) -> None:
        self.retailer = make_retailer("Corner Shops")
        now = timezone.localtime(utc(now_ms()))
        yesterday = now.date() - timedelta(days=1)
        self.stores = fill(self.retailer, ("High Street", "Mill Lane"), yesterday, days=200, step=12)
        owner = make_member(self.retailer, Role.OWNER, name="owner").user
        count_classes(Place(self.retailer.pk, self.stores[0].pk), now.date())
        in_baskets = SoldDay.objects.filter(store=self.stores[0].pk).values("product").annotate(of=Sum("baskets"))
        self.top = in_baskets.order_by("-of")[0]["product"]
        Promotion.objects.create(
            retailer=self.retailer, name="Next week", product=self.top, first_day=now.date() + timedelta(days=7),
            last_day=now.date() + timedelta(days=10), discount_percent=40, made_by=owner, made_at=now,
        )  # fmt: skip
        # Last night's, and one of four weeks ago, which is kept and scored since a newer one is there.
        for cutoff in (yesterday, yesterday - timedelta(days=28)):
            forecast_all([self.retailer], cutoff, lambda: now, print)
        self._cookie = signed_in(owner).cookies["sessionid"].value
        self._open_page, self._url = open_page, url

    def page(self, path: str, **look: Any) -> Page:
        page = self._open_page(**look)
        page.context.add_cookies([{"name": "sessionid", "value": self._cookie, "url": self._url}])
        page.goto(f"/portal/{self.retailer.pk}/stock/{path}")
        return page


@pytest.fixture
def chain(open_page: OpenPage, live_server: LiveServer) -> Chain:
    return Chain(open_page, live_server.url)


def test_forecasts(chain: Chain, shoot: Callable[[Page, str], Path], check_accessible: Callable[..., None]) -> None:
    store = chain.stores[0].pk
    one = f"forecast/?store={store}&product={chain.top}"
    for size, scheme in (("desktop", "light"), ("phone", "dark"), ("desktop", "dark"), ("phone", "light")):
        page = chain.page(one, size=size, scheme=scheme)
        figure = page.locator('[data-key="weeks"] figure')
        expect(figure.locator("canvas")).to_be_visible()
        actual, expected, low, width = figure.evaluate(DRAWN)
        assert [value is None for value in actual] == [False] * 12 + [True] * 4
        assert all(value > 0 for value in expected[12:])
        # The band is drawn as its lower edge and its width; it lies around what is expected.
        assert all(low[at] <= expected[at] <= low[at] + width[at] for at in range(12, 16))
        assert fits(page)
        page.wait_for_timeout(400)
        shoot(page, f"demand-forecast-{size}-{scheme}")
    check_accessible(page, "forecast")
    for path in (f"demand/?store={store}", "accuracy/", "promotions/", "promotion/"):
        for size in ("desktop", "phone"):
            page = chain.page(path, size=size)
            assert fits(page)
            shoot(page, f"demand-{path.partition('/')[0]}-{size}")
        check_accessible(page, path)

    page = chain.page(f"demand/?store={store}")
    page.locator('[data-key="demand"] tbody a').first.click()
    expect(page.locator('[data-key="weeks"] canvas')).to_be_visible()
