"""The page of a win in a real browser: it fits and keeps WCAG AA in every state, and a winner gets through it."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.cache import cache
from django.test import Client
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from lottery.prizes.models import Win
from lottery.prizes.paying import approve_payout, export_payouts, mark_paid
from lottery.prizes.tests.conftest import IBAN, JANA, make_win, player_of, proof_of, record, sign_in, win
from lottery.tests.factories import make_staff, now
from tests.browser.scene import sticks_out

__all__ = ["record", "win"]

OpenPage = Callable[..., Page]
Shoot = Callable[[Page, str], Path]
LOOKS = [("desktop", "light"), ("phone", "dark"), ("narrow", "light")]


@pytest.fixture
def open_as(open_page: OpenPage, live_server: LiveServer) -> OpenPage:
    """Opens pages in the browser of a win's player."""

    def open_as(win: Win, **look: str) -> Page:
        cache.clear()
        client = Client()
        sign_in(client, player_of(win))
        page: Page = open_page(**look)
        page.context.add_cookies(
            [{"name": name, "value": cookie.value, "url": live_server.url} for name, cookie in client.cookies.items()]
        )
        return page

    return open_as


@pytest.mark.parametrize(("size", "scheme"), LOOKS)
def test_a_winner_claims_and_is_paid(
    open_as: OpenPage, shoot: Shoot, check_accessible: Callable[..., None], win: Win, size: str, scheme: str
) -> None:
    page = open_as(win, size=size, scheme=scheme)

    def look(name: str) -> None:
        shoot(page, f"lottery-claim-{name}-{size}-{scheme}")
        assert sticks_out(page) == []
        check_accessible(page, f"lottery-claim-{name}")

    page.goto(f"/lottery/claims/{win.pk}")
    look("told")
    page.get_by_label("IBAN").fill("CZ6508000000192000145398")
    page.get_by_role("button", name="Claim the prize").click()
    expect(page.get_by_role("alert").first).to_contain_text("Please correct this")
    look("faults")
    page.get_by_label("The line below the QR code").fill(proof_of(win))
    page.get_by_label("Owner of the account").fill(JANA.name)
    page.get_by_label("IBAN").fill(IBAN)
    page.get_by_role("button", name="Claim the prize").click()
    expect(page.get_by_text("Your claim has arrived.")).to_be_visible()
    look("claimed")
    anna, boris = make_staff("anna"), make_staff("boris")
    approve_payout(win, anna, now())
    approve_payout(win, boris, now())
    page.reload()
    look("approved")
    mark_paid(export_payouts([win], anna, now()).content, now())
    page.reload()
    expect(page.get_by_text("The prize was paid on")).to_be_visible()
    look("paid")


@pytest.mark.parametrize("state", [Win.State.EXPIRED, Win.State.REFUSED])
def test_a_prize_that_is_lost_says_why(
    open_as: OpenPage, shoot: Shoot, check_accessible: Callable[..., None], ledger: object, state: Win.State
) -> None:
    lost = make_win(at=now())
    Win.objects.filter(pk=lost.pk).update(state=state, reason="The receipt was refunded or voided.")
    page = open_as(lost)
    page.goto(f"/lottery/claims/{lost.pk}")
    shoot(page, f"lottery-claim-{state}")
    expect(page.get_by_text("goes to the next draw")).to_be_visible()
    assert sticks_out(page) == []
    check_accessible(page, f"lottery-claim-{state}")
