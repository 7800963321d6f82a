"""Signing in and out and passwords by mail: what is limited, what nobody can learn, and what a link is good for."""

import re
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.core import mail
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from portal.limits import RESETS_FOR_ADDRESS, RESETS_FOR_CLIENT
from portal.rights import Role
from possys.accounts.lockout import WRONG_FOR_CLIENT, WRONG_FOR_LOGIN
from possys.accounts.models import User
from possys.celery import app
from tests.cast import RetailCast, make_member, make_user

PASSWORD = "a-password-of-jana"
NEW_PASSWORD = "another-password-of-jana"
LOGIN, RESET, CHANGE = "/portal/login/", "/portal/password/reset/", "/portal/password/"
WRONG = "This name and password do not belong together."
LINK = re.compile(r"^http\S+/portal/password/set/\S+$", re.MULTILINE)
# Nothing listens there.
NO_CACHE_URL = "redis://127.0.0.1:1/0"

pytestmark = pytest.mark.usefixtures("limits", "cheap_passwords", "mailed_at_once")


class CountingHasher(MD5PasswordHasher):
    """Counts how often a password is hashed, which is what a login's time consists of."""

    hashed = 0

    def encode(self, password: str, salt: str, *args: Any) -> str:
        """As MD5 does it."""
        CountingHasher.hashed += 1
        return super().encode(password, salt, *args)


@pytest.fixture
def jana(cast: RetailCast) -> User:
    """A member with a password."""
    return make_member(cast.retailer, Role.VIEWER, name="jana", password=PASSWORD).user


def sign_in(client: Client, name: str, password: str, **more: str) -> Any:
    return client.post(LOGIN, {"username": name, "password": password, **more})


def is_in(client: Client) -> bool:
    return client.get("/portal/retailers/").status_code == 200


def test_the_right_password_opens_and_logging_out_closes(client: Client, jana: User) -> None:
    assert sign_in(client, "jana", PASSWORD)["Location"] == "/portal/"
    assert is_in(client)
    assert client.get(LOGIN)["Location"] == "/portal/"
    assert client.get("/portal/logout/").status_code == 405
    assert client.post("/portal/logout/")["Location"] == LOGIN
    assert not is_in(client)


def test_a_name_that_is_an_address_is_known_in_any_capitals(client: Client, jana: User) -> None:
    User.objects.filter(pk=jana.pk).update(username="jana@example.org")
    assert sign_in(client, " Jana@Example.ORG ", PASSWORD).status_code == 302
    User.objects.filter(pk=jana.pk).update(username="Jana@Example.org")
    assert sign_in(Client(), "Jana@Example.org", PASSWORD).status_code == 302


def test_next_leads_back_to_our_own_pages_only(client: Client, jana: User) -> None:
    assert sign_in(client, "jana", PASSWORD, next="/portal/7/people/")["Location"] == "/portal/7/people/"
    for foreign in ("https://evil.example/", "//evil.example/", "javascript:alert(1)"):
        assert sign_in(Client(), "jana", PASSWORD, next=foreign)["Location"] == "/portal/"


def test_an_unknown_name_and_a_wrong_password_get_one_answer_for_the_same_work(
    client: Client, jana: User, settings: Any
) -> None:
    settings.PASSWORD_HASHERS = [f"{__name__}.CountingHasher"]
    make_user("passwordless")
    User.objects.filter(pk=make_user("inactive", password=PASSWORD).pk).update(is_active=False)
    answers, works, queries = [], [], []
    for name, password in (("nobody", "x"), ("jana", "x"), ("passwordless", "x"), ("inactive", PASSWORD)):
        CountingHasher.hashed = 0
        with CaptureQueriesContext(connection) as asked:
            answer = sign_in(client, name, password)
        queries.append([query["sql"].split(" WHERE ")[0] for query in asked if "POINT" not in query["sql"]])
        works.append(CountingHasher.hashed)
        answers.append(re.sub(r'value="[^"]*"', "", answer.content.decode().replace(name, "")))
    assert works == [1, 1, 1, 1]
    assert [len(one) for one in queries] == [len(queries[0])] * 4
    assert WRONG in answers[0]
    assert len(set(answers)) == 1


def test_past_the_limit_of_a_login_even_the_right_password_is_refused(client: Client, jana: User) -> None:
    for number in range(WRONG_FOR_LOGIN.most):
        assert WRONG in sign_in(client, "JANA" if number % 2 else "jana", "wrong").content.decode()
    elsewhere = Client(REMOTE_ADDR="192.0.2.9")
    answer = sign_in(elsewhere, "jana", PASSWORD)
    assert answer.status_code == 429
    assert 0 < int(answer["Retry-After"]) <= WRONG_FOR_LOGIN.window_s
    assert "Please wait a little" in answer.content.decode()
    assert not is_in(elsewhere)
    # Others are not kept waiting.
    assert sign_in(elsewhere, "nobody", "x").status_code == 200


def test_a_client_is_stopped_who_tries_many_logins(client: Client, jana: User) -> None:
    for number in range(WRONG_FOR_CLIENT.most):
        assert sign_in(client, f"name-{number}", "Summer2026").status_code == 200
    assert sign_in(client, "jana", PASSWORD).status_code == 429
    assert sign_in(Client(REMOTE_ADDR="192.0.2.9"), "jana", PASSWORD).status_code == 302


def test_an_empty_field_counts_as_no_try(client: Client, jana: User) -> None:
    for _ in range(WRONG_FOR_LOGIN.most + 1):
        assert sign_in(client, "jana", "").status_code == 200
    assert sign_in(client, "jana", PASSWORD).status_code == 302


def test_without_the_cache_nobody_signs_in(client: Client, jana: User, settings: Any) -> None:
    here = settings.CACHES
    settings.CACHES = {"default": {**here["default"], "LOCATION": NO_CACHE_URL}}
    assert sign_in(client, "jana", PASSWORD).status_code == 429
    assert client.post(RESET, {"email": "jana@example.org"}).status_code == 429
    settings.CACHES = here
    assert mail.outbox == []
    assert sign_in(client, "jana", PASSWORD).status_code == 302


def test_a_form_of_another_site_is_refused(jana: User) -> None:
    for path in (LOGIN, RESET, "/portal/logout/"):
        assert Client(enforce_csrf_checks=True).post(path, {}).status_code == 403


def test_a_password_comes_by_mail_once(client: Client, jana: User) -> None:
    assert client.post(RESET, {"email": "Jana@example.org"})["Location"] == "/portal/password/reset/sent/"
    (sent,) = mail.outbox
    assert sent.to == ["jana@example.org"]
    assert "Your login name is jana." in sent.body
    (link,) = LINK.findall(str(sent.body))
    path = urlsplit(link).path
    page = client.get(path, follow=True)
    form = page.redirect_chain[-1][0]
    assert form.endswith("/set-password/")
    weak = client.post(form, {"new_password1": "12345678", "new_password2": "12345678"})
    assert "too common" in weak.content.decode()
    done = client.post(form, {"new_password1": NEW_PASSWORD, "new_password2": NEW_PASSWORD})
    assert done["Location"] == "/portal/password/done/"
    assert sign_in(Client(), "jana", PASSWORD).status_code == 200
    assert sign_in(Client(), "jana", NEW_PASSWORD).status_code == 302
    assert "This link does not work any more" in Client().get(path, follow=True).content.decode()


def test_asking_for_a_mail_tells_nothing_and_reaches_members_only(
    cast: RetailCast, jana: User, django_assert_num_queries: Any
) -> None:
    staff = User.objects.get(username="staff-superuser")
    staff.email = "staff@example.org"
    staff.save()
    make_member(cast.retailer, Role.VIEWER, name="clerk")
    User.objects.filter(username="clerk").update(is_staff=True)
    answers = []
    for address in ("nobody@example.org", "stranger@example.org", "staff@example.org", "clerk@example.org"):
        cache.clear()
        answer = Client().post(RESET, {"email": address}, follow=True)
        answers.append(answer.content.decode())
    assert len(set(answers)) == 1
    assert mail.outbox == []
    # Who has the address is a worker's to find out.
    app.conf.task_always_eager = False
    with django_assert_num_queries(0):
        Client().post(RESET, {"email": "jana@example.org"})


def test_asking_for_mails_is_limited_by_address_and_by_client(client: Client, jana: User) -> None:
    for _ in range(RESETS_FOR_ADDRESS.most):
        client.post(RESET, {"email": "jana@example.org"})
    elsewhere = Client(REMOTE_ADDR="192.0.2.9")
    assert elsewhere.post(RESET, {"email": "JANA@example.org"}).status_code == 429
    assert len(mail.outbox) == RESETS_FOR_ADDRESS.most
    for number in range(RESETS_FOR_CLIENT.most - RESETS_FOR_ADDRESS.most):
        assert client.post(RESET, {"email": f"nobody-{number}@example.org"}).status_code == 302
    assert client.post(RESET, {"email": "somebody@example.org"}).status_code == 429


def test_without_a_broker_the_page_says_so(client: Client, jana: User, broker_away: None) -> None:
    answer = client.post(RESET, {"email": "jana@example.org"})
    assert answer.status_code == 503
    assert "The mail cannot be sent just now." in answer.content.decode()


def test_the_own_password_is_changed_with_the_old_one_only(jana: User) -> None:
    here, elsewhere = Client(), Client()
    for browser in (here, elsewhere):
        sign_in(browser, "jana", PASSWORD)
    typed = {"new_password1": NEW_PASSWORD, "new_password2": NEW_PASSWORD}
    assert "entered incorrectly" in here.post(CHANGE, {**typed, "old_password": "wrong"}).content.decode()
    changed = here.post(CHANGE, {**typed, "old_password": PASSWORD}, follow=True)
    assert "Your password is changed." in changed.content.decode()
    assert is_in(here)
    assert not is_in(elsewhere)
    assert Client().get(CHANGE)["Location"] == f"{LOGIN}?next={CHANGE}"


def test_the_old_password_cannot_be_guessed(client: Client, jana: User) -> None:
    client.force_login(jana)
    typed = {"new_password1": NEW_PASSWORD, "new_password2": NEW_PASSWORD, "old_password": "wrong"}
    for _ in range(WRONG_FOR_LOGIN.most):
        assert client.post(CHANGE, typed).status_code == 200
    assert client.post(CHANGE, {**typed, "old_password": PASSWORD}).status_code == 429


@pytest.mark.parametrize(
    "path",
    ["login/", "password/", "password/reset/", "password/reset/sent/", "password/set/x/y/", "password/done/"],
)
def test_every_page_has_a_strict_policy_and_is_kept_by_nobody(client: Client, jana: User, path: str) -> None:
    if path == "password/":
        client.force_login(jana)
    answer = client.get(f"/portal/{path}")
    assert answer.status_code == 200
    assert "default-src 'none'" in answer["Content-Security-Policy"]
    assert "no-store" in answer["Cache-Control"]
    assert "style=" not in answer.content.decode()
