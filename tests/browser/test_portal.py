"""The retailers' portal in a real browser: signing in with the keyboard, and every page's rules, sizes and schemes."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from playwright.sync_api import Page, expect

from portal import navigation
from possys.accounts.models import User
from tests.browser.conftest import HEIGHT_PX, WIDTHS_PX
from tests.browser.test_accessibility import HEADING_JUMPS
from tests.cast import RetailCast, make_retail_cast

PASSWORD = "a-password-for-browsers"
TOO_WIDE = "document.documentElement.scrollWidth > document.documentElement.clientWidth"


class Visit:
    """A way through the portal: looks at each page in every size and scheme, and gathers what is broken there."""

    def __init__(self, page: Page, check: Callable[[Page, str], None], shoot: Callable[[Page, str], Path]) -> None:
        self.page, self.check, self.shoot = page, check, shoot
        self.broken: list[str] = []

    def look(self, name: str) -> None:
        """Looks at the page that is shown, and takes its pictures."""
        self.broken += [f"{name}: {jump}" for jump in self.page.evaluate(HEADING_JUMPS)]
        for size in ("narrow", "desktop"):
            self.page.set_viewport_size({"width": WIDTHS_PX[size], "height": HEIGHT_PX})
            for scheme in ("light", "dark"):
                self.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
                self.shoot(self.page, f"portal-{name}-{size}-{scheme}")
                try:
                    self.check(self.page, f"portal {name} {size} {scheme}")
                except AssertionError as fault:
                    self.broken.append(str(fault))
            if self.page.evaluate(TOO_WIDE):
                self.broken.append(f"{name} is too wide at {size}")

    def sign_in(self) -> None:
        """Mistypes the password first."""
        self.page.goto("/portal/")
        self.page.keyboard.type("corner-owner")
        self.page.keyboard.press("Tab")
        self.page.keyboard.type("wrong")
        self.page.keyboard.press("Enter")
        expect(self.page.get_by_role("alert")).to_contain_text("do not belong together")
        self.look("login")
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.keyboard.press("Enter")
        expect(self.page.get_by_role("heading", name="Nothing to show yet")).to_be_visible()
        self.look("home")

    def change_somebody(self) -> None:
        """From the list to a member's page, whose stores are there for a store manager only, and back."""
        self.page.get_by_role("link", name="People", exact=True).press("Enter")
        expect(self.page.get_by_role("heading", name="What was changed")).to_be_visible()
        self.look("people")
        self.page.get_by_role("link", name="Change corner-store-manager@example.org").press("Enter")
        expect(self.page.get_by_text("High Street")).to_be_visible()
        self.look("member")
        self.page.get_by_label("Viewer").check()
        expect(self.page.get_by_text("High Street")).to_be_hidden()
        self.page.get_by_role("button", name="Save").press("Enter")
        expect(self.page.get_by_role("status")).to_contain_text("corner-store-manager@example.org is viewer.")

    def make_a_key(self) -> None:
        """By the person's menu, from a page without keys to one with a key that was shown once."""
        self.page.locator(".menu summary").press("Enter")
        self.page.get_by_role("link", name="API keys").press("Enter")
        expect(self.page.get_by_role("heading", name="No program gets in yet")).to_be_visible()
        self.look("keys-none")
        self.page.get_by_role("link", name="Make a key").press("Enter")
        self.page.get_by_label("Name").fill("ERP in Brno")
        self.look("key-new")
        self.page.get_by_role("button", name="Make the key").press("Enter")
        expect(self.page.get_by_label("Your key")).to_have_value(re.compile(r"^r\d+\.[a-z2-7]{32}$"))
        self.look("key-made")
        self.page.get_by_role("link", name="I have copied it").press("Enter")
        self.page.get_by_text("Revoke…").click()
        self.look("keys")
        self.page.get_by_role("button", name="Yes, revoke it").press("Enter")
        expect(self.page.get_by_role("heading", name="No program gets in yet")).to_be_visible()
        # The script that closes the menu runs when the page is whole.
        self.page.wait_for_load_state()

    def sign_out(self) -> None:
        """By the person's menu, which closes on Escape."""
        menu, button = self.page.locator(".menu summary"), self.page.get_by_role("button", name="Log out")
        menu.press("Enter")
        expect(button).to_be_visible()
        self.page.keyboard.press("Escape")
        expect(button).to_be_hidden()
        expect(menu).to_be_focused()
        menu.press("Enter")
        self.look("menu")
        button.press("Enter")
        expect(self.page.get_by_role("heading", name="Sign in")).to_be_visible()


@pytest.fixture
def cast(transactional_db: None, settings: Any, monkeypatch: pytest.MonkeyPatch) -> RetailCast:
    """The owner has a password. Whatever services there are, this is about the frame itself."""
    monkeypatch.setattr(navigation, "_entries", {})
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    cache.clear()
    cast = make_retail_cast()
    owner = User.objects.get(username="corner-owner")
    owner.set_password(PASSWORD)
    owner.save()
    return cast


def test_the_portal_is_used_with_the_keyboard_and_breaks_no_rule(
    open_page: Callable[..., Page],
    cast: RetailCast,
    check_accessible: Callable[[Page, str], None],
    shoot: Callable[[Page, str], Path],
) -> None:
    visit = Visit(open_page(), check_accessible, shoot)
    visit.sign_in()
    visit.change_somebody()
    visit.make_a_key()
    visit.sign_out()
    visit.page.goto(f"/portal/{cast.retailer.pk}/people/")
    expect(visit.page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert visit.broken == []
