"""Stock in a real browser: goods come in by rows and by file, an order is received, a forecast is drawn."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from accounting.days.tests.trade import Shop, sealed
from ledger.products import product_id
from portal.rights import Role
from possys.clock import now_ms, utc
from tests.browser.test_receipt_pages import fits
from tests.cast import make_member
from tests.factories import make_line, make_retailer, make_store, make_terminals
from tests.people import signed_in
from warehouse.consumers import add_sold
from warehouse.models import Forecast
from warehouse.service import SERVICE
from warehouse.stock.items import save_supplier

OpenPage = Callable[..., Page]
Shoot = Callable[[Page, str], Path]
PAGES = [page.key for page in SERVICE.pages if page.is_tab]
FORMS = ("deliver", "count", "write-off", "order-form")
SKU, NAME = "A-100", "Whole milk 1 l"
DAYS, SOLD_A_DAY = 28, 2


class Stock:
    """A retailer whose one store sold two bottles of milk on each of the last four weeks' days, and has a supplier."""

    def __init__(self, open_page: OpenPage, url: str) -> None:
        self.retailer = make_retailer("Corner Shops")
        self.store = make_store(self.retailer)
        shop = Shop(self.store, [terminal.number for terminal in make_terminals(self.store, 1)])
        now = utc(now_ms())
        self.today = now.date()
        line = make_line(sku=SKU, name=NAME, category="Dairy", quantity=str(SOLD_A_DAY), amount=2550 * SOLD_A_DAY)
        sales = [shop.sale(self.today - timedelta(days=back), lines=[line]) for back in range(1, DAYS + 1)]
        with transaction.atomic():
            add_sold(sealed(shop, sales, 1, now))
        self.product = product_id(self.retailer.pk, f"s:{SKU}")
        self.supplier = save_supplier(self.retailer.pk, None, {"name": "Meadow Dairy", "lead_days": 1})
        self.members = {
            "owner": make_member(self.retailer, Role.OWNER, name="owner"),
            "viewer": make_member(self.retailer, Role.VIEWER, name="viewer"),
        }
        self._open_page, self._url = open_page, url

    def page(self, name: str = "owner", **look: Any) -> Page:
        """A page of somebody's browser."""
        page = self._open_page(**look)
        cookie = signed_in(self.members[name].user).cookies["sessionid"].value
        page.context.add_cookies([{"name": "sessionid", "value": cookie, "url": self._url}])
        return page

    def path(self, key: str) -> str:
        return f"/portal/{self.retailer.pk}/stock/{key}"

    def deliver(self, page: Page, quantity: str = "60", reference: str = "L-1") -> None:
        """Takes milk in that came today."""
        page.goto(self.path("deliver/"))
        page.get_by_label("Supplier").select_option("Meadow Dairy")
        page.get_by_label("Delivery note").fill(reference)
        page.get_by_label("Product, row 1").fill(SKU)
        page.get_by_label("Quantity, row 1").fill(quantity)
        page.get_by_label("Cost of one, row 1").fill("14.50")
        page.get_by_role("button", name="Take it in").click()
        expect(page.get_by_text("Delivery 1 is saved.")).to_be_visible()

    def forecast(self) -> None:
        """What a night's run says: two and a half bottles a day."""
        Forecast.objects.create(
            store=self.store.pk, product=self.product, retailer=self.retailer.pk,
            cutoff=self.today - timedelta(days=1), mean=[2.5] * 28, low=[1.0] * 28, high=[4.0] * 28, dispersion=0.1,
        )  # fmt: skip


@pytest.fixture
def stock(transactional_db: None, store: object, live_server: LiveServer, open_page: OpenPage) -> Stock:
    return Stock(open_page, live_server.url)


def on_hand(page: Page, stock: Stock) -> str:
    """What the list of levels says of the milk."""
    page.goto(stock.path("levels/"))
    row = page.locator("[data-key=levels] tbody tr").filter(has_text=NAME)
    return row.locator("td").first.inner_text()


def test_a_delivery_by_rows_and_a_count_by_file_bring_stock_up(stock: Stock, shoot: Shoot, tmp_path: Path) -> None:
    page = stock.page()
    page.goto(stock.path(""))
    expect(page.get_by_role("region", name="What to do first")).to_contain_text("Stock begins with a first count.")
    stock.deliver(page)
    assert on_hand(page, stock) == "60"
    page.goto(stock.path("deliver/"))
    page.get_by_label("Delivery note").fill("L-2")
    file = tmp_path / "delivery.csv"
    file.write_text(f"product;quantity;unit_cost\n{SKU};24;14.90\nB-9;many;3.10\n")
    page.get_by_text("From a file instead").click()
    page.get_by_label("CSV file").set_input_files(file)
    page.get_by_role("button", name="Take it in").click()
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("Nothing was saved.")
    expect(alert).to_contain_text("Line 3, quantity")
    shoot(page, "stock-file-with-a-fault")
    assert on_hand(stock.page("viewer"), stock) == "60"
    expect(page.get_by_label("Delivery note")).to_have_value("L-2")
    file.write_text(f"product;quantity;unit_cost\n{SKU};24;14.90\n")
    page.get_by_text("From a file instead").click()
    page.get_by_label("CSV file").set_input_files(file)
    page.get_by_role("button", name="Take it in").click()
    expect(page.get_by_text("Delivery 2 is saved.")).to_be_visible()
    assert on_hand(page, stock) == "84"


def test_an_order_is_written_and_received(stock: Stock, shoot: Shoot) -> None:
    page = stock.page(size="phone")
    page.goto(stock.path("orders/"))
    page.get_by_role("link", name="New order").first.click()
    page.get_by_label("Supplier").select_option("Meadow Dairy")
    page.get_by_label("Product, row 1").fill(NAME)
    page.get_by_label("Quantity, row 1").fill("36")
    page.get_by_role("button", name="Order these").click()
    expect(page.get_by_text("is written down.")).to_be_visible()
    page.get_by_role("link", name="Receive").click()
    expect(page.get_by_label("Quantity, row 1")).to_have_value("36")
    page.get_by_label("Quantity, row 1").fill("30")
    page.get_by_label("Delivery note").fill("L-7")
    page.get_by_role("button", name="Into stock").click()
    expect(page.get_by_text("1 row came into stock, and more is still to come.")).to_be_visible()
    assert fits(page)
    shoot(page, "stock-order-phone")
    assert on_hand(page, stock) == "30"


def test_a_forecast_is_drawn_with_its_interval(
    stock: Stock, shoot: Shoot, check_accessible: Callable[[Page, str], None]
) -> None:
    stock.forecast()
    for size, scheme in (("phone", "light"), ("desktop", "dark")):
        page = stock.page("viewer", size=size, scheme=scheme)
        page.goto(stock.path(f"forecast/?store={stock.store.pk}&product={stock.product}"))
        expect(page.locator("h1")).to_have_text(NAME)
        expect(page.locator("figure[data-chart].is-drawn")).not_to_have_count(0)
        expect(page.locator("figure[data-chart] canvas").first).to_be_visible()
        assert fits(page)
        shoot(page, f"stock-forecast-{size}-{scheme}")
        check_accessible(page, f"stock forecast {size} {scheme}")
        page.context.close()


def test_every_page_of_stock_fits(stock: Stock, shoot: Shoot, check_accessible: Callable[[Page, str], None]) -> None:
    stock.forecast()
    stock.deliver(stock.page(), quantity="6")
    for size, scheme in (("phone", "light"), ("desktop", "dark")):
        page = stock.page(size=size, scheme=scheme)
        for key in (*PAGES, *FORMS):
            response = page.goto(stock.path(f"{key}/"))
            assert response is not None
            assert response.status == 200, key
            assert fits(page), f"{key} {size}"
            shoot(page, f"stock-{key}-{size}-{scheme}")
            if key in {"levels", "deliver", "reorder"}:
                check_accessible(page, f"stock {key} {size} {scheme}")
        page.context.close()
