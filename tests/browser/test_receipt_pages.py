"""A customer in a real browser finds a receipt by typing its code: phone and desktop, light and dark."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import HEIGHT_PX, SCREENSHOTS, WIDTHS_PX
from tests.browser.scene import LINES, TAXES, TOTAL_SHOWN, TOTAL_TYPED, just_now
from tests.factories import make_refund
from tests.links import full_address
from tests.tills import Till

OpenPage = Callable[..., Page]
Shoot = Callable[[Page, str], Path]
SIZES = ("narrow", "phone", "desktop")


@pytest.fixture
def code(till: Till, flush_everything: Callable[[], object]) -> str:
    """The code of a recorded sale of some ordinary groceries."""
    sale = till.sale(lines=LINES, taxes=TAXES, rounding=-10, tendered=20000, issued_at=just_now())
    answer = till.send(sale)
    assert answer.status == 201, answer.body
    flush_everything()
    return str(answer.json()["code"])


def fits(page: Page) -> bool:
    """Whether nothing sticks out to the side."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


def test_a_receipt_is_found_by_typing_its_code_and_its_total(open_page: OpenPage, code: str, shoot: Shoot) -> None:
    page = open_page(size="phone")
    page.goto("/")
    field = page.get_by_label("Receipt code")
    field.press_sequentially(code.replace("-", "").lower())
    # Grouped and in capitals while it is typed.
    expect(field).to_have_value(code)
    page.get_by_role("button", name="Check").click()
    page.wait_for_url(f"**/r/{code}")
    expect(page.get_by_role("heading", level=1)).to_have_text("Recorded")
    # A code alone does not say what was bought.
    expect(page.get_by_text("Sourdough bread")).to_have_count(0)
    expect(page.get_by_text(TOTAL_SHOWN)).to_have_count(0)
    page.get_by_label("Total on the receipt").fill("195.00")
    page.get_by_role("button", name="Show the receipt").click()
    expect(page.get_by_role("alert").first).to_contain_text("not the total that was recorded")
    expect(page.get_by_role("link", name="Report a wrong amount")).to_be_visible()
    assert fits(page)
    shoot(page, "wrong-total-phone")
    page.get_by_label("Total on the receipt").fill(TOTAL_TYPED)
    page.get_by_label("Total on the receipt").press("Enter")
    page.wait_for_url(f"**{full_address(code)}")
    expect(page.locator(".verdict-total dd")).to_have_text(TOTAL_SHOWN)
    expect(page.get_by_text("Sourdough bread")).to_be_visible()


def test_a_symbol_put_into_the_middle_stays_under_the_caret(open_page: OpenPage, db: None) -> None:
    page = open_page()
    page.goto("/")
    field = page.get_by_label("Receipt code")
    field.press_sequentially("abcdfghj")
    for _ in range(6):
        field.press("ArrowLeft")
    field.press_sequentially("12")
    expect(field).to_have_value("ABC1-2DFG-HJ")


def test_a_receipt_is_found_without_javascript(open_page: OpenPage, code: str) -> None:
    page = open_page(javascript=False)
    page.goto("/")
    page.get_by_label("Receipt code").fill(code.lower().replace("-", " "))
    page.get_by_role("button", name="Check").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Recorded")
    page.get_by_label("Total on the receipt").fill(TOTAL_TYPED)
    page.get_by_role("button", name="Show the receipt").click()
    expect(page.get_by_text("Sourdough bread")).to_be_visible()


def test_a_typing_error_is_said_beside_the_field(open_page: OpenPage, code: str, shoot: Shoot) -> None:
    wrong = code[:-1] + ("0" if code[-1] != "0" else "1")
    page = open_page()
    for size in SIZES:
        page.set_viewport_size({"width": WIDTHS_PX[size], "height": HEIGHT_PX})
        page.goto("/")
        page.get_by_label("Receipt code").fill(wrong)
        page.get_by_role("button", name="Check").click()
        expect(page.get_by_role("alert")).to_contain_text("typing error")
        expect(page.get_by_label("Receipt code")).to_have_value(wrong)
        assert fits(page)
        shoot(page, f"mistyped-{size}")


def test_a_refund_leads_to_its_receipt_and_back(
    open_page: OpenPage, till: Till, code: str, flush_everything: Callable[[], object]
) -> None:
    refund = till.send(make_refund(code, terminal=till.number, sequence=50)).json()["code"]
    flush_everything()
    page = open_page(size="phone")
    page.goto(full_address(refund))
    page.locator(".refers").get_by_role("link", name=code).click()
    # Whoever holds the refund's paper has the code of the sale, and not its link.
    page.get_by_label("Total on the receipt").fill(TOTAL_TYPED)
    page.get_by_role("button", name="Show the receipt").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Refunded in part")
    page.get_by_role("link", name=refund).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Refund, recorded")


def test_a_receipt_prints_on_paper_without_the_site_around_it(open_page: OpenPage, code: str, shoot: Shoot) -> None:
    page = open_page()
    page.goto(full_address(code))
    page.emulate_media(media="print")
    for around in (".site-header", ".site-footer", ".next-steps", ".self-check", ".again"):
        expect(page.locator(around)).to_be_hidden()
    expect(page.locator(".slip")).to_contain_text(TOTAL_SHOWN)
    expect(page.get_by_role("img", name="QR code")).to_be_visible()
    shoot(page, "recorded-print")
    pdf = page.pdf(path=SCREENSHOTS / "recorded-print.pdf", format="A4")
    # A short receipt needs one sheet.
    assert pdf.count(b"/Type /Page\n") == 1
