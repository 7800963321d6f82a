"""A real browser for the pages: the system's Chromium, driven by Playwright; skipped where there is none."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from pytest_django.live_server_helper import LiveServer

from tests.browser.axe import Audit

# Playwright's loop runs in the tests' own thread, where Django would take it for an asynchronous caller.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

# What the console says of answers that are none of the page's faults.
EXPECTED_NOTES = ("the server responded with a status of", "net::ERR_INTERNET_DISCONNECTED")
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
SCREENSHOTS = settings.BASE_DIR / ".local" / "screenshots"
WIDTHS_PX = {"narrow": 320, "phone": 360, "desktop": 1280}
HEIGHT_PX = 800


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for all tests."""
    program = next((found for name in CHROMIUM_NAMES if (found := shutil.which(name))), None)
    if program is None:
        pytest.skip("no Chromium on this machine (Debian: apt-get install chromium)")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, args=CHROMIUM_ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture
def open_page(browser: Browser, live_server: LiveServer) -> Iterator[Callable[..., Page]]:
    """Opens pages of a width and colour scheme.

    The test fails when a page asked another host for anything or its console noted an error, such as a script
    that the content security policy stopped. That the page itself answered 4xx or 5xx is noted, too, rightly.
    """
    contexts: list[BrowserContext] = []
    faults: list[str] = []

    def open_page(*, size: str = "desktop", scheme: str = "light", javascript: bool = True) -> Page:
        context = browser.new_context(
            base_url=live_server.url,
            viewport={"width": WIDTHS_PX[size], "height": HEIGHT_PX},
            color_scheme="dark" if scheme == "dark" else "light",
            java_script_enabled=javascript,
        )
        contexts.append(context)
        page = context.new_page()
        page.on("request", lambda request: _foreign(request.url, live_server.url, faults))
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda note: _noted(note.type, note.text, faults))
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert faults == []


def _foreign(url: str, own: str, faults: list[str]) -> None:
    if not url.startswith((own, "data:")):
        faults.append(f"asked {url}")


def _noted(kind: str, text: str, faults: list[str]) -> None:
    if kind == "error" and not any(note in text for note in EXPECTED_NOTES):
        faults.append(text)


@pytest.fixture
def shoot() -> Callable[[Page, str], Path]:
    """Keeps a picture of the whole page for people to look at."""

    def shoot(page: Page, name: str) -> Path:
        path: Path = SCREENSHOTS / f"{name}.png"
        page.screenshot(path=path, full_page=True)
        return path

    return shoot


AUDIT = Audit()


@pytest.fixture
def check_accessible() -> Callable[..., None]:
    """Fails when a page breaks a rule of WCAG 2.2 A or AA that axe-core can decide."""

    def check_accessible(page: Page, name: str) -> None:
        broken = AUDIT.check(page, name)
        AUDIT.keep(SCREENSHOTS / "axe.json")
        assert broken == []

    return check_accessible


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Says at the end what axe found."""
    if AUDIT.looks:
        terminalreporter.write_line(AUDIT.summary())
