"""Owner's commands, and only those, run with the owner's address."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import get_commands

from possys.owner import BACKUP_COMMANDS, OWNER_COMMANDS, choose_database

PROJECT = Path(__file__).resolve().parents[2]
WEB, OWNER = "postgres://web@host/ledger", "postgres://owner@host/ledger"


@pytest.mark.parametrize(
    ("arguments", "owner", "chosen"),
    [
        (["manage.py", "migrate"], OWNER, OWNER),
        (["manage.py", "rebuild_store", "--reason", "x"], OWNER, OWNER),
        (["manage.py", "fill_corrections"], OWNER, OWNER),
        (["manage.py", "rebuild", "sales"], OWNER, OWNER),
        (["manage.py", "migrate"], "", WEB),
        (["manage.py", "health", "migrate"], OWNER, WEB),
        (["manage.py", "runserver"], OWNER, WEB),
        (["manage.py"], OWNER, WEB),
    ],
)
def test_the_owners_address_is_taken_for_owners_commands(arguments: list[str], owner: str, chosen: str) -> None:
    environment = {"DATABASE_URL": WEB, "OWNER_DATABASE_URL": owner}
    choose_database(arguments, environment)
    assert environment["DATABASE_URL"] == chosen


def test_copies_are_taken_with_their_own_address() -> None:
    for command, chosen in (("backup", "postgres://backup@host/ledger"), ("migrate", OWNER), ("health", WEB)):
        environment = {
            "DATABASE_URL": WEB, "OWNER_DATABASE_URL": OWNER, "BACKUP_DATABASE_URL": "postgres://backup@host/ledger",
        }  # fmt: skip
        choose_database(["manage.py", command], environment)
        assert environment["DATABASE_URL"] == chosen


def test_owners_commands_exist() -> None:
    assert set(get_commands()) >= OWNER_COMMANDS | BACKUP_COMMANDS


def test_manage_py_takes_the_address_before_it_reads_the_settings() -> None:
    def failing(command: str) -> str:
        ended = subprocess.run(
            [sys.executable, PROJECT / "manage.py", command],
            env={**os.environ, "DEMO": "1", "DATABASE_URL": "postgres://web:x@127.0.0.1:1/web",
                 "OWNER_DATABASE_URL": "postgres://owner:x@127.0.0.1:2/owner"},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        return json.dumps(ended.stdout + ended.stderr)

    assert "port 2 failed" in failing("prepare")
    assert "port 1 failed" in failing("health")
