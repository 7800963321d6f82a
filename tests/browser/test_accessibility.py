"""Every page of the site keeps WCAG 2.2 AA as far as axe-core can tell, and is used with a keyboard alone.

A new page: one line in OTHER_PAGES; a new state: one in Scene.states.
"""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import Page, expect

from receipts.cases.tests.conftest import picture
from tests.browser.axe import Audit
from tests.browser.conftest import HEIGHT_PX, WIDTHS_PX
from tests.browser.scene import Scene, ask_too_often, visit
from tests.browser.test_cases import fill_in
from tests.links import full_address
from tests.tills import Till

OpenPage = Callable[..., Page]
LANGUAGES = [code for code, _ in settings.LANGUAGES]
# Colours do not depend on the language, and rules seldom on the width: both schemes once, each language once.
LOOKS = {
    code: [("narrow", "light"), ("desktop", "dark")] if code == settings.LANGUAGE_CODE else [("narrow", "light")]
    for code in LANGUAGES
}
# Whoever goes from heading to heading would look for the one that is missing.
HEADING_JUMPS = """() => {
  const levels = [...document.querySelectorAll("h1, h2, h3, h4, h5, h6")]
    .filter((heading) => heading.checkVisibility()).map((heading) => Number(heading.tagName[1]));
  const jumps = levels.filter((level, at) => level > (levels[at - 1] ?? 0) + 1).map((level) => `a jump to h${level}`);
  return levels.filter((level) => level === 1).length === 1 ? jumps : [...jumps, "not one h1"];
}"""
TAB_STOPS_MAX = 60
REACHABLE = ", ".join(
    f"{kind}:not([tabindex='-1'])"
    for kind in ("a[href]", "button", "input:not([type=hidden]):not([type=radio])", "select", "textarea", "summary")
)
STYLE = """() => {
  const element = document.activeElement;
  const style = getComputedStyle(element);
  const box = element.getBoundingClientRect();
  return {
    name: (element.id || element.getAttribute("href") || element.textContent).trim(),
    tag: element.type === "radio" ? "radio" : element.tagName.toLowerCase(),
    outlined: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
    shown: box.width > 0 && box.right > 0 && box.bottom > 0,
    top: box.top + scrollY,
  };
}"""


# Of the states' pages, one of each form; the others differ from it in words and colour alone.
TRANSLATED = ("recorded", "partly-refunded", "typed", "missing", "watch")
# Pages that are no receipt's.
OTHER_PAGES = {
    "find": "/",
    "search": "/search/",
    "report": "/report/",
    "watch-gone": "/watch/confirm/none",
    "404": "/no/such/page",
}


@pytest.fixture
def scene(till: Till, rival: Till, flush_everything: Callable[[], object], monkeypatch: pytest.MonkeyPatch) -> Scene:
    return Scene(till, rival, flush_everything, monkeypatch)


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "receipt.jpg"
    path.write_bytes(picture(size=(900, 1400)).read())
    return path


@pytest.fixture
def look(check_accessible: Callable[[Page, str], None]) -> Callable[[Page, str], list[str]]:
    """Looks at the page that is shown in each size and scheme of its language; answers what it breaks."""

    def look(page: Page, name: str) -> list[str]:
        language = str(page.locator("html").get_attribute("lang"))
        # Everything that can be folded out is looked at, too.
        page.evaluate("document.querySelectorAll('details').forEach((details) => { details.open = true; })")
        broken = [f"{name} in {language}: {jump}" for jump in page.evaluate(HEADING_JUMPS)]
        for size, scheme in LOOKS[language]:
            page.set_viewport_size({"width": WIDTHS_PX[size], "height": HEIGHT_PX})
            page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
            try:
                check_accessible(page, f"{name} {language} {size} {scheme}")
            except AssertionError as fault:
                broken.append(str(fault))
        return broken

    return look


def in_language(address: str, language: str) -> str:
    return f"{address}{'&' if '?' in address else '?'}lang={language}"


def test_no_state_s_page_breaks_a_rule(open_page: OpenPage, scene: Scene, look: Callable[..., list[str]]) -> None:
    states = scene.states()
    pages = {name: state.address for name, state in states.items()}
    pages["watch"] = f"{states['recorded'].address}/watch"
    page = open_page()
    broken = []
    for name, address in pages.items():
        for language in LANGUAGES if name in TRANSLATED else [settings.LANGUAGE_CODE]:
            visit(page, in_language(address, language))
            broken += look(page, name)
    visit(page, in_language("/", settings.LANGUAGE_CODE))
    scene.take_store_away()
    visit(page, states["accepted"].address)
    broken += look(page, "unknown")
    ask_too_often()
    page.goto(states["missing"].address)
    broken += look(page, "too-many")
    assert broken == []


def test_no_other_page_breaks_a_rule(open_page: OpenPage, ledger: object, look: Callable[..., list[str]]) -> None:
    page = open_page()
    broken = []
    for name, address in OTHER_PAGES.items():
        for language in LANGUAGES:
            visit(page, in_language(address, language))
            broken += look(page, name)
    assert broken == []


def test_what_is_said_after_a_wrong_entry_breaks_no_rule(
    open_page: OpenPage, scene: Scene, look: Callable[..., list[str]]
) -> None:
    code = scene.recorded()
    page = open_page()
    broken = []
    for language in (LANGUAGES[0], LANGUAGES[-1]):
        visit(page, in_language(f"/r/{code}", language))
        page.locator("#total").fill("1.00")
        page.locator("#total").press("Enter")
        expect(page.locator("#total-fault")).to_be_visible()
        broken += look(page, "wrong-total")

        page.goto(f"{full_address(code)}/watch")
        page.locator("input[type=email], input[name=email]").first.fill("jana")
        page.locator("main form button").first.click()
        expect(page.get_by_role("alert").first).to_be_visible()
        broken += look(page, "watch-fault")
        page.locator("input[type=email], input[name=email]").first.fill("jana@example.org")
        page.locator("main form button").first.click()
        broken += look(page, "watch-asked")

        page.goto("/report/")
        page.locator("#code").fill("ABCD")
        page.locator("main form button[type=submit]").last.click()
        expect(page.get_by_role("alert").first).to_be_visible()
        broken += look(page, "report-faults")

        page.goto("/search/")
        fill_search(page)
        page.locator(".search-form button").click()
        expect(page.locator(".state-bad")).to_be_visible()
        broken += look(page, "search-missed")
    assert broken == []


def fill_search(page: Page) -> None:
    """Three facts that no receipt has together."""
    for field, value in {"number": "1", "date": "2026-11-20", "time": "10:00", "total": "1.00"}.items():
        page.locator(f"#search-{field}").fill(value)


def test_following_a_report_breaks_no_rule(
    open_page: OpenPage, ledger: object, look: Callable[..., list[str]], photo: Path
) -> None:
    page = open_page()
    page.goto("/report/")
    fill_in(page)
    page.get_by_label("Photo of the receipt").set_input_files(photo)
    page.get_by_role("button", name="Send the report").click()
    page.wait_for_url("**/report/*/*")
    followed = page.url
    broken = []
    for language in (LANGUAGES[0], LANGUAGES[-1]):
        visit(page, in_language(followed, language))
        broken += look(page, "case")
    assert broken == []


KEYBOARD_PAGES: dict[str, Callable[[Scene], str]] = {
    "find": lambda scene: "/",
    "mistyped": lambda scene: "/r/?code=1234",
    "typed": lambda scene: f"/r/{scene.recorded()}",
    "recorded": lambda scene: full_address(scene.recorded()),
    "missing": lambda scene: f"/r/{scene.invented(scene.idle)}",
    "search": lambda scene: "/search/",
    "report": lambda scene: "/report/",
    "watch": lambda scene: f"{full_address(scene.recorded())}/watch",
}


@pytest.mark.parametrize("name", KEYBOARD_PAGES)
def test_the_keyboard_reaches_everything_in_reading_order_and_shows_where_it_is(
    open_page: OpenPage, scene: Scene, name: str
) -> None:
    page = open_page(size="narrow")
    page.goto(KEYBOARD_PAGES[name](scene))
    stops = tab_through(page)
    assert stops[0]["name"] == "#content"
    assert [stop for stop in stops if not stop["outlined"]] == []
    assert [stop for stop in stops if not stop["shown"]] == []
    reachable = page.locator(REACHABLE).all()
    # A date has a stop for each of its parts; of a group of choices one is stopped at.
    met = {(stop["name"], stop["top"]) for stop in stops if stop["tag"] != "radio"}
    assert len(met) == sum(1 for element in reachable if element.is_visible())
    # The skip link floats; from there on, nobody is sent up and down the page.
    tops = [stop["top"] for stop in stops[1:]]
    assert all(later >= earlier - 40 for earlier, later in pairwise(tops))


def tab_through(page: Page) -> list[dict[str, Any]]:
    """Everything that Tab stops at, from the page's beginning until it leaves the page."""
    stops: list[dict[str, Any]] = []
    for _ in range(TAB_STOPS_MAX):
        page.keyboard.press("Tab")
        stop = page.evaluate(STYLE)
        if stop["tag"] == "body":
            return stops
        stops.append(stop)
    raise AssertionError(f"Tab does not leave the page within {TAB_STOPS_MAX} stops")


def test_the_skip_link_leads_past_the_header(open_page: OpenPage, db: None) -> None:
    page = open_page()
    page.goto("/")
    page.keyboard.press("Tab")
    expect(page.get_by_text("Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('main') !== null")


def test_axe_does_see_a_fault(open_page: OpenPage, db: None) -> None:
    page = open_page()
    page.goto("/")
    page.evaluate("document.querySelector('label[for=code]').remove()")
    page.evaluate("document.querySelector('#code').removeAttribute('placeholder')")
    # Kept apart from what is said of the pages as they are.
    assert "label at #code" in "".join(Audit().check(page, "find without a label"))
