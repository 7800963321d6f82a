"""Operators' commands: in the log before they run, without secrets; and run even when the log is away."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import redis

from audit import terminal
from audit.masking import HIDDEN, masked_arguments
from audit.models import Act, Kind
from tests.roles import url_of

PROJECT = Path(__file__).resolve().parents[2]
AWAY = "postgres://possys@127.0.0.1:1/possys"


def manage(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=PROJECT, env={**os.environ, "DEBUG": "1", **environment}, capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        (["feed_token", "--name", "tax office"], ["feed_token", "--name", "tax office"]),
        (["changepassword", "--password", "x y", "anna"], ["changepassword", "--password", HIDDEN, "anna"]),
        (["x", "--api-key=abc", "--token", "-v"], ["x", f"--api-key={HIDDEN}", "--token", "-v"]),
        (["recover_store", "redis://u:pw@h:1/0"], ["recover_store", f"redis://{HIDDEN}@h:1/0"]),
        (["log_key", "--install", "PRIVATE+KEY+log+1+a"], ["log_key", "--install", HIDDEN]),
    ],
)
def test_secrets_of_a_command_line_are_hidden(arguments: list[str], shown: list[str]) -> None:
    assert masked_arguments(arguments) == shown


@pytest.mark.parametrize(
    ("arguments", "is_recorded"),
    [
        ("remove_record CODE", True),
        ("shell", True),
        ("dbshell", True),
        ("a_command_of_next_year", True),
        ("remove_record --help", False),
        ("verify_ledger --sample 3", False),
        ("health", False),
        ("--version", False),
        ("", False),
    ],
)
def test_whatever_may_change_something_is_recorded(arguments: str, is_recorded: bool) -> None:
    assert terminal.is_recorded(["manage.py", *arguments.split()]) is is_recorded


def test_who_is_at_the_terminal_is_named_with_whom_it_was_before() -> None:
    assert terminal.operator({}).startswith("unix ")
    assert terminal.operator({"SUDO_USER": "anna"}).endswith(" (sudo by anna)")


def test_a_command_is_recorded_before_it_runs_even_when_it_fails(ledger: redis.Redis) -> None:
    done = manage("changepassword", "nobody-of-this-name", DATABASE_URL=url_of(), SSH_CONNECTION="192.0.2.5 1 2 3")
    assert done.returncode != 0
    assert "NOT RECORDED" not in done.stderr
    act = Act.objects.get()
    assert (act.kind, act.said) == (Kind.COMMAND, "manage.py changepassword nobody-of-this-name")
    assert act.person.startswith("unix ")
    assert act.client == "192.0.2.5"


def test_a_command_runs_without_the_database_and_says_that_it_is_not_recorded() -> None:
    done = manage("clearsessions", DATABASE_URL=AWAY)
    assert "NOT RECORDED in the audit log: clearsessions (connection failed" in done.stderr
    # Its own words come too: it was run.
    assert "clear_expired" in done.stderr
