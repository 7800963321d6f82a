"""A customer checks a receipt in its own page: online, on a copy without a network, and when somebody changed it."""

import re
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import Browser, Page, expect

from ledger.log.checkpointer import catch_up
from ledger.log.keys import public_keys
from ledger.log.models import Checkpoint, Cosignature
from ledger.log.notes import LOG_KEY, WITNESS_KEY, new_signer, read_note
from tests.browser.test_receipt_pages import LINES, SIZES, TAXES, fits
from tests.factories import moment
from tests.tills import Till
from tests.verifiers.proofs import COSIGNED_AT_S

OpenPage = Callable[..., Page]
Shoot = Callable[[Page, str], Path]
STEPS = ["read", "code", "place", "block", "log", "key"]
FITS = "It adds up: this sale is recorded, and nothing was changed"
FITS_NOT = "It does not add up"
NO_ED25519 = """crypto.subtle.importKey = async () => {
  throw new DOMException("Ed25519 is not known", "NotSupportedError");
};"""
# A page's own files, as a browser's "save as" finds them.
LINKS = re.compile(r'(?:src|href)="(/static/[^"]+)"')


@pytest.fixture
def code(till: Till, flush_everything: Callable[[], object]) -> str:
    """The code of a sale that is under a signed checkpoint, among others in its block and in the log."""
    for _ in range(3):
        till.send_batch(till.sales(6))
        flush_everything()
    till.send_batch(till.sales(4))
    answer = till.send(till.sale(lines=LINES, taxes=TAXES, rounding=-10, tendered=20000, issued_at=moment()))
    assert answer.status == 201, answer.body
    flush_everything()
    catch_up()
    return str(answer.json()["code"])


@pytest.fixture
def saved(code: str, client: Any, tmp_path: Path) -> Path:
    """The receipt's page saved to a folder with its files, as browsers do it."""
    text = client.get(f"/r/{code}").content.decode()
    for address in set(LINKS.findall(text)):
        name = address.rpartition("/")[2]
        (tmp_path / name).write_bytes((settings.BASE_DIR / address.lstrip("/")).read_bytes())
        text = text.replace(f'"{address}"', f'"{name}"')
    path = tmp_path / "receipt.html"
    path.write_text(text)
    return path


@pytest.fixture
def open_saved(browser: Browser, saved: Path) -> Any:
    """Opens the saved page from the disk, with the network off, after changing its text."""
    contexts = []

    def open_saved(change: Callable[[str], str] = str, script: str = "") -> Page:
        changed = saved.with_name("changed.html")
        changed.write_text(change(saved.read_text()))
        context = browser.new_context(offline=True, reduced_motion="reduce")
        contexts.append(context)
        page = context.new_page()
        page.add_init_script(script)
        page.goto(changed.as_uri())
        return page

    yield open_saved
    for context in contexts:
        context.close()


def check(page: Page) -> str:
    """Presses the button; answers the verdict's heading once it is there."""
    page.get_by_role("button", name="Check this receipt").click()
    expect(page.locator("[data-check-verdict] h3")).to_be_visible()
    return page.locator("[data-check-verdict] h3").inner_text()


def steps(page: Page) -> dict[str, str]:
    """Each step that is shown, and whether it is right, wrong or unknown."""
    return {
        str(item.get_attribute("data-step")): str(item.get_attribute("class")).removeprefix("check-")
        for item in page.locator("[data-check-steps] > li").all()
    }


def test_a_receipt_checks_itself_step_by_step(open_page: OpenPage, code: str) -> None:
    page = open_page(size="phone")
    page.goto(f"/r/{code}")
    assert check(page) == FITS
    assert steps(page) == dict.fromkeys(STEPS, "right")
    proven = page.locator("[data-check-verdict]")
    for said in (code, "CZK\u00a0196.00", public_keys()[0].partition("+")[0], "5 entries"):
        expect(proven).to_contain_text(said)
    page.get_by_text("hashes computed here").first.click()
    expect(page.locator(".hashes li").first).to_contain_text("The record's hash")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_check_fits_every_screen(open_page: OpenPage, code: str, shoot: Shoot, scheme: str) -> None:
    other_key = new_signer("other.example/log", LOG_KEY).verifier.vkey
    for size in SIZES:
        page = open_page(size=size, scheme=scheme)
        page.emulate_media(reduced_motion="reduce")
        page.goto(f"/r/{code}")
        check(page)
        for summary in page.locator(".self-check summary").all():
            summary.click()
        assert fits(page), size
        shoot(page, f"self-check-{size}-{scheme}")
        page.get_by_label("The key that you got elsewhere").fill(other_key)
        assert check(page) == FITS_NOT
        assert fits(page), size
        shoot(page, f"self-check-wrong-{size}-{scheme}")


def test_the_witnesses_are_named_with_their_times(open_page: OpenPage, code: str, settings: Any) -> None:
    checkpoint = Checkpoint.objects.latest("size")
    bank, union = (new_signer(name, WITNESS_KEY) for name in ("bank.example/witness", "union.example/witness"))
    settings.WITNESSES = [f"{one.verifier.vkey} https://{one.verifier.name}" for one in (bank, union)]
    text = read_note(checkpoint.note).text
    for witness in (bank, union):
        Cosignature.objects.create(
            checkpoint_size=checkpoint.size,
            witness=witness.verifier.name,
            line=witness.sign(text, COSIGNED_AT_S).line,
            cosigned_at=checkpoint.signed_at,
        )
    page = open_page(size="phone")
    page.goto(f"/r/{code}")
    assert check(page) == FITS
    assert steps(page) == dict.fromkeys([*STEPS, "witnesses"], "right")
    shown = page.locator("[data-step=witnesses] li")
    expect(shown).to_have_text([f"{one.verifier.name}, 24 November 2026, 10:00:00 (UTC)" for one in (bank, union)])


def test_a_saved_page_checks_itself_without_the_server(open_saved: Callable[..., Page]) -> None:
    page = open_saved()
    assert check(page) == FITS
    assert steps(page) == dict.fromkeys(STEPS, "right")
    # Again, as a page that was saved after a check.
    assert check(page) == FITS
    assert steps(page) == dict.fromkeys(STEPS, "right")


def test_a_saved_page_that_was_changed_fails_at_what_was_changed(open_saved: Callable[..., Page]) -> None:
    changes = {
        (r"\\\"total\\\":19600", r"\\\"total\\\":19601"): "block",
        (r"\\\"count\\\":5", r"\\\"count\\\":6"): "block",
        (r"\\\"block\\\":4", r"\\\"block\\\":5"): "log",
        ("index 4", "index 3"): "log",
        ('data-code="', 'data-code="X'): "code",
        (r"\"position\":4", r"\"position\":3"): "place",
        ("possys-proof-v1", "possys-proof-v2"): "read",
    }
    for (old, new), wrong in changes.items():
        page = open_saved(partial(replaced, old=old, new=new))
        assert check(page) == FITS_NOT
        assert next(name for name, state in steps(page).items() if state == "wrong") == wrong
        page.close()


def replaced(text: str, old: str, new: str) -> str:
    """The page with one piece of it replaced; it must be there."""
    assert old in text
    return text.replace(old, new)


def test_a_proof_that_is_cut_off_is_told_so(open_saved: Callable[..., Page]) -> None:
    assert check(open_saved(lambda text: text.replace('{"file": "{', '{"file: "{'))) == FITS_NOT


def test_a_key_from_elsewhere_is_used_instead(open_saved: Callable[..., Page], code: str) -> None:
    page = open_saved()
    page.get_by_text("Whose key is trusted?").click()
    field = page.get_by_label("The key that you got elsewhere")
    field.fill(public_keys()[0])
    assert check(page) == FITS
    expect(page.locator("[data-step=key]")).to_contain_text("With the key that you gave")

    field.fill(new_signer(public_keys()[0].partition("+")[0], LOG_KEY).verifier.vkey)
    assert check(page) == FITS_NOT
    assert steps(page) == {**dict.fromkeys(STEPS, "right"), "key": "wrong"}

    field.fill("nonsense")
    page.get_by_role("button", name="Check this receipt").click()
    expect(page.get_by_role("alert")).to_contain_text("not a ledger's key")
    expect(field).to_be_focused()


def test_a_browser_without_the_signature_still_checks_every_hash(open_saved: Callable[..., Page]) -> None:
    page = open_saved(script=NO_ED25519)
    assert check(page) == "Nothing is wrong, but the signature was not checked"
    assert steps(page) == {**dict.fromkeys(STEPS, "right"), "key": "unknown"}


def test_a_changed_hash_outweighs_a_signature_that_cannot_be_checked(open_saved: Callable[..., Page]) -> None:
    page = open_saved(
        lambda text: text.replace(r"\\\"total\\\":19600", r"\\\"total\\\":19601"),
        NO_ED25519,
    )
    assert check(page) == FITS_NOT


def test_an_address_without_cryptography_is_told_so(open_saved: Callable[..., Page]) -> None:
    page = open_saved(script="Object.defineProperty(crypto, 'subtle', { value: undefined });")
    assert check(page) == "It cannot be checked at this address"


def test_without_javascript_there_is_the_program(open_page: OpenPage, code: str, shoot: Shoot, tmp_path: Path) -> None:
    page = open_page(size="phone", javascript=False)
    page.goto(f"/r/{code}")
    expect(page.get_by_role("button", name="Check this receipt")).to_be_hidden()
    page.get_by_text("Check with a program of your own").click()
    for name in ("the proof of this receipt", "possys_verify.py"):
        with page.expect_download() as download:
            page.get_by_role("link", name=name).click()
        download.value.save_as(tmp_path / download.value.suggested_filename)
    command = page.locator(".check-command").inner_text().split()
    done = subprocess.run([sys.executable, *command[1:]], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.partition("\n")[0]) == (0, "VALID"), done.stderr
    assert fits(page)
    shoot(page, "self-check-noscript-phone")


def test_a_receipt_without_a_proof_yet_says_when(
    open_page: OpenPage, till: Till, flush_everything: Callable[[], object], shoot: Shoot
) -> None:
    code = till.send().json()["code"]
    flush_everything()
    page = open_page(size="phone")
    page.goto(f"/r/{code}")
    expect(page.get_by_text("ready in a few seconds")).to_be_visible()
    shoot(page, "self-check-soon-phone")
    catch_up()
    page.get_by_role("link", name="Load the page again").click()
    assert check(page) == FITS
