"""Nobody chooses another's password: a link lets its owner set it, once, within a day."""

import re
import time
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client

from possys.accounts import password_links
from possys.accounts.models import SecondFactorChange, User
from possys.accounts.tests.conftest import PASSWORD
from tests.people import make_person, signed_in
from tests.second_factors import HERE, enrolled, shown_key

NEW = "a-good-long-one-of-hers"
SHOWN = re.compile(r"<code>(http\S+/account/password/\S+)</code>")
TYPED = {"new_password1": NEW, "new_password2": NEW}


@pytest.fixture
def jana(db: None, _limits_are_fresh: None) -> User:
    """Somebody of the staff who has no password yet."""
    return make_person("jana")


def opened(client: Client, link: str) -> str:
    """Where the form is, whose address has no token; "" for a link that is gone."""
    answer = client.get(urlsplit(link).path)
    return str(answer["Location"]) if answer.status_code == 302 else ""


def test_new_staff_set_their_own_password_and_factor_by_one_link(boss: User, settings: Any) -> None:
    admin = signed_in(boss)
    made = admin.post("/admin/accounts/user/add/", {"username": "jana", "is_staff": "on"})
    jana = User.objects.get(username="jana")
    assert not jana.has_usable_password()
    assert made["Location"] == f"/admin/accounts/user/{jana.pk}/password-link/"
    done = admin.post(made["Location"], {"reason": "new here", "password": PASSWORD}).content.decode()
    (link,) = SHOWN.findall(done)
    assert SecondFactorChange.objects.get(user=jana).reason == "new here"
    settings.STAFF_SECOND_FACTOR = True
    own = Client()
    form = opened(own, link)
    assert link.rstrip("/").rpartition("/")[2] not in form
    assert own.post(form, {"new_password1": "short", "new_password2": "short"}).status_code == 200
    assert own.post(form, TYPED)["Location"] == "/admin/login/"
    assert own.post("/admin/login/", {"username": "jana", "password": NEW})["Location"] == f"{HERE}enrol/"
    code = shown_key(own).code()
    assert own.post(f"{HERE}enrol/", {"code": code}).status_code == 200
    assert own.get("/admin/").status_code == 200
    # In another browser the password alone sets nothing up, and the link is used up.
    assert Client().get(urlsplit(link).path).status_code == 410


def test_a_link_counts_once_for_a_day_and_for_one_person(jana: User, monkeypatch: pytest.MonkeyPatch) -> None:
    link = password_links.link(jana)
    assert opened(Client(), link)
    assert not opened(Client(), link.replace(link.split("/")[-3], "MQ"))
    now = time.time()
    monkeypatch.setattr("django.contrib.auth.tokens.PasswordResetTokenGenerator._now", lambda self: _at(now + 86_300))
    assert opened(Client(), link)
    monkeypatch.setattr("django.contrib.auth.tokens.PasswordResetTokenGenerator._now", lambda self: _at(now + 86_500))
    assert not opened(Client(), link)
    monkeypatch.undo()
    first, second = Client(), Client()
    assert first.post(opened(first, link), TYPED).status_code == 302
    assert not opened(second, link)
    User.objects.filter(pk=jana.pk).update(is_active=False)
    assert not opened(Client(), password_links.link(User.objects.get(pk=jana.pk)))


def test_whoever_has_a_second_factor_keeps_it(jana: User, settings: Any) -> None:
    enrolled(jana)
    jana.refresh_from_db()
    settings.STAFF_SECOND_FACTOR = True
    own = Client()
    own.post(opened(own, password_links.link(jana)), TYPED)
    assert own.post("/admin/login/", {"username": "jana", "password": NEW})["Location"] == f"{HERE}code/"
    assert own.get(f"{HERE}enrol/").status_code == 302


def test_who_may_make_a_link_and_that_nobody_sets_anothers_password(boss: User, jana: User) -> None:
    helper = make_person("helper", "view_user", "change_user", "delete_authenticator", password=PASSWORD)
    clerk = make_person("clerk", "view_user", "change_user", password=PASSWORD)
    page, of_boss = (f"/admin/accounts/user/{one.pk}/password-link/" for one in (jana, boss))
    sent = {"reason": "she forgot it", "password": PASSWORD}
    assert signed_in(clerk).post(page, sent).status_code == 403
    assert signed_in(helper).post(of_boss, sent).status_code == 403
    assert signed_in(helper).post(page, {**sent, "password": "wrong"}).status_code == 400
    assert not SecondFactorChange.objects.exists()
    assert SHOWN.search(signed_in(helper).post(page, sent).content.decode())
    assert signed_in(boss).post(of_boss, sent).status_code == 403
    djangos = f"/admin/accounts/user/{jana.pk}/password/"
    assert signed_in(boss).post(djangos, {"password1": NEW, "password2": NEW})["Location"] == page
    jana.refresh_from_db()
    assert not jana.has_usable_password()


def _at(seconds: float) -> datetime:
    """As Django reads the clock, without a zone."""
    return datetime.fromtimestamp(seconds)  # noqa: DTZ006
