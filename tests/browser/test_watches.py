"""A customer in a real browser watches a receipt, confirms it by the mail's link, and ends it again."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.core import mail
from playwright.sync_api import Page, expect

from possys import receipt_keys
from receipts.watches.models import Watch
from receipts.watches.tasks import send_mails
from receipts.watches.tests.conftest import path_in
from tests.factories import make_refund
from tests.tills import Till

OpenPage = Callable[..., Page]
Shoot = Callable[[Page, str], Path]
LOOKS = [("narrow", "light"), ("narrow", "dark"), ("desktop", "light"), ("desktop", "dark")]
LONG_ADDRESS = "jana.novakova.with.a.very.long.name.indeed@mail.department.example.org"


@pytest.fixture
def code(till: Till, flush_everything: Callable[[], object]) -> str:
    """The code of a recorded sale."""
    code = str(till.send().json()["code"])
    flush_everything()
    return code


def fits(page: Page) -> bool:
    """Whether nothing sticks out to the side."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


@pytest.mark.parametrize(("size", "scheme"), LOOKS)
def test_a_receipt_is_watched_confirmed_and_left(
    open_page: OpenPage,
    till: Till,
    code: str,
    flush_everything: Callable[[], object],
    shoot: Shoot,
    size: str,
    scheme: str,
) -> None:
    def look(name: str) -> None:
        assert fits(page), f"{name} is wider than {size}"
        shoot(page, f"watch-{name}-{size}-{scheme}")

    page = open_page(size=size, scheme=scheme)
    page.goto(f"/{receipt_keys.links().ending_of(code)}/watch")
    expect(page.get_by_role("heading", level=1)).to_have_text("Watch this receipt")
    expect(page.locator("#leave-empty")).not_to_be_in_viewport()
    look("form")
    page.get_by_label("E-mail address").fill("jana")
    page.get_by_role("button", name="Watch").click()
    expect(page.get_by_role("alert")).to_contain_text("not an e-mail address")
    expect(page.get_by_label("E-mail address")).to_have_value("jana")
    look("fault")
    page.get_by_label("E-mail address").fill(LONG_ADDRESS)
    page.get_by_label("E-mail address").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Look into your mailbox")
    look("asked")

    till.send(make_refund(code, terminal=till.number, sequence=50))
    flush_everything()
    send_mails()
    text = str(mail.outbox[-1].body)
    page.goto(path_in(text, "/watch/confirm/"))
    look("confirm")
    page.get_by_role("button", name="Yes, watch it").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("The receipt is watched")
    expect(page.get_by_text("Taken back so far")).to_be_visible()
    look("confirmed")

    page.goto(path_in(text, "/watch/remove/"))
    look("remove")
    page.get_by_role("button", name="Yes, delete it").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("No longer watched")
    look("removed")
    assert not Watch.objects.exists()
    page.goto(path_in(text, "/watch/confirm/"))
    expect(page.get_by_role("heading", level=1)).to_have_text("This link has ended")
    look("gone")


def test_a_receipt_is_watched_without_javascript_and_by_keyboard(open_page: OpenPage, code: str) -> None:
    page = open_page(size="phone", javascript=False)
    page.goto(f"/{receipt_keys.links().ending_of(code)}/watch")
    page.keyboard.press("Tab")
    expect(page.get_by_text("Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_label("E-mail address")).to_be_focused()
    page.keyboard.type("jana@example.org")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Look into your mailbox")
    assert Watch.objects.count() == 1
