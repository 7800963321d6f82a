"""The pages on which receipts are entered and tickets are looked at, with an outsider at each."""

from collections.abc import Callable
from hashlib import sha256

import pytest
from django.test import Client

from lottery.draws.models import Draw
from lottery.entries.models import Entry
from lottery.entries.tests.conftest import browser_of
from lottery.tests.factories import freeze_now, make_entry, make_player, publish_now, take_back
from possys import receipt_keys

Record = Callable[..., str]


def link_of(code: str) -> str:
    return f"/{receipt_keys.links().ending_of(code)}/lottery"


def text_of(response: object) -> str:
    return response.content.decode()  # type: ignore[attr-defined,no-any-return]


def test_a_receipts_page_offers_to_take_part_while_a_draw_takes_it(client: Client, record: Record, draw: Draw) -> None:
    code = record()
    assert link_of(code) in text_of(client.get(link_of(code).removesuffix("/lottery")))


def test_without_a_draw_nothing_is_offered(client: Client, record: Record) -> None:
    from lottery.entries import offering

    offering.periods.forget()
    code = record()
    assert "/lottery" + '"' not in text_of(client.get(link_of(code).removesuffix("/lottery"))).replace(
        '"/lottery/"', ""
    )


def test_a_stranger_signs_in_first(client: Client, record: Record, draw: Draw) -> None:
    path = link_of(record())
    page = text_of(client.get(path))
    assert f"/lottery/sign-in?receipt={path.split('/')[1]}" in page
    assert client.post(path).headers["Location"] == f"/lottery/sign-in?receipt={path.split('/')[1]}"
    assert not Entry.objects.exists()


def test_a_player_enters_with_one_press(record: Record, draw: Draw) -> None:
    browser, path = browser_of(make_player()), link_of(record())
    assert "Enter this receipt" in text_of(browser.get(path))
    assert "It takes part with 1 ticket." in text_of(browser.post(path))
    assert "You have entered this receipt already" in text_of(browser.post(path))


def test_a_wrong_link_opens_nothing(record: Record, draw: Draw) -> None:
    path = link_of(record())
    wrong = path[:17] + "0000/lottery" if path[17:21] != "0000" else path[:17] + "1111/lottery"
    assert browser_of(make_player()).post(wrong).status_code == 404
    assert not Entry.objects.exists()


def test_a_refunded_receipt_is_told_so(record: Record, draw: Draw, take_back: Callable[..., str]) -> None:
    code = record()
    take_back(code)
    assert "refunded" in text_of(browser_of(make_player()).post(link_of(code)))


def test_forms_of_other_sites_enter_nothing(record: Record, draw: Draw) -> None:
    browser = browser_of(make_player(), Client(enforce_csrf_checks=True))
    assert browser.post(link_of(record())).status_code == 403


def test_my_tickets_show_each_state(draw: Draw) -> None:
    player = make_player()
    back = make_entry(draw, player)
    make_entry(draw, player)
    take_back(back)
    make_entry(draw, make_player(), code="OTHR-0000-0000-0000")
    page = text_of(browser_of(player).get("/lottery/tickets"))
    assert page.count("refunded or cancelled") == 1
    assert page.count("mark-in") == 1
    assert player.tag in page
    assert "OTHR" not in page


def test_my_tickets_cost_the_same_for_many(draw: Draw, django_assert_num_queries: Callable[..., object]) -> None:
    player = make_player()
    browser = browser_of(player)
    for _ in range(60):
        make_entry(draw, player)
    with django_assert_num_queries(5):  # type: ignore[attr-defined]
        page = browser.get("/lottery/tickets")
    assert "?page=2" in text_of(page)
    assert text_of(browser.get("/lottery/tickets?page=2")).count("ticket-head") == 10


@pytest.mark.parametrize(
    "path", ["/lottery/tickets", "/lottery/tickets/1", "/lottery/my-data", "/lottery/my-data/delete"]
)
def test_strangers_are_sent_to_the_sign_in(client: Client, draw: Draw, path: str) -> None:
    assert client.get(path).headers["Location"] == "/lottery/sign-in"
    client.cookies["player"] = "0" * 32 + ":1:forged"
    assert client.get(path).headers["Location"] == "/lottery/sign-in"


def test_a_ticket_is_its_players_own(draw: Draw) -> None:
    entry = make_entry(draw, make_player())
    assert browser_of(make_player()).get(f"/lottery/tickets/{entry.pk}").status_code == 404


def test_after_the_freeze_the_proof_leads_to_the_root(draw: Draw) -> None:
    player = make_player()
    entry = make_entry(draw, player, tickets=2)
    for _ in range(5):
        make_entry(draw)
    freeze_now(draw)
    page = text_of(browser_of(player).get(f"/lottery/tickets/{entry.pk}"))
    ticket = sha256(f"{draw.number}|{entry.code}|2|{bytes(entry.salt).hex()}".encode()).hexdigest()
    assert ticket in page
    assert bytes(draw.root or b"").hex() in page
    assert "of 7 in the frozen list" in page


def test_a_win_leads_to_its_claim_once_it_is_published(draw: Draw) -> None:
    from lottery.draws.operations import draw_winners

    player = make_player()
    make_entry(draw, player)
    freeze_now(draw)
    draw_winners(draw, draw.draws_at)
    browser = browser_of(player)
    assert "Claim the prize" not in text_of(browser.get("/lottery/tickets"))
    draw.refresh_from_db()
    publish_now(draw)
    assert "Claim the prize" in text_of(browser.get("/lottery/tickets"))


def test_entries_of_a_player_who_left_name_nobody(draw: Draw) -> None:
    entry = make_entry(draw, player := make_player())
    browser = browser_of(player)
    assert "deleted" in text_of(browser.post("/lottery/my-data/delete"))
    entry.refresh_from_db()
    assert (entry.player, entry.state) == (None, Entry.State.WITHDRAWN)
