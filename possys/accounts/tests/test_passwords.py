"""Passwords made of what everybody here would guess are refused; how one is composed is left to people."""

from typing import Any

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.test import Client

from possys.accounts.models import User
from possys.accounts.tests.conftest import PASSWORD
from tests.cast import make_retail_cast, make_user


@pytest.fixture
def jana() -> User:
    """Nobody who is saved: no database."""
    return User(username="jana.novakova", email="jn@bakery-hofer.example", first_name="Jana", last_name="Nováková")


@pytest.mark.parametrize(
    ("password", "words"),
    [
        ("possys-2026", ["possys"]),
        ("P0SSYS!2026", ["possys"]),
        ("jana.novakova1", ["jana.novakova"]),
        ("Jana+Possys+7", ["possys", "jana"]),
        ("Nov4kov4-99", ["novakova"]),
        ("bakery#2026", ["bakery"]),
        ("admin-admin-1", ["admin"]),
        ("fiskal-demo", ["fiskal-demo"]),
        ("receipt5receipt5", ["receipts"]),
    ],
)
def test_a_password_of_such_words_is_refused_and_they_are_named(
    jana: User, settings: Any, password: str, words: list[str]
) -> None:
    settings.SITE_URL = "https://www.fiskal-demo.example.org"
    with pytest.raises(ValidationError) as refused:
        validate_password(password, jana)
    (said,) = refused.value.messages
    assert said.startswith(f"This password is mostly {' and '.join(f'“{word}”' for word in words)}, which")


@pytest.mark.parametrize(
    "password",
    [
        "jana likes small blue boats",
        "possys-correct-horse-battery",
        "83014762",
        "qwmzkrtx",
        "QWMZKRTX",
        "żółte łódki płyną",
        "x" * 64 + "-possys",
        "plain old letters",
    ],
)
def test_any_other_of_eight_characters_passes_whatever_it_is_made_of(jana: User, password: str) -> None:
    validate_password(password, jana)


def test_short_and_common_ones_do_not(jana: User) -> None:
    for password in ("8301476", "12345678", "iloveyou1"):
        with pytest.raises(ValidationError):
            validate_password(password, jana)
    # As createsuperuser asks, and as nobody at all.
    validate_password("plain old letters")


def test_the_retailers_name_counts_for_its_people_only() -> None:
    cast = make_retail_cast()
    name = cast.retailer.name
    member = User.objects.get(username="corner-viewer")
    with pytest.raises(ValidationError, match="mostly"):
        validate_password(f"{name}-1", member)
    validate_password("Zanzibar-7x", make_user("zoe"))
    cast.retailer.name = "Zanzibar Spices Ltd"
    cast.retailer.save()
    with pytest.raises(ValidationError, match="zanzibar"):
        validate_password("Zanzibar-7x", member)


def test_the_page_says_so() -> None:
    make_user("jana", password=PASSWORD)
    client = Client()
    client.post("/portal/login/", {"username": "jana", "password": PASSWORD})
    sent = {"old_password": PASSWORD, "new_password1": "possys-jana-1", "new_password2": "possys-jana-1"}
    assert "mostly “possys” and “jana”" in client.post("/portal/password/", sent).content.decode()
