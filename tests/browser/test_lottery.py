"""The whole life of a draw in a real browser: from its setting up by staff to a player who leaves after being paid."""

import re
import subprocess
import sys
import time as real
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.core.cache import cache
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from ledger.consumers import consumer_named
from ledger.feeding.running import feed_all
from ledger.feeding.ticks import mark_complete
from ledger.log.checkpointer import catch_up
from ledger.shards import ALL_SHARDS
from lottery.draws import advancing
from lottery.draws.models import Draw
from lottery.entries import offering
from lottery.entries.collecting import CONSUMER, collect_all
from lottery.entries.models import Entry
from lottery.messages import sending
from lottery.players.models import Player
from lottery.prizes.erasing import COMPLAINTS_WITHIN, erase_due
from lottery.prizes.models import Claim, Win
from lottery.prizes.tests.conftest import IBAN, proof_of
from lottery.tests.factories import MINUTE, now
from possys import clock
from tests.browser.scene import sticks_out
from tests.browser.test_admin import PASSWORD, TOO_WIDE
from tests.factories import make_refund
from tests.links import full_address
from tests.people import make_person
from tests.tills import Till

OpenPage = Callable[..., Page]
Shoot = Callable[[Page, str], Path]
SIZES_PX = (1280, 390)
ADDRESS = "jana@example.org"
RIGHT = "The draw is what it claims to be."


class Time:
    """What the site's clock reads: it runs on from wherever it is set."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._ahead_ns = 0
        monkeypatch.setattr(clock, "time", self)

    def time_ns(self) -> int:
        return real.time_ns() + self._ahead_ns

    def pass_to(self, moment: datetime) -> None:
        self._ahead_ns += int((moment - now()).total_seconds() * 1e9)


class Life:
    """Who takes part, what they look at, and what happens behind the pages."""

    def __init__(self, open_page: OpenPage, shoot: Shoot, till: Till, flush: Callable[[], object]) -> None:
        self.shoot, self.till, self._flush = shoot, till, flush
        self.customer, self.anna, self.boris = open_page(), open_page(), open_page()
        self.too_wide: list[str] = []

    def look(self, page: Page, name: str) -> None:
        """Pictures of a page at both sizes; what does not fit is kept for the end."""
        for width in SIZES_PX:
            page.set_viewport_size({"width": width, "height": 900})
            self.shoot(page, f"life-{name}-{width}")
            wide = sticks_out(page) if page is self.customer else page.evaluate(TOO_WIDE)
            self.too_wide += [f"{name} at {width}: {wide}"] if wide else []
        page.set_viewport_size({"width": SIZES_PX[0], "height": 900})

    def both(self, path: str, button: str, name: str) -> None:
        """What two people decide, each on a page that shows what it is."""
        for who, page in (("anna", self.anna), ("boris", self.boris)):
            page.goto(f"/admin/lottery/{path}/")
            self.look(page, f"{name}-{who}")
            page.click(f"button:has-text('{button}')")
            page.wait_for_load_state()

    def sold(self, **changes: Any) -> str:
        """The code of a sale that is recorded."""
        answer = self.till.send(self.till.sale(**changes))
        assert answer.status == 201, answer.body
        self.settle()
        return str(answer.json()["code"])

    def settle(self) -> None:
        """Has everything recorded, signed for, and fed to the lottery."""
        self._flush()
        catch_up()
        feed_all(ALL_SHARDS, now(), [consumer_named(CONSUMER)])
        mark_complete(ALL_SHARDS)

    def mailed(self) -> str:
        """The newest mail."""
        sending.send_mails(now)
        return str(mail.outbox[-1].body)


@pytest.fixture
def life(
    open_page: OpenPage, shoot: Shoot, live_server: LiveServer, till: Till, flush_everything: Callable[[], object],
    settings: Any,
) -> Life:  # fmt: skip
    """Staff who are signed in, and a customer who is not."""
    cache.clear()
    offering.periods.forget()
    settings.SITE_URL = live_server.url
    settings.UNFOLD = {**settings.UNFOLD, "SIDEBAR": {"navigation": "possys.accounts.admin.navigation"}}
    life = Life(open_page, shoot, till, flush_everything)
    for name, page in (("anna", life.anna), ("boris", life.boris)):
        make_person(name, is_superuser=True, password=PASSWORD)
        page.goto("/admin/")
        page.fill("[name=username]", name)
        page.fill("[name=password]", PASSWORD)
        page.press("[name=password]", "Enter")
        page.wait_for_selector("text=To be reviewed")
    return life


def test_a_draw_lives_until_its_winner_is_paid_and_leaves(
    life: Life, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    time = Time(monkeypatch)
    draw = set_up(life)
    life.both(f"draw/{draw.pk}/open", "Approve the opening", "open")
    draw.refresh_from_db()
    assert draw.state == Draw.State.OPEN
    offering.periods.forget()

    enter_one(life)
    enter_by_tag(life, draw)
    give_one_back(life)

    time.pass_to(draw.freezes_at)
    life.settle()
    assert [*advancing.advance(now())] == [f"{draw}: tickets frozen"]
    life.settle()
    states = Entry.objects.order_by("pk").values_list("state", flat=True)
    assert list(states) == ["in", "in", "taken-back"]
    see(life, "/lottery/tickets", "tickets-frozen")
    see(life, "/lottery/", "home-frozen")
    time.pass_to(draw.draws_at)
    assert [*advancing.advance(now())] == [f"{draw}: drawn, not yet published"]
    life.settle()
    life.both(f"draw/{draw.pk}/publish", "Approve the publication", "publish")
    assert "won" in life.mailed()

    before = verified(life, draw, tmp_path)
    claim(life)
    pay(life, tmp_path)
    leave(life)
    time.pass_to(now() + COMPLAINTS_WITHIN)
    erase_due(now())
    assert not Claim.objects.exclude(payee="", account="").exists()
    assert verified(life, draw, tmp_path) == before
    assert life.too_wide == []


def see(life: Life, address: str, name: str) -> None:
    """The customer looks at a page."""
    cache.clear()
    answer = life.customer.goto(address)
    assert answer is not None
    assert answer.ok, address
    life.look(life.customer, name)


def set_up(life: Life) -> Draw:
    """Anna writes a draft with two prizes of one winner each, minutes from now."""
    page, moment = life.anna, timezone.localtime(now())
    page.goto("/admin/lottery/draw/add/")
    page.fill("[name=name]", "December draw")
    page.fill("[name=currency]", "CZK")
    page.fill("[name=minimum_total]", "10.00")
    page.fill("[name=first_day]", str(moment.date()))
    page.fill("[name=last_day]", str(moment.date()))
    for name, minutes in (("entries_until", 5), ("freezes_at", 6), ("draws_at", 8)):
        later = moment + minutes * MINUTE
        page.fill(f"[name={name}_0]", f"{later:%Y-%m-%d}")
        page.fill(f"[name={name}_1]", f"{later:%H:%M:%S}")
    page.uncheck("[name=one_a_store_and_day]")
    page.check("[name=mode][value=commit-reveal]")
    for part, text in (("rank", "1"), ("name", "Car"), ("amount", "250000"), ("count", "1")):
        page.fill(f"[name=prizes-0-{part}]", text)
    life.look(page, "draft")
    page.click("button:has-text('Save'):visible >> nth=-1")
    page.wait_for_selector("text=was added successfully")
    return Draw.objects.get()


def enter_one(life: Life) -> None:
    """A customer opens a receipt's link, confirms an address, and enters it."""
    page = life.customer
    see(life, full_address(life.sold()), "receipt")
    page.locator("a[href$='/lottery']").first.click()
    life.look(page, "enter-unknown")
    page.get_by_role("link", name="Sign in and enter").click()
    life.look(page, "sign-in")
    page.get_by_label("E-mail address").fill(ADDRESS)
    page.get_by_label("I am 18 or older").check()
    page.get_by_role("button", name="Send the code").click()
    life.look(page, "code")
    found = re.search(r"\b\d{6}\b", life.mailed())
    assert found
    page.get_by_label("Code").fill(found[0])
    page.get_by_role("button", name="Sign in").click()
    enter_shown(life, "enter")
    see(life, "/lottery/tickets", "tickets")


def enter_shown(life: Life, name: str) -> None:
    """Enters the receipt that is shown."""
    life.look(life.customer, name)
    life.customer.get_by_role("button", name="Enter this receipt").click()
    expect(life.customer.get_by_role("status")).to_contain_text("December draw")
    life.look(life.customer, f"{name}-done")


def enter_by_tag(life: Life, draw: Draw) -> None:
    """A till sends the player's tag with a sale."""
    life.sold(lottery=Player.objects.get().tag)
    collect_all(now())
    assert Entry.objects.filter(draw=draw, source=Entry.Source.TAG).count() == 1
    see(life, "/lottery/tickets", "tickets-tagged")
    expect(life.customer.get_by_text("by your tag")).to_be_visible()


def give_one_back(life: Life) -> None:
    """A third receipt is entered and its goods are returned."""
    code = life.sold()
    cache.clear()
    life.customer.goto(f"{full_address(code)}/lottery")
    enter_shown(life, "enter-third")
    life.till.sequence += 1
    refund = make_refund(code, terminal=life.till.number, sequence=life.till.sequence)
    assert life.till.send(refund).status == 201
    life.settle()


def verified(life: Life, draw: Draw, folder: Path) -> tuple[bytes, bytes]:
    """The files as anybody downloads them, which the downloaded program finds right; answers them."""
    see(life, "/lottery/results/", "results")
    see(life, f"/lottery/draws/{draw.number}/rules", "rules")
    see(life, f"/lottery/draws/{draw.number}/", "result")
    assert "jana" not in life.customer.content().lower()
    see(life, f"/lottery/draws/{draw.number}/check", "check")
    for name in ("transcript.json", "tickets.bin", "draw.py"):
        with life.customer.expect_download() as download:
            life.customer.locator(f"a[download][href$='{name}']").click()
        download.value.save_as(folder / name)
    command = [sys.executable, "draw.py", "transcript.json", "tickets.bin"]
    said = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stdout
    assert said.stdout.rstrip().endswith(RIGHT)
    return (folder / "transcript.json").read_bytes(), (folder / "tickets.bin").read_bytes()


def claim(life: Life) -> None:
    """The winner shows the receipt and says whom to pay."""
    page, win = life.customer, Win.objects.select_related("entry").get()
    see(life, "/lottery/tickets", "tickets-won")
    see(life, f"/lottery/tickets/{win.entry_id}", "ticket")
    see(life, f"/lottery/claims/{win.pk}", "claim")
    page.get_by_label("The line below the QR code").fill(proof_of(win))
    page.get_by_label("Owner of the account").fill("Jana Nováková")
    page.get_by_label("IBAN").fill(IBAN)
    page.get_by_role("button", name="Claim the prize").click()
    expect(page.get_by_text("Your claim has arrived.")).to_be_visible()
    life.look(page, "claimed")


def pay(life: Life, folder: Path) -> None:
    """Two people approve, one takes the file to the payer, and brings it back."""
    win, page, file = Win.objects.get(), life.anna, folder / "payouts.csv"
    life.both(f"win/{win.pk}/approve", "Approve the payout", "payout")
    page.goto("/admin/lottery/claim/")
    life.look(page, "payouts")
    with page.expect_download() as download:
        page.click("button:has-text('Download the file')")
    download.value.save_as(file)
    assert IBAN in file.read_text(encoding="utf-8")
    page.set_input_files("[name=file]", file)
    page.click("button:has-text('Mark as paid')")
    page.wait_for_load_state()
    life.look(page, "payouts-paid")
    win.refresh_from_db()
    assert win.state == Win.State.PAID
    assert "paid" in life.mailed()
    see(life, f"/lottery/claims/{win.pk}", "claim-paid")


def leave(life: Life) -> None:
    """The player has everything deleted; only the account that was paid into stays, until nobody can complain."""
    see(life, "/lottery/my-data", "data")
    see(life, "/lottery/my-data/delete", "delete")
    life.customer.get_by_role("button", name="Delete everything").click()
    life.look(life.customer, "deleted")
    assert not Player.objects.exists()
    assert not Entry.objects.exclude(player=None).exists()
