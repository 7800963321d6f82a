"""Each state of a receipt in a real browser: its words, colour and next step, and a picture at three widths."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import HEIGHT_PX, WIDTHS_PX
from tests.browser.scene import TOTAL_TYPED, Scene, State, ask_too_often, guess_too_often, sticks_out, visit
from tests.tills import Till

OpenPage = Callable[..., Page]
Shoot = Callable[[Page, str], Path]
LOOKS = [("narrow", "dark"), ("phone", "light"), ("desktop", "light")]


@pytest.fixture
def scene(till: Till, rival: Till, flush_everything: Callable[[], object], monkeypatch: pytest.MonkeyPatch) -> Scene:
    return Scene(till, rival, flush_everything, monkeypatch)


def faults_of(page: Page, shoot: Shoot, name: str, state: State) -> list[str]:
    """What is not as it should be on the page that is shown; takes its pictures."""
    main = page.locator("main")
    heading = page.locator("h1").all_inner_texts()
    text = main.inner_text()
    faults = [
        f"{name}: {fault}"
        for fault, is_so in {
            f"its heading is {heading}": heading != [state.heading],
            f"its colour is not {state.tone}": state.tone and not main.locator(f".state-{state.tone}").count(),
            f"it does not say {state.words!r}": state.words not in text,
            f"it does not lead on by {state.step!r}": not _step(page, state.step),
        }.items()
        if is_so
    ]
    for size, scheme in LOOKS:
        page.set_viewport_size({"width": WIDTHS_PX[size], "height": HEIGHT_PX})
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        faults += [f"{name}: {what} is too wide at {size}" for what in sticks_out(page)]
        shoot(page, f"state-{name}-{size}-{scheme}")
    return faults


def _step(page: Page, name: str) -> bool:
    """Whether a link or a button of that name can be seen."""
    main = page.locator("main")
    steps = main.get_by_role("link", name=name).or_(main.get_by_role("button", name=name, exact=True))
    return steps.first.is_visible()


def test_every_state_says_what_it_is_and_what_to_do(open_page: OpenPage, scene: Scene, shoot: Shoot) -> None:
    page = open_page()
    states = scene.states()
    faults = []
    for name, state in states.items():
        visit(page, state.address)
        faults += faults_of(page, shoot, name, state)
    # What is left needs something to be used up or broken.
    code = states["typed"].address
    visit(page, code)
    guess_too_often(code.rpartition("/")[2])
    page.get_by_label("Total on the receipt").fill(TOTAL_TYPED)
    page.get_by_role("button", name="Show the receipt").click()
    limited = State("", "Please wait a little", "wait", "Back to the first page", "more often than we answer")
    faults += faults_of(page, shoot, "too-many-totals", limited)
    visit(page, "/no/such/page")
    faults += faults_of(page, shoot, "404", State("", "There is no such page", "", "Check a receipt"))
    ask_too_often()
    # Not one that the browser has kept.
    page.goto(states["missing"].address)
    faults += faults_of(page, shoot, "too-many", limited)
    scene.take_store_away()
    visit(page, states["accepted"].address)
    unknown = State("", "We cannot say at the moment", "unknown", "Try again", "says nothing about your receipt")
    faults += faults_of(page, shoot, "unknown", unknown)
    assert faults == []


def test_looking_again_shows_the_receipt_once_it_is_recorded(open_page: OpenPage, scene: Scene) -> None:
    code = scene.sold()
    page = open_page(size="phone")
    page.goto(f"/r/{code}")
    expect(page.get_by_role("heading", level=1)).to_have_text("Accepted, being recorded")
    scene.settle()
    page.get_by_role("link", name="Look again").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Recorded")
