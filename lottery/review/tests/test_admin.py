"""The reviewers' pages, players and entries in the admin: who sees and decides what, and what is never shown."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache

from lottery.draws.models import Draw
from lottery.entries.models import Entry
from lottery.players.contacts import read_contact
from lottery.players.models import Barring, Player
from lottery.review.models import Suspicion
from lottery.review.operations import bar, look
from lottery.review.tests.test_operations import contest, enter, see
from lottery.tests.factories import make_player, make_staff, now, open_draw_now
from portal.tests.conftest import broker_away
from possys.celery import app
from tests.people import Cast, make_cast, make_person, signed_in

__all__ = ["broker_away"]

QUEUE = "/admin/lottery/suspicion/"
PLAYERS = "/admin/lottery/player/"
ENTRIES = "/admin/lottery/entry/"
BARRINGS = "/admin/lottery/barring/"
ADDRESS = "jana.novakova@example.org"


@pytest.fixture(autouse=True)
def _without_kept_sums() -> None:
    cache.clear()


@pytest.fixture
def cast(ledger: Any) -> Cast:
    return make_cast()


@pytest.fixture
def suspect(ledger: Any) -> Suspicion:
    draw = open_draw_now()
    key = read_contact(ADDRESS).key
    player, other = make_player(contact=ADDRESS, contact_key=key), make_player()
    for entry in enter(draw, player, 35, minutes_apart=0)[:12]:
        contest(entry, other)
    for one in (player, other, *[make_player() for _ in range(6)]):
        see(one, "phone")
    look(draw, now())
    return Suspicion.objects.get(player=player)


def decide(client: Any, where: str, step: str, reason: str = "Strangers' receipts.") -> Any:
    asked = client.get(f"{where}{step}/", follow=True)
    if asked.status_code != 200 or "form" not in asked.context:
        return asked
    seen = asked.context["form"]["seen"].value()
    return client.post(f"{where}{step}/", {"seen": seen, "reason": reason}, follow=True)


def test_every_page_is_for_those_who_may_look(cast: Cast, suspect: Suspicion) -> None:
    bar(make_player(), make_staff("rita"), "Collected.", now())
    entry = Entry.objects.latest("pk")
    pages = [
        QUEUE, f"{QUEUE}{suspect.pk}/change/", PLAYERS, f"{PLAYERS}{suspect.player_id}/change/", ENTRIES,
        f"{ENTRIES}{entry.pk}/change/", BARRINGS,
    ]  # fmt: skip
    for url in pages:
        assert cast.superuser.get(url).status_code == 200, url
        assert cast.viewer.get(url).status_code == 200, url
        assert cast.without_rights.get(url).status_code == 403, url
        assert cast.anonymous.get(url).status_code == 302, url


def test_nothing_is_typed_into_these_tables(cast: Cast, suspect: Suspicion) -> None:
    before = [list(model.objects.order_by("pk").values()) for model in (Suspicion, Player, Entry)]
    for where, key in ((QUEUE, suspect.pk), (PLAYERS, suspect.player_id), (ENTRIES, Entry.objects.latest("pk").pk)):
        cast.superuser.post(f"{where}{key}/change/", {"score": 1, "contact": "x", "state": "in"})
        assert cast.superuser.post(f"{where}{key}/delete/", {"post": "yes"}).status_code == 403
        assert cast.superuser.get(f"{where}add/").status_code == 403
    assert [list(model.objects.order_by("pk").values()) for model in (Suspicion, Player, Entry)] == before


def test_the_whole_contact_is_on_no_page(cast: Cast, suspect: Suspicion) -> None:
    for url in (
        QUEUE, f"{QUEUE}{suspect.pk}/change/", f"{QUEUE}{suspect.pk}/bar/", PLAYERS,
        f"{PLAYERS}{suspect.player_id}/change/", f"{ENTRIES}?q={suspect.player_id}",
    ):  # fmt: skip
        text = cast.superuser.get(url).content.decode()
        assert ADDRESS not in text
    assert "j•••@example.org" in cast.superuser.get(PLAYERS).content.decode()


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        (ADDRESS, 1),
        ("Jana.Novakova+shop@Example.org", 1),
        ("jana", 0),
        ("example.org", 0),
        ("key", 1),
        ("tag", 1),
        ("", 8),
    ],
)
def test_players_are_found_by_what_is_whole(cast: Cast, suspect: Suspicion, typed: str, found: int) -> None:
    player = suspect.player
    term = {"key": str(player.pk), "tag": player.tag.lower()}.get(typed, typed)
    assert len(cast.viewer.get(PLAYERS, {"q": term}).context["cl"].result_list) == found


def test_entries_are_found_by_player(cast: Cast, suspect: Suspicion) -> None:
    assert len(cast.viewer.get(ENTRIES, {"q": str(suspect.player_id)}).context["cl"].result_list) == 35
    assert len(cast.viewer.get(ENTRIES, {"q": "nonsense"}).context["cl"].result_list) == 0


def test_the_evidence_stands_in_words_with_those_who_are_connected(cast: Cast, suspect: Suspicion) -> None:
    text = cast.viewer.get(f"{QUEUE}{suspect.pk}/change/").content.decode()
    assert "35 receipts were entered within 10 minutes." in text
    assert "8 players came from one of this player&#x27;s devices." in text
    assert "12 receipts were wanted by this player and by others." in text
    other = Player.objects.filter(contests__isnull=False).distinct().get()
    assert f"player {str(other.pk)[:8]}" in text


@pytest.mark.parametrize("step", ["clear", "bar"])
def test_a_decision_needs_its_right_and_a_reason(cast: Cast, suspect: Suspicion, step: str) -> None:
    where = f"{QUEUE}{suspect.pk}/"
    for client, status in ((cast.viewer, 403), (cast.without_rights, 403), (cast.anonymous, 302)):
        assert client.get(f"{where}{step}/").status_code == status
        assert client.post(f"{where}{step}/", {"seen": "x", "reason": "y"}).status_code == status
    reviewer = signed_in(make_person("reviewer", "view_suspicion", "bar_player"))
    assert decide(reviewer, where, step, "").status_code == 400
    suspect.refresh_from_db()
    assert suspect.state == Suspicion.State.OPEN
    decide(reviewer, where, step)
    suspect.refresh_from_db()
    assert suspect.state == {"clear": Suspicion.State.CLEARED, "bar": Suspicion.State.BARRED}[step]
    assert suspect.note == "Strangers' receipts."


def test_a_player_is_barred_and_let_in_again_on_their_page(cast: Cast, suspect: Suspicion) -> None:
    where = f"{PLAYERS}{suspect.player_id}/"
    assert "35 receipts no longer take part" in decide(cast.superuser, where, "bar").content.decode()
    assert "Nothing was done" in decide(cast.superuser, where, "bar").content.decode()
    assert cast.viewer.get(f"{where}let-in/").status_code == 403
    assert "35 receipts take part again" in decide(cast.superuser, where, "let-in").content.decode()
    assert Barring.objects.count() == 2


def test_many_are_decided_on_with_one_reason(cast: Cast, suspect: Suspicion) -> None:
    chosen = [str(key) for key in Suspicion.objects.values_list("pk", flat=True)]
    form = {"action": "bar_all", "_selected_action": chosen}
    cast.viewer.post(QUEUE, {**form, "reason": "No."})
    assert not Barring.objects.exists()
    asked = cast.superuser.post(QUEUE, form)
    assert list(asked.context["form"].fields) == ["reason"]
    assert not Barring.objects.exists()
    assert cast.superuser.post(QUEUE, {**form, "reason": ""}).status_code == 200
    done = cast.superuser.post(QUEUE, {**form, "reason": "A ring."}, follow=True)
    assert "2 of 2 done" in done.content.decode()
    assert set(Barring.objects.values_list("reason", flat=True)) == {"A ring."}


@pytest.fixture
def at_once() -> Iterator[None]:
    """Tasks run where they are called."""
    app.conf.task_always_eager = True
    yield
    app.conf.task_always_eager = False


@pytest.mark.usefixtures("at_once")
def test_a_reviewer_has_a_draw_looked_at_again(cast: Cast, suspect: Suspicion) -> None:
    Suspicion.objects.all().delete()
    url = f"{QUEUE}look/"
    assert cast.viewer.get(url).status_code == 403
    assert cast.superuser.get(url).status_code == 200
    assert not Suspicion.objects.exists()
    cast.superuser.post(url, {"draw": Draw.objects.get().pk})
    assert Suspicion.objects.filter(player=suspect.player).exists()


@pytest.mark.usefixtures("broker_away")
def test_a_queue_that_is_away_is_said(cast: Cast, suspect: Suspicion) -> None:
    answer = cast.superuser.post(f"{QUEUE}look/", {"draw": suspect.draw_id}, follow=True)
    assert "Nothing was done: the queue of tasks cannot be reached." in answer.content.decode()


@pytest.mark.parametrize("url", [QUEUE, PLAYERS, ENTRIES])
def test_a_list_takes_the_same_queries_for_few_and_many_and_counts_no_table(
    cast: Cast, suspect: Suspicion, django_assert_max_num_queries: Any, url: str
) -> None:
    for _ in range(3):
        enter(suspect.draw, make_player(), 35, minutes_apart=0)
    look(suspect.draw, now())
    with django_assert_max_num_queries(6) as queries:
        cast.superuser.get(url)
    assert not [query for query in queries if "COUNT(*)" in query["sql"] and "LIMIT 1000" not in query["sql"]]
