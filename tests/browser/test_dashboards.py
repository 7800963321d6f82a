"""A retailer's people look at their figures in a real browser: pages, charts, filters, and news as it comes."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db.models import F
from playwright.sync_api import Page, Route, expect
from pytest_django.live_server_helper import LiveServer

from analytics.models import StoreHour
from analytics.sheets import SHEETS
from benchmarks.rollup_rows import add_up_stores
from portal.rights import Role
from possys.clock import now_ms, utc
from tests.browser.test_receipt_pages import fits
from tests.cast import make_member
from tests.factories import make_retailer, make_store, make_terminals
from tests.past import CURRENCY, make_past, set_complete_to
from tests.people import signed_in
from transactions.models import Store

OpenPage = Callable[..., Page]
Shoot = Callable[[Page, str], Path]
PAGES = [*SHEETS, "receipts", "definitions"]
# Colours do not depend on the width: both schemes once.
LOOKS = [("narrow", "light"), ("desktop", "dark")]
DAYS, SALES_A_DAY = 15, 12
SUMS = (
    "sales", "refunds", "voids", "gross", "refunded", "voided", "tax", "discounts", "discounted", "lines", "offline",
    "late",
)  # fmt: skip
ROWS = """(figure) => [...figure.querySelectorAll("tbody tr")].map(
  (row) => [...row.cells].map((cell) => cell.dataset.value ?? ""))"""
PRINTED = "getComputedStyle(document.querySelector('.bar-row')).display"
FOCUSED = "document.activeElement.getAttribute('href')"


class Shop:
    """A retailer with two stores and two weeks behind them, and its owner's browser."""

    def __init__(self, open_page: OpenPage, url: str) -> None:
        self.retailer = make_retailer("Corner Shops")
        self.stores = [make_store(self.retailer, name=name) for name in ("High Street", "Mill Lane")]
        for store in self.stores:
            make_terminals(store, 2)
        self.past = make_past(self.stores, days=DAYS, sales_a_day=SALES_A_DAY, until=end_of_today())
        set_complete_to(self.stores, utc(now_ms()))
        client = signed_in(make_member(self.retailer, Role.OWNER, name="owner").user)
        self.cookie = client.cookies["sessionid"].value
        self._open_page, self._url = open_page, url

    def page(self, **look: Any) -> Page:
        """A page of the owner's browser."""
        page = self._open_page(**look)
        page.context.add_cookies([{"name": "sessionid", "value": self.cookie, "url": self._url}])
        return page

    def path(self, page: str, query: str = "period=7d") -> str:
        place = "" if page == "overview" else f"{page}/"
        return f"/portal/{self.retailer.pk}/sales/{place}?{query}"


def end_of_today() -> datetime:
    """So that today has sales at whatever hour the tests run."""
    return datetime.combine(utc(now_ms()).date() + timedelta(days=1), datetime.min.time(), UTC)


def sell_one_more(store: Store) -> None:
    """What the feed does when a sale of 100.00 arrives now."""
    now = utc(now_ms())
    hour, _ = StoreHour.objects.get_or_create(
        store=store.pk, day=now.date(), hour=now.hour, currency=CURRENCY, defaults=dict.fromkeys(SUMS, 0)
    )
    StoreHour.objects.filter(store=store.pk, day=hour.day, hour=hour.hour).update(
        sales=F("sales") + 1, gross=F("gross") + 10_000
    )
    add_up_stores(lambda _: None)
    set_complete_to([store], now)


@pytest.fixture
def shop(transactional_db: None, store: object, live_server: LiveServer, open_page: OpenPage) -> Shop:
    return Shop(open_page, live_server.url)


def test_every_page_fits_and_breaks_no_rule(
    shop: Shop, shoot: Shoot, check_accessible: Callable[[Page, str], None]
) -> None:
    for size, scheme in LOOKS:
        page = shop.page(size=size, scheme=scheme)
        for name in PAGES:
            page.goto(shop.path(name))
            expect(page.locator("h1")).to_be_visible()
            expect(page.locator("figure[data-chart]:not(.is-drawn)")).to_have_count(0)
            assert fits(page), f"{name} {size}"
            shoot(page, f"sales-{name}-{size}-{scheme}")
            check_accessible(page, f"sales {name} {size} {scheme}")
        page.goto(shop.path("overview", "period=7d&hour=25"))
        expect(page.get_by_role("alert")).to_contain_text("A whole number from 0 to 23.")
        page.locator(".stat .definition summary").first.click()
        check_accessible(page, f"sales faults {size} {scheme}")
        page.context.close()


def test_a_chart_shows_its_table_and_leads_to_the_receipts_by_mouse_and_by_keyboard(shop: Shop) -> None:
    page = shop.page()
    page.goto(shop.path("overview", f"period=7d&store={shop.stores[0].pk}"))
    figure = page.locator("[data-key=over-time] figure")
    canvas = figure.locator("[data-canvas]")
    rows = figure.evaluate(ROWS)
    drawn = page.evaluate("charts.drawnOf(document.querySelector('[data-key=over-time] figure'))")
    # The last day is not over: it hangs on by dots.
    assert drawn[0][:-1] == [int(row[1]) for row in rows[:-1]]
    assert drawn[1] == [int(row[3]) for row in rows]
    assert drawn[2][-1] == int(rows[-1][1])
    figure.get_by_role("button", name="Sales").click()
    assert page.evaluate("charts.drawnOf(document.querySelector('[data-key=over-time] figure'))")[1] == [
        int(row[4]) for row in rows
    ]
    figure.get_by_text("Show as table").click()
    expect(figure.locator("tbody tr").first).to_be_visible()

    canvas.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(figure.locator("[data-status]")).to_contain_text(figure.locator("tbody th").nth(1).inner_text())
    page.keyboard.press("Enter")
    page.wait_for_url("**/sales/receipts/?*")
    day = rows[1][0]
    assert urlsplit(page.url).query == f"period={day}&store={shop.stores[0].pk}"
    codes = page.locator(".slip-code a")
    assert codes.count() == int(rows[1][2]) + sum(1 for sale in shop.past.sales if sale.type and is_of(sale, shop, day))

    page.go_back()
    box = canvas.bounding_box()
    assert box is not None
    canvas.click(position={"x": box["width"] / 2, "y": box["height"] / 2})
    page.wait_for_url("**/sales/receipts/?*")
    assert urlsplit(page.url).query in {f"period={row[0]}&store={shop.stores[0].pk}" for row in rows[2:5]}


def is_of(sale: Any, shop: Shop, day: str) -> bool:
    return bool(sale.store == shop.stores[0].pk and sale.day.isoformat() == day)


def test_filters_are_chosen_with_and_without_javascript_and_kept_by_links(shop: Shop) -> None:
    for javascript in (True, False):
        page = shop.page(javascript=javascript)
        page.goto(shop.path("overview"))
        page.get_by_text("Stores All stores").click()
        page.get_by_label("Mill Lane").check()
        page.get_by_role("button", name="Show", exact=True).click()
        page.get_by_text("Compare with").first.click()
        page.get_by_role("link", name="Year before").click()
        page.get_by_text("Period Last 7 days").click()
        page.get_by_label("From", exact=True).fill("2026-11-01")
        page.get_by_label("To", exact=True).fill("2026-11-02")
        page.get_by_role("button", name="Show these days").click()
        kept = f"period=2026-11-01..2026-11-02&compare=year&store={shop.stores[1].pk}"
        assert urlsplit(page.url).query == kept
        page.get_by_role("link", name="Products").first.click()
        assert urlsplit(page.url).query == kept
        if not javascript:
            page.goto(shop.path("overview"))
            expect(page.locator("[data-key=over-time] tbody tr").first).to_be_visible()
            expect(page.locator("[data-key=heat] tbody tr").first).to_be_visible()
        page.context.close()


def test_a_new_sale_appears_and_nothing_that_somebody_does_is_disturbed(shop: Shop) -> None:
    page = shop.page()
    page.goto(shop.path("overview", "period=today"))
    revenue = page.locator("[data-key=revenue]")
    sales = page.locator("[data-key=sales] .stat-value")
    before = int(sales.inner_text())
    drawn = page.evaluate("charts.drawnOf(document.querySelector('[data-key=over-time] figure'))")
    page.locator("[data-key=over-time]").get_by_text("Show as table").click()
    revenue.locator(".definition summary").click()
    link = page.locator("[data-key=stores] tbody a").last
    link.focus()
    focused = page.evaluate(FOCUSED)
    scrolled = page.evaluate("scrollY")

    sell_one_more(shop.stores[1])
    page.evaluate("live.update()")
    expect(sales).to_have_text(str(before + 1))
    assert page.evaluate("charts.drawnOf(document.querySelector('[data-key=over-time] figure'))") != drawn
    expect(revenue.locator(".definition p")).to_be_visible()
    expect(page.locator("[data-key=over-time] tbody tr").first).to_be_visible()
    assert page.evaluate(FOCUSED) == focused
    assert page.evaluate("scrollY") == scrolled
    expect(page.locator("[data-stale]")).to_be_hidden()

    def away(route: Route) -> None:
        route.fulfill(status=503)

    page.route("**/sales/*", away)
    page.evaluate("live.update()")
    expect(page.locator("[data-stale]")).to_contain_text("Not updated since")
    page.unroute("**/sales/*", away)
    page.evaluate("live.update()")
    expect(page.locator("[data-stale]")).to_be_hidden()


def test_a_page_is_printed_without_what_is_for_the_screen_only(shop: Shop, shoot: Shoot) -> None:
    page = shop.page(scheme="dark")
    page.goto(shop.path("overview"))
    page.emulate_media(media="print")
    assert page.evaluate(PRINTED) == "none"
    expect(page.locator("[data-key=over-time] canvas")).to_be_visible()
    shoot(page, "sales-overview-printed")
