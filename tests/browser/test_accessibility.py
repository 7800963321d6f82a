"""Every page of the site keeps WCAG 2.2 AA as far as axe-core can tell, and is used with a keyboard alone.

A new page: one line in PAGES.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from playwright.sync_api import Page, expect

from ledger.log.checkpointer import catch_up
from possys import receipt_keys
from possys.clock import now_ms, utc
from possys.codes import Environment
from possys.redis import Stores
from receipts.tests.test_damaged import changed_total, damage
from tests.browser.axe import Audit
from tests.browser.conftest import HEIGHT_PX, WIDTHS_PX
from tests.browser.scene import LINES, TAXES
from tests.factories import make_refund, moment
from tests.links import full_address
from tests.tills import Till
from transactions import queries
from transactions.stream import SHARD_COUNT

OpenPage = Callable[..., Page]
LANGUAGES = [code for code, _ in settings.LANGUAGES]
# Size and colours do not depend on the language: every pair once, and each size and scheme once in each language.
ALL_LOOKS = [("narrow", "light"), ("narrow", "dark"), ("desktop", "light"), ("desktop", "dark")]
LOOKS = {code: ALL_LOOKS if code == settings.LANGUAGE_CODE else [ALL_LOOKS[0], ALL_LOOKS[3]] for code in LANGUAGES}
TAB_STOPS_MAX = 60
REACHABLE = ", ".join(
    f"{kind}:not([tabindex='-1'])"
    for kind in ("a[href]", "button", "input:not([type=hidden]):not([type=radio])", "select", "textarea", "summary")
)
NOBODY = "redis://127.0.0.1:1/0"
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


@dataclass
class Scene:
    """A till, and the means to bring a code into any state."""

    till: Till
    flush: Callable[[], object]
    monkeypatch: pytest.MonkeyPatch

    def sold(self, **changes: Any) -> str:
        """The code of a sale that is taken, and not recorded yet."""
        sale = self.till.sale(lines=LINES, taxes=TAXES, rounding=-10, tendered=20000)
        answer = self.till.send({**sale, **changes})
        assert answer.status == 201, answer.body
        return str(answer.json()["code"])

    def recorded(self, **changes: Any) -> str:
        """The code of a sale that is recorded and signed for."""
        code = self.sold(**changes)
        self.flush()
        catch_up()
        return code

    def removed(self) -> str:
        """The code of a sale that the law had removed."""
        code = self.recorded()
        call_command("remove_record", code, reason="court order 17 C 5/2026", yes=True)
        catch_up()
        return code

    def damaged(self) -> str:
        """The code of a sale that somebody changed in the database."""
        answer = self.till.send()
        self.flush()
        catch_up()
        damage(changed_total)
        return str(answer.json()["code"])

    def taken_back(self) -> tuple[str, str]:
        """The codes of a sale and of its refund."""
        code = self.recorded()
        answer = self.till.send(make_refund(code, terminal=self.till.number, sequence=50))
        self.flush()
        catch_up()
        return code, str(answer.json()["code"])

    def printed_offline(self, hours: int) -> str:
        """Where the QR code leads that a till printed so long ago, whose sale has not come."""
        return f"/O/{self.till.number}.9.{utc(now_ms()) - timedelta(hours=hours):%y%m%d%H%M}.5100"

    def unknown(self) -> str:
        """The code of a sale that waits in a store which nobody can reach."""
        code = self.sold()
        stores = Stores([NOBODY], SHARD_COUNT)
        self.monkeypatch.setattr(queries, "stores", lambda: stores)
        return code

    def invented(self, environment: Environment = Environment.PRODUCTION) -> str:
        """A well-made code without a sale."""
        return receipt_keys.table().encode(environment, utc(now_ms()).date(), self.till.number, 77_777)


# Each page's address; what it shows must be made before.
PAGES: dict[str, Callable[[Scene], str]] = {
    "find": lambda scene: "/",
    "mistyped": lambda scene: "/r/?code=1234",
    "typed": lambda scene: f"/r/{scene.recorded()}",
    "recorded": lambda scene: full_address(scene.recorded()),
    "late": lambda scene: full_address(scene.recorded(issued_at=moment(days=-1), mode="offline")),
    "refund": lambda scene: full_address(scene.taken_back()[1]),
    "refunded": lambda scene: full_address(scene.taken_back()[0]),
    "accepted": lambda scene: full_address(scene.sold()),
    "test": lambda scene: full_address(scene.invented(Environment.TEST)),
    "missing": lambda scene: full_address(scene.invented()),
    "due": lambda scene: scene.printed_offline(2),
    "overdue": lambda scene: scene.printed_offline(61),
    "removed": lambda scene: full_address(scene.removed()),
    "damaged": lambda scene: full_address(scene.damaged()),
    "unknown": lambda scene: full_address(scene.unknown()),
    "search": lambda scene: "/search/",
    "report": lambda scene: "/report/",
    "watch": lambda scene: f"{full_address(scene.recorded())}/watch",
    "watch-gone": lambda scene: "/watch/confirm/none",
    "404": lambda scene: "/no/such/page",
}


@pytest.fixture
def scene(till: Till, flush_everything: Callable[[], object], monkeypatch: pytest.MonkeyPatch) -> Scene:
    return Scene(till, flush_everything, monkeypatch)


@pytest.mark.parametrize("name", PAGES)
def test_no_page_breaks_a_rule(
    open_page: OpenPage, scene: Scene, check_accessible: Callable[[Page, str], None], name: str
) -> None:
    address = PAGES[name](scene)
    page = open_page()
    for language in LANGUAGES:
        page.goto(f"{address}{'&' if '?' in address else '?'}lang={language}")
        # Everything that can be folded out is looked at, too.
        page.evaluate("document.querySelectorAll('details').forEach((details) => { details.open = true; })")
        for size, scheme in LOOKS[language]:
            page.set_viewport_size({"width": WIDTHS_PX[size], "height": HEIGHT_PX})
            page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
            check_accessible(page, f"{name} {language} {size} {scheme}")


@pytest.mark.parametrize("name", ["find", "mistyped", "typed", "recorded", "missing", "search", "report", "watch"])
def test_the_keyboard_reaches_everything_in_reading_order_and_shows_where_it_is(
    open_page: OpenPage, scene: Scene, name: str
) -> None:
    page = open_page(size="narrow")
    page.goto(PAGES[name](scene))
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
