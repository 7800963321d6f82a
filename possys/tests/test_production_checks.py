"""Each setting that production must not run with is found, and named, and nothing is found in safe ones."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.checks import Tags, run_checks

from possys.production_checks import is_near, is_this_machine, server_of
from possys.secrets import SecretFile

PROJECT = Path(__file__).resolve().parents[2]
SAFE: dict[str, Any] = {
    "DEBUG": False,
    "DEMO": False,
    "LOCAL_WORK": False,
    "SITE_URL": "https://receipts.example",
    "ALLOWED_HOSTS": ["receipts.example"],
    "CSRF_TRUSTED_ORIGINS": [],
    "SECRET_KEY": "Zr8bq2Ql7Wn5Xs1Vt4Yk9Ph3Mj6Gd0Fc8Ae2Ui5Ob7Lw1Rx4Tz9Ny",
    "SECRET_KEY_FALLBACKS": [],
    "TERMINAL_KEY": "f1d2c3b4a5968778695a4b3c2d1e0f00112233445566778899aabbccddeeff10",
    "SECOND_FACTOR_KEY": "a1d2c3b4a5968778695a4b3c2d1e0f00112233445566778899aabbccddeeff1a",
    "CODE_KEYS": "0:2020-01-01:0123456789abcdeffedcba9876543210",
    "TEST_CODE_KEYS": "0:2020-01-01:1032547698badcfeefcdab8967452301",
    "LOG_KEY": "",
    "LOG_KEY_FILE": "",
    "METRICS_TOKEN": "q9Wm3Zx7Tb5Kd1Vn8Rc4Hs6J",
    "SMS_TOKEN": "h4Kp9Xw2Lm7Qz5Tv",
    "SMS_URL": "",
    "SESSION_COOKIE_SECURE": True,
    "CSRF_COOKIE_SECURE": True,
    "LANGUAGE_COOKIE_SECURE": True,
    "SESSION_COOKIE_HTTPONLY": True,
    "SECURE_HSTS_SECONDS": 31_536_000,
    "SECURE_HSTS_INCLUDE_SUBDOMAINS": True,
    "SECURE_HSTS_PRELOAD": True,
    "SECURE_SSL_REDIRECT": True,
    "SECURE_PROXY_SSL_HEADER": ("HTTP_X_FORWARDED_PROTO", "https"),
    "PROXIES": 1,
    "CONTENT_SECURITY_POLICY": {"DIRECTIVES": {"default-src": ["'none'"], "script-src": ["'self'"]}},
    "STAFF_SECOND_FACTOR": True,
    "REDIS_URL": "redis://:a@127.0.0.1:6379/0",
    "BROKER_URL": "redis://:b@127.0.0.1:6380/0",
    "CACHE_URL": "redis://:b@127.0.0.1:6380/1",
    "EMAIL_URL": "smtp+tls://user:c@mail.example:587",
    "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
    "EMAIL_HOST": "mail.example",
    "EMAIL_USE_TLS": True,
    "EMAIL_USE_SSL": False,
    "DEFAULT_FROM_EMAIL": "Receipts <receipts@receipts.example>",
    "TIME_ZONE": "Europe/Prague",
    "WITNESSES": [],
    "SECRET_FILES": [],
}
# Found in these tests' settings, and other tests' business: no witnesses, translations.
OTHERS = {"ledger.W001"}


@pytest.fixture
def safe(settings: Any, tmp_path: Path) -> Any:
    """Settings as production has them."""
    for name, value in SAFE.items():
        setattr(settings, name, value)
    (tmp_path / "archive").mkdir()
    settings.ARCHIVE_DIR = str(tmp_path / "archive")
    settings.LOG_STATE_FILE = str(tmp_path / "state.json")
    settings.STATIC_NAMES = tmp_path
    (tmp_path / "staticfiles.json").write_text("{}")
    return settings


def found() -> set[str]:
    """The ids of what the checks say."""
    messages = run_checks(tags=[Tags.security], include_deployment_checks=True)
    own = [message for message in messages if not message.is_silenced()]
    assert [message.id for message in own if not message.hint and (message.id or "").startswith("possys.")] == []
    return {message.id or "" for message in own} - OTHERS


def test_nothing_is_said_of_safe_settings(safe: Any) -> None:
    assert found() == set()


FAULTS: list[tuple[dict[str, Any], str]] = [
    ({"DEBUG": True, "SITE_URL": "https://10.1.2.3", "ALLOWED_HOSTS": ["10.1.2.3"]}, "possys.E010"),
    ({"DEMO": True, "SITE_URL": "https://10.1.2.3", "ALLOWED_HOSTS": ["10.1.2.3"]}, "possys.E010"),
    ({"ALLOWED_HOSTS": ["*"]}, "possys.E012"),
    ({"ALLOWED_HOSTS": []}, "possys.E012"),
    ({"ALLOWED_HOSTS": ["127.0.0.1", "localhost"]}, "possys.E012"),
    ({"ALLOWED_HOSTS": ["other.example"]}, "possys.E012"),
    ({"SITE_URL": "http://receipts.example"}, "possys.E013"),
    ({"SITE_URL": "https://receipts.example/receipts"}, "possys.E013"),
    ({"SESSION_COOKIE_SECURE": False}, "possys.E014"),
    ({"SESSION_COOKIE_HTTPONLY": False}, "possys.E014"),
    ({"LANGUAGE_COOKIE_SECURE": False}, "possys.E014"),
    ({"SECURE_HSTS_SECONDS": 0}, "possys.E015"),
    ({"SECURE_HSTS_SECONDS": 3600}, "possys.W016"),
    ({"PROXIES": 0}, "possys.E017"),
    ({"SECURE_PROXY_SSL_HEADER": None}, "possys.E018"),
    ({"SECURE_PROXY_SSL_HEADER": None, "SECURE_SSL_REDIRECT": False}, "possys.E018"),
    ({"PROXIES": -1}, "possys.E019"),
    ({"PROXIES": 100}, "possys.E019"),
    ({"CSRF_TRUSTED_ORIGINS": ["http://receipts.example"]}, "possys.E020"),
    ({"CSRF_TRUSTED_ORIGINS": ["https://*.receipts.example"]}, "possys.E020"),
    ({"CSRF_TRUSTED_ORIGINS": ["https://evilreceipts.example"]}, "possys.E020"),
    ({"CONTENT_SECURITY_POLICY": {}}, "possys.E021"),
    ({"CONTENT_SECURITY_POLICY": {"DIRECTIVES": {"script-src": ["'self'", "'unsafe-inline'"]}}}, "possys.E021"),
    ({"CONTENT_SECURITY_POLICY": {"DIRECTIVES": {"default-src": ["*"]}}}, "possys.E021"),
    ({"STAFF_SECOND_FACTOR": False}, "possys.E022"),
    ({"CACHE_URL": "redis://:a@localhost:6379/7"}, "possys.E023"),
    ({"BROKER_URL": "redis://:a@127.0.0.1/1"}, "possys.E023"),
    ({"REDIS_URL": "redis://:a@127.0.0.1:6379/0,redis://:a@127.0.0.1:6379/1"}, "possys.E024"),
    ({"REDIS_URL": "redis://:a@store.example:6379/0"}, "possys.W026"),
    ({"CACHE_URL": "redis://:a@cache.example:6379/0"}, "possys.W026"),
    ({"EMAIL_BACKEND": "django.core.mail.backends.console.EmailBackend"}, "possys.E027"),
    ({"EMAIL_USE_TLS": False}, "possys.W028"),
    ({"DEFAULT_FROM_EMAIL": "receipts@localhost"}, "possys.E029"),
    ({"TIME_ZONE": "UTC"}, "possys.W030"),
    ({"LOG_KEY": "a", "LOG_STATE_FILE": str(PROJECT / "state.json")}, "possys.E031"),
    ({"LOG_KEY": "a", "LOG_STATE_FILE": "/nowhere/state.json"}, "possys.W032"),
    ({"LOG_KEY_FILE": "/nowhere/log.key"}, "possys.W033"),
    ({"ARCHIVE_DIR": str(PROJECT / ".local" / "archive")}, "possys.E034"),
    ({"ARCHIVE_DIR": "/nowhere"}, "possys.W035"),
    ({"STATIC_NAMES": Path("/nowhere")}, "possys.W037"),
    ({"SECRET_KEY": "Zr8bq2Ql7Wn5Xs1Vt4Yk9Ph3Mj6Gd0"}, "possys.E040"),
    ({"SECRET_KEY": "ab" * 40}, "possys.E040"),
    ({"SECRET_KEY_FALLBACKS": ["short"]}, "possys.E040"),
    ({"METRICS_TOKEN": "prometheus"}, "possys.E041"),
    ({"METRICS_TOKEN": "a" * 40}, "possys.E041"),
    ({"TERMINAL_KEY": "ab" * 32}, "possys.E042"),
    ({"CODE_KEYS": "0:2020-01-01:" + "00" * 16}, "possys.E042"),
    ({"TEST_CODE_KEYS": SAFE["CODE_KEYS"]}, "possys.E043"),
    ({"TEST_CODE_KEYS": SAFE["TEST_CODE_KEYS"] + ",1:2027-01-01:" + SAFE["CODE_KEYS"][-32:].upper()}, "possys.E043"),
    ({"SECOND_FACTOR_KEY": SAFE["TERMINAL_KEY"]}, "possys.E043"),
    ({"METRICS_TOKEN": SAFE["SECRET_KEY"]}, "possys.E043"),
    ({"SECRET_KEY_FALLBACKS": [SAFE["SECRET_KEY"]]}, "possys.E043"),
]


@pytest.mark.parametrize(("changed", "expected"), FAULTS)
def test_an_unsafe_setting_is_found(safe: Any, changed: dict[str, Any], expected: str) -> None:
    for name, value in changed.items():
        setattr(safe, name, value)
    # Django says some of it, too, in its own words.
    assert {one for one in found() if one.startswith("possys.")} == {expected}


@pytest.mark.parametrize(
    ("host", "mode", "expected"),
    [
        ("database.example", "", {"possys.W025"}),
        ("database.example", "prefer", {"possys.W025"}),
        ("database.example", "verify-full", set()),
        ("127.0.0.1", "", set()),
        ("/run/postgresql", "", set()),
    ],
)
def test_a_database_elsewhere_is_reached_encrypted(
    safe: Any, monkeypatch: pytest.MonkeyPatch, host: str, mode: str, expected: set[str]
) -> None:
    monkeypatch.setitem(safe.DATABASES["default"], "HOST", host)
    monkeypatch.setitem(safe.DATABASES["default"], "OPTIONS", {"sslmode": mode})
    assert found() == expected


def test_the_demo_on_a_public_address_is_refused_by_every_command(safe: Any) -> None:
    def said(site: str) -> set[str]:
        safe.DEMO = safe.LOCAL_WORK = True
        safe.SITE_URL = site
        found = run_checks(tags=[Tags.security])
        return {message.id or "" for message in found if not message.is_silenced()}

    assert said("https://receipts.example") == {"possys.E011"}
    for near in ("http://127.0.0.1:8000", "https://192.168.1.7", "https://localhost:8443", "http://receipts.example"):
        assert said(near) == set()


def test_a_file_that_everybody_may_read_is_named(safe: Any, tmp_path: Path) -> None:
    path = tmp_path / "SECRET_KEY"
    path.write_text("s")
    safe.SECRET_FILES = [SecretFile("SECRET_KEY", "SECRET_KEY_FILE", path)]
    for mode, expected in ((0o644, {"possys.W036"}), (0o604, {"possys.W036"}), (0o640, set()), (0o400, set())):
        path.chmod(mode)
        assert found() == expected, oct(mode)


def test_servers_and_hosts_are_told_apart() -> None:
    assert server_of("redis://:x@localhost/3") == server_of("rediss://u:y@127.0.0.2:6379/0") == ("localhost", 6379)
    assert server_of("redis://:x@store.example:6379/0") != server_of("redis://:x@broker.example:6379/0")
    assert server_of("unix:///run/valkey.sock?db=1") == ("/run/valkey.sock", 0)
    assert is_this_machine("::1")
    assert not is_this_machine("10.0.0.1")
    assert is_near("10.0.0.1")
    assert not is_near("receipts.example")


def ids_in_source() -> Iterator[str]:
    """Every id of the project's own checks."""
    for path in PROJECT.rglob("*.py"):
        inside = path.relative_to(PROJECT).parts
        if not any(part.startswith(".") or part in {"tests", "benchmarks"} for part in inside):
            yield from re.findall(r"\"((?:possys|ledger|transactions|accounts)\.[EW]\d{3})\"", path.read_text())


def test_the_table_of_checks_is_complete() -> None:
    text = (PROJECT / "docs" / "deployment.md").read_text()
    listed = re.findall(r"^\| `([a-z]+\.[EW]\d{3})` \|", text, flags=re.MULTILINE)
    assert sorted(listed) == sorted(set(ids_in_source()))


def test_each_check_of_production_has_its_test() -> None:
    named = {expected for _, expected in FAULTS}
    elsewhere = {"possys.E004", "possys.E011", "possys.W025", "possys.W036"}
    modules = ("production_checks.py", "key_checks.py", "accounts/checks.py")
    ids = {
        one for name in modules for one in re.findall(r'"(possys\.[EW]\d+)"', (PROJECT / "possys" / name).read_text())
    }
    assert ids == named | elsewhere
