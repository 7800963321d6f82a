"""What browsers are told, by one table over every kind of page and answer of the API."""

from typing import Any

import pytest
from django.conf import settings as real
from django.contrib.auth import get_user_model
from django.test import Client

from possys.headers import PERMISSIONS_POLICY

BASE = {
    "default-src 'none'",
    "style-src 'self'",
    "script-src 'self'",
    "img-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
}
CONNECTS = BASE | {"connect-src 'self'"}
ADMIN = CONNECTS | {"font-src 'self'"}
DOCS = CONNECTS - {"img-src 'self'"} | {"img-src 'self' data:"}
# Path, whether somebody is signed in, the policy (nonces left out), whether nobody may keep it.
TABLE = [
    ("/", "nobody", BASE, False),
    ("/search/", "nobody", BASE, False),
    ("/nothing-here", "nobody", BASE, False),
    ("/lottery/", "nobody", BASE, False),
    ("/report/", "nobody", BASE, False),
    ("/portal/login/", "nobody", CONNECTS, True),
    ("/admin/login/", "nobody", ADMIN, True),
    ("/admin/", "nobody", ADMIN, True),
    ("/admin/", "staff", ADMIN, True),
    ("/admin/accounts/user/", "staff", ADMIN, True),
    ("/portal/retailers/", "staff", CONNECTS, True),
    ("/portal/retailers/", "nobody", CONNECTS, True),
    ("/account/second-factor/", "staff", BASE, True),
    ("/account/second-factor/enrol/", "staff", BASE, True),
    ("/account/second-factor/code/", "nobody", BASE, True),
    ("/api/docs/", "nobody", DOCS, False),
    ("/api/schema/", "nobody", BASE, False),
    ("/api/v1/receipts/0000-0000-0000-0000", "nobody", BASE, True),
    ("/api/v1/feed/0?after=0", "nobody", BASE, False),
    ("/api/v1/retailers/1/books/days", "nobody", BASE, False),
    ("/api/v1/nothing-here", "nobody", BASE, False),
    ("/log/checkpoint", "nobody", BASE, False),
    ("/static/css/site.css", "nobody", BASE, False),
    ("/robots.txt", "nobody", BASE, False),
]


@pytest.mark.parametrize(("path", "who", "policy", "is_private"), TABLE, ids=[f"{p}-{w}" for p, w, *_ in TABLE])
def test_every_answer_has_its_headers(path: str, who: str, policy: set[str], is_private: bool, db: None) -> None:
    client = Client()
    if who == "staff":
        client.force_login(get_user_model().objects.create_user("boss", is_superuser=True, is_staff=True))
    answer = client.get(path)
    said = answer["Content-Security-Policy"]
    assert "unsafe" not in said
    assert {" ".join(w for w in part.split() if "nonce-" not in w) for part in said.split("; ")} == policy
    assert answer["X-Content-Type-Options"] == "nosniff"
    # A report's address is told to nobody.
    assert answer["Referrer-Policy"] == ("no-referrer" if path == "/report/" else "same-origin")
    assert answer["Cross-Origin-Opener-Policy"] == "same-origin"
    assert answer["Cross-Origin-Resource-Policy"] == "same-origin"
    assert answer["Permissions-Policy"].replace("camera=(self)", "camera=()") == PERMISSIONS_POLICY
    if not path.startswith("/static/"):
        assert answer["X-Frame-Options"] == "DENY"
    if is_private:
        assert "no-store" in answer["Cache-Control"]


def test_a_nonce_is_new_for_each_page_and_only_where_something_uses_it(db: None) -> None:
    client = Client()
    client.force_login(get_user_model().objects.create_user("boss", is_superuser=True, is_staff=True))
    first, second = (client.get("/admin/") for _ in range(2))
    nonces = [part for one in (first, second) for part in one["Content-Security-Policy"].split() if "nonce-" in part]
    assert len(set(nonces)) == 2
    assert nonces[0].removeprefix("'nonce-").rstrip("'").rstrip(";").rstrip("'") in first.content.decode()
    assert "nonce" not in client.get("/")["Content-Security-Policy"]


def test_logging_out_clears_what_the_browser_kept(db: None) -> None:
    boss = get_user_model().objects.create_user("boss", is_superuser=True, is_staff=True)
    for path in ("/portal/logout/", "/admin/logout/"):
        client = Client()
        client.force_login(boss)
        assert client.post(path)["Clear-Site-Data"] == '"cache", "storage"'


def test_cookies_are_of_this_host_and_out_of_scripts_reach(settings: Any, db: None) -> None:
    page = Client().get("/portal/login/")
    cookie: Any = page.cookies[real.CSRF_COOKIE_NAME]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"], cookie["domain"]) == (True, "Strict", "/", "")
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    get_user_model().objects.create_user("boss", password="a-password-of-the-boss")
    entered = Client().post("/portal/login/", {"username": "boss", "password": "a-password-of-the-boss"})
    cookie = entered.cookies[real.SESSION_COOKIE_NAME]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"], cookie["domain"]) == (True, "Lax", "/", "")


def test_with_tls_cookies_are_bound_to_the_host_and_browsers_come_back_by_tls() -> None:
    import os
    import subprocess
    import sys

    program = (
        "import django; django.setup(); from django.conf import settings as s; from lottery.players import access; "
        "from possys.message_store import HostCookieStorage as m; "
        "print(s.SESSION_COOKIE_NAME, s.CSRF_COOKIE_NAME, s.LANGUAGE_COOKIE_NAME, access.PLAYER_COOKIE, "
        "access.DEVICE_COOKIE, m.cookie_name, s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE, s.LANGUAGE_COOKIE_SECURE)"
    )
    told = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "SITE_URL": "https://receipts.example", "DJANGO_SETTINGS_MODULE": "possys.settings"},
        cwd=real.BASE_DIR,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    names = ("sessionid", "csrftoken", "language", "player", "device", "messages")
    assert told.split() == [*(f"__Host-{name}" for name in names), "True", "True", "True"]


def test_hsts_is_sent_with_tls(settings: Any, db: None) -> None:
    settings.SECURE_HSTS_SECONDS = 31536000
    assert Client().get("/robots.txt", secure=True)["Strict-Transport-Security"].startswith("max-age=31536000")
    assert "Strict-Transport-Security" not in Client().get("/robots.txt")
