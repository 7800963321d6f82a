"""Whoever runs with a role that could change the ledger is told so."""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.conf import settings
from django.core.checks import Tags, run_checks
from django.core.management import call_command
from django.db import connection

from ledger.standing import read_standing
from tests.roles import as_role, url_of

START_LIMIT_S = 30


def test_the_checks_warn_of_a_superuser_an_owner_and_a_role_with_too_many_rights(roles: None) -> None:
    def found() -> list[str]:
        return [message.id or "" for message in run_checks(tags=[Tags.database], databases=["default"])]

    assert found() == ["ledger.W011"]
    with as_role("owner"):
        assert found() == ["ledger.W012"]
    for role in ("web", "flush", "log"):
        with as_role(role):
            assert found() == []
    with connection.cursor() as cursor:
        cursor.execute("GRANT UPDATE (body) ON ledger_block TO possys_web")
    try:
        with as_role("web"):
            assert found() == ["ledger.W013"]
    finally:
        with connection.cursor() as cursor:
            cursor.execute("REVOKE UPDATE (body) ON ledger_block FROM possys_web")


def test_a_role_that_could_become_the_owner_counts_as_the_owner(roles: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("GRANT possys_owner TO possys_web")
    try:
        with as_role("web"):
            assert read_standing("default").line == "WARNING: possys_web owns the ledger's tables and can change them"
    finally:
        with connection.cursor() as cursor:
            cursor.execute("REVOKE possys_owner FROM possys_web")


def test_an_owners_command_is_not_warned_of_its_rights(roles: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OWNER_DATABASE_URL", "postgres://somewhere/ledger")
    monkeypatch.setattr("sys.argv", ["manage.py", "migrate"])
    assert run_checks(tags=[Tags.database], databases=["default"]) == []
    monkeypatch.setattr("sys.argv", ["manage.py", "check"])
    assert run_checks(tags=[Tags.database], databases=["default"]) != []


def test_gunicorn_says_at_its_start_that_its_role_could_change_the_ledger(roles: None, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as drawn:
        port = drawn.getsockname()[1]
    log = tmp_path / "log"
    command = [sys.executable, "-m", "gunicorn", "-c", "deploy/gunicorn.conf.py", "--bind", f"127.0.0.1:{port}"]
    with log.open("wb") as file:
        server = subprocess.Popen(
            [*command, "--workers", "2"],
            env={**os.environ, "DATABASE_URL": url_of(), "DEMO": "1"},
            cwd=settings.BASE_DIR,
            stderr=file,
        )
    try:
        limit_s = time.monotonic() + START_LIMIT_S
        while "ledger.W011" not in log.read_text():
            assert time.monotonic() < limit_s, log.read_text()
            time.sleep(0.1)
    finally:
        server.terminate()
        server.wait()
    assert log.read_text().count("possys is a superuser and can change the ledger") == 1


def test_health_names_the_role(roles: None, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("health")
    assert "database role: WARNING: possys is a superuser and can change the ledger" in capsys.readouterr().out
    with as_role("web"):
        call_command("health")
    assert "database role: possys_web, cannot change the ledger" in capsys.readouterr().out
    # The flush's role may not read what services keep, and is told of its own work all the same.
    with as_role("flush"):
        call_command("health")
    assert "services: not known: permission denied for table feed_cursor" in capsys.readouterr().out
