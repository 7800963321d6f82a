"""The books in a real browser: a day's close and the entry made of it, a count that differs, every page's look."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from accounting.books.models import JournalEntry
from accounting.days.due import close_due
from accounting.days.tests.trade import Shop
from accounting.service import SERVICE
from portal.rights import Role
from possys.clock import now_ms, utc
from tests.browser.test_receipt_pages import fits
from tests.cast import make_member
from tests.factories import make_retailer, make_store, make_terminals
from tests.people import signed_in

OpenPage = Callable[..., Page]
Shoot = Callable[[Page, str], Path]
PASSWORD = "a long enough one"
# Pages that need no row of a list to be opened, and forms that say most.
PAGES = [page.key for page in SERVICE.pages if page.is_tab]
FORMS = ("cash-up", "write-entry", "settings")


class Books:
    """A retailer whose one store sold for 51.00 in cash the day before yesterday, which is closed."""

    def __init__(self, open_page: OpenPage, url: str) -> None:
        self.retailer = make_retailer("Corner Shops")
        self.store = make_store(self.retailer)
        shop = Shop(self.store, [terminal.number for terminal in make_terminals(self.store, 2)])
        now = utc(now_ms())
        self.day = now.date() - timedelta(days=2)
        shop.feed([shop.sale(self.day)], datetime.combine(self.day, datetime.max.time(), UTC))
        shop.complete(now)
        assert close_due(now) == 1
        self.entry = JournalEntry.objects.get(retailer=self.retailer)
        self._open_page, self._url = open_page, url
        people = {"owner": Role.OWNER, "manager": Role.STORE_MANAGER, "viewer": Role.VIEWER}
        self.members = {
            name: make_member(
                self.retailer, role, name=name, stores=(self.store,) if role is Role.STORE_MANAGER else (),
                password=PASSWORD if name == "owner" else None,
            )
            for name, role in people.items()
        }  # fmt: skip

    def page(self, name: str = "owner", **look: Any) -> Page:
        """A page of somebody's browser."""
        page = self._open_page(**look)
        cookie = signed_in(self.members[name].user).cookies["sessionid"].value
        page.context.add_cookies([{"name": "sessionid", "value": cookie, "url": self._url}])
        return page

    def path(self, key: str) -> str:
        return f"/portal/{self.retailer.pk}/books/{key}/"


@pytest.fixture
def books(transactional_db: None, store: object, live_server: LiveServer, open_page: OpenPage) -> Books:
    return Books(open_page, live_server.url)


def test_an_owner_signs_in_and_goes_from_a_closed_day_to_its_entry(
    books: Books, open_page: OpenPage, shoot: Shoot
) -> None:
    page = open_page()
    page.goto(f"/portal/{books.retailer.pk}/books/")
    page.locator("[name=username]").fill("owner")
    page.locator("[name=password]").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/books/")
    row = page.locator("[data-key=days] tbody tr")
    expect(row).to_have_count(1)
    expect(row).to_contain_text("51.00")
    row.get_by_role("link").first.click()
    expect(page.locator("h1")).to_contain_text("High Street")
    expect(page.locator("[data-key=parts]")).to_contain_text(str(books.entry.number))
    shoot(page, "books-day")
    page.get_by_role("link", name="Journal", exact=True).click()
    page.locator("[data-key=entries] tbody a").first.click()
    lines = page.locator("[data-key=lines] tbody tr")
    expect(lines.filter(has_text="Cash in hand")).to_contain_text("51.00")
    expect(lines.filter(has_text="Output VAT")).to_have_count(1)


def test_a_manager_counts_what_differs_and_the_journal_says_so(books: Books, shoot: Shoot) -> None:
    page = books.page("manager", size="phone")
    page.goto(books.path("cash-ups"))
    page.get_by_role("region", name="What to do first").get_by_role("link", name="Count the cash").click()
    page.get_by_label("Day").fill(books.day.isoformat())
    page.get_by_label("Counted").fill("150.00")
    page.get_by_label("Opening").fill("100.00")
    page.get_by_label("To the bank").fill("170.00")
    page.get_by_role("button", name="Save the count").click()
    expect(page.get_by_text("More than was counted cannot be taken to the bank.")).to_be_visible()
    expect(page.get_by_label("Counted")).to_have_value("150.00")
    page.get_by_label("To the bank").fill("50")
    page.get_by_role("button", name="Save the count").click()
    expect(page.get_by_text("CZK1.00 are missing, and posted so.").or_(page.get_by_text("are missing"))).to_be_visible()
    expect(page.locator("[data-key=counts] tbody tr, [data-key=cash-ups] tbody tr").first).to_contain_text("−1.00")
    assert fits(page)
    shoot(page, "books-counted-phone")

    page = books.page("owner")
    page.goto(books.path("journal"))
    page.locator("[data-key=entries] tbody tr").filter(has_text="Cash-up").locator("a").first.click()
    lines = page.locator("[data-key=lines] tbody tr")
    expect(lines.filter(has_text="Cash over and short")).to_contain_text("1.00")
    expect(lines.filter(has_text="Cash in transit")).to_contain_text("50.00")


def test_every_page_of_the_books_fits(
    books: Books, shoot: Shoot, check_accessible: Callable[[Page, str], None]
) -> None:
    for size, scheme in (("phone", "light"), ("desktop", "dark")):
        page = books.page(size=size, scheme=scheme)
        for key in (*PAGES, *FORMS):
            response = page.goto(books.path(key))
            assert response is not None
            assert response.status == 200, key
            assert fits(page), f"{key} {size}"
            shoot(page, f"books-{key}-{size}-{scheme}")
            if key in {"days", "cash-up", "write-entry"}:
                check_accessible(page, f"books {key} {size} {scheme}")
        page.context.close()


def test_a_retailer_without_sales_is_told_what_to_do_first_and_a_viewer_sees_no_books(
    books: Books, live_server: LiveServer, open_page: OpenPage
) -> None:
    viewer = books.page("viewer")
    assert viewer.goto(books.path("days")).status == 403  # type: ignore[union-attr]
    new = make_retailer("New Shops", tax_id="N1")
    owner = signed_in(make_member(new, Role.OWNER, name="new-owner").user)
    page = open_page()
    page.context.add_cookies([{"name": "sessionid", "value": owner.cookies["sessionid"].value, "url": live_server.url}])
    page.goto(f"/portal/{new.pk}/books/journal/")
    hints = page.get_by_role("region", name="What to do first")
    expect(hints).to_contain_text("Nothing is in the journal yet.")
    hints.get_by_role("link").first.click()
    expect(page.locator("h1")).to_have_text("Settings of the books")
