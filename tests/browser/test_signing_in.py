"""Signing in with a second factor in a real browser, in both colour schemes, wide and narrow; axe finds nothing."""

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import zxingcpp
from django.conf import settings
from django.core.cache import cache
from django.test import Client
from PIL import Image
from playwright.sync_api import Page

from portal.rights import Role
from possys.accounts import enrolment_links
from possys.accounts.lockout import WRONG_FOR_LOGIN
from possys.accounts.models import User
from tests.cast import make_retail_cast
from tests.people import make_person, signed_in
from tests.second_factors import App, enrolled, forget_last_code

PASSWORD = "a-password-for-browsers"
WIDTHS = (1280, 390)
TOO_WIDE = "document.documentElement.scrollWidth > document.documentElement.clientWidth"


@pytest.fixture
def boss(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> User:
    monkeypatch.setattr(settings, "PASSWORD_HASHERS", ["django.contrib.auth.hashers.MD5PasswordHasher"])
    monkeypatch.setattr(settings, "STAFF_SECOND_FACTOR", True)
    cache.clear()
    return make_person("boss", is_superuser=True, password=PASSWORD)


class Visit:
    """A browser of the staff's, with a look at each page."""

    def __init__(self, page: Page, shoot: Callable[..., Path], check: Callable[..., None], scheme: str) -> None:
        self.page, self.shoot, self.check, self.scheme = page, shoot, check, scheme

    def look(self, name: str) -> None:
        """axe, and pictures at both widths."""
        self.check(self.page, f"sign-in {name} {self.scheme}")
        for width in WIDTHS:
            self.page.set_viewport_size({"width": width, "height": 900})
            self.shoot(self.page, f"sign-in-{name}-{width}-{self.scheme}")
            assert not self.page.evaluate(TOO_WIDE), (name, width)

    def sign_in(self, password: str = PASSWORD) -> None:
        """The first step."""
        self.page.goto("/admin/login/")
        self.page.fill("[name=username]", "boss")
        self.page.fill("[name=password]", password)
        self.page.click("main button")

    def type_code(self, code: str) -> None:
        """The second."""
        self.page.fill("[name=code]", code)
        self.page.click("main button")

    def enrol(self, user: User) -> App:
        """By a link; answers the app that scanned the code."""
        self.page.goto(urlsplit(enrolment_links.link(user)).path)
        self.sign_in()
        self.page.wait_for_selector("svg.qr")
        self.look("enrol")
        app = scanned(self.page, self.shoot)
        self.type_code(app.code())
        self.page.wait_for_selector(".recovery-codes")
        self.look("recovery-codes")
        self.page.click("main a.button")
        return app


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_person_of_the_staff_sets_a_telephone_up_and_signs_in_with_it(
    scheme: str,
    boss: User,
    open_page: Callable[..., Page],
    shoot: Callable[[Page, str], Path],
    check_accessible: Callable[[Page, str], None],
) -> None:
    visit = Visit(open_page(scheme=scheme), shoot, check_accessible, scheme)
    visit.sign_in()
    visit.look("needs-link")
    app = visit.enrol(boss)
    visit.page.goto("/account/second-factor/")
    visit.look("overview")
    visit.page.click(".menu summary")
    visit.page.click("text=Log out")
    forget_last_code(boss)
    visit.sign_in()
    visit.page.wait_for_selector("[name=code]")
    visit.type_code("12 34 5x")
    visit.look("code-wrong")
    visit.type_code(app.code())
    visit.page.wait_for_url("**/admin/")
    visit.page.context.clear_cookies()
    for _ in range(WRONG_FOR_LOGIN.most + 1):
        visit.sign_in("wrong")
    assert "Please wait a little" in visit.page.inner_text("main")
    visit.look("locked-out")


def test_the_people_page_says_who_has_one(
    boss: User,
    open_page: Callable[..., Page],
    shoot: Callable[[Page, str], Path],
    live_server: Any,
    check_accessible: Callable[[Page, str], None],
) -> None:
    cast = make_retail_cast()
    enrolled(User.objects.get(username="corner-viewer"))
    for scheme in ("light", "dark"):
        page = open_page(scheme=scheme)
        cookie = cast.owner.cookies[settings.SESSION_COOKIE_NAME].value
        page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": live_server.url}])
        page.goto(f"/portal/{cast.retailer.pk}/people/")
        check_accessible(page, f"people {scheme}")
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            shoot(page, f"sign-in-people-{width}-{scheme}")
            assert not page.evaluate(TOO_WIDE)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_people_see_their_sessions_and_end_the_others(
    scheme: str,
    boss: User,
    open_page: Callable[..., Page],
    shoot: Callable[[Page, str], Path],
    check_accessible: Callable[[Page, str], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(settings, "STAFF_SECOND_FACTOR", False)
    make_retail_cast()
    User.objects.filter(username="corner-owner").update(password=boss.password)
    owner = User.objects.get(username="corner-owner")
    for user, place in ((owner, "/account/sessions/"), (boss, "/admin/sessions/")):
        agents = ("Mozilla/5.0 (iPhone; like Mac OS X) Version/18.5 Mobile Safari/604.1", "", "Firefox/140.0 (Windows)")
        for agent in agents:
            door = "/admin/login/" if user.is_staff else "/portal/login/"
            Client(headers={"user-agent": agent}).post(door, {"username": user.username, "password": PASSWORD})
        page = open_page(scheme=scheme)
        visit = Visit(page, shoot, check_accessible, scheme)
        page.goto(str(door))
        page.fill("[name=username]", user.username)
        page.fill("[name=password]", PASSWORD)
        page.click("main button")
        page.goto(place)
        visit.look(f"sessions-{user.is_staff}")
        page.check("text=Safari on iPhone")
        page.fill("[name=password]", "wrong")
        page.click("text=End the chosen")
        assert page.is_checked("text=Safari on iPhone")
        visit.look(f"sessions-wrong-{user.is_staff}")
        page.fill("[name=password]", PASSWORD)
        page.click("text=End the chosen")
        page.wait_for_selector("text=1 session ended")
        assert "Safari on iPhone" not in page.inner_text("body")
        page.fill("[name=password]", PASSWORD)
        page.click("text=End all others")
        page.wait_for_selector("text=sessions ended")
        visit.look(f"sessions-none-{user.is_staff}")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_staff_end_somebodys_sessions_and_make_a_link_to_set_a_password(
    scheme: str,
    boss: User,
    open_page: Callable[..., Page],
    shoot: Callable[[Page, str], Path],
    live_server: Any,
    check_accessible: Callable[[Page, str], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(settings, "STAFF_SECOND_FACTOR", False)
    owner, staff = make_retail_cast().members[Role.OWNER], signed_in(boss)
    person = User.objects.get(pk=owner.session["_auth_user_id"])
    page = open_page(scheme=scheme)
    visit = Visit(page, shoot, check_accessible, scheme)
    cookie = staff.cookies[settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": live_server.url}])
    page.goto(f"/admin/accounts/user/{person.pk}/change/")
    # The rest of this page is Django's, and looked at elsewhere.
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        shoot(page, f"sign-in-sessions-of-somebody-{width}-{scheme}")
    page.click("text=End all sessions")
    visit.look("sessions-end-all")
    page.goto(f"/admin/accounts/user/{person.pk}/password-link/")
    visit.look("password-link-reason")
    page.fill("[name=reason]", "forgotten")
    page.fill("[name=password]", PASSWORD)
    page.click("text=Make the link")
    link = page.inner_text("code")
    visit.look("password-link")
    page.goto(urlsplit(link).path)
    visit.look("password-set")


def scanned(page: Page, shoot: Callable[[Page, str], Path]) -> App:
    """The app that a telephone has after it scanned what the page shows."""
    with Image.open(shoot(page, "sign-in-scanned")) as picture:
        (found,) = zxingcpp.read_barcodes(picture)
    secret = parse_qs(urlsplit(found.text).query)["secret"][0]
    return App(base64.b32decode(secret))
