"""Which language a customer gets, what tells caches so, and what stays English."""

import pytest
from django.conf import settings
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.utils import translation

from possys.language import babel_locale, is_english_only, switch


def test_without_a_wish_the_page_is_english(client: Client) -> None:
    page = client.get("/")
    assert page["Content-Language"] == "en"
    assert '<html lang="en">' in page.content.decode()
    assert not page.cookies


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        ("cs-CZ,cs;q=0.9,en;q=0.8", "cs"),
        ("de-AT", "de"),
        # Browsers of Serbia name no script, or one; both get Latin letters.
        ("sr", "sr-latn"),
        ("sr-RS,en;q=0.5", "sr-latn"),
        ("sr-Latn-RS", "sr-latn"),
        ("fr-FR,de;q=0.4", "de"),
        ("fr", "en"),
        ("", "en"),
        (";;,,q=x" * 200, "en"),
    ],
)
def test_the_browser_s_own_languages_are_heeded(client: Client, wish: str, code: str) -> None:
    page = client.get("/", headers={"accept-language": wish})
    assert page["Content-Language"] == code
    assert f'<html lang="{code}">' in page.content.decode()


def test_a_choice_counts_at_once_and_is_kept_in_a_plain_cookie(client: Client) -> None:
    page = client.get("/", {"lang": "cs"}, headers={"accept-language": "de"})
    assert page["Content-Language"] == "cs"
    cookie = page.cookies["language"]
    assert cookie.value == "cs"
    assert (cookie["samesite"], cookie["max-age"], cookie["path"]) == ("Lax", 365 * 24 * 3600, "/")
    assert list(page.cookies) == ["language"]
    again = client.get("/", headers={"accept-language": "de"})
    assert again["Content-Language"] == "cs"
    assert not again.cookies


@pytest.mark.parametrize(
    "asked", ["", "xx", "CS", "en-GB", "sr", "cs\r\nSet-Cookie: a=b", "../../etc/passwd", "c" * 5000]
)
def test_an_unknown_choice_is_ignored(client: Client, asked: str) -> None:
    page = client.get("/", {"lang": asked}, headers={"accept-language": "de"})
    assert page.status_code == 200
    assert page["Content-Language"] == "de"
    assert not page.cookies


@pytest.mark.parametrize("kept", ["xx", "", "sr-cyrl", "<script>", "c" * 4000])
def test_a_cookie_that_names_no_language_is_ignored(client: Client, kept: str) -> None:
    client.cookies["language"] = kept
    page = client.get("/", headers={"accept-language": "de"})
    assert page.status_code == 200
    assert page["Content-Language"] in dict(settings.LANGUAGES)
    assert "script" not in page["Content-Language"]


def test_shared_caches_do_not_mix_languages(client: Client) -> None:
    page = client.get("/")
    assert {"Accept-Language", "Cookie"} <= {name.strip() for name in page["Vary"].split(",")}
    assert "public" not in page["Cache-Control"]
    assert "private" in page["Cache-Control"]


def test_what_sets_the_cookie_is_kept_by_no_shared_cache(client: Client) -> None:
    assert "private" in client.get("/robots.txt", {"lang": "de"})["Cache-Control"]
    # The same for everybody otherwise.
    assert "public" in client.get("/robots.txt")["Cache-Control"]


@pytest.mark.parametrize("address", ["/admin/login/", "/api/schema/", "/api/v1/receipts/none", "/log/none", "/metrics"])
def test_admin_api_log_and_metrics_stay_english(client: Client, db: None, address: str) -> None:
    answer = client.get(address, {"lang": "cs"}, headers={"accept-language": "cs"})
    assert "Content-Language" not in answer
    assert "language" not in answer.cookies
    assert "Accept-Language" not in answer.get("Vary", "")
    assert "není" not in answer.content.decode()


def test_the_admin_speaks_english_to_a_czech_browser(client: Client, db: None) -> None:
    page = client.get("/admin/login/", headers={"accept-language": "cs"}).content.decode()
    assert "Password" in page
    assert "Heslo" not in page


@pytest.mark.parametrize(
    ("path", "answer"),
    [("/admin", True), ("/api/v1/x", True), ("/metrics", True), ("/log/checkpoint", True), ("/", False),
     ("/portal/login/", True), ("/logo", False), ("/r/x", False), ("/administrate", False)],
)  # fmt: skip
def test_only_whole_names_are_english_only(path: str, answer: bool) -> None:
    assert is_english_only(path) is answer


def test_one_answer_s_language_does_not_reach_the_next(client: Client) -> None:
    client.get("/", {"lang": "cs"})
    assert translation.get_language() == "en"


def test_the_switch_keeps_the_address_and_what_was_asked(client: Client) -> None:
    page = client.get("/no/such", {"code": "A&B", "lang": "de"}, headers={"accept-language": "cs"}).content.decode()
    assert 'href="?code=A%26B&amp;lang=cs" lang="cs" hreflang="cs"' in page
    assert 'lang="de" hreflang="de" rel="nofollow" aria-current="true">Deutsch</a>' in page
    assert page.count("aria-current") == 1
    assert [name for _, name in settings.LANGUAGES if f">{name}</a>" not in page] == []


def test_the_answer_to_a_form_has_no_switch() -> None:
    assert switch(RequestFactory().post("/search/"))["language_choices"] == []
    assert len(switch(RequestFactory().head("/"))["language_choices"]) == len(settings.LANGUAGES)


@pytest.mark.parametrize(("code", "name"), [("en", "en"), ("cs", "cs"), ("de", "de"), ("sr-latn", "sr_Latn")])
def test_numbers_and_times_follow_the_language(code: str, name: str) -> None:
    with translation.override(code):
        assert str(babel_locale()) == name


def test_a_page_that_is_not_there_says_so_in_each_language(client: Client) -> None:
    titles = set()
    for code, _ in settings.LANGUAGES:
        page = client.get("/no/such/page", {"lang": code})
        assert isinstance(page, HttpResponse)
        assert page.status_code == 404
        titles.add(page.content.decode().split("<title>")[1].split("</title>")[0])
    assert len(titles) == len(settings.LANGUAGES)


def test_a_host_that_is_not_ours_is_refused_in_the_customer_s_language(client: Client) -> None:
    page = client.get("/", {"lang": "de"}, headers={"host": "evil.example"})
    assert page.status_code == 400
    assert '<html lang="de">' in page.content.decode()
