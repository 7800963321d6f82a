"""Every kind of page in a real browser: none asks for anything that its content security policy forbids."""

from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest
from django.conf import settings
from django.contrib import admin
from django.test import Client
from django.urls import NoReverseMatch, reverse
from playwright.sync_api import Page
from pytest_django.live_server_helper import LiveServer

from possys.accounts.models import User
from tests.cast import RetailCast, make_retail_cast
from tests.links import full_address
from tests.tills import Till

# What the browser reports of each breach, kept for the test on the page itself.
LISTEN = """addEventListener("securitypolicyviolation", (event) => {
  (window.breaches ??= []).push(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`);
});"""
PUBLIC = [
    "/",
    "/search/",
    "/report/",
    "/lottery/",
    "/lottery/results/",
    "/lottery/sign-in",
    "/nothing-here",
    "/robots.txt",
]
SIGNING_IN = [
    "/portal/login/",
    "/admin/login/",
    "/portal/password/reset/",
    "/portal/password/done/",
    "/account/second-factor/link/x/y/",
    "/account/password/x/y/",
]
DOCUMENTS = ["/api/docs/", "/log/checkpoint"]


@pytest.fixture
def cast(till: Till) -> RetailCast:
    return make_retail_cast()


@pytest.fixture
def visit(open_page: Callable[..., Page], live_server: LiveServer) -> Iterator[Callable[..., None]]:
    """Opens pages one after the other, as whoever's browser it is; the fixture's end fails for any breach."""
    breaches: dict[str, list[str]] = {}

    def visit(paths: list[str], client: Client | None = None) -> None:
        page = open_page()
        page.add_init_script(LISTEN)
        if client is not None:
            cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
            page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": live_server.url}])
        for path in paths:
            answer = page.goto(path)
            assert answer is not None
            policy = answer.headers["content-security-policy"]
            assert "unsafe" not in policy, path
            page.wait_for_load_state("load")
            page.wait_for_timeout(50)
            if found := page.evaluate("window.breaches || []"):
                breaches[path] = found

    yield visit
    assert breaches == {}


def admin_pages() -> list[str]:
    """Every list and every form of the admin."""
    found = [reverse("admin:index"), reverse("admin:password_change")]
    for model in admin.site._registry:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        for page in ("changelist", "add"):
            with suppress(NoReverseMatch):
                found.append(reverse(f"{name}_{page}"))
    return found


def test_pages_for_everybody(visit: Callable[..., None], till: Till) -> None:
    code = till.send().json()["code"]
    visit([*PUBLIC, *SIGNING_IN, *DOCUMENTS, f"/r/{code}", full_address(code)])


def test_pages_of_a_retailer(visit: Callable[..., None], cast: RetailCast) -> None:
    below = [
        "people/",
        "people/invite/",
        "keys/",
        "sales/",
        "sales/receipts/",
        "books/",
        "stock/",
        "findings/",
        "tills/",
        "tills/import/new/",
    ]
    visit(
        [
            "/portal/retailers/",
            "/portal/password/",
            "/account/second-factor/",
            "/account/second-factor/enrol/",
            "/account/sessions/",
        ]
        + [f"/portal/{cast.retailer.pk}/{path}" for path in below],
        cast.owner,
    )


def test_the_admin_s_pages(visit: Callable[..., None], cast: RetailCast) -> None:
    boss = User.objects.get(username="staff-superuser")
    assert len(admin_pages()) > 50
    visit([*admin_pages(), reverse("admin:accounts_user_change", args=[boss.pk])], cast.staff)
