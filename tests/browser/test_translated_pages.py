"""Every page fits a narrow telephone and a desktop in the languages with longer words, with nothing cut off."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.cache import cache
from django.test import Client
from playwright.sync_api import Page, expect

from possys.messages import languages
from tests.browser.conftest import HEIGHT_PX, WIDTHS_PX
from tests.browser.scene import sticks_out
from tests.browser.test_receipt_pages import fits
from tests.every_page import Asked, Receipts, every_page
from tests.tills import Till

OpenPage = Callable[..., Page]
Shoot = Callable[[Page, str], Path]
# As a form of the page itself would send it.
SEND = """([address, fields]) => {
  const form = Object.assign(document.createElement("form"), { method: "post", action: address });
  for (const [name, value] of Object.entries(fields)) {
    form.append(Object.assign(document.createElement("input"), { name, value, type: "hidden" }));
  }
  // The page before has the same form, where a form needs to be of this site.
  const token = document.querySelector("[name=csrfmiddlewaretoken]");
  if (token) form.append(token.cloneNode());
  document.body.append(form);
  form.submit();
}"""
OPEN_ALL = "document.querySelectorAll('details').forEach((part) => { part.open = true; })"
# Words that stick out of their button, label or cell, which the page's own width does not tell.
STICKING_OUT = """[...document.querySelectorAll("a.button, button, label, h1, h2, th, td, dt, dd, summary, li, p")]
  .filter((box) => box.offsetParent && getComputedStyle(box).position !== "absolute"
    && !box.classList.contains("visually-hidden") && box.scrollWidth > box.clientWidth + 1 && box.clientWidth > 0
    && getComputedStyle(box).display !== "inline")
  .map((box) => box.textContent.trim().slice(0, 60))"""


def go(page: Page, asked: Asked, language: str) -> None:
    """Opens the page, or sends the form that leads to it."""
    address = f"{asked.path}{'&' if '?' in asked.path else '?'}lang={language}"
    if asked.fields is None:
        page.goto(address)
        return
    with page.expect_navigation():
        page.evaluate(SEND, [address, {name: str(value) for name, value in asked.fields.items()}])


@pytest.mark.parametrize("language", languages())
def test_every_page_fits_in_every_language(
    open_page: OpenPage,
    shoot: Shoot,
    till: Till,
    flush_everything: Callable[[], object],
    client: Client,
    language: str,
) -> None:
    cache.clear()
    page = open_page(size="narrow")
    page.goto("/")
    wrong = []
    for asked in every_page(Receipts(till, flush_everything), client, language):
        if asked.name.startswith("printer"):
            continue
        cache.clear()
        go(page, asked, language)
        expect(page.locator("html")).to_have_attribute("lang", language)
        page.evaluate(OPEN_ALL)
        for size in ("narrow", "desktop"):
            page.set_viewport_size({"width": WIDTHS_PX[size], "height": HEIGHT_PX})
            if size == "narrow":
                shoot(page, f"page-{language}-{asked.name}")
            faults = [*sticks_out(page), *page.evaluate(STICKING_OUT)]
            if not fits(page) or faults:
                wrong.append((asked.name, size, faults))
    assert wrong == []
