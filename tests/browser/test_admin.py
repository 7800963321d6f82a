"""The admin in a real browser: signing in, every page in its frame, a terminal enrolled; pictures of all of it."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
import zxingcpp
from playwright.sync_api import Page

from ledger.consumers import Consumer, all_consumers, consumer, forget
from ledger.feed import FedBlock
from ledger.feeding.running import feed_all
from ledger.feeding.ticks import mark_complete
from ledger.feeding.tokens import issue
from ledger.models import Head, MarkedRecord
from ledger.shards import ALL_SHARDS
from possys.clock import now_ms, utc
from tests.factories import make_line, make_store, make_terminals
from tests.people import make_person
from tests.tills import Till

PASSWORD = "a-password-for-browsers"
# A desk and a telephone.
WIDTHS = (1400, 390)
TOO_WIDE = "document.documentElement.scrollWidth > document.documentElement.clientWidth"


class Visit:
    """A person's way through the admin, with a picture of each page."""

    def __init__(self, page: Page, shoot: Callable[[Page, str], Path]) -> None:
        self.page, self.shoot = page, shoot
        self.too_wide: list[str] = []

    def open(self, path: str) -> str:
        """Opens a page of the admin; answers its text."""
        self.page.goto(f"/admin/{path}")
        return self.seen(path or "index")

    def seen(self, name: str) -> str:
        """Takes the picture of what is shown, at every width."""
        for width in WIDTHS:
            self.page.set_viewport_size({"width": width, "height": 900})
            plain = re.sub(r"\W+", "-", name).strip("-")
            self.shoot(self.page, f"admin-{plain}-{width}")
            if self.page.evaluate(TOO_WIDE):
                self.too_wide.append(f"{name} at {width}")
        self.page.set_viewport_size({"width": WIDTHS[0], "height": 900})
        return self.page.inner_text("#main")


@pytest.fixture
def sold(till: Till, flush_everything: Callable[[], Any]) -> str:
    """A ledger with sales, a conflict and something that waits; the code of the first sale."""
    make_person("boss", is_superuser=True, password=PASSWORD)
    for number in range(3):
        other = Till(make_terminals(make_store(name=f"Oak Avenue {number}"), 3)[0])
        other.send_batch(other.sales(60))
    lines = [
        make_line(),
        make_line(name="Ham, sliced", quantity="0.312", unit="kg", unit_price="18990", discount=705, amount=5220),
    ]
    sale = till.sale(lines=lines)
    code: str = till.send(sale).json()["code"]
    flush_everything()
    till.send({**sale, "operator": "8", "buyer": "CZ699000"})
    flush_everything()
    till.send()
    return code


@pytest.fixture
def visit(sold: str, open_page: Callable[..., Page], shoot: Callable[[Page, str], Path], settings: Any) -> Visit:
    settings.UNFOLD = {
        **settings.UNFOLD,
        "DASHBOARD_CALLBACK": "possys.home.dashboard",
        "SIDEBAR": {"navigation": "possys.accounts.admin.navigation"},
    }
    page = open_page()
    page.goto("/admin/")
    page.fill("[name=username]", "boss")
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")
    page.wait_for_selector("text=Last sealed")
    return Visit(page, shoot)


def test_staff_finds_a_receipt_its_block_and_its_conflict(visit: Visit, sold: str) -> None:
    assert "last sealed" in visit.open("")
    assert "Stopped shards" in visit.open("ledger/head/")
    assert "Oak Avenue 1" in visit.open("transactions/terminal/")
    visit.open("ledger/entry/")
    visit.page.fill("[name=code]", sold.lower().replace("-", " "))
    visit.page.click("button:has-text('Show')")
    assert "Ham, sliced" in visit.seen("entry")
    visit.page.click("a:has-text('Block 1 of shard')")
    assert "Computed again just now" in visit.seen("block")
    visit.open("ledger/block/")
    visit.open("ledger/markedrecord/")
    visit.page.click("#result_list tbody a >> nth=0")
    assert "They differ in 2 fields." in visit.seen("comparison")
    assert visit.too_wide == []


def test_staff_enrols_terminals_and_suspends_one(visit: Visit) -> None:
    visit.open("transactions/store/")
    visit.page.click("#result_list tbody a:has-text('Oak Avenue 0') >> nth=0")
    visit.page.click("a:has-text('Enrol terminals')")
    visit.page.fill("[name=count]", "2")
    visit.seen("enrol")
    visit.page.click("button:has-text('Enrol')")
    said = visit.seen("codes")
    assert len(re.findall(r"^(?:[0-9A-Z]{4}-){3}[0-9A-Z]{4}$", said, re.MULTILINE)) == 2
    # Drawn at a size that a till reads from a screen.
    side = visit.page.eval_on_selector("svg.qr", "drawn => drawn.getBoundingClientRect().width")
    assert 150 <= side <= 400
    visit.page.click("a:has-text('Back to')")
    visit.page.click("a:has-text('Terminals') >> nth=-1")
    visit.seen("store")
    visit.page.click("a:has-text('Enrol terminals')")
    visit.page.check("[name=gets][value=tokens]")
    visit.page.click("button:has-text('Enrol')")
    assert len(re.findall(r"^t\d+\.1\.\d+\.\S{22}$", visit.seen("tokens"), re.MULTILINE)) == 1
    visit.open("transactions/terminal/")
    visit.page.click("#result_list tbody tr:has-text('active') a >> nth=0")
    visit.page.click("text=Change the status")
    visit.page.click("a:has-text('Suspend'):visible")
    visit.page.fill("[name=reason]", "The rent is not paid.")
    visit.seen("suspend")
    visit.page.click("button:has-text('Suspend')")
    said = visit.seen("terminal")
    assert "suspended" in said
    assert "The rent is not paid." in said
    assert "staff boss" in said
    visit.page.click("a:has-text('All steps')")
    assert "The rent is not paid." in visit.seen("steps")
    assert visit.too_wide == []


def codes_on_paper(page: Page) -> list[str]:
    """What a scanner reads from the page when it is printed."""
    sheets = pypdfium2.PdfDocument(page.pdf(format="A4"))
    return [found.text for sheet in sheets for found in zxingcpp.read_barcodes(sheet.render(scale=2).to_pil())]


def codes_on_screen(page: Page) -> set[str]:
    """The codes as they are written, without hyphens."""
    return {text.replace("-", "") for text in page.locator(".enrolment-code").all_inner_texts()}


def test_staff_suspends_many_and_prints_their_codes(visit: Visit) -> None:
    visit.open("transactions/terminal/")
    for name, button in (("issue_for_chosen", "Issue enrolment codes"), ("suspend_chosen", "Suspend the chosen")):
        visit.page.click("#action-toggle")
        visit.page.select_option("[name=action]", name)
        visit.page.click("button:has-text('Run')")
        if name == "suspend_chosen":
            visit.page.fill("[name=reason]", "The chain is closed.")
        visit.seen(name)
        visit.page.click(f"button:has-text('{button}')")
        visit.seen(f"{name}-done")
        if name == "issue_for_chosen":
            assert visit.page.locator("svg.qr").count() == 10
            printed = codes_on_paper(visit.page)
            assert {one.rpartition("/E/")[2] for one in printed} == codes_on_screen(visit.page)
            visit.page.click("a:has-text('Back to the terminals')")
    assert visit.page.locator("#result_list tbody tr:has-text('suspended')").count() == 10
    assert visit.too_wide == []


@pytest.fixture
def services(sold: str) -> Iterator[list[Consumer]]:
    """A service that keeps up, one that is stopped in three shards, and one whose code is gone."""
    reason = "Ham, sliced: a quantity of 99999999999999 does not fit the column `quantity_ten_thousandths`"

    def fail(block: FedBlock) -> None:
        raise ValueError(reason)

    def note(block: FedBlock) -> None:
        """Nothing."""

    for name, handle in (("shelves", fail), ("marketing", note), ("lottery-of-last-year", note)):
        consumer(name, tables=[MarkedRecord, Head] if name == "marketing" else [])(handle)
    found = all_consumers()
    feed_all(ALL_SHARDS, utc(now_ms()), found)
    mark_complete(ALL_SHARDS)
    issue("partner-bank", utc(now_ms()))
    forget("lottery-of-last-year")
    yield found
    for name in ("shelves", "marketing"):
        forget(name)


def test_staff_sees_a_stopped_service_and_has_it_tried_again(services: list[Consumer], visit: Visit) -> None:
    visit.page.goto("/admin/")
    assert "Service shelves is stopped in shard" in visit.seen("index-stopped")
    visit.page.click("a:has-text('All services')")
    said = visit.seen("services")
    assert "STOPPED in" in said
    assert "quantity_ten_thousandths" in said
    assert "Its code is not installed here" in said
    visit.page.click("button:has-text('Try shelves again now')")
    assert "is tried again now" in visit.page.inner_text("body")
    visit.open("ledger/feedtoken/")
    visit.page.click("#result_list tbody a >> nth=0")
    visit.seen("feed-token")
    visit.page.click("button:has-text('Revoke it')")
    assert "is refused from now on" in visit.page.inner_text("body")
    assert visit.too_wide == []
