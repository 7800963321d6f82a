"""Receipts of a till that signs, in a real browser: before the sale comes, corrected, and checked on the customer's
own device.
"""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from ledger.log.checkpointer import catch_up
from possys import clock
from tests.browser.scene import sticks_out, visit
from tests.browser.test_find import photo_of, picture_of
from tests.browser.test_self_check import FITS, FITS_NOT, NO_ED25519, STEPS, check, steps
from tests.factories import make_line
from tests.keys import TillKey, give_key
from tests.links import full_address
from tests.tills import Till
from transactions.models import Life
from transactions.operations import change_status
from transactions.outages import Outage, declare

OpenPage = Callable[..., Page]
Shoot = Callable[[Page, str], Path]
LOOKS = [(360, "dark"), (390, "light"), (1280, "light")]
H = timedelta(hours=1)
# The first symbol of the signature's base64, in the proof that the page holds.
CHANGE_SIGNATURE = r"""() => {
  const proof = document.getElementById("proof");
  const other = (_, head, one) => head + (one === "A" ? "B" : "A");
  proof.textContent = proof.textContent.replace(/(value\\+":\\+")(.)/, other);
}"""


@pytest.fixture
def key(till: Till) -> TillKey:
    """The till signs."""
    return give_key(till)


@pytest.fixture
def code(key: TillKey, flush_everything: Callable[[], object]) -> str:
    """The code of a signed sale that is under a signed checkpoint."""
    answer = key.till.send(key.signed(key.till.sale()))
    assert answer.status == 201, answer.body
    flush_everything()
    catch_up()
    return str(answer.json()["code"])


def looked_at(page: Page, name: str, shoot: Shoot) -> list[str]:
    """What sticks out at any width; takes the pictures."""
    faults: list[str] = []
    for width, scheme in LOOKS:
        page.set_viewport_size({"width": width, "height": 800})
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light", reduced_motion="reduce")
        faults += [f"{name}: {what} is too wide at {width}" for what in sticks_out(page)]
        shoot(page, f"signed-{name}-{width}-{scheme}")
    return faults


def test_an_offline_receipt_fits_every_screen_in_every_state(
    open_page: OpenPage, key: TillKey, code: str, shoot: Shoot, flush_everything: Callable[[], object],
    check_accessible: Callable[..., None],
) -> None:  # fmt: skip
    now = clock.utc(clock.now_ms())
    page = open_page()
    faults: list[str] = []

    def look(name: str, address: str, *words: str) -> None:
        visit(page, address)
        text = page.locator("main").inner_text()
        faults.extend(f"{name} does not say {said!r}" for said in words if said not in text)
        faults.extend(looked_at(page, name, shoot))

    genuine = "signature on this receipt is genuine"
    look("due", key.address(now - H, sequence=9, total=10300), genuine, "CZK\u00a0103.00", key.fingerprint)
    check_accessible(page, "offline-due")
    look("overdue", key.address(now - 61 * H, sequence=9), genuine, "Report the missing receipt")
    declare(kind=Outage.Kind.OUTAGE, began_at=now - 40 * H, ended_at=now - 20 * H, reason="-", by="staff", now=now)
    look("extended", key.address(now - 61 * H, sequence=9), genuine, "our own system had an outage")
    declare(kind=Outage.Kind.EMERGENCY, began_at=now - H, reason="-", by="staff", now=now)
    look("paused", key.address(now - 2 * H, sequence=9), genuine, "has an outage at the moment")
    line = make_line(quantity="1", unit_price="10500", amount=10500)
    at = now - 3 * H
    key.till.send(key.signed(key.till.sale(sequence=5, mode="offline", issued_at=at.isoformat(), lines=[line])))
    flush_everything()
    printed = key.address(at - timedelta(minutes=2), sequence=5, total=10300)
    look("corrected", printed, "printed CZK\u00a0103.00, recorded CZK\u00a0105.00", "Report the difference")
    check_accessible(page, "offline-corrected")
    change_status(key.till.terminal, Life.SUSPENDED, reason="-", by="staff")
    look("blocked", key.address(now - H, sequence=9), genuine, "This till is blocked")
    assert faults == []


def test_the_site_s_own_scanner_and_field_lead_to_an_offline_receipt(open_page: OpenPage, key: TillKey) -> None:
    address = key.address(clock.utc(clock.now_ms()) - H)
    page = open_page(size="phone")
    page.goto("/")
    photo = photo_of(picture_of(f"HTTPS://CHECK.EXAMPLE{address}", scale=5))
    page.get_by_label("Use a photo").set_input_files({"name": "a.jpg", "mimeType": "image/jpeg", "buffer": photo})
    page.wait_for_url(f"**{address}")
    page.goto("/")
    page.get_by_label("Receipt code").fill(f"https://check.example{address.lower()}")
    page.get_by_role("button", name="Check").click()
    page.wait_for_url(f"**{address}")
    expect(page.locator("main")).to_contain_text("signature on this receipt is genuine")


def test_a_device_checks_the_till_s_own_signature_and_names_its_key(
    open_page: OpenPage, key: TillKey, code: str, shoot: Shoot
) -> None:
    page = open_page(size="phone")
    page.emulate_media(reduced_motion="reduce")
    page.goto(full_address(code))
    expect(page.locator(".slip")).to_contain_text(f"Till key {key.fingerprint}")
    expect(page.locator(".place")).to_contain_text(key.fingerprint)
    assert check(page) == FITS
    assert steps(page) == dict.fromkeys([*STEPS[:-1], "till", "key"], "right")
    expect(page.locator("[data-step=till]")).to_contain_text(key.fingerprint)
    expect(page.locator("[data-check-verdict]")).to_contain_text(key.fingerprint)
    assert looked_at(page, "self-check", shoot) == []


def test_a_signature_of_another_key_is_told(open_page: OpenPage, key: TillKey, code: str) -> None:
    page = open_page()
    page.emulate_media(reduced_motion="reduce")
    page.goto(full_address(code))
    assert check(page) == FITS
    page.evaluate(CHANGE_SIGNATURE)
    assert check(page) == FITS_NOT
    assert steps(page)["till"] == "wrong"


def test_a_browser_that_cannot_check_it_says_so(open_page: OpenPage, key: TillKey, code: str) -> None:
    page = open_page()
    page.add_init_script(NO_ED25519)
    page.emulate_media(reduced_motion="reduce")
    page.goto(full_address(code))
    assert check(page) == "Nothing is wrong, but the signature was not checked"
    assert (steps(page)["till"], steps(page)["key"]) == ("unknown", "unknown")
    expect(page.locator("[data-step=till]")).to_contain_text("This browser cannot check Ed25519 signatures.")
