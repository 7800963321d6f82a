"""A customer in a real browser finds a receipt by typing its code: phone and desktop, light and dark."""

from collections.abc import Callable
from datetime import timedelta, timezone
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from possys import receipt_keys
from possys.clock import now_ms, utc
from possys.codes import Environment
from tests.factories import make_line, make_refund
from tests.tills import Till

OpenPage = Callable[..., Page]
Shoot = Callable[[Page, str], Path]
LINES = [
    make_line(),
    make_line(name="Ham, sliced", quantity="0.312", unit="kg", unit_price="18990", discount=705, amount=5220),
    make_line(
        name="Sourdough bread, stone-baked, with sunflower seeds 750 g",
        quantity="1",
        unit_price="8990",
        amount=8990,
    ),
    make_line(
        name="Deposit, glass bottle 0.5 l",
        kind="deposit",
        quantity="6",
        unit_price="300",
        amount=1800,
        tax="0",
    ),
    make_line(name="Loyalty voucher", kind="discount", quantity="1", unit=None, unit_price=None, amount=-1500),
]
TAXES = [
    {"code": "A", "rate": "12.00", "net": 15902, "tax": 1908},
    {"code": "0", "rate": None, "net": 1800, "tax": 0},
]
PRAGUE = timezone(timedelta(hours=1))
SIZES = ("narrow", "phone", "desktop")


@pytest.fixture
def code(till: Till, flush_everything: Callable[[], object]) -> str:
    """The code of a recorded sale of some ordinary groceries."""
    sale = till.sale(lines=LINES, taxes=TAXES, rounding=-10, tendered=20000, issued_at=_just_now())
    answer = till.send(sale)
    assert answer.status == 201, answer.body
    flush_everything()
    return str(answer.json()["code"])


def _just_now() -> str:
    """Three seconds ago, as a till in Prague in winter writes it."""
    return (utc(now_ms()) - timedelta(seconds=3)).astimezone(PRAGUE).isoformat(timespec="seconds")


def fits(page: Page) -> bool:
    """Whether nothing sticks out to the side."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


def test_a_receipt_is_found_by_typing_its_code(open_page: OpenPage, code: str) -> None:
    page = open_page(size="phone")
    page.goto("/")
    field = page.get_by_label("Receipt code")
    field.press_sequentially(code.replace("-", "").lower())
    # Grouped and in capitals while it is typed.
    expect(field).to_have_value(code)
    page.get_by_role("button", name="Check").click()
    page.wait_for_url(f"**/r/{code}")
    expect(page.get_by_role("heading", level=1)).to_have_text("Recorded")
    expect(page.locator(".verdict-total dd")).to_have_text("CZK\u00a0196.00")
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


def test_a_typing_error_is_said_beside_the_field(open_page: OpenPage, code: str, shoot: Shoot) -> None:
    wrong = code[:-1] + ("0" if code[-1] != "0" else "1")
    for size in SIZES:
        page = open_page(size=size, scheme="dark" if size == "phone" else "light")
        page.goto("/")
        page.get_by_label("Receipt code").fill(wrong)
        page.get_by_role("button", name="Check").click()
        expect(page.get_by_role("alert")).to_contain_text("typing error")
        expect(page.get_by_label("Receipt code")).to_have_value(wrong)
        assert fits(page)
        shoot(page, f"mistyped-{size}")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_every_page_fits(open_page: OpenPage, till: Till, code: str, shoot: Shoot, size: str, scheme: str) -> None:
    today = utc(now_ms()).date()
    table = receipt_keys.table()
    accepted = till.send(make_refund(code, terminal=till.number, sequence=50)).json()["code"]
    pages = {
        "find": ("/", "Was your receipt recorded?"),
        "recorded": (f"/r/{code}", "Recorded"),
        "accepted": (f"/r/{accepted}", "Accepted, being recorded"),
        "test": (f"/r/{table.encode(Environment.TEST, today, till.number, 9)}", "Test receipt"),
        "not-found": (f"/r/{table.encode(Environment.PRODUCTION, today, till.number, 9)}", "Not recorded"),
        "404": ("/no/such/page", "There is no such page"),
    }
    page = open_page(size=size, scheme=scheme)
    for name, (address, heading) in pages.items():
        page.goto(address)
        expect(page.get_by_role("heading", level=1)).to_have_text(heading)
        assert fits(page), f"{name} is wider than {size}"
        shoot(page, f"{name}-{size}-{scheme}")


def test_a_refund_leads_to_its_receipt(
    open_page: OpenPage, till: Till, code: str, flush_everything: Callable[[], object], shoot: Shoot
) -> None:
    refund = till.send(make_refund(code, terminal=till.number, sequence=50)).json()["code"]
    flush_everything()
    page = open_page(size="phone")
    page.goto(f"/r/{refund}")
    expect(page.get_by_role("heading", level=1)).to_have_text("Refund, recorded")
    shoot(page, "refund-phone-light")
    page.get_by_role("link", name=code).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Recorded")


def test_a_receipt_prints_on_paper_without_the_site_around_it(open_page: OpenPage, code: str, shoot: Shoot) -> None:
    page = open_page()
    page.goto(f"/r/{code}")
    page.emulate_media(media="print")
    expect(page.locator(".site-header")).to_be_hidden()
    expect(page.get_by_role("heading", name="The receipt")).to_be_visible()
    shoot(page, "recorded-print")
