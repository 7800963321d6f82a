"""Signing in with a second factor in a real browser, in both colour schemes, wide and narrow: it works, axe finds nothing."""

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import zxingcpp
from django.core.cache import cache
from PIL import Image
from playwright.sync_api import Page

from possys.accounts import enrolment_links
from possys.accounts.lockout import WRONG_FOR_LOGIN
from possys.accounts.models import User
from tests.cast import make_retail_cast
from tests.people import make_person
from tests.second_factors import App, forget_last_code

PASSWORD = "a-password-for-browsers"
WIDTHS = (1280, 390)
TOO_WIDE = "document.documentElement.scrollWidth > document.documentElement.clientWidth"


@pytest.fixture
def boss(transactional_db: None, settings: Any) -> User:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.STAFF_SECOND_FACTOR = True
    cache.clear()
    return make_person("boss", is_superuser=True, password=PASSWORD)


def test_a_person_of_the_staff_sets_a_telephone_up_and_signs_in_with_it(
    boss: User,
    open_page: Callable[..., Page],
    shoot: Callable[[Page, str], Path],
    check_accessible: Callable[[Page, str], None],
) -> None:
    for scheme in ("light", "dark"):
        page = open_page(scheme=scheme)

        def look(name: str, page: Page = page, scheme: str = scheme) -> None:
            check_accessible(page, f"sign-in {name} {scheme}")
            for width in WIDTHS:
                page.set_viewport_size({"width": width, "height": 900})
                shoot(page, f"sign-in-{name}-{width}-{scheme}")
                assert not page.evaluate(TOO_WIDE), (name, width)

        def sign_in(password: str = PASSWORD, page: Page = page) -> None:
            page.goto("/admin/login/")
            page.fill("[name=username]", "boss")
            page.fill("[name=password]", password)
            page.click("main button")

        boss.authenticator_set.all().delete()
        sign_in()
        look("needs-link")
        boss.refresh_from_db()
        page.goto(urlsplit(enrolment_links.link(boss)).path)
        sign_in()
        page.wait_for_selector("svg.qr")
        look("enrol")
        app = scanned(page, shoot)
        page.fill("[name=code]", app.code())
        page.click("main button")
        page.wait_for_selector(".recovery-codes")
        look("recovery-codes")
        page.click("main a.button")
        page.goto("/account/second-factor/")
        look("overview")
        page.click(".menu summary")
        page.click("text=Log out")
        forget_last_code(boss)
        sign_in()
        page.wait_for_selector("[name=code]")
        page.fill("[name=code]", "12 34 5x")
        page.click("main button")
        look("code-wrong")
        page.fill("[name=code]", app.code())
        page.click("main button")
        page.wait_for_url("**/admin/")
        page.context.clear_cookies()
        for _ in range(WRONG_FOR_LOGIN.most + 1):
            sign_in("wrong")
        assert "Please wait a little" in page.inner_text("main")
        look("locked-out")
        from axes.models import AccessAttempt

        AccessAttempt.objects.all().delete()
        cache.clear()


def test_the_people_page_says_who_has_one(
    boss: User,
    open_page: Callable[..., Page],
    shoot: Callable[[Page, str], Path],
    live_server: Any,
    check_accessible: Callable[[Page, str], None],
) -> None:
    from django.conf import settings

    from tests.second_factors import enrolled

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


def scanned(page: Page, shoot: Callable[[Page, str], Path]) -> App:
    """The app that a telephone has after it scanned what the page shows."""
    with Image.open(shoot(page, "sign-in-scanned")) as picture:
        (found,) = zxingcpp.read_barcodes(picture)
    secret = parse_qs(urlsplit(found.text).query)["secret"][0]
    return App(base64.b32decode(secret))
