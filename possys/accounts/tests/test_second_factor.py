"""The second factor: codes count once, guesses run out, a stolen password sets nothing up, a lost one is replaced."""

import io
import re
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core.management import CommandError, call_command
from django.db import InternalError, ProgrammingError, connection, transaction
from django.test import Client

from possys.accounts import enrolment_links, sealing, second_factor
from possys.accounts.lockout import WRONG_FOR_LOGIN
from possys.accounts.models import Authenticator, RecoveryCode, SecondFactorChange, User
from possys.accounts.provisioning import address
from possys.accounts.tests.conftest import PASSWORD
from tests.cast import make_user
from tests.people import make_person
from tests.second_factors import HERE, enrolled, forget_last_code, shown_key

LOGIN, CODE, ENROL = "/admin/login/", f"{HERE}code/", f"{HERE}enrol/"
WRONG = "This code is not right."


@pytest.fixture
def strict(settings: Any) -> None:
    """As in production: no staff without a second factor."""
    settings.STAFF_SECOND_FACTOR = True


def sign_in(client: Client, name: str = "boss", password: str = PASSWORD, path: str = LOGIN) -> Any:
    return client.post(path, {"username": name, "password": password})


def is_in(client: Client) -> bool:
    return client.get("/admin/").status_code == 200


def test_the_code_comes_after_the_password_at_both_doors(client: Client, boss: User) -> None:
    app, _ = enrolled(boss)
    for door in (LOGIN, "/portal/login/"):
        browser = Client()
        assert sign_in(browser, path=door)["Location"] == CODE
        assert not is_in(browser)
        assert browser.get("/portal/retailers/").status_code == 302
        forget_last_code(boss)
        assert browser.post(CODE, {"code": f" {app.code()[:3]} {app.code()[3:]} "}).status_code == 302
        assert is_in(browser)


def test_a_code_counts_once_and_only_for_its_time(boss: User) -> None:
    app, _ = enrolled(boss)
    first, second = Client(), Client()
    for browser in (first, second):
        sign_in(browser)
    used = app.code()
    first.post(CODE, {"code": used})
    assert is_in(first)
    assert WRONG in second.post(CODE, {"code": used}).content.decode()
    Authenticator.objects.update(throttling_failure_count=0)
    assert WRONG in second.post(CODE, {"code": app.code(steps=9)}).content.decode()
    assert not is_in(second)


def test_guesses_are_slowed_then_stopped_for_the_right_code_as_well(boss: User) -> None:
    app, _ = enrolled(boss)
    browser = Client()
    sign_in(browser)
    browser.post(CODE, {"code": "000000" if app.code() != "000000" else "000001"})
    # A second has not passed.
    assert WRONG in browser.post(CODE, {"code": app.code()}).content.decode()
    for _ in range(WRONG_FOR_LOGIN.most - 2):
        assert browser.post(CODE, {"code": "123 45"}).status_code == 200
    assert browser.post(CODE, {"code": app.code()}).status_code == 429
    # The way by the password is closed, too, from elsewhere as well.
    assert sign_in(Client(REMOTE_ADDR="192.0.2.9")).status_code == 429


def test_a_recovery_code_works_once_however_it_is_typed(boss: User) -> None:
    _, codes = enrolled(boss)
    typed = codes[0].lower().replace("-", " ").replace("0", "o").replace("1", "l")
    browser = Client()
    sign_in(browser)
    assert browser.post(CODE, {"code": typed})["Location"] == HERE
    assert "9 are left" in browser.get(HERE).content.decode()
    again = Client()
    sign_in(again)
    assert WRONG in again.post(CODE, {"code": codes[0]}).content.decode()
    assert SecondFactorChange.objects.filter(user=boss, kind="code-used").count() == 1


def test_neither_keys_nor_codes_lie_in_the_database_as_they_are(boss: User, settings: Any) -> None:
    app, codes = enrolled(boss)
    kept = bytes(Authenticator.objects.get().sealed_key)
    assert app.key not in kept
    assert sealing.opened(kept) == app.key
    assert not any(codes[0].replace("-", "").encode() in bytes(row.sha256) for row in RecoveryCode.objects.all())
    settings.SECOND_FACTOR_KEY, settings.SECOND_FACTOR_OLD_KEYS = "22" * 32, [settings.SECOND_FACTOR_KEY]
    assert sealing.opened(kept) == app.key
    settings.SECOND_FACTOR_OLD_KEYS = []
    with pytest.raises(sealing.NotOursError):
        sealing.opened(kept)
    browser = Client()
    sign_in(browser)
    assert WRONG in browser.post(CODE, {"code": app.code()}).content.decode()
    assert browser.post(CODE, {"code": codes[0]}).status_code == 302


def test_without_a_link_a_staff_password_sets_no_second_factor_up(client: Client, boss: User, strict: None) -> None:
    answer = sign_in(client)
    assert answer.status_code == 403
    assert "Ask a superuser" in answer.content.decode()
    assert not is_in(client)
    assert client.get(ENROL).status_code == 302
    client.force_login(boss)
    assert client.get("/admin/")["Location"].startswith(LOGIN)
    # No circle for whoever is in and still not let in.
    assert client.get(LOGIN).status_code == 200
    assert client.get(ENROL).status_code == 403


def test_a_link_and_the_password_set_it_up_and_only_once(client: Client, boss: User, strict: None) -> None:
    link = urlsplit(enrolment_links.link(boss)).path
    # The link alone opens nothing.
    assert client.get(link)["Location"].startswith("/portal/login/")
    assert client.get(ENROL).status_code == 302
    assert sign_in(client, password="wrong").status_code == 200
    assert sign_in(client)["Location"] == ENROL
    assert not is_in(client)
    app = shown_key(client)
    assert client.post(ENROL, {"code": app.code(steps=5)}).status_code == 400
    assert not Authenticator.objects.exists()
    done = client.post(ENROL, {"code": app.code()})
    assert len(re.findall(r"[0-9A-Z]{4}(?:-[0-9A-Z]{4}){3}", done.content.decode())) == second_factor.RECOVERY_CODES
    assert is_in(client)
    assert Client().get(link).status_code == 410
    forget_last_code(boss)
    browser = Client()
    sign_in(browser)
    browser.post(CODE, {"code": app.code()})
    assert is_in(browser)


def test_a_link_is_void_after_a_change_and_is_nobody_elses(boss: User, strict: None) -> None:
    other = make_person("other", is_superuser=True, password=PASSWORD)
    link = urlsplit(enrolment_links.link(boss)).path
    browser = Client()
    browser.get(link)
    assert sign_in(browser, "other").status_code == 403
    boss.set_password("another-password")
    boss.save()
    assert Client().get(link).status_code == 410
    assert Client().get(link.replace(link.split("/")[-2], "x-y")).status_code == 410
    assert not second_factor.authenticator_of(other)


def test_a_new_telephone_takes_the_old_ones_place_and_ends_other_sessions(boss: User) -> None:
    app, codes = enrolled(boss)
    here, elsewhere = Client(), Client()
    sign_in(here)
    here.post(CODE, {"code": app.code()})
    sign_in(elsewhere)
    elsewhere.post(CODE, {"code": codes[0]})
    assert is_in(elsewhere)
    new = shown_key(here)
    wrong = here.post(ENROL, {"code": new.code(), "password": "wrong"})
    assert "This is not your password." in wrong.content.decode()
    assert here.post(ENROL, {"code": new.code(), "password": PASSWORD}).status_code == 200
    assert is_in(here)
    assert not is_in(elsewhere)
    sign_in(elsewhere)
    assert WRONG in elsewhere.post(CODE, {"code": app.code()}).content.decode()
    assert WRONG in elsewhere.post(CODE, {"code": codes[1]}).content.decode()


def test_codes_are_renewed_and_it_is_taken_off_for_the_password(settings: Any) -> None:
    jana = make_user("jana", password=PASSWORD)
    app, codes = enrolled(jana)
    browser = Client()
    sign_in(browser, "jana", path="/portal/login/")
    browser.post(CODE, {"code": app.code()})
    assert browser.post(f"{HERE}codes/", {"password": "wrong"}).status_code == 400
    renewed = browser.post(f"{HERE}codes/", {"password": PASSWORD}).content.decode()
    assert codes[0] not in renewed
    assert second_factor.codes_left(jana) == second_factor.RECOVERY_CODES
    assert browser.post(f"{HERE}remove/", {"password": PASSWORD})["Location"] == HERE
    assert not second_factor.authenticator_of(jana)
    assert "password alone" in browser.get(HERE).content.decode()
    assert sign_in(Client(), "jana", path="/portal/login/")["Location"] == "/portal/"


def test_staff_cannot_take_theirs_off_where_it_is_compulsory(boss: User, strict: None) -> None:
    app, _ = enrolled(boss)
    browser = Client()
    sign_in(browser)
    browser.post(CODE, {"code": app.code()})
    browser.post(f"{HERE}remove/", {"password": PASSWORD})
    assert second_factor.authenticator_of(boss)


def test_the_half_way_state_opens_nothing_and_ends(boss: User, monkeypatch: pytest.MonkeyPatch) -> None:
    app, _ = enrolled(boss)
    browser = Client()
    assert browser.get(CODE)["Location"] == "/portal/login/"
    sign_in(browser)
    monkeypatch.setattr("possys.accounts.sign_in.WAITING_S", -1)
    assert browser.post(CODE, {"code": app.code()})["Location"] == "/portal/login/"
    monkeypatch.undo()
    boss.set_password("another-password")
    boss.save()
    assert browser.post(CODE, {"code": app.code()})["Location"] == "/portal/login/"
    assert not is_in(browser)


def test_the_first_administrator_gets_in_by_the_command_alone(db: None, strict: None) -> None:
    call_command("createsuperuser", username="first", email="first@example.org", interactive=False)
    first = User.objects.get(username="first")
    first.set_password(PASSWORD)
    first.save()
    printed = io.StringIO()
    call_command("second_factor", "link", "first", stdout=printed, stderr=io.StringIO())
    browser = Client()
    browser.get(urlsplit(printed.getvalue().strip()).path)
    sign_in(browser, "first")
    browser.post(ENROL, {"code": shown_key(browser).code()})
    assert is_in(browser)
    with pytest.raises(CommandError, match="has a second factor"):
        call_command("second_factor", "link", "first")
    call_command("second_factor", "remove", "first", reason="lost telephone", stdout=io.StringIO())
    assert not is_in(browser)
    kinds = SecondFactorChange.objects.filter(user=first).order_by("pk").values_list("kind", "reason", "done_by")
    assert list(kinds) == [
        ("link-made", "at the server", None),
        ("enrolled", "", first.pk),
        ("removed", "lost telephone", None),
    ]
    with pytest.raises(CommandError, match="no active user"):
        call_command("second_factor", "link", "nobody")


def test_what_was_done_cannot_be_changed(boss: User) -> None:
    enrolled(boss)
    for statement in ("UPDATE {} SET reason = 'x'", "DELETE FROM {}"):
        with pytest.raises((InternalError, ProgrammingError)), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement.format("accounts_secondfactorchange"))


def test_the_qr_code_says_who_and_where(boss: User, settings: Any) -> None:
    settings.SITE_URL = "https://receipts.example"
    told = address(boss, b"12345678901234567890")
    assert told == (
        "otpauth://totp/Possys%20receipts.example%3Aboss?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
        "&issuer=Possys%20receipts.example&digits=6&period=30"
    )


def test_only_superusers_help_superusers_and_nobody_themselves(boss: User) -> None:
    helper = make_person("helper", "delete_authenticator", "view_user", password=PASSWORD)
    clerk = make_person("clerk", password=PASSWORD)
    enrolled(boss)
    enrolled(clerk)
    browser = Client()
    browser.force_login(helper)

    def act(user: User, **answers: str) -> Any:
        return browser.post(f"/admin/accounts/user/{user.pk}/second-factor/remove/", answers)

    told = {"reason": "saw her passport", "password": PASSWORD}
    assert act(boss, **told).status_code == 403
    assert act(helper, **told).status_code == 403
    assert "This is not your password." in act(clerk, **{**told, "password": "x"}).content.decode()
    assert second_factor.authenticator_of(clerk)
    done = act(clerk, **told)
    assert "/account/second-factor/link/" in done.content.decode()
    assert second_factor.authenticator_of(clerk) is None
    rows = SecondFactorChange.objects.filter(user=clerk, done_by=helper).values_list("kind", "reason")
    assert set(rows) == {("removed", "saw her passport"), ("link-made", "saw her passport")}
    clerk.refresh_from_db()
    browser.force_login(clerk)
    assert act(boss, **told).status_code == 403
    assert Client().post(f"/admin/accounts/user/{boss.pk}/second-factor/link/").status_code == 302
    browser.force_login(helper)
    assert "Second factor" in browser.get(f"/admin/accounts/user/{clerk.pk}/change/").content.decode()
