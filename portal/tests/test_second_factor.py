"""The second factor at a retailer: demanded by an owner, set up by a link in a mail; people see who has one."""

import re
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from portal.models import MembershipChange, RetailerRule
from portal.rights import Role
from possys.accounts import second_factor
from possys.accounts.models import User
from tests.cast import RetailCast, make_member
from tests.second_factors import HERE, enrolled, forget_last_code, shown_key

PASSWORD = "a-password-of-jana"
LINK = re.compile(r"^http\S+/account/second-factor/link/\S+$", re.MULTILINE)

pytestmark = pytest.mark.usefixtures("limits", "cheap_passwords", "mailed_at_once")


def sign_in(name: str, code: str = "") -> Client:
    browser = Client()
    browser.post("/portal/login/", {"username": name, "password": PASSWORD})
    if code:
        browser.post(f"{HERE}code/", {"code": code})
    return browser


@pytest.fixture
def owner(cast: RetailCast) -> Client:
    """An owner who signed in with a second factor."""
    person = make_member(cast.retailer, Role.OWNER, name="olga", password=PASSWORD).user
    app, _ = enrolled(person)
    forget_last_code(person)
    return sign_in("olga", app.code())


@pytest.fixture
def jana(cast: RetailCast) -> User:
    return make_member(cast.retailer, Role.VIEWER, name="jana", password=PASSWORD).user


def demand(browser: Client, cast: RetailCast, answer: str = "yes") -> Any:
    return browser.post(f"/portal/{cast.retailer.pk}/people/rule/", {"demanded": answer})


def test_only_an_owner_with_a_second_factor_demands_it(cast: RetailCast, owner: Client) -> None:
    people = f"/portal/{cast.retailer.pk}/people/"
    assert demand(cast.viewer, cast).status_code == 403
    for outsider in cast.outsiders.values():
        assert demand(outsider, cast).status_code == 404
    # One who would keep themselves out.
    assert demand(cast.owner, cast)["Location"] == HERE
    assert not RetailerRule.objects.exists()
    assert demand(owner, cast)["Location"] == people
    assert RetailerRule.objects.get().needs_second_factor
    page = owner.get(people).content.decode()
    assert page.count("badge-yes") == 1
    assert "demanded a second factor of" in page
    demand(owner, cast, "no")
    demand(owner, cast, "no")
    kinds = MembershipChange.objects.filter(kind__startswith="factor").order_by("pk").values_list("kind", flat=True)
    assert list(kinds) == ["factor-on", "factor-off"]


def test_where_it_is_demanded_a_password_alone_opens_nothing_and_sets_nothing_up(
    cast: RetailCast, owner: Client, jana: User
) -> None:
    home = f"/portal/{cast.retailer.pk}/sales/"
    demand(owner, cast)
    browser = sign_in("jana")
    stopped = browser.get(home)
    assert stopped.status_code == 403
    assert "Send me the link" in stopped.content.decode()
    assert browser.get(f"{HERE}enrol/").status_code == 403
    assert browser.post("/portal/second-factor/mail/")["Location"] == "/portal/retailers/"
    (sent,) = mail.outbox
    assert sent.to == ["jana@example.org"]
    (link,) = LINK.findall(str(sent.body))
    browser.get(urlsplit(link).path)
    answers = {"code": shown_key(browser).code(), "password": PASSWORD}
    assert "recovery codes" in browser.post(f"{HERE}enrol/", answers).content.decode()
    assert browser.get(home).status_code == 200
    assert browser.post(f"{HERE}remove/", {"password": PASSWORD}).status_code == 302
    assert second_factor.authenticator_of(jana) is not None


def test_at_another_retailer_and_where_it_is_free_nothing_is_asked(
    cast: RetailCast, owner: Client, jana: User, django_assert_num_queries: Any
) -> None:
    home = f"/portal/{cast.retailer.pk}/"
    assert sign_in("jana").get(home).status_code == 302
    demand(owner, cast)
    assert cast.rival.get(f"/portal/{cast.rival_retailer.pk}/people/").status_code == 200
    # Nobody has anything sent who does not need it.
    cast.rival.post("/portal/second-factor/mail/")
    assert mail.outbox == []


def test_the_list_of_people_takes_no_query_a_person(cast: RetailCast, owner: Client) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            owner.get(f"/portal/{cast.retailer.pk}/people/")
        return len(asked)

    # The first page writes into the session which retailer it was.
    queries()
    before = queries()
    for number in range(5):
        make_member(cast.retailer, Role.VIEWER, name=f"clerk-{number}")
    assert queries() == before
