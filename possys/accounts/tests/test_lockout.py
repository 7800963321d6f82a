"""Lock-out: by login and client, for names that nobody has as for others, through proxies, until released or over."""

from datetime import timedelta
from typing import Any

import pytest
from axes.models import AccessAttempt
from axes.signals import user_locked_out
from django.contrib.auth.signals import user_logged_in, user_login_failed
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from possys.accounts import lockout
from possys.accounts.limits import SIGN_INS_OF_CLIENT
from possys.accounts.lockout import WRONG_FOR_CLIENT, WRONG_FOR_LOGIN
from possys.accounts.models import SecondFactorChange, User
from possys.accounts.tasks import purge_attempts
from possys.accounts.tests.conftest import PASSWORD
from tests.people import make_person

LOGIN = "/admin/login/"


def sign_in(name: str, password: str = PASSWORD, **more: Any) -> Any:
    return Client(**more).post(LOGIN, {"username": name, "password": password})


def lock(name: str, **more: Any) -> None:
    for _ in range(WRONG_FOR_LOGIN.most):
        assert sign_in(name, "wrong", **more).status_code == 200


def test_a_login_is_locked_and_a_name_that_nobody_has_is_answered_the_same(boss: User) -> None:
    lock("boss")
    lock("nobody")
    right, unknown = sign_in("boss", REMOTE_ADDR="192.0.2.1"), sign_in("nobody", REMOTE_ADDR="192.0.2.1")
    assert (right.status_code, unknown.status_code) == (429, 429)
    assert right.content == unknown.content
    assert 0 < int(right["Retry-After"]) <= WRONG_FOR_LOGIN.window_s


def test_it_ends_by_itself(boss: User) -> None:
    lock("boss")
    past = timezone.now() - timedelta(seconds=WRONG_FOR_LOGIN.window_s + 1)
    AccessAttempt.objects.update(attempt_time=past)
    assert sign_in("boss", "wrong").status_code == 200
    assert AccessAttempt.objects.get().failures_since_start == 1
    assert sign_in("boss").status_code == 302
    assert not AccessAttempt.objects.exists()


def test_a_client_is_known_behind_our_proxies_only(boss: User, settings: Any) -> None:
    settings.PROXIES = 1
    for number in range(WRONG_FOR_CLIENT.most):
        # What stands before the last address is the client's own word.
        forwarded = f"203.0.113.{number}, 2001:db8:1:2::{number + 1:x}"
        sign_in(f"name-{number}", "wrong", HTTP_X_FORWARDED_FOR=forwarded)
    assert set(AccessAttempt.objects.values_list("ip_address", flat=True)) == {"2001:db8:1:2::"}
    assert sign_in("boss", HTTP_X_FORWARDED_FOR="2001:db8:1:2:9::9").status_code == 429
    assert sign_in("boss", HTTP_X_FORWARDED_FOR="2001:db8:1:3::1").status_code == 302


def test_who_is_right_at_one_login_goes_on_counting_for_others(boss: User) -> None:
    for number in range(WRONG_FOR_CLIENT.most - 1):
        sign_in(f"name-{number}", "wrong")
    assert sign_in("boss").status_code == 302
    sign_in("another", "wrong")
    assert sign_in("boss").status_code == 429


def test_nothing_of_the_request_is_kept_but_login_and_address(boss: User) -> None:
    sign_in("boss", "a-secret-typed-wrong", HTTP_USER_AGENT="a-browser")
    row = AccessAttempt.objects.get()
    assert (row.username, row.ip_address, row.user_agent) == ("boss", "127.0.0.1", "")
    assert not any("secret" in str(value) for value in vars(row).values())


def test_everything_sent_is_counted_before_it_costs_anything(boss: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("possys.accounts.limits.SIGN_INS_OF_CLIENT", SIGN_INS_OF_CLIENT._replace(name="few", most=2))
    assert sign_in("boss").status_code == 302
    assert sign_in("boss").status_code == 302
    assert sign_in("boss").status_code == 429
    assert sign_in("boss", REMOTE_ADDR="192.0.2.1").status_code == 302


def test_the_signals_that_are_audited_are_sent(boss: User) -> None:
    heard: list[str] = []
    listeners = [lambda name=name, **_: heard.append(name) for name in ("failed", "locked", "in")]
    for signal, listener in zip((user_login_failed, user_locked_out, user_logged_in), listeners, strict=True):
        signal.connect(listener)
    sign_in("boss")
    lock("boss")
    assert sorted(heard) == [*["failed"] * WRONG_FOR_LOGIN.most, "in", "locked"]


def test_staff_release_with_a_reason_and_it_is_kept(boss: User, django_assert_max_num_queries: Any) -> None:
    for number in range(3):
        lock(f"clerk-{number}", REMOTE_ADDR=f"192.0.2.{number}")
    make_person("clerk-0", password=PASSWORD)
    viewer = make_person("viewer", "view_accessattempt")
    row = AccessAttempt.objects.get(username="clerk-0")
    page, browser = f"/admin/axes/accessattempt/{row.pk}/change/", Client()
    browser.force_login(viewer)
    with django_assert_max_num_queries(12):
        listed = browser.get("/admin/axes/accessattempt/").content.decode()
    assert listed.count("Locked out") == 3
    assert browser.post(page, {"reason": "x"}).status_code == 403
    browser.force_login(boss)
    assert browser.post(page, {"reason": ""}).status_code == 200
    assert sign_in("clerk-0", REMOTE_ADDR="192.0.2.9").status_code == 429
    assert browser.post(page, {"reason": "he called and knew his number"}).status_code == 302
    assert sign_in("clerk-0", REMOTE_ADDR="192.0.2.9").status_code == 302
    kept = SecondFactorChange.objects.get(kind="released")
    assert (kept.user.username, kept.done_by, kept.reason) == ("clerk-0", boss, "he called and knew his number")


def test_commands_release_and_a_task_forgets(boss: User) -> None:
    lock("boss")
    call_command("axes_reset_username", "BOSS")
    assert sign_in("boss").status_code == 302
    lock("boss", REMOTE_ADDR="192.0.2.1")
    call_command("axes_reset_ip", "192.0.2.1")
    assert sign_in("boss").status_code == 302
    sign_in("boss", "wrong")
    AccessAttempt.objects.update(attempt_time=timezone.now() - timedelta(days=31))
    purge_attempts()
    assert not AccessAttempt.objects.exists()
    lock("boss")
    assert [name for name, *_ in lockout.locked(timezone.now())] == ["boss"]
