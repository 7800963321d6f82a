"""Secrets come from the environment or from files, from one source only, and are never shown."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import RequestFactory
from django.views.debug import ExceptionReporter

from possys import secrets
from possys.embedded.environment import merged
from possys.owner import choose_database, limit_locks
from possys.secrets import Environment, SecretError

PROJECT = Path(__file__).resolve().parents[2]


def written(folder: Path, text: str | bytes, name: str = "SECRET_KEY") -> str:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return str(path)


@pytest.mark.parametrize("name", sorted(secrets.SECRETS))
def test_every_secret_comes_from_its_file_or_from_systemds_credentials(name: str, tmp_path: Path) -> None:
    value = "scheme://user:x@host:1/y" if name in secrets.ADDRESSES else "value"
    path = written(tmp_path, value + "\n", name)
    assert Environment({name + "_FILE": path})[name] == value
    assert Environment({"CREDENTIALS_DIRECTORY": str(tmp_path)})[name] == value
    assert Environment({name: value})[name] == value
    assert secrets.files({name + "_FILE": path}) == [secrets.SecretFile(name, name + "_FILE", Path(path))]


def test_what_a_file_gives_does_not_enter_the_processs_environment(tmp_path: Path) -> None:
    before = {"SECRET_KEY_FILE": written(tmp_path, "s3cret-of-a-file")}
    assert Environment(before)["SECRET_KEY"] == "s3cret-of-a-file"
    assert "SECRET_KEY" not in before
    assert "s3cret" not in repr(Environment(before))


@pytest.mark.parametrize(
    ("text", "value"),
    [("$0me dollars", "$0me dollars"), ("a\r\n", "a"), ("a\n\n", "a"), ("  a  ", "a"), ("a b", "a b")],
)
def test_line_ends_are_left_out_and_nothing_else_is_read_into_a_value(tmp_path: Path, text: str, value: str) -> None:
    assert Environment({"SECRET_KEY_FILE": written(tmp_path, text)})["SECRET_KEY"] == value


def test_lists_may_have_an_entry_a_line(tmp_path: Path) -> None:
    path = written(tmp_path, "0:2020-01-01:aa,\n1:2027-01-01:bb\n", "CODE_KEYS")
    assert Environment({"CODE_KEYS_FILE": path})["CODE_KEYS"] == "0:2020-01-01:aa,1:2027-01-01:bb"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        ("\n \n", "is empty"),
        ("marker-1\nmarker-2\n", "holds 2 lines"),
        (b"marker\xff\xfe", "is not text"),
        ("marker" * 20_000, "more than 65536 bytes"),
    ],
)
def test_a_file_that_is_no_secrets_is_named_and_not_quoted(tmp_path: Path, text: str | bytes, said: str) -> None:
    with pytest.raises(SecretError) as fault:
        Environment({"SECRET_KEY_FILE": written(tmp_path, text)})
    assert said in str(fault.value)
    assert "SECRET_KEY_FILE" in str(fault.value)
    assert "marker" not in str(fault.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SecretError, match=r"TERMINAL_KEY_FILE: .*/gone cannot be read: No such file"):
        Environment({"TERMINAL_KEY_FILE": str(tmp_path / "gone")})
    with pytest.raises(SecretError, match="cannot be read: Is a directory"):
        Environment({"TERMINAL_KEY_FILE": str(tmp_path)})


def test_two_sources_of_one_secret_are_refused_and_both_named(tmp_path: Path) -> None:
    path = written(tmp_path, "of-the-file")
    with pytest.raises(SecretError, match=r"SECRET_KEY and SECRET_KEY_FILE are both given") as fault:
        Environment({"SECRET_KEY": "of-the-environment", "SECRET_KEY_FILE": path})
    assert "of-the" not in str(fault.value)
    with pytest.raises(SecretError, match=re.escape("SECRET_KEY and $CREDENTIALS_DIRECTORY/SECRET_KEY are both given")):
        Environment({"SECRET_KEY": "of-the-environment", "CREDENTIALS_DIRECTORY": str(tmp_path)})
    # An empty variable, as in deploy/environment/, gives nothing.
    assert Environment({"SECRET_KEY": "", "SECRET_KEY_FILE": path})["SECRET_KEY"] == "of-the-file"
    # Nor does an empty credential: a unit names all secrets that there may be.
    written(tmp_path, "", "SMS_TOKEN")
    assert "SMS_TOKEN" not in Environment({"CREDENTIALS_DIRECTORY": str(tmp_path)})
    assert Environment({"SMS_TOKEN": "s", "CREDENTIALS_DIRECTORY": str(tmp_path)})["SMS_TOKEN"] == "s"
    # A unit that names a file of its own means it.
    own = written(tmp_path, "own", "other")
    both = {"SECRET_KEY_FILE": own, "CREDENTIALS_DIRECTORY": str(tmp_path)}
    assert Environment(both)["SECRET_KEY"] == "own"


@pytest.mark.parametrize("name", sorted(secrets.ADDRESSES))
def test_an_address_that_cannot_be_read_is_refused_without_its_password(name: str) -> None:
    for unreadable in ("redis://user:mark/er@host:6379/0", "marker", "redis://:mark#er@host:6379/0", "redis://[marker"):
        with pytest.raises(SecretError) as fault:
            Environment({name: unreadable})
        assert name in str(fault.value)
        assert "mark" not in str(fault.value)
    assert Environment({"REDIS_URL": "redis://:a@one:1/0,redis://:b@two:2/0"})["REDIS_URL"].count("redis") == 2


def test_an_owners_command_takes_the_owners_file(tmp_path: Path) -> None:
    path = written(tmp_path, "postgres://owner:x@host/db", "OWNER_DATABASE_URL")
    environment = {"DATABASE_URL": "postgres://web:x@host/db", "OWNER_DATABASE_URL_FILE": path}
    choose_database(["manage.py", "health"], environment)
    assert Environment(environment)["DATABASE_URL"] == "postgres://web:x@host/db"
    choose_database(["manage.py", "migrate"], environment)
    assert Environment(environment)["DATABASE_URL"] == "postgres://owner:x@host/db"
    # From systemd both come as credentials.
    written(tmp_path, "postgres://web:x@host/db", "DATABASE_URL")
    credentials = {"CREDENTIALS_DIRECTORY": str(tmp_path)}
    choose_database(["manage.py", "verify_ledger"], credentials)
    assert Environment(credentials)["DATABASE_URL"] == "postgres://owner:x@host/db"


def test_migrate_waits_for_locks_for_a_bounded_time() -> None:
    environment: dict[str, str] = {}
    limit_locks(["manage.py", "prepare"], environment)
    assert environment == {}
    limit_locks(["manage.py", "migrate"], environment)
    assert environment == {"PGOPTIONS": "-c lock_timeout=2000"}
    chosen = {"PGOPTIONS": "-c lock_timeout=9"}
    limit_locks(["manage.py", "migrate"], chosen)
    assert chosen == {"PGOPTIONS": "-c lock_timeout=9"}


def test_a_persons_own_file_takes_the_place_of_the_local_secret() -> None:
    settings = merged({"LOG_KEY": "local", "SECRET_KEY": "local"}, {"LOG_KEY_FILE": "/own/log.key"})
    assert settings == {"SECRET_KEY": "local", "LOG_KEY_FILE": "/own/log.key"}


# Each with a marker that is found nowhere else, as every secret of a process.
MARKED = {
    "SECRET_KEY": "marker-secret-key-" + "k" * 50,
    "SECRET_KEY_FALLBACKS": "marker-fallback-" + "f" * 50,
    "TERMINAL_KEY": "aabbccddeeff" + "01" * 26,
    "CODE_KEYS": "0:2020-01-01:aabbccddeeff0102030405060708090a",
    "TEST_CODE_KEYS": "0:2020-01-01:aabbccddeeff1112131415161718191a",
    "METRICS_TOKEN": "marker-metrics-token-0123456789",
    "DATABASE_URL": "postgres://web:marker-database@127.0.0.1:1/possys",
    "REDIS_URL": "redis://:marker-store@127.0.0.1:1/0",
    "BROKER_URL": "redis://:marker-broker@127.0.0.1:2/0",
    "CACHE_URL": "redis://:marker-cache@127.0.0.1:2/1",
    "EMAIL_URL": "smtp+tls://user:marker-mail@127.0.0.1:1",
    "SMS_TOKEN": "marker-sms-token",
}
MARKS = re.compile("marker|aabbccddeeff")


def test_no_process_that_fails_prints_a_secret(tmp_path: Path) -> None:
    """Nothing answers at these addresses, so each fails with a traceback, and one at the settings themselves."""
    for name, value in MARKED.items():
        written(tmp_path, value, name)
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    environment = {**kept, "CREDENTIALS_DIRECTORY": str(tmp_path), "LOG_LEVEL": "DEBUG", "DEBUG": "1"}

    def said(*arguments: str, **more: str) -> str:
        ended = subprocess.run(
            [sys.executable, *arguments], env={**environment, **more}, cwd=PROJECT,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
        )  # fmt: skip
        return ended.stdout

    printed = {
        "the database": said("manage.py", "migrate", "--traceback"),
        "the store": said("manage.py", "health", "--traceback"),
        "the checks": said("manage.py", "check", "--deploy"),
        "Celery": said("-m", "celery", "-A", "possys", "inspect", "ping", "--timeout", "1"),
        "two sources": said("manage.py", "check", SECRET_KEY="marker-two"),
    }
    assert "Connection refused" in printed["the database"]
    assert "are both given" in printed["two sources"]
    assert {name: found for name, text in printed.items() if (found := MARKS.findall(text))} == {}


def test_a_debug_page_shows_no_secret(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    # No mark stands in the lines around the failure, which the page quotes.
    client, password = f"Bearer {MARKED['METRICS_TOKEN']}", urlsplit(MARKED["DATABASE_URL"]).password
    monkeypatch.setitem(settings.DATABASES["default"], "PASSWORD", password)
    for name, value in MARKED.items():
        setattr(settings, name, [value] if name == "SECRET_KEY_FALLBACKS" else value)
    settings.DEBUG = True
    settings.CELERY_BROKER_URL = MARKED["BROKER_URL"]
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": MARKED["CACHE_URL"]}}

    def fail(address: str, keys: dict[str, Any]) -> None:
        inner = {"url": [address], "keys": keys}
        raise RuntimeError(f"{len(inner)} things are wrong")

    request = RequestFactory().get("/", HTTP_AUTHORIZATION=client)
    try:
        fail(MARKED["REDIS_URL"], {"table": MARKED["CODE_KEYS"], "token": MARKED["SMS_TOKEN"]})
    except RuntimeError:
        reporter = ExceptionReporter(request, *sys.exc_info())
    for page in (reporter.get_traceback_html(), reporter.get_traceback_text()):
        assert "2 things are wrong" in page
        assert [line for line in page.splitlines() if MARKS.search(line)] == []
