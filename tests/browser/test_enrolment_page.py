"""The page behind an enrolment code's QR code, for whoever scans it with a telephone."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page


@pytest.mark.parametrize("size", ["phone", "desktop"])
@pytest.mark.usefixtures("ledger")
def test_a_telephone_is_told_to_leave_the_code_to_the_till(
    open_page: Callable[..., Page], shoot: Callable[[Page, str], Path], check_accessible: Callable[..., None], size: str
) -> None:
    page = open_page(size=size)
    page.goto("/E/0123456789ABCDEF")
    assert page.inner_text("h1") == "Scan this code with the till"
    name = f"enrolment-code-{size}"
    shoot(page, name)
    check_accessible(page, name)
