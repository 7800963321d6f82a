"""A customer reads the site in each of its languages, chosen by the browser or by hand, with and without JavaScript."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from tests.browser.conftest import HEIGHT_PX, WIDTHS_PX
from tests.browser.scene import LINES, TAXES, sticks_out
from tests.links import full_address
from tests.tills import Till

OpenPage = Callable[..., Page]
Shoot = Callable[[Page, str], Path]
NAMES = dict(settings.LANGUAGES)
# On the receipt's page: what a reader of each language looks for, as it is written there.
SHOWN = {
    "en": [
        "Taxes included in the amounts",
        "Total CZK\u00a0196.00",
        "12%",
        "Cash",
        "Change",
        "23 November 2026, 10:00:00",
    ],
    "cs": [
        "Daně zahrnuté v částkách",
        "Celkem 196,00\u00a0Kč",
        "12\u00a0%",
        "Hotově",
        "Vráceno",
        "23. listopadu 2026 10:00:00",
    ],
    "de": [
        "Steuern in den Beträgen enthalten",
        "Summe 196,00\u00a0CZK",
        "12\u00a0%",
        "Bar",
        "Rückgeld",
        "23. November 2026, 10:00:00",
    ],
    "sr-latn": [
        "Porezi uključeni u iznose",
        "Ukupno 196,00\u00a0CZK",
        "12%",
        "Gotovina",
        "Kusur",
        "23. novembar 2026. 10:00:00",
    ],
}
LOOKS = (("narrow", "dark"), ("phone", "light"), ("desktop", "light"))


@pytest.fixture
def code(till: Till, flush_everything: Callable[[], object]) -> str:
    """The code of a recorded sale of a day that is written differently everywhere."""
    sale = till.sale(lines=LINES, taxes=TAXES, rounding=-10, tendered=20000, issued_at="2026-11-23T10:00:00+01:00")
    answer = till.send(sale)
    assert answer.status == 201, answer.body
    flush_everything()
    return str(answer.json()["code"])


@pytest.mark.parametrize("language", NAMES)
def test_every_language_has_its_words_figures_and_dates(
    open_page: OpenPage, code: str, shoot: Shoot, language: str
) -> None:
    page = open_page()
    for name, address in {
        "find": "/",
        "typed": f"/r/{code}",
        "404": "/no/such/page",
        "recorded": full_address(code),
    }.items():
        page.goto(f"{address}?lang={language}")
        expect(page.locator("html")).to_have_attribute("lang", language)
        for size, scheme in LOOKS:
            page.set_viewport_size({"width": WIDTHS_PX[size], "height": HEIGHT_PX})
            page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
            shoot(page, f"language-{language}-{name}-{size}")
            assert sticks_out(page) == [], f"{name} in {language} is too wide at {size}"
    text = " ".join(page.locator("main").inner_text().replace("\t", " ").replace("\n", " ").split(" "))
    while "  " in text:
        text = text.replace("  ", " ")
    assert [words for words in SHOWN[language] if words not in text] == []


@pytest.mark.parametrize("javascript", [True, False])
def test_the_switch_changes_this_page_and_all_that_follow(open_page: OpenPage, code: str, javascript: bool) -> None:
    page = open_page(size="narrow", javascript=javascript)
    page.goto(f"/r/{code}")
    switch = page.get_by_role("navigation", name="Language")
    expect(switch.locator("[aria-current]")).to_have_text("English")
    switch.get_by_role("link", name="Čeština").click()
    page.wait_for_url(f"**/r/{code}?lang=cs")
    expect(page.locator("html")).to_have_attribute("lang", "cs")
    expect(page.get_by_role("navigation", name="Jazyk").locator("[aria-current]")).to_have_text("Čeština")
    page.goto("/no/such/page")
    expect(page.get_by_role("heading", level=1)).to_have_text("Taková stránka tu není")
    kept = page.context.cookies()
    assert [(cookie["name"], cookie["value"], cookie["sameSite"]) for cookie in kept] == [("language", "cs", "Lax")]


@pytest.mark.parametrize(
    ("locale", "heading"), [("sr-RS", "Takva stranica ne postoji"), ("de-AT", "Diese Seite gibt es nicht")]
)
def test_the_browser_s_language_is_taken_without_asking(
    browser: Browser, live_server: LiveServer, locale: str, heading: str
) -> None:
    with browser.new_context(base_url=live_server.url, locale=locale) as context:
        page = context.new_page()
        page.goto("/no/such/page")
        expect(page.get_by_role("heading", level=1)).to_have_text(heading)
        assert context.cookies() == []


def test_the_page_before_is_not_shown_again_in_the_old_language(open_page: OpenPage, db: None) -> None:
    # The browser keeps the first page for some minutes; the choice must not be hidden behind it.
    page = open_page()
    page.goto("/")
    page.goto("/?lang=de")
    page.goto("/")
    expect(page.locator("html")).to_have_attribute("lang", "de")


def test_the_admin_stays_english_for_a_czech_customer(browser: Browser, live_server: LiveServer, db: None) -> None:
    with browser.new_context(base_url=live_server.url, locale="cs-CZ") as context:
        page = context.new_page()
        page.goto("/?lang=cs")
        page.goto("/admin/login/")
        expect(page.locator("body")).to_contain_text("Password")
        expect(page.locator("html")).to_have_attribute("lang", "en")
