"""Every sign-in leaves a line: whose number, from where, with what, and nothing that was typed."""

import logging

import pytest
from django.test import Client

from possys.accounts.models import User
from possys.accounts.tests.conftest import PASSWORD
from tests.cast import make_user
from tests.second_factors import HERE, enrolled

LOGGER = "possys.accounts.sign_in_lines"


def lines(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    return [record for record in caplog.records if record.name == LOGGER]


def test_a_retailers_person_coming_failing_and_leaving(caplog: pytest.LogCaptureFixture) -> None:
    jana = make_user("jana", password=PASSWORD)
    browser = Client(REMOTE_ADDR="192.0.2.7")
    with caplog.at_level(logging.INFO):
        for typed in ("a-secret-typed-wrongly", PASSWORD):
            browser.post("/portal/login/", {"username": "jana", "password": typed})
        browser.post("/portal/login/", {"username": "her-password-as-a-name", "password": "x"})
        browser.post("/portal/logout/")
    told = [record.getMessage() for record in lines(caplog)]
    assert told[:2] == ["a sign-in failed: name or password", f"person {jana.pk} signed in"]
    assert told[-1] == f"person {jana.pk} signed out"
    entered = vars(lines(caplog)[1])
    assert (entered["person"], entered["client"], entered["staff"], entered["second_factor"]) == (
        jana.pk, "192.0.2.7", False, False,
    )  # fmt: skip
    kept = repr([vars(record) for record in lines(caplog)])
    assert not any(typed in kept for typed in ("a-secret-typed-wrongly", PASSWORD, "her-password-as-a-name", "jana"))


def test_the_second_factor_of_the_staff_is_told_too(boss: User, caplog: pytest.LogCaptureFixture) -> None:
    app, _ = enrolled(boss)
    browser = Client()
    with caplog.at_level(logging.INFO):
        browser.post("/admin/login/", {"username": "boss", "password": PASSWORD})
        browser.post(f"{HERE}code/", {"code": "12 34 5x"})
        browser.post(f"{HERE}code/", {"code": app.code()})
    wrong, entered = lines(caplog)
    assert wrong.getMessage() == "a sign-in failed: second factor"
    assert (vars(entered)["person"], vars(entered)["staff"], vars(entered)["second_factor"]) == (boss.pk, True, True)
