"""A customer in a real browser reports a problem, corrects it and follows it; staff answer. Without JavaScript, too."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import redis
from playwright.sync_api import Page, expect

from receipts.cases.models import Case, Photo
from receipts.cases.tests.conftest import picture
from tests.browser.test_receipt_pages import fits
from tests.people import make_person

OpenPage = Callable[..., Page]
Shoot = Callable[[Page, str], Path]
PASSWORD = "a-password-for-browsers"
LOOKS = [("narrow", "light"), ("narrow", "dark"), ("phone", "dark"), ("desktop", "light"), ("desktop", "dark")]
DAY = "2026-11-20"


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "receipt.jpg"
    path.write_bytes(picture(size=(900, 1400)).read())
    return path


@pytest.fixture
def empty(transactional_db: None, store: redis.Redis) -> None:
    """No reports and nothing counted."""


def fill_in(page: Page) -> None:
    page.get_by_label("I was given no receipt").check()
    page.get_by_label("Shop: name and address").fill("Corner Shop, 1 High Street, Brno")
    page.get_by_label("Day").fill(DAY)
    page.get_by_label("Time, roughly").fill("17:40")
    page.get_by_label("What you paid").fill("129,90 Kč")
    page.get_by_label("In your own words").fill("The cashier said that the till was broken.\nNo paper.")


@pytest.mark.parametrize(("size", "scheme"), LOOKS)
def test_a_report_is_sent_corrected_and_followed_without_javascript(
    open_page: OpenPage, shoot: Shoot, empty: None, photo: Path, size: str, scheme: str
) -> None:
    page = open_page(size=size, scheme=scheme, javascript=False)
    look = f"{size}-{scheme}"
    page.goto("/report/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Report a problem")
    assert fits(page)
    shoot(page, f"report-{look}")
    page.get_by_label("Receipt code").fill("ABCD")
    page.get_by_label("E-mail, if you like").fill("jana@")
    page.get_by_role("button", name="Send the report").click()
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("Choose what is wrong.")
    expect(alert.get_by_role("link")).to_have_count(4)
    assert fits(page)
    shoot(page, f"report-faults-{look}")
    alert.get_by_role("link", name="This is no e-mail address.").click()
    expect(page.get_by_label("E-mail, if you like")).to_be_focused()
    page.get_by_label("E-mail, if you like").fill("jana@example.com")
    page.get_by_label("Receipt code").fill("")
    fill_in(page)
    page.get_by_label("Photo of the receipt").set_input_files(photo)
    page.get_by_role("button", name="Send the report").click()
    page.wait_for_url("**/report/*/*")
    expect(page.get_by_role("heading", level=1)).to_have_text("Received")
    expect(page.locator(".report-url")).to_contain_text(page.url.partition("/report/")[2])
    page.get_by_label("Your message").fill("I have found the receipt after all.")
    page.get_by_role("button", name="Send the message").click()
    expect(page.get_by_text("I have found the receipt after all.")).to_be_visible()
    assert fits(page)
    shoot(page, f"case-{look}")
    assert Photo.objects.count() == 1


def test_a_code_is_grouped_while_it_is_typed_and_the_trap_is_not_met(
    open_page: OpenPage, empty: None, shoot: Shoot
) -> None:
    page = open_page()
    page.goto("/report/?kind=missing")
    expect(page.get_by_label("My receipt is not found")).to_be_checked()
    field = page.get_by_label("Receipt code")
    field.press_sequentially("abcdefgh")
    expect(field).to_have_value("ABCD-EFGH")
    met = set()
    for _ in range(20):
        page.keyboard.press("Tab")
        met.add(page.evaluate("document.activeElement.id"))
    assert {"place", "bought_on", "what", "photo", "contact", "is_mail_wanted"} <= met
    assert "website" not in met
    page.emulate_media(media="print")
    shoot(page, "report-print")


def test_staff_answer_and_the_customer_reads_it(
    open_page: OpenPage, empty: None, shoot: Shoot, photo: Path, settings: Any
) -> None:
    settings.UNFOLD = {**settings.UNFOLD, "SIDEBAR": {"navigation": "possys.accounts.admin.navigation"}}
    make_person("boss", is_superuser=True, password=PASSWORD)
    customer = open_page(size="phone")
    customer.goto("/report/")
    fill_in(customer)
    customer.get_by_label("Photo of the receipt").set_input_files(photo)
    customer.get_by_role("button", name="Send the report").click()
    customer.wait_for_url("**/report/*/*")
    staff = open_page()
    staff.goto("/admin/receipts/case/")
    staff.fill("[name=username]", "boss")
    staff.fill("[name=password]", PASSWORD)
    staff.press("[name=password]", "Enter")
    number = Case.objects.get().number
    staff.get_by_role("link", name=number).wait_for()
    shoot(staff, "admin-cases-desktop")
    staff.get_by_role("link", name=number).click()
    staff.wait_for_url("**/change/")
    assert staff.evaluate("document.querySelector('img[alt^=\"The photo\"]').naturalHeight") == 1400
    staff.fill("[name=answer]", "We have asked the shop; its till was broken from noon to six.")
    staff.fill("[name=note]", "Third report of this shop.")
    shoot(staff, "admin-case-desktop")
    staff.get_by_role("button", name="Keep").click()
    staff.get_by_text("staff only").wait_for()
    staff.set_viewport_size({"width": 390, "height": 900})
    shoot(staff, "admin-case-phone")
    assert fits(staff)
    customer.reload()
    expect(customer.get_by_role("heading", level=1)).to_have_text("Answered")
    expect(customer.get_by_text("its till was broken from noon")).to_be_visible()
    expect(customer.get_by_text("Third report")).to_have_count(0)
    shoot(customer, "case-answered-phone")
    customer.emulate_media(media="print")
    shoot(customer, "case-answered-print")


def test_a_photo_that_is_much_too_large_gets_a_page_that_says_so(
    open_page: OpenPage, empty: None, shoot: Shoot, tmp_path: Path
) -> None:
    film = tmp_path / "film.jpg"
    film.write_bytes(bytes(40_000_000))
    page = open_page(size="phone", javascript=False)
    page.goto("/report/")
    fill_in(page)
    page.get_by_label("Photo of the receipt").set_input_files(film)
    page.get_by_role("button", name="Send the report").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("This is too large to be sent")
    assert fits(page)
    shoot(page, "report-too-large-phone")
    assert Case.objects.count() == 0
