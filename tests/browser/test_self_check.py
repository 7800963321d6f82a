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
from pytest_django.live_server_helper import LiveServer

from ledger.log.checkpointer import catch_up
from ledger.log.keys import public_keys
from ledger.log.models import Checkpoint, Cosignature
from ledger.log.notes import LOG_KEY, WITNESS_KEY, new_signer, read_note
from possys.money import shown as money
from tests.browser.scene import LINES, TAXES
from tests.browser.test_receipt_pages import SIZES, fits
from tests.factories import make_line, moment
from tests.links import full_address
from tests.tills import Till
from tests.verifiers.proofs import COSIGNED_AT_S

OpenPage = Callable[..., Page]
Shoot = Callable[[Page, str], Path]
STALLED = "The check could not be started here."
# As in self_check.js.
ASKED_MAX = 15
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
def saved(code: str, open_page: OpenPage, tmp_path: Path) -> Path:
    """The receipt's page saved after the check, in a folder with its files."""
    page = open_page()
    page.emulate_media(reduced_motion="reduce")
    page.goto(full_address(code))
    assert check(page) == FITS
    text = page.content()
    page.close()
    return save(text, tmp_path)


def save(text: str, folder: Path) -> Path:
    """Keeps a page with its files beside it, as browsers do it."""
    for address in set(LINKS.findall(text)):
        name = address.rpartition("/")[2]
        (folder / name).write_bytes((settings.BASE_DIR / address.lstrip("/")).read_bytes())
        text = text.replace(f'"{address}"', f'"{name}"')
    path = folder / "receipt.html"
    path.write_text(text)
    return path


@pytest.fixture
def open_copy(browser: Browser) -> Any:
    """Opens a page from the disk, with the network off."""
    contexts = []

    def open_copy(path: Path, script: str = "") -> Page:
        context = browser.new_context(offline=True, reduced_motion="reduce")
        contexts.append(context)
        page = context.new_page()
        page.add_init_script(script)
        page.goto(path.as_uri())
        return page

    yield open_copy
    for context in contexts:
        context.close()


@pytest.fixture
def open_saved(open_copy: Callable[..., Page], saved: Path) -> Any:
    """Opens the page that was saved after a check, after changing its text."""

    def open_saved(change: Callable[[str], str] = str, script: str = "") -> Page:
        changed = saved.with_name("changed.html")
        changed.write_text(change(saved.read_text()))
        return open_copy(changed, script)

    return open_saved


@pytest.fixture
def witnesses(code: str, settings: Any) -> list[str]:
    """The keys of two configured witnesses who have cosigned the newest checkpoint."""
    checkpoint = Checkpoint.objects.latest("size")
    signers = [new_signer(name, WITNESS_KEY) for name in ("bank.example/witness", "union.example/witness")]
    settings.WITNESSES = [f"{one.verifier.vkey} https://{one.verifier.name}" for one in signers]
    for signer in signers:
        Cosignature.objects.create(
            checkpoint_size=checkpoint.size,
            witness=signer.verifier.name,
            line=signer.sign(read_note(checkpoint.note).text, COSIGNED_AT_S).line,
            cosigned_at=checkpoint.signed_at,
        )
    return [signer.verifier.vkey for signer in signers]


@pytest.fixture
def run_printed(live_server: LiveServer, settings: Any, tmp_path: Path) -> Callable[[Page], tuple[int, str]]:
    """Does what the page says under "Check with a program of your own": two downloads and a command.

    Where no script has put the ledger's key into the command, the reader does.
    """
    settings.SITE_URL = live_server.url

    def run_printed(page: Page) -> tuple[int, str]:
        page.get_by_text("Check with a program of your own").click()
        for name in ("the proof of this receipt", "possys_verify.py"):
            with page.expect_download() as download:
                page.get_by_role("link", name=name).click()
            download.value.save_as(tmp_path / download.value.suggested_filename)
        command = page.locator(".check-command").inner_text().replace(" KEY", f" {public_keys()[0]}").split()
        done = subprocess.run([sys.executable, *command[1:]], cwd=tmp_path, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout + done.stderr

    return run_printed


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


def test_a_receipt_checks_itself_step_by_step(open_page: OpenPage, code: str, till: Till) -> None:
    page = open_page(size="phone")
    page.goto(full_address(code))
    assert check(page) == FITS
    assert steps(page) == dict.fromkeys(STEPS, "right")
    proven = page.locator("[data-check-verdict]")
    for said in (code, "CZK\u00a0196.00", public_keys()[0].partition("+")[0], "entries: 5"):
        expect(proven).to_contain_text(said)
    facts = dict(zip(proven.locator("dt").all_inner_texts(), proven.locator("dd").all_inner_texts(), strict=True))
    assert (facts["Till"], facts["Lines"]) == (str(till.number), "5")
    expect(proven.locator(".check-lines li")).to_have_text(
        [f"{line['name']}{money(line['amount'], 'CZK')}" for line in LINES]
    )
    page.get_by_text("Hashes computed here").first.click()
    expect(page.locator(".hashes li").first).to_contain_text("The record's hash")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_check_fits_every_screen(open_page: OpenPage, code: str, shoot: Shoot, scheme: str) -> None:
    other_key = new_signer("other.example/log", LOG_KEY).verifier.vkey
    for size in SIZES:
        page = open_page(size=size, scheme=scheme)
        page.emulate_media(reduced_motion="reduce")
        page.goto(full_address(code))
        check(page)
        for summary in page.locator(".self-check summary").all():
            summary.click()
        assert fits(page), size
        shoot(page, f"self-check-{size}-{scheme}")
        page.get_by_label("The ledger's key that you got elsewhere").fill(other_key)
        assert check(page) == FITS_NOT
        assert fits(page), size
        shoot(page, f"self-check-wrong-{size}-{scheme}")


def test_of_many_lines_the_first_are_shown_and_the_others_counted(
    open_page: OpenPage, till: Till, flush_everything: Callable[[], object]
) -> None:
    names = [f"Roll number {number} <b>" for number in range(12)]
    lines = [make_line(name=name) for name in names]
    code = till.send(till.sale(lines=lines)).json()["code"]
    flush_everything()
    catch_up()
    page = open_page(size="phone")
    page.goto(full_address(code))
    assert check(page) == FITS
    shown = page.locator(".check-lines li")
    expect(shown).to_have_count(6)
    expect(shown.nth(4)).to_contain_text(names[4])
    expect(shown.last).to_have_text("further lines: 7")


def test_the_witnesses_are_named_with_their_times_and_keys(
    open_page: OpenPage, code: str, witnesses: list[str], shoot: Shoot
) -> None:
    page = open_page(size="phone")
    page.goto(full_address(code))
    assert check(page) == FITS
    assert steps(page) == dict.fromkeys([*STEPS, "witnesses"], "right")
    names = [vkey.partition("+")[0] for vkey in witnesses]
    shown = page.locator("[data-step=witnesses]")
    expect(shown.locator("li")).to_have_text([f"{name}, 24 November 2026, 10:00:00 (UTC)" for name in names])
    expect(shown).to_contain_text("With the witnesses' keys that came with the proof.")
    page.get_by_text("Whose key is trusted?").click()
    listed = page.locator(".check-keys li")
    expect(listed).to_have_text(public_keys() + [f"{vkey.partition('+')[0]} {vkey}" for vkey in witnesses])
    assert fits(page)
    shoot(page, "self-check-witnesses-phone")


def test_the_printed_command_names_the_witnesses(
    open_page: OpenPage, code: str, witnesses: list[str], run_printed: Callable[[Page], tuple[int, str]]
) -> None:
    page = open_page()
    page.goto(full_address(code))
    status, said = run_printed(page)
    assert (status, said.partition("\n")[0]) == (0, "VALID"), said
    assert [vkey for vkey in witnesses if f"{vkey.partition('+')[0]} at 2026-11-24" not in said] == []
    assert "not checked" not in said


def test_the_printed_command_works_while_no_witness_has_cosigned(
    open_page: OpenPage, code: str, run_printed: Callable[[Page], tuple[int, str]], settings: Any
) -> None:
    vkey = new_signer("bank.example/witness", WITNESS_KEY).verifier.vkey
    settings.WITNESSES = [f"{vkey} https://bank.example"]
    page = open_page()
    page.goto(full_address(code))
    assert check(page) == FITS
    status, said = run_printed(page)
    assert (status, said.splitlines()[-1]) == (0, "  not cosigned by a given witness"), said


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
    assert check(open_saved(lambda text: text.replace('{"file":"{', '{"file:"{'))) == FITS_NOT


def test_a_key_from_elsewhere_is_used_instead(open_saved: Callable[..., Page], code: str) -> None:
    page = open_saved()
    page.get_by_text("Whose key is trusted?").click()
    field = page.get_by_label("The ledger's key that you got elsewhere")
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


def test_a_copy_without_its_files_says_that_nothing_was_started(open_saved: Callable[..., Page]) -> None:
    for missing in ("self_check.js", "verify.js"):
        page = open_saved(partial(replaced, old=f'"{missing}"', new='"gone.js"'))
        assert_stalled(page)
        page.close()
    page = open_saved(lambda text: re.sub(r'(src|href)="[a-z_]+[.](js|css)"', "", text))
    assert_stalled(page)
    for name in ("the proof of this receipt", "possys_verify.py"):
        link = page.get_by_role("link", name=name, include_hidden=True)
        assert str(link.get_attribute("href")).startswith(settings.SITE_URL)


def assert_stalled(page: Page) -> None:
    """The page says that the check could not be started, and shows neither the button nor a verdict."""
    expect(page.get_by_text(STALLED)).to_be_visible()
    expect(page.get_by_role("button", name="Check this receipt")).to_be_hidden()
    expect(page.get_by_text(FITS)).to_be_hidden()


def test_a_copy_saved_after_a_check_shows_no_old_verdict_where_no_script_runs(open_saved: Callable[..., Page]) -> None:
    page = open_saved()
    assert check(page) == FITS
    text = page.content()
    assert_stalled(open_saved(lambda _: text.replace("self_check.js", "gone.js")))


def test_an_old_verdict_is_gone_when_the_script_runs_again(open_saved: Callable[..., Page]) -> None:
    page = open_saved()
    assert check(page) == FITS
    text = page.content()
    page = open_saved(lambda _: text)
    expect(page.get_by_role("button", name="Check this receipt")).to_be_visible()
    expect(page.get_by_text(FITS)).to_have_count(0)
    assert check(page) == FITS


def test_without_javascript_there_is_the_program(
    open_page: OpenPage, code: str, shoot: Shoot, run_printed: Callable[[Page], tuple[int, str]]
) -> None:
    page = open_page(size="phone", javascript=False)
    page.goto(full_address(code))
    assert_stalled(page)
    status, said = run_printed(page)
    assert (status, said.partition("\n")[0]) == (0, "VALID"), said
    assert fits(page)
    shoot(page, "self-check-noscript-phone")


def test_the_command_gets_the_key_with_the_proof(
    open_page: OpenPage, code: str, run_printed: Callable[[Page], tuple[int, str]]
) -> None:
    page = open_page()
    page.goto(full_address(code))
    expect(page.locator(".check-command")).to_contain_text("--key KEY")
    assert check(page) == FITS
    expect(page.locator(".check-command")).to_contain_text(f"--key {public_keys()[0]}")
    status, said = run_printed(page)
    assert (status, said.partition("\n")[0]) == (0, "VALID"), said
    expect(page.get_by_text("Put it in place of KEY.")).to_be_hidden()


def test_the_proof_is_fetched_once(open_page: OpenPage, code: str) -> None:
    page = open_page()
    page.emulate_media(reduced_motion="reduce")
    asked = proofs_asked(page)
    page.goto(full_address(code))
    assert asked == []
    assert check(page) == FITS
    assert check(page) == FITS
    assert len(asked) == 1


def proofs_asked(page: Page) -> list[str]:
    """Grows by the address of each proof that the page got an answer for."""
    asked: list[str] = []
    page.on("response", lambda response: asked.append(response.url) if response.url.endswith("/proof") else None)
    return asked


def test_a_copy_that_was_saved_before_the_check_says_so(
    open_page: OpenPage, open_copy: Callable[..., Page], code: str, tmp_path: Path, shoot: Shoot
) -> None:
    page = open_page()
    page.goto(full_address(code))
    copy = open_copy(save(page.content(), tmp_path))
    expect(copy.get_by_text("saved before the check")).to_be_visible()
    expect(copy.get_by_role("button", name="Check this receipt")).to_be_hidden()
    link = copy.get_by_role("link", name="Open the receipt's own address")
    assert link.get_attribute("href") == settings.SITE_URL + full_address(code)
    shoot(copy, "self-check-copy-before")


def test_a_hostile_product_name_cannot_end_the_proof_s_element_in_a_copy(
    open_page: OpenPage,
    open_copy: Callable[..., Page],
    till: Till,
    flush_everything: Callable[[], object],
    tmp_path: Path,
) -> None:
    hostile = "</script><img src=x onerror=alert(1)><!-- & <script>"
    code = till.send(till.sale(lines=[make_line(name=hostile)])).json()["code"]
    flush_everything()
    catch_up()
    page = open_page()
    page.emulate_media(reduced_motion="reduce")
    page.goto(full_address(code))
    assert check(page) == FITS
    copy = open_copy(save(page.content(), tmp_path))
    expect(copy.locator("img[src=x]")).to_have_count(0)
    assert check(copy) == FITS
    expect(copy.locator(".check-lines li").first).to_contain_text(hostile)


def test_an_address_without_cryptography_still_gives_a_copy_that_can_be_checked(
    open_page: OpenPage, open_copy: Callable[..., Page], code: str, tmp_path: Path
) -> None:
    page = open_page()
    page.add_init_script("Object.defineProperty(crypto, 'subtle', { value: undefined });")
    page.goto(full_address(code))
    assert check(page) == "It cannot be checked at this address"
    assert check(open_copy(save(page.content(), tmp_path))) == FITS


def test_a_proof_that_is_not_ready_is_asked_for_again(
    open_page: OpenPage, till: Till, flush_everything: Callable[[], object], shoot: Shoot
) -> None:
    code = till.send().json()["code"]
    flush_everything()
    page = open_page(size="phone")
    page.goto(full_address(code))
    page.get_by_role("button", name="Check this receipt").click()
    expect(page.get_by_text("ready in a few seconds")).to_be_visible()
    shoot(page, "self-check-soon-phone")
    catch_up()
    expect(page.get_by_text(FITS)).to_be_visible(timeout=10_000)
    expect(page.get_by_text("ready in a few seconds")).to_have_count(0)


def test_asking_for_a_proof_ends(open_page: OpenPage, till: Till, flush_everything: Callable[[], object]) -> None:
    code = till.send().json()["code"]
    flush_everything()
    page = open_page()
    page.clock.install()
    asked = proofs_asked(page)
    page.goto(full_address(code))
    page.get_by_role("button", name="Check this receipt").click()
    expect(page.get_by_text("The proof is being made")).to_be_visible()
    for _ in range(ASKED_MAX):
        # Each answer comes in real time, the pause before the next question in the page's.
        page.wait_for_timeout(100)
        page.clock.run_for(2000)
    expect(page.get_by_text("The proof is still being made")).to_be_visible()
    expect(page.get_by_role("button", name="Check this receipt")).to_be_enabled()
    assert len(asked) == ASKED_MAX


@pytest.mark.parametrize(
    ("answer", "heading"),
    [
        ({"status": 404, "json": {"state": "missing"}}, "There is no proof at this address"),
        ({"status": 410, "json": {"state": "removed"}}, "The record was removed"),
        ({"status": 429, "json": {"state": "limited"}}, "Too many requests came from where you are"),
        ({"status": 500, "json": {"state": "damaged"}}, "What we have stored is not what was recorded"),
        ({"status": 503, "json": {"state": "away"}}, "The proof cannot be fetched at the moment"),
        ({"status": 502, "body": "<h1>Bad gateway</h1>"}, "The proof cannot be fetched at the moment"),
    ],
)
def test_what_came_instead_of_a_proof_is_told(
    open_page: OpenPage, code: str, answer: dict[str, Any], heading: str
) -> None:
    page = open_page()
    page.route("**/proof", lambda route: route.fulfill(**answer))
    page.goto(full_address(code))
    assert check(page) == heading
    page.unroute("**/proof")
    assert check(page) == FITS


def test_without_a_network_the_page_says_so_and_works_again_afterwards(open_page: OpenPage, code: str) -> None:
    page = open_page()
    page.goto(full_address(code))
    page.route("**/proof", lambda route: route.abort("internetdisconnected"))
    assert check(page) == "The proof could not be fetched"
    page.unroute("**/proof")
    assert check(page) == FITS


@pytest.mark.parametrize("language", ["cs", "ar"])
def test_dates_and_amounts_follow_the_page_s_language(open_page: OpenPage, code: str, language: str) -> None:
    page = open_page()
    page.route(
        f"**{full_address(code)}",
        lambda route: route.fulfill(
            response=(found := route.fetch()), body=found.text().replace('lang="en"', f'lang="{language}"')
        ),
    )
    page.goto(full_address(code))
    assert check(page) == FITS
    month = page.evaluate(
        "lang => new Intl.DateTimeFormat(lang, { day: 'numeric', month: 'long', timeZone: 'UTC' })"
        ".formatToParts(new Date()).find((part) => part.type === 'month').value",
        language,
    )
    expect(page.locator(".check-facts")).to_contain_text(month)
