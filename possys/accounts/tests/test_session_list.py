"""People's own sessions: seen without a secret, ended for the password, few at once, and none left behind."""

import logging
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.sessions.models import Session as DjangosSession
from django.core.management import CommandError, call_command
from django.test import Client

from possys.accounts import devices, session_list, session_store
from possys.accounts.models import Session, User
from possys.accounts.tests.conftest import PASSWORD
from tests.cast import make_user
from tests.people import make_person
from tests.second_factors import enrolled, forget_last_code

OWN, STAFF = "/account/sessions/", "/admin/sessions/"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/18.5 Mobile/15E148 Safari/604.1"
)


@pytest.fixture
def jana(_limits_are_fresh: None) -> User:
    """Somebody of a retailer's."""
    return make_user("jana", password=PASSWORD)


def browser(user: User, agent: str = FIREFOX, address: str = "192.0.2.7") -> Client:
    """A browser in which the person has signed in by the page."""
    made = Client(headers={"user-agent": agent}, REMOTE_ADDR=address)
    door = "/admin/login/" if user.is_staff else "/portal/login/"
    assert made.post(door, {"username": user.username, "password": PASSWORD}).status_code == 302
    return made


def is_in(client: Client) -> bool:
    return client.get("/account/second-factor/").status_code == 200


def marks(client: Client, page: str = OWN) -> list[str]:
    """Of the other sessions, as the page names them."""
    return [one.mark for one in client.get(page).context["sessions"] if not one.is_this]


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (FIREFOX, "Firefox on Linux"),
        (IPHONE, "Safari on iPhone"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/139.0 Safari/537.36 Edg/139.0", "Edge on Windows"),
        ("Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/139.0 Mobile Safari/537.36", "Chrome on Android"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 15_5) Version/18.5 Safari/605.1.15", "Safari on macOS"),
        ("<script>curl</script>", "Unknown browser"),
        ("", "Unknown browser"),
    ],
)
def test_a_browser_is_told_in_words(said: str, words: str) -> None:
    assert devices.in_words(said) == words


@pytest.mark.parametrize("page", [OWN, STAFF])
def test_the_page_tells_device_address_and_times_and_no_key(jana: User, boss: User, page: str) -> None:
    user = jana if page == OWN else boss
    here, there = browser(user), browser(user, IPHONE, "198.51.100.9")
    browser(make_user("stranger", password=PASSWORD), address="203.0.113.5")
    shown = here.get(page, REMOTE_ADDR="192.0.2.8")
    text = shown.content.decode()
    assert [(one.device, one.address, one.is_this) for one in shown.context["sessions"]] == [
        ("Firefox on Linux", "192.0.2.7", True),
        ("Safari on iPhone", "198.51.100.9", False),
    ]
    assert "Safari on iPhone" in text
    assert "203.0.113.5" not in text
    for key in (here.session.session_key, there.session.session_key):
        assert key is not None
        assert key not in text


@pytest.mark.parametrize("page", [OWN, STAFF])
def test_one_or_all_others_end_for_the_password_only(jana: User, boss: User, page: str) -> None:
    user = jana if page == OWN else boss
    here, second, third = (browser(user) for _ in range(3))
    one = session_list.mark_of(str(second.session.session_key))
    for wrong in ({"session": one, "password": "wrong"}, {"session": one}, {"what": "others"}, {"password": PASSWORD}):
        assert here.post(page, wrong).status_code == 400
    assert is_in(second)
    assert here.post(page, {"session": one, "password": PASSWORD}).status_code == 302
    assert (is_in(here), is_in(second), is_in(third)) == (True, False, True)
    assert here.post(page, {"what": "others", "password": PASSWORD}).status_code == 302
    assert (is_in(here), is_in(third)) == (True, False)
    assert marks(here, page) == []
    assert Session.objects.filter(user=user).count() == 1


def test_nobody_ends_a_strangers_session_nor_this_one(jana: User) -> None:
    here, theirs = browser(jana), browser(make_user("stranger", password=PASSWORD))
    asked = [session_list.mark_of(str(one.session.session_key)) for one in (here, theirs)]
    here.post(OWN, {"session": [*asked, "ž"], "password": PASSWORD})
    assert is_in(here)
    assert is_in(theirs)


def test_wrong_passwords_here_lock_the_login_out(jana: User) -> None:
    here = browser(jana)
    for _ in range(10):
        here.post(OWN, {"what": "others", "password": "wrong"})
    assert here.post(OWN, {"what": "others", "password": PASSWORD}).status_code == 429


def test_a_sign_in_that_waits_for_its_code_ends_with_the_others(boss: User) -> None:
    here = browser(boss)
    app, _ = enrolled(boss)
    here = browser(boss)
    here.post("/account/second-factor/code/", {"code": app.code()})
    thief = browser(boss)
    assert here.post(STAFF, {"what": "others", "password": PASSWORD}).status_code == 302
    forget_last_code(boss)
    thief.post("/account/second-factor/code/", {"code": app.code()})
    assert not is_in(thief)
    assert here.get(STAFF).context["sessions"][0].is_proven


def test_one_session_too_many_ends_the_one_that_was_not_used_for_longest(jana: User, settings: Any) -> None:
    settings.SESSIONS_AT_ONCE = 3
    browsers = [browser(jana) for _ in range(3)]
    for seconds, one in zip((300, 900, 600), browsers, strict=True):
        _seen_before(one, seconds)
    newest = browser(jana)
    assert [is_in(one) for one in (*browsers, newest)] == [True, False, True, True]
    assert Session.objects.filter(user=jana).count() == 3


def test_staff_who_may_change_people_end_all_of_somebodys_sessions(
    jana: User, boss: User, caplog: pytest.LogCaptureFixture
) -> None:
    first, second, staff = browser(jana), browser(jana, IPHONE), browser(boss)
    page = f"/admin/accounts/user/{jana.pk}/sessions/end/"
    assert "Safari on iPhone" in staff.get(f"/admin/accounts/user/{jana.pk}/change/").content.decode()
    for wrong in ({"reason": "", "password": PASSWORD}, {"reason": "x", "password": "wrong"}):
        assert staff.post(page, wrong).status_code == 400
    assert is_in(first)
    with caplog.at_level(logging.INFO):
        assert staff.post(page, {"reason": "her laptop is stolen", "password": PASSWORD}).status_code == 302
    assert not is_in(first)
    assert not is_in(second)
    assert is_in(staff)
    assert f"sessions of person {jana.pk} ended by staff: 2" in caplog.text


def test_others_may_not_end_anybodys(jana: User, boss: User) -> None:
    clerk = make_person("clerk", "view_user", "change_user", password=PASSWORD)
    viewer = make_person("viewer", "view_user", password=PASSWORD)
    ends = "/admin/accounts/user/{}/sessions/end/"
    assert browser(viewer).get(ends.format(jana.pk)).status_code == 403
    assert browser(clerk).get(ends.format(jana.pk)).status_code == 200
    # A superuser's only by superusers; one's own on the page for everybody.
    assert browser(clerk).get(ends.format(boss.pk)).status_code == 403
    assert browser(boss).get(ends.format(boss.pk)).status_code == 403
    assert browser(boss).get(ends.format(10**6)).status_code == 404


def test_at_the_server_a_person_or_everybody_is_signed_out(jana: User, boss: User) -> None:
    hers, his = browser(jana), browser(boss)
    waiting = Client()
    waiting.get("/portal/login/")
    with pytest.raises(CommandError):
        call_command("end_sessions", "nobody")
    with pytest.raises(CommandError):
        call_command("end_sessions")
    call_command("end_sessions", "jana")
    assert (is_in(hers), is_in(his)) == (False, True)
    call_command("end_sessions", "--everybody")
    assert not is_in(his)
    assert not Session.objects.exclude(user=None).exists()


def test_rows_of_ended_sessions_go_away(jana: User, boss: User) -> None:
    past, fresh, staff, other = browser(jana), browser(jana), browser(boss), browser(boss)
    Session.objects.filter(session_key=past.session.session_key).update(expire_date=datetime(2026, 1, 1, tzinfo=UTC))
    _seen_before(staff, 3700)
    DjangosSession.objects.create(session_key="old", session_data="", expire_date=datetime(2026, 1, 1, tzinfo=UTC))
    waiting = Client()
    waiting.get("/portal/login/")
    call_command("clearsessions")
    kept = set(Session.objects.exclude(user=None).values_list("session_key", flat=True))
    assert kept == {fresh.session.session_key, other.session.session_key}
    assert not DjangosSession.objects.exists()
    jana.set_password("another-password-1")
    jana.save()
    assert session_list.of(jana, this_key=None, now=datetime.now(UTC)) == []
    assert session_list.clear(datetime.now(UTC)) == 1
    assert session_list.clear(datetime.now(UTC) + timedelta(hours=13)) == 1


def test_a_request_asks_the_database_nothing_more(jana: User, django_assert_num_queries: Any) -> None:
    here = browser(jana)
    # The session and the person, as Django reads them, and what the page shows.
    with django_assert_num_queries(3):
        here.get("/portal/retailers/")
    with django_assert_num_queries(3):
        here.get(OWN)
    for _ in range(5):
        browser(jana)
    with django_assert_num_queries(3):
        here.get(OWN)


def _seen_before(client: Client, seconds: int) -> None:
    kept = session_store.SessionStore(str(client.session.session_key))
    kept["seen_s"] -= seconds
    kept.save()
